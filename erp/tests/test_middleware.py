"""What stands around the views: the API passes what only the desk needs, and keeps what it needs itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from erp.api.router import resources
from erp.api.views import UnknownAddress
from erp.middleware import API_POLICY

pytestmark = pytest.mark.django_db


def test_an_answer_of_the_api_may_do_nothing_in_a_browser() -> None:
    answer = Client().get("/api/v1/partners")
    assert answer.status_code == 401
    assert answer["Content-Security-Policy"] == API_POLICY
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Content-Length"] == str(len(answer.content))


def test_a_page_has_the_policy_of_the_desk() -> None:
    answer = Client().get("/admin/login/")
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_a_session_of_the_desk_opens_nothing_of_the_api(client_for: Any, internal_user: Any) -> None:
    browser = client_for(internal_user("org_admin"))
    assert browser.get("/admin/").status_code == 200
    for answer in (browser.get("/api/v1/partners"), browser.post("/api/v1/partners", {}, "application/json")):
        assert answer.status_code == 401
        assert not answer.cookies


@pytest.mark.parametrize("path", ["/api/v1/partners", "/admin/login/"])
def test_a_host_that_is_not_ours_is_refused(path: str) -> None:
    assert Client(headers={"host": "elsewhere.example"}).get(path).status_code == 400


def test_each_address_leads_to_its_own_view() -> None:
    for resource in resources():
        for pattern in resource.urls():
            address = f"/api/v1/{str(pattern.pattern).replace('<str:', '').replace('>', '')}"
            found = resolve(address)
            assert found.view_name == pattern.name
            assert found.func.cls is resource.view  # type: ignore[attr-defined]  # DRF's


@pytest.mark.parametrize("path", ["settings", "settings/", "partners/", "partners/1/2/3/4", "settings/nothing/1", "//"])
def test_other_addresses_of_the_api_are_unknown(path: str) -> None:
    assert resolve(f"/api/v1/{path}").func.cls is UnknownAddress  # type: ignore[attr-defined]  # DRF's
    with pytest.raises(Resolver404):
        resolve(f"/ap/v1/{path}")
