"""Papers: what is taken, where it is kept, who may find it right."""

import base64
import hashlib
import os
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.module_loading import import_string

from erp import context
from erp.testing.contract import latest_event_id
from partners.jobs import sweep
from partners.models import PartnerDocument
from partners.models.documents import MAX_MEGABYTES
from partners.tests.factories import BusinessPartnerFactory, PartnerDocumentFactory
from partners.tests.test_api import URL, acting

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


def files(settings):
    """Names of all files of partners."""
    return {path.name for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}


def age(settings):
    """Two days pass for every file."""
    for path in Path(settings.MEDIA_ROOT).rglob("*"):
        os.utime(path, (time.time() - 2 * 86400,) * 2)


def test_a_refused_paper_leaves_no_file(partner, super_admin, settings):
    paper = {"document_type": "pan_card", "country": "IN", "file": base64.b64encode(PNG).decode()}
    url, client = f"{URL}/{partner.pk}/documents", acting(super_admin)
    assert client.post(url, paper).status_code == 201
    before, kept = latest_event_id(), files(settings)
    again = client.post(url, paper)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "unique")
    assert (files(settings), len(kept), latest_event_id()) == (kept, 1, before)


def test_files_of_transactions_that_failed_are_swept_and_no_others(partner, settings):
    stored, deleted = PartnerDocumentFactory(partner=partner), PartnerDocumentFactory(partner=partner)
    deleted.delete()
    with transaction.atomic():
        lost = PartnerDocumentFactory(partner=partner)
        transaction.set_rollback(True)
    assert len(files(settings)) == 3
    assert sweep() == [], "a transaction may still be under way"
    age(settings)
    assert sweep() == [lost.file.name]
    assert files(settings) == {Path(each.file.name).name for each in (stored, deleted)}
    assert sweep() == []


def test_sweeping_without_any_file_is_nothing():
    assert sweep() == []
