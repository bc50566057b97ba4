"""Rules are compiled in a child process: its parser and documents leave no trace in the watcher's memory.

A command that ends with its captures compiles them in its own, which has less to start and load.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from yarak.config.settings import Settings
from yarak.errors import RulesError
from yarak.versions import BUILT_IN_PLUGINS

COMMAND = (sys.executable, "-P", "-m", "yarak.rules.compile_main")


class Inline(msgspec.Struct):
    """A rules file that is nowhere: the name it goes by in errors, and its text."""

    name: str
    text: str


class Result(msgspec.Struct):
    """What became of one file: see rules-language.md §7."""

    name: str
    successful: bool
    errors: list[Any] = []
    warnings: list[Any] = []
    schema_valid: bool | None = None
    schema_warnings: list[str] = []


class Summary(msgspec.Struct):
    """What was compiled; `seconds` is the compiler's own time."""

    rules: int = 0
    enabled: list[str] = []
    plugin_problem: str | None = None
    seconds: float = 0.0


class Answer(msgspec.Struct):
    """The compiler's answer: `plan` is a JSON document, `texts` a rendering for people per file."""

    ok: bool
    plan: msgspec.Raw = msgspec.Raw(b"")
    results: list[Result] = []
    texts: list[str] = []
    summary: Summary = msgspec.field(default_factory=Summary)


def options(settings: Settings) -> dict[str, Any]:
    """What the compiler needs to know of the settings."""
    from yarak import priorities

    return {
        "priority": priorities.parse(settings.priority),
        "rule_matching": settings.rule_matching,
        "paths_match": settings.paths.match,
        "append_output": msgspec.to_builtins(settings.append_output),
        "rules": msgspec.to_builtins(settings.rules),
        "static_fields": settings.static_fields,
        "all_syscalls": settings.base_syscalls.all,
        "sources": ["syscall"],
        "plugins": dict(BUILT_IN_PLUGINS),
    }


def _request(files: Sequence[Path | Inline], settings: Settings, **more: bool) -> dict[str, Any]:
    """The request for `yarak.rules.compile_main`; `more` are options that are on or off."""
    return {"files": msgspec.to_builtins(files, enc_hook=str), "options": options(settings) | more}


class Compiler:
    """The compiler's process. It loads its parser while the caller finds out what there is to compile."""

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        import subprocess  # not for who compiles in this process

        self._child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            process_group=0,  # a Ctrl-C is for the watcher, which ends the child itself
        )

    def begin(self, files: Sequence[Path | Inline], settings: Settings, *, all_syscalls: bool = False) -> None:
        """Hand over what to compile; call `answer` for the outcome.

        `all_syscalls`: rules get the calls too that are ignored by default.
        """
        request = _request(files, settings, **({"all_syscalls": True} if all_syscalls else {}))
        pipe = self._child.stdin
        assert pipe is not None, "a compiler compiles once"
        self._child.stdin = None
        try:
            with pipe:
                pipe.write(msgspec.json.encode(request))
        except BrokenPipeError:
            pass  # it ended already, and `answer` says how

    def answer(self) -> Answer:
        """Wait for the outcome.

        Raises: RulesError when the compiler itself failed.
        """
        out, err = self._child.communicate()
        if self._child.returncode != 0:
            reason = err.decode(errors="replace").strip().rsplit("\n", 1)[-1]
            raise RulesError(f"The rules compiler ended with status {self._child.returncode}: {reason}")
        try:
            return msgspec.json.decode(out, type=Answer)
        except msgspec.DecodeError as error:
            raise RulesError(f"The rules compiler's answer cannot be read: {error}") from None

    def cancel(self) -> None:
        """End the child, if it still runs."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
            if pipe is not None:
                pipe.close()


Compile = Callable[[Sequence[Path | Inline], Settings], Answer]
"""Rules files to what became of them. Raises: RulesError when the compiler itself failed."""


def in_child(files: Sequence[Path | Inline], settings: Settings, *, all_syscalls: bool = False) -> Answer:
    """Compile for a sensor in a child process, with nothing else to do meanwhile. Raises: RulesError."""
    child = Compiler()
    try:
        child.begin(files, settings, all_syscalls=all_syscalls)
        return child.answer()
    finally:
        child.cancel()


def in_process(files: Sequence[Path | Inline], settings: Settings) -> Answer:
    """Compile for a replay in this process, which keeps the parser. Raises: RulesError."""
    from yarak import collector
    from yarak.rules import compile_main

    try:
        with collector.paused():
            return msgspec.json.decode(compile_main.answer(_request(files, settings, kernel=False)), type=Answer)
    except ValueError as error:
        raise RulesError(f"The rules cannot be compiled: {error}") from None


def _environment() -> dict[str, str]:
    """The child finds this very package, and (`-P`) never one that lies in the working directory."""
    package = str(Path(__file__).resolve().parent.parent)
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{known}" if known else package}


def accepted(answer: Answer) -> bytes:
    """The plan.

    Raises: RulesError with the plugin that is missing, else with the renderings of the files that are bad.
    """
    if answer.ok:
        return bytes(answer.plan)
    if answer.summary.plugin_problem:
        raise RulesError(answer.summary.plugin_problem)
    bad = [text for text, result in zip(answer.texts, answer.results, strict=False) if not result.successful]
    raise RulesError("\n".join(bad).rstrip() or "The rules cannot be used")
