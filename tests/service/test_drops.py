"""What happens about lost events."""

from __future__ import annotations

import pytest

from yarak.config.settings import EventDrops
from yarak.drops import DropMonitor, TokenBucket
from yarak.errors import ConfigError, CoreDiedError
from yarak.log import Log
from yarak.outputs.internal import Internal


def monitor(told: list[Internal], *actions: str, threshold: float = 0.1) -> DropMonitor:
    settings = EventDrops(threshold=threshold, actions=list(actions), rate=0.1, max_burst=1)  # type: ignore[arg-type]
    log = Log()
    log.to_stderr = False
    return DropMonitor(settings, log, told.append, now=0)


def counters(seen: int, lost: int) -> dict[str, int]:
    return {"n_evts": seen * 100, "n_events_to_userspace": seen - lost, "n_drops": lost}


def test_alert_tells_what_was_lost_in_the_last_second() -> None:
    told: list[Internal] = []
    one = monitor(told, "alert")
    one.look(counters(100, 0), 1)
    one.look(counters(200, 40), 2)
    (message,) = told
    assert message.text == "Falco internal: syscall event drop. 40 system calls dropped in last second."
    assert message.fields["n_drops"] == "40"
    assert message.fields["n_evts"] == "10000"
    assert message.fields["ebpf_enabled"] == "1"
    assert (one.detected, one.acted) == (1, 1)


def test_share_must_be_above_the_threshold() -> None:
    told: list[Internal] = []
    one = monitor(told, "alert", threshold=0.4)
    one.look(counters(100, 40), 1)
    assert one.detected == 0
    one.look(counters(200, 81), 2)
    assert one.detected == 1


def test_actions_are_rationed_and_detections_are_not() -> None:
    told: list[Internal] = []
    one = monitor(told, "alert")
    for second in range(1, 14):
        one.look(counters(100 * second, 50 * second), second)
    assert one.detected == 13
    assert one.acted == len(told) == 2


def test_ignore_takes_no_action() -> None:
    told: list[Internal] = []
    one = monitor(told, "ignore")
    one.look(counters(100, 50), 1)
    assert (one.detected, one.acted, told) == (1, 0, [])


def test_exit_ends_the_process() -> None:
    with pytest.raises(CoreDiedError, match="^Drop manager internal error$"):
        monitor([], "exit").look(counters(100, 50), 1)


def test_contradicting_actions_are_refused() -> None:
    with pytest.raises(ConfigError):
        monitor([], "ignore", "log")


def test_look_is_due_once_per_second() -> None:
    one = monitor([])
    assert not one.due(0.5)
    assert one.due(1.0)
    one.look(counters(1, 0), 1.0)
    assert not one.due(1.9)


def test_bucket_saves_up_to_its_burst() -> None:
    bucket = TokenBucket(rate=1, burst=2, now=0)
    assert [bucket.take(100), bucket.take(100), bucket.take(100)] == [True, True, False]
