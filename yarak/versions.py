"""Version numbers that tools ask for (cli.md §6): our own, and those of the Falco generation we are compatible with."""

from __future__ import annotations

from typing import Final

from yarak import __version__

YARAK: Final = __version__
ENGINE: Final = "0.63.0"
PLUGIN_API: Final = "3.12.0"
DRIVER_API: Final = "10.0.0"
DRIVER_SCHEMA: Final = "4.3.0"

BUILT_IN_PLUGINS: Final = {"container": "0.7.1"}
"""Plugins whose work the core does itself: they satisfy `required_plugin_versions` and configuration entries."""


def as_text() -> str:
    """The lines of `--version`."""
    return "\n".join(
        (
            f"Yarak version: {YARAK}",
            f"Libs version:  {YARAK}",
            f"Plugin API:    {PLUGIN_API}",
            f"Engine:        {ENGINE}",
            "Driver:",
            f"  API version:    {DRIVER_API}",
            f"  Schema version: {DRIVER_SCHEMA}",
            f"  Default driver: {YARAK}",
        )
    )


def as_json() -> dict[str, object]:
    """The object of `--version` with `json_output`, and of `/versions`; keys sorted."""
    return {
        "default_driver_version": YARAK,
        "driver_api_version": DRIVER_API,
        "driver_schema_version": DRIVER_SCHEMA,
        "engine_version": ENGINE.split(".")[1],
        "engine_version_semver": ENGINE,
        "falco_version": YARAK,
        "libs_version": YARAK,
        "plugin_api_version": PLUGIN_API,
        "plugin_versions": BUILT_IN_PLUGINS,
    }
