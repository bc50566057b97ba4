"""Semantic versions as rules files use them (spec: rules-language.md, section 2)."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from .position import Place

_SEMVER: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


class Version(msgspec.Struct, frozen=True, order=True):
    """``major.minor.patch``; ordering is by these three."""

    major: int
    minor: int
    patch: int

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """The version, or None where the text is no ``x.y.z``."""
        match = _SEMVER.fullmatch(text)
        return cls(int(match[1]), int(match[2]), int(match[3])) if match else None

    def satisfies(self, required: Version) -> bool:
        """Whether this version can stand in for ``required``: same major number and not older."""
        return self.major == required.major and self >= required

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


ENGINE: Final = Version(0, 63, 0)


def parse_required(text: str) -> Version | None:
    """A required engine version: ``x.y.z``, or the legacy form ``N`` meaning ``0.N`` of the running engine."""
    if text.isdecimal():
        return Version(ENGINE.major, int(text), ENGINE.patch)
    return Version.parse(text)


class PluginVersion(msgspec.Struct, frozen=True):
    """A plugin by name and the least version that will do."""

    name: str
    version: str

    def as_dict(self) -> dict[str, str]:
        """The JSON form."""
        return {"name": self.name, "version": self.version}


class PluginRequirement(msgspec.Struct, frozen=True):
    """One entry of ``required_plugin_versions``: any of these plugins satisfies it, the first loaded one decides."""

    choices: tuple[PluginVersion, ...]
    place: Place | None = None
    """Where the first of them stands."""

    def problem(self, loaded: dict[str, str]) -> str | None:
        """Why the loaded plugins (name to version) do not satisfy this entry, or None where they do."""
        for choice in self.choices:
            if choice.name in loaded:
                return _too_old(choice, loaded[choice.name])
        names = ", ".join(f"{choice.name} (>= {choice.version})" for choice in self.choices)
        return f"a required plugin is not loaded: {names}"


def _too_old(wanted: PluginVersion, loaded: str) -> str | None:
    have, want = Version.parse(loaded), Version.parse(wanted.version)
    if have is not None and want is not None and have.satisfies(want):
        return None
    return f"plugin {wanted.name} {loaded} is loaded, but version {wanted.version} or compatible is required"
