"""Gap records: whatever is lost is told in the alert stream, at once and without flooding it.

Lost events and alerts are told within a second, also while the loss goes on, and by one record per second at most.
What only loses details (forgotten processes, cut texts) is summed up over longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from yarak.outputs import internal
from yarak.outputs.internal import Internal, Value
from yarak.sensor import Gap

INTERVAL: Final = 1.0
"""Least seconds between records of lost events or alerts."""
NAMES_SHOWN: Final = 20
"""Names of rules that a record spells out; further ones are only counted."""


@dataclass(frozen=True)
class Detail:
    """A counter whose growth means lost details: `words` after the number, told once per `seconds` at most."""

    counter: str
    words: str
    seconds: float


DETAILS: Final = (
    Detail("n_processes_evicted", "processes forgotten, as the table is full", 60),
    Detail("n_drops_full_threadtable", "threads not remembered, as the table is full", 60),
    Detail("n_mounts_untold", "file systems whose place the kernel was not told, as its table is full", 60),
    Detail("n_snapshots_missed", "names not known from the beginning of their call", 60),
    Detail("n_io_uring_unfollowed", "requests of io_uring whose further results are not told", 60),
    Detail("n_real_names_missed", "real names not looked up, as a file system did not answer in time", 60),
    Detail("n_args_missed", "processes whose arguments are not known, as their memory did not answer in time", 60),
    Detail("n_users_forgotten", "users or groups forgotten, as their table is full", 60),
    Detail("n_host_names_forgotten", "host names forgotten, as the table is full", 3600),
    Detail("n_cgroups_forgotten", "cgroups forgotten until their next event, as the table is full", 3600),
    Detail("n_sockets_forgotten", "sockets whose last peer was forgotten, as the table is full", 3600),
    Detail("n_truncated", "arguments or environments cut", 3600),
    Detail("n_path_cut", "paths cut", 3600),
)


class GapRecorder:
    """Looks at what the core says it lost; `tell` puts a record into the alert stream."""

    def __init__(self, tell: Callable[[Internal], None], now: float) -> None:
        self._tell = tell
        self._due = now
        self._pending: Gap | None = None
        self._details = {detail.counter: (0, now + detail.seconds, time.time_ns()) for detail in DETAILS}
        """Counter → its value when last told, when it may be told again, ns of the last record."""

    def look(self, gap: Gap | None, now: float) -> None:
        """Take in what was lost since the last look and tell what is due at `now` (seconds of a monotonic clock)."""
        if gap is not None:
            self._pending = gap if self._pending is None else _sum(self._pending, gap)
        if self._pending is not None and now >= self._due:
            pending, self._pending = self._pending, None
            self._due = now + INTERVAL
            self._tell(record(pending))

    def look_at_details(self, counters: Mapping[str, int], now: float) -> None:
        """The same for lost details."""
        for detail in DETAILS:
            self._look_at(detail, counters.get(detail.counter, 0), now)

    def _look_at(self, detail: Detail, count: int, now: float) -> None:
        told, due, since_ns = self._details[detail.counter]
        if now < due:
            return
        until_ns = time.time_ns()
        self._details[detail.counter] = (count, now + detail.seconds, until_ns)
        if count > told:
            fields: dict[str, Value] = {"since_ns": since_ns, "until_ns": until_ns, detail.counter: count - told}
            self._tell(internal.gap(f"{count - told} {detail.words}.", severe=False, fields=fields))

    def finish(self, gap: Gap | None) -> None:
        """Tell what is still to be told of lost events and alerts: the run ends."""
        if gap is not None:
            self._pending = gap if self._pending is None else _sum(self._pending, gap)
        if self._pending is not None:
            self._tell(record(self._pending))
            self._pending = None


def record(gap: Gap) -> Internal:
    """The record of one gap."""
    events, alerts = sum(gap["events"].values()), sum(gap["alerts"].values())
    blind = sorted(gap["blind"])
    words: list[str] = []
    fields: dict[str, Value] = {"since_ns": gap["since_ns"], "until_ns": gap["until_ns"]}
    if events:
        words.append(f"{events} events lost ({_counts(gap['events'])}); {len(blind)} rules were blind to them.")
        fields |= {"n_events_lost": events, "n_rules_blind": len(blind), "rules_blind": _names(blind)}
        fields |= {f"n_lost_{name}": count for name, count in gap["events"].items()}
    if alerts:
        words.append(f"{alerts} alerts lost ({_counts(gap['alerts'])}).")
        fields |= {"n_alerts_lost": alerts, "rules_of_lost_alerts": _names(_most(gap["alerts"]))}
    return internal.gap(" ".join(words), severe=True, fields=fields)


def _sum(one: Gap, other: Gap) -> Gap:
    return {
        "since_ns": min(one["since_ns"], other["since_ns"]),
        "until_ns": max(one["until_ns"], other["until_ns"]),
        "events": _added(one["events"], other["events"]),
        "alerts": _added(one["alerts"], other["alerts"]),
        "blind": list({*one["blind"], *other["blind"]}),
    }


def _added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


def _most(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))


def _counts(counts: Mapping[str, int]) -> str:
    return _names([f"{name} {counts[name]}" for name in _most(counts)])


def _names(names: Iterable[str]) -> str:
    shown = list(names)
    more = len(shown) - NAMES_SHOWN
    return ", ".join(shown[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
