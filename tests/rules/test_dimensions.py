"""Every dimension of a box says what it asks, from one place."""

from __future__ import annotations

import pytest

from yarak.rules import boxes
from yarak.rules.boxes import Box, Users
from yarak.rules.dimensions import DIMENSIONS, asks, conditions, overlap

SAID = {
    "access": (Box(1, access=boxes.READ | boxes.RDWR), "opened to read or read and write"),
    "result": (Box(1, result=boxes.OK), "succeeded"),
    "container": (Box(1, container=boxes.CONTAINER), "in a container"),
    "climbing": (Box(1, climbing=boxes.CLIMBS), "path holds ../"),
    "creating": (Box(1, creating=boxes.CREATES), "may make a file"),
    "kind": (Box(1, kind=boxes.IPV4 | boxes.IPV6), "IPv4 or IPv6"),
    "transport": (Box(1, transport=boxes.TCP | boxes.UDP), "TCP or UDP"),
    "path": (Box(1, path=frozenset({("exact", "/a"), ("filename", "b")})), "path is /a, ends in b"),
    "ports": (Box(1, ports=frozenset({443, 22})), "a port is 22, 443"),
    "names": (Box(1, names=frozenset({"b", "a"})), "process name is a, b"),
    "users": (Box(1, users=Users(frozenset({33, 0}), others=False)), "user id is 0, 33"),
    "inside": (Box(1, inside=frozenset({"10.0.0.0/8"})), "an address is in 10.0.0.0/8"),
    "outside": (Box(1, outside=frozenset({frozenset({"10.0.0.0/8"})})), "an address is outside 10.0.0.0/8"),
}


def test_every_dimension_of_a_box_has_its_words() -> None:
    assert {one.name for one in DIMENSIONS} == set(boxes.DIMENSIONS)
    assert set(SAID) == set(boxes.DIMENSIONS)


@pytest.mark.parametrize("name", SAID)
def test_what_a_clause_asks_is_said(name: str) -> None:
    box, words = SAID[name]
    assert box.asked == {name}
    assert asks(box) == [words]
    assert len(conditions(box)) == 1
    assert overlap(name, box, box) and not overlap(name, box, Box(1))


def test_nothing_asked_is_nothing_said() -> None:
    assert (asks(Box(1)), conditions(Box(1))) == ([], [])


def test_users_may_be_all_but_some() -> None:
    assert asks(Box(1, users=Users(frozenset({0})))) == ["user id is none of 0"]
    assert conditions(Box(1, users=Users(frozenset({0})))) == ["not user.uid in (0)"]


def test_long_lists_are_cut() -> None:
    assert asks(Box(1, ports=frozenset(range(9)))) == ["a port is 0, 1, 2, 3, 4, 5, … 3 more"]
