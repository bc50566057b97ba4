"""Typed access to the keys of a YAML mapping, with the errors that the spec words (rules-language.md, section 1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .diagnostics import Diagnostic, LoadError
from .load import is_null
from .position import Context, Place
from .source import Scalar, SourceFile
from .suggest import closest, did_you_mean

_TRUE: Final = frozenset({"true", "yes", "on", "y"})
_FALSE: Final = frozenset({"false", "no", "off", "n"})
_UINT32: Final = 2**32


class Mapping:
    """A mapping node of a rules file. All accessors raise LoadError with LOAD_ERR_YAML_VALIDATE."""

    __slots__ = ("_keys", "context", "file", "node")

    def __init__(self, node: MappingNode, file: SourceFile, context: Context) -> None:
        self.node = node
        self.file = file
        self.context = context
        self._keys: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if isinstance(key, ScalarNode):
                self._keys.setdefault(key.value, (key, value))

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def keys(self) -> Iterable[str]:
        """The keys, in the order of the file."""
        return self._keys

    def key_place(self, key: str) -> Place:
        """Where a present key is written; for an absent one, the item's first value, which is its name."""
        if key in self._keys:
            return self.file.place_of(self._keys[key][0])
        first = next((value for _, value in self._keys.values() if isinstance(value, ScalarNode)), self.node)
        return self.file.place_of(first)

    def value_place(self, key: str) -> Place:
        """Where the value of a key is written; the key itself where there is no value or one of several lines."""
        node = self.value(key)
        if node is None or not _is_on_one_line(node):
            return self.key_place(key)
        return self.file.place_of(node)

    def value(self, key: str) -> Node | None:
        """The value's node, or None where the key is absent."""
        return self._keys[key][1] if key in self._keys else None

    def fail(
        self, key: str, message: str, expected: str = "", code: str = "LOAD_ERR_YAML_VALIDATE", hint: str = "",
        guilty: Node | None = None,
    ) -> NoReturn:  # fmt: skip
        """Raise the error about a key's value (or about the missing key), or about ``guilty``, a part of the value."""
        node = self._keys[key][1] if key in self._keys else self.node
        context = self.context.inside("value for", key, self.file.position(node))
        place = self.value_place(key) if guilty is None else self.file.place_of(guilty)
        raise LoadError(Diagnostic(code, message, context, place, expected, hint))

    def key(self, key: str) -> Node:
        """The node of a present key itself."""
        return self._keys[key][0]

    def required(self, key: str) -> Node:
        """The node of a key that must be there and not be null."""
        node = self.value(key)
        if node is None:
            similar = closest(key, self._keys)
            hint = f"is '{similar}' meant to be '{key}'?" if similar else ""
            self.fail(key, f"Item has no mapping for key '{key}'", hint=hint)
        if is_null(node):
            self.fail(key, f"Mapping for key '{key}' is empty")
        return node

    def text(self, key: str) -> Scalar:
        """A required non-empty scalar."""
        node = self.required(key)
        if not isinstance(node, ScalarNode):
            self.fail(key, f"Value for key '{key}' must be a scalar", "one value")
        if not node.value:
            self.fail(key, f"Mapping for key '{key}' is empty")
        return Scalar(node.value, self.file, node)

    def boolean(self, key: str, default: bool) -> bool:
        """An optional truth value."""
        if key not in self:
            return default
        word = self.text(key).value.lower()
        if not is_true(word) and word not in _FALSE:
            hint = did_you_mean(word, ("true", "false"))
            self.fail(key, f"the value of '{key}' has the wrong type", "true or false", hint=hint)
        return is_true(word)

    def uint32(self, key: str, default: int) -> int:
        """An optional unsigned number below 2^32."""
        if key not in self:
            return default
        word = self.text(key).value
        if not word.isdecimal() or int(word) >= _UINT32:
            self.fail(key, f"the value of '{key}' has the wrong type", "a number from 0 to 4294967295")
        return int(word)

    def texts(self, key: str) -> list[Scalar]:
        """A required sequence of scalars, possibly empty."""
        node = self.required(key)
        if not isinstance(node, SequenceNode):
            hint = f"write [{node.value}]" if isinstance(node, ScalarNode) else ""
            self.fail(key, f"Value for key '{key}' must be a sequence", "a list", hint=hint)
        return [self._element(key, element) for element in node.value]

    def _element(self, key: str, element: Node) -> Scalar:
        if not isinstance(element, ScalarNode) or is_null(element):
            context = self.context.inside("value for", key, self.file.position(element))
            message = f"Elements of key '{key}' must be scalars"
            place = self.file.place_of(element)
            raise LoadError(Diagnostic("LOAD_ERR_YAML_VALIDATE", message, context, place, "one value"))
        return Scalar(element.value, self.file, element)


def _is_on_one_line(node: Node) -> bool:
    return node.start_mark.index < node.end_mark.index and node.start_mark.line == node.end_mark.line


def is_true(text: str) -> bool:
    """Whether a truth value is one of the words for yes."""
    return text.lower() in _TRUE
