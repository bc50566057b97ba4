"""Exceptions of rules (rules-language.md, section 4): reading them, and appending them to a rule's."""

from __future__ import annotations

from collections.abc import Callable

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .decode import Mapping
from .diagnostics import Diagnostic, LoadError
from .items import Entry, ExceptionItem, Row
from .position import Context
from .source import Scalar, SourceFile

Warn = Callable[[Diagnostic], None]


def read_all(rule: Mapping, file: SourceFile, warn: Warn) -> list[ExceptionItem]:
    """The ``exceptions`` of a rule item. Raises LoadError with LOAD_ERR_YAML_VALIDATE for a wrong structure."""
    node = rule.required("exceptions")
    context = rule.context.inside("exceptions", "", file.position(node))
    if not isinstance(node, SequenceNode):
        rule.fail("exceptions", "Rule exceptions must be a sequence", "a list of exceptions")
    found: list[ExceptionItem] = []
    for element in node.value:
        item = _read_one(element, file, context)
        if any(item.name == earlier.name for earlier in found):
            message = f"exception '{item.name}' is defined more than once in this rule"
            warn(Diagnostic("LOAD_EXCEPTION_NAME_NOT_UNIQUE", message, item.context, item.place))
        found.append(item)
    return found


def _read_one(node: Node, file: SourceFile, parent: Context) -> ExceptionItem:
    if not isinstance(node, MappingNode):
        context = parent.inside("exception", "", file.position(node))
        place = file.place_of(node)
        raise LoadError(Diagnostic("LOAD_ERR_YAML_VALIDATE", "Rule exception must be a map", context, place))
    unnamed = Mapping(node, file, parent.inside("exception", "", file.position(node)))
    name = unnamed.text("name")
    context = parent.inside("exception", name.value, file.position(node))
    item = Mapping(node, file, context)
    fields, scalar = _scalars(item, "fields")
    comps, scalar_comps = _scalars(item, "comps")
    values = _values(item, file) if "values" in item else []
    if fields and "comps" in item and scalar != scalar_comps:
        shapes = "a single field takes a single comps, a list of fields takes a list of comps"
        message = shapes if scalar else "Fields and comps lists must have equal length"
        raise LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, context, item.value_place("comps")))
    return ExceptionItem(
        name.value, scalar, fields, comps, values, context, name.place(),
        {key: item.value_place(key) for key in item.keys()},
    )  # fmt: skip


def _scalars(item: Mapping, key: str) -> tuple[list[Scalar], bool]:
    """The scalars under ``key`` and whether it is one scalar instead of a list; nothing where the key is absent."""
    if key not in item:
        return [], False
    if isinstance(item.required(key), ScalarNode):
        return [item.text(key)], True
    return item.texts(key), False


def _values(item: Mapping, file: SourceFile) -> list[Row]:
    node = item.required("values")
    if not isinstance(node, SequenceNode):
        item.fail("values", "Rule exception values must be a sequence", "a list")
    return [_row(element, item, file) for element in node.value]


def _row(node: Node, item: Mapping, file: SourceFile) -> Row:
    if isinstance(node, ScalarNode):
        return Row([Scalar(node.value, file, node)], True, file.place_of(node))
    if not isinstance(node, SequenceNode):
        item.fail("values", "Rule exception values must be scalars or lists", guilty=node)
    row: list[Entry] = []
    for entry in node.value:
        if isinstance(entry, ScalarNode):
            row.append(Scalar(entry.value, file, entry))
        elif isinstance(entry, SequenceNode) and all(isinstance(leaf, ScalarNode) for leaf in entry.value):
            row.append([Scalar(leaf.value, file, leaf) for leaf in entry.value])
        else:
            item.fail("values", "Rule exception values must be scalars or lists of scalars", guilty=entry)
    return Row(row, False, file.place_of(node))


def named(exceptions: list[ExceptionItem], name: str) -> ExceptionItem | None:
    """The first of a rule's exceptions that has a name."""
    return next((item for item in exceptions if item.name == name), None)


def append(exceptions: list[ExceptionItem], added: ExceptionItem) -> None:
    """Append a faultless exception to a rule's: its values to the one of that name, or the whole of it."""
    earlier = named(exceptions, added.name)
    if earlier is None:
        exceptions.append(added)
    else:
        earlier.values = [*earlier.values, *added.values]
