"""A parser that goes by tables: LALR(1), with a lexer that looks for what the parser's state has a use for.

The tables are worked out beforehand (tools/grammar_tables.py, which has lark do it): lark itself takes longer to load
than 25 rules take to compile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

END: Final = "$END"
"""The terminal behind the last character."""

State = Mapping[str, int]
"""By symbol: the next state or, inverted, the number of the rule whose end this is."""

Rule = tuple[str, str, int, tuple[tuple[int, bool], ...]]
"""Its symbol; its method of the builder, or ``""`` where its children are its parent's; how many symbols it has; which
of their values it takes, and whether a value is a list of children."""

_BLANKS: Final = re.compile(r"[ \t\b\r\n]*")


class Token(str):
    """What a terminal matched, and where."""

    __slots__ = ("end_pos", "start_pos", "type")
    type: str
    start_pos: int
    end_pos: int


class UnexpectedError(Exception):
    """The text goes on, or ends (``at_end``), in a way that no rule does."""

    def __init__(self, at: int, accepted: set[str], at_end: bool) -> None:
        super().__init__(f"unexpected text at {at}")
        self.at, self.accepted, self.at_end = at, accepted, at_end


class Parser:
    """``builder`` has a method for each rule that names one; it takes the values of the rule's children."""

    def __init__(
        self,
        builder: object,
        terminals: Sequence[tuple[str, str]],
        rules: Sequence[Rule],
        states: Sequence[State],
        starts: Mapping[str, tuple[int, int]],
    ) -> None:
        """``terminals`` are names and patterns, the first that matches counts; ``starts`` the first and the last state
        by what is parsed."""
        self._terminals = terminals
        self._states = states
        self._starts = starts
        self._rules = [(symbol, _method(builder, name), size, taken) for symbol, name, size, taken in rules]
        self._scanners: list[re.Pattern[str] | None] = [None] * len(states)
        self._patterns: dict[tuple[str, ...], re.Pattern[str]] = {}

    def parse(self, text: str, start: str) -> Any:
        """The value of the whole text. Raises UnexpectedError."""
        first, last = self._starts[start]
        stack, values = [first], list[Any]()
        at, end = _BLANKS.match(text).end(), len(text)  # type: ignore[union-attr]  # it matches anywhere
        while at < end:
            state = stack[-1]
            found = (self._scanners[state] or self._scanner(state)).match(text, at)
            if found is None:
                raise self._unexpected(stack, text, at, last)
            token = Token(found.group())
            token.type, token.start_pos, token.end_pos = found.lastgroup, at, found.end()  # type: ignore[assignment]
            action = self._reduce(stack, values, token.type, last)
            if action is None:
                raise UnexpectedError(at, self._accepted(stack, last) or self._known(stack[-1]), at_end=False)
            stack.append(action)
            values.append(token)
            at = _BLANKS.match(text, token.end_pos).end()  # type: ignore[union-attr]
        if self._reduce(stack, values, END, last) is None:
            raise UnexpectedError(at, self._accepted(stack, last) or self._known(stack[-1]), at_end=True)
        return values[-1]

    def _reduce(self, stack: list[int], values: list[Any], symbol: str, last: int) -> int | None:
        """Applies the rules that end before ``symbol``; the state that it leads to, None if there is none."""
        states, rules = self._states, self._rules
        while True:
            action = states[stack[-1]].get(symbol)
            if action is None or action >= 0:
                return action
            name, method, size, taken = rules[~action]
            children: list[Any] = []
            base = len(values) - size
            for at, is_list in taken:
                if is_list:
                    children += values[base + at]
                else:
                    children.append(values[base + at])
            if size:
                del stack[-size:], values[-size:]
            values.append(method(children))
            state = states[stack[-1]][name]
            stack.append(state)
            if symbol == END and state == last:
                return state

    def _scanner(self, state: int) -> re.Pattern[str]:
        """The pattern of what may come in a state."""
        names = tuple([name for name, _ in self._terminals if name in self._states[state]])
        scanner = self._patterns.get(names)
        if scanner is None:
            scanner = self._patterns[names] = _pattern(self._terminals, names)
        self._scanners[state] = scanner
        return scanner

    def _unexpected(self, stack: list[int], text: str, at: int, last: int) -> UnexpectedError:
        """Nothing that is known in this state comes: with what is a word elsewhere, say what could really come."""
        accepted = self._known(stack[-1])
        if _pattern(self._terminals, [name for name, _ in self._terminals]).match(text, at):
            accepted = self._accepted(stack, last) or accepted
        return UnexpectedError(at, accepted, at_end=False)

    def _known(self, state: int) -> set[str]:
        return {symbol for symbol in self._states[state] if symbol.isupper()}

    def _accepted(self, stack: list[int], last: int) -> set[str]:
        """Terminals that can come: some that a state knows only end rules, and then lead nowhere."""
        return {symbol for symbol in self._known(stack[-1]) if self._leads_on(list(stack), symbol, last)}

    def _leads_on(self, stack: list[int], symbol: str, last: int) -> bool:
        while True:
            action = self._states[stack[-1]].get(symbol)
            if action is None or action >= 0:
                return action is not None
            name, _, size, _ = self._rules[~action]
            if size:
                del stack[-size:]
            stack.append(self._states[stack[-1]][name])
            if symbol == END and stack[-1] == last:
                return True


def _method(builder: object, name: str) -> Callable[[list[Any]], Any]:
    return getattr(builder, name) if name else _itself


def _itself(children: list[Any]) -> list[Any]:
    return children


def _pattern(terminals: Iterable[tuple[str, str]], names: Iterable[str]) -> re.Pattern[str]:
    wanted = set(names)
    return re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in terminals if name in wanted))
