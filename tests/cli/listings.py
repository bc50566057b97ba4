"""Listings as the core gives them, small enough to read."""

from __future__ import annotations

from typing import Any

FIELDS: list[dict[str, Any]] = [
    {"name": "evt.num", "class": "evt", "type": "UINT64", "arg": "none", "arg_required": False, "is_list": False,
     "flags": [], "display": "Event Number", "desc": "Number of the event.", "sources": ["syscall"], "is_path": False},
    {"name": "evt.dir", "class": "evt", "type": "CHARBUF", "arg": "none", "arg_required": False, "is_list": False,
     "flags": ["deprecated"], "display": "", "desc": "Direction.", "sources": ["syscall"], "is_path": False},
    {"name": "proc.aname", "class": "process", "type": "CHARBUF", "arg": "index", "arg_required": False,
     "is_list": False, "flags": [], "display": "", "desc": "Name of an ancestor. " * 8, "sources": ["syscall"],
     "is_path": False},
    {"name": "evt.arg", "class": "evt", "type": "DYN", "arg": "dotted", "arg_required": True, "is_list": True,
     "flags": ["no-rhs"], "display": "", "desc": "An argument.", "sources": ["syscall"], "is_path": False},
]  # fmt: skip

EVENTS: list[dict[str, Any]] = [
    {"id": 1, "name": "syscall", "category": "other", "flags": [], "kind": "syscall", "syscalls": [], "program": "",
     "params": [{"name": "ID", "type": "SYSCALLID", "format": "DEC", "flags": []}]},
    {"id": 3, "name": "open", "category": "file", "flags": [], "kind": "syscall", "syscalls": [], "program": "open",
     "params": [{"name": "fd", "type": "FD", "format": "DEC", "flags": []},
                {"name": "flags", "type": "FLAGS32", "format": "HEX", "flags": ["O_RDONLY", "O_CREAT"]}]},
    {"id": 7, "name": "read", "category": "io_read", "flags": [], "kind": "syscall", "syscalls": [],
     "program": "simple", "params": []},
    {"id": 186, "name": "procexit", "category": "process", "flags": [], "kind": "tracepoint",
     "syscalls": ["sched_process_exit"], "program": "procexit", "params": []},
]  # fmt: skip

SYSCALLS: list[dict[str, Any]] = [
    {"code": 0, "name": "unknown", "native": None, "event": 1, "ignored": False},
    {"code": 2, "name": "exit", "native": 60, "event": 1, "ignored": False},
    {"code": 3, "name": "read", "native": 0, "event": 7, "ignored": True},
    {"code": 4, "name": "open", "native": 2, "event": 3, "ignored": False},
]
