"""From a condition's text to its checked tree, with memory across the files of a load.

Every file recompiles all that was collected so far (rules-language.md, section 6); what has not changed is not
parsed or checked again.
"""

from __future__ import annotations

from .check import Checker
from .events import Inference
from .expand import Expanded, Lists
from .grammar import parser
from .items import MacroItem
from .listing import Listing
from .nodes import Node
from .output import Segment
from .output import parse as parse_output
from .problem import ConditionError
from .source import Text


class Conditions:
    """What lives as long as a load: parsed conditions and outputs, checkers per event source, event inference."""

    def __init__(self, listing: Listing) -> None:
        self.listing = listing
        self.inference = Inference(listing)
        self._checkers: dict[str, Checker] = {}
        self._parsed: dict[tuple[str, str, str], Node | ConditionError] = {}
        self._outputs: dict[tuple[str, str, str], list[Segment] | ConditionError] = {}

    def checker(self, source: str) -> Checker:
        """The checker for rules of an event source."""
        if source not in self._checkers:
            self._checkers[source] = Checker(self.listing, source)
        return self._checkers[source]

    def parse(self, kind: str, name: str, text: Text, lists: Lists) -> Node:
        """The tree of the condition of the rule or macro (``kind``) ``name``, lists expanded. Raises ConditionError."""
        expanded = lists.expand(text)
        key = (kind, name, expanded.value)
        if key not in self._parsed:
            self._parsed[key] = _parse(expanded)
        found = self._parsed[key]
        if isinstance(found, ConditionError):
            raise found
        return found

    def macro(self, item: MacroItem, lists: Lists) -> Node:
        """The unresolved tree of a macro. Raises ConditionError."""
        return self.parse("macro", item.name, item.condition, lists)

    def output(self, name: str, text: Text, source: str) -> list[Segment]:
        """The segments of an output of the rule ``name``. Raises ConditionError."""
        key = (name, source, text.value)
        if key not in self._outputs:
            self._outputs[key] = self._parse_output(text, source)
        found = self._outputs[key]
        if isinstance(found, ConditionError):
            raise found
        return found

    def _parse_output(self, text: Text, source: str) -> list[Segment] | ConditionError:
        try:
            return parse_output(Expanded(text.value, text, []), self.checker(source).accessors)
        except ConditionError as error:
            return error

    def is_field(self, text: str, source: str) -> bool:
        """Whether ``text`` is a field or transformer expression that rules of ``source`` can use."""
        try:
            accessor = parser().accessor(text)
            self.checker(source).accessors.type_of(accessor, Expanded(text, Text(text, [(0, None)]), []))
        except ConditionError:
            return False
        return True


def _parse(expanded: Expanded) -> Node | ConditionError:
    try:
        return parser().condition(expanded)
    except ConditionError as error:
        return error
