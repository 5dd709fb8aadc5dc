"""Both lanes give the same answer, byte for byte: every kind of record, asked by every kind of user in many ways."""

import datetime
import itertools
import json
import random
import zoneinfo
from collections import Counter
from contextlib import suppress
from decimal import Decimal
from operator import itemgetter
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlencode, urlsplit

import django_filters
import pytest
import time_machine
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models, transaction
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings, strategies
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate

from erp import context, ratelimits, search
from erp.api.fastlane.lane import UNKEPT, statements
from erp.api.fastlane.spelling import settled_offset
from erp.api.filters import _form_fields
from erp.api.permissions import _CACHE
from erp.api.router import resources
from erp.api.tests.world import World, builder
from erp.kept import Kept
from erp.testing.fixtures import make_user
from erp.testing.roles import as_superuser
from locations.tests.factories import LocationFactory
from organizations.tests.factories import OrganizationFactory
from partners.tests.factories import BusinessPartnerFactory

pytestmark = pytest.mark.django_db
RESOURCES = {found.name: found for found in resources()}
ACTIONS = {"list": "", "retrieve": "pk"}
# What a column may hold that is easy to spell in two ways.
TEXTS = (
    "", " ", 'quote " and \\ back\\slash/', "नमस्ते कपास", "tab\tline\nreturn\r", "\x01\x1f\x7f\x0b\x0c\x08", "\u2028\u2029", "😀 ﬀ",
    "<b>&amp;</b>", "{}", "null", "%s %(a)s %%",
)  # fmt: skip
# What the serializer reads although the lane is on, besides all of change requests and the past.
SLOW = {
    f"{owner}_bank_accounts?fields={name}"
    for owner in ("partners", "organizations")
    for name in ("account_number", "iban")
}
INDIA = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
TIMES = (
    datetime.datetime(2026, 3, 31, 18, 29, 59, 999999, tzinfo=datetime.UTC),
    datetime.datetime(2026, 3, 31, 18, 30, tzinfo=datetime.UTC),
    datetime.datetime(2024, 2, 29, 23, 59, 59, 100, tzinfo=INDIA),
    datetime.datetime(
        2024, 7, 1, 12, 0, 0, 120000, tzinfo=datetime.timezone(datetime.timedelta(hours=-9, minutes=-30))
    ),
    datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=datetime.UTC),
    datetime.datetime(1943, 6, 1, 0, 0, tzinfo=datetime.UTC),
    datetime.datetime(1890, 1, 1, 0, 0, 0, 5, tzinfo=datetime.UTC),
    datetime.datetime(9998, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
    datetime.datetime(200, 1, 1, tzinfo=datetime.UTC),
)
DATES = (datetime.date(1, 1, 1), datetime.date(1999, 12, 31), datetime.date(9999, 12, 31), datetime.date(2026, 3, 31))
NUMBERS = (0, 1, -1, 32767, 2147483647)


def odd_values(column):
    """Values to try on a column, None among them where it may be empty."""
    found = [None] if column.null else []
    match column:
        case models.DecimalField():
            whole = Decimal(10) ** (column.max_digits - column.decimal_places) - 1
            tiny = Decimal(1).scaleb(-column.decimal_places)
            found += [whole + 1 - tiny, -whole, tiny, Decimal(0), Decimal("1E1"), -tiny]
        case models.DateTimeField():
            found += TIMES
        case models.DateField():
            found += DATES
        case ArrayField():
            inner = ["10.0.0.1", "::1"] if isinstance(column.base_field, models.GenericIPAddressField) else TEXTS[:4]
            found += [[], inner, inner[:1]]
        case models.CharField() | models.TextField() if not column.choices and not hasattr(column, "from_db_value"):
            found += [text[: column.max_length] for text in TEXTS]
        case models.BooleanField():
            found += [True, False]
        case models.IntegerField():
            found += NUMBERS
    return found


def make_odd(row, *, turn):
    """Put odd values into each column of a row, as far as the database takes them."""
    kept = {row._meta.pk.attname, "version"}
    columns = [each for each in row._meta.concrete_fields if each.attname not in kept and not each.remote_field]
    values = {each.name: odd[(turn + at) % len(odd)] for at, each in enumerate(columns) if (odd := odd_values(each))}
    table = row._meta.model._base_manager.filter(pk=row.pk)
    for some in (values, *({name: value} for name, value in values.items())):
        try:
            with transaction.atomic():
                table.update(**some)
        except DatabaseError:
            continue
        if some is values:
            return


