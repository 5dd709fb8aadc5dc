"""The examples in the document are answers that the API really gave, and valid against the schemas beside them.

`UPDATE_EXAMPLES=1 pytest erp/api/tests/test_examples.py` writes erp/api/examples.json anew; read the difference before you commit it.
"""

import json
import os
import re

import jsonschema
import pytest
from django.core.cache import cache
from django.db import transaction

from erp.api.pages import document
from erp.api.schema import EXAMPLES, EXAMPLES_FILE
from erp.api.tests.world import BASE, operations
from erp.testing.fixtures import PASSWORD

pytestmark = pytest.mark.django_db

DOCUMENT = json.loads(document())
REFERENCE = re.compile(r"#/components/schemas/(\w+)")
KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+")
DIGEST = re.compile(r"\b[0-9a-f]{32,64}\b")
REFRESH = "auth/refresh"
TOKEN = re.compile(r"eyJ[\w.-]+")


def contents(operation):
    """Every media type of an operation that has a body: (requestBody or status, description of the content)."""
    bodies = {"requestBody": operation.get("requestBody", {}), **operation["responses"]}
    for where, body in bodies.items():
        for content in body.get("content", {}).values():
            yield where, content


def named(content):
    """The schema of a body; "" for a file."""
    found = REFERENCE.search(json.dumps(content["schema"]))
    return found.group(1) if found else ""


def test_every_body_has_an_example():
    missing = [
        f"{operation['operationId']} {where}"
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for where, content in contents(operation)
        if named(content) and not content.get("examples")
    ]
    assert missing == []


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_is_valid_against_its_schema(name):
    value = DOCUMENT["components"]["examples"][name]["value"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())


def test_examples_are_what_the_api_answers(world):
    made = _made(world)
    if os.environ.get("UPDATE_EXAMPLES"):
        EXAMPLES_FILE.write_text(
            json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8"
        )
    assert {name: _shape(value) for name, value in made.items()} == {
        name: _shape(value) for name, value in json.loads(EXAMPLES_FILE.read_text(encoding="utf-8")).items()
    }


def _made(world):
    """Schema's name → body, from one good request for every operation."""
    found = {}
    for operation in list(operations()):
        described = DOCUMENT["paths"].get("/" + BASE + operation.path.replace("{pk}", "{id}"), {}).get(operation.verb)
        if described is None or operation.path == REFRESH:  # an address that only says that there is no bulk
            continue
        cache.clear()  # of rate limits
        sent, answer = _ask(world, operation)
        for where, content in contents(described):
            if not (name := named(content)):
                continue
            body = sent if where == "requestBody" else answer.json() if where == str(answer.status_code) else None
            if body:
                found.setdefault(name, _one(body))
    # A refresh can't be asked for inside the transaction of a test; it answers as the login does.
    found["RefreshRequest"] = {"refresh_token": found["Tokens"]["refresh_token"]}
    # In tests nobody waits for a second person.
    found["Asked"] = {"record": found["PartnerTaxRegistration"], "change_requests": [found["ChangeRequest"]]}
    refused = world.clients["super_admin"].post("/api/v1/settings/units", {"code": ""})
    found["Problem"] = refused.json()
    return json.loads(_settled(json.dumps(found, ensure_ascii=False)))


def _ask(world, operation):
    """Body and answer of a good request; what it wrote is undone."""
    with transaction.atomic():
        body = world.body(operation, asking="super_admin")
        if operation.action in ("approve", "reject"):
            body = {"comment": "Seen on the bank's letter of 12 November"}
        elif operation.resource is None:
            body = SIGN_IN.get(operation.path, lambda _: None)(world)
        answer = world.send(operation, asking="super_admin", body=body)
        transaction.set_rollback(True)
    return body, answer


SIGN_IN = {
    "auth/login": lambda world: {"username": world.users["org_admin"].email, "password": PASSWORD},
    "auth/password": lambda _: {"current_password": PASSWORD, "new_password": "monsoon-candy-784"},
}


def _one(body):
    """A page or list with its first row only."""
    if isinstance(body, list):
        return body[0]
    if isinstance(body.get("results"), list):
        return {**body, "results": body["results"][:1]}
    return body


def _settled(text):
    """The same text with keys, times, digests and tokens that do not change from run to run."""
    keys = {}
    text = KEY.sub(lambda match: keys.setdefault(match[0], f"01980000-0000-7000-8000-{len(keys) + 1:012}"), text)
    text = TIME.sub("2026-03-31T10:00:00.000000", text)
    return TOKEN.sub("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl", DIGEST.sub("0" * 64, text))


def _shape(value):
    """The names in an example; its values may differ."""
    return sorted(value) if isinstance(value, dict) else value
