"""The compiler as a child process, so that the watching process never holds a parser.

Run as ``python -m yarak.rules.compile_main``.

One JSON request on standard input: ``{"files": [path, …], "options": {CompileOptions by name}, "color": false}``, where
a file that is nowhere is ``{"name", "text"}``, and optionally ``"listing": {"fields", "events", "syscalls"}`` in place
of the core's own. One JSON answer on standard output::

    {"ok": bool, "plan": {…}, "results": [LoadResult JSON, …], "texts": [for people, per file],
     "summary": {"rules": n, "enabled": [names], "macros": n, "lists": n, "required_engine_version": "x.y.z",
                 "plugin_problem": text or null, "seconds": compile time}}

Exit status 0 also where rules are bad (``ok`` tells); 2 for a request that is none.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from yarak import collector

from .compile import Compiled, compile_files
from .listing import Listing
from .options import CompileOptions
from .source import SourceFile


def answer(request: dict[str, Any]) -> bytes:
    """The answer to a request. Raises ValueError or KeyError for a malformed one."""
    start = time.perf_counter()
    given = request.get("listing")
    listing = Listing.from_json(given["fields"], given["events"], given["syscalls"]) if given else None
    options = CompileOptions.from_json(request.get("options") or {})
    compiled = compile_files([_file(given) for given in request["files"]], options, listing)
    head = {
        "ok": compiled.ok,
        "results": [result.to_json() for result in compiled.results],
        "texts": _texts(compiled, bool(request.get("color"))),
        "summary": _summary(compiled) | {"seconds": round(time.perf_counter() - start, 4)},
    }
    # The plan is JSON already: it is put in as it is instead of being parsed and printed once more.
    return json.dumps(head, separators=(",", ":")).encode()[:-1] + b',"plan":' + compiled.plan + b"}"


def _file(given: str | dict[str, str]) -> Path | SourceFile:
    return Path(given) if isinstance(given, str) else SourceFile(given["name"], given["text"])


def _texts(compiled: Compiled, color: bool) -> list[str]:
    """The renderings per file; what is wrong with plugins stands at the end of the last one."""
    texts = compiled.texts(color)
    if compiled.plugin_problem is not None and texts:
        texts[-1] = f"{texts[-1]}\nerror: {compiled.plugin_problem}".lstrip("\n")
    return texts


def _summary(compiled: Compiled) -> dict[str, Any]:
    return {
        "rules": len(compiled.rules),
        "enabled": compiled.enabled,
        "macros": len(compiled.macros),
        "lists": len(compiled.lists),
        "required_engine_version": compiled.required_engine_version,
        "plugin_problem": compiled.plugin_problem,
    }


def main() -> int:
    """Read a request, write the answer."""
    try:
        with collector.paused():
            reply = answer(json.load(sys.stdin))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"compile_main: bad request: {error}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(reply + b"\n")
    return 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # freeing what the process holds, one object at a time, would take longer than it is worth
