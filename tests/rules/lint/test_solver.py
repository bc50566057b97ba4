"""The solver never calls impossible what an event does: random conditions on random values, by the reference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules_helpers import parse

from yarak.rules import reference
from yarak.rules.kernel_filter import KernelFilter
from yarak.rules.lint.presence import Presence
from yarak.rules.lint.solver import Solver
from yarak.rules.listing import Listing

TEXTS = ["a", "ab", "abc", "b", "bc", "/a", "/a/b", "/a/bc", "/b/a", ""]
NUMBERS = ["0", "1", "2", "3"]
TEXT_FIELDS = ["proc.exepath", "proc.cwd"]
TEXT_VALUE = st.sampled_from([text or '""' for text in TEXTS])
GLOBS = st.sampled_from(["*", "a*", "*b", "/a/*", "?", "*a*", "/a*c"])
FIELD = st.sampled_from(TEXT_FIELDS)
CHECKS = st.one_of(
    st.builds("{} {} {}".format, FIELD, st.sampled_from(["=", "!=", "contains", "startswith", "endswith"]), TEXT_VALUE),
    st.builds("{} glob {}".format, FIELD, GLOBS),
    st.builds(
        lambda field, op, values: f"{field} {op} ({', '.join(values)})",
        FIELD,
        st.sampled_from(["in", "pmatch", "startswith anyof", "= allof", "contains oneof", "endswith anyof"]),
        st.lists(TEXT_VALUE, min_size=1, max_size=3),
    ),
    st.builds("{} exists".format, FIELD),
    st.builds(
        "{} {} {}".format,
        st.sampled_from(["proc.pid", "user.uid"]),
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.sampled_from(NUMBERS),
    ),
    st.builds("proc.is_exe_writable = {}".format, st.sampled_from(["true", "false"])),
)
CONDITIONS = st.recursive(
    CHECKS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map("not {}".format),
    ),
    max_leaves=12,
)
VALUES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.sampled_from(TEXTS) for name in TEXT_FIELDS},
        "proc.pid": st.integers(0, 4),
        "user.uid": st.integers(0, 4),
        "proc.is_exe_writable": st.booleans(),
    },
)


@pytest.fixture(scope="module")
def solver() -> Solver:
    listing = Listing.from_core()
    return Solver(listing, KernelFilter(listing), Presence(listing))


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(CONDITIONS, VALUES)
def test_what_an_event_does_is_possible(solver: Solver, text: str, values: dict[str, Any]) -> None:
    node = parse(text)
    truth = reference.matches(node, values)
    assert solver.satisfiable([(node, truth)])


@UNHURRIED
@given(CONDITIONS, CONDITIONS, VALUES)
def test_so_are_two_conditions_at_once(solver: Solver, one: str, two: str, values: dict[str, Any]) -> None:
    nodes = [parse(one), parse(two)]
    literals = [(node, reference.matches(node, values)) for node in nodes]
    assert solver.satisfiable(literals)


@UNHURRIED
@given(CONDITIONS, CONDITIONS, VALUES)
def test_a_supposition_outlives_what_is_asked_of_it(solver: Solver, one: str, two: str, values: dict[str, Any]) -> None:
    first, second = parse(one), parse(two)
    supposed = solver.suppose([(first, reference.matches(first, values))])
    assert supposed is not None
    truth = reference.matches(second, values)
    solver.compatible(supposed, (second, not truth))
    assert solver.compatible(supposed, (second, truth))
