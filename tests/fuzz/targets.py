"""What is searched: each target takes an input that may be anything, and raises where its program misbehaves."""

from __future__ import annotations

import gzip
import json
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
sys.path[:0] = [str(ROOT), *(str(HERE.parent / name) for name in ("rules", "replay", "fuzz"))]

import capture_files  # noqa: E402
import inputs  # noqa: E402
import listing_fixture  # noqa: E402
import mutation  # noqa: E402
import pytest  # noqa: E402
import yaml  # noqa: E402

from yarak.cli.rules.formats import FORMATS  # noqa: E402
from yarak.config.settings import Settings  # noqa: E402
from yarak.replay import settings_json  # noqa: E402
from yarak.rules import CompileOptions, Listing, compile_files, printing  # noqa: E402
from yarak.rules.diagnostics import LoadError  # noqa: E402
from yarak.rules.expand import Expanded  # noqa: E402
from yarak.rules.fmt import format_text  # noqa: E402
from yarak.rules.grammar import parser  # noqa: E402
from yarak.rules.lint.program import load_program  # noqa: E402
from yarak.rules.lint.run import Selection, findings  # noqa: E402
from yarak.rules.problem import ConditionError  # noqa: E402
from yarak.rules.source import Text  # noqa: E402

try:
    from yarak import _core
except ImportError:
    _core = None  # type: ignore[assignment]

_RULES: Final = ROOT / "rules" / "yarak_rules.yaml"
_HEAD: Final = 8192
"""Bytes of a real capture that are an input of their own: of these many more can be tried."""


@dataclass(frozen=True)
class Target:
    """Something that takes inputs.

    ``start`` gives the inputs that mutation begins with, ``mutate`` changes one of them with pieces of the others.
    ``check`` gets an input and an empty folder. Seeds are called ``NAME-…SUFFIX``.
    """

    name: str
    what: str
    check: Callable[[bytes, Path], None]
    start: Callable[[], list[bytes]]
    mutate: Callable[[bytes, list[bytes], Random], bytes]
    suffix: str = ""
    needs_core: bool = False

    @property
    def is_there(self) -> bool:
        """Whether what it looks at is built."""
        return _core is not None or not self.needs_core


@cache
def _listing() -> Listing:
    """The built core's, else the one made from the reference tables."""
    if _core is not None:
        return Listing.from_core()
    return Listing.from_json(**listing_fixture.document("container"))


def check_file(given: bytes, folder: Path) -> None:
    """Load a text as a rules file, twice, and render what is wrong in every form.

    The core must take the plan of what is fine; lints and layout must not fail, and a layout must be stable.
    """
    text = given.decode()
    path = folder / "fuzz.yaml"
    path.write_bytes(given)
    compiled = compile_files([path, path], CompileOptions(), _listing())
    compiled.texts(color=True)
    for result in compiled.results:
        for found in result.diagnostics:
            assert found.where().file == str(path), f"{found.message} is said to be in {found.where().file!r}"
        json.dumps(result.to_json(), ensure_ascii=False).encode()
        for verbose in (True, False):
            result.text(verbose)
    if compiled.ok and _core is not None:
        _core.check_plan(compiled.plan)
    program = load_program([path], CompileOptions(), _listing())
    lines = program.files.get(str(path), "").split("\n")
    told = findings(program, Selection())
    for finding in told:
        place = finding.place
        assert place.file == str(path), f"{finding.message} is said to be in {place.file!r}"
        assert place.line < len(lines) and place.column <= len(lines[place.line]), f"{finding.message} is outside"
        assert place.length >= 1
    FORMATS["text"](told, program.files, True)
    try:
        laid_out = format_text(text)
    except LoadError:
        return
    assert format_text(laid_out) == laid_out, f"laid out as {laid_out!r}, which is laid out anew"


def check_condition(given: bytes, _folder: Path) -> None:
    """Parse a condition; what parses must print to something that parses to the same."""
    try:
        node = parser().condition(_source(given.decode()))
    except ConditionError as error:
        assert error.problem.start <= error.problem.end, "a problem ends before it starts"
        return
    shown = printing.condition(node)
    try:
        again = printing.condition(parser().condition(_source(shown)))
    except ConditionError as error:
        raise AssertionError(f"printed as {shown!r}, which does not parse: {error}") from None
    assert again == shown, f"printed as {shown!r}, then as {again!r}"


def _source(text: str) -> Expanded:
    return Expanded(text, Text(text, [(0, None)]), [])


def check_capture(given: bytes, folder: Path) -> None:
    """Replay bytes as a capture through the default rules: to the end, or to an error that says what is damaged."""
    path = folder / "fuzz.scap"
    path.write_bytes(given)
    try:
        replay = _core.Replay(settings_json(Settings(), [str(path)], hostname="fuzz"), _default_plan())
        while not replay.ended:
            for alert in replay.wait(1):
                json.loads(alert.json)
    except _core.CoreError as error:
        assert str(error), "an error without a text"


@cache
def _default_plan() -> bytes:
    return compile_files([_RULES], CompileOptions(rule_matching="all"), _listing()).plan


def _rules_files() -> list[bytes]:
    items = [yaml.safe_dump([item], sort_keys=False).encode() for item in _upstream_items()]
    return [*(text.encode() for text in inputs.FILES), *items]


def _conditions() -> list[bytes]:
    known = [str(item["condition"]).encode() for item in _upstream_items() if "condition" in item]
    return [*(text.encode() for text in inputs.CONDITIONS), *known]


def _upstream_items() -> list[dict[str, object]]:
    """Items of the upstream rules, where they are at hand."""
    try:
        folder = listing_fixture.shared() / "data" / "rules"
    except pytest.skip.Exception:
        return []
    return [item for path in sorted(folder.glob("*.yaml")) for item in yaml.safe_load(path.read_text())]


def _captures() -> list[bytes]:
    made = [
        capture_files.section(),
        capture_files.processes(capture_files.process(1, 0, "init"), capture_files.process(7, 1, "cat")),
        *(capture_files.openat(number, 7, 3, name) for number, name in enumerate(("/etc/shadow", "../x", ""), 1)),
        capture_files.event(9, 7, 293, [struct.pack("<q", 0), b"", capture_files.chars("x"), b"a\0b\0"]),
    ]
    found = [b"".join(made)]
    try:
        folder = capture_files.shared()
    except pytest.skip.Exception:
        return found
    for path in sorted(folder.glob("*.scap")):
        whole = path.read_bytes()
        plain = gzip.decompress(whole) if whole.startswith(b"\x1f\x8b") else whole
        found += [whole, plain, plain[:_HEAD]]
    return found


TARGETS: Final = {
    target.name: target
    for target in (
        Target("file", "rules files", check_file, _rules_files, mutation.text),
        Target("condition", "conditions", check_condition, _conditions, mutation.text),
        Target("capture", "captures", check_capture, _captures, mutation.binary, ".scap", needs_core=True),
    )
}
"""By name, which is the beginning of a seed's name."""
