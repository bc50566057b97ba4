# ruff: noqa: E501 (one slip, a few lines)
"""The ways in which rules files are broken most: what is said of each, where, and what it is told to do about it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from yarak.rules.lint.finding import Finding

Lint = Callable[..., list[Finding]]

CONDITION = "evt.type = execve and proc.pexepath = /x"
RULE = f"- rule: Shell\n  desc: d\n  condition: {CONDITION}\n  output: o %proc.exepath\n  priority: INFO\n"


def condition(text: str) -> str:
    """The rule with another condition."""
    return RULE.replace(CONDITION, text)


SLIPS = {
    "a tab": (
        RULE.replace("  desc: d", "\tdesc: d"),
        [("LOAD_ERR_YAML_PARSE", "\t", "YAML is indented by blanks, not by tabs")],
    ),
    "a colon in a value": (
        RULE.replace("o %proc", "Shell: %proc"),
        [("LOAD_ERR_YAML_PARSE", ":", "a value with ': ' in it stands in quotes")],
    ),
    "no blank behind a colon": (
        RULE.replace("priority: INFO", "priority:INFO"),
        [("LOAD_ERR_YAML_PARSE", "priority:INFO", "a blank is missing behind ':'")],
    ),
    "a percent sign first": (
        RULE.replace("o %proc", "%proc"),
        [("LOAD_ERR_YAML_PARSE", "%", "a value that begins with '%' stands in quotes")],
    ),
    "a percent sign and a colon": (
        RULE.replace("o %proc.exepath", "%proc.exepath: o"),
        [("LOAD_ERR_YAML_PARSE", "%", "a value that begins with '%' stands in quotes")],
    ),
    "an asterisk first": (
        "- list: l\n  items: [*.log]\n",
        [("LOAD_ERR_YAML_PARSE", "*", "a value that begins with '*' stands in quotes")],
    ),
    "a comma in a flow mapping": (
        "- {macro: m, condition: proc.name in (a, b)}\n",
        [
            ("LOAD_ERR_COMPILE_CONDITION", "(", "this '(' is never closed"),
            ("LOAD_UNKNOWN_KEY", "b)", "a comma ends a value inside { }: put the value before it in quotes"),
        ],
    ),
    "quotes inside quotes": (
        condition('"evt.type = execve and proc.exepath = "/x""'),
        [
            (
                "LOAD_ERR_YAML_PARSE",
                '/x""',
                'the value ends at this quote: double it inside \'…\', write \\" inside "…", or use a block (>)',
            )
        ],
    ),
    "a block that is not indented": (
        condition(">\n  evt.type = execve"),
        [("LOAD_ERR_YAML_PARSE", "evt.type = execve", "a value of several lines is indented deeper than its key")],
    ),
    "a key indented deeper": (
        RULE.replace("- rule: Shell\n", "- rule: Shell\n "),
        [("LOAD_ERR_YAML_PARSE", ":", "this line is indented otherwise than the keys above it")],
    ),
    "a quote never closed": (
        RULE.replace("desc: d", "desc: 'd"),
        [("LOAD_ERR_YAML_PARSE", "'", "this quote is never closed")],
    ),
    "items below a key": (
        "rules:\n" + RULE,
        [
            (
                "LOAD_ERR_YAML_VALIDATE",
                "rules:",
                "the list of items stands at the top of the file, without a key above it",
            )
        ],
    ),
    "a misspelt kind of item": (
        RULE.replace("- rule", "- rul"),
        [("LOAD_UNKNOWN_ITEM", "rul", "did you mean 'rule'?")],
    ),
    "a key of another tool": (
        RULE.replace("desc:", "description:"),
        [("LOAD_ERR_YAML_VALIDATE", "Shell", ""), ("LOAD_UNKNOWN_KEY", "description", "did you mean 'desc'?")],
    ),
    "a priority of another tool": (
        RULE.replace("priority: INFO", "priority: HIGH"),
        [("LOAD_ERR_YAML_VALIDATE", "HIGH", "")],
    ),
    "a short priority": (
        RULE.replace("priority: INFO", "priority: WARN"),
        [("LOAD_ERR_YAML_VALIDATE", "WARN", "did you mean 'Warning'?")],
    ),
    "one tag": (
        RULE + "  tags: network\n",
        [("LOAD_ERR_YAML_VALIDATE", "network", "write [network]")],
    ),
    "a misspelt key": (
        RULE + "  tag: [network]\n",
        [("LOAD_UNKNOWN_KEY", "tag", "did you mean 'tags'?")],
    ),
    "a misspelt truth value": (
        RULE + "  enabled: flase\n",
        [("LOAD_ERR_YAML_VALIDATE", "flase", "did you mean 'false'?")],
    ),
    "a misspelt source": (
        RULE + "  source: syscal\n",
        [("LOAD_UNKNOWN_SOURCE", "syscal", "did you mean 'syscall'?")],
    ),
    "one exception": (
        RULE + "  exception:\n    - {name: a}\n",
        [("LOAD_UNKNOWN_KEY", "exception", "did you mean 'exceptions'?")],
    ),
    "a misspelt key of an exception that lacks it": (
        RULE + "  exceptions:\n    - name: a\n      field: [proc.name]\n      values: [[x]]\n",
        [("LOAD_ERR_YAML_VALIDATE", "a", ""), ("YK107", "field", "did you mean 'fields'?")],
    ),
    "a misspelt operator of an exception": (
        RULE
        + "  exceptions:\n    - name: a\n      fields: [proc.pexepath, fd.name]\n      comps: [=, startwith]\n      values: [[/x, /y]]\n",
        [("LOAD_ERR_VALIDATE", "startwith", "did you mean 'startswith'?")],
    ),
    "values without inner brackets": (
        RULE + "  exceptions:\n    - name: a\n      fields: [proc.pexepath, fd.num]\n      values: [/x, 5]\n",
        [
            ("LOAD_ERR_VALIDATE", "/x", "fields are a list here: put the values that belong together in brackets"),
            ("LOAD_ERR_VALIDATE", "5", "fields are a list here: put the values that belong together in brackets"),
        ],
    ),
    "a misspelt key of an exception": (
        RULE + "  exceptions:\n    - name: a\n      fields: proc.pexepath\n      value: [/y]\n",
        [("YK107", "value", "did you mean 'values'?")],
    ),
    "a change without override": (
        RULE + "- rule: Shell\n  condition: and user.uid = 0\n",
        [
            (
                "LOAD_ERR_YAML_VALIDATE",
                "Shell",
                "to change the rule of FILE:1, name the keys given here under 'override'",
            ),
            (
                "LOAD_ERR_YAML_VALIDATE",
                "Shell",
                "to change the rule of FILE:1, name the keys given here under 'override'",
            ),
            (
                "LOAD_ERR_YAML_VALIDATE",
                "Shell",
                "to change the rule of FILE:1, name the keys given here under 'override'",
            ),
            (
                "LOAD_ERR_COMPILE_CONDITION",
                "and",
                "nothing stands before 'and'; to add to a condition, write override: {condition: append}",
            ),
        ],
    ),
    "a key beside append": (
        RULE + "- rule: Shell\n  condition: and user.uid = 0\n  tags: [x]\n  append: true\n",
        [
            ("YK107", "tags", "name it under 'override' instead of 'append: true'"),
            ("LOAD_DEPRECATED_ITEM", "append", ""),
        ],
    ),
    "a change of a misspelt rule": (
        RULE + "- rule: Shel\n  condition: and user.uid = 0\n  override: {condition: append}\n",
        [("LOAD_ERR_VALIDATE", "Shel", "did you mean 'Shell'?")],
    ),
    "a misspelt operation": (
        RULE + "- rule: Shell\n  condition: and user.uid = 0\n  override: {condition: apend}\n",
        [("LOAD_ERR_YAML_VALIDATE", "apend", "did you mean 'append'?")],
    ),
    "an operation without its key": (
        RULE + "- rule: Shell\n  condition: and user.uid = 0\n  override: append\n",
        [("LOAD_ERR_YAML_VALIDATE", "append", "write override: {condition: append}")],
    ),
    "a change before the definition": (
        "- macro: m\n  condition: and user.uid = 0\n  override: {condition: append}\n- macro: m\n  condition: evt.type = execve\n"
        + condition("m"),
        [("LOAD_ERR_VALIDATE", "m", "it is defined later, in FILE:4; a change comes behind the definition")],
    ),
    "an exclamation mark": (
        condition("!spawned"),
        [("LOAD_ERR_YAML_VALIDATE", "!spawned", ""), ("YK107", "!spawned", "for a negation write 'not'")],
    ),
    "a macro of a file that is not given": (
        condition("spawned_process and proc.exepath = /x"),
        [
            (
                "LOAD_ERR_VALIDATE",
                "spawned_process",
                "a word alone is a macro, and no file given defines this one; several values of a field stand in: in (…)",
            )
        ],
    ),
    "a dash in a macro's name": (
        "- macro: my-macro\n  condition: evt.type = execve\n" + condition("my-macro"),
        [
            ("LOAD_INVALID_MACRO_NAME", "my-macro", ""),
            ("LOAD_ERR_COMPILE_CONDITION", "my-macro", "names of macros have letters, digits and underscores alone"),
        ],
    ),
    "a macro used before it is defined": (
        "- macro: a\n  condition: b\n- macro: b\n  condition: evt.type = execve\n" + condition("a"),
        [("LOAD_ERR_VALIDATE", "b", "macro 'b' is defined later; a macro sees only macros defined before it")],
    ),
    "a no-break space between words": (
        condition("evt.type = execve and\u00a0proc.exepath = /x"),
        [("LOAD_ERR_COMPILE_CONDITION", "\u00a0", "this is an invisible character that is no blank")],
    ),
    "a no-break space before a value": (
        condition("evt.type = execve and proc.exepath =\u00a0/x"),
        [("YK201", "\u00a0/x", "type the blank anew")],
    ),
    "typographic quotes": (
        condition("evt.type = execve and proc.exepath = \u201c/x\u201d"),
        [("YK201", "\u201c/x\u201d", "use ' or \"")],
    ),
    "a list without parentheses": (
        "- list: shell_binaries\n  items: [/bin/sh, /bin/bash]\n"
        + condition("evt.type = execve and proc.exepath in shell_binaries"),
        [
            (
                "LOAD_ERR_COMPILE_CONDITION",
                "shell_binaries",
                "'shell_binaries' is a list, which stands in parentheses: in (shell_binaries)",
            )
        ],
    ),
    "a misspelt list": (
        "- list: shell_binaries\n  items: [/bin/sh, /bin/bash]\n"
        + condition("evt.type = execve and proc.exepath in (shell_binary)"),
        [
            ("YK201", "shell_binary", "give the whole path, or use endswith"),
            ("YK204", "shell_binary", "did you mean 'shell_binaries'?"),
        ],
    ),
    "a list that is no check": (
        "- list: shell_binaries\n  items: [/bin/sh, /bin/bash]\n" + condition("evt.type = execve and shell_binaries"),
        [
            (
                "LOAD_ERR_COMPILE_CONDITION",
                "shell_binaries",
                "'shell_binaries' is a list and no check: write FIELD in (shell_binaries)",
            )
        ],
    ),
    "or between values": (
        condition("evt.type = execve and proc.exepath = /bin/sh or /bin/bash"),
        [
            (
                "LOAD_ERR_COMPILE_CONDITION",
                "/bin/bash",
                "a word alone is no check, which begins with a field; several values stand in: in (…), anyof (…)",
            )
        ],
    ),
    "or between bare values": (
        condition("evt.type = execve and proc.exepath = sh or bash"),
        [
            ("YK201", "sh", "give the whole path, or use endswith"),
            (
                "LOAD_ERR_VALIDATE",
                "bash",
                "a word alone is a macro, and no file given defines this one; several values of a field stand in: in (…)",
            ),
        ],
    ),
    "a misspelt system call": (
        condition("evt.type = exec"),
        [("LOAD_ERR_COMPILE_CONDITION", "exec", "did you mean 'execve'?")],
    ),
    "beginnings of calls": (
        condition("evt.type = execve and evt.dir = >"),
        [
            (
                "YK101",
                "Shell",
                "'evt.type = execve' and 'evt.dir = >' exclude each other: beginnings of calls are not delivered",
            ),
            ("LOAD_DEPRECATED_ITEM", "evt.dir", ""),
        ],
    ),
    "a key given twice": (
        condition("evt.type = execve and proc.exepath = /x\n  condition: evt.type = open"),
        [("YK107", "condition", "delete one of the two")],
    ),
    "brackets around a field": (
        RULE.replace("%proc.exepath", "%(proc.exepath)"),
        [("LOAD_ERR_COMPILE_OUTPUT", "%(proc.exepath)", "fields stand without brackets around them: %proc.exepath")],
    ),
    "a misspelt field that begins as another": (
        RULE.replace("%proc.exepath", "%proc.exepaht"),
        [("YK403", "proc.exepaht", "did you mean 'proc.exepath'?")],
    ),
    "a percent sign last": (
        RULE.replace("%proc.exepath", "%proc.exepath at 100%"),
        [("LOAD_ERR_COMPILE_OUTPUT", "%", "'%' always begins a field, and cannot be escaped")],
    ),
    "an engine version in words": (
        "- required_engine_version: latest\n",
        [("LOAD_ERR_YAML_VALIDATE", "latest", "")],
    ),
    "an engine version too new": (
        "- required_engine_version: 1.5.0\n",
        [("LOAD_ERR_VALIDATE", "1.5.0", "")],
    ),
    "an open bracket": (
        condition("evt.type = execve and container.id != host and proc.env[HOME = /x"),
        [("LOAD_ERR_COMPILE_CONDITION", "[HOME", "the ']' is missing behind proc.env[HOME")],
    ),
    "a value with a blank": (
        condition("evt.type = execve and proc.cmdline contains rm -rf"),
        [("LOAD_ERR_COMPILE_CONDITION", "rm -rf", 'a value with a blank stands in quotes: "rm -rf"')],
    ),
    "a name for a number": (
        condition("evt.type = execve and user.uid = root"),
        [("LOAD_ERR_COMPILE_CONDITION", "root", "user.name is compared with such values")],
    ),
    "braces in a pattern": (
        condition("evt.type = execve and proc.exepath glob /bin/{sh,bash}"),
        [
            (
                "LOAD_ERR_COMPILE_CONDITION",
                "/bin/{sh,bash}",
                "patterns have no braces: write one for each choice: glob anyof (…)",
            )
        ],
    ),
    "a network for an address": (
        condition("evt.type = connect and fd.sip = 10.0.0.0/8"),
        [("LOAD_ERR_COMPILE_CONDITION", "10.0.0.0/8", "fd.snet is compared with such values")],
    ),
    "a list that is not given": (
        condition("evt.type = connect and fd.sip in (rfc_1918)"),
        [("LOAD_ERR_COMPILE_CONDITION", "rfc_1918", "")],
    ),
    "an open group in a pattern": (
        condition("evt.type = execve and proc.exepath regex '/bin/(sh|bash'"),
        [("LOAD_ERR_COMPILE_CONDITION", "(", "")],
    ),
    "a no-break space beside a blank": (
        condition("evt.type = execve and proc.exepath = \u00a0/x"),
        [("YK201", "\u00a0/x", "type the blank anew")],
    ),
    "a misspelt list of addresses": (
        "- list: rfc_1918_nets\n  items: [10.0.0.1]\n" + condition("evt.type = connect and fd.sip in (rfc_1918_net)"),
        [("LOAD_ERR_COMPILE_CONDITION", "rfc_1918_net", "did you mean 'rfc_1918_nets'?")],
    ),
}
"""A file, and code, guilty text and hint of everything that is told of it but what is not used."""


@pytest.mark.parametrize("name", SLIPS)
def test_slips(lint: Lint, name: str) -> None:
    text, expected = SLIPS[name]
    lines = text.split("\n")
    found = []
    for one in lint(text):
        place = one.place
        guilty = lines[place.line][place.column : place.column + place.length]
        if not one.code.startswith("LOAD_UNUSED"):
            found.append((one.code, guilty, one.hint.replace(place.file, "FILE")))
    assert found == expected
