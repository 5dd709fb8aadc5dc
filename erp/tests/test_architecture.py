"""What every model and view of the product promises, found by looking, not from a list."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test.utils import isolate_apps
from django.utils.module_loading import import_string

from erp import checks
from erp.checks import check_history_switches, check_master_data, master_data_models
from erp.events import capture
from erp.events.tracking import Tracking
from erp.models import MasterData
from erp.scoping import Scope
from erp.testing.contract import MasterDataContract, model_of

OWN_APPS = {"locations", "commodities", "organizations", "partners", "accounts", "approvals"}


def contracts() -> dict[type[MasterData], type[MasterDataContract]]:
    """Contract test classes by the model that they test."""
    for app in OWN_APPS:
        import_string(f"{apps.get_app_config(app).name}.tests.test_contract.__name__")
    pending, found = [MasterDataContract], {}
    while pending:
        for test in pending.pop().__subclasses__():
            pending.append(test)
            found[model_of(test.factory)] = test
    return found


def test_every_domain_has_records() -> None:
    assert {model._meta.app_label for model in master_data_models()} == OWN_APPS


def test_every_model_has_a_contract_test() -> None:
    missing = [model._meta.label for model in master_data_models() if model not in contracts()]
    assert missing == []


def test_every_model_has_an_admin() -> None:
    inlined = {inline.model for site in admin.site._registry.values() for inline in site.inlines}
    missing = [m._meta.label for m in master_data_models() if m not in admin.site._registry and m not in inlined]
    assert missing == []


def test_every_table_of_ours_is_under_capture() -> None:
    tracked = {table.model for table in capture.tracked_tables()}
    ours = [
        m for m in apps.get_models(include_auto_created=True) if m._meta.app_label in OWN_APPS and not m._meta.proxy
    ]
    unseen = [m._meta.label for m in ours if m not in tracked and not hasattr(m, "instance_type")]
    assert unseen == []


def test_aggregates_have_one_root_each() -> None:
    roots = [m.tracking.aggregate for m in master_data_models() if not m.tracking.part]
    assert len(roots) == len(set(roots))
    children = [m for m in master_data_models() if m.tracking.part]
    assert {m.tracking.aggregate for m in children} <= set(roots)
    names = [m.tracking.name for m in master_data_models()]
    assert len(names) == len(set(names))


def test_the_product_passes_its_own_checks() -> None:
    assert check_master_data() == []
    assert check_history_switches() == []


def problems_of(model: type[MasterData]) -> list[str]:
    return [str(message.id) for message in checks._check_model(model)]


UNIQUE = models.UniqueConstraint(fields=("name",), name="vessel_name_unique", violation_error_message="Taken.")


@isolate_apps("locations")
def test_a_good_model_passes() -> None:
    class Vessel(MasterData):
        scope = Scope.shared()
        tracking = Tracking("vessel")
        name = models.CharField(max_length=10)

        class Meta:
            app_label = "locations"
            constraints = [UNIQUE]

    assert problems_of(Vessel) == []


@isolate_apps("locations")
def test_a_model_without_scope_tracking_or_rules_does_not_start() -> None:
    class Vessel(MasterData):
        name = models.CharField(max_length=10)

        class Meta:
            app_label = "locations"

    assert problems_of(Vessel) == ["erp.E001", "erp.E002", "erp.E007"]


@isolate_apps("locations")
def test_a_silent_constraint_and_a_cascade_do_not_start() -> None:
    class Vessel(MasterData):
        scope = Scope.shared()
        tracking = Tracking("vessel")
        name = models.CharField(max_length=10)
        sister = models.ForeignKey("self", models.CASCADE, null=True)

        class Meta:
            app_label = "locations"
            constraints = [UNIQUE, models.CheckConstraint(condition=~models.Q(name=""), name="vessel_name_given")]

    assert problems_of(Vessel) == ["erp.E006", "erp.E009"]


@isolate_apps("locations")
def test_an_open_manager_does_not_start() -> None:
    class Vessel(MasterData):
        scope = Scope.shared()
        tracking = Tracking("vessel")
        name = models.CharField(max_length=10)
        objects = models.Manager()

        class Meta:
            app_label = "locations"
            constraints = [UNIQUE]

    assert problems_of(Vessel) == ["erp.E004"]


@isolate_apps("locations")
def test_an_automatic_many_to_many_does_not_start() -> None:
    class Vessel(MasterData):
        scope = Scope.shared()
        tracking = Tracking("vessel")
        name = models.CharField(max_length=10)
        ports = models.ManyToManyField("self")

        class Meta:
            app_label = "locations"
            constraints = [UNIQUE]

    assert problems_of(Vessel) == ["erp.E008"]


@pytest.mark.parametrize("switch", checks.HISTORY_SWITCHES)
def test_settings_that_pretend_to_switch_history_are_refused(settings: Any, switch: str) -> None:
    setattr(settings, switch, False)
    (message,) = check_history_switches()
    assert message.id == "erp.E010"
    assert switch in message.msg
