"""Who may do what: the roles, the permissions of each, and who may hold and grant them.

A role is a Django group of the same name. This table is the only source: `sync_roles` runs after every migrate and makes
groups and permissions equal to it. Which rows the permissions reach is decided by scope (erp/scoping.py), not here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction
from django.db.models import Q, QuerySet

from erp import context
from erp.models import MasterData
from erp.scoping import UserType

VIEW = ("view",)
READ = ("view", "export")
EDIT = ("view", "add", "change")
KEEP = ("view", "add", "change", "import", "export")
ALL = ("view", "add", "change", "delete", "import", "export")

# Apps of the core that an installation may be without: grants in them are then nothing.
OPTIONAL = frozenset({"ledger", "approvals"})
LEDGER = {"ledger.head": VIEW, "ledger.key": VIEW}
# Who proposed a change never decides it, whatever the roles: erp.approvals sees to that.
ASK = {"approvals.changerequest": VIEW, "approvals.delegation": VIEW}
DECIDE = {"approvals.changerequest": ("view", "decide"), "approvals.delegation": EDIT}

# Verbs that Django does not make a permission for by itself; import and export of the desk ask for them.
TRANSFER = ("import", "export")


@dataclass(frozen=True)
class Role:
    """`grants` maps "app", or "app.model" which replaces the app's verbs for this model, to verbs. `powers` are permissions
    that are about no kind of record.
    """

    title: str
    grants: Mapping[str, tuple[str, ...]]
    is_external: bool = False
    powers: tuple[tuple[str, str], ...] = ()

    def permissions(self) -> set[tuple[str, str]]:
        """(app label, codename) of every permission in this role."""
        verbs = {
            (model._meta.app_label, f"{verb}_{model._meta.model_name}")
            for target in self.grants
            for model in self._models(target)
            for verb in self.grants[target]
        }
        return verbs | {power for power in self.powers if power[0] in apps.app_configs}

    def _models(self, target: str) -> Iterator[type[models.Model]]:
        if "." in target:
            if model := _model(target):
                yield model
            return
        if target in OPTIONAL and target not in apps.app_configs:
            return
        for model in apps.get_app_config(target).get_models():
            if issubclass(model, MasterData) and model._meta.label_lower not in self.grants:
                yield model


def _model(label: str) -> type[models.Model] | None:
    """The model of this name; None if its app is one that an installation may be without. Raises: LookupError."""
    try:
        return apps.get_model(label)
    except LookupError:
        if label.split(".", maxsplit=1)[0] in OPTIONAL:
            return None
        raise


LOOK_UP = {"locations": VIEW, "commodities": VIEW, "organizations": VIEW}

ROLES: dict[str, Role] = {
    "org_admin": Role(
        "Runs one organization and its users",
        {
            "locations": ALL,
            "commodities": ALL,
            "organizations": ALL,
            "organizations.organization": ("view", "change", "export"),
            "organizations.organizationsettings": ("view", "change", "export"),
            "partners": ALL,
            "accounts.user": ("view", "add", "change", "export"),
            "accounts.apikey": ("view", "add", "change", "delete", "export"),
            "accounts.authsession": VIEW,
            "auth.group": VIEW,
            "events.event": VIEW,
            **LEDGER,
            "approvals": (*EDIT, "export"),
            **DECIDE,
        },
    ),
    "partner_officer": Role(
        "Enters and keeps business partners",
        {**LOOK_UP, **ASK, "locations.location": KEEP, "partners": ALL, "partners.businesspartner": KEEP},
    ),
    "kyc_verifier": Role(
        "Checks documents, registrations and accounts of partners",
        {
            **LOOK_UP,
            **DECIDE,
            "partners": VIEW,
            "partners.businesspartner": ("view", "change"),
            "partners.partnerdocument": ("view", "change"),
            "partners.partnertaxregistration": ("view", "change"),
            "partners.partnerbankaccount": ("view", "change"),
        },
    ),
    "manager_approver": Role(
        "Approves partners within the manager's ceiling",
        {**LOOK_UP, **DECIDE, "partners": READ, "partners.businesspartner": ("view", "change", "export")},
    ),
    "director_approver": Role(
        "Approves partners within the director's ceiling",
        {
            **LOOK_UP,
            **DECIDE,
            "organizations": READ,
            "partners": READ,
            "partners.businesspartner": ("view", "change", "export"),
        },
    ),
    "compliance_officer": Role(
        "Reads and exports everything of the organization with its history, writes nothing",
        {
            "locations": READ,
            "commodities": READ,
            "organizations": READ,
            "partners": READ,
            "accounts": READ,
            "accounts.authsession": VIEW,
            "auth.group": VIEW,
            "events.event": VIEW,
            **LEDGER,
            "approvals": READ,
            **ASK,
        },
    ),
    # Beside another role, which says what its holder may change at all. Only super admins give it to the first.
    "emergency_officer": Role(
        "Changes alone what needs a second person, in an emergency, for review afterwards",
        ASK,
        powers=(("approvals", "break_glass"),),
    ),
    "commodity_manager": Role(
        "Keeps commodities, terms and locations",
        {"locations": ALL, "commodities": ALL, "organizations": VIEW, "partners.businesspartner": VIEW},
    ),
    "viewer": Role("Looks things up", {**LOOK_UP, "partners": VIEW}),
    "partner_admin": Role(
        "Keeps a business partner's own data and its staff",
        {
            "locations": VIEW,
            "commodities": VIEW,
            "partners": VIEW,
            "partners.partnercontact": EDIT,
            "partners.partnerlocation": EDIT,
            "partners.partnercommodity": EDIT,
            "partners.partnerdocument": EDIT,
            "accounts.user": EDIT,
        },
        is_external=True,
    ),
    "partner_staff": Role(
        "Looks up a business partner's own data and hands in documents",
        {"locations": VIEW, "commodities": VIEW, "partners": VIEW, "partners.partnerdocument": ("view", "add")},
        is_external=True,
    ),
}

EXTERNAL_ROLES = frozenset(name for name, role in ROLES.items() if role.is_external)


def roles_for(user_type: str) -> QuerySet[Group]:
    """Roles that users of this type may hold. Groups that are not in the table count as internal."""
    external = Q(name__in=EXTERNAL_ROLES)
    return Group.objects.filter(external if user_type == UserType.EXTERNAL else ~external)


def may_grant(user: Any, group: Group) -> bool:
    """Whether this user holds every permission of the role: nobody grants what they lack."""
    return user.is_superuser or _holds(user, group.permissions.all())


def may_do_as_much(user: Any, other: Any) -> bool:
    """Whether `user` holds every permission that `other` has, or would have when active."""
    if user.is_superuser or other.is_superuser:
        return bool(user.is_superuser)
    return _holds(user, Permission.objects.filter(Q(group__user=other) | Q(user=other)).select_related("content_type"))


def grantable_by(user: Any) -> QuerySet[Group]:
    """Roles that this user may give to others."""
    groups = Group.objects.order_by("name")
    if user.is_superuser:
        return groups
    full = groups.prefetch_related("permissions__content_type")
    return groups.filter(pk__in=[group.pk for group in full if may_grant(user, group)])


def _holds(user: Any, permissions: Iterable[Permission]) -> bool:
    held = user.get_all_permissions()
    return all(f"{permission.content_type.app_label}.{permission.codename}" in held for permission in permissions)


def sync_roles(*, using: str = "default") -> None:
    """Make groups and permissions equal to ROLES; writes nothing when they are. Other groups stay as they are.

    Raises: ImproperlyConfigured: a role has a verb for which its model declares no permission.
    """
    with context.acting(source="command", reason="Roles of this release"), transaction.atomic(using=using):
        _create_transfer_permissions(using)
        wanted = {name: role.permissions() for name, role in ROLES.items()}
        keys = _permission_keys(set().union(*wanted.values()), using)
        for name, permissions in wanted.items():
            group, _ = Group.objects.using(using).get_or_create(name=name)
            group.permissions.set([keys[permission] for permission in permissions if permission in keys])


def sync_after_migrate(app_config: AppConfig, using: str, apps: Any = apps, **_: Any) -> None:
    """Handler of `post_migrate`: once, after the last app. Also brings the roles back after a test flush."""
    if app_config is _last_to_migrate() and "auth" in apps.app_configs:
        sync_roles(using=using)


def _last_to_migrate() -> AppConfig:
    """The app for which Django sends `post_migrate` last."""
    return [config for config in apps.get_app_configs() if config.models_module is not None][-1]


def _permission_keys(wanted: set[tuple[str, str]], using: str) -> dict[tuple[str, str], int]:
    """Permissions by (app label, codename). Those that Django has not made yet are made now, whatever the order of the apps."""
    keys = _stored_permissions(using)
    for app_label in sorted({app_label for app_label, _ in wanted - keys.keys()}):
        create_permissions(apps.get_app_config(app_label), verbosity=0, using=using)
        keys = _stored_permissions(using)
    if missing := sorted(".".join(lacking) for lacking in wanted - keys.keys() if lacking[0] not in OPTIONAL):
        raise ImproperlyConfigured(
            f"accounts/roles.py grants {', '.join(missing)}, which no model declares: correct the verb, or declare it."
        )
    return keys


def _stored_permissions(using: str) -> dict[tuple[str, str], int]:
    permissions = Permission.objects.using(using).values_list("content_type__app_label", "codename", "pk")
    return {(app_label, codename): pk for app_label, codename, pk in permissions}


def _create_transfer_permissions(using: str) -> None:
    kept = [model for model in apps.get_models() if issubclass(model, MasterData)]
    types = ContentType.objects.db_manager(using).get_for_models(*kept, for_concrete_models=False)
    existing = set(Permission.objects.using(using).values_list("content_type_id", "codename"))
    wanted = [
        Permission(
            content_type=types[model],
            codename=f"{verb}_{model._meta.model_name}",
            name=f"Can {verb} {model._meta.verbose_name}",
        )
        for model in kept
        for verb in TRANSFER
    ]
    missing = [permission for permission in wanted if (permission.content_type_id, permission.codename) not in existing]
    Permission.objects.using(using).bulk_create(missing)
