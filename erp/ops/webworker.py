"""gunicorn's threaded worker, whose threads wait for requests themselves. Why: docs/adr/0029-threads-that-wait-themselves.md.

gunicorn's own has one thread that waits for all connections and hands each request to another one, which hands the connection
back: both want the interpreter at the same time, for every request. Here each thread takes the next connection that has something
to read. Accepting, limits, time-outs and the graceful stop are gunicorn's.
"""

from __future__ import annotations

import mmap
import select
import struct
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import _DEFER, STOP_KEEPALIVE_LINGER, ThreadWorker

# The kernel tells one thread of a connection, and nobody again until it is watched anew.
ONCE = select.EPOLLIN | select.EPOLLONESHOT
LOOK_AROUND_S = 1.0
# How long somebody with fewer connections gets for taking a new one, and when a process that says nothing counts no more.
COURTESY_S, SILENT_S = 0.005, 3.0


class Board:
    """Where processes tell each other how many connections they have. Made before they are forked."""

    ENTRY = struct.Struct("dl")  # monotonic seconds, connections
    ENTRIES = 256

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self.ENTRY.size * self.ENTRIES)

    def tell(self, place: int, connections: int) -> None:
        """place: any number that only this process has; 256 later somebody else may."""
        self.ENTRY.pack_into(self._memory, place % self.ENTRIES * self.ENTRY.size, time.monotonic(), connections)

    def fewest(self) -> int:
        """Of the processes that are there; 0 if nobody is."""
        heard = time.monotonic() - SILENT_S
        return min((count for told_at, count in self.ENTRY.iter_unpack(self._memory) if told_at > heard), default=0)


board = Board()


class Worker(ThreadWorker):
    """A process of `threads` threads."""

    def init_process(self) -> None:
        self.readable = select.epoll()
        # Connections that nobody answers now, by file descriptor. Who takes one out of here has it for itself.
        self.idle: dict[int, Any] = {}
        self.ended = False
        super().init_process()

    def run(self) -> None:
        """Serve until the arbiter says stop; the loop of the main thread is gunicorn's."""
        board.tell(self.age, 0)
        for _ in range(self.cfg.threads):
            self.tpool.submit(self.serve)
        try:
            super().run()
        finally:
            self.ended = True

    def handle_quit(self, sig: Any, frame: Any) -> None:
        self.ended = True
        super().handle_quit(sig, frame)

    # Main thread ------------------------------------------------------------------------------------------------------
    def accept(self, listener: Any) -> None:
        """Take a new connection. The kernel tells all processes, and whoever is quicker would have most of them."""
        if self.nr_conns > board.fewest():
            time.sleep(COURTESY_S)
        super().accept(listener)
        board.tell(self.age, self.nr_conns)

    def enqueue_req(self, conn: Any) -> None:
        """A connection was accepted."""
        conn.set_timeout()
        self.idle[conn.sock.fileno()] = conn
        self.readable.register(conn.sock, ONCE)

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections that were idle for too long, or all."""
        now = time.monotonic()
        for key, conn in self.idle.copy().items():
            if (force or conn.timeout <= now) and self.idle.pop(key, None):
                self.nr_conns -= 1
                conn.close()
        board.tell(self.age, self.nr_conns)  # each time around, once a second at least

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in self.idle.copy().values():
            conn.timeout = min(conn.timeout, deadline)

    def forget(self) -> None:
        """One connection less."""
        self.nr_conns -= 1

    # Threads ----------------------------------------------------------------------------------------------------------
    def serve(self) -> None:
        """Answer whatever comes, one connection after the other."""
        while not self.ended:
            for key, _ in self.readable.poll(LOOK_AROUND_S, 1):
                if conn := self.idle.pop(key, None):
                    try:
                        self.answer(key, conn)
                    except Exception:
                        self.log.exception("A connection was lost; the thread goes on")

    def answer(self, key: int, conn: Any) -> None:
        """Answer what the connection brings, then watch it again or close it."""
        again = self.handle(conn)
        while again and again is not _DEFER and conn.parser.unreader.buf.getvalue():
            again = self.handle(conn)  # a request that came together with the one before
        if again:
            self.watch(key, conn)
        else:
            conn.close(graceful=True)  # the kernel watches it no more
            self.method_queue.defer(self.forget)

    def watch(self, key: int, conn: Any) -> None:
        """Wait for the connection's next request; while the process stops, for a moment only."""
        conn.timeout = time.monotonic() + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        self.idle[key] = conn
        with suppress(OSError):  # all are being closed
            self.readable.modify(key, ONCE)
