"""Papers: what is taken, where it is kept, who may find it right."""

import hashlib
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.module_loading import import_string

from erp import context
from partners.models import PartnerDocument
from partners.models.documents import MAX_MEGABYTES
from partners.tests.factories import BusinessPartnerFactory, PartnerDocumentFactory

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture
def partner():
    return BusinessPartnerFactory()


@pytest.fixture
def clerk(partner):
    return import_string("accounts.tests.factories.UserFactory")(organization=partner.organization)


@pytest.fixture
def colleague(partner):
    return import_string("accounts.tests.factories.UserFactory")(organization=partner.organization)


def upload(partner, user, **values):
    with context.acting(actor_id=user.pk):
        return PartnerDocumentFactory(partner=partner, **values)


def review(document, user, status, **values):
    for name, value in {"status": status, **values}.items():
        setattr(document, name, value)
    with context.acting(actor_id=user.pk):
        document.full_clean()
        document.save()


def test_a_file_is_measured_and_kept_under_a_name_that_tells_nothing(partner, settings):
    document = PartnerDocumentFactory(partner=partner, file=ContentFile(PNG, name="../PAN of Ganesh.exe"))
    assert (document.mime, document.size, document.file_name) == ("image/png", len(PNG), "PAN of Ganesh.exe")
    assert document.sha256 == hashlib.sha256(PNG).hexdigest()
    stored = Path(document.file.path)
    assert stored.read_bytes() == PNG
    assert stored.parent == Path(settings.MEDIA_ROOT) / "partners" / str(partner.pk)
    assert stored.suffix == ".png"
    assert "Ganesh" not in document.file.name


@pytest.mark.parametrize("body", [b"<html><script>alert(1)</script>", b"MZ\x90", b"GIF89a%PDF-"])
def test_other_files_are_refused_whatever_their_name(partner, body):
    with pytest.raises(ValidationError) as refused:
        PartnerDocumentFactory(partner=partner, file=SimpleUploadedFile("pan.pdf", body, "application/pdf"))
    assert refused.value.message_dict["file"] == ['"pan.pdf" is no PDF, JPEG or PNG: scan or export it as one.']
    assert not PartnerDocument.objects.exists()


def test_large_files_are_refused(partner):
    body = b"%PDF-" + b"0" * (MAX_MEGABYTES * 1024 * 1024)
    with pytest.raises(ValidationError, match=r'"scan\.pdf" is larger than 10 MB'):
        PartnerDocumentFactory(partner=partner, file=ContentFile(body, name="scan.pdf"))
    assert not PartnerDocument.objects.exists()


def test_a_stored_file_does_not_change(partner):
    document = PartnerDocumentFactory(partner=partner)
    document.file = ContentFile(PNG, name="other.png")
    with pytest.raises(ValidationError, match="enter the new one as a document that supersedes this one"):
        document.full_clean()


def test_a_newer_paper_supersedes_one_of_the_same_partner(partner):
    older = PartnerDocumentFactory(partner=partner)
    assert PartnerDocumentFactory(partner=partner, supersedes=older).supersedes == older
    with pytest.raises(ValidationError, match="belongs to another partner"):
        PartnerDocumentFactory(supersedes=older)


def test_a_colleague_verifies_and_is_recorded(partner, clerk, colleague):
    document = upload(partner, clerk)
    assert (document.uploaded_by, document.verified_by) == (clerk, None)
    review(document, colleague, "verified")
    document.refresh_from_db()
    assert (document.status, document.verified_by, document.uploaded_by) == ("verified", colleague, clerk)
    assert document.verified_at is not None


def test_the_uploader_does_not_verify(partner, clerk):
    document = upload(partner, clerk)
    with pytest.raises(ValidationError, match="Nobody verifies what they uploaded"):
        review(document, clerk, "verified")
    document.refresh_from_db()
    assert (document.status, document.version) == ("uploaded", 1)


def test_who_rejects_a_verified_paper_is_its_verifier_from_then_on(partner, clerk, colleague):
    third = import_string("accounts.tests.factories.UserFactory")(organization=partner.organization)
    document = upload(partner, clerk)
    review(document, colleague, "verified")
    review(document, third, "rejected", reject_reason="Name differs from the PAN card")
    assert document.verified_by == third
    review(document, third, "uploaded")
    document.refresh_from_db()
    assert (document.verified_by, document.verified_at) == (None, None)


def test_nobody_of_another_organization_verifies(partner, clerk, stranger):
    document = upload(partner, clerk)
    with pytest.raises(ValidationError, match="does not work for the partner's organization"):
        review(document, stranger, "verified")
