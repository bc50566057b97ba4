"""The version is written in two places: the crate's manifest, and the package, which must not read files to know it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from yarak import __version__


def test_package_and_crate_have_one_version() -> None:
    manifest = Path(__file__).resolve().parents[2] / "core" / "Cargo.toml"
    assert tomllib.loads(manifest.read_text())["package"]["version"] == __version__
