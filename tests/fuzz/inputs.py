# ruff: noqa: E501, ISC004 (texts are as they are)
"""What the search of rulesfuzz.py starts from: rules files, conditions, and words to put into them."""

from __future__ import annotations

from typing import Final

FILES: Final = (
    "- {rule: r, desc: d, condition: evt.type = open and m, output: '%proc.name %10fd.name', priority: INFO}\n"
    "- {macro: m, condition: proc.name in (l, 'a b')}\n- {list: l, items: [a, b]}\n",
    "- rule: r\n  desc: d\n  condition: >\n    evt.type in (open, openat)\n    and not proc.aname[2] = x\n  output: o\n"
    "  priority: INFO\n  exceptions:\n  - {name: e, fields: [proc.name, fd.name], comps: [=, in], values: [[a, [b, c]]]}\n",
    "- {list: l, items: [k, x]}\n- {list: k, items: []}\n- {list: l, items: [y], override: {items: append}}\n",
    "- {rule: r, enabled: false}\n---\n- {required_engine_version: 0.57.0}\n- required_plugin_versions:\n"
    "  - {name: a, version: 1.0.0, alternatives: [{name: b, version: 2.0.0}]}\n",
    "- {rule: r, condition: or evt.type = dup, tags: [a], override: {condition: append, tags: replace}}\n",
    '- rule: "q\\u00e9\\"\\n"\n  desc: d\n  condition: "evt.type = \\"op\\x65n\\" and\\\n   fd.name startswith \'/tmp\'"\n'
    "  output: |\n   %evt.time\n   %tolower(proc.name)\n  priority: error\n",
)
CONDITIONS: Final = (
    "evt.type = open and not (proc.name in (a, \"b c\", 'd') or fd.num >= 0x1f)",
    'tolower(concat(proc.name, "x")) startswith oneof (a, b) and len(fd.types) > 2 and m',
    "getopt(evt.arg.args, 'ab:')[b] = val(proc.aname[1]) or join(',', (proc.name, 'x', 5)) exists",
    'proc.env["A B"] = "\\x41\\n\\\\" and evt.buffer bcontains cafe and fd.name pmatch (/a/*/b, /c)',
    "not not (not evt.dir = <) and jevt.value[/a/b] != 5 or proc.name regex '^(a|b)[0-9]+$'",
)
WORDS: Final = (
    "and", "or", "not", "in", "exists", "(", ")", ",", "=", "!=", "<", ">=", "\"", "'", "\\", "\\x", "proc.name", "evt.type",
    "fd.name", "evt.arg.flags", "oneof", "allof", "\\xff", "regex '(a|b)*'", "[a-", "{2}", "glob", "regex", "pmatch", "val(", "len(", "concat(", "[", "]", "%", "%5",
    "- ", ": ", "{", "}", "\n", "\n  ", "---\n", "|", ">", "&a ", "*a", "!!binary ", "!!map ", "? ", "#", "~", "\t", "\x08",
    "\u2028", "\ud7ff", "\U0001f600", "\x00", "\x85", "rule", "macro", "list", "items", "condition", "exceptions", "values",
    "override", "append", "replace", "true", "9" * 30, "(" * 50, "not " * 50, "a" * 300,
)  # fmt: skip
