"""The kernel's tables have an end: what does not fit is not asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yarak.rules import table_room
from yarak.rules.boxes import Box, Users

MAPS = Path(__file__).parents[2] / "sensor" / "maps.h"
NAMES = {"path": "paths", "names": "names", "ports": "ports", "users": "uids", "outside": "nets"}


def test_sizes_are_the_sensors() -> None:
    maps = re.findall(r"^struct \{\n((?:\t.*\n)+?)\} (\w+) SEC", MAPS.read_text(), re.MULTILINE)
    sizes = {name: int(found[1]) for body, name in maps if (found := re.search(r"max_entries, (\d+)\)", body))}
    assert {NAMES[table.dimensions[0]]: table.entries for table in table_room.TABLES} == {
        name: sizes[name] for name in NAMES.values()
    }


def names(count: int, lead: str = "n") -> frozenset[str]:
    return frozenset(f"{lead}{number}" for number in range(count))


def numbers(count: int, above: int = 0) -> frozenset[int]:
    return frozenset(range(above, above + count))


def networks(count: int) -> frozenset[str]:
    return frozenset(f"10.{number >> 8}.{number & 255}.0/24" for number in range(count))


@pytest.mark.parametrize(
    ("full", "over", "wider"),
    [
        (Box(1, names=names(8192)), Box(1, names=names(8193)), Box(1)),
        (Box(1, ports=numbers(8192)), Box(1, ports=numbers(8193)), Box(1)),
        (Box(1, users=Users(numbers(8192))), Box(1, users=Users(numbers(8193))), Box(1)),
        (Box(1, inside=networks(32768)), Box(1, inside=networks(32769)), Box(1)),
        (Box(1, outside=frozenset({networks(32768)})), Box(1, outside=frozenset({networks(32769)})), Box(1)),
    ],
)
def test_a_table_holds_half_its_entries(full: Box, over: Box, wider: Box) -> None:
    assert table_room.fitted([full]) == {full: full}
    assert table_room.fitted([over]) == {over: wider}


def test_directories_take_room_too() -> None:
    flat = Box(1, path=frozenset(("exact", f"/{number}") for number in range(20_000)))
    deep = Box(1, path=frozenset(("exact", f"/{number}/x") for number in range(20_000)))
    assert table_room.fitted([flat])[flat] == flat
    assert table_room.fitted([deep])[deep] == Box(1)


def test_the_largest_goes_first() -> None:
    small, large, other = Box(1, names=names(9)), Box(2, names=names(9000)), Box(4, names=names(8000, "m"))
    found = table_room.fitted([small, large, other])
    assert found == {small: small, large: Box(2), other: other}


def test_shared_entries_count_once() -> None:
    alike = [Box(1 << number, names=names(8000)) for number in range(4)]
    assert table_room.fitted(alike) == {box: box for box in alike}


def test_one_dimension_goes_and_the_others_stay() -> None:
    box = Box(1, names=names(9000), ports=numbers(3))
    assert table_room.fitted([box]) == {box: Box(1, ports=numbers(3))}
