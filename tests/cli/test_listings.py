"""`--list`, `--list-events`, `-i`: forms of the listings."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from tests.cli.listings import EVENTS, FIELDS, SYSCALLS
from yarak.cli import core, events, fields, info, status


@pytest.fixture(autouse=True)
def small_core(monkeypatch: pytest.MonkeyPatch) -> None:
    listings = core.Listings(lambda: cast("Any", FIELDS), lambda: cast("Any", EVENTS), lambda: cast("Any", SYSCALLS))
    monkeypatch.setattr(core, "core", lambda: listings)


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert status(arguments) == 0
    return capsys.readouterr().out


def test_text_listing_has_classes_and_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "--list", "-v").splitlines()
    assert lines[:6] == [
        "-------------------------------",
        "Field Class:                  evt",
        "Event Sources:                syscall ",
        "",
        "evt.num                       (Type: UINT64) Number of the event. ",
        f"{'evt.arg':<30}(Type: DYNAMIC) (ARG_INDEX,ARG_KEY,ARG_REQUIRED,EPF_IS_LIST,EPF_NO_RHS) An argument. ",
    ]
    assert lines[7] == "-" * 31
    assert lines[11].startswith("proc.aname                    (Type: CHARBUF) (ARG_ALLOWED,ARG_INDEX) Name of an")
    assert lines[12].startswith(" " * 30) and lines[12][30] != " "
    assert max(map(len, lines)) <= 120
    assert not any("evt.dir" in line for line in lines)


def test_types_are_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "(Type:" not in shown(capsys, "--list=syscall")


def test_names_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "--list", "-N").splitlines() == ["evt.num", "proc.aname", "evt.arg"]
    assert json.loads(shown(capsys, "--list", "-N", "--format", "JSON")) == {
        "fieldnames": ["evt.num", "proc.aname", "evt.arg"]
    }


def test_markdown_listing(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "--list", "--format", "markdown").splitlines()
    assert lines[0] == "## Field Class: evt"
    assert "Name | Type | Description" in lines
    assert "`evt.arg` | LIST(DYNAMIC) | An argument." in lines


def test_json_listing(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(shown(capsys, "--list=syscall", "--format=json"))
    (evt, process) = document["fieldclasses"]
    assert [field["name"] for field in evt["fields"]] == ["evt.num", "evt.arg"]
    assert evt["fields"][0]["argument"] is None
    assert process["fields"][0]["argument"] == {"required": False, "type": ["INDEX"]}


@pytest.mark.parametrize("arguments", [["--list=nosuch"], ["--list", "--markdown", "--format", "text"]])
def test_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert status(arguments) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("Error: ")


def test_old_markdown_flag_warns(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(["--list", "--markdown"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("## Field Class") and "deprecated" in err


def test_long_field_names_stand_alone() -> None:
    field = dict(FIELDS[0], name="a" * 31)
    text = fields.listing([cast("Any", field)], "text", names_only=False, verbose=False)
    assert f"{'a' * 31}\n{' ' * 30}Number of the event. " in text


def test_events_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "--list-events").splitlines() == [
        "The events below are valid for Falco *Schema Version*: 4.3.0",
        "## Syscall events",
        "",
        "< open(FD **fd**, FLAGS32 **flags**: O_RDONLY, O_CREAT)",
        "< read()",
        "< exit(SYSCALLID **ID**)",
        "",
        "## Tracepoint events",
        "",
        "> procexit()",
        "",
        "## Plugin events",
        "",
        "",
        "## Metaevents",
        "",
        "",
    ]


def test_events_markdown_and_json_say_what_is_on_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "--list-events", "--format", "markdown").splitlines()
    assert "Yes | `<` | `open` | FD **fd**, FLAGS32 **flags**: *O_RDONLY*, *O_CREAT*" in lines
    assert "No | `<` | `read` | " in lines
    document = json.loads(shown(capsys, "--list-events", "--format", "json"))
    assert document["schema_version"] == "4.3.0"
    assert [row["available"] for row in document["Syscall events"]] == [True, False, True]
    flags = document["Syscall events"][0]["params"][1]
    assert flags == {"type": "FLAGS32", "name": "flags", "flags": ["O_RDONLY", "O_CREAT"]}


def test_ignored_system_calls(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "-i") == "Ignored syscall(s):\n- read\n\n"


def test_actions_that_need_no_configuration_come_first() -> None:
    names = [action.__name__ for _, action in info.ACTIONS]
    assert names[:5] == ["config_schema", "rule_schema", "ignored", "list_events", "version"]
    assert events.CATEGORIES.keys() == {"syscall", "tracepoint", "plugin", "meta"}
