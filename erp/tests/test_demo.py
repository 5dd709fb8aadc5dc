"""The demonstration as it stands after one run: believable, valid, recorded in order, and the same every time."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import Error, run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, override_settings
from django.utils import timezone

from accounts.roles import ROLES
from commodities.models import Commodity, CommodityTaxCode
from erp.admin.imports import files
from erp.admin.imports.plan import Importer
from erp.admin.models import SavedFilter
from erp.approvals.models import ApprovalDecision, ChangeRequest
from erp.demo import checks
from erp.demo.login import PASSWORD
from erp.demo.stage import Stage, play_all
from erp.events import doctor
from erp.events.models import Event
from erp.imports.models import ImportJob
from erp.reference.load import load
from erp.testing.roles import as_owner
from locations.models import Location, Subdivision
from organizations.models import Organization
from partners.demo.directory import parties
from partners.models import BusinessPartner, PartnerBankAccount, PartnerContact, PartnerDocument

SAMPLE = Path(__file__).parents[2] / "docs" / "samples" / "locations-with-three-errors.csv"
# Of code, name, PAN and tax number of every partner: change it with the directory, knowingly.
DIRECTORY_SHA256 = "cbc3852fe5fca0ed5df2d781cd096774f3b6d4e0c5039dba40df7f8fa1b832a6"


@override_settings(DEMO=True)
class TestDemonstration(TestCase):
    """Played once for all tests, which only look, in Django's transaction around a class."""

    stage: Stage
    events: list[Event]

    @classmethod
    def setUpTestData(cls) -> None:
        folder = cls.enterClassContext(TemporaryDirectory())
        cls.enterClassContext(override_settings(MEDIA_ROOT=folder))
        with as_owner():  # as seed_demo is: it sets the record's clock and switches guards off
            load()
            before = Event.objects.latest("id").pk
            cls.stage = play_all()
        cls.events = list(Event.objects.filter(id__gt=before).order_by("id"))
        # What else would be checked at commit.
        connection.check_constraints()

    def test_partners_of_two_houses_are_in_every_state_and_abroad(self) -> None:
        assert sorted(Organization.objects.values_list("code", flat=True)) == ["KPV", "NYV"]
        indian = Subdivision.objects.filter(country="IN")
        with_partner = indian.filter(pk__in=BusinessPartner.objects.values("locations__subdivision"))
        assert with_partner.count() == indian.count() == 36
        assert BusinessPartner.objects.exclude(country="IN").values("country").distinct().count() >= 15
        assert 150 <= BusinessPartner.objects.count() <= 200
        assert set(BusinessPartner.objects.values_list("status", flat=True)) == set(BusinessPartner.Status.values)
        assert set(BusinessPartner.objects.values_list("kyc_status", flat=True)) == set(
            BusinessPartner.KycStatus.values
        )

    def test_every_role_is_held_in_both_houses_and_may_sign_in(self) -> None:
        users = get_user_model()._default_manager
        for house in ("mumbai", "coimbatore"):
            people = users.filter(email__endswith=f".{house}@demo.example", is_active=True)
            assert set(people.values_list("groups__name", flat=True)) == set(ROLES)
        assert users.get(email="admin@demo.example").user_type == "SUPER_ADMIN"
        assert all(user.check_password(PASSWORD) for user in users.filter(email__startswith="admin"))

    def test_every_row_of_every_partner_is_valid(self) -> None:
        for model in apps.get_app_config("partners").get_models():
            if not hasattr(model, "scope"):
                continue
            # Constraints and foreign keys the database has checked.
            keys = [field.name for field in model._meta.concrete_fields if field.is_relation]
            for row in model._default_manager.all():
                row.full_clean(exclude=keys, validate_constraints=False, validate_unique=False)

    def test_a_month_of_changes_by_many_people_with_reasons(self) -> None:
        month = [event for event in self.events if timezone.localdate(event.occurred_at) >= self.stage.days[0]]
        assert len(month) >= 500
        assert {timezone.localdate(event.occurred_at) for event in month} >= set(self.stage.days)
        assert len({event.actor_id for event in month} - {None}) >= 15
        assert all(len(event.reason) >= 5 for event in month if event.source != "database")
        assert {event.source for event in self.events} == {"admin", "api", "import", "task", "command", "database"}

    def test_times_lie_in_the_past_and_grow(self) -> None:
        assert timezone.localdate(self.events[0].occurred_at) == self.stage.eve[0]
        assert all(event.occurred_at < timezone.now() for event in self.events)
        last: dict[str, Any] = {}
        for event in self.events:
            assert event.occurred_at > last.get(event.aggregate_id, event.occurred_at - timedelta(1))
            last[event.aggregate_id] = event.occurred_at
        for partner in BusinessPartner.objects.all():
            assert timezone.localdate(partner.created_at) in {*self.stage.eve, *self.stage.days}
            dates = [kept.history_date for kept in partner.history.order_by("history_id")]
            assert len(dates) == partner.version
            assert all(earlier < later for earlier, later in pairwise(dates))

    def test_record_is_whole_and_its_clock_runs_again(self) -> None:
        assert doctor.examine() == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp() - erp_clock() < interval '1 second'")
            assert cursor.fetchone() == (True,)

    def test_change_past_the_application_stands_out(self) -> None:
        outside = [event for event in self.events if event.source == "database"]
        assert [event.event_type for event in outside] == ["partner.updated", "partner.updated"]
        assert {(event.reason, event.actor_label, event.actor_id) for event in outside} == {("", "", None)}

    def test_deleted_records_keep_their_history(self) -> None:
        for model, name in ((BusinessPartner, "legal_name"), (Location, "name"), (PartnerContact, "name")):
            gone = model.history.filter(history_type="-")
            assert gone.count() >= 2
            assert all(getattr(row, name) for row in gone)

    def test_there_is_something_to_put_right(self) -> None:
        soon = self.stage.today + timedelta(days=30)
        assert BusinessPartner.objects.filter(kyc_expires_on__range=(self.stage.today, soon)).count() >= 5
        assert BusinessPartner.objects.filter(kyc_status="expired").count() >= 2
        assert BusinessPartner.objects.exclude(bank_accounts__status="active").count() >= 5
        assert Location.objects.filter(organization__isnull=False, latitude__isnull=True).count() == 3
        taxed = CommodityTaxCode.objects.on(self.stage.today).values("commodity")
        untaxed = Commodity.objects.filter(organization__isnull=False).exclude(pk__in=taxed)
        assert sorted(untaxed.values_list("code", flat=True)) == ["FLAT_STRIPS", "KHAL_SPECIAL", "LICKERIN"]
        assert any(account.duplicates.exists() for account in PartnerBankAccount.objects.all())

    def test_requests_stand_in_every_state_in_both_houses(self) -> None:
        requests = ChangeRequest.objects.all()
        states = {"pending": 1, "applied": 3, "rejected": 1, "withdrawn": 1, "expired": 1}
        for house in ("KPV", "NYV"):
            own = requests.filter(organization__code=house)
            assert Counter(own.values_list("status", flat=True)) == states
            assert own.filter(break_glass=True, status="applied").to_review().count() == 1
            lent = ApprovalDecision.objects.get(request__in=own, on_behalf_of__isnull=False)
            assert (lent.approver.full_name, lent.on_behalf_of.full_name) != (lent.on_behalf_of.full_name,) * 2
            assert "ask for a cancelled cheque" in own.get(status="rejected").decision.comment
            waiting = own.pending().get()
            assert "account_number" in waiting.changes
            assert waiting.created_at < timezone.now() < waiting.expires_at
        ended = requests.get(organization__code="KPV", status="expired")
        assert ended.created_at + timedelta(days=7) == ended.expires_at <= ended.updated_at

    def test_people_find_their_filters_and_imports(self) -> None:
        desk = self.stage.cast["desk.mumbai"]
        known = SavedFilter.objects.usable_by(desk)
        assert (known.filter(owner=desk).count(), known.exclude(owner=desk).count()) == (2, 3)
        jobs = ImportJob.objects.visible_to(desk)
        assert sorted(jobs.values_list("status", "rows")) == [("done", 4), ("failed", 4)]
        failed, done = jobs.get(status="failed"), jobs.get(status="done")
        assert [(error["row"], error["column"]) for error in failed.result["errors"]] == [(5, "phone")]
        assert failed.result["totals"] == {"new": 3, "updated": 0, "unchanged": 0, "invalid": 1}
        assert PartnerContact.objects.filter(created_at=done.finished_at, name="Padma Rao").exists()
        assert done.created_at > timezone.now() - timedelta(days=7)

    def test_last_week_has_new_records_to_tell(self) -> None:
        week = {timezone.localdate() - timedelta(days=back) for back in range(7)}
        added = [event for event in self.events if event.event_type.endswith(".created") and event.category == "row"]
        kinds = {event.object_type for event in added if timezone.localdate(event.occurred_at) in week}
        assert kinds >= {"partners.businesspartner", "locations.location", "commodities.commodity"}

    def test_papers_are_files_that_a_viewer_opens(self) -> None:
        assert set(PartnerDocument.objects.values_list("status", flat=True)) >= {"verified", "rejected"}
        paper = PartnerDocument.objects.filter(status="verified").first()
        with paper.file.open() as stored:
            content = stored.read()
        assert content.startswith(b"%PDF-1.4")
        assert hashlib.sha256(content).hexdigest() == paper.sha256

    def test_first_partner_is_one_to_conflict_on(self) -> None:
        partner = BusinessPartner.objects.get(organization__code="KPV", partner_code="BP-IN-000001")
        told = Event.objects.filter(aggregate_type="partner", aggregate_id=str(partner.pk))
        assert len(set(told.values_list("actor_id", flat=True))) >= 5
        assert {"admin", "api", "import", "task"} <= set(told.values_list("source", flat=True))

    def test_directory_is_the_same_every_time(self) -> None:
        everybody = parties(self.stage.random("partners"))
        assert everybody == parties(Stage(today=self.stage.today - timedelta(days=3)).random("partners"))
        stored = set(BusinessPartner.objects.values_list("organization", "partner_code", "legal_name", "pan"))
        assert {(self.stage.cast[party.house].pk, party.code, party.name, party.pan) for party in everybody} <= stored
        listing = "\n".join(f"{p.house} {p.code} {p.name} {p.pan} {p.tax[1]}" for p in everybody)
        assert hashlib.sha256(listing.encode()).hexdigest() == DIRECTORY_SHA256

    def test_sample_file_has_three_errors(self) -> None:
        table = files.read(SAMPLE.read_bytes(), name=SAMPLE.name)
        result = Importer(Location, user=self.stage.cast["commodity.mumbai"]).preview(table).as_json()
        assert result["totals"] == {"new": 4, "updated": 0, "unchanged": 0, "invalid": 3}
        assert [(error["row"], error["column"]) for error in result["errors"]] == [
            (4, "latitude"),
            (5, "postal_code"),
            (7, "subdivision"),
        ]

    def test_second_run_is_refused_and_writes_nothing(self) -> None:
        before = Event.objects.count()
        with pytest.raises(CommandError, match="has organizations already"):
            call_command("seed_demo")
        assert Event.objects.count() == before

    def test_second_run_if_empty_says_one_line(self) -> None:
        said = StringIO()
        call_command("seed_demo", "--if-empty", stdout=said)
        assert said.getvalue() == "The database has organizations already: no demonstration data added.\n"

    def test_deployment_check_finds_the_users(self) -> None:
        found = run_checks(include_deployment_checks=True, tags=["security"])
        assert [message.id for message in found if isinstance(message, Error) and message.id == "erp.E020"] == [
            "erp.E020"
        ]
        assert checks.check_no_demo_users()[0].msg.startswith("27 demonstration users")
