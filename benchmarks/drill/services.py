"""What systemd or Kubernetes does for a service: starts it, starts it again when it ends, stops it with all its children."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import psutil

from benchmarks.installation import ROOT
from benchmarks.load import end

RESTART_S = 0.5


@dataclass
class Service:
    """A Python program in a process group of its own."""

    arguments: list[str]
    environment: Mapping[str, str]
    log: Path
    restarts: int = 0
    is_watched: bool = True
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=ROOT,
                env={**self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def children(self) -> list[psutil.Process]:
        """Its direct children, oldest first."""
        return sorted(psutil.Process(self.process.pid).children(), key=lambda child: child.create_time())


@contextmanager
def supervised(services: Mapping[str, Service]) -> Iterator[None]:
    """Start them, and again whenever they end, until the block ends; then stop all."""
    over = Event()
    watching = Thread(target=_watch, args=(services, over), daemon=True)
    started: list[Service] = []
    try:
        for service in services.values():
            service.log.unlink(missing_ok=True)
            service.start()
            started.append(service)
        watching.start()
        yield
    finally:
        over.set()
        if watching.is_alive():
            watching.join()
        for service in started:
            end(service.process)


def _watch(services: Mapping[str, Service], over: Event) -> None:
    while not over.wait(RESTART_S):
        for name, service in services.items():
            if service.is_watched and service.process.poll() is not None:
                service.restarts += 1
                print(f"      {name} ended with {service.process.returncode} and is started again", flush=True)
                service.start()


def is_running(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def python(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A command of the product, to its end; its output is in the result."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
