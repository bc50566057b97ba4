"""Which rules files a command is about, and under which settings they are loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from yarak import collector
from yarak.rules.options import CompileOptions

if TYPE_CHECKING:
    from yarak.rules.lint.program import Program

FILES: Final = click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
CONFIG: Final = click.option(
    "-c",
    "config",
    metavar="PATH",
    type=click.Path(exists=True, dir_okay=False),
    help="Take settings (rule_matching, rules, append_output …), and the files where none is given, from here.",
)


def with_files(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments that `load` takes to a command that ends when it has told what it knows of them."""
    return FILES(CONFIG(collector.paused()(command)))


def load(files: Sequence[Path], config: str | None) -> Program:
    """Load the files for inspection; where there are none, those of the configuration.

    Raises: click.UsageError for a path that does not exist, YarakError for a bad configuration.
    """
    from yarak.rules.lint.program import load_program

    options = CompileOptions()
    configured: list[Path] = []
    if config is not None or not files:
        options, configured = _configured(config)
    return load_program(expanded(files) or configured, options)


def loaded(files: Sequence[Path], config: str | None) -> Program:
    """As `load`, for commands that need rules without errors; warnings are of no concern to them.

    Raises: RulesError with everything that is wrong.
    """
    from yarak.cli.rules.formats import text
    from yarak.errors import RulesError

    program = load(files, config)
    errors = [found for found in program.findings() if found.is_error]
    if errors:
        from yarak.rules.lint.run import distinct

        raise RulesError(text.render(distinct(errors), program.files, False))
    return program


def _configured(config: str | None) -> tuple[CompileOptions, list[Path]]:
    from yarak import compiler
    from yarak.config import rules_files
    from yarak.flags import Flags
    from yarak.preparation import read_configuration

    settings = read_configuration(Flags(config=config)).settings
    options = CompileOptions.from_json(compiler.options(settings))
    return options, rules_files.from_config(settings.rules_files)


def expanded(paths: Sequence[Path]) -> list[Path]:
    """The files, folders replaced by the rules files in them."""
    from yarak.config import rules_files

    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise click.UsageError(f"{path}: no such file or folder")
        found += rules_files.from_command_line([str(path)]) if path.is_dir() else [path]
    return found
