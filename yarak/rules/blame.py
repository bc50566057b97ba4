"""Why the kernel does not decide more of a rule: which of its checks are to blame, and which limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from . import boxes, dimensions, printing
from .boxes import Box
from .kernel_filter import KernelFilter
from .nodes import And, Check, Node, Not, Or

EXCUSE: Final = "excuse"
"""Behind ``not``, so that its absence passes: the kernel can drop nothing by it."""
OR: Final = "or"
NARROWER: Final = "narrower"
LIMIT: Final = "limit"
NEVER: Final = "never"

_FEW_VALUES: Final = 6
_FEW_CHECKS: Final = 3


@dataclass(frozen=True, slots=True)
class Drop:
    """A check that the kernel could make and does not, with its reason in one of the words above and in a sentence."""

    check: str
    reason: str
    because: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A rule's clauses after one step of making the filter, and what took checks away there, by dimension."""

    clauses: Sequence[Box]
    limit: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Level:
    """An ``and`` or ``or`` above a check, and the child that leads to it."""

    node: And | Or
    negated: bool
    child: Node

    @property
    def is_or(self) -> bool:
        return isinstance(self.node, Or) != self.negated


@dataclass(frozen=True, slots=True)
class _Part:
    """A check as a condition uses it."""

    check: Check
    negated: bool

    @property
    def text(self) -> str:
        return f"{'not ' * self.negated}{short(self.check)}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a check stands in a condition; ``above`` begins outermost."""

    check: Check
    negated: bool
    above: tuple[_Level, ...]


class Blame:
    """For one rule: its condition, the codes that it is evaluated for, and the stages of its clauses."""

    def __init__(self, kernel: KernelFilter, condition: Node, codes: int, stages: Sequence[Stage]) -> None:
        self._kernel = kernel
        self._condition = condition
        self._codes = codes
        self._stages = stages
        self._places = list(_places(condition))

    def userspace(self) -> list[str]:
        """The checks that only userspace can make."""
        return list(dict.fromkeys(short(one.check) for one in self._places if self._is_userspaces(one.check)))

    def dropped(self) -> list[Drop]:
        """The checks that the kernel could make and that no clause asks for, wherever they stand."""
        found: dict[str, list[Drop | None]] = {}
        for place in self._places if self._stages[0].clauses else ():
            if not self._is_userspaces(place.check):
                found.setdefault(short(place.check), []).append(self._drop(place))
        told = [_worst(drops) for drops in found.values()]
        return [drop for drop in told if drop is not None]

    def forced(self, codes: int) -> str:
        """Why every event of these codes comes for the rule."""

        def passes(box: Box) -> bool:
            return bool(codes & box.codes) and not box.asked

        first = next(number for number, stage in enumerate(self._stages) if any(map(passes, stage.clauses)))
        if first:
            before = self._stages[first - 1].clauses
            gone = {name for box in before if codes & box.codes for name in box.asked}
            return self._stages[first].limit(min(gone, key=boxes.DIMENSIONS.index))
        guilty = self._guilty(self._condition, False, passes)
        if any(self._is_userspaces(part.check) for part in guilty):
            return f"only userspace can tell: {_few(guilty)}"
        limited = next((drop for drop in self.dropped() if drop.reason == LIMIT), None)
        if limited is not None:
            return limited.because
        excuses = [part for part in guilty if not self._is_type(part.check)]
        if excuses:
            return f"excuses alone narrow it: {_few(excuses)}"
        return "the rule asks for nothing but the event's type"

    def _drop(self, place: _Place) -> Drop | None:
        """None where some clause asks for what the check wants, or it can never want anything of this rule."""
        answers = [box for box in self._kernel.possible(place.check, place.negated) if box.codes & self._codes]
        if self._is_excuse(place):
            return Drop(short(place.check), EXCUSE, "an excuse, which only userspace can grant")
        for number, stage in enumerate(self._stages):
            gone = _missing(answers, stage.clauses)
            if gone is not None:
                if number:
                    return Drop(short(place.check), LIMIT, stage.limit(gone))
                return Drop(short(place.check), *self._reason(place, gone))
        return None

    def _reason(self, place: _Place, dimension: str) -> tuple[str, str]:
        """Why the rule's own clauses do not ask for what the check wants in one dimension."""
        if any(not self._kernel.possible(level.node, level.negated) for level in place.above):
            return NEVER, "its part of the condition can never hold"
        if any(dimension in self._kernel.lost(level.node, level.negated) for level in place.above):
            return LIMIT, self._stages[0].limit(dimension)
        beside = self._beside(place, dimension)
        if beside:
            blind = any(self._is_userspaces(part.check) for part in beside)
            return OR, f"`or` joins it to {_few(beside)}" + (", which only userspace can tell" if blind else "")
        if not any(dimension in box.asked for box in self._stages[0].clauses):
            return NEVER, "its part of the condition can never hold"
        if dimension == "outside":
            return LIMIT, f"a clause can ask for {boxes.MAX_OUTSIDE} groups of networks to be outside of"
        return NARROWER, f"another check of the {dimensions.NOUNS[dimension]} is asked instead"

    def _beside(self, place: _Place, dimension: str) -> list[_Part]:
        """The checks in other branches of the nearest ``or`` that leave the dimension open."""
        for level in reversed(place.above):
            if level.is_or:
                others = [child for child in level.node.children if child is not level.child]
                found = [part for other in others for part in self._leaving_open(other, level.negated, dimension)]
                if found:
                    return found
        return []

    def _leaving_open(self, node: Node, negated: bool, dimension: str) -> list[_Part]:
        return self._guilty(node, negated, lambda box: bool(box.codes & self._codes) and dimension not in box.asked)

    def _guilty(self, node: Node, negated: bool, free: Callable[[Box], bool]) -> list[_Part]:
        """The checks because of which a condition may hold in boxes that are ``free``."""
        if not any(map(free, self._kernel.possible(node, negated))):
            return []
        match node:
            case Check():
                return [_Part(node, negated)]
            case Not(child=child):
                return self._guilty(child, not negated, free)
            case And() | Or():
                found = [part for child in node.children for part in self._guilty(child, negated, free)]
                return found if isinstance(node, Or) != negated else self._least_decidable(found)
        return []

    def _least_decidable(self, parts: list[_Part]) -> list[_Part]:
        """Of checks that all have to hold, those that any better one would relieve."""
        for blind in (self._is_userspaces, lambda check: not self._is_type(check)):
            found = [part for part in parts if blind(part.check)]
            if found:
                return found
        return parts

    def _is_userspaces(self, check: Check) -> bool:
        """Whether the kernel learns nothing from the check but, at most, which events have what it reads."""
        true = self._kernel.possible(check)
        return bool(true) and not any(box.asked for box in true) and self._is_anything(check, negated=True)

    def _is_type(self, check: Check) -> bool:
        """Whether all that the check says is which events it holds for."""
        both = (*self._kernel.possible(check), *self._kernel.possible(check, negated=True))
        return not self._is_userspaces(check) and not any(box.asked for box in both)

    def _is_excuse(self, place: _Place) -> bool:
        return self._is_anything(place.check, place.negated) and not self._is_type(place.check)

    def _is_anything(self, check: Check, negated: bool) -> bool:
        return self._kernel.possible(check, negated) == (self._kernel.everything,)


