"""Results as a JUnit file, which continuous integration systems read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from .runner import Result

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


def write(path: Path, results: Sequence[Result]) -> None:
    """Write the results. Raises OSError."""
    failed = sum(result.failure is not None and not result.failure.broken for result in results)
    broken = sum(result.failure is not None and result.failure.broken for result in results)
    suite = ElementTree.Element(
        "testsuite", name="yarak rules test", tests=str(len(results)), failures=str(failed), errors=str(broken),
        time=f"{sum(result.seconds for result in results):.3f}",
    )  # fmt: skip
    for result in results:
        suite.append(_case(result))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(result: Result) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase", classname=str(result.file), name=_clean(result.name), file=str(result.file), line=str(result.line),
        time=f"{result.seconds:.3f}",
    )  # fmt: skip
    if result.failure is not None:
        text = _clean(result.failure.text)
        kind = "error" if result.failure.broken else "failure"
        ElementTree.SubElement(case, kind, message=text.partition("\n")[0]).text = text
    return case


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
