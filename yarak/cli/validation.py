"""`-V`: check rules files as Falco does (cli.md §7)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yarak import collector, compiler
from yarak.cli import description, info
from yarak.cli.request import Request
from yarak.config import rules_files
from yarak.errors import RulesError
from yarak.log import write_stderr

if TYPE_CHECKING:
    from yarak.rules import Compiled, LoadResult


def validate(request: Request) -> int:
    """Load the files in order into one engine and say what became of each; 1 when one is bad.

    Raises: RulesError where a required plugin is missing or too old, whatever else is wrong.
    """
    settings = request.settings
    files = rules_files.from_command_line(request.validate)
    request.log.info("Validating rules file(s):")
    for file in files:
        request.log.info(f"   {file}")
    compiled = compile_here(files, compiler.options(settings))
    if compiled.plugin_problem is not None:
        raise RulesError(compiled.plugin_problem)
    results = compiled.results
    ok = all(result.successful for result in results)
    described = description.describes(request) and ok
    if settings.json_output:
        document: dict[str, Any] = {"falco_load_results": [result.to_json() for result in results]}
        if described:
            document["falco_describe_results"] = description.document(compiled, request.describe_rule)
        info.show(info.as_json(document))
    else:
        texts = [_text(result, request) for result in results]
        if described:
            texts += ["", description.text(compiled, request.describe_rule)]
        info.show("\n".join(texts))
    if ok:
        return 0
    write_stderr("Error: " + "\n".join(result.text(verbose=True) for result in results) + "\n")
    return 1


def compile_here(files: Sequence[Path], options: dict[str, Any]) -> Compiled:
    """Compile in this process: the command ends anyway."""
    from yarak.rules import CompileOptions, compile_files

    with collector.paused():
        return compile_files(files, CompileOptions.from_json(options))


def _text(result: LoadResult, request: Request) -> str:
    if not result.successful or not result.warnings:
        return result.text(verbose=True)
    request.log.warning(result.text(verbose=True))
    return f"{result.name}: Ok, with warnings"
