"""`manage.py desk`: server and worker together, until Ctrl+C. `make run` and `make serve` call it.

In development (DEBUG) it prepares the database first, fills an empty one with the demonstration (DEMO), serves with
reload, and says where to look. In production it only serves: deployment migrates.
"""

import os
import shlex
import socket
import sys
import time
from argparse import ArgumentParser
from contextlib import suppress
from functools import partial
from io import StringIO
from threading import Thread
from typing import Any
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.urls import Resolver404, resolve
from honcho.manager import Manager

from erp.admin.templatetags.desk import demo_users
from erp.demo.stage import installed_earlier
from erp.embedded import EmbeddedServerError

HOST = "127.0.0.1"
GUNICORN = "deploy/gunicorn.conf.py"  # the production profile
LEAVE_S = 3  # processes of a run that was killed need a moment to go
READY_S = 120
# Each process runs in a group of its own and reads a pipe that only the supervisor holds open: when the supervisor is
# gone, whatever killed it, the pipe ends and the group goes too.
TOGETHER = "exec 3<&0; { cat <&3; kill -TERM 0; } >/dev/null 2>&1 & exec 3<&-; exec "

ENVIRONMENT = {"PYTHONUNBUFFERED": "1", "DJANGO_RUNSERVER_HIDE_WARNING": "true"}


class Command(BaseCommand):
    help = "Runs the server and the worker together, until Ctrl+C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        _check_port(port)
        if settings.DEBUG:
            self._prepare()
        run = Run(port, welcome=_welcome(port) if settings.DEBUG else "")
        connection.close()
        for name, arguments in {"web": _web(port), "worker": ("manage.py", "procrastinate", "worker")}.items():
            run.add_process(
                name, TOGETHER + shlex.join([sys.executable, *arguments]), env={**os.environ, **ENVIRONMENT}
            )
        run.loop()
        if run.interrupted:
            self.stdout.write("Cotton ERP has stopped.")
            return
        raise CommandError("Server or worker ended, and Cotton ERP with it; its last lines say why. Start it again.")

    def _prepare(self) -> None:
        try:
            self.stdout.write("Preparing the database …")
            with connection.cursor() as cursor:
                # Held until the connection closes: a second start waits instead of migrating at the same time.
                cursor.execute("SELECT pg_advisory_lock(hashtext('desk'))")
            call_command("migrate", verbosity=0)
            if not settings.DEMO or get_user_model()._default_manager.exists():
                call_command("load_reference_data", stdout=StringIO())
                return
            self.stdout.write("First start: making the demonstration …")
            with installed_earlier():
                call_command("load_reference_data", stdout=StringIO())
            call_command("seed_demo", if_empty=True, stdout=StringIO())
        except (DatabaseError, EmbeddedServerError) as error:
            where = "DATABASE_URL" if settings.DATABASE_URL else settings.EMBEDDED_POSTGRES
            raise CommandError(f"The database ({where}) can't be used: {str(error).strip()}") from error


class Run(Manager):
    """honcho's manager, which also says when the server answers."""

    def __init__(self, port: int, *, welcome: str) -> None:
        super().__init__()
        self._port = port
        self._welcome = welcome
        reading, held = os.pipe()
        os.dup2(reading, 0)  # what the processes inherit as their input
        # honcho forks a helper for each process; only the supervisor may hold the pipe open.
        os.register_at_fork(after_in_child=partial(os.close, held))

    @property
    def interrupted(self) -> bool:
        """Whether somebody stopped it, rather than one of its processes."""
        return self.returncode in {130, 143}

    def _start(self) -> None:
        super()._start()
        if self._welcome:
            Thread(target=self._greet, daemon=True).start()

    def _greet(self) -> None:
        give_up = time.monotonic() + READY_S
        while time.monotonic() < give_up:
            try:
                with urlopen(f"http://{HOST}:{self._port}/healthz", timeout=5):
                    print(self._welcome, flush=True)
                    return
            except OSError:
                time.sleep(0.1)


def _welcome(port: int) -> str:
    """Where to look, and one user of each role."""
    address = f"http://{HOST}:{port}"
    lines = ["", f"Cotton ERP is ready:  {address}/"]
    with suppress(Resolver404):
        resolve("/api/docs")
        lines.append(f"API documentation:    {address}/api/docs")
    demo = demo_users()
    users: dict[str, str] = {}
    # The house of the README's tour comes first.
    for user in sorted(demo.get("users", []), key=_house, reverse=True):
        users.setdefault(_role(user), user.email)
    for user in sorted(demo.get("partners", []), key=_house, reverse=True):
        users.setdefault(f"{_role(user)}, for the API", user.email)
    if users:
        lines += ["", f"Sign in with the password {demo['password']} as"]
        lines += [f"  {email:36}{role}" for role, email in users.items()]
    return "\n".join([*lines, "", "Ctrl+C stops it.", ""])


def _web(port: int) -> tuple[str, ...]:
    if settings.DEBUG:
        return "manage.py", "runserver", f"{HOST}:{port}"
    return "-m", "gunicorn", "--config", str(settings.BASE_DIR / GUNICORN), "--bind", f"{HOST}:{port}"


def _house(user: Any) -> str:
    return str(user.email).partition("@")[0].rpartition(".")[2]


def _role(user: Any) -> str:
    groups = ", ".join(group.name for group in user.groups.all())
    return f"{user.get_user_type_display()}{groups and f' ({groups})'}"


def _check_port(port: int) -> None:
    """Raises: CommandError: another program listens there."""
    give_up = time.monotonic() + LEAVE_S
    while _is_taken(port):
        if time.monotonic() > give_up:
            raise CommandError(
                f"Port {port} is taken: stop the program that listens there, "
                f"or choose another port: make run PORT={port + 1}"
            )
        time.sleep(0.2)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