def refer_abroad(row, strangers):
    """Let the row's foreign keys name records of another house, which its readers may not all see."""
    for column in keys_of(row._meta.model):
        target = strangers.get(column.remote_field.model)
        if column.name not in {"organization", "partner", "commodity"} and target is not None and target.pk != row.pk:
            with suppress(DatabaseError), transaction.atomic():
                row._meta.model._base_manager.filter(pk=row.pk).update(**{column.name: target})


def keys_of(model):
    return [each for each in model._meta.concrete_fields if each.remote_field]


@pytest.fixture(scope="module")
def odd_world(world: World):
    """The world with rows of two houses, odd ones among them, and the users who ask."""
    other = OrganizationFactory()
    rival = BusinessPartnerFactory(organization=other)
    build = builder(other, rival)
    rows = {resource.name: [world.rows[address]] for address, resource in sorted(by_address().items())}
    for number, (name, resource) in itertools.product((0, 1), RESOURCES.items()):
        try:
            with transaction.atomic():
                rows[name].append(build(resource, number))
        except (DatabaseError, ValidationError):  # one of each is enough
            continue
    with as_superuser(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # times are the database's otherwise
        for turn, each in enumerate(itertools.chain.from_iterable(rows.values())):
            make_odd(each, turn=turn)
        strangers = {found[-1]._meta.model: found[-1] for found in rows.values()}
        for found in rows.values():
            refer_abroad(found[0], strangers)
        cursor.execute("SET session_replication_role = origin")
    users = {
        name: world.users[name] for name in ("super_admin", "org_admin", "other_org_admin", "partner_admin", "viewer")
    }
    users["external of nobody's role"] = make_user("EXTERNAL", partner=rival)
    users["machine"] = rows["api_keys"][0].user
    users["other_org_admin"].organization = other
    users["reader of two kinds"] = make_user("INTERNAL", organization=world.rows["settings/organizations"])
    few = Permission.objects.filter(codename__in=("view_location", "view_businesspartner"))
    users["reader of two kinds"].user_permissions.set(few)
    for user in users.values():
        user.__dict__.pop(_CACHE, None)
    return SimpleNamespace(users=users, rows=rows)


def by_address():
    return {found.address: found for found in RESOURCES.values()}


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch):
    """The limiter is not what is asked about."""
    monkeypatch.setattr(ratelimits, "_count", lambda counters, cost, watched=(): ratelimits.Usage(()))


class Asked:
    """Both answers to one request."""

    def __init__(self):
        self.requests, self.fast = 0, 0
        self.factory = APIRequestFactory()
        self.views = {
            (name, action): found.view.as_view({"get": action}, basename=name, tier=found.view.tier)
            for name, found in RESOURCES.items()
            for action in ACTIONS
        }

    def ask(self, user, name, row, query="", *, action, **headers):
        """The answer, as the view gives it. row: whose address, or in whose list."""
        parent = RESOURCES[name].view.parent
        kwargs = {"pk": str(row.pk)} if action == "retrieve" else {}
        kwargs |= {f"{parent}_id": str(getattr(row, f"{parent}_id"))} if parent else {}
        request = self.factory.get(f"/api/v1/x{query}", headers=headers)
        force_authenticate(request, user)
        return self.views[name, action](request, **kwargs)

    def same(self, user, name, row, query="", *, action, **headers):
        """The answer, after both lanes gave the same."""
        answers = []
        for lane in (True, False):
            django_settings.API_FAST_LANE = lane  # pytest-django's fixture nests one deeper each time
            answer = self.ask(user, name, row, query, action=action, **headers)
            self.fast += not isinstance(answer, Response)
            answers.append(answer.render() if hasattr(answer, "render") else answer)
        quick, slow = answers
        told = (name, action, user.email, query, headers)
        assert quick.status_code == slow.status_code, (told, quick.content, slow.content)
        assert quick.content == slow.content, (told, quick.content, slow.content)
        assert dict(quick.items()) == dict(slow.items()), told
        self.requests += 1
        return quick


