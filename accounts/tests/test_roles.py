"""Roles: what the table says stands in the database, and only the right users hold them."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts import constraints, roles
from accounts.models import User
from accounts.roles import EXTERNAL_ROLES, ROLES, Role, grantable_by, may_grant, roles_for, sync_roles
from accounts.tests.factories import UserFactory
from erp.checks import master_data_models
from erp.events.models import Event
from erp.testing.roles import as_owner

pytestmark = pytest.mark.django_db


def permissions(name):
    """ "app.codename" of every permission of a role."""
    return {f"{p.content_type.app_label}.{p.codename}" for p in Group.objects.get(name=name).permissions.all()}


def user_in(*names, **values):
    user = UserFactory(**values)
    user.groups.set(Group.objects.filter(name__in=names))
    return User.objects.get(pk=user.pk)


def test_groups_are_the_roles_of_the_table():
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES) == {
        "org_admin", "partner_officer", "kyc_verifier", "manager_approver", "director_approver", "compliance_officer",
        "emergency_officer", "commodity_manager", "viewer", "partner_admin", "partner_staff",
    }  # fmt: skip
    for name, role in ROLES.items():
        assert permissions(name) == {".".join(permission) for permission in role.permissions()}


def test_every_master_data_model_has_import_and_export_permissions():
    wanted = {f"{verb}_{model._meta.model_name}" for model in master_data_models() for verb in ("import", "export")}
    assert set(Permission.objects.filter(codename__in=wanted).values_list("codename", flat=True)) == wanted


def test_compliance_officer_reads_and_exports_and_writes_nothing():
    held = permissions("compliance_officer")
    assert {codename.split(".")[1].split("_")[0] for codename in held} == {"view", "export"}
    for model in master_data_models():
        assert f"{model._meta.app_label}.view_{model._meta.model_name}" in held
    assert "events.view_event" in held


def test_viewer_only_views_and_sees_no_users():
    held = permissions("viewer")
    assert {codename.split(".")[1].split("_")[0] for codename in held} == {"view"}
    assert not any(codename.startswith("accounts.") for codename in held)


def test_org_admin_adds_no_organization_and_imports_no_users():
    held = permissions("org_admin")
    assert {"organizations.change_organization", "accounts.add_user", "partners.delete_partnercontact"} <= held
    assert held.isdisjoint({"organizations.add_organization", "accounts.import_user", "accounts.delete_user"})


def test_org_admin_can_grant_every_internal_role_but_the_right_to_act_alone():
    admin = user_in("org_admin")
    internal = set(ROLES) - EXTERNAL_ROLES
    grantable = set(grantable_by(admin).values_list("name", flat=True))
    assert internal - grantable == {"emergency_officer"}
    assert "approvals.break_glass" in permissions("emergency_officer")
    others = [name for name in ROLES if "approvals.break_glass" in permissions(name)]
    assert others == ["emergency_officer"]


def test_nobody_grants_what_they_lack():
    officer = user_in("partner_officer")
    assert may_grant(officer, Group.objects.get(name="viewer"))
    assert not may_grant(officer, Group.objects.get(name="org_admin"))
    assert set(grantable_by(officer).values_list("name", flat=True)) == {
        "partner_officer",
        "partner_staff",
        "viewer",
    }  # who enters partners does not decide about them
    assert not grantable_by(user_in()).exists()
    assert grantable_by(UserFactory(super_admin=True)).count() == len(ROLES)


def test_second_sync_writes_nothing_and_repairs_what_was_changed():
    viewer = Group.objects.get(name="viewer")
    before = Event.objects.count()
    with as_owner():
        sync_roles()
        assert Event.objects.count() == before
        viewer.permissions.add(Permission.objects.get(codename="delete_user"))
        Group.objects.get(name="partner_staff").delete()
        sync_roles()
    assert "accounts.delete_user" not in permissions("viewer")
    assert permissions("partner_staff") == {".".join(permission) for permission in ROLES["partner_staff"].permissions()}


@pytest.mark.parametrize("last", ["accounts", "partners"])
def test_sync_runs_once_after_the_last_app_and_makes_permissions_that_are_missing(monkeypatch, last):
    configs = [config for config in apps.get_app_configs() if config.models_module is not None]
    ordered = sorted(configs, key=lambda config: config.label == last)
    monkeypatch.setattr(apps, "get_app_configs", lambda: ordered)
    lost = Permission.objects.get(codename="view_partnercontact")
    with as_owner():
        lost.delete()
    runs = []
    monkeypatch.setattr(roles, "sync_roles", lambda **options: runs.append(options) or sync_roles(**options))
    with as_owner():
        for config in ordered:
            roles.sync_after_migrate(app_config=config, using="default")
    assert len(runs) == 1
    assert "partners.view_partnercontact" in permissions("viewer")


def test_a_verb_that_no_model_declares_is_named(monkeypatch):
    before = permissions("viewer")
    monkeypatch.setitem(ROLES, "viewer", Role("Looks", {"partners.partnercontact": ("view", "peruse")}))
    undeclared = r"grants partners\.peruse_partnercontact, which no model declares"
    with as_owner(), pytest.raises(ImproperlyConfigured, match=undeclared):
        sync_roles()
    assert permissions("viewer") == before


def test_an_app_that_is_not_installed_is_granted_nothing(monkeypatch):
    monkeypatch.setitem(ROLES, "viewer", Role("Looks", {"ledger.nonsense": ("view",), "locations.location": ("view",)}))
    with as_owner():
        sync_roles()
    assert permissions("viewer") == {"locations.view_location"}
    with pytest.raises(LookupError):
        Role("Looks", {"partners.nonsense": ("view",)}).permissions()


def test_who_watches_over_the_record_reads_the_ledger():
    for name in ("org_admin", "compliance_officer"):
        assert {"ledger.view_head", "ledger.view_key"} <= permissions(name)


@pytest.mark.django_db(transaction=True)
def test_roles_come_back_after_a_flush():
    with as_owner():
        call_command("flush", interactive=False, verbosity=0)
    assert Group.objects.count() == len(ROLES)
    assert permissions("viewer")


def test_external_users_hold_external_roles_only():
    assert (
        set(roles_for("EXTERNAL").values_list("name", flat=True))
        == EXTERNAL_ROLES
        == {"partner_admin", "partner_staff"}
    )
    assert EXTERNAL_ROLES.isdisjoint(roles_for("INTERNAL").values_list("name", flat=True))
    for name in EXTERNAL_ROLES:
        assert f"'{name}'" in constraints.ROLES_FIT_USER


@pytest.mark.parametrize(("external", "role"), [(True, "viewer"), (True, "org_admin"), (False, "partner_staff")])
def test_database_refuses_a_role_of_the_other_side(external, role):
    user = UserFactory(external=external)
    with pytest.raises(IntegrityError, match=f"cannot hold the role {role}"), transaction.atomic():
        user.groups.add(Group.objects.get(name=role))
        connection.check_constraints()
    assert not user.groups.exists()


def test_database_refuses_a_change_of_type_that_keeps_the_roles():
    user, partner = user_in("viewer"), UserFactory(external=True).partner
    moved = {"user_type": "EXTERNAL", "organization": None, "partner": partner}
    with pytest.raises(IntegrityError, match="cannot hold the role viewer"), transaction.atomic():
        User.objects.filter(pk=user.pk).update(**moved)
        connection.check_constraints()
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(**moved)
        user.groups.set([Group.objects.get(name="partner_staff")])
        connection.check_constraints()
    assert set(User.objects.get(pk=user.pk).groups.values_list("name", flat=True)) == {"partner_staff"}
