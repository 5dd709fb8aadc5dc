"""Papers: what is taken, where it is kept, who may find it right."""

import base64
import hashlib
import os
import stat
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.module_loading import import_string

from erp import context
from erp.events.models import Event
from erp.files import MAX_MEGABYTES
from erp.testing.contract import latest_event_id
from partners.jobs import sweep
from partners.models import PartnerDocument
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
    document = PartnerDocumentFactory(partner=partner, file=ContentFile(PNG, name="../PAN of Ganesh.PNG"))
    assert (document.mime, document.size, document.file_name) == ("image/png", len(PNG), "PAN of Ganesh.PNG")
    assert document.sha256 == hashlib.sha256(PNG).hexdigest()
    stored = Path(document.file.path)
    assert stored.read_bytes() == PNG
    assert stored.parent == Path(settings.MEDIA_ROOT) / "partners" / str(partner.pk)
    assert stored.name == f"{document.sha256}.png"
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    with pytest.raises(ValueError, match="Files are private"):
        _ = document.file.url


@pytest.mark.parametrize("body", [b"<html><script>alert(1)</script>", b"MZ\x90", b"GIF89a%PDF-"])
def test_other_files_are_refused_whatever_their_name(partner, body):
    with pytest.raises(ValidationError) as refused:
        PartnerDocumentFactory(partner=partner, file=SimpleUploadedFile("pan.pdf", body, "application/pdf"))
    assert refused.value.message_dict["file"] == ['"pan.pdf" is no PDF, JPEG or PNG: scan or export it as one.']
    assert not PartnerDocument.objects.exists()


@pytest.mark.parametrize(
    ("name", "declared", "problem"),
    [
        ("pan.html", "image/png", "holds image/png, which its ending .html does not say: name it .png."),
        ("pan.jpg", "image/png", "holds image/png, which its ending .jpg does not say: name it .png."),
        ("pan.png", "text/html", "holds image/png but was sent as text/html: send it as it is."),
        ("pan.png", "image/svg+xml", "holds image/png but was sent as image/svg+xml: send it as it is."),
    ],
)
def test_name_and_declared_type_must_agree_with_the_content(partner, settings, name, declared, problem):
    with pytest.raises(ValidationError) as refused:
        PartnerDocumentFactory(partner=partner, file=SimpleUploadedFile(name, PNG, declared))
    assert refused.value.message_dict["file"] == [f'"{name}" {problem}']
    assert (PartnerDocument.objects.count(), files(settings)) == (0, set())


@pytest.mark.parametrize("declared", ["image/jpeg", "image/JPEG; charset=binary", "application/octet-stream", ""])
def test_both_endings_of_a_photo_and_a_browser_that_does_not_know_are_taken(partner, declared):
    photo = SimpleUploadedFile("pan.JPEG", b"\xff\xd8\xff" + b"0" * 50, declared)
    assert PartnerDocumentFactory(partner=partner, file=photo).mime == "image/jpeg"


def find_virus(file):
    """A scanner of tests: what it says stands in the file."""
    body = file.read()
    if b"BROKEN" in body:
        raise ConnectionRefusedError
    return "Eicar-Test" if b"EICAR" in body else ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"EICAR", "The virus scanner refused the file (Eicar-Test): don't open it, and tell your administrator."),
        (b"BROKEN", "The file could not be scanned for viruses, so it was not stored: try again later."),
    ],
)
def test_a_file_that_the_scanner_does_not_let_pass_is_stored_nowhere(partner, super_admin, settings, content, problem):
    settings.FILE_SCANNER = f"{__name__}.find_virus"
    paper = {"document_type": "pan_card", "country": "IN", "file": base64.b64encode(b"%PDF-1.7 " + content).decode()}
    before = latest_event_id()
    answer = acting(super_admin).post(f"{URL}/{partner.pk}/documents", paper)
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (400, problem)
    assert (PartnerDocument.objects.count(), files(settings), latest_event_id()) == (0, set(), before)


