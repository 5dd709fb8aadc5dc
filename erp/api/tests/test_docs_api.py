"""docs/api.md is true: its commands run from top to bottom against a server, with the statuses that it promises."""

import re
import subprocess

import pytest
from django.conf import settings

from erp.testing.fixtures import PASSWORD
from locations.models import Location
from locations.tests.factories import CountryFactory

pytestmark = pytest.mark.django_db(transaction=True)

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
STATUS = re.compile(r"^# (\d{3})$", re.MULTILINE)
# Notes the status of every answer in the file $STATUSES.
CURL = """
set -eu
curl() { command curl --silent --max-time 30 --write-out '%{stderr}%{http_code}\\n' "$@" 2>>"$STATUSES"; }
"""


def test_first_hour_runs_and_answers_as_it_says(live_server, internal_user, tmp_path):
    CountryFactory(alpha2="IN")
    user = internal_user("org_admin")
    script = "\n".join(BLOCK.findall((settings.BASE_DIR / "docs" / "api.md").read_text(encoding="utf-8")))
    expected = STATUS.findall(script)
    for name, value in {"ERP": live_server.url, "LOGIN": user.email, "PASSWORD": PASSWORD}.items():
        script, changed = re.subn(rf"^{name}=.*$", f"{name}={value}", script, flags=re.MULTILINE)
        assert changed == 1
    statuses = tmp_path / "statuses"
    run = subprocess.run(
        ["bash", "-c", CURL + script],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "STATUSES": str(statuses), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert statuses.read_text().split() == expected
    assert len(expected) == script.count("curl ")
    found = Location.objects.filter(organization=user.organization).order_by("code")
    assert [(each.code, each.version) for each in found] == [("MY-GIN", 1), ("MY-YARD", 3)]
