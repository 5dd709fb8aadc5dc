"""Every kind of record that is registered keeps the promises of the base class: found by looking, not from a list."""

import datetime

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from commodities.tests.factories import CommodityFactory
from erp.api.permissions import _CACHE
from erp.api.router import resources
from erp.checks import master_data_models
from erp.identifiers import gstin_of
from erp.scoping import Kind
from erp.tests.test_architecture import contracts
from locations.tests.factories import SubdivisionFactory
from organizations.tests.factories import FinancialYearFactory
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db

RESOURCES = {resource.name: resource for resource in resources()}


@pytest.fixture(autouse=True)
def _private_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture(params=RESOURCES)
def resource(request):
    return RESOURCES[request.param]


@pytest.fixture
def row(resource):
    made = contracts()[resource.view.model].factory()
    made.refresh_from_db()
    return made


def address(resource, row):
    """Address of the collection that the row stands in."""
    parent = resource.view.parent
    key = getattr(row, f"{parent}_id") if parent else ""
    return "/api/v1/" + resource.address.replace(f"{{{parent}_id}}", str(key))


AT_THE_DESK = {"approvals.Delegation"}  # who stands in for whom is arranged there


def test_every_model_is_in_the_api_once():
    shown = [resource.view.model._meta.label for resource in resources()]
    assert sorted(shown) == sorted({model._meta.label for model in master_data_models()} - AT_THE_DESK)


def test_record_is_listed_and_shown_without_secrets(resource, row, api, super_admin):
    client, url = api(super_admin), address(resource, row)
    listed = client.get(f"{url}?limit=100&include=count").json()
    assert str(row.pk) in [each[row._meta.pk.name] for each in listed["results"]]
    answer = client.get(f"{url}/{row.pk}")
    assert answer["ETag"] == f'"{row.pk}:{row.version}"'
    fields = resource.view.serializer_class.Meta.fields
    assert tuple(answer.json()) == tuple(name for name in fields if name != "file")  # files are sent, not shown
    for column in row.tracking.secret:
        assert not getattr(row, column) or str(getattr(row, column)) not in answer.content.decode()


def test_statements_stay_within_budget(resource, row, api, super_admin, internal_user):
    user = internal_user("org_admin", organization=owner_of(row)) if owner_of(row) else internal_user("org_admin")
    client, url = api(user), address(resource, row)
    for path, most in ((url, 3), (f"{url}/{row.pk}", 2)):
        user.__dict__.pop(_CACHE, None)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200, path
        assert len(queries) <= most, [each["sql"] for each in queries]


def owner_of(row):
    """Whose the row is; None for shared ones."""
    if row._meta.label == "organizations.Organization":
        return row
    return getattr(row, "organization", None)


def test_every_shape_and_every_order_work(resource, row, api, super_admin):
    client, url, view = api(super_admin), address(resource, row), resource.view
    expandable = [
        field.name
        for field in view.model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.name in view.serializer_class.Meta.fields
    ]
    queries = [f"expand={name}" for name in expandable]
    queries += [f"ordering={sign}{name}" for name in (*view.ordering, "created_at") for sign in ("", "-")]
    queries += [f"fields={name}" for name in view.serializer_class.Meta.fields]
    queries += ["search=a"] if view.search else []
    assert len(queries) < 100  # the rate limit
    for query in queries:
        answer = client.get(f"{url}?limit=1&{query}")
        assert answer.status_code == 200, (query, answer.content)


def test_past_and_history_are_there(resource, row, api, super_admin):
    client, url = api(super_admin), address(resource, row)
    when = row.updated_at.isoformat().replace("+", "%2B")
    now, then = client.get(f"{url}/{row.pk}").json(), client.get(f"{url}/{row.pk}?as_of={when}")
    assert then.status_code == 200, then.content
    assert {name: now[name] for name in then.json()} == then.json()
    assert str(row.pk) in client.get(f"{url}?limit=100&as_of={when}").content.decode()
    events = client.get(f"{url}/{row.pk}/history").json()["results"]
    assert events[0]["type"] == f"{row.tracking.name}.created"
    assert {change["field"] for change in events[0]["changes"]} <= set(resource.view.serializer_class.Meta.fields)


def test_stranger_sees_shared_rows_only_and_changes_none(resource, row, api, stranger):
    client, url = api(stranger), address(resource, row)
    shared = row.scope.kind is Kind.SHARED or (
        row.scope.kind is Kind.ORGANIZATION_OR_SHARED and not row.organization_id
    )
    assert client.get(f"{url}/{row.pk}").status_code == (200 if shared else 404)
    if not shared:
        assert client.get(f"{url}/{row.pk}/history").status_code == 404
        assert str(row.pk) not in client.get(url).content.decode()
    headers = {"If-Match": f'"{row.pk}:{row.version}"', "X-Change-Reason": "To see what happens"}
    for method in ("patch", "delete"):
        answer = getattr(client, method)(f"{url}/{row.pk}", {"is_active": False}, headers=headers)
        assert answer.status_code in {403, 404, 405}
    row.refresh_from_db()
    assert (row.version, row.is_active) == (1, True)


