"""Queues and threads: a slow sink holds up nothing, and every loss is counted and told."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from yarak.log import Log
from yarak.outputs.internal import Internal
from yarak.outputs.message import Message
from yarak.outputs.worker import Worker


class Quiet(Log):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def write(self, level: int, text: str) -> None:
        self.lines.append(text)


class Gate:
    """A sink that writes only while `open` is set."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.written: list[str] = []
        self.reopened = 0
        self.closed = threading.Event()
        self.error: OSError | None = None

    def write(self, batch: Sequence[Message]) -> None:
        self.entered.set()
        assert self.open.wait(30)
        if self.error is not None:
            raise self.error
        self.written += [message.line for message in batch]

    def reopen(self) -> None:
        self.reopened += 1

    def close(self) -> None:
        self.closed.set()


def render(internal: Internal) -> Message:
    return Message(internal.priority, f"{internal.text} {internal.fields.get('n_lost')}")


def worker(sink: Gate, log: Log, capacity: int = 10) -> Worker:
    return Worker("gate", sink, capacity, log, render, buffered=False)


@pytest.fixture
def log() -> Quiet:
    return Quiet()


def test_order_is_kept_and_everything_is_written_before_the_end(log: Quiet) -> None:
    sink = Gate()
    sink.open.set()
    one = worker(sink, log, 1000)
    for number in range(600):
        one.put(Message(5, str(number)))
    one.close(10)
    assert sink.written == [str(number) for number in range(600)]
    assert sink.closed.is_set()
    assert (one.lost, log.lines) == (0, [])


def test_put_never_waits_and_a_loss_is_counted_logged_once_and_told_in_its_place(log: Quiet) -> None:
    sink = Gate()
    one = worker(sink, log, 2)
    one.put(Message(5, "first"))
    assert sink.entered.wait(10)
    for number in range(5):
        one.put(Message(5, str(number)))
    assert one.lost == 3
    assert len(log.lines) == 1 and "full" in log.lines[0]
    sink.open.set()
    one.close(10)
    assert sink.written[:3] == ["first", "0", "1"]
    assert sink.written[3:] == ["Yarak internal: output queue drop. 3 messages for output 'gate' lost. 3"]


def test_hanging_sink_is_told_of_once_and_what_waits_at_the_end_is_counted(log: Quiet) -> None:
    sink = Gate()
    one = worker(sink, log)
    one.put(Message(5, "first"))
    assert sink.entered.wait(10)
    one.put(Message(5, "second"))
    one.check(timeout_seconds=-1)
    one.check(timeout_seconds=-1)
    assert [line for line in log.lines if line.startswith('"gate" output timeout')] == log.lines
    assert len(log.lines) == 1
    one.close(timeout_seconds=0.01)
    assert one.lost == 1
    sink.open.set()


def test_failed_write_is_counted_and_logged_once_until_it_works_again(log: Quiet) -> None:
    sink = Gate()
    sink.error = OSError(28, "No space left on device")
    sink.open.set()
    one = worker(sink, log)
    one.put(Message(5, "a"))
    one.put(Message(5, "b"))
    one.close(10)
    assert one.lost == 2
    assert [line for line in log.lines if "No space left" in line] == log.lines
    assert len(log.lines) == 1
    assert not one.broken


def test_reader_that_went_away_breaks_the_sink_for_good(log: Quiet) -> None:
    sink = Gate()
    sink.error = BrokenPipeError(32, "Broken pipe")
    sink.open.set()
    one = worker(sink, log)
    one.put(Message(5, "a"))
    one.close(10)
    assert one.broken


def test_reopen_happens_on_the_sinks_own_thread(log: Quiet) -> None:
    sink = Gate()
    sink.open.set()
    one = worker(sink, log)
    one.reopen()
    one.put(Message(5, "a"))
    one.close(10)
    assert sink.reopened == 1
    assert sink.written == ["a"]


def test_a_rule_that_floods_leaves_room_for_others_and_is_told_of_once(log: Quiet) -> None:
    sink = Gate()
    one = worker(sink, log, 100)
    one.put(Message(5, "first"))
    assert sink.entered.wait(30)
    for number in range(200):
        one.put(Message(5, f"loud {number}", "Loud"))
        if number % 10 == 0:
            one.put(Message(5, f"quiet {number}", "Quiet"))
    sink.open.set()
    one.close(10)
    quiet = [line for line in sink.written if line.startswith("quiet")]
    assert quiet == [f"quiet {number}" for number in range(0, 200, 10)]
    loud = [line for line in sink.written if line.startswith("loud")]
    assert 30 <= len(loud) == 200 - one.lost <= 60
    told = [line for line in sink.written if "output queue drop" in line]
    assert 1 <= len(told) <= 2
    assert sum(int(line.split()[-1]) for line in told) == one.lost
