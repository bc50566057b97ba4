"""Rules about programs and the kernel, on the host."""

from __future__ import annotations

import re

from livekit.stage import Case, Run, Stand

COPY_AND_RUN = "spawn /bin/sh -c 'cp /bin/true {temporary}/tool; {temporary}/tool; :'"

PROCESS_CASES = (
    Case(
        "Shell started by a network service",
        "Error",
        fires=Stand("nginx", ("spawn /bin/sh -c :",)),
        silent=Stand("backup", ("spawn /bin/sh -c :",)),
        fields={
            "proc.pname": "nginx",
            "proc.pexepath": "{bin}/nginx",
            "proc.cmdline": "sh -c :",
            "container.id": "host",
        },
    ),
    Case(
        "Program run from memory",
        "Critical",
        fires=Stand("dropper", ("exec-from-memory /bin/true",)),
        silent=Stand("dropper", ("spawn /bin/true",)),
        fields={"proc.exepath": re.compile(r"/?memfd:stand-in.*"), "proc.pname": "dropper"},
    ),
    Case(
        "Program run from shared memory",
        "Error",
        fires=Run(("sh", "-c", "cp /bin/true {shm}/tool && {shm}/tool")),
        silent=Run(("sh", "-c", "cp /bin/true {shm}/tool && rm {shm}/tool")),
        fields={"proc.exepath": "{shm}/tool", "user.name": "root"},
    ),
    Case(
        "Program run from shared memory",
        "Error",
        fires=Run(("sh", "-c", "echo : > {shm}/script; sh -e {shm}/script")),
        silent=Run(("sh", "-c", "echo : > {shm}/script; cat {shm}/script")),
        fields={"proc.cmdline": "sh -e {shm}/script", "proc.pname": "sh"},
    ),
    Case(
        "Program run from shared memory",
        "Error",
        fires=Run(("sh", "-c", "printf '#!/usr/bin/env true\\n' > {shm}/tool; chmod 700 {shm}/tool; {shm}/tool")),
        silent=Run(("sh", "-c", "printf '#!/usr/bin/env true\\n' > {shm}/tool; chmod 700 {shm}/tool; true {shm}/tool")),
        fields={"proc.pname": "sh", "proc.cmdline": lambda line: line.endswith("/tool")},
    ),
    Case(
        "Program run from shared memory",
        "Error",
        fires=Run(("sh", "-c", "cd {shm}; cp /bin/true .; ./true")),
        silent=Run(("sh", "-c", "cd {shm}; cp /bin/true .; true ./true")),
        fields={"proc.exepath": "{shm}/true", "proc.cmdline": "true"},
    ),
    Case(
        "Program run from a temporary directory",
        "Notice",
        fires=Stand("dropper", (COPY_AND_RUN,)),
        silent=Stand("dropper", ("spawn /bin/chmod 0777 {temporary}", "become 1000", COPY_AND_RUN)),
        fields={"proc.exepath": "{temporary}/tool", "proc.pname": "sh", "user.name": "root"},
    ),
    Case(
        "Cryptocurrency miner started",
        "Critical",
        fires=Run(("true", "--url", "stratum+tcp://pool.example:3333")),
        silent=Run(("true", "--url", "https://pool.example:3333")),
        fields={"proc.cmdline": "true --url stratum+tcp://pool.example:3333"},
    ),
    Case(
        "Kernel module loaded in an unusual way",
        "Critical",
        fires=Stand("loader", ("try init-module",)),
        silent=Stand("loader", ("try delete-module yarak_none",)),
        fields={"evt.type": "init_module", "proc.exepath": "{bin}/loader", "evt.res": re.compile("E[A-Z]+")},
    ),
    Case(
        "BPF program loaded by an unknown program",
        "Warning",
        fires=Stand("loader", ("bpf-load",)),
        silent=Stand("loader", ("bpf-map",)),
        fields={"proc.exepath": "{bin}/loader", "proc.cmdline": "loader bpf-load"},
    ),
    Case(
        "Helper program of the kernel replaced",
        "Alert",
        fires=Stand("setter", ("open-for-writing /proc/sys/kernel/core_pattern",)),
        silent=Stand("setter", ("read /proc/sys/kernel/core_pattern",)),
        fields={"fd.name": "/proc/sys/kernel/core_pattern", "proc.exepath": "{bin}/setter"},
    ),
    Case(
        "Debugger attached to a process",
        "Warning",
        fires=Stand("injector", ("attach",)),
        silent=Stand("injector", ("traceme",)),
        fields={"proc.exepath": "{bin}/injector", "evt.arg.request": "PTRACE_ATTACH", "evt.res": "SUCCESS"},
    ),
    Case(
        "Program asks to be traced by its parent",
        "Debug",
        fires=Stand("hider", ("traceme",)),
        silent=Stand("hider", ("attach",)),
        fields={"proc.exepath": "{bin}/hider", "proc.pname": "hider"},
    ),
    Case(
        "Memory of a process written through /proc",
        "Critical",
        fires=Stand("injector", ("open-for-writing /proc/self/mem",)),
        silent=Stand("injector", ("read /proc/self/mem",)),
        fields={"proc.exepath": "{bin}/injector"},
    ),
)
