"""What a newcomer meets first: settings, `make run`, and the services of the tests."""

import os
import re
import signal
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import NotSupportedError, OperationalError, connection

from erp.management.commands import desk
from erp.testing.roles import as_owner

ROOT = Path(settings.BASE_DIR)
SAMPLE = ROOT / "deploy" / "production.env.sample"


def variables(path):
    """Names and values of an environment file."""
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def manage(*arguments, **environment):
    """Run manage.py with this environment and nothing else."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class TestEnvironment:
    def test_example_documents_every_variable_that_settings_read(self):
        read = re.findall(r'(?:env\.\w+|networks)\(\s*"(\w+)"', (ROOT / "erp" / "settings.py").read_text())
        assert set(variables(ROOT / ".env.example")) == set(read)

    def test_each_variable_of_the_example_has_its_line(self):
        lines = (ROOT / ".env.example").read_text().splitlines()
        for above, line in pairwise(lines):
            assert line.startswith("#") or above.startswith("#"), line

    def test_production_sample_is_complete_and_passes_the_deploy_check(self):
        environment = variables(SAMPLE)
        assert set(environment) == set(variables(ROOT / ".env.example"))
        done = manage("check", "--deploy", "--fail-level", "WARNING", **environment)
        assert done.returncode == 0, done.stderr

    def test_deploy_check_warns_of_a_contact_that_nobody_reads(self):
        environment = {**variables(SAMPLE), "API_CONTACT_EMAIL": "support@cotton-erp.example"}
        done = manage("check", "--deploy", "--fail-level", "WARNING", **environment)
        assert done.returncode != 0
        assert "(erp.W030) support@cotton-erp.example reaches nobody" in done.stderr

    @pytest.mark.parametrize(
        "missing", ["SECRET_KEY", "FIELD_ENCRYPTION_KEY", "JWT_SECRET", "DATABASE_URL", "REDIS_URL"]
    )
    def test_production_does_not_start_without(self, missing):
        # Empty, not absent: a .env file of this checkout must not fill it.
        done = manage("check", **{**variables(SAMPLE), missing: ""})
        assert done.returncode != 0
        assert f"{missing} must be set: production does not start without." in done.stderr

    @pytest.mark.parametrize("path", ["requirements.txt", "pyproject.toml"])
    def test_every_package_has_one_version(self, path):
        text = (ROOT / path).read_text()
        if path == "pyproject.toml":
            text = "\n".join(re.findall(r'^  "([\w.\-\[\]]+[=<>~].*?)"', text, re.M))
        packages = [line for line in text.splitlines() if line and not line.startswith("#")]
        assert len(packages) > 10
        assert [line for line in packages if "==" not in line] == []


class TestDatabase:
    def test_server_older_than_the_rules_need_is_refused(self, monkeypatch):
        monkeypatch.setattr(connection, "get_database_version", lambda: (14, 9))
        with pytest.raises(NotSupportedError, match=r"PostgreSQL 15 or later is required \(found 14\.9\)"):
            connection.check_database_version_supported()

    @pytest.mark.django_db
    def test_tests_have_a_database_that_may_be_emptied(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database(), current_setting('erp.test_flush')")
            name, flush = cursor.fetchone()
        assert name.startswith("test_")
        assert flush == "on"

    def test_tests_have_a_real_cache(self):
        cache.set("answer", 42)
        assert cache.get("answer") == 42
        assert settings.CACHES["default"]["BACKEND"] == "erp.caches.Cache"


class TestDesk:
    """`manage.py desk`, the command behind `make run`."""

    @pytest.fixture
    def commands(self, monkeypatch):
        """Names of the commands that were called; none runs."""
        called = []
        monkeypatch.setattr(desk, "call_command", lambda name, **options: called.append(name))
        return called

    def test_busy_port_is_told_before_anything_starts(self, commands, monkeypatch):
        monkeypatch.setattr(desk, "LEAVE_S", 0)
        with socket.create_server((desk.HOST, 0)) as other:
            port = other.getsockname()[1]
            with pytest.raises(CommandError, match=f"Port {port} is taken: .* make run PORT={port + 1}"):
                call_command("desk", port=port)
        assert commands == []

    @pytest.mark.django_db
    def test_empty_database_gets_the_demonstration(self, commands, settings):
        settings.DEMO = True
        with as_owner():  # development has one role
            desk.Command()._prepare()
        assert commands == ["migrate", "load_reference_data", "seed_demo"]

    def test_database_with_users_keeps_what_it_has(self, commands, settings, super_admin):
        settings.DEMO = True
        desk.Command()._prepare()
        assert commands == ["migrate", "load_reference_data"]

    @pytest.mark.django_db
    def test_unusable_database_is_named(self, monkeypatch, settings):
        def refuse(name, **options):
            raise OperationalError("connection refused\n")

        monkeypatch.setattr(desk, "call_command", refuse)
        settings.DATABASE_URL = "postgresql://127.0.0.1:1/x"
        with pytest.raises(CommandError, match=r"The database \(DATABASE_URL\) can't be used: connection refused$"):
            desk.Command()._prepare()

    @pytest.mark.django_db
    def test_welcome_names_the_address_and_who_may_sign_in(self, settings):
        settings.DEBUG = settings.DEMO = True
        get_user_model().objects.create_user(
            full_name="Meera", email="meera@demo.example", user_type="SUPER_ADMIN", password="x"
        )
        welcome = desk._welcome(8123)
        assert "http://127.0.0.1:8123/" in welcome
        assert re.search(r"meera@demo\.example +Super admin", welcome)

    def test_process_goes_when_the_supervisor_is_gone(self):
        process = subprocess.Popen(
            ["sh", "-c", f"{desk.TOGETHER}sleep 60"], stdin=subprocess.PIPE, start_new_session=True
        )
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.stdin.close()
        assert process.wait(10) == -signal.SIGTERM
