"""What somebody probably meant whose condition is no condition: habits from other languages, and common slips."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .accessors import TRANSFORMERS
from .expand import Expanded
from .operators import LIST_OPERATORS, MODIFIERS, WORD_OPERATORS
from .suggest import closest

_OTHER_OPERATORS: Final = {
    "is": "=", "eq": "=", "equals": "=", "equal": "=", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<=",
    "like": "glob", "ilike": "iglob", "matches": "regex", "match": "regex", "~": "regex", "~=": "regex",
    "has": "contains", "includes": "contains", "begins": "startswith", "beginswith": "startswith", "ends": "endswith",
    ":": "=", ":=": "=",
}  # fmt: skip
"""Operators of other languages, and what they are here."""
_OTHER_TRANSFORMERS: Final = {
    "lower": "tolower", "lowercase": "tolower", "upper": "toupper", "uppercase": "toupper", "length": "len",
    "strlen": "len", "size": "len", "base64": "b64", "b64decode": "b64", "value": "val",
}  # fmt: skip
_NOT: Final = {"=": "", "==": "", "!=": "not FIELD "}
"""Operators for one value, and what stands before the ``in`` that says the same of several."""
_AROUND: Final = 400
"""Characters on either side of the place that are looked at: searching a whole hostile text takes quadratic time."""
_OPERATOR_BEFORE: Final = re.compile(r"(==?|!=|\b[a-z]+)[\s(]*$")

Groups = dict[str, str]
"""The groups of a pattern as they are written."""
Hint = str | Callable[[Groups], str]


@dataclass(frozen=True, slots=True)
class Advice:
    """The stretch of the condition to show, and what to write instead."""

    start: int
    end: int
    hint: str


@dataclass(frozen=True, slots=True)
class _Slip:
    """Something recognised around the place where parsing stopped, which is a NUL in what ``pattern`` searches.

    The group ``here`` is shown. The hint is a template for the pattern's groups, or made from them.
    """

    pattern: re.Pattern[str]
    hint: Hint


def of(source: Expanded, at: int, unclosed: int | None, wants_operator: bool) -> Advice | None:
    """Advice for a condition that is none from ``at`` on.

    ``unclosed`` is an open parenthesis before ``at`` that nothing closes; ``wants_operator`` tells that only an
    operator can stand there.
    """
    text = source.value
    found = _list_advice(source, at) or _slip_advice(source, at, wants_operator)
    if found is not None:
        return found
    if unclosed is None:
        return Advice(at, at + 1, "there is no '(' for this ')'") if text[at : at + 1] == ")" else None
    return Advice(unclosed, unclosed + 1, "this '(' is never closed") if at >= len(text.rstrip()) else None


def _slip_advice(source: Expanded, at: int, wants_operator: bool) -> Advice | None:
    marked = f"{source.value[:at]}\0{source.value[at:]}"

    def unmarked(span: tuple[int, int]) -> tuple[int, int]:
        start, end = span
        return start - (start > at), end - (end > at)

    for slip in (*(_OPERATOR_SLIPS if wants_operator else ()), *_SLIPS):
        match = slip.pattern.search(marked, max(0, at - _AROUND), at + _AROUND)
        if match is None:
            continue
        groups = {name: source.original(*unmarked(match.span(name))) for name in slip.pattern.groupindex}
        hint = slip.hint.format(**groups) if isinstance(slip.hint, str) else slip.hint(groups)
        if hint:
            return Advice(*unmarked(match.span("here")), hint)
    return None


def _list_advice(source: Expanded, at: int) -> Advice | None:
    """Advice where the items of a list are what cannot stand there."""
    for start, end, old_start, old_end in source.edits:
        if start < end and start <= at < end:
            name = source.origin.value[old_start:old_end]
            operator = _OPERATOR_BEFORE.search(source.value, max(0, start - _AROUND), start)
            return Advice(at, at + 1, _list_hint(name, operator[1] if operator else ""))
    return None


def _list_hint(name: str, operator: str) -> str:
    if operator in (*LIST_OPERATORS, *MODIFIERS):
        return f"'{name}' is a list, which stands in parentheses: {operator} ({name})"
    if operator in _NOT:
        return f"'{name}' is a list, and '{operator}' compares with one value: write {_NOT[operator]}in ({name})"
    if operator in WORD_OPERATORS:
        return f"'{name}' is a list, and '{operator}' takes one value: write {operator} anyof ({name})"
    return f"'{name}' is a list and no check: write FIELD in ({name})"


def _operator_hint(groups: Groups) -> str:
    word = groups["here"]
    other = _OTHER_OPERATORS.get(word.lower())
    if other is not None:
        return f"write '{other}'"
    if word in WORD_OPERATORS:
        return f"a blank and a value are missing behind '{word}'"
    if word.lower() in WORD_OPERATORS:
        return f"operators are in small letters: {word.lower()}"
    similar = closest(word.lower(), WORD_OPERATORS)
    return f"did you mean '{similar}'?" if similar else ""


def _call_hint(groups: Groups) -> str:
    word = groups["here"].lower()
    if word in ("exists", "defined", "isset"):
        return "'exists' stands behind its field: FIELD exists"
    similar = _OTHER_TRANSFORMERS.get(word) or (word if word in TRANSFORMERS else closest(word, TRANSFORMERS))
    return f"did you mean '{similar}'?" if similar else f"there is no transformer '{word}': {', '.join(TRANSFORMERS)}"


def _modifier_hint(groups: Groups) -> str:
    word = groups["here"].lower()
    other = {"any": "anyof", "all": "allof", "one": "oneof", "in": "anyof"}.get(word)
    similar = other or (word if word in MODIFIERS else closest(word, MODIFIERS))
    return f"did you mean '{similar}'?" if similar else ""


def _values_hint(groups: Groups) -> str:
    operator, values = groups["op"], groups["here"]
    if operator == "regex" or "|" in values:
        return "a value with parentheses in it stands in quotes"
    if operator in _NOT:
        return f"'{operator}' compares with one value: write {_NOT[operator]}in {values}"
    return f"'{operator}' takes one value: write {operator} anyof {values}"


_TEXT_OPERATORS: Final = rf"(?:==?|!=|\b(?:{'|'.join(sorted(WORD_OPERATORS - {'exists', *LIST_OPERATORS}))})\b)"
_TAKES_LIST: Final = rf"\b(?:{'|'.join((*sorted(LIST_OPERATORS), *MODIFIERS))})\b"
_FIELD: Final = r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+(?:\[[^\]]*\])?"
_WORD: Final = r"[^\s()\"'=,\0]+"


def _slips(*table: tuple[str, Hint]) -> tuple[_Slip, ...]:
    """Slips in the order in which they are tried; ``<TEXT>``, ``<LIST>``, ``<FIELD>`` and ``<WORD>`` as above."""
    words = {"<TEXT>": _TEXT_OPERATORS, "<LIST>": _TAKES_LIST, "<FIELD>": _FIELD, "<WORD>": _WORD}
    found = []
    for pattern, hint in table:
        for name, expression in words.items():
            pattern = pattern.replace(name, expression)
        found.append(_Slip(re.compile(pattern, re.DOTALL), hint))
    return tuple(found)


_OPERATOR_SLIPS: Final = _slips(
    (
        r"(?P<field><FIELD>)\s*\0(?P<here>(?:not\s+|not_?|!\s*)(?P<op>in|contains|startswith|endswith|exists|glob|regex))\b",
        "'not' stands before the field: not {field} {op} …",
    ),
    (r"(?P<field><FIELD>)\0(?P<here>\[[^\]\s]*)(?!\S*\])", "the ']' is missing behind {field}{here}"),
    (r"(?P<here><FIELD>)\s*\0(?:(?:and|or)\b|\)|\s*$)", "a field alone is no check: {here} exists, {here} = true …"),
    (r"<FIELD>\s*\0(?P<here>[A-Za-z_]+|[~:]=?)", _operator_hint),
)
"""Tried where only an operator can stand."""

_SLIPS: Final = _slips(
    (r"\0(?:and|or)?(?P<here>[\xa0\u2000-\u200f\u3000\ufeff]+)", "this is an invisible character that is no blank"),
    (r"(?P<here>\b[A-Za-z]\w*\0-[\w-]+)", "names of macros have letters, digits and underscores alone"),
    # and, or, not
    (r"\0(?P<here>AND|OR)\b", lambda groups: f"write '{groups['here'].lower()}', in small letters"),
    (r"(?P<here>\bNOT)\s*\0", "write 'not', in small letters"),
    (r"(?P<here>&&|&\0&|\0&&?)", "write 'and'"),
    (r"(?P<here>\|\||\|\0\||\0\|\|?)", "write 'or'"),
    (r"\0(?P<here>!)(?!=)", "write 'not'"),
    (
        r"^\s*(?P<here>and|or)\s*\0",
        "nothing stands before '{here}'; to add to a condition, write override: {{condition: append}}",
    ),
    (r"\b(?P<here>(?:and|or)\s+(?:and|or))\s*\0", "'{here}' is one word too many"),
    (r"\0(?P<here>(?:and|or)\b)\s*(?:\)|$)", "a check is missing behind '{here}'"),
    (r"\b(?P<here>and|or|not)\s*\0\s*(?:\)|$)", "a check is missing behind '{here}'"),
    (r"\0(?P<here>(?P<word>and|or)<FIELD>)", "a blank is missing behind '{word}'"),
    # operators
    (r"(?P<here>==\0=+)", "write '='"),
    (r"(?P<here>=>)\s*\0", "write '>='"),
    (r"(?P<here>=<)\s*\0", "write '<='"),
    (r"(?P<here><\0>)", "write '!='"),
    (r"(?P<here>=~)\s*\0", "write 'regex'"),
    (r"\0(?P<here>!~|~=?)", "write 'regex' (and 'not' before the field)"),
    (
        r"(?P<here>!=\s+(?P<op>in|contains|startswith|endswith))\s*\0",
        "'not' stands before the field: not FIELD {op} …",
    ),
    (r"(?:^|\(|\b(?:and|or|not))\s*(?P<here>in|intersects|pmatch)\s*\0", "a field is missing before '{here}'"),
    # values
    (r"<TEXT>\s*(?P<here>\w+)\s*\0\(", _modifier_hint),
    (r"(?P<op><TEXT>)\s*\0(?P<here>\([^()]*\))", _values_hint),
    (r"(?P<op><LIST>)\s*\0(?P<here>\[(?P<values>[^\]]*)\]?)", "values stand in parentheses: {op} ({values})"),
    (r"(?P<op><LIST>)\s*(?P<here><WORD>\s*\0(?:,\s*<WORD>)+)", "values stand in parentheses: {op} ({here})"),
    (r"(?P<op><LIST>)\s*\0(?P<here>\"[^\"]*\"|'[^']*'|<WORD>)", "values stand in parentheses: {op} ({here})"),
    (r"(?P<here><LIST>)\s*\0\s*(?:\)|$)", "values are missing: {here} (…)"),
    (r"(?P<here><TEXT>|[<>]=?)\s*\0\s*(?:\)|$)", "a value is missing behind '{here}'"),
    (r"(?P<here>[<>]=?\s*\0<WORD>)", "only numbers have an order, and they are written without quotes"),
    (r"(?P<here>,)\s*\0\s*[,)]", "a value is missing behind the comma"),
    (r"[(,]\s*(?P<here><WORD>\s+\0<WORD>)", "put a comma between two values, or quotes around one with a blank"),
    # the beginning of a check
    (r"\0(?P<here>%(?P<field>[\w.]+))", "a field has no '%' in a condition: {field}"),
    (
        r"\0(?P<here>\"[^\"]*\"|'[^']*')",
        "a quoted text is a value, and a check begins with a field; several values stand in: in (…), anyof (…)",
    ),
    (
        r"\0(?P<here>[/\d][^\s()]*)",
        "a word alone is no check, which begins with a field; several values stand in: in (…), anyof (…)",
    ),
    (r"\0(?P<here>[\"'])", "the same quote is missing at the end of the value"),
    (r"(?P<here>\(\s*\0\))", "nothing stands between the parentheses"),
    (r"(?P<here>\b[A-Za-z_]\w*)\s*\0\(", _call_hint),
    (r"\0(?P<here>=)", "a field is missing before '='"),
    # what follows a check
    (r"\0(?P<here>#.*)", "a condition has no comments: inside a block scalar, '#' is a part of the text"),
    (
        r"\b(?P<here>(?P<one>[a-z]+)\s+\0(?P<two>[a-z_]+))\s*(?:[<>!=]|(?:in|contains|startswith|endswith|exists)\b)",
        "'and' or 'or' is missing between the two, or a dot: {one}.{two}",
    ),
    (r"\0(?P<here><FIELD>|not\b)", "'and' or 'or' is missing before '{here}'"),
    (r"<TEXT>\s*(?P<here>(?P<one><WORD>)\s+\0(?P<two><WORD>))", 'a value with a blank stands in quotes: "{one} {two}"'),
    (
        r"\b(?P<op>glob|iglob)\s+(?P<here>[^\s{]*\{[^\s]*\0,[^\s}]*\}?)",
        "patterns have no braces: write one for each choice: {op} anyof (…)",
    ),
    (r"<TEXT>\s*<WORD>\s*\0(?P<here>,)", "this operator takes one value; several stand in parentheses behind 'in'"),
)
