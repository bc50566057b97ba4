"""`yarak rules fmt`: lay out the conditions of rules files."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from yarak.cli.rules.loading import expanded


@click.command("fmt")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit status 1 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Change nothing; print what would change.")
def command(files: tuple[Path, ...], only_check: bool, show_diff: bool) -> int:
    """Lay out the conditions of rules files, in place.

    A condition that fits stays on one line; a longer one is wrapped at `and` and `or`. Nothing else of a file is
    touched: comments, order, quotes and everything outside conditions stay as they are, and the meaning does too.

    The exit status is 0, or 1 if a file cannot be read or has a condition that is none (or, with --check, would
    change), 2 for a wrong command line.

    \b
    Examples:
      yarak rules fmt my_rules.yaml
      yarak rules fmt --diff my_rules.yaml
      yarak rules fmt --check rules/
    """
    status = 0
    for path in expanded(files):
        new = _formatted(path)
        if new is None:
            status = 1
            continue
        old, text, is_whole = new
        status = status if is_whole else 1
        if old == text:
            continue
        if show_diff:
            click.echo(_diff(old, text, path), nl=False)
        if only_check:
            click.echo(f"{path}: would be laid out anew", err=True)
            status = 1
        elif not show_diff:
            path.write_text(text, encoding="utf-8", newline="")
            click.echo(f"{path}: laid out anew", err=True)
    return status


def _formatted(path: Path) -> tuple[str, str, bool] | None:
    """The file's text, its new one, and whether all of its conditions are some; None where it cannot be read.

    What is wrong is printed.
    """
    from yarak.rules.diagnostics import LoadError, render
    from yarak.rules.fmt import faults, format_text

    text, name = "", str(path)
    try:
        text = path.read_bytes().decode()
        new, found = format_text(text, name), faults(text, name)
    except LoadError as error:
        click.echo(render(error.diagnostic, {name: text}), err=True)
        return None
    except (OSError, UnicodeDecodeError) as error:
        click.echo(f"{path}: {error}", err=True)
        return None
    for fault in found:
        click.echo(render(fault, {name: text.removeprefix("\ufeff")}), err=True)
    return text, new, not found


def _diff(old: str, new: str, path: Path) -> str:
    lines = (old.splitlines(keepends=True), new.splitlines(keepends=True))
    return "".join(difflib.unified_diff(*lines, fromfile=str(path), tofile=str(path)))
