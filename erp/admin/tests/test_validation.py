"""Numbers are checked while they are typed."""

from urllib.parse import urlencode

import pytest

from erp.ratelimits import TIERS

pytestmark = pytest.mark.django_db

URL = "/admin/validate/"


@pytest.fixture
def desk(client, internal_user):
    client.force_login(internal_user("viewer"))
    return client


def ask(client, kind, value, method="get"):
    asked = {"kind": kind, "value": value}
    return client.post(URL, asked) if method == "post" else client.get(f"{URL}?{urlencode(asked)}")


@pytest.mark.parametrize(
    ("kind", "typed", "answer"),
    [
        (
            "gstin",
            " 27 aapfu-0939 f1zv",
            {
                "valid": True,
                "value": "27AAPFU0939F1ZV",
                "message": "GSTIN of Maharashtra with the PAN AAPFU0939F.",
            },
        ),
        (
            "gstin",
            "27AAPFV0939F1ZV",
            {
                "valid": False,
                "value": "27AAPFV0939F1ZV",
                "message": 'GSTIN "27AAPFV0939F1ZV" does not fit its check character: compare it with the certificate, '
                "above all characters 7 and 15; 27AAPFU0939F1ZV or 27AAPFV0939F1ZU would fit.",
            },
        ),
        (
            "ifsc",
            "SBINO001234",
            {
                "valid": False,
                "value": "SBINO001234",
                "message": 'IFSC "SBINO001234" has a wrong form (character 5 is O, where 0 belongs): write four letters of '
                "the bank, 0, six characters of the branch, as SBIN0001234.",
            },
        ),
        (
            "pan",
            "AAPFU0939F",
            {
                "valid": True,
                "value": "AAPFU0939F",
                "message": "PAN of a holder of the kind: firm or limited liability partnership.",
            },
        ),
        ("phone", "+91 (981) 234-5678", {"valid": True, "value": "+919812345678", "message": "The form is right."}),
        ("trn", "100123456789012", {"valid": True, "value": "100123456789012", "message": "The form is right."}),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_number_is_told_right_or_wrong_and_which_character_is_suspect(desk, kind, typed, answer, method):
    given = ask(desk, kind, typed, method)
    assert (given.status_code, given.json()) == (200, answer)
    assert "no-store" in given.headers["Cache-Control"]


def test_an_account_number_stays_out_of_addresses(desk):
    value = "GB29NWBK60161331926819"
    assert ask(desk, "iban", value).status_code == 400
    assert ask(desk, "iban", value, "post").json() == {"valid": True, "value": value, "message": "The form is right."}


@pytest.mark.parametrize(("kind", "value"), [("shoe", "42"), ("", ""), ("gstin", "2" * 101)])
def test_what_can_not_be_asked_is_refused(desk, kind, value):
    answer = ask(desk, kind, value)
    assert (answer.status_code, list(answer.json())) == (400, ["message"])


def test_only_staff_ask(client):
    answer = ask(client, "gstin", "27AAPFU0939F1ZV")
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/admin/login/")


def test_questions_are_counted(desk):
    quota = TIERS["moderate"][0].quota
    for _ in range(quota):
        last = ask(desk, "hs", "520100")
    assert last.status_code == 200
    refused = ask(desk, "hs", "520100")
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)


def test_fields_of_identifiers_say_what_they_are_and_others_nothing(client, super_admin):
    client.force_login(super_admin)
    form = client.get("/admin/partners/businesspartner/add/").content.decode()
    assert {kind: form.count(f'data-validate="{kind}"') for kind in ("pan", "lei", "tax", "ifsc", "iban", "")} == {
        "pan": 1,
        "lei": 1,
        "tax": 1,
        "ifsc": 1,
        "iban": 1,
        "": 0,
    }
