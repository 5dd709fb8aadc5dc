"""A client that openapi-python-client makes from docs/openapi.json works against a server."""

import importlib
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from erp.testing.fixtures import PASSWORD
from locations.models import Location
from locations.tests.factories import CountryFactory, LocationFactory

pytestmark = pytest.mark.django_db(transaction=True)

PACKAGE = "cotton_erp_api_client"
TOOL = Path(sys.executable).with_name("openapi-python-client")


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Imports a module of the client: `generated("models.location")`."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yml"
    config.write_text(f"package_name_override: {PACKAGE}\nproject_name_override: client\npost_hooks: []\n")
    made = subprocess.run(
        [TOOL, "generate", "--path", settings.BASE_DIR / "docs" / "openapi.json", "--meta", "none",
         "--output-path", folder / PACKAGE, "--config", config, "--fail-on-warning"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout[-4000:] + made.stderr[-2000:]
    sys.path.insert(0, str(folder))
    yield lambda module: importlib.import_module(f"{PACKAGE}.{module}")
    sys.path.remove(str(folder))


def test_generated_client_signs_in_lists_to_the_end_creates_and_changes(generated, live_server, super_admin):
    country = CountryFactory()
    for _ in range(5):
        LocationFactory(country=country)
    client = generated("client")

    login = generated("api.auth.auth_login").sync_detailed(
        client=client.Client(base_url=live_server.url),
        body=generated("models.login_request").LoginRequest(username=super_admin.email, password=PASSWORD),
    )
    assert login.status_code == 200
    signed_in = client.AuthenticatedClient(base_url=live_server.url, token=login.parsed.access_token)

    listing, cursor, seen = generated("api.locations.locations_list"), None, []
    while True:
        page = listing.sync(client=signed_in, limit=2, ordering="name", **({"cursor": cursor} if cursor else {}))
        seen += [row.id for row in page.results]
        if page.next_ is None:
            break
        cursor = parse_qs(urlsplit(page.next_).query)["cursor"][0]
    assert sorted(seen) == sorted(Location.objects.values_list("pk", flat=True))

    request, kinds = generated("models.location_request"), generated("models.location_kind_enum")
    body = request.LocationRequest(
        code="CLIENT-1", name="Yard of the client", country=country.pk, timezone="Asia/Kolkata",
        kind=kinds.LocationKindEnum.MARKET_YARD,
    )  # fmt: skip
    created = generated("api.locations.locations_create").sync_detailed(
        client=signed_in, body=body, idempotency_key="11111111-2222-4333-8444-555555555555"
    )
    assert (created.status_code, created.parsed.version) == (201, 1)

    changes = generated("models.patched_location_request").PatchedLocationRequest(name="Yard, renamed")
    change, tag = generated("api.locations.locations_update").sync_detailed, created.headers["ETag"]
    changed = change(created.parsed.id, client=signed_in, body=changes, if_match=tag)
    assert (changed.status_code, changed.parsed.name, changed.parsed.version) == (200, "Yard, renamed", 2)
    assert change(created.parsed.id, client=signed_in, body=changes, if_match=tag).status_code == 412
    assert Location.objects.get(code="CLIENT-1").name == "Yard, renamed"
