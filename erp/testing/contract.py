"""What every MasterData model promises. A domain's test names a factory and one change, and inherits the rest.

class TestCommodity(MasterDataContract):
    factory = CommodityFactory
    change = {"name": "Shankar-6 cotton"}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.forms import ModelChoiceField, ModelMultipleChoiceField
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from erp import context
from erp.events.models import Event
from erp.models import MasterData
from erp.scoping import Kind

QUERY_COUNTS = Path(__file__).with_name("query_counts.json")


@pytest.mark.django_db
class MasterDataContract:
    """Scope, record and admin of one model."""

    factory: ClassVar[Any]
    change: ClassVar[dict[str, Any]]

    @pytest.fixture
    def row(self) -> MasterData:
        """One stored, valid record."""
        record: MasterData = self.factory()
        record.refresh_from_db()
        return record

    @property
    def model(self) -> type[MasterData]:
        return model_of(self.factory)

    def test_factory_makes_a_valid_record(self, row: MasterData) -> None:
        row.full_clean()

    def test_super_admin_sees_it_and_a_stranger_does_not(
        self, row: MasterData, super_admin: Any, stranger: Any
    ) -> None:
        assert self.model.objects.visible_to(super_admin).filter(pk=row.pk).exists()
        shared = self.model.scope.kind is Kind.SHARED or getattr(row, "organization_id", True) is None
        assert self.model.objects.visible_to(stranger).filter(pk=row.pk).exists() is shared
        assert not self.model.objects.editable_by(stranger).filter(pk=row.pk).exists()

    def test_anonymous_and_inactive_users_see_nothing(self, row: MasterData, super_admin: Any) -> None:
        super_admin.is_active = False
        assert not self.model.objects.visible_to(None).exists()
        assert not self.model.objects.visible_to(super_admin).exists()

    def test_change_leaves_one_history_row_and_one_event(self, row: MasterData, super_admin: Any) -> None:
        history, before = history_of(row), latest_event_id()
        with context.acting(source="task", actor_id=super_admin.pk, actor_label="Somebody", reason="Contract"):
            for name, value in self.change.items():
                setattr(row, name, value)
            row.save()
        assert history.count() == 2
        assert_equal_to_live(history.first(), row)
        event = Event.objects.get(id__gt=before)
        assert event.event_type == f"{self.model.tracking.name}.updated"
        assert event.object_id == str(row.pk)
        assert set(event.changes) == {attname_of(self.model, name) for name in self.change}
        assert (event.actor_id, event.reason, event.source) == (super_admin.pk, "Contract", "task")
        assert row.version == 2

    def test_change_of_nothing_leaves_nothing(self, row: MasterData) -> None:
        before = latest_event_id()
        row.save()
        assert row.version == 1
        assert history_of(row).count() == 1
        assert not Event.objects.filter(id__gt=before).exists()

    def test_foreign_keys_protect_what_they_name(self) -> None:
        for field in self.model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey):
                assert field.remote_field.on_delete is models.PROTECT, field.name

    def test_choices_are_refused_by_the_database_model(self, row: MasterData) -> None:
        for field in self.model._meta.concrete_fields:
            if field.choices and isinstance(field, models.CharField):
                setattr(row, field.name, "nonsense"[: field.max_length])
                with pytest.raises(ValidationError) as refused:
                    row.full_clean()
                assert field.name in refused.value.message_dict
                row.refresh_from_db()

    def test_admin_list_and_form_and_history_open_within_budget(self, row: MasterData, admin_client_for: Any) -> None:
        if self.model not in admin.site._registry:
            return
        client = admin_client_for("super_admin")
        name = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}"
        budget = json.loads(QUERY_COUNTS.read_text())
        for page, url in {
            "list": reverse(f"{name}_changelist"),
            "form": reverse(f"{name}_change", args=[row.pk]),
            "history": reverse(f"{name}_history", args=[row.pk]),
        }.items():
            client.get(url)  # warms content types
            with CaptureQueriesContext(connection) as queries:
                response = client.get(url)
            assert response.status_code == 200, page
            allowed = budget["models"].get(self.model._meta.label, {}).get(page, budget[page])
            assert len(queries) <= allowed, f"{page}: {len(queries)} queries, {allowed} allowed"

    def test_admin_hides_it_from_another_organization(self, row: MasterData, admin_client_for: Any) -> None:
        shared = self.model.scope.kind is Kind.SHARED or getattr(row, "organization_id", True) is None
        if self.model not in admin.site._registry or shared:
            return
        client = admin_client_for("stranger")
        name = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}"
        for page in ("change", "history", "delete"):
            response = client.get(reverse(f"{name}_{page}", args=[row.pk]))
            # As for an unknown id: Django redirects to the index, or refuses a role that may never delete.
            assert response.status_code in {302, 403, 404}, page
            assert str(row) not in response.content.decode()

    def test_admin_form_refuses_foreign_keys_out_of_scope(self, row: MasterData, stranger: Any, rf: Any) -> None:
        site = admin.site._registry.get(self.model)
        if site is None:
            return
        request = rf.get("/")
        request.user = stranger
        for name, field in site.get_form(request, change=False)().fields.items():
            one = isinstance(field, ModelChoiceField) and not isinstance(field, ModelMultipleChoiceField)
            related = getattr(row, name, None) if one else None
            if related is not None and not type(related).objects.visible_to(stranger).filter(pk=related.pk).exists():
                with pytest.raises(ValidationError):
                    field.clean(str(related.pk))

    def test_admin_sends_anonymous_to_the_login_page(self, row: MasterData, client: Any) -> None:
        if self.model in admin.site._registry:
            url = reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_change", args=[row.pk])
            assert client.get(url).status_code == 302


def model_of(factory: Any) -> type[MasterData]:
    """The model that a factory makes; its Meta may name it."""
    named = factory._meta.model
    model: type[MasterData] = apps.get_model(named) if isinstance(named, str) else named
    return model


def attname_of(model: type[MasterData], name: str) -> str:
    """Column attribute of a field: `country_id` of `country`."""
    field: Any = model._meta.get_field(name)
    return str(field.attname)


def history_of(row: MasterData) -> Any:
    """History rows of this record, newest first."""
    return type(row).history.filter(**{row._meta.pk.attname: row.pk})


def latest_event_id() -> int:
    """The highest event id so far."""
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def assert_equal_to_live(kept: Any, row: MasterData) -> None:
    """The history row holds what the table holds, column by column."""
    live = type(row)._base_manager.get(pk=row.pk)
    unkept = set(row.tracking.unkept)
    for field in row._meta.concrete_fields:
        if field.name not in unkept:
            assert getattr(kept, field.attname) == getattr(live, field.attname), field.attname
