"""The rules compiler: rules files in, one evaluation plan and its kernel filter out.

Names are imported on first use, so that a process that only passes plans along does not load the parser.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .compile import Compiled, compile_files
    from .description import describe
    from .diagnostics import Diagnostic
    from .listing import Listing
    from .options import CompileOptions
    from .result import LoadResult

_HOMES = {
    "CompileOptions": "options",
    "Compiled": "compile",
    "Diagnostic": "diagnostics",
    "Listing": "listing",
    "LoadResult": "result",
    "compile_files": "compile",
    "describe": "description",
}

__all__ = ["CompileOptions", "Compiled", "Diagnostic", "Listing", "LoadResult", "compile_files", "describe"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
