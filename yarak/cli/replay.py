"""`yarak replay`: capture files through rules, or printed event by event."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

import click

from yarak import collector
from yarak.errors import CaptureError, RulesError
from yarak.flags import Flags
from yarak.log import Log, write_stderr

if TYPE_CHECKING:
    from yarak._core import Replay
    from yarak.config import Settings
    from yarak.statistics import Statistics

STEP_SECONDS: Final = 0.1
"""How long the core works before the progress bar moves and Ctrl-C is seen."""

EPILOG: Final = """\b
Times for --at and --until: 10s, 5m, 1h (since the first event), 12:34:56 (local),
2026-01-31T12:00:00[Z], seconds since 1970.
\b
Examples:
  yarak replay trace.scap.gz                          the configured rules, as if it happened now
  yarak replay a.scap b.scap -r my_rules.yaml --json
  yarak replay trace.scap --print                     every event
  yarak replay trace.scap --filter "evt.type=execve" -p "%evt.time %proc.cmdline"
  yarak replay trace.scap --print --at 10s --until 12s
"""


@click.command("replay", epilog=EPILOG)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("-r", "rules", multiple=True, metavar="PATH", help="Rules file or folder, in place of the configured.")
@click.option("-c", "config", metavar="PATH", help="Configuration file, for its settings and rules.")
@click.option("-o", "options", multiple=True, metavar="KEY=VALUE", help="Set a configuration key.")
@click.option("--filter", "condition", metavar="CONDITION", help="Look at events that this condition holds for.")
@click.option("--at", metavar="TIME", help="Look at events from here on; earlier ones count for state.")
@click.option("--until", metavar="TIME", help="End here.")
@click.option(
    "-p",
    "--print",
    "form",
    is_flag=False,
    flag_value="",
    metavar="[FORMAT]",
    help="Print events, in this format or the usual one. Rules run only if -r is given too.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of text.")
@click.pass_obj
def replay(
    log: Log,
    /,
    files: tuple[str, ...],
    rules: tuple[str, ...],
    config: str | None,
    options: tuple[str, ...],
    condition: str | None,
    at: str | None,
    until: str | None,
    form: str | None,
    as_json: bool,
) -> int:
    """Run rules over capture files (.scap, also gzip-compressed; - is standard input), or print their events.

    Time, processes, descriptors, users and groups are the capture's.
    """
    with collector.paused():
        from yarak import preparation, replay
        from yarak.statistics import Statistics

        flags = Flags(config=config, rules=rules, options=options)
        settings = preparation.read_configuration(flags).settings
        settings.json_output = settings.json_output or as_json
        try:
            begin, end = replay.moment(at), replay.moment(until)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        with_rules = form is None or bool(rules)
        plan = preparation.compiled(flags, settings, log) if with_rules else None
        filtering, printing = _plans(condition, form, settings, with_rules=with_rules)
        document = replay.settings_json(settings, files, hostname=preparation.hostname(), begin=begin, until=end)
        core = replay.open_core(document, plan, filtering, printing)
    statistics = Statistics()
    _run(core, statistics, as_json=settings.json_output)
    if with_rules:
        write_stderr(statistics.text())
    return 0


def _plans(
    condition: str | None, form: str | None, settings: Settings, *, with_rules: bool
) -> tuple[bytes | None, bytes | None]:
    """Plans of filter and printer: one for both, of a rule with that condition and that output, where there are no
    other rules. Raises: RulesError."""
    from yarak import replay

    # sysdig's habit: a star in front prints lines where some field is absent, which is always done here.
    text = None if form is None else form.removeprefix("*") or replay.EVENT_FORMAT
    if text is not None and condition is not None and not with_rules:
        # Else: what is wrong is told by the plan that it is in.
        with suppress(RulesError):
            both = replay.condition_plan(condition, PRINTER, settings, text)
            return both, both
    filtering = None if condition is None else replay.condition_plan(condition, "--filter", settings)
    printing = None if text is None else replay.condition_plan(replay.ANY_EVENT, PRINTER, settings, text)
    return filtering, printing


PRINTER: Final = "--print"
"""Name of the rule that prints events; it is no alert."""


def _run(core: Replay, statistics: Statistics, *, as_json: bool) -> None:
    """Write what comes until the end. Raises: CaptureError."""
    from yarak import _core
    from yarak.sensor import from_core

    with _progress(core) as moved:
        try:
            while not core.ended:
                lines = []
                for alert in core.wait(STEP_SECONDS):
                    lines.append(alert.json if as_json else alert.text)
                    if alert.rule != PRINTER:
                        statistics.count(alert.rule, alert.priority)
                if lines:
                    sys.stdout.write("\n".join(lines) + "\n")
                moved()
        except _core.CoreError as error:
            raise from_core(error, CaptureError) from None
        finally:
            sys.stdout.flush()


@contextmanager
def _progress(core: Replay) -> Iterator[Callable[[], None]]:
    """A bar on the terminal, if there is one; the function given moves it."""
    total = core.counters()["bytes_total"]
    if not sys.stderr.isatty() or total == 0:
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[events]:,} events"), TimeRemainingColumn())
    # Lines written to the same terminal go above the bar; a pipe gets them as they are.
    with Progress(*columns, console=Console(stderr=True), redirect_stdout=sys.stdout.isatty(), transient=True) as bar:
        task = bar.add_task("", total=total, events=0)

        def moved() -> None:
            counters = core.counters()
            bar.update(task, completed=counters["bytes_read"], events=counters["n_evts"])

        yield moved
