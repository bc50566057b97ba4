"""The lines of the log that tell how a start went, in the order of cli.md §10."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

from yarak.compiler import Answer
from yarak.config import Loaded
from yarak.log import Log
from yarak.versions import YARAK


def version(log: Log) -> None:
    """Who starts."""
    log.info(f"Yarak version: {YARAK} ({platform.machine()})")


def configuration(loaded: Loaded, log: Log) -> None:
    """Which files the configuration came from, and what was odd about it."""
    log.info("Yarak initialized with configuration files:")
    for file in sorted(loaded.files, key=lambda file: file.path):
        if file.unknown:
            log.warning(f"   {file.path} | schema validation: failed, {len(file.unknown)} unknown keys")
        else:
            log.info(f"   {file.path} | schema validation: ok")
    for warning in loaded.warnings:
        log.warning(warning)
    if loaded.later:
        log.notice(f"Known to Falco but not built yet, without effect: {', '.join(loaded.later)}")


def system(log: Log) -> None:
    """Which kernel is watched."""
    try:
        log.info(f"System info: {Path('/proc/version').read_text(encoding='utf-8', errors='replace').rstrip()}")
    except OSError:
        log.info(f"System info: {platform.platform()}")


def rules(files: Sequence[Path], answer: Answer, log: Log) -> None:
    """Which rules files were loaded, and their warnings."""
    log.info("Loading rules from:")
    results = {result.name: result for result in answer.results}
    texts = dict(zip((result.name for result in answer.results), answer.texts, strict=False))
    for file in files:
        result = results.get(str(file))
        failures = result.schema_warnings if result is not None else []
        log.write(4 if failures else 6, f"   {file} | schema validation: {failures[0] if failures else 'ok'}")
        if result is not None and result.warnings and result.successful:
            log.warning(texts[result.name].rstrip())


def enabled(answer: Answer, log: Log) -> None:
    """Which rules run."""
    names = answer.summary.enabled
    log.debug(
        "\n".join(("Enabled rules:", *(f"   {name}" for name in names), f"({len(names)}) enabled rules in total"))
    )


def selections(loaded: Loaded, log: Log) -> None:
    """Rules switched on and off by configuration."""
    for entry in loaded.settings.rules:
        for word, choice in (("Enabling", entry.enable), ("Disabling", entry.disable)):
            if choice is not None and choice.rule is not None:
                log.info(f"{word} rules with name: {choice.rule}")
            if choice is not None and choice.tag is not None:
                log.info(f"{word} rules with tag: {choice.tag}")


def hostname(log: Log) -> None:
    """A name that does not come from the machine."""
    if name := os.environ.get("FALCO_HOSTNAME"):
        log.info(f"Hostname value has been overridden via environment variable to: {name}")


def late_strings_line(calls: Sequence[str]) -> str | None:
    """What to say of calls whose names are known only as they are when the call ends, else None."""
    if not calls:
        return None
    return (
        f"No kprobes on this kernel: the names that {', '.join(calls)} get are read when the call ends "
        "(sensor.snapshots=always also reads them when it begins, at a cost to every system call)"
    )