@pytest.fixture
def asked():
    was = django_settings.API_FAST_LANE
    # Without the middleware nobody else ends the context that a view amends.
    with context.acting(), time_machine.travel(datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC), tick=False):
        yield Asked()
    django_settings.API_FAST_LANE = was


def some_query(rng, view, row, action):
    """A query string, mostly a good one."""
    names, said = view.serializer_class.Meta.fields, {}
    keys = [each.name for each in keys_of(view.model) if each.name in names]
    if rng.random() < 0.4:
        said["fields"] = ",".join(rng.sample(names, rng.randint(1, len(names))))
    if keys and rng.random() < 0.4:
        said["expand"] = ",".join(rng.sample(keys, rng.randint(1, len(keys))))
        if "fields" in said and rng.random() < 0.9:
            said["fields"] += "," + said["expand"]
    if action == "retrieve":
        return said
    return said | some_page(rng, view, row)


def some_page(rng, view, row):
    """What a list may be asked besides its shape."""
    said = {"limit": rng.choice(("1", "2", "2", "3", "100", "0", "x"))}
    if rng.random() < 0.5:
        order = rng.sample((*view.ordering, "created_at", "updated_at"), rng.randint(1, 2))
        said["ordering"] = ",".join(rng.choice(("", "-")) + step for step in order)
    for parameter, each in rng.sample(
        sorted(view.filterset_class.base_filters.items()), rng.choice((0, 0, 0, 1, 1, 2))
    ):
        held = value_at(row, each.field_name)
        said[parameter] = rng.choice((held, held, held, f"{held},x", "true", "x", "1", ""))
    if view.search and rng.random() < 0.2:
        text = str(value_at(row, view.search[0]))
        said["search"] = rng.choice((text[1:4], text, "a", "%", "zzzz"))
    if rng.random() < 0.2:
        said["include"] = "count"
    return said


def value_at(row, path):
    """What the row holds there, as a client writes it."""
    for step in path.split("__"):
        row = getattr(row, step, None)
    value = getattr(row, "pk", row)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if hasattr(value, "isoformat") else str(value).replace("\x00", "")


def walk(asked, user, name, row, said):
    """The page, the next ones, and back again."""
    answer = asked.same(user, name, row, "?" + urlencode(said), action="list")
    for link in ("next", "next", "previous"):
        if answer.status_code != 200 or not (found := json.loads(answer.content)[link]):
            return
        answer = asked.same(user, name, row, "?" + urlsplit(found).query, action="list")


def test_every_kind_of_record_is_the_same_to_everybody(odd_world, asked):
    for name, found in RESOURCES.items():
        for user, row in itertools.product(odd_world.users.values(), odd_world.rows[name][:2]):
            asked.same(user, name, row, action="retrieve")
            walk(asked, user, name, row, {"limit": "1"})
        admin, row = odd_world.users["super_admin"], odd_world.rows[name][0]
        asked.same(
            admin, name, row, "?include=count&fields=" + found.view.serializer_class.Meta.fields[0], action="list"
        )
    assert asked.requests > 900
    assert asked.fast > 700


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=strategies.integers(0, 2**32))
def test_every_question_has_one_answer(odd_world, asked, seed):
    rng = random.Random(seed)
    for _ in range(12):
        name = rng.choice(sorted(RESOURCES))
        row, view = rng.choice(odd_world.rows[name]), RESOURCES[name].view
        user = odd_world.users[rng.choice(sorted(odd_world.users))]
        action = rng.choice(("list", "list", "retrieve"))
        said = some_query(rng, view, row, action)
        if action == "list":
            walk(asked, user, name, row, said)
            continue
        tag = rng.choice(("", "", "*", f'W/"{row.pk}:{row.version}"', '"x:1"'))
        accept = rng.choice(
            ("*/*", "*/*", "application/json", "application/json; indent=2", "application/*", "text/html")
        )
        extra = {"If-None-Match": tag} if tag else {}
        asked.same(user, name, row, "?" + urlencode(said), action="retrieve", Accept=accept, **extra)


