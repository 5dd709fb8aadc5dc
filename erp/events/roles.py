"""Database roles that own nothing: what they may do, given by the owner after every migration, and whether it is still so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction

GRANTS = (Path(__file__).parent / "roles.sql").read_text()
APP = "erp_app"
AUDITOR = "erp_auditor"

# Powers with which a role would not need any grant. Its own database's owner has them all there.
POWERS = """
SELECT r.rolname, array_remove(ARRAY[
    CASE WHEN r.rolsuper THEN 'is a superuser' END,
    CASE WHEN r.rolcreaterole THEN 'may create roles' END,
    CASE WHEN r.rolreplication THEN 'may replicate' END,
    CASE WHEN pg_has_role(r.oid, d.datdba, 'MEMBER') THEN 'can become the owner of the database' END], NULL)
FROM pg_roles r, pg_database d WHERE r.rolname = ANY (%s) AND d.datname = current_database()
"""
HELD = """
SELECT who, object, privilege_type FROM (
    SELECT 'database ' || datname AS object, coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database
    WHERE datname = current_database()
    UNION ALL SELECT 'schema public', coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname = 'public'
    UNION ALL SELECT relname, coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner))
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT p.oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace
) AS objects, LATERAL aclexplode(acl) AS a,
LATERAL (SELECT CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee) END AS who) AS names
WHERE who = ANY (%s)
"""


class Right(NamedTuple):
    """One right: DELETE of erp_app on partners_businesspartner."""

    role: str
    place: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} of {self.role} on {self.place}"


class RoleError(RuntimeError):
    """A role that grants can't hold back, or that is not there."""


class Difference(NamedTuple):
    """Rights that were missing and rights that were too many."""

    missing: list[Right]
    excess: list[Right]


def grant(*, app: str = APP, auditor: str = AUDITOR, check_only: bool = False) -> Difference:
    """Give both roles what roles.sql says and nothing else; returns what that changed, or with `check_only` would change.

    The connection is the owner's. Raises: RoleError.
    """
    _refuse_powerful(app, auditor)
    with transaction.atomic(), connection.cursor() as cursor:
        before = _held(cursor, app, auditor)
        cursor.execute(
            "SELECT set_config('erp.app_role', %s, true), set_config('erp.auditor_role', %s, true)", [app, auditor]
        )
        cursor.execute(GRANTS)
        after = _held(cursor, app, auditor)
        transaction.set_rollback(check_only)
    return Difference(sorted(after - before), sorted(before - after))


def _refuse_powerful(*names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(POWERS, [list(names)])
        powers: dict[str, list[str]] = dict(cursor.fetchall())
    for name in names:
        if name not in powers:
            raise RoleError(f"There is no role {name}: run deploy/postgresql/roles.sql as the server's superuser.")
        if powers[name]:
            raise RoleError(
                f"{name} {' and '.join(powers[name])}: no grant holds it back. "
                "Use roles made by deploy/postgresql/roles.sql, and run this as the owner."
            )


def _held(cursor: Any, *names: str) -> set[Right]:
    cursor.execute(HELD, [[*names, "everybody"]])
    return {Right(*row) for row in cursor.fetchall()}
