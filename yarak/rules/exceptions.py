"""Exceptions of rules (rules-language.md, section 4): reading, checking, appending, their text in a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from .decode import Mapping
from .diagnostics import Diagnostic, LoadError
from .items import Entry, ExceptionItem, Row
from .position import Context
from .source import Scalar, SourceFile, Text

TEXT_OPERATORS: Final = frozenset(
    ("==", "=", "!=", "glob", "iglob", "contains", "icontains", "bcontains", "startswith", "bstartswith", "endswith",
     "regex")
)  # fmt: skip
LIST_OPERATORS: Final = frozenset(("in", "intersects", "pmatch"))
_NUMBER_OPERATORS: Final = frozenset(("<", "<=", ">", ">="))
_MODIFIERS: Final = frozenset(("oneof", "anyof", "allof"))

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
        raise LoadError(Diagnostic("LOAD_ERR_YAML_VALIDATE", "Rule exception must be a map", context))
    unnamed = Mapping(node, file, parent.inside("exception", "", file.position(node)))
    name = unnamed.text("name")
    context = parent.inside("exception", name.value, file.position(node))
    item = Mapping(node, file, context)
    fields, scalar = _scalars(item, "fields")
    comps, scalar_comps = _scalars(item, "comps")
    values = _values(item, file) if "values" in item else []
    if fields and "comps" in item and scalar != scalar_comps:
        shapes = "a single field takes a single comps, a list of fields takes a list of comps"
        _invalid(context, shapes if scalar else "Fields and comps lists must have equal length")
    return ExceptionItem(
        name.value, scalar, fields, [comp.value.strip() for comp in comps], values, context, name.place(),
        has_fields="fields" in item, has_comps="comps" in item, has_values="values" in item,
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
        return Row([Scalar(node.value, file, node)], scalar=True)
    if not isinstance(node, SequenceNode):
        item.fail("values", "Rule exception values must be scalars or lists")
    row: list[Entry] = []
    for entry in node.value:
        if isinstance(entry, ScalarNode):
            row.append(Scalar(entry.value, file, entry))
        elif isinstance(entry, SequenceNode) and all(isinstance(leaf, ScalarNode) for leaf in entry.value):
            row.append([Scalar(leaf.value, file, leaf) for leaf in entry.value])
        else:
            item.fail("values", "Rule exception values must be scalars or lists of scalars")
    return Row(row, scalar=False)


def _invalid(context: Context, message: str) -> NoReturn:
    raise LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, context))


def check(item: ExceptionItem, known_field: Callable[[str], bool] | None) -> None:
    """Validate a definition and fill in default comps. ``known_field`` is None where the rule's source is unknown.

    Raises LoadError: LOAD_ERR_YAML_VALIDATE without fields, LOAD_ERR_VALIDATE otherwise.
    """
    if not item.has_fields:
        message = "Item has no mapping for key 'fields'"
        raise LoadError(Diagnostic("LOAD_ERR_YAML_VALIDATE", message, item.context))
    if not item.fields:
        _invalid(item.context, "Rule exception must have fields property with a list of fields")
    if not item.has_comps:
        item.comps = ["in"] if item.scalar else ["="] * len(item.fields)
    if len(item.comps) != len(item.fields):
        _invalid(item.context, "Fields and comps lists must have equal length")
    for comp in item.comps:
        if not _supported(comp, item.scalar):
            _invalid(item.context, f"'{comp}' is not a supported comparison operator")
    for name in item.fields:
        if known_field is not None and not known_field(name.value):
            message = f"'{name.value}' is not a supported filter field"
            place = name.place()
            raise LoadError(Diagnostic("LOAD_ERR_VALIDATE", message, item.context, place))
    check_values(item)


def _supported(comp: str, scalar: bool) -> bool:
    words = comp.split()
    if len(words) == 2:
        return words[0] in TEXT_OPERATORS and words[1] in _MODIFIERS
    if scalar:
        return comp in LIST_OPERATORS
    return comp in TEXT_OPERATORS or comp in LIST_OPERATORS or comp in _NUMBER_OPERATORS


def check_values(item: ExceptionItem) -> None:
    """Raise LoadError with LOAD_ERR_VALIDATE where the rows do not fit the fields."""
    for row in item.values:
        if item.scalar:
            if not row.scalar:
                _invalid(item.context, "a single field takes single values, a list of fields takes lists of values")
        elif row.scalar or len(row.entries) != len(item.fields):
            _invalid(item.context, "Fields and values lists must have equal length")


def append(rule_exceptions: list[ExceptionItem], added: ExceptionItem, known: Callable[[str], bool] | None) -> None:
    """Append one exception to a rule's: values to an existing name, or a whole new exception."""
    for earlier in rule_exceptions:
        if earlier.name == added.name:
            _append_values(earlier, added)
            return
    if not added.has_fields:
        _invalid(added.context, "Rule exception must have fields property with a list of fields")
    if not added.values:
        _invalid(added.context, "an appended exception needs values")
    check(added, known)
    rule_exceptions.append(added)


