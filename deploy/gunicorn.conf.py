"""gunicorn for production: `python -m gunicorn --config deploy/gunicorn.conf.py`. `make serve` and the load test use it too.

Environment variables come from erp/settings.py. Why these values: docs/adr/0024-threads-behind-one-server.md
and 0029-threads-that-wait-themselves.md.
"""

import ctypes
import gc
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from erp import settings  # noqa: E402 (the path first)

wsgi_app = "erp.wsgi:application"
chdir = str(ROOT)

# A process for each core, which stays there. Four threads in each: while some wait for the disk at a commit, another computes.
worker_class = "erp.ops.webworker.Worker"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
# Clients that keep a connection open hold no thread, but beyond this number a worker accepts nobody.
worker_connections = 4096
backlog = 2048

# Loaded once, before the fork: workers share its memory, and a new one serves at once. So SIGHUP brings no new code: a
# release restarts the service, or hands over with SIGUSR2 (docs/operations.md).
preload_app = True
max_requests = settings.WEB_MAX_REQUESTS
max_requests_jitter = max_requests // 10

# A request leaves few cycles and makes many objects: Python's own 700 has the collector run several times in each.
# What outlives a collection is looked at again after some thousands of requests, before it piles up.
GARBAGE = (20_000, 5, 20)
# glibc's mallopt: a heap for each thread keeps what others could use, and Python's threads take turns anyway.
M_ARENA_MAX = -8

# Longer than the load balancer keeps an idle connection (60 s is usual): who closes second never loses a request.
keepalive = 75
# Requests in flight at a stop may end; then the worker is killed.
graceful_timeout = 30
# A worker whose main loop is silent for as long is dead. Long requests run in threads and don't silence it.
timeout = 60
# The heartbeat is a file: not on a disk that may be slow.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

# Only the proxies that the application trusts may say that a request came by HTTPS.
forwarded_allow_ips = ",".join(map(str, settings.TRUSTED_PROXIES)) or "127.0.0.1,::1"

loglevel = "info"
accesslog = None  # the application writes a line for each request itself (erp/ops/logs.py)


def on_starting(server: Any) -> None:
    """Refuse what would make requests wait for each other without anybody seeing why."""
    if 0 < settings.DB_POOL_MAX < threads:
        raise RuntimeError(
            f"DB_POOL_MAX is {settings.DB_POOL_MAX} and WEB_THREADS is {threads}: threads would wait for a connection. "
            "Give both the same number."
        )
    _heap("mallopt", M_ARENA_MAX, 1)


def pre_fork(server: Any, worker: Any) -> None:
    """Leave workers no connection of the parent's to share, and no garbage whose collection would copy its memory."""
    worker.core = _core(server)
    _close_connections()
    gc.collect()
    _heap("malloc_trim", 0)
    gc.freeze()
    gc.set_threshold(*GARBAGE)


def post_fork(server: Any, worker: Any) -> None:
    """Stay on one core: what is in its caches is what the next request needs."""
    if worker.core is not None:
        os.sched_setaffinity(0, {worker.core})


def pre_exec(server: Any) -> None:
    """Start the master that takes over (SIGUSR2) as a module: by its path, gunicorn's `http` would hide Python's."""
    server.START_CTX["args"][1:2] = ["-m", "gunicorn"]


def worker_exit(server: Any, worker: Any) -> None:
    """Give the connections back: PostgreSQL need not find out by itself."""
    _close_connections()


def child_exit(server: Any, worker: Any) -> None:
    """What a process that is gone measured stays counted, once."""
    from erp.ops import metrics  # noqa: PLC0415 (the application first)

    metrics.worker_gone(worker.pid)


def _heap(function: str, *arguments: int) -> None:
    """Call a function of glibc's heap; other C libraries have none."""
    if called := getattr(ctypes.CDLL(None), function, None):
        called(*arguments)


def _core(server: Any) -> int | None:
    """The core with the fewest workers. None: they don't divide evenly among the cores, so the kernel may move them.

    A container that sees all cores of its host and may use a few has fewer workers than that.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if not cores or server.num_workers % len(cores):
        return None
    taken = Counter(each.core for each in server.WORKERS.values())
    return min(cores, key=lambda core: taken[core])


def _close_connections() -> None:
    from django.db import connections  # noqa: PLC0415 (the application first)

    for connection in connections.all(initialized_only=True):
        connection.close()
        if connection.settings_dict["OPTIONS"].get("pool"):
            connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