def test_expand_shows_everybody_the_same_as_the_serializer(odd_world, asked):
    shown = Counter()
    for (name, rows), user in itertools.product(odd_world.rows.items(), odd_world.users.values()):
        for key in keys_of(rows[0]._meta.model):
            query = f"?fields={key.name}&expand={key.name}"
            answer = asked.same(user, name, rows[0], query, action="retrieve")
            if answer.status_code == 200:
                value = json.loads(answer.content)[key.name]
                shown[len(value) if isinstance(value, dict) and len(value) < 4 else type(value)] += 1
    assert shown[dict] > 20  # records
    assert shown[str] > 20  # keys of records that the user does not see
    assert shown[3] > 0  # name cards


def test_what_the_serializer_still_reads_is_known(odd_world, asked):
    admin, found = odd_world.users["super_admin"], set()
    for name, resource in RESOURCES.items():
        row, view = odd_world.rows[name][0], resource.view
        fields = view.serializer_class.Meta.fields
        keys = [each.name for each in keys_of(view.model) if each.name in fields]
        for query in (*(f"fields={each}" for each in fields), *(f"expand={each}&fields={each}" for each in keys)):
            answer = asked.ask(admin, name, row, f"?{query}", action="retrieve")
            if isinstance(answer, Response) and answer.status_code == 200:
                found.add(f"{name}?{query}")
    whole = {each for each in found if each.startswith("change_requests?")}
    assert len(whole) > 20  # shows what waits word by word, in Python
    assert found - whole == SLOW


def test_as_of_is_read_by_the_serializer(odd_world, asked):
    admin, row = odd_world.users["super_admin"], odd_world.rows["locations"][0]
    for action in ACTIONS:
        assert isinstance(asked.ask(admin, "locations", row, "?as_of=2027-01-01T00:00:00Z", action=action), Response)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Africa/Monrovia", "Asia/Kolkata"])
def test_times_are_spelled_in_every_zone(odd_world, asked, zone):
    admin = odd_world.users["super_admin"]
    with timezone.override(zone):
        for name in ("locations", "partners", "api_keys", "countries", "users"):
            for row in odd_world.rows[name]:
                assert asked.same(admin, name, row, action="retrieve").status_code == 200


def test_offsets_are_taken_as_settled_only_where_they_are():
    assert settled_offset(zoneinfo.ZoneInfo("Asia/Kolkata")) == "+05:30"
    assert settled_offset(zoneinfo.ZoneInfo("UTC")) == "Z"
    assert settled_offset(zoneinfo.ZoneInfo("Europe/Berlin")) == ""
    assert settled_offset(zoneinfo.ZoneInfo("Africa/Monrovia")) == ""  # moved in 1972


def test_fast_reads_take_no_more_statements(odd_world, asked):
    user = odd_world.users["org_admin"]
    for (name, rows), action in itertools.product(odd_world.rows.items(), ACTIONS):
        counted = []
        for lane in (True, False):
            django_settings.API_FAST_LANE = lane
            user.__dict__.pop(_CACHE, None)
            with CaptureQueriesContext(connection) as queries:
                asked.ask(user, name, rows[0], action=action)
            counted.append(len(queries))
        quick, slow = counted
        assert quick <= min(slow, 3), (name, action, counted)


def test_statements_are_kept_per_shape_and_bound_to_who_asks(odd_world, asked):
    ours, theirs = odd_world.users["org_admin"], odd_world.users["other_org_admin"]
    row = odd_world.rows["locations"][0]
    statements.values.clear()
    pages = [asked.ask(user, "locations", row, "?fields=id", action="list").content for user in (ours, theirs, ours)]
    assert len(statements.values) == 1
    assert pages[0] == pages[2] != pages[1]


@pytest.fixture
def written(monkeypatch):
    """A list that grows with each statement that the ORM writes."""
    found, write = [], SQLCompiler.as_sql
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda self, *args, **kw: found.append(self) or write(self, *args, **kw))
    return found


def some_values(each, rows):
    """Values for a filter, so that one shape is asked again with others: what rows hold, alone and several, and what none does."""
    first, second = (value_at(row, each.field_name) for row in rows)
    if each.lookup_expr == "in":
        return (second, first, f"{first},{second}", f"{second},x' OR %s", f"{first},,{first}")
    return (second, first, "2026-01-01", "1", "true", "false")


