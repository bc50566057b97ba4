"""Event-type inference: the cases of the spec's table (rules-language.md, section 13)."""

from __future__ import annotations

import pytest
from rules_helpers import Compile, parse

from yarak.rules.events import Inference
from yarak.rules.listing import Listing

ALL = "all"
NONE: set[str] = set()


def inferred(condition: str, listing: Listing) -> set[str] | str:
    inference = Inference(listing)
    codes = inference.of(parse(condition))
    return ALL if codes == listing.all else set(inference.names(codes))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("evt.type = open", {"open"}),
        ("evt.type == open", {"open"}),
        ("evt.type in (open, openat)", {"open", "openat"}),
        ("syscall.type = open", {"open"}),
        ("evt.type = open or evt.type = openat", {"open", "openat"}),
        ("evt.type = open and evt.type = openat", NONE),
        ("evt.type in (open, openat) and evt.type != openat", {"open"}),
        ("not evt.type != open", {"open"}),
        ("not (evt.type != open and evt.type != openat)", {"open", "openat"}),
        ("not (not evt.type = open)", {"open"}),
        ("evt.type = open and proc.name = x", {"open"}),
        ("evt.type = open or proc.name = x", ALL),
        ("evt.type = open and not proc.name = x", {"open"}),
        ("evt.type = open and (proc.name = x or evt.type = openat)", {"open"}),
        ("not (evt.type != open or proc.name = x)", {"open"}),
        ("proc.name = x", ALL),
        ("not proc.name = x", ALL),
        ("evt.type exists", ALL),
        ("not evt.type exists", NONE),
        ("evt.type contains open", ALL),
        ("evt.type startswith open", ALL),
        ("not evt.type startswith open", ALL),
        ("evt.num = 0", NONE),
        ("evt.num < 1", NONE),
        ("evt.num <= 0", NONE),
        ("evt.num in (0, 0)", NONE),
        ("evt.num in ()", NONE),
        ("not evt.num = 0", ALL),
        ("evt.num != 0", ALL),
        ("evt.num > 0", ALL),
        ("evt.num >= 1", ALL),
        ("not evt.num > 0", NONE),
        ("evt.num = 5", ALL),
        ("evt.num in (0, 5)", ALL),
        ("evt.type = open and evt.num = 0", NONE),
        ("evt.type = open or evt.num = 0", {"open"}),
        ("evt.type = reboot", {"reboot"}),
        ("evt.type = pread64", {"pread"}),
        ("evt.type.is.open = 1", ALL),
    ],
)
def test_inference(condition: str, expected: set[str] | str, listing: Listing) -> None:
    assert inferred(condition, listing) == expected


def test_a_complement(listing: Listing) -> None:
    inference = Inference(listing)
    codes = inference.of(parse("evt.type != open"))
    assert codes == listing.all & ~listing.named["open"]
    assert inference.of(parse("not evt.type in (open)")) == codes


def test_generic_calls_keep_their_codes(listing: Listing) -> None:
    inference = Inference(listing)
    (reboot,) = listing.members(listing.named["reboot"])
    assert inference.events(listing.named["reboot"]) == [1]
    assert inference.generic_syscalls(listing.named["reboot"]) == [reboot.syscall]
    assert inference.generic_syscalls(listing.named["open"]) is None
    assert inference.generic_syscalls(listing.all) is None


@pytest.mark.parametrize(
    ("condition", "warns"),
    [
        ("proc.name = x", True),
        ("evt.type != open", True),
        ("evt.type = open", False),
        ("evt.num = 0", False),
        ("evt.type in (open, reboot, kexec_load)", False),
    ],
)
def test_too_many_event_types(compile_condition: Compile, condition: str, warns: bool) -> None:
    codes = [found.code for found in compile_condition(condition).results[0].warnings]
    assert codes == (["LOAD_NO_EVTTYPE"] if warns else [])


def test_the_warning_can_be_turned_off(compile_texts: Compile) -> None:
    compiled = compile_texts(
        "- {rule: r, desc: d, condition: proc.name = x, output: o, priority: INFO, warn_evttypes: false}"
    )
    assert compiled.results[0].diagnostics == []
