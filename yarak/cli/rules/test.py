"""`yarak rules test`: run the tests beside rules files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from yarak.testing.runner import Result


@click.command("test")
@click.argument("paths", metavar="[DIR | FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("-k", "words", metavar="TEXT", help="Only tests whose file or name contains TEXT.")
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path), help="Write the results as JUnit XML too.")
@click.option("-v", "--verbose", is_flag=True, help="Name the tests that pass, too.")
def command(paths: tuple[Path, ...], words: str | None, junit: Path | None, verbose: bool) -> int:
    """Run the rule tests (*.test.yaml) in DIR and below, here by default.

    No root and no kernel is needed: events are made up. A test that fails shows why its rule did or did not fire.
    docs/rules.md teaches how to write tests.

    The exit status is 0 if all pass, 1 if some fail, 2 if there are none or they cannot be understood.

    \b
    Examples:
      yarak rules test rules/
      yarak rules test rules/ -k "password store" -v
      yarak rules test my_rules.test.yaml --junit results.xml
    """
    from yarak.testing.runner import run_all

    results = run_all(list(paths) or [Path()], words, lambda result: _tell(result, verbose))
    if junit is not None:
        from yarak.testing.junit import write

        try:
            write(junit, results)
        except OSError as error:
            raise click.UsageError(f"{junit}: {error.strerror}") from None
    return _summary(results)


def _tell(result: Result, verbose: bool) -> None:
    if result.failure is None:
        if verbose:
            click.echo(f"ok    {result.file}:{result.line}: {result.name}")
        return
    word = "ERROR" if result.failure.broken else "FAIL "
    body = "\n".join(f"    {line}".rstrip() for line in result.failure.text.splitlines())
    click.echo(f"{word} {result.file}:{result.line}: {result.name}\n{body}\n")


def _summary(results: Sequence[Result]) -> int:
    broken = sum(result.failure is not None and result.failure.broken for result in results)
    failed = sum(result.failure is not None for result in results) - broken
    parts = [
        f"{len(results) - failed - broken} passed",
        *(f"{n} {word}" for n, word in ((failed, "failed"), (broken, "in error")) if n),
    ]
    click.echo(", ".join(parts))
    return 2 if broken or not results else int(failed > 0)