def test_record_is_switched_off_and_on(resource, row, api, super_admin):
    if "partial_update" not in resource.view.verbs:
        return
    client, url = api(super_admin), f"{address(resource, row)}/{row.pk}"
    headers = {"If-Match": f'"{row.pk}:1"', "X-Change-Reason": "No longer traded"}
    answer = client.patch(url, {"is_active": False}, headers=headers)
    assert answer.status_code == 200, answer.content
    assert (answer.json()["is_active"], answer.json()["version"]) == (False, 2)
    assert answer["ETag"] == f'"{row.pk}:2"'
    assert client.patch(url, {"is_active": True}, headers=headers).status_code == 412


def test_what_was_read_can_be_sent_to_another_place(resource, row, api, super_admin):
    """A bulk request upserts what a list has shown: nothing differs, nothing is written."""
    view = resource.view
    if "bulk" not in view.verbs or not view.key:
        return
    client, url = api(super_admin), address(resource, row)
    client.get(url)
    shown = client.get(f"{url}/{row.pk}").json()
    writable = {
        name: value for name, value in shown.items() if name in writable_columns(view) and "XXXXXX" not in str(value)
    }
    answer = client.post(
        f"{url}/bulk",
        {"rows": [writable], "mode": "upsert"},
        headers={"Idempotency-Key": "k", "X-Change-Reason": "Sent back as it was"},
    )
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"added": 0, "changed": 0, "unchanged": 1, "ids": [str(row.pk)]}


YEARS = [{"code": f"{2020 + n}", "start_date": f"{2020 + n}-04-01", "end_date": f"{2021 + n}-03-31"} for n in range(4)]
STATES = ("IN-GJ", "IN-MH", "IN-KA", "IN-LA")
# What four rows of a kind must differ in, where their factory makes one.
DIFFERENT = {
    "units": lambda n: {"code": f"U{n}"},
    "hs_headings": lambda n: {"code": f"52010{n}"},
    "countries": lambda n: {"alpha2": ("IN", "US", "DE", "JP")[n]},
    "currencies": lambda n: {"alpha3": ("INR", "USD", "EUR", "JPY")[n]},
    "subdivisions": lambda n: {"iso_code": STATES[n]},
    "commodities_tax_codes": lambda n: {"tax_type": ("gst", "vat", "igst", "duty")[n]},
    "commodities_packaging_units": lambda n: {"code": f"BALE_{n}"},
    "commodities_conversion_overrides": lambda n: {"valid_from": datetime.date(2025, 1, 1 + n)},
    "organizations_tax_registrations": lambda n: {"subdivision": SubdivisionFactory(iso_code=STATES[n])},
    "organizations_financial_years": lambda n: YEARS[n],
    "organizations_document_series": lambda n: {
        "document_type": ("tax_invoice", "payment", "receipt", "credit_note")[n]
    },
    "partners_roles": lambda n: {"role": ("buyer", "seller", "trader", "broker")[n]},
    "partners_tax_registrations": lambda n: {
        "number": gstin_of("AAACK0001F", state=("24", "27", "29", "38")[n]),
        "subdivision": SubdivisionFactory(iso_code=STATES[n]),
    },
}
IN_BULK = [name for name, found in RESOURCES.items() if "bulk" in found.view.verbs]


@pytest.mark.parametrize("name", IN_BULK)
def test_statements_of_a_bulk_request_do_not_grow_with_rows(name, api, super_admin, organization):
    view, model = RESOURCES[name].view, RESOURCES[name].view.model
    rows = four_rows(name, organization)
    client, url = api(super_admin), address(RESOURCES[name], rows[0])
    bodies = [body_of(view, client.get(f"{url}/{row.pk}").json(), row) for row in rows]
    counts = {}
    if view.key:
        for number in (1, 2, 4):
            counts[number] = statements(client, url, bodies[:number], "upsert")
        assert counts[4] <= counts[2], counts
    if model._meta.pk.name == "id":  # the others are referred to by now
        for row in rows:
            if name == "organizations":
                row.settings.delete()
            row.delete()
        counts["insert", 1] = statements(client, url, bodies[:1], "insert")
        counts["insert", 3] = statements(client, url, bodies[1:], "insert")
        assert counts["insert", 3] <= counts["insert", 1], counts


def four_rows(name, organization):
    """Four rows of a kind that stand beside each other."""
    view, model = RESOURCES[name].view, RESOURCES[name].view.model
    around = {"organization": organization} if hasattr(model, "organization") else {}
    if name == "organizations_document_series":
        around |= {"financial_year": FinancialYearFactory(organization=organization)}
    if view.parent == "partner":
        around = {"partner": BusinessPartnerFactory(organization=organization, pan="AAACK0001F")}
    elif view.parent == "commodity":
        around |= {"commodity": CommodityFactory(organization=organization)}
    differ = DIFFERENT.get(name, lambda n: {})
    return [contracts()[model].factory(**{**around, **differ(n)}) for n in range(4)]


def body_of(view, shown, row):
    """The record as a client sends it."""
    body = {name: value for name, value in shown.items() if name in writable_columns(view)}
    return body | ({"account_number": row.account_number, "iban": ""} if "account_number" in body else {})


def writable_columns(view):
    """Names of the columns that a client sends."""
    base = {"id", "version", "created_at", "updated_at", view.parent}
    return {column.name for column in view.model._meta.concrete_fields if column.editable} - base


def statements(client, url, bodies, mode):
    """How many statements the request takes."""
    headers = {"Idempotency-Key": f"{mode}-{len(bodies)}", "X-Change-Reason": "Sent back as it was"}
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(f"{url}/bulk", {"rows": bodies, "mode": mode}, headers=headers)
    assert answer.status_code == 200, answer.content
    return len(queries)
