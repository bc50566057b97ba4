"""One tree for everything that can end a command.

YarakError
├── UsageError      the command line asks for something impossible
├── ConfigError     the configuration cannot be used
├── RulesError      a rules file cannot be used
│   └── UnknownRuleError  a rule that is asked for is not loaded
├── KernelError     this kernel or this user cannot run the sensor
├── CoreDiedError   the per-event core stopped while it ran
├── CaptureError    a capture file cannot be read or written
├── OutputError     an output cannot be set up
└── PidfileError    the pid file cannot be written
"""

from __future__ import annotations


class YarakError(Exception):
    """Ends the command with `Error: <text>` on stderr and `exit_code`; never with a traceback."""

    exit_code = 1
    logged = False
    """The text goes to the log as it stands, in place of an `Error: ` line (where the specification has it so)."""

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


class UnknownRuleError(RulesError):
    """A rule that is asked for is not loaded (cli.md §1, `-l`)."""

    logged = True

    def __init__(self, name: str) -> None:
        super().__init__(f'Runtime error: Rule "{name}" is not loaded. Exiting.')


class KernelError(YarakError):
    """This kernel or this user cannot run the sensor."""


class CoreDiedError(YarakError):
    """The per-event core stopped while it ran."""


class CaptureError(YarakError):
    """A capture file cannot be read or written."""


class OutputError(YarakError):
    """An output cannot be set up."""


class PidfileError(YarakError):
    """The pid file cannot be written (exit status of cli.md §8)."""

    exit_code = 255
    logged = True
