"""The codes of load results (spec: rules-language.md, section 7): short texts, and longer ones for warnings."""

from __future__ import annotations

from typing import Final

ERRORS: Final[dict[str, str]] = {
    "LOAD_ERR_FILE_READ": "File read error",
    "LOAD_ERR_YAML_PARSE": "YAML parse error",
    "LOAD_ERR_YAML_VALIDATE": "Error validating internal structure of YAML file",
    "LOAD_ERR_COMPILE_CONDITION": "Error compiling condition",
    "LOAD_ERR_COMPILE_OUTPUT": "Error compiling output",
    "LOAD_ERR_VALIDATE": "Error validating rule/macro/list/exception objects",
    "LOAD_ERR_EXTENSION": "Error in extension item",
}

WARNINGS: Final[dict[str, str]] = {
    "LOAD_UNKNOWN_SOURCE": "Unknown event source",
    "LOAD_UNSAFE_NA_CHECK": "Unsafe <NA> comparison in condition",
    "LOAD_NO_EVTTYPE": "Condition has no event-type restriction",
    "LOAD_UNKNOWN_FILTER": "Unknown field or event-type in condition or output",
    "LOAD_UNUSED_MACRO": "Unused macro",
    "LOAD_UNUSED_LIST": "Unused list",
    "LOAD_UNKNOWN_ITEM": "Unknown rules file item",
    "LOAD_DEPRECATED_ITEM": "Used deprecated item",
    "LOAD_WARNING_EXTENSION": "Warning in extension item",
    "LOAD_APPEND_NO_VALUES": "Overriding/appending with no values",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": "Multiple exceptions defined with the same name",
    "LOAD_INVALID_MACRO_NAME": "Invalid macro name",
    "LOAD_INVALID_LIST_NAME": "Invalid list name",
    "LOAD_COMPILE_CONDITION": "Warning in rule condition",
    "LOAD_UNKNOWN_KEY": "Unknown key in item definition",
}

DESCRIPTIONS: Final[dict[str, str]] = {
    "LOAD_UNKNOWN_SOURCE": "The rule names an event source that no loaded plugin provides, so it is not loaded.",
    "LOAD_UNSAFE_NA_CHECK": "Fields of this source are absent rather than <NA>; use exists instead.",
    "LOAD_NO_EVTTYPE": "The rule is evaluated for too many event types; restrict it by evt.type.",
    "LOAD_UNKNOWN_FILTER": "The rule uses an unknown field or event type and asks to be skipped then.",
    "LOAD_UNUSED_MACRO": "No rule and no other macro refers to the macro.",
    "LOAD_UNUSED_LIST": "No rule, macro or list refers to the list.",
    "LOAD_UNKNOWN_ITEM": "The item is none of the kinds that a rules file may hold and is ignored.",
    "LOAD_DEPRECATED_ITEM": "The item or field is deprecated and may be removed in a later version.",
    "LOAD_WARNING_EXTENSION": "An extension reported a warning about the item.",
    "LOAD_APPEND_NO_VALUES": "The item adds to an exception without giving values, so it adds nothing.",
    "LOAD_EXCEPTION_NAME_NOT_UNIQUE": "Several exceptions of one rule share a name.",
    "LOAD_INVALID_MACRO_NAME": "The macro's name is not a valid identifier, so conditions cannot refer to it.",
    "LOAD_INVALID_LIST_NAME": "The list's name holds characters that keep conditions from referring to it.",
    "LOAD_COMPILE_CONDITION": "The condition is valid but probably does not mean what it says.",
    "LOAD_UNKNOWN_KEY": "The item has a key that its kind does not know; the key is ignored.",
}


def short_text(code: str) -> str:
    """The few words that stand beside ``code`` in text results."""
    return ERRORS.get(code) or WARNINGS[code]


def description(code: str) -> str:
    """What JSON results give as ``codedesc``: the short text of an error, the description of a warning."""
    return ERRORS.get(code) or DESCRIPTIONS[code]