def test_every_filter_search_and_cursor_is_bound_to_what_each_request_gives(odd_world, asked):
    statements.values.clear()
    users, found = itertools.cycle(("super_admin", "org_admin", "partner_admin")), Counter()
    for name, resource in RESOURCES.items():
        view, rows, user = resource.view, (odd_world.rows[name] * 2)[:2], odd_world.users[next(users)]
        asks = [(parameter, some_values(each, rows)) for parameter, each in view.filterset_class.base_filters.items()]
        asks += [("search", ("a", "e", "100%", "_", "\\", "zzzz", "'"))] if view.search else []
        for parameter, values in asks:
            said = {"limit": "1", "fields": view.model._meta.pk.name}
            walk(asked, user, name, rows[0], said | {parameter: values[0]})
            for value in values[1:]:
                answer = asked.same(user, name, rows[0], "?" + urlencode(said | {parameter: value}), action="list")
                found[b'"results":[]' not in answer.content] += answer.status_code == 200
    assert min(found.values()) > 150
    assert asked.fast > 800
    # Nothing that the ORM must write anew for each value.
    assert [shape for shape, made in statements.values.items() if made is UNKEPT] == []


@pytest.fixture
def places():
    """Four in a house of their own, and their reader."""
    house = OrganizationFactory()
    names = {"100% Mix": "verified", "100_ Mix": "closed", "Back\\Mix": "verified", "Mix 4": "unverified"}
    made = [
        LocationFactory(organization=house, name=name, status=status, postal_code="") for name, status in names.items()
    ]
    return SimpleNamespace(reader=make_user("INTERNAL", role="org_admin", organization=house), rows=made)


def names_of(asked, places, **said):
    query = "?" + urlencode({**said, "fields": "name", "ordering": "name"})
    answer = asked.same(places.reader, "locations", places.rows[0], query, action="list")
    return [each["name"] for each in json.loads(answer.content)["results"]]


def test_what_is_searched_for_stands_for_itself(asked, places):
    first, second, third, fourth = (place.name for place in places.rows)
    assert names_of(asked, places, search="mix") == [first, second, third, fourth]
    assert names_of(asked, places, search="00%") == [first]
    assert names_of(asked, places, search="00_") == [second]
    assert names_of(asked, places, search="k\\M") == [third]
    assert names_of(asked, places, search="0%") == []
    assert names_of(asked, places, search="mix' OR true") == []


def test_several_conditions_are_each_bound_to_their_own_value(asked, places):
    first, second, third, fourth = (place.name for place in places.rows)
    codes = [place.code for place in places.rows]
    past, future = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
    told = {"search": "mix", "created_at_after": past, "created_at_before": future}
    three, other = ",".join(codes[:3]), ",".join(codes[:0:-1])
    assert names_of(asked, places, **told, status="verified,closed", code=three) == [first, second, third]
    assert names_of(asked, places, **told, status="unverified,closed", code=other) == [second, fourth]
    assert names_of(asked, places, **told, status="closed,closed", code=codes[1]) == [second]
    assert names_of(asked, places, **told, status="verified", code=codes[1]) == []
    assert names_of(asked, places, **told | {"created_at_after": future}, status="verified,closed", code=three) == []
    assert names_of(asked, places, **told, is_active="true", limit="1") == [first]
    assert names_of(asked, places, **told, is_active="false", limit="1") == []


def test_a_list_whose_kind_is_known_takes_no_sql_from_the_orm(asked, places, written):
    codes = [place.code for place in places.rows]
    asks = [
        lambda n: {"search": f"mix{n}"[: n + 3]},
        lambda n: {"code": f"{codes[n]},{codes[n + 1]}", "is_active": "true", "organization": "X"},
        lambda n: {"limit": "1", "cursor": cursors[n]},
    ]
    page, cursors = {"limit": "1"}, []
    for _ in range(2):
        answer = asked.ask(places.reader, "locations", places.rows[0], "?" + urlencode(page), action="list")
        page = dict(parse_qsl(urlsplit(json.loads(answer.content)["next"]).query))
        cursors.append(page["cursor"])
    for ask in asks:
        for number in (0, 1):
            written.clear()
            answer = asked.ask(places.reader, "locations", places.rows[0], "?" + urlencode(ask(number)), action="list")
            assert answer.status_code == 200
        assert written == []