def test_saving_without_validation_asks_the_scanner_too_and_a_clean_file_passes(partner, settings):
    settings.FILE_SCANNER = f"{__name__}.find_virus"
    document = PartnerDocumentFactory.build(partner=partner, file=ContentFile(b"%PDF-1.7 EICAR", name="pan.pdf"))
    with pytest.raises(ValidationError, match="The virus scanner refused the file"):
        document.save()
    assert files(settings) == set()
    clean = PartnerDocumentFactory(partner=partner, file=ContentFile(PNG, name="pan.png"))
    assert Path(clean.file.path).read_bytes() == PNG


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


def test_the_same_content_again_takes_the_place_of_what_was_left(partner, settings):
    with transaction.atomic():
        lost = PartnerDocumentFactory(partner=partner, file=ContentFile(PNG, name="pan.png"))
        transaction.set_rollback(True)
    Path(lost.file.path).write_bytes(b"half of i")
    age(settings)
    again = PartnerDocumentFactory(partner=partner, file=ContentFile(PNG, name="pan.png"))
    assert (again.file.name, Path(again.file.path).read_bytes()) == (lost.file.name, PNG)
    assert sweep() == []
    assert files(settings) == {f"{again.sha256}.png"}


DESK = "/admin/partners/partnerdocument"


def downloads():
    """Payload, record, organization and actor of each download that was recorded."""
    rows = Event.objects.filter(event_type="file.downloaded").order_by("event_id")
    return [(each.payload, each.object_id, each.organization_id, each.actor_id) for each in rows]


def test_a_paper_is_handed_out_to_be_saved_and_who_took_it_is_recorded(organization, internal_user, client):
    clerk = internal_user("partner_officer")
    document = PartnerDocumentFactory(
        partner__organization=organization, file=ContentFile(PNG, name="PAN of Ganesh.png")
    )
    client.force_login(clerk)
    desk = client.get(f"{DESK}/{document.pk}/file/")
    api = acting(clerk).get(f"{URL}/{document.partner_id}/documents/{document.pk}/file")
    for answer in (desk, api):
        assert (answer.status_code, b"".join(answer.streaming_content)) == (200, PNG)
        assert {
            name: answer.headers[name]
            for name in (
                "Content-Type",
                "Content-Disposition",
                "X-Content-Type-Options",
                "Content-Security-Policy",
            )
        } == {
            "Content-Type": "image/png",
            "Content-Disposition": 'attachment; filename="PAN of Ganesh.png"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        assert "no-store" in answer.headers["Cache-Control"]
    payload = {"what": f"PAN card of {document.partner}", "sha256": document.sha256}
    assert downloads() == [(payload, str(document.pk), organization.pk, clerk.pk)] * 2
    form = client.get(f"{DESK}/{document.pk}/change/").content.decode()
    assert f'<a href="{DESK}/{document.pk}/file/">PAN of Ganesh.png</a>' in form


def test_papers_of_others_and_unknown_ones_are_not_there(other_organization, internal_user, client):
    clerk = internal_user("partner_officer")
    document = PartnerDocumentFactory(partner__organization=other_organization)
    client.force_login(clerk)
    for key in (document.pk, document.partner_id, "nonsense"):
        assert client.get(f"{DESK}/{key}/file/").status_code == 404
        assert acting(clerk).get(f"{URL}/{document.partner_id}/documents/{key}/file").status_code == 404
    assert client.post(f"{DESK}/{document.pk}/file/").status_code == 405
    assert downloads() == []


def test_who_may_not_see_papers_gets_none(organization, internal_user, client):
    document = PartnerDocumentFactory(partner__organization=organization)
    outsider = internal_user()
    client.force_login(outsider)
    assert client.get(f"{DESK}/{document.pk}/file/").status_code == 403
    api = acting(outsider).get(f"{URL}/{document.partner_id}/documents/{document.pk}/file")
    assert (api.status_code, downloads()) == (403, [])


def test_a_paper_that_the_disk_has_lost_is_no_error_and_no_download(organization, internal_user, client):
    document = PartnerDocumentFactory(partner__organization=organization)
    Path(document.file.path).unlink()
    client.force_login(internal_user("partner_officer"))
    assert client.get(f"{DESK}/{document.pk}/file/").status_code == 404
    assert downloads() == []
