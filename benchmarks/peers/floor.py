"""The floor: bare WSGI, one pooled connection, orjson. A signature and a key are looked at; no scope, no limits, no validation.

Writes put the record, its history row and its event row down in one statement.
"""

import os
import re
import uuid

import jwt
import orjson
import uuid_utils.compat
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

SECRET = os.environ["PEER_SECRET"]
pool = ConnectionPool(
    f"dbname={os.environ['PEER_DATABASE']} host={os.environ['PEER_HOST']} user=postgres options='-c search_path=peer'",
    min_size=4,
    max_size=4,
    kwargs={"row_factory": dict_row, "autocommit": True},
)
ONE = re.compile(r"/locations/([0-9a-f-]{36})$")
REST = (
    "organization_id, aliases, district, postal_code, address_line1, address_line2, geocode_source, status,"
    " is_active, version, created_at, updated_at"
)
COLUMNS = "id, code, name, kind, country_id, timezone, city, latitude, longitude"
HISTORY = (
    ", history AS (INSERT INTO location_history ({columns}, history_date, history_type)"
    " SELECT {columns}, now(), {kind} FROM made)"
    ", logged AS (INSERT INTO event (event_id, object_type, object_id, event_type, payload, occurred_at)"
    " SELECT gen_random_uuid(), 'location', id, {event}, %(payload)s, now() FROM made) SELECT * FROM made"
)
LISTED = "SELECT * FROM location ORDER BY name, code LIMIT 25"
FOUND = "SELECT * FROM location WHERE name ILIKE %s ORDER BY name, code LIMIT 25"
DETAIL = "SELECT * FROM location WHERE id = %s"


def _with_records(statement: str, kind: str, event: str) -> sql.Composed:
    columns = sql.SQL(f"{COLUMNS}, {REST}")
    tail = sql.SQL(HISTORY).format(columns=columns, kind=sql.Literal(kind), event=sql.Literal(event))
    return sql.SQL("WITH made AS (") + sql.SQL(statement) + sql.SQL(")") + tail


CREATED = _with_records(
    f"INSERT INTO location ({COLUMNS}, {REST}) VALUES (%(id)s, %(code)s, %(name)s, %(kind)s, %(country_id)s, %(timezone)s,"
    " %(city)s, %(latitude)s, %(longitude)s, NULL, '', '', '', '', '', '', 'unverified', true, 1, now(), now()) RETURNING *",
    "+",
    "location.created",
)
PATCHED = _with_records(
    "UPDATE location SET city = %(city)s, version = version + 1, updated_at = now() WHERE id = %(id)s RETURNING *",
    "~",
    "location.updated",
)


def application(environ, start_response):
    jwt.decode(environ["HTTP_AUTHORIZATION"].removeprefix("Bearer "), SECRET, algorithms=["HS256"])
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    match = ONE.match(path)
    status = "200 OK"
    with pool.connection() as connection:
        if method == "POST":
            values = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            values.update(id=uuid_utils.compat.uuid7(), payload=Jsonb(dict(values)))
            answer = connection.execute(CREATED, values).fetchone()
            status = "201 Created"
        elif method == "PATCH":
            values = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            answer = connection.execute(
                PATCHED, {"city": values["city"], "id": uuid.UUID(match[1]), "payload": Jsonb(values)}
            ).fetchone()
        elif match:
            answer = connection.execute(DETAIL, [uuid.UUID(match[1])]).fetchone()
        elif "search=" in environ["QUERY_STRING"]:
            text = environ["QUERY_STRING"].partition("search=")[2].partition("&")[0]
            answer = {"results": connection.execute(FOUND, [f"%{text}%"]).fetchall()}
        else:
            answer = {"results": connection.execute(LISTED).fetchall()}
    body = orjson.dumps(answer, default=str)
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
