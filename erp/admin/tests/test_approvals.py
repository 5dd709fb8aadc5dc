"""Four eyes at the desk: what is saved, what waits, who decides it, and who learns nothing of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from erp.admin.tests.pages import submit, url
from erp.approvals import services
from erp.approvals.models import Attachment, ChangeRequest, Delegation
from erp.approvals.tests.conftest import asked, guarded, house  # noqa: F401 (fixtures)
from erp.events.models import Event
from erp.testing.contract import latest_event_id

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 letter of the bank"


def page(request: ChangeRequest) -> str:
    return reverse("approval", args=[request.pk])


def decide(client, request, act, **values):
    return client.post(page(request), {"act": act, **values})


def test_tour_from_the_form_to_the_new_value(guarded: SimpleNamespace, client_for):  # noqa: F811
    partner, before = guarded.partner, latest_event_id()
    maker = client_for(guarded.asha)
    old = partner.pan
    answer = submit(maker, url(partner), pan="ABCCE1234F", trade_name="Ganesh Gin")
    assert answer.status_code == 302, answer.context["errors"]
    partner.refresh_from_db()
    assert (partner.pan, partner.trade_name) == (old, "Ganesh Gin")
    request = ChangeRequest.objects.get()
    assert (request.maker, request.base_version) == (guarded.asha, partner.version)
    form = maker.get(url(partner)).content.decode()
    assert "Waiting for a second person" in form
    assert page(request) in form
    other = client_for(guarded.sunita)
    assert str(partner) in other.get(reverse("approvals")).content.decode()
    shown = other.get(page(request)).content.decode()
    assert f"<del>{old or 'empty'}</del>" in shown
    assert "<ins>ABCCE1234F</ins>" in shown
    assert decide(other, request, "approve", comment="Seen the card").status_code == 302
    partner.refresh_from_db()
    request.refresh_from_db()
    assert (partner.pan, request.status) == ("ABCCE1234F", "applied")
    names = set(Event.objects.filter(pk__gt=before).values_list("event_type", flat=True))
    assert {"change_request.created", "change_request.updated", "partner.updated"} <= names


def test_only_asked_for_says_nothing_of_success(guarded: SimpleNamespace, client_for):  # noqa: F811
    maker = client_for(guarded.asha)
    answer = submit(maker, url(guarded.partner), pan="ABCCE1234F")
    assert answer.status_code == 302, answer.context["errors"]
    said = " ".join(str(message) for message in maker.get(answer.url).context["messages"])
    assert "Waiting for a second person" in said
    assert "successfully" not in said


def test_nobody_decides_their_own(asked: ChangeRequest, guarded: SimpleNamespace, client_for):  # noqa: F811
    client = client_for(guarded.asha)
    client.get(page(asked))
    before = latest_event_id()
    answer = decide(client, asked, "approve")
    assert answer.status_code == 409
    assert "Nobody decides their own request" in answer.content.decode()
    assert latest_event_id() == before


def test_viewer_reads_nothing_and_another_house_nothing(asked, guarded, client_for):  # noqa: F811
    for user in (guarded.harsh, guarded.stranger):
        assert client_for(user).get(page(asked)).status_code == 404
        assert decide(client_for(user), asked, "approve").status_code == 404
    asked.refresh_from_db()
    assert asked.status == "pending"


def test_rejection_needs_a_comment(asked, guarded, client_for):  # noqa: F811
    client = client_for(guarded.sunita)
    assert decide(client, asked, "reject", comment=" ").status_code == 409
    assert decide(client, asked, "reject", comment="The letter names another bank").status_code == 302
    asked.refresh_from_db()
    assert asked.status == "rejected"


def test_record_that_moved_on_is_a_conflict(asked, guarded, client_for):  # noqa: F811
    guarded.account.branch = "Rajkot Main"
    guarded.account.save()
    client = client_for(guarded.sunita)
    assert "it can’t be approved any more" in client.get(page(asked)).content.decode()
    decide(client, asked, "approve")
    asked.refresh_from_db()
    guarded.account.refresh_from_db()
    assert (asked.status, guarded.account.holder != "Ganesh Ginning LLP") == ("conflict", True)


def test_maker_withdraws_and_adds_papers(asked, guarded, client_for, settings, tmp_path):  # noqa: F811
    settings.MEDIA_ROOT = tmp_path
    client = client_for(guarded.asha)
    assert decide(client, asked, "attach", file=SimpleUploadedFile("a.exe", b"MZ")).status_code == 409
    assert (
        decide(client, asked, "attach", file=SimpleUploadedFile("letter.pdf", PDF, "application/pdf")).status_code
        == 302
    )
    row = Attachment.objects.get()
    address = reverse("approval_paper", args=[asked.pk, row.pk])
    assert b"".join(client_for(guarded.sunita).get(address).streaming_content) == PDF
    assert client_for(guarded.stranger).get(address).status_code == 404
    assert decide(client_for(guarded.sunita), asked, "withdraw").status_code == 409
    assert decide(client, asked, "withdraw").status_code == 302
    asked.refresh_from_db()
    assert asked.status == "withdrawn"


def infected(file):
    return "Eicar"


def test_paper_in_which_the_scanner_finds_something_is_not_kept(asked, guarded, client_for, settings, tmp_path):  # noqa: F811
    settings.MEDIA_ROOT, settings.FILE_SCANNER = tmp_path, f"{__name__}.infected"
    file = SimpleUploadedFile("letter.pdf", PDF, "application/pdf")
    assert decide(client_for(guarded.asha), asked, "attach", file=file).status_code == 409
    assert not Attachment.objects.exists()
    assert list(tmp_path.rglob("*.pdf")) == []


def test_account_numbers_show_their_end_only(guarded, client_for):  # noqa: F811
    request = services.request_change(
        guarded.account, {"account_number": "998877665544"}, maker=guarded.asha, reason="New account"
    )
    shown = client_for(guarded.sunita).get(page(request)).content.decode()
    assert "XXXXXX5544" in shown
    assert "998877665544" not in shown


def test_roles_are_asked_for(guarded, client_for):  # noqa: F811
    held = guarded.harsh.groups.get()
    officer = Group.objects.get(name="partner_officer")
    answer = submit(client_for(guarded.farhan), url(guarded.harsh), groups=[held.pk, officer.pk])
    assert answer.status_code == 302, answer.context["errors"]
    assert list(guarded.harsh.groups.all()) == [held]
    request = ChangeRequest.objects.get()
    assert decide(client_for(guarded.gita), request, "approve").status_code == 302
    assert set(guarded.harsh.groups.all()) == {held, officer}


def test_deletion_is_asked_for(guarded, client_for):  # noqa: F811
    answer = submit(client_for(guarded.asha), url(guarded.account, "delete"), post="yes")
    assert answer.status_code == 302
    request = ChangeRequest.objects.get()
    guarded.account.refresh_from_db()
    decide(client_for(guarded.sunita), request, "approve")
    assert not type(guarded.account).objects.filter(pk=guarded.account.pk).exists()


def test_colleague_stands_in(guarded, client_for):  # noqa: F811
    client = client_for(guarded.sunita)
    days = {"valid_from": "2026-01-01", "valid_to": "2099-01-01"}
    answer = client.post(reverse("approvals_away"), {"to_user": guarded.harsh.pk, **days})
    assert answer.status_code == 302
    row = Delegation.objects.get()
    assert (row.from_user, row.to_user) == (guarded.sunita, guarded.harsh)
    assert client.post(reverse("approvals_away"), {"to_user": guarded.stranger.pk, **days}).status_code == 200
    assert client.post(reverse("approvals_away"), {"end": row.pk}).status_code == 302
    row.refresh_from_db()
    assert row.is_active is False
    assert client_for(guarded.asha).get(reverse("approvals_away")).status_code == 403