@pytest.mark.parametrize("ordering", ["name", "-name", "code", "name,-code"])
def test_names_that_stand_together_are_found_before_they_are_sorted(asked, places, monkeypatch, ordering):
    monkeypatch.setattr(search, "CROWD", 2)
    house, names = places.rows[0].organization, ("mix C", "MIX A", "Mix B", "Old mix", "Zeta")
    made = {name: LocationFactory(organization=house, name=name, postal_code="").code for name in names}
    found = [(name, made[name]) for name in names[:4]]
    found += [(place.name, place.code) for place in places.rows]
    place_in_it = {
        "name": itemgetter(0, 1),
        "-name": itemgetter(0, 1),
        "code": itemgetter(1),
        "name,-code": itemgetter(0, 1),
    }
    wanted = [name for name, _ in sorted(found, key=place_in_it[ordering], reverse=ordering == "-name")]
    said, seen = {"search": "mix", "fields": "name", "ordering": ordering, "limit": "2"}, []
    with CaptureQueriesContext(connection) as queries:
        while said:
            answer = asked.same(places.reader, "locations", places.rows[0], "?" + urlencode(said), action="list")
            page = json.loads(answer.content)
            seen += [each["name"] for each in page["results"]]
            said = dict(parse_qsl(urlsplit(page["next"] or "").query))
    assert seen == wanted
    lists = [each["sql"] for each in queries if "row_to_json" in each["sql"]]
    # No index has that order: only of the first page, and not where names decide nothing. Beyond a cursor the next ones are near.
    assert ["|| '')" in sql.rpartition("ORDER BY")[2] for sql in lists] == [ordering != "code"] + [False] * (
        len(lists) - 1
    )


def test_a_code_names_the_record_of_the_house_that_asks(asked):
    statements.values.clear()
    for name in ("Ours", "Theirs"):
        house = OrganizationFactory()
        hub = LocationFactory(organization=house, code="HUB", name="Hub", postal_code="")
        yard = LocationFactory(organization=house, parent=hub, name=name, postal_code="")
        asking = SimpleNamespace(reader=make_user("INTERNAL", role="org_admin", organization=house), rows=[yard])
        assert names_of(asked, asking, parent="hub") == [name]
        assert names_of(asked, asking, parent=str(hub.pk)) == [name]
    assert len(statements.values) == 2


def test_more_values_than_are_kept_are_asked_for_all_the_same(asked, places):
    statements.values.clear()
    codes = [place.code for place in places.rows] + [f"NO{number}" for number in range(30)]
    assert len(names_of(asked, places, code=",".join(codes))) == 4
    assert statements.values == {}


def test_a_filter_whose_sql_may_follow_from_its_value_is_not_kept(asked, places, monkeypatch):
    class Either(django_filters.CharFilter):
        def filter(self, qs, value):
            return qs.filter(name=value) if "%" in value else qs.filter(status=value)

    filters = RESOURCES["locations"].view.filterset_class.base_filters
    monkeypatch.setitem(filters, "status", Either(field_name="status"))
    _form_fields.cache_clear()
    statements.values.clear()
    assert names_of(asked, places, status="closed") == ["100_ Mix"]
    assert names_of(asked, places, status="100% Mix") == ["100% Mix"]
    assert statements.values == {}
    _form_fields.cache_clear()


def test_only_places_in_an_order_are_planned_without_their_values(asked, places):
    plans = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%%locations_location%%'"
    for number in range(6):
        names_of(asked, places, search=f"mix{number}")
        names_of(asked, places, status="closed")
        names_of(asked, places, is_active="true")
    with connection.cursor() as cursor:
        cursor.execute(plans)
        prepared = [statement for (statement,) in cursor.fetchall()]
    assert any('"is_active"' in statement for statement in prepared)
    assert not [statement for statement in prepared if "UPPER(" in statement or '"status" IN' in statement]


def test_shapes_that_clients_choose_do_not_fill_the_memory():
    kept = Kept(most=3)
    for number in range(10):
        assert kept.get(number, lambda number=number: number * 2) == number * 2
    assert kept.get(9, lambda: "made again") == 18
    assert len(kept.values) <= 3
