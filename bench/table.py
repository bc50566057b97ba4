"""Rows as one table of plain text."""

from __future__ import annotations

from collections.abc import Sequence

from bench.row import Row

HEAD = ("what", "median", "min", "max", "unit", "target", "")
_LEFT = (0, 4)


def text(rows: Sequence[Row]) -> str:
    """The table, with its last line feed."""
    lines = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD) - 1)]
    out, group = [], None
    for index, line in enumerate(lines):
        if index and rows[index - 1].group != group:
            group = rows[index - 1].group
            out.append(f"-- {group}")
        cells = [
            cell.ljust(w) if i in _LEFT else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(line, widths, strict=False))
        ]
        out.append("  ".join([*cells, line[-1]]).rstrip())
    return "\n".join(out) + "\n"


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {None: "", True: "ok", False: "MISSED"}[row.met]
    target = "" if row.target is None else _number(row.target)
    last = " ".join(part for part in (verdict, row.note) if part)
    return (row.name, _number(row.value), _number(row.low), _number(row.high), row.unit, target, last)


def _number(value: float) -> str:
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"
