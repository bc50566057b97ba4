"""Plays: what a stand-in does to make a rule fire, or to come close without firing it. Data, performed by a stage."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .actors import SECONDS, Actors, arguments
from .alerts import Expected
from .container import Container

FOLDERS = {"shm": "/dev/shm", "temporary": "/tmp"}
# Places where a test really writes, each a file of the test's unique name that `clear` removes.
WRITTEN_TO = (Path("/"), Path("/etc"), Path("/root"))


@dataclass(frozen=True)
class Stand:
    """The stand-in program, called `name`, performs `steps` (see actor/) on the host."""

    name: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Inside:
    """The stand-in program performs `steps` inside the container."""

    steps: tuple[str, ...]


@dataclass(frozen=True)
class Run:
    """A real program runs: on the host or inside the container, with a terminal or without; `tolerant`: it may fail."""

    command: tuple[str, ...]
    inside: bool = False
    terminal: bool = False
    tolerant: bool = False


Play = Stand | Inside | Run


@dataclass(frozen=True)
class Case:
    """One rule: the play that makes it fire with these fields, and the play that must leave it silent.

    Fields' values may be text with {names} of the stage, a pattern, or a question to the value.
    """

    rule: str
    priority: str
    fires: Play
    silent: Play
    fields: Mapping[str, Expected]


class Stage:
    """Performs plays. In steps, commands and expected fields these names are filled in:

    {tmp} an empty folder of the test, {bin} the folder of stand-ins, {shm} a folder in /dev/shm,
    {temporary} one in /tmp, {unique} a file name that exists nowhere.
    """

    def __init__(self, actors: Actors, container: Callable[[], Container], folder: Path) -> None:
        self._actors = actors
        self._container = container
        self._folders = {name: tempfile.mkdtemp(prefix="yarak-live-", dir=where) for name, where in FOLDERS.items()}
        self.names = {
            "tmp": str(folder),
            "bin": str(actors.named("actor").parent),
            "unique": Path(self._folders["shm"]).name,
            **self._folders,
        }

    def perform(self, play: Play) -> None:
        """Plays it to its end. An error when it could not be played."""
        match play:
            case Stand(name, steps):
                self._actors.perform(name, steps, self.names)
            case Inside(steps):
                self._container().run("/bin/actor", *arguments(steps, self.names))
            case Run(command, inside, terminal, tolerant):
                self._run([word.format_map(self.names) for word in command], inside, terminal, tolerant)

    def expected(self, fields: Mapping[str, Expected]) -> dict[str, Expected]:
        """Expected fields with the stage's names filled in."""
        return {key: value.format_map(self.names) if isinstance(value, str) else value for key, value in fields.items()}

    def prepare(self, *plays: Play) -> None:
        """Starts the container beforehand where a play needs it, so that its start is no part of what is watched."""
        if any(isinstance(play, Inside) or (isinstance(play, Run) and play.inside) for play in plays):
            self._container()

    def clear(self) -> None:
        for folder in self._folders.values():
            shutil.rmtree(folder, ignore_errors=True)
        for place in WRITTEN_TO:
            (place / self.names["unique"]).unlink(missing_ok=True)

    def _run(self, command: list[str], inside: bool, terminal: bool, tolerant: bool) -> None:
        if inside and terminal:
            self._container().run_in_terminal(*command)
        elif inside:
            self._container().run(*command, check=not tolerant)
        else:
            subprocess.run(command, check=not tolerant, timeout=SECONDS, stdin=subprocess.DEVNULL, capture_output=True)
