"""CPU time of process trees, from Linux's /proc. Counted, not sampled: what ended meanwhile is in its parent's account."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Account:
    """One line of /proc/<pid>/stat: ticks of the process and of its children that have ended and were waited for."""

    pid: int
    parent: int
    ticks: int

    @classmethod
    def read(cls, line: str) -> Account:
        """The name stands in brackets and may hold spaces and brackets itself. Source: proc_pid_stat(5), fields 14 to 17."""
        pid, _, rest = line.partition(" (")
        fields = rest.rpartition(") ")[2].split()
        return cls(pid=int(pid), parent=int(fields[1]), ticks=sum(int(field) for field in fields[11:15]))


def accounts(proc: Path = Path("/proc")) -> Iterator[Account]:
    """All processes that are there."""
    for folder in proc.iterdir():
        if folder.name.isdigit():
            try:
                yield Account.read((folder / "stat").read_text())
            except (FileNotFoundError, ProcessLookupError):  # it has just ended
                continue


def seconds(roots: Mapping[str, int], proc: Path = Path("/proc")) -> dict[str, float]:
    """CPU seconds so far of each process in `roots` with all its descendants, by name."""
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = defaultdict(list)
    for account in accounts(proc):
        ticks[account.pid] = account.ticks
        children[account.parent].append(account.pid)

    def total(pid: int) -> int:
        return ticks.get(pid, 0) + sum(total(child) for child in children[pid])

    return {name: total(root) / TICKS_PER_S for name, root in roots.items()}


def rss_mb(root: int, proc: Path = Path("/proc")) -> float:
    """Resident memory of one process in MiB."""
    pages = int((proc / str(root) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def share_mb(root: int, proc: Path = Path("/proc")) -> float:
    """Memory of one process in MiB; pages that others have too count in equal parts (PSS)."""
    lines = (proc / str(root) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def children_of(root: int, proc: Path = Path("/proc")) -> list[int]:
    """Process ids of the direct children."""
    return [account.pid for account in accounts(proc) if account.parent == root]
