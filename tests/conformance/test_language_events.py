"""rules-language.md §13: the events that a condition is for."""

from __future__ import annotations

from collections import Counter

import listing_fixture
import pytest
from language import errors, planned, rule, text, warnings
from rules_helpers import Compile, parse

from yarak.rules import Listing
from yarak.rules.events import Inference


@pytest.fixture
def infer(listing: Listing):  # type: ignore[no-untyped-def]
    inference = Inference(listing)

    def sets(condition: str) -> int:
        return inference.of(parse(condition))

    return sets


def codes(listing: Listing, *names: str) -> int:
    found = 0
    for name in names:
        found |= listing.named[name]
    return found


EVERYTHING, NOTHING = "everything", "nothing"


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("evt.type = open", "open"),
        ("evt.type == open", "open"),
        ("syscall.type = open", "open"),
        ("evt.type in (open, openat)", "open openat"),
        ("evt.type in ()", NOTHING),
        ("evt.type != open", "-open"),
        ("not evt.type = open", "-open"),
        ("not evt.type != open", "open"),
        ("not evt.type in (open, dup)", "-open dup"),
        ("not not evt.type = open", "open"),
        ("not (not evt.type = open)", "open"),
        ("evt.type exists", EVERYTHING),
        ("not evt.type exists", NOTHING),
        ("proc.name = x", EVERYTHING),
        ("not proc.name = x", EVERYTHING),
        ("m", EVERYTHING),
        ("not m", EVERYTHING),
        ("evt.type.is.open = 1", EVERYTHING),
        ("evt.type startswith open", EVERYTHING),
        ("not evt.type contains open", EVERYTHING),
        ("evt.type glob open", EVERYTHING),
        ("evt.type intersects (open)", EVERYTHING),
        ("tolower(proc.name) = x", EVERYTHING),
        ("evt.type = open and proc.name = x", "open"),
        ("evt.type = open or proc.name = x", EVERYTHING),
        ("evt.type = open or evt.type = dup", "open dup"),
        ("evt.type = open and evt.type = dup", NOTHING),
        ("not (evt.type = open and proc.name = x)", EVERYTHING),
        ("not (evt.type = open or proc.name = x)", "-open"),
        ("not (evt.type = open or evt.type = dup)", "-open dup"),
        ("not (evt.type != open and evt.type != dup)", "open dup"),
        ("evt.type in (open, dup) and not evt.type = dup", "open"),
        ("evt.num = 0", NOTHING),
        ("evt.num < 1", NOTHING),
        ("evt.num < 0", NOTHING),
        ("evt.num <= 0", NOTHING),
        ("evt.num in (0, 0)", NOTHING),
        ("evt.num in ()", NOTHING),
        ("not evt.num = 0", EVERYTHING),
        ("evt.num != 0", EVERYTHING),
        ("evt.num > 0", EVERYTHING),
        ("evt.num >= 0", EVERYTHING),
        ("evt.num >= 1", EVERYTHING),
        ("not evt.num > 0", NOTHING),
        ("not evt.num >= 1", NOTHING),
        ("evt.num = 5", EVERYTHING),
        ("not evt.num = 5", EVERYTHING),
        ("evt.num in (0, 5)", EVERYTHING),
        ("evt.num > 5", EVERYTHING),
        ("evt.num exists", EVERYTHING),
        ("evt.type = open and evt.num = 0", NOTHING),
        ("evt.type = open or evt.num = 0", "open"),
        ("not (evt.type = open and evt.num = 0)", EVERYTHING),
        ("not (evt.type = open or evt.num > 0)", NOTHING),
    ],
)
def test_the_table(listing: Listing, infer, condition: str, names: str) -> None:  # type: ignore[no-untyped-def]
    expected = {EVERYTHING: listing.all, NOTHING: 0}.get(names)
    if expected is None:
        expected = codes(listing, *names.removeprefix("-").split())
        expected = listing.all & ~expected if names.startswith("-") else expected
    assert infer(condition) == expected