def _append_values(earlier: ExceptionItem, added: ExceptionItem) -> None:
    if added.has_fields:
        _invalid(
            added.context, "fields of an existing exception cannot be changed by appending, only values can be added"
        )
    if added.has_comps:
        _invalid(
            added.context, "comps of an existing exception cannot be changed by appending, only values can be added"
        )
    earlier.values = [*earlier.values, *added.values]
    check_values(earlier)


def extend_condition(condition: Text, exceptions: list[ExceptionItem]) -> Text:
    """``( condition ) and not piece …``: the condition with every exception that has values."""
    pieces = [_piece(item) for item in exceptions if item.values]
    if not pieces:
        return condition
    whole = Text("( ", [(0, None)]).plus("", condition).plus(" )", Text("", [(0, None)]))
    for piece in pieces:
        whole = whole.plus(" and not ", piece)
    return whole


def _piece(item: ExceptionItem) -> Text:
    if item.scalar:
        values = _joined([_quoted(entry) for row in item.values for entry in row.entries if isinstance(entry, Scalar)])
        return _wrapped(_words(Text.of(item.fields[0]), item.comps[0], _wrapped(values, "", "")), " ", " ")
    rows = [_wrapped(_row_text(item, row), " ", " ") for row in item.values]
    return _wrapped(_joined(rows, " or "), " ", " ")


def _row_text(item: ExceptionItem, row: Row) -> Text:
    checks = [
        _words(Text.of(name), comp, _entry_text(entry, comp))
        for name, comp, entry in zip(item.fields, item.comps, row.entries, strict=True)
    ]
    return _joined(checks, " and ")


def _entry_text(entry: Entry, comp: str) -> Text:
    if isinstance(entry, list):
        return _wrapped(_joined([_quoted(leaf) for leaf in entry]), "", "")
    value = _quoted(entry)
    takes_list = comp in LIST_OPERATORS or " " in comp
    return _wrapped(value, "", "") if takes_list and not value.value.startswith("(") else value


def _quoted(scalar: Scalar) -> Text:
    text = Text.of(scalar)
    if " " in scalar.value and scalar.value[0] not in "\"'":
        return _own('"').plus("", text).plus("", _own('"'))
    return text


def _own(text: str) -> Text:
    return Text(text, [(0, None)])


def _words(field: Text, comp: str, value: Text) -> Text:
    return field.plus(f" {comp} ", value)


def _wrapped(text: Text, before: str, after: str) -> Text:
    return _own(f"({before}").plus("", text).plus("", _own(f"{after})"))


def _joined(texts: list[Text], glue: str = ", ") -> Text:
    whole = texts[0] if texts else _own("")
    for text in texts[1:]:
        whole = whole.plus(glue, text)
    return whole
