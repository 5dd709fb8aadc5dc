"""Which web pages may call the API, and what they may read of its answers."""

from __future__ import annotations

from typing import Any

import pytest

PORTAL, STRANGER = "https://portal.example.com", "https://evil.example.com"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _portal(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [PORTAL]


def test_named_origin_may_read_the_answer_without_credentials(client: Any) -> None:
    answer = client.get("/api/v1/settings/units", headers={"origin": PORTAL})
    assert answer["Access-Control-Allow-Origin"] == PORTAL
    assert "Access-Control-Allow-Credentials" not in answer
    exposed = {name.strip() for name in answer["Access-Control-Expose-Headers"].split(",")}
    assert exposed == {"ETag", "Link", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"}


def test_preflight_allows_the_headers_of_a_careful_write(client: Any) -> None:
    asked = {"access-control-request-method": "PATCH", "access-control-request-headers": "if-match,idempotency-key"}
    answer = client.options("/api/v1/settings/units", headers={"origin": PORTAL, **asked})
    assert answer.status_code == 200
    allowed = {name.strip() for name in answer["Access-Control-Allow-Headers"].split(",")}
    assert {"authorization", "if-match", "idempotency-key", "x-change-reason"} <= allowed


@pytest.mark.parametrize(("origin", "path"), [(STRANGER, "/api/v1/settings/units"), (PORTAL, "/admin/login/")])
def test_others_and_other_pages_get_no_permission(client: Any, origin: str, path: str) -> None:
    assert "Access-Control-Allow-Origin" not in client.get(path, headers={"origin": origin})
