"""One tree for everything that can end a command.

YarakError
├── UsageError      the command line asks for something impossible
├── ConfigError     the configuration cannot be used
├── RulesError      a rules file cannot be used
├── KernelError     this kernel or this user cannot run the sensor
├── CoreDiedError   the per-event core stopped while it ran
├── OutputError     an output cannot be set up
└── PidfileError    the pid file cannot be written
"""

from __future__ import annotations


class YarakError(Exception):
    """Ends the command with `Error: <text>` on stderr and `exit_code`; never with a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(YarakError):
    """The command line asks for something impossible."""


class ConfigError(YarakError):
    """The configuration cannot be used."""


class RulesError(YarakError):
    """A rules file cannot be used."""


class KernelError(YarakError):
    """This kernel or this user cannot run the sensor."""


class CoreDiedError(YarakError):
    """The per-event core stopped while it ran."""


class OutputError(YarakError):
    """An output cannot be set up."""


class PidfileError(YarakError):
    """The pid file cannot be written (exit status of cli.md §8)."""

    exit_code = 255
