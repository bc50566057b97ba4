"""What happens about lost events."""

from __future__ import annotations

from typing import get_args

import pytest

from yarak.config.settings import DropAction, EventDrops
from yarak.drops import DropMonitor, TokenBucket
from yarak.errors import ConfigError, CoreDiedError
from yarak.log import DEBUG, Log
from yarak.outputs.internal import Internal


def monitor(told: list[Internal], *actions: str, threshold: float = 0.1, simulate: bool = False) -> DropMonitor:
    chosen: list[DropAction] = [action for action in get_args(DropAction) for asked in actions if action == asked]
    chosen.sort(key=actions.index)
    settings = EventDrops(threshold=threshold, actions=chosen, rate=0.1, max_burst=1, simulate_drops=simulate)
    log = Log()
    log.to_stderr = False
    return DropMonitor(settings, log, told.append, now=0)


def counters(seen: int, lost: int) -> dict[str, int]:
    return {"n_evts": seen * 100, "n_sent": seen - lost, "n_drops": lost}


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


class Levels(Log):
    """Keeps lines with their levels."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []

    def write(self, level: int, text: str) -> None:
        self.lines.append((level, text))


def test_log_is_one_line_at_debug_and_nothing_in_the_alert_stream() -> None:
    told: list[Internal] = []
    log = Levels()
    one = DropMonitor(EventDrops(actions=["log"], rate=0.1, max_burst=1), log, told.append, now=0)
    one.look(counters(100, 50), 1)
    assert log.lines == [(DEBUG, "Falco internal: syscall event drop. 50 system calls dropped in last second.")]
    assert (told, one.acted) == ([], 1)


def test_a_monitor_that_follows_another_tells_only_what_is_new() -> None:
    told: list[Internal] = []
    first, second = monitor([], "ignore"), monitor(told, "alert")
    first.look(counters(100, 50), 1)
    second.follow(first)
    second.look(counters(200, 50), 2)
    assert (told, second.detected) == ([], 1)
    second.look(counters(300, 90), 3)
    assert [message.fields["n_drops"] for message in told] == ["40"]
    assert (second.detected, second.acted) == (2, 1)


def test_exit_ends_the_process() -> None:
    with pytest.raises(CoreDiedError, match="^Drop manager internal error$"):
        monitor([], "exit").look(counters(100, 50), 1)


@pytest.mark.parametrize("action", ["log", "alert"])
def test_log_and_alert_after_ignore_are_refused(action: str) -> None:
    with pytest.raises(ConfigError, match="after 'ignore'"):
        monitor([], "ignore", action)


def test_ignore_goes_with_exit_and_after_the_others() -> None:
    told: list[Internal] = []
    one = monitor(told, "alert", "ignore")
    one.look(counters(100, 50), 1)
    assert (one.acted, len(told)) == (1, 1)
    with pytest.raises(CoreDiedError):
        monitor([], "ignore", "exit").look(counters(100, 50), 1)


def test_simulated_drops_are_one_a_second_whatever_the_threshold() -> None:
    told: list[Internal] = []
    one = monitor(told, "alert", threshold=1, simulate=True)
    one.look(counters(0, 0), 1)
    one.look(counters(10_000, 0), 2)
    assert (one.detected, one.acted) == (2, 1)
    assert told[0].text == "Falco internal: syscall event drop. 1 system calls dropped in last second."
    assert (told[0].priority, told[0].fields["n_drops"]) == (7, "1")


def test_what_the_filter_dropped_does_not_dilute_the_share() -> None:
    one = monitor([], threshold=0.3)
    one.look({"n_evts": 1_000_000, "n_filtered": 999_000, "n_sent": 600, "n_drops": 400}, 1)
    assert one.detected == 1


def test_look_is_due_once_per_second() -> None:
    one = monitor([])
    assert not one.due(0.5)
    assert one.due(1.0)
    one.look(counters(1, 0), 1.0)
    assert not one.due(1.9)


def test_bucket_saves_up_to_its_burst() -> None:
    bucket = TokenBucket(rate=1, burst=2, now=0)
    assert [bucket.take(100), bucket.take(100), bucket.take(100)] == [True, True, False]
