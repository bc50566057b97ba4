"""The listings of fields, events and system calls, made from the spec's tables instead of the built core."""

from __future__ import annotations

import csv
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

UNISTD = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
ARGUMENTS = {
    "none": "none",
    "optional index": "index",
    "required index": "index",
    "optional index or key": "index_or_key",
    "required index or key": "index_or_key",
    "optional key (name)": "key",
    "required key": "key",
    "required: [timestamp]": "index",
}
OWN_FIELDS = [("fd.realpath", "CHARBUF")]
IO_CATEGORIES = ("io_read", "io_write", "io_other")
UNSUPPORTED = re.compile(r"OLD_VERSION|UNUSED")


def shared() -> Path:
    """The folder of reference data; skips the test where it is missing (fails where CI=true)."""
    default = Path(__file__).resolve().parents[3] / "shared"
    folder = Path(os.environ.get("YARAK_SHARED", default))
    if not (folder / "spec").is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"reference data is missing: {folder}")
        pytest.skip(f"reference data is missing: {folder} (set YARAK_SHARED)")
    return folder


def _table(name: str) -> list[dict[str, str]]:
    lines = (shared() / "spec" / name).read_text().splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    return list(csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE))


def _source(text: str) -> list[str]:
    if text.startswith("all") or "any JSON source" in text:
        return []
    inner = re.search(r"\((.*)\)", text)
    return [inner[1] if inner else text]


def fields(loaded: frozenset[str]) -> list[dict[str, Any]]:
    """The fields of the core and of the plugins in ``loaded``."""
    found = []
    for row in _table("fields.tsv"):
        plugin = re.match(r"plugin (\S+)", row["source_or_plugin"])
        if (plugin and plugin[1] not in loaded) or "<key>" in row["name"]:
            continue
        found.append(_field(row))
    for name, kind in OWN_FIELDS:
        found.append(_field({"name": name, "type": kind, "argument": "none", "is_list": "no", "flags": "",
                             "source_or_plugin": "syscall", "class": "fd"}))  # fmt: skip
    return found


def _field(row: dict[str, str]) -> dict[str, Any]:
    argument = row["argument"]
    return {
        "name": row["name"],
        "class": row["class"],
        "type": row["type"],
        "arg": ARGUMENTS.get(argument, "dotted"),
        "arg_required": argument.startswith("required"),
        "is_list": row["is_list"] == "yes",
        "flags": [flag for flag in (row["flags"] or "").split(",") if flag],
        "sources": _source(row["source_or_plugin"]),
    }


def events() -> list[dict[str, Any]]:
    """The current exit events, tracepoints, plugin and meta events."""
    return [_event(row) for row in _table("events.tsv") if _is_current(row)]


def _is_current(row: dict[str, str]) -> bool:
    if UNSUPPORTED.search(row["flags"] or "") or "iter" in row["category"]:
        return False
    return row["dir"] == "exit" or "syscall" not in row["category"]


def _event(row: dict[str, str]) -> dict[str, Any]:
    kind = next(word for word in ("syscall", "tracepoint", "plugin", "metaevent") if word in row["category"])
    params = [param.split(":") for param in (row["params"] or "").split() if ":" in param]
    return {
        "id": int(row["id"]),
        "name": row["name"],
        "category": row["category"].split("|")[0],
        "flags": (row["flags"] or "").split("|"),
        "kind": {"metaevent": "meta"}.get(kind, kind),
        "syscalls": [name for name in (row["syscalls"] or "").split(",") if name not in ("", "*")],
        "params": [{"name": name, "type": kind} for name, kind, *_ in params],
    }


def native_numbers() -> dict[str, int]:
    """x86_64 system call numbers by name, from the kernel's header."""
    if not UNISTD.exists():
        return {}
    return {name: int(number) for name, number in re.findall(r"__NR_(\w+)\s+(\d+)", UNISTD.read_text())}


def syscalls() -> list[dict[str, Any]]:
    """The system calls by the capture format's codes, with the events they end in."""
    by_id = {event["id"]: event for event in events()}
    native = native_numbers()
    found = []
    for row in _table("syscall_codes.tsv"):
        known = [int(number) for number in row["exit_event"].split(",") if int(number) in by_id]
        event = by_id[known[-1] if known else 1]
        number = native.get(row["name"], int(row["x86_64"]) if row["x86_64"] else None)
        found.append({"code": int(row["code"]), "name": row["name"], "native": number, "event": event["id"],
                      "ignored": _is_ignored(event)})  # fmt: skip
    return found


def _is_ignored(event: dict[str, Any]) -> bool:
    return event["category"] in IO_CATEGORIES and "MODIFIES_STATE" not in event["flags"]


@cache
def document(*loaded: str) -> dict[str, Any]:
    """The three listings with the fields of these plugins, as compile_main takes them."""
    return {"fields": fields(frozenset(loaded)), "events": events(), "syscalls": syscalls()}
