"""Flags that ask for something to be printed in place of a watch, in their order of precedence (cli.md §1)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

import msgspec

from yarak import versions
from yarak.cli.request import Request
from yarak.errors import UsageError
from yarak.log import write_stderr

SOURCES: Final = ("syscall",)


def show(text: str) -> int:
    """Print `text` with a line feed; status 0."""
    print(text, flush=True)
    return 0


def as_json(value: object, indent: int = 0) -> str:
    """JSON text, on one line or indented."""
    text = msgspec.json.encode(value)
    return (msgspec.json.format(text, indent=indent) if indent else text).decode()


def config_schema(_request: Request) -> int:
    """`--config-schema`"""
    from yarak.config.schema import schema

    print(schema(), end="", flush=True)
    return 0


def rule_schema(_request: Request) -> int:
    """`--rule-schema`"""
    from yarak.rules.schema import text

    print(text(), end="", flush=True)
    return 0


def ignored(_request: Request) -> int:
    """`-i`"""
    from yarak.cli.core import core

    names = sorted(entry["name"] for entry in core().syscalls() if entry["ignored"])
    return show("Ignored syscall(s):\n" + "".join(f"- {name}\n" for name in names))


def list_format(request: Request) -> str:
    """The form of listings.

    Raises: UsageError for `--format` beside `--markdown`.
    """
    if not request.markdown:
        return (request.list_format or "text").lower()
    if request.list_format is not None:
        raise UsageError("--markdown and --format exclude each other")
    write_stderr("--markdown is deprecated: use --format markdown\n")
    return "markdown"


def list_events(request: Request) -> int:
    """`--list-events`"""
    from yarak.cli import events
    from yarak.cli.core import core

    return show(events.listing(core().events(), core().syscalls(), list_format(request)))


def version(request: Request) -> int:
    """`--version`"""
    return show(as_json(versions.as_json()) if request.settings.json_output else versions.as_text())


def page_size(request: Request) -> int:
    """`--page-size`"""
    assert request.loaded
    request.log.info(f"Your system page size is: {os.sysconf('SC_PAGESIZE')} bytes")
    return 0


def list_fields(request: Request) -> int:
    """`--list[=source]`"""
    from yarak.cli import fields
    from yarak.cli.core import core

    assert request.loaded
    source = request.list_fields or None
    if source is not None and source not in SOURCES:
        raise UsageError(f"Unknown event source '{source}': there is {', '.join(SOURCES)}")
    chosen = fields.visible(core().fields(), source)
    return show(fields.listing(chosen, list_format(request), names_only=request.names_only, verbose=request.verbose))


def check_sources(request: Request) -> bool:
    """Look at `--enable-source` and `--disable-source`; never ends the run by itself.

    Raises: UsageError.
    """
    enabled, disabled = request.enable_source, request.disable_source
    if enabled and disabled:
        raise UsageError("--enable-source and --disable-source exclude each other")
    for source in (*enabled, *disabled):
        if source not in SOURCES:
            raise UsageError(f"Unknown event source '{source}': there is {', '.join(SOURCES)}")
    if set(disabled) == set(SOURCES):
        raise UsageError("All event sources are disabled")
    return False


def validate(request: Request) -> int:
    """`-V`"""
    from yarak.cli.validation import validate as run

    return run(request)


def describe(request: Request) -> int:
    """`-L`, `-l`"""
    from yarak.cli.description import describe as run

    return run(request)


Action = tuple[Callable[[Request], bool], Callable[[Request], int]]

ACTIONS: Final[tuple[Action, ...]] = (
    (lambda request: request.config_schema, config_schema),
    (lambda request: request.rule_schema, rule_schema),
    (lambda request: request.ignored, ignored),
    (lambda request: request.list_events, list_events),
    (lambda request: request.version, version),
    (lambda request: request.page_size, page_size),
    (lambda request: request.list_fields is not None, list_fields),
    (check_sources, lambda _request: 0),
    (lambda request: bool(request.validate), validate),
    (lambda request: request.describe_rules or request.describe_rule is not None, describe),
)
"""(is it asked for?, do it): the first that applies ends the run."""
