"""Rows of a benchmark: locations of one house and users who have signed in, and the same for the peers. Sets up Django first."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
os.environ.setdefault("DEBUG", "1")

import django
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

django.setup()

from benchmarks.names import FIRST  # noqa: E402
from erp import tokens  # noqa: E402
from erp.api.pagination import Cursor  # noqa: E402
from erp.approvals.guards import four_eyes_off  # noqa: E402
from erp.scoping import UserType  # noqa: E402


def make(rows: int, *, users: int) -> tuple[Any, list[str]]:
    """A house with that many places and signed-in people. Returns its id and their access tokens."""
    call_command("migrate", verbosity=0)
    factory = import_string("erp.testing.fixtures.make")
    house = factory("organizations.tests.factories.OrganizationFactory")
    place = factory("locations.tests.factories.LocationFactory", organization=house)
    copy(place, rows - 1, PLACE)
    with transaction.atomic(), four_eyes_off():
        signed_in = sign_in(house, users)
    vacuum()
    return house.pk, signed_in


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


NAME = (
    f"('{{{','.join(FIRST)}}}'::text[])[1 + (n::bigint * 7919 % 12)] || ' '"
    " || initcap(translate(substr(md5(n::text), 1, 9), '0123456789', 'aeioulnrst'))"
)
PLACE = {"id": "gen_random_uuid()", "name": NAME, "code": "'PL' || n", "city": "'Rajkot'"}


def copy(row: Any, count: int, values: dict[str, str]) -> None:
    """Rows like this one, those columns made from their number n; without history, as if they had always been there."""
    table = row._meta.db_table
    columns = [field.column for field in row._meta.concrete_fields]
    made = ", ".join(values.get(column, f'r."{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        indexes = _drop_indexes(cursor, table)
        cursor.execute(
            f"INSERT INTO {table} ({named}) SELECT {made} FROM {table} r, generate_series(1, {count}) n WHERE r.id = '{row.pk}'"
        )
        for definition in indexes:
            cursor.execute(definition)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        cursor.execute(f"VACUUM ANALYZE {table}")


def _drop_indexes(cursor: Any, table: str) -> list[str]:
    """All but those of constraints; returns how to make them again. Built at the end they take a tenth of the time."""
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index i WHERE indrelid = %s::regclass"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)",
        [table],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    return [definition for _, definition in found]


def cursor_at(offset: int) -> str:
    """The API's cursor of the page of places that begins behind so many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, id::text FROM locations_location ORDER BY name, id OFFSET %s LIMIT 1", [offset])
        return str(Cursor(["name", "id"], list(cursor.fetchone())))


def sign_in(house: Any, count: int) -> list[str]:
    """Access tokens of that many new users of the house, each with an open sign-in and the rights of its administrators."""
    user_model, session_model = import_string("accounts.models.User"), import_string("accounts.models.AuthSession")
    first = import_string("erp.testing.fixtures.make_user")("INTERNAL", role="org_admin", organization=house)
    groups = list(first.groups.all())
    password, now = make_password(uuid.uuid4().hex), timezone.now()
    users = [
        user_model(
            email=f"user{number}@bench.example",
            user_type=UserType.INTERNAL,
            organization=house,
            full_name=f"Clerk {number}",
            password=password,
        )
        for number in range(count)
    ]
    user_model.objects.bulk_create(users)
    member = user_model.groups.through
    member.objects.bulk_create(member(user=user, group=group) for user in users for group in groups)
    until = now + timedelta(days=1)
    sessions = [
        session_model(user=user, organization=house, kind="api", current_jti=uuid.uuid4(), expires_at=until)
        for user in users
    ]
    session_model.objects.bulk_create(sessions)
    return [
        tokens.issue(tokens.Kind.ACCESS, tokens.Claims(sid=session.pk, jti=uuid.uuid4()), until=until)
        for session in sessions
    ]


def ids(count: int) -> list[str]:
    """Keys of that many places."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM locations_location WHERE version = 1 ORDER BY id LIMIT %s", [count])
        return [str(key) for (key,) in cursor.fetchall()]


def peers(organization: Any) -> list[uuid.UUID]:
    """The peers' tables in the schema `peer`, with the same places. Returns the keys of their users."""
    database = connection.settings_dict["NAME"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings",
        "PEER_DATABASE": str(database),
        "PEER_HOST": os.environ["DATABASE_FOLDER"],
        "PEER_SECRET": os.environ["JWT_SECRET"],
    }
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA peer")
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"], env=environment, check=True
    )
    columns = (
        "id, organization_id, code, name, aliases, kind, parent_id, country_id, subdivision_id, district, city, postal_code,"
        " address_line1, address_line2, latitude, longitude, timezone, un_locode, iata, google_place_id, geocode_source,"
        " geocode_confidence, status, is_active, version, created_at, updated_at"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO peer.location ({columns}) SELECT {columns} FROM locations_location")
        cursor.execute(
            "INSERT INTO peer.peer_user (id, email, password, is_active, organization_id)"
            " SELECT id, email, '', true, %s FROM accounts_user RETURNING id",
            [organization],
        )
        keys = [key for (key,) in cursor.fetchall()]
        # The index that a deployment of theirs would have for a search in names.
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("CREATE INDEX name_search ON peer.location USING gin (upper(name) public.gin_trgm_ops)")
        cursor.execute("CREATE INDEX name_ilike ON peer.location USING gin (name public.gin_trgm_ops)")
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    return keys