def _worst(drops: Sequence[Drop | None]) -> Drop | None:
    """Of what became of a check in several places: asked for anywhere is enough, and an excuse is no reason to rewrite
    the rule."""
    if None in drops:
        return None
    return min(drops, key=lambda drop: drop is None or drop.reason == EXCUSE)


def short(check: Check) -> str:
    """The check as it is written, with the first few of its values."""
    text = printing.condition(check)
    if len(check.values) <= _FEW_VALUES:
        return text
    values = dimensions.listed((printing.value(value.text) for value in check.values), _FEW_VALUES)
    words = [printing.accessor(check.lhs), check.op, *([check.modifier] if check.modifier else [])]
    return f"{' '.join(words)} ({values})"


def _few(parts: Sequence[_Part]) -> str:
    return "; ".join(_cut(list(dict.fromkeys(part.text for part in parts))))


def _cut(texts: list[str]) -> list[str]:
    if len(texts) <= _FEW_CHECKS + 1:
        return texts
    return [*texts[:_FEW_CHECKS], f"… {len(texts) - _FEW_CHECKS} more"]


def _missing(answers: Sequence[Box], clauses: Sequence[Box]) -> str | None:
    """A dimension in which no clause has anything of what the answers want."""
    for box in answers:
        for name in sorted(box.asked, key=boxes.DIMENSIONS.index):
            if not any(box.codes & clause.codes and dimensions.overlap(name, box, clause) for clause in clauses):
                return name
    return None


def _places(node: Node, negated: bool = False, above: tuple[_Level, ...] = ()) -> Iterator[_Place]:
    match node:
        case Check():
            yield _Place(node, negated, above)
        case Not(child=child):
            yield from _places(child, not negated, above)
        case And() | Or():
            for child in node.children:
                yield from _places(child, negated, (*above, _Level(node, negated, child)))
