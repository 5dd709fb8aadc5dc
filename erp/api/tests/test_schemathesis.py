"""Requests made from the document, good ones and bad ones, to every operation: the answers keep what the document says.

The addresses name records that exist, their versions are the right ones, and good bodies differ from one that is accepted
in what was made up. So requests get past "there is none" to validation, writing and the answer.
"""

import dataclasses
import json
from contextlib import contextmanager

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.parameters import ParameterLocation

from erp import ratelimits
from erp.api.tests.world import BASE, RESOURCES
from erp.testing.fixtures import PASSWORD

pytestmark = [pytest.mark.django_db]

EXAMPLES = {GenerationMode.POSITIVE: 8, GenerationMode.NEGATIVE: 4}
PARTS = 8  # of the operations, so that the test's processes share the work
# What no schema can say: check digits, references, versions, keys used before, limits.
FACTS = ["2xx", "304", "400", "401", "403", "404", "409", "412", "422", "428", "429"]
CHECKS = {
    "positive_data_acceptance": {"expected-statuses": FACTS},
    "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "428"]},
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "412", "422", "428", "429"]},
}
DOCUMENT = json.loads((django_settings.BASE_DIR / "docs" / "openapi.json").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict({"checks": CHECKS}))
# They change the shape of the answer, which OpenAPI has no words for; test_every_resource.py asks for every one.
SHAPES = ("fields", "expand")
SCHEMA.app = WSGIHandler()
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture
def _generous(monkeypatch):
    """Limits that the test does not reach."""
    tiers = {
        tier: tuple(dataclasses.replace(policy, quota=10**7) for policy in policies)
        for tier, policies in ratelimits.TIERS.items()
    }
    monkeypatch.setattr(ratelimits, "TIERS", tiers)


@contextmanager
def _one_connection():
    """Requests share the test's connection, as Django's own test client sees to."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_generous")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("who", ["super_admin", "org_admin"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_every_operation_answers_as_the_document_says(who, mode, part, client, world):
    given_tokens = client.post(
        "/api/v1/auth/login",
        {"username": world.users[who].email, "password": PASSWORD},
        content_type="application/json",
    ).json()
    headers = {"Authorization": f"Bearer {given_tokens['access_token']}"}
    failures, reached = [], set()
    with _one_connection():
        for operation in OPERATIONS[part::PARTS]:
            try:
                reached |= _ask(operation, mode, headers, world)
            except FailureGroup as error:  # all of them, so that one run tells everything
                failures.append(f"{operation.label}: {error}")
    assert not failures, f"{len(failures)}\n" + "\n".join(failures)
    assert reached & {200, 201}  # not only "there is none"


def _ask(operation, mode, headers, world):
    """Statuses of the answers."""
    statuses = set()

    @seed(1)
    @settings(
        max_examples=EXAMPLES[mode],
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case, data):
        _at_home(case, world, data)
        with transaction.atomic():
            statuses.add(case.call_and_validate(headers=headers).status_code)
            transaction.set_rollback(True)

    ask()
    return statuses


def _at_home(case, world, data):
    """Aims the request at a record of the world, unless that part of it was made bad on purpose."""
    for name in SHAPES:
        case.query.pop(name, None)
    bad = {where for where, part in case.meta.components.items() if part.mode.is_negative}
    address = case.operation.path.removeprefix(f"/{BASE}")
    address = address.replace("/{id}", "").removesuffix("/bulk").removesuffix("/history")
    resource = next((found for name, found in RESOURCES.items() if _same(name, address)), None)
    if resource is None:
        return
    row = world.rows[resource.address]
    if ParameterLocation.PATH not in bad and case.path_parameters:
        for name in case.path_parameters:
            key = getattr(row, f"{resource.view.parent}_id", "") if name == f"{resource.view.parent}_id" else row.pk
            case.path_parameters[name] = str(key)
    if ParameterLocation.HEADER not in bad and "If-Match" in case.headers:
        case.headers["If-Match"] = f'"{row.pk}:{row.version}"'
    made = world.bodies.get(resource.address)
    if ParameterLocation.BODY not in bad and made and isinstance(case.body, dict) and case.method == "POST":
        if "rows" in case.body:
            case.body["rows"] = [{**made, **_some(data, each)} for each in case.body["rows"]]
        else:
            case.body = {**made, **_some(data, case.body)}


def _same(name, address):
    """Whether a registered address and one of the document are one; parents are named alike in both."""
    return name.rstrip("/") == address.rstrip("/")


def _some(data, body):
    """A few of the values that were made up."""
    names = sorted(body)
    return {name: body[name] for name in data.draw(st.sets(st.sampled_from(names), max_size=3))} if names else {}
