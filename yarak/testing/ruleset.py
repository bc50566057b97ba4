"""Rules at work on made-up events: the plain Python way to test them."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from yarak.config import rules_files
from yarak.errors import RulesError
from yarak.rules import Compiled, CompileOptions, compile_files

from .errors import TestError

if TYPE_CHECKING:
    from yarak._core import Alert as CoreAlert
    from yarak._core import Trial

    from .explanation import Explanation

Document = Mapping[str, Any]
"""A process or an event in the terms of docs/rules.md."""


@dataclass(frozen=True)
class Alert:
    """An alert: ``fields`` has the values of the output's fields, and of those that were asked for."""

    rule: str
    priority: str
    source: str
    tags: tuple[str, ...]
    text: str
    """The whole line."""
    output: str
    """The rule's output with its values."""
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Judged(ABC):
    """What an event, or a whole capture, led to."""

    alerts: tuple[Alert, ...]

    @property
    def rules(self) -> list[str]:
        """Names of the rules that fired, in order."""
        return [alert.rule for alert in self.alerts]

    @abstractmethod
    def explain(self, rule: str) -> Explanation:
        """Why a rule fired, or did not. Raises: TestError for a rule that is not there."""

    def expect(self, *rules: str) -> None:
        """Assert that these rules fired and no others, in this order; without any, that none did.

        Raises: AssertionError with the explanation of each rule that is missing or too many, TestError for a rule that
        is not there.
        """
        __tracebackhide__ = True
        from . import differences
        from .document import Expected

        found = list(differences.exactly([Expected(rule) for rule in rules], [self]))
        if found:
            raise AssertionError("\n\n".join(found))


@dataclass(frozen=True)
class Outcome(Judged):
    """What one event led to."""

    ruleset: RuleSet = field(repr=False)
    at: int = field(repr=False)
    """How much of the rule set's history there was, this event included."""

    def explain(self, rule: str) -> Explanation:
        """Why a rule fired on this event, or did not. Raises: TestError for a rule that is not there."""
        return self.ruleset.explain(rule, self.at)


@dataclass(frozen=True)
class Rules:
    """Compiled rules files, from which any number of rule sets can start."""

    compiled: Compiled

    @classmethod
    def load(cls, *paths: str | Path, **options: Any) -> Rules:
        """Compile rules files, and those in folders; ``options`` are those of CompileOptions.

        Raises: RulesError for files that cannot be used.
        """
        files = rules_files.from_command_line(map(str, paths))
        if not files:
            raise RulesError(rules_files.NO_RULES)
        compiled = compile_files(files, CompileOptions.from_json(options))
        if not compiled.ok:
            bad = [result.render() for result in compiled.results if not result.successful]
            raise RulesError("\n".join(bad) or compiled.plugin_problem or "The rules cannot be used")
        return cls(compiled)

    @classmethod
    def of_text(cls, text: str, **options: Any) -> Rules:
        """Compile rules given as YAML text. Raises: RulesError."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "rules.yaml"
            file.write_text(text)
            return cls.load(file, **options)


class RuleSet:
    """Rules, and a made-up machine on which nothing runs but process 1 until processes are described.

    State goes on from event to event, as on a real machine.
    """

    def __init__(
        self, *paths: str | Path, rules: Rules | None = None, settings: Document | None = None, **options: Any
    ) -> None:
        """Either ``paths`` of rules files and folders, with options of CompileOptions, or ``rules``.

        ``settings`` are the machine's: ``hostname``, and lines of ``passwd`` and ``group``.
        Raises: RulesError for rules that cannot be used.
        """
        self.rules = rules if rules is not None else Rules.load(*paths, **options)
        self.settings = dict(settings or {})
        self._history: list[tuple[str, Document]] = []

    @classmethod
    def of_text(cls, text: str, **options: Any) -> RuleSet:
        """Rules given as YAML text. Raises: RulesError."""
        return cls(rules=Rules.of_text(text, **options))

    @cached_property
    def _trial(self) -> Trial:
        return self.trial(self.rules.compiled.plan)

    @property
    def core(self) -> Trial:
        """The core that everything has happened to."""
        return self._trial

    def trial(self, plan: bytes, history: int = 0) -> Trial:
        """The same machine with another plan, on which the first ``history`` things have happened already."""
        from yarak import _core

        trial = _core.Trial(plan, json.dumps(self.settings).encode())
        for kind, document in self._history[:history]:
            if kind == "process":
                trial.process(_encoded(document))
            else:
                trial.feed(_encoded(document))
        return trial

    def process(self, document: Document | None = None, /, **more: Any) -> int:
        """Add a process that was there before; its pid. Raises: TestError for a description that is none."""
        whole = {**(document or {}), **more}
        with _told():
            pid = self._trial.process(_encoded(whole))
        self._history.append(("process", whole))
        return pid

    def event(
        self, what: str | Document, params: Document | None = None, /, *, fields: Iterable[str] = (), **more: Any
    ) -> Outcome:
        """Let an event happen, given whole or by type and parameters; ``more`` are the event's other keys.

        ``fields`` are asked for beyond those in outputs. Raises: TestError for a description that is none.
        """
        whole = {"type": what, "params": params or {}} if isinstance(what, str) else dict(what)
        whole |= more
        with _told():
            found = self._trial.feed(_encoded(whole))
            values = self.values(fields) if found else {}
        self._history.append(("event", whole))
        return Outcome(tuple(alert_of(alert, values) for alert in found), self, len(self._history))

    def capture(self, path: str | Path) -> Judged:
        """What a whole capture leads to: on the machine that it was taken on, so that nothing here has a part in it.

        Raises: CaptureError for a file that cannot be read.
        """
        from . import captured

        return captured.Outcome.of(Path(path), self.rules)

    def values(self, fields: Iterable[str], choice: int = 0) -> dict[str, Any]:
        """Values of fields for the last event; None where absent. Raises: TestError for a field that is none."""
        names = list(fields)
        if not names:
            return {}
        with _told():
            answers = json.loads(self._trial.values(json.dumps(names).encode(), choice))
        return {name: answer.get("value") for name, answer in zip(names, answers, strict=True)}

    def explain(self, rule: str, at: int | None = None) -> Explanation:
        """Why a rule fired on the last event, or on the one before history position ``at``, or did not.

        Raises: TestError for a rule that is not there, or where no event has happened.
        """
        from .explanation import explain

        position = len(self._history) if at is None else at
        if not position or self._history[position - 1][0] != "event":
            raise TestError("There is no event to explain")
        with _told():
            return explain(self, rule, position)

    def happened(self, at: int) -> Document:
        """What happened last before history position ``at``."""
        return self._history[at - 1][1]


def _encoded(document: Document) -> bytes:
    try:
        return json.dumps(document).encode()
    except TypeError as error:
        raise TestError(f"An event holds something that is no text, number or list: {error}") from None


def alert_of(alert: CoreAlert, values: Mapping[str, Any]) -> Alert:
    """An alert of the core with the values of further fields."""
    document = json.loads(alert.json)
    return Alert(
        alert.rule, document["priority"], alert.source, tuple(alert.tags), alert.text,
        document["output"].partition(f": {document['priority']} ")[2], {**values, **document["output_fields"]},
    )  # fmt: skip


class _told:  # noqa: N801 - reads as a statement
    """Turns the core's complaints about descriptions into ours."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        from yarak import _core

        if isinstance(error, _core.CoreError):
            raise TestError(error.message, hint=error.hint, code=error.code) from None


__all__ = ["Alert", "Judged", "Outcome", "RuleSet", "Rules"]
