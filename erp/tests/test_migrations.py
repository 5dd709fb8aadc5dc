"""Migrations that run while the release before them still serves: docs/operations.md, "Migrations".

What stood when the first installation was made is exempt. Every later migration adds, or takes away what no running release uses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

# App to its newest migration before the first release.
BASELINE = {
    "accounts": "0008", "api": "0001", "approvals": "0002", "commodities": "0005", "desk": "0001", "events": "0003",
    "imports": "0001", "ledger": "0002", "locations": "0003", "organizations": "0003", "partners": "0006",
}  # fmt: skip
# "app.name" to why one of its operations is safe although a rule refuses it.
EXCUSED: dict[str, str] = {}


def findings(migration: Any) -> Iterator[str]:
    """What would break or lock out the release that still runs."""
    created = {
        operation.name_lower for operation in migration.operations if isinstance(operation, migrations.CreateModel)
    }
    for operation in migration.operations:
        if getattr(operation, "model_name_lower", None) in created:
            continue  # a new table is empty, and nobody uses it
        if sentence := fault(operation):
            yield f"{operation.describe()}: {sentence}"
    concurrent = [operation for operation in migration.operations if isinstance(operation, AddIndexConcurrently)]
    if concurrent and (migration.atomic or len(migration.operations) > 1):
        yield "An index that is built concurrently stands alone, with atomic = False."


FAULTS: dict[tuple[type, ...], str] = {
    (migrations.RenameField, migrations.RenameModel, migrations.AlterModelTable): (
        "the running release knows the old name. Add the new one, copy, and drop the old one a release later."
    ),
    (migrations.RemoveField, migrations.DeleteModel): (
        "the running release still reads it. Stop using it in one release, drop it in the next, and excuse it here."
    ),
    (
        migrations.AddIndex,
    ): "it locks out writers while it is built. Use AddIndexConcurrently in a migration of its own.",
    (migrations.AlterField,): (
        "it may rewrite the table under a lock. If PostgreSQL changes only the catalogue, excuse it here and say so."
    ),
    (migrations.AddConstraint,): (
        "it reads the whole table under a lock. Add it NOT VALID by RunSQL, and validate it in a migration of its own."
    ),
}


def fault(operation: Any) -> str:
    """Why this operation is refused; empty if it isn't."""
    if isinstance(operation, migrations.AddField):
        return field_fault(operation.field)
    if isinstance(operation, AddIndexConcurrently):
        return ""
    if not operation.reversible:
        return "it has no way back."
    return next((sentence for kinds, sentence in FAULTS.items() if isinstance(operation, kinds)), "")


def field_fault(field: models.Field[Any, Any]) -> str:
    if not field.null and field.db_default is models.NOT_PROVIDED and not field.many_to_many:
        return "the running release inserts rows without it. Let it be null, or give it db_default."
    if field.unique or field.db_index:
        return "its index locks out writers while it is built. Add the column, then the index concurrently."
    return ""


def own_migrations() -> dict[str, Any]:
    """ "app.name" to each migration of our own apps."""
    ours = {
        config.label
        for config in apps.get_app_configs()
        if config.path.startswith(str(settings.BASE_DIR) + "/") and "site-packages" not in config.path
    }
    loaded = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return {f"{app}.{name}": found for (app, name), found in sorted(loaded.items()) if app in ours and found}


def test_migrations_after_the_first_release_leave_the_running_one_alone() -> None:
    for name, migration in own_migrations().items():
        app, _, number = name.partition(".")
        if number[:4] > BASELINE.get(app, "0001") and name not in EXCUSED:
            assert list(findings(migration)) == [], name


def test_baseline_and_excuses_name_migrations_that_exist() -> None:
    names = own_migrations()
    assert set(EXCUSED) <= set(names)
    numbers = {f"{app}.{number}" for app, number in BASELINE.items()}
    assert numbers <= {name[: name.index(".") + 5] for name in names}


INDEX = models.Index(fields=["name"], name="a")
CHECK = models.CheckConstraint(condition=models.Q(name="a"), name="a")
REFUSED = [
    (migrations.RenameField("place", "a", "b"), "knows the old name"),
    (migrations.RenameModel("A", "B"), "knows the old name"),
    (migrations.RemoveField("place", "a"), "still reads it"),
    (migrations.DeleteModel("A"), "still reads it"),
    (migrations.AddIndex("place", INDEX), "locks out writers"),
    (migrations.AddConstraint("place", CHECK), "NOT VALID"),
    (migrations.AddField("place", "a", models.TextField(default="")), "give it db_default"),
    (migrations.AddField("place", "a", models.TextField(null=True, unique=True)), "locks out writers"),
    (migrations.AlterField("place", "a", models.TextField()), "may rewrite the table"),
    (migrations.RunSQL("SELECT 1"), "no way back"),
]


def migration_of(*operations: Any, atomic: bool = True) -> Any:
    return type("Migration", (migrations.Migration,), {"operations": list(operations), "atomic": atomic})(
        "0099", "places"
    )


@pytest.mark.parametrize(("operation", "sentence"), REFUSED, ids=lambda value: type(value).__name__)
def test_what_the_running_release_would_notice_is_refused(operation: Any, sentence: str) -> None:
    assert sentence in " ".join(findings(migration_of(operation)))


def test_what_it_does_not_notice_passes() -> None:
    new = migrations.CreateModel("Fresh", [("id", models.BigAutoField(primary_key=True))])
    on_new = migrations.AddIndex("fresh", INDEX)
    nullable = migrations.AddField("place", "a", models.TextField(null=True))
    given = migrations.AddField("place", "b", models.TextField(db_default=""))
    alone = migration_of(AddIndexConcurrently("place", INDEX), atomic=False)
    sql = migrations.RunSQL("SELECT 1", migrations.RunSQL.noop)
    assert list(findings(migration_of(new, on_new, nullable, given, sql))) == list(findings(alone)) == []
    assert list(findings(migration_of(AddIndexConcurrently("place", INDEX))))
