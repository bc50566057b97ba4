"""Silence is when the kernel counts no system call any more; a strict filter or an idle machine is none."""

from __future__ import annotations

import pytest

from yarak.config.settings import EventTimeouts
from yarak.heartbeat import Heartbeat
from yarak.outputs.internal import Internal


@pytest.fixture
def told() -> list[Internal]:
    return []


def test_a_count_that_grows_is_life(told: list[Internal]) -> None:
    one = Heartbeat(EventTimeouts(max_consecutives=10), told.append, now=0)
    for second in range(1, 100):
        one.look(second, second)
    assert told == []


def test_a_count_that_stands_is_told_and_told_again(told: list[Internal]) -> None:
    one = Heartbeat(EventTimeouts(max_consecutives=1000), told.append, now=0)
    one.look(7, 1)
    for second in range(2, 63):
        one.look(7, second)
    assert [(message.rule, message.priority) for message in told] == [("Falco internal: timeouts notification", 7)]
    assert told[0].text == "Falco internal: timeouts notification. 1000 consecutive timeouts without event."
    assert str(told[0].fields["last_event_time"]).count(":") == 2
    one.look(7, 63)
    assert len(told) == 2


def test_a_sensor_that_never_lived_has_no_last_event(told: list[Internal]) -> None:
    one = Heartbeat(EventTimeouts(max_consecutives=1), told.append, now=0)
    one.look(0, 1)
    assert told[0].fields == {"last_event_time": "none"}