@pytest.mark.parametrize("left", ["evt.type = open", "evt.type != dup", "proc.name = x", "evt.num = 0", "evt.num > 0"])
@pytest.mark.parametrize("right", ["evt.type in (open, dup)", "proc.pid = 5", "not evt.type = open", "evt.num <= 0"])
def test_de_morgan(infer, left: str, right: str) -> None:  # type: ignore[no-untyped-def]
    assert infer(f"not ({left} and {right})") == infer(f"not ({left}) or not ({right})")
    assert infer(f"not ({left} or {right})") == infer(f"not ({left}) and not ({right})")
    assert infer(f"{left} and {right}") == infer(left) & infer(right)
    assert infer(f"{left} or {right}") == infer(left) | infer(right)


def test_a_macro_counts_with_its_content(compile_texts: Compile, listing: Listing) -> None:
    compiled = compile_texts(text("- {macro: m, condition: evt.type = dup}\n", rule(condition="m or evt.type = open")))
    assert compiled.rules[0].codes == codes(listing, "dup", "open")


def test_the_async_event_is_always_added(compile_texts: Compile, listing: Listing) -> None:
    asynchronous = [code.event.id for code in listing.members(listing.named["asyncevent"])]
    for condition in ("evt.type = open", "evt.num = 0"):
        assert set(asynchronous) <= set(planned(compile_texts(rule(condition=condition)))["events"])
    assert planned(compile_texts(rule(condition="evt.num = 0")))["events"] == asynchronous


def test_other_sources_are_for_plugin_events(compile_texts: Compile) -> None:
    compiled = compile_texts(rule(condition="evt.num > 5", source="other"), sources=["syscall", "other"])
    assert planned(compiled)["events"] == [322, 402]


@pytest.mark.parametrize("op", ["=", "!=", "contains", "startswith", "endswith", "glob", "iglob", "regex", "icontains"])
def test_operands_are_known_names(compile_texts: Compile, op: str) -> None:
    assert errors(compile_texts(rule(condition=f"evt.type {op} openx"))) == [
        ("LOAD_ERR_COMPILE_CONDITION", "unknown event type openx")
    ]
    assert errors(compile_texts(rule(condition=f"evt.type {op} open"))) == []


def test_operands_of_lists_are_known_names(compile_texts: Compile) -> None:
    for op in ("in", "intersects", "pmatch", "= anyof", "startswith oneof"):
        assert [message for _, message in errors(compile_texts(rule(condition=f"evt.type {op} (open, openx)")))] == [
            "unknown event type openx"
        ]


def test_event_types_are_compared_with_names_alone(compile_texts: Compile) -> None:
    for op in ("=", "!=", "in"):
        assert len(errors(compile_texts(rule(condition=f"evt.type {op} val(proc.name)")))) == 1


def test_codes_are_those_of_the_whole_event_table(listing: Listing) -> None:
    """Enter and exit, and the codes of older forms, which share the name."""
    rows = (listing_fixture.shared() / "spec" / "events.tsv").read_text().splitlines()
    table = Counter(row.split("\t")[2] for row in rows if row[0].isdigit())
    inference = Inference(listing)
    for event in listing.events.values():
        mine = listing.select(code for code in listing.codes if code.event.name == event.name)
        assert inference.count(mine) == table[event.name], event.name


@pytest.mark.parametrize(("more", "warned"), [("", False), ("pipe", True)])
def test_a_hundred_codes_are_not_too_many(compile_texts: Compile, listing: Listing, more: str, warned: bool) -> None:
    pairs = [
        event.name for event in listing.events.values() if Inference(listing).count(listing.named[event.name]) == 2
    ]
    chosen = [name for name in pairs if name not in ("pipe", "syscall")][:50]
    compiled = compile_texts(rule(condition=f"evt.type in ({', '.join(filter(None, [*chosen, more]))})"))
    found = [code for code, _ in warnings(compiled)]
    assert found == (["LOAD_NO_EVTTYPE"] if warned else [])


@pytest.mark.parametrize(
    ("condition", "warned"),
    [("evt.type != open", True), ("evt.num = 0", False), ("evt.type in (open, dup, read)", False)],
)
def test_more_than_a_hundred(compile_texts: Compile, condition: str, warned: bool) -> None:
    found = [code for code, _ in warnings(compile_texts(rule(condition=condition)))]
    assert found == (["LOAD_NO_EVTTYPE"] if warned else [])
