"""What was asked and what came back: the drill's own record, and its judgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

RECOVERY_S = 10.0
Verdict = Literal["acknowledged", "refused", "unknown"]


@dataclass(frozen=True)
class Call:
    """One request. Times are monotonic seconds. status None: the connection broke before an answer."""

    user: int
    began: float
    ended: float
    status: int | None
    problem: str = ""  # code of a problem document; empty where the body is none
    retry_after: str = ""
    key: str = ""  # Idempotency-Key; empty: a read
    body: dict[str, Any] | None = None
    row: str = ""  # id in the answer

    @property
    def is_write(self) -> bool:
        return bool(self.key)

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def verdict(self) -> Verdict:
        """What the client may rely on. In doubt are no answer and a 503 that says so itself."""
        if self.succeeded:
            return "acknowledged"
        return "unknown" if self.status is None or self.problem == "outcome_unknown" else "refused"


@dataclass(frozen=True)
class Window:
    """The time of one fault. away: PostgreSQL itself is down, so 503 is right. breaks: connections may break without an answer."""

    name: str
    began: float
    ended: float
    away: bool = False
    breaks: bool = False


@dataclass(frozen=True)
class Figures:
    """One window."""

    requests: int
    statuses: dict[str, int]
    broken: int
    gap_write_s: float
    gap_read_s: float
    faults: list[str]


def judge(window: Window, calls: Iterable[Call]) -> Figures:
    """What happened to the requests that ended in the window, and what of it must not happen."""
    inside = [call for call in calls if window.began <= call.ended < window.ended]
    gaps = [_longest_gap(window, [call for call in inside if call.is_write is kind]) for kind in (True, False)]
    bad = Counter(filter(None, (_wrong(window, call) for call in inside)))
    faults = [f"{count} × {what}" for what, count in bad.items()]
    faults += [
        f"no {kind} for {gap:.1f} s" for kind, gap in zip(("write", "read"), gaps, strict=True) if gap > RECOVERY_S
    ]
    return Figures(
        requests=len(inside),
        statuses=dict(sorted(Counter(f"{call.status}" for call in inside if call.status is not None).items())),
        broken=sum(call.status is None for call in inside),
        gap_write_s=gaps[0],
        gap_read_s=gaps[1],
        faults=faults,
    )


def _wrong(window: Window, call: Call) -> str:
    """What is wrong with this answer at this time; empty: nothing."""
    if call.succeeded:
        return ""
    if call.status is None:
        return "" if window.breaks else "broken connection"
    if not window.away or call.status != 503:
        return f"status {call.status} {call.problem}".strip()
    if not call.problem or not call.retry_after:
        return "503 without a problem document or Retry-After"
    return f"503 more than {RECOVERY_S:.0f} s after the fault" if call.began > window.began + RECOVERY_S else ""


def _longest_gap(window: Window, calls: Sequence[Call]) -> float:
    """Seconds without a success, between the window's ends."""
    moments = [window.began, *sorted(call.ended for call in calls if call.succeeded), window.ended]
    return max(later - earlier for earlier, later in pairwise(moments))
