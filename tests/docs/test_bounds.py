"""docs/architecture.md, "Bounded tables": its figures are the sources', and no table is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from yarak.gaps import DETAILS

REPOSITORY = Path(__file__).parents[2]
SOURCES = REPOSITORY / "core" / "src"
TEXT = (REPOSITORY / "docs" / "architecture.md").read_text()
CONSTANT = re.compile(r"\bconst (\w+): \w+ = ([^;]+);")
FIELD = re.compile(
    r"^\s+(?:pub(?:\(\w+\))? )?(\w+): [^=\n]*\b(?:HashMap|HashSet|BTreeMap|BTreeSet|VecDeque|Aging)<", re.MULTILINE
)
MAP = re.compile(r"__uint\(type, BPF_MAP_TYPE_(\w+)\);.*?__uint\(max_entries, (\w+)\);.*?\} (\w+) SEC", re.DOTALL)
GROWING = {"HASH", "LRU_HASH", "LPM_TRIE"}
"""Kinds of maps whose entries come and go."""

FOLDERS = ("state", "engine", "record", "capture", "replay")
"""Where state is kept; what rules and fields hold follows from the rules."""

UNBOUNDED = {
    "capture/live/beginnings.rs": "by call",
    "capture/live/filter.rs": "the plan's: rules have as many",
    "capture/live/losses.rs": "by type of event",
    "capture/live/rows.rs": "the schema's",
    "capture/live/sensor.rs": "by call or program; mounts as many as the kernel was told of",
    "engine/loss.rs": "by type of event or by rule",
    "engine/queue.rs counters": "by name of a counter",
    "record/session.rs": "files that are kept, by the user's word",
    "replay/mod.rs": "files that the user named",
    "state/aging.rs": "bounded by who uses it",
    "state/captured/mod.rs listening": "ports: 65,536",
}
"""Collections that nobody else can make grow."""


@dataclass(frozen=True)
class Row:
    """One table of the core."""

    name: str
    file: str
    fields: tuple[str, ...]
    bound: str
    counted: str
    each: str
    ceiling: str


def rows() -> list[Row]:
    found = []
    for cells in _cells("| table | where |"):
        name, where, bound, _full, counted, each, ceiling = cells
        file, *fields = re.findall(r"`([^`]+)`", where)
        found.append(Row(name, file, tuple(fields), bound, counted, each, ceiling))
    return found


def maps() -> dict[str, int]:
    """Names and bounds of the sensor's maps in the second table."""
    return {name.strip("`"): _number(bound) for name, bound, *_ in _cells("| map | bound |")}


def _cells(head: str) -> list[list[str]]:
    _before, _, after = TEXT.partition(head)
    assert after, head
    lines = after.splitlines()[2:]
    end = next(at for at, line in enumerate(lines) if not line.startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:end]]


def _number(text: str) -> int:
    match = re.search(r"\b\d[\d,]*", text)
    assert match is not None, text
    return int(match[0].replace(",", ""))


def constants(file: str) -> dict[str, int]:
    """The numbers that a source declares."""
    found = {}
    for name, value in CONSTANT.findall((SOURCES / file).read_text()):
        if re.fullmatch(r"[\d_ <*]+", value):
            found[name] = int(eval(value))
    return found


@pytest.mark.parametrize("row", [row for row in rows() if row.file.endswith(".rs")], ids=lambda row: row.name)
def test_a_bound_is_the_sources(row: Row) -> None:
    for name, number in re.findall(r"`([A-Z_]+)` ([\d,]+)", f"{row.bound} {row.each}"):
        assert constants(row.file)[name] == _number(number), f"{name} in {row.file}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)
def test_a_ceiling_is_the_product(row: Row) -> None:
    match = re.fullmatch(r"([\d,]+) MiB", row.ceiling)
    if match is not None and re.fullmatch(r"[\d,]+", row.each):
        times = 2 if "twice" in row.bound else 1
        product = times * _number(row.bound) * _number(row.each)
        assert _number(match[1]) == -(-product // (1 << 20))


def test_a_ceiling_of_the_kernels_is_the_product() -> None:
    for name, bound, _of, _full, _counted, each, ceiling in _cells("| map | bound |"):
        assert _number(ceiling) == -(-_number(bound) * _number(each) // (1 << 20)), name


def test_no_table_of_the_core_is_missing() -> None:
    told = {f"{row.file} {field}" for row in rows() for field in row.fields}
    found = set()
    for file in sorted(path for folder in FOLDERS for path in (SOURCES / folder).rglob("*.rs")):
        name = str(file.relative_to(SOURCES))
        body = file.read_text().partition("#[cfg(test)]\nmod tests {")[0]
        if "tests" not in name and name not in UNBOUNDED:
            found |= {f"{name} {field}" for field in FIELD.findall(body)}
    assert found - set(UNBOUNDED) <= told


def test_no_map_of_the_sensor_is_missing() -> None:
    text = (REPOSITORY / "sensor" / "maps.h").read_text()
    declared = {name: int(bound) for kind, bound, name in MAP.findall(text) if kind in GROWING}
    assert maps() == declared


def test_what_is_counted_is_told() -> None:
    counted = {name for row in rows() for name in re.findall(r"`(n_\w+)`", row.counted)}
    sources = "".join(path.read_text() for path in SOURCES.rglob("*.rs"))
    assert {name for name in counted if f'"{name}"' not in sources} == set()
    forgotten = {name for name in counted if name.endswith(("_forgotten", "_evicted", "_missed"))}
    of_captures = {"n_descriptors_forgotten", "n_enters_forgotten"}
    assert forgotten - of_captures <= {detail.counter for detail in DETAILS}
