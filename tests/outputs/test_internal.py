"""The lines of internal messages, byte for byte."""

from __future__ import annotations

import json
import time

import pytest

from yarak.outputs.internal import EVENT_DROP, Internal, event_drop, queue_drop, restart_failure

NS = 1_700_000_000_000_000_042
"""2023-11-14 22:13:20 UTC"""


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_text_with_fields() -> None:
    message = Internal("r", 7, "said", {"b": "x", "a": 1}, NS).message("h", as_json=False)
    assert message.line == '22:13:20.000000042: Debug said (a=1 b="x")'
    assert message.priority == 7


def test_text_without_fields_ends_in_empty_parentheses_and_keeps_line_feeds() -> None:
    line = Internal("r", 2, "one\ntwo", {}, NS).message("h", as_json=False).line
    assert line == "22:13:20.000000042: Critical one\ntwo ()"


def test_json_has_sorted_keys_and_no_tags() -> None:
    line = Internal("r", 6, "said", {"a": "1"}, NS).message("h", as_json=True).line
    assert line == (
        '{"hostname":"h","output":"said","output_fields":{"a":"1"},"priority":"Informational","rule":"r",'
        '"source":"internal","time":"2023-11-14T22:13:20.000000042Z"}'
    )


def test_wording_of_the_messages() -> None:
    assert restart_failure("no").text == "Falco internal: hot restart failure: no"
    assert event_drop(3, {}).text == f"{EVENT_DROP}. 3 system calls dropped in last second."
    lost = json.loads(queue_drop("file", 5, 1, 2).message("h", as_json=True).line)
    assert lost["output_fields"] == {"n_lost": 5, "output": "file", "since_ns": 1, "until_ns": 2}
    assert lost["priority"] == "Error"
