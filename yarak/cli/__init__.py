"""The command line. `main` is the entry point of the `yarak` script."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from yarak import collector
from yarak.errors import YarakError
from yarak.log import Log, write_stderr


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its status (cli.md §8)."""
    sys.exit(status(sys.argv[1:] if arguments is None else arguments))


def status(arguments: Sequence[str]) -> int:
    """Run the command line; the exit status."""
    with collector.paused():
        import click

        from yarak.cli.app import app

    log = Log()
    try:
        result = app.main(list(arguments), prog_name="yarak", standalone_mode=False, obj=log)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        return _end(error.format_message(), 1)
    except click.Abort:
        return 130
    except YarakError as error:
        if error.logged:
            _log(str(error), log)
            return error.exit_code
        return _end(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of a listing went away; nothing is left to say, and nothing may be said at exit either.
        sys.stdout = None
        return 1
    except Exception as error:
        return _unexpected(error, log)


def _end(text: str, exit_code: int) -> int:
    write_stderr(f"Error: {text}\n")
    return exit_code


def _log(text: str, log: Log) -> None:
    """To the log, and to stderr even when the log does not go there."""
    log.error(text)
    if not log.to_stderr:
        write_stderr(f"{text}\n")


def _unexpected(error: Exception, log: Log) -> int:
    """A bug: one line for people, the traceback for whoever asks at level debug."""
    import traceback

    _log(f"Runtime error: {type(error).__name__}: {error}. Exiting.", log)
    log.debug("".join(traceback.format_exception(error)).rstrip())
    return 1
