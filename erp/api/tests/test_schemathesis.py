"""Requests made from the document, good ones and bad ones, to every operation: the answers keep what the document says."""

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
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from erp import ratelimits
from erp.testing.fixtures import PASSWORD

pytestmark = [pytest.mark.django_db]

EXAMPLES = 2
# What no schema can say: check digits, references, versions, keys used before, limits.
FACTS = ["2xx", "304", "400", "401", "403", "404", "409", "412", "422", "428", "429"]
CHECKS = {
    "positive_data_acceptance": {"expected-statuses": FACTS},
    "missing_required_header": {"expected-statuses": ["400", "401", "403", "404", "428"]},
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "412", "422", "428", "429"]},
}
DOCUMENT = json.loads((django_settings.BASE_DIR / "docs" / "openapi.json").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict({"checks": CHECKS}))
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
@pytest.mark.parametrize("who", ["super_admin", "internal"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_every_operation_answers_as_the_document_says(who, mode, client, super_admin, internal_user):
    user = super_admin if who == "super_admin" else internal_user("org_admin")
    given_tokens = client.post(
        "/api/v1/auth/login", {"username": user.email, "password": PASSWORD}, content_type="application/json"
    ).json()
    headers = {"Authorization": f"Bearer {given_tokens['access_token']}"}
    failures = []
    with _one_connection():
        for operation in OPERATIONS:
            try:
                _ask(operation, mode, headers)
            except FailureGroup as error:  # all of them, so that one run tells everything
                failures.append(f"{operation.label}: {error}")
    assert not failures, f"{len(failures)}\n" + "\n".join(failures)


def _ask(operation, mode, headers):
    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        with transaction.atomic():
            case.call_and_validate(headers=headers)
            transaction.set_rollback(True)

    ask()
