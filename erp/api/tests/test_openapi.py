"""The OpenAPI document is complete, committed, and shown by pages that fetch nothing from outside."""

import json
import os
import re
import shutil

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from erp.api.pages import document

OUTSIDE = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")
DOCUMENT = json.loads(document())
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}
OPEN = {"auth_login", "auth_refresh"}


def test_committed_document_is_the_one_that_the_code_makes():
    committed = (settings.BASE_DIR / "docs" / "openapi.json").read_bytes()
    assert committed == document(), (
        "Refresh it: DEBUG=1 .venv/bin/python manage.py spectacular --validate --fail-on-warn"
        " --format openapi-json --file docs/openapi.json"
    )


def test_address_answers_the_document_without_sign_in():
    answer = Client().get("/api/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.oai.openapi+json")
    assert answer.json() == DOCUMENT


def test_document_says_who_we_are_and_teaches():
    info = DOCUMENT["info"]
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert (info["title"], info["version"], info["license"]) == ("Cotton ERP API", "1.0.0", {"name": "Proprietary"})
    assert set(info["contact"]) == {"name", "email"}
    heads = ("Get a token", "Use it", "Limits", "Isolation", "Idempotency", "Concurrency", "Errors")
    assert re.findall(r"^## (.+)$", info["description"], re.MULTILINE) == list(heads)


def test_operations_have_one_name_each():
    count = sum(len(methods) for methods in DOCUMENT["paths"].values())
    assert len(OPERATIONS) == count
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in OPERATIONS)


def test_operations_name_tag_refusals_and_security():
    problem = {"$ref": "#/components/schemas/Problem"}
    for name, (_, _, operation) in OPERATIONS.items():
        assert operation["tags"], name
        assert (operation["security"] == []) == (name in OPEN), name
        refused = operation["responses"]["4XX"]["content"]
        assert refused["application/problem+json"]["schema"] == problem, name


def test_every_operation_may_be_unavailable_and_says_when_to_ask_again():
    shared = DOCUMENT["components"]["responses"]["Unavailable"]
    assert shared["headers"]["Retry-After"]["required"]
    assert shared["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for _, _, operation in OPERATIONS.values():
        assert operation["responses"]["503"] == {"$ref": "#/components/responses/Unavailable"}


def test_changes_need_if_match_and_bulk_needs_a_key():
    for name, (_, method, operation) in OPERATIONS.items():
        needed = {each["name"] for each in operation.get("parameters", []) if each.get("required")}
        assert ("If-Match" in needed) == (method in {"patch", "delete"} and not name.startswith("auth_")), name
        assert ("Idempotency-Key" in needed) == name.endswith("_bulk"), name


def test_foreign_keys_say_what_they_refer_to_and_bodies_are_closed():
    schema = DOCUMENT["components"]["schemas"]["LocationRequest"]
    assert schema["properties"]["country"]["x-related"] == "countries"
    shown = DOCUMENT["components"]["schemas"]["PartnerDocument"]["properties"]
    assert (shown["partner"]["x-related"], shown["verified_by"]["x-related"]) == ("partners", "users")  # only read
    assert schema["additionalProperties"] is False


def test_nothing_is_left_of_openapi_30():
    assert b'"nullable"' not in document()


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
def test_page_names_no_outside_address_and_holds_no_script(path):
    answer = Client().get(path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert not OUTSIDE.search(text)
    assert not re.search(r"<script>|<style|\son\w+=", text)
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_only_redoc_may_make_styles_and_each_answer_signs_its_own():
    policy = {path: Client().get(path)["Content-Security-Policy"] for path in ("/api/docs", "/api/redoc")}
    assert "style-src 'self';" in policy["/api/docs"] + ";"
    first, second = (
        re.search(r"style-src 'self' .*'nonce-([^']{16,})'", policy["/api/redoc"]),
        Client().get("/api/redoc"),
    )
    assert first
    assert first[1] not in second["Content-Security-Policy"]
    assert not any("unsafe" in each for each in policy.values())


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs", "/api/redoc"])
def test_documents_are_read_only(path):
    assert Client().post(path).status_code == 405


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "text"),
    [("/api/docs", "/api/v1/settings/locations/{id}"), ("/api/redoc", "Get a token")],
)
def test_page_shows_the_document_in_a_browser_without_a_word_in_the_console(path, text, live_server, monkeypatch):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's event loop runs in the thread of the tests
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    said, asked = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(live_server.url + path)
        if path == "/api/docs":
            page.locator("#operations-tag-locations").click()
        expect(page.get_by_text(text).locator("visible=true").first).to_be_visible(timeout=30_000)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=f"{folder}/{path.rsplit('/', 1)[1]}.png")
        browser.close()
    assert said == []
    assert [url for url in asked if not url.startswith((live_server.url, "data:", "blob:"))] == []
