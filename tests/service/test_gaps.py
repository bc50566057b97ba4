"""Gap records: at once, in sum, and never a flood of their own."""

from __future__ import annotations

from yarak.gaps import DETAILS, NAMES_SHOWN, GapRecorder, record
from yarak.outputs.internal import Internal
from yarak.sensor import Gap


def gap(since: int = 1, until: int = 2, **events: int) -> Gap:
    return {"since_ns": since, "until_ns": until, "events": events, "alerts": {}, "blind": ["B", "A"]}


def test_a_record_says_when_how_much_and_who_was_blind() -> None:
    message = record(gap(5, 9, openat=3, execve=10))
    assert (message.rule, message.priority) == ("Yarak internal: gap", 3)
    assert message.text == ("Yarak internal: gap. 13 events lost (execve 10, openat 3); 2 rules were blind to them.")
    assert message.fields == {
        "since_ns": 5,
        "until_ns": 9,
        "n_events_lost": 13,
        "n_lost_openat": 3,
        "n_lost_execve": 10,
        "n_rules_blind": 2,
        "rules_blind": "A, B",
    }


def test_lost_alerts_are_told_by_rule() -> None:
    lost: Gap = {"since_ns": 1, "until_ns": 2, "events": {}, "alerts": {"A": 1, "B": 7}, "blind": []}
    message = record(lost)
    assert message.text == "Yarak internal: gap. 8 alerts lost (B 7, A 1)."
    assert message.fields["rules_of_lost_alerts"] == "B, A"
    assert "n_events_lost" not in message.fields


def test_many_names_are_counted() -> None:
    many: Gap = {**gap(open=1), "blind": [f"rule {number:03}" for number in range(NAMES_SHOWN + 5)]}
    fields = record(many).fields
    assert fields["n_rules_blind"] == NAMES_SHOWN + 5
    assert str(fields["rules_blind"]).endswith(f"rule {NAMES_SHOWN - 1:03} and 5 more")


def test_the_first_is_told_at_once_and_a_lasting_one_every_second_with_nothing_left_out() -> None:
    told: list[Internal] = []
    one = GapRecorder(told.append, now=0)
    times = [step / 4 for step in range(41)]
    for number, now in enumerate(times):
        one.look(gap(number, number + 1, openat=1), now)
        lost = sum(int(message.fields["n_events_lost"]) for message in told)
        assert number + 1 - lost <= 4, "no loss waits longer than a second"
    assert len(told) == 11
    one.finish(None)
    assert sum(int(message.fields["n_events_lost"]) for message in told) == len(times)
    spans = [(message.fields["since_ns"], message.fields["until_ns"]) for message in told]
    assert [since for since, _ in spans[1:]] == [until for _, until in spans[:-1]]


def test_what_waits_is_told_later_even_if_nothing_more_is_lost() -> None:
    told: list[Internal] = []
    one = GapRecorder(told.append, now=0)
    one.look(gap(openat=1), 0)
    one.look(gap(openat=2), 0.25)
    one.look(None, 0.5)
    assert len(told) == 1
    one.look(None, 1)
    assert [message.fields["n_lost_openat"] for message in told] == [1, 2]


def test_lost_details_are_summed_up() -> None:
    told: list[Internal] = []
    one = GapRecorder(told.append, now=0)
    for now in range(1, 121):
        one.look_at_details({"n_processes_evicted": now, "n_truncated": 5 * now}, now)
    assert [message.fields["n_processes_evicted"] for message in told] == [60, 60]
    assert {message.priority for message in told} == {5}
    one.look_at_details({"n_processes_evicted": 120, "n_truncated": 600}, 3600)
    assert told[-1].text == "Yarak internal: gap. 600 arguments or environments cut."


def test_every_detail_has_a_span() -> None:
    assert all(detail.seconds >= 60 for detail in DETAILS)
