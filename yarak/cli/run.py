"""`yarak run`, the default command: Falco's flags (cli.md §1) and what each of them leads to."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from yarak.cli import info
from yarak.cli.request import Request
from yarak.log import Log

EPILOG = """\b
Examples:
  yarak                                    watch with the default rules
  yarak -r my_rules.yaml                   watch with these rules alone
  yarak -c /etc/falco/falco.yaml           take Falco's configuration as it is
  yarak -o json_output=true -o priority=warning
  yarak -V my_rules.yaml                   check a rules file
  yarak --list=syscall -v                  what rules can ask for
  yarak -L                                 what the loaded rules are for
\b
Signals: SIGHUP reads configuration and rules anew without a gap, SIGUSR1 reopens output files.
"""

OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-c", "config", metavar="PATH", help="Configuration file. [/etc/yarak/yarak.yaml, else the packaged one]"
    ),
    click.option("--config-schema", is_flag=True, help="Print the configuration's JSON schema and exit."),
    click.option("--rule-schema", is_flag=True, help="Print the rules files' JSON schema and exit."),
    click.option("--disable-source", multiple=True, metavar="SOURCE", help="Leave an event source off."),
    click.option("--enable-source", multiple=True, metavar="SOURCE", help="Have these event sources alone."),
    click.option(
        "--dry-run", is_flag=True, help="Do everything but watch: exit 0 if configuration and rules are fine."
    ),
    click.option("-i", "ignored", is_flag=True, help="Print the system calls that are ignored by default and exit."),
    click.option("-L", "describe_rules", is_flag=True, help="Describe all loaded rules and exit."),
    click.option("-l", "describe_rule", metavar="RULE", help="Describe one rule and exit."),
    click.option(
        "--list",
        "list_fields",
        is_flag=False,
        flag_value="",
        metavar="[=SOURCE]",
        help="List the fields that rules can name and exit.",
    ),
    click.option("-N", "names_only", is_flag=True, help="With --list: names only."),
    click.option(
        "--format",
        "list_format",
        type=click.Choice(["text", "markdown", "json"], case_sensitive=False),
        help="Form of --list and --list-events. [text]",
    ),
    click.option("--markdown", is_flag=True, help="Deprecated: --format markdown."),
    click.option("--list-events", is_flag=True, help="List the events and exit."),
    click.option(
        "-M", "seconds", type=click.IntRange(min=0), default=0, metavar="SECONDS", help="Stop after this many seconds."
    ),
    click.option(
        "-o",
        "--option",
        "options",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a configuration key: a.b=v, a[0]=v, a[]=v (appends).",
    ),
    click.option(
        "-p", "--print", "print_format", metavar="FORMAT", help="Deprecated: text added to every rule's output."
    ),
    click.option("-P", "--pidfile", metavar="PATH", help="Write the process id to this file."),
    click.option(
        "-r",
        "rules",
        multiple=True,
        metavar="PATH",
        help="Rules file or folder, in place of rules_files. May be repeated.",
    ),
    click.option("-t", "tags", multiple=True, metavar="TAG", help="Deprecated: run the rules with this tag alone."),
    click.option("-T", "disabled_tags", multiple=True, metavar="TAG", help="Deprecated: rules with this tag stay off."),
    click.option(
        "-D",
        "disabled_names",
        multiple=True,
        metavar="TEXT",
        help="Deprecated: rules with this in their name stay off.",
    ),
    click.option("-U", "--unbuffered", is_flag=True, help="Write every alert at once."),
    click.option(
        "-V",
        "--validate",
        "validate",
        multiple=True,
        metavar="PATH",
        help="Check this rules file and exit. May be repeated.",
    ),
    click.option("-v", "verbose", is_flag=True, help="Say more."),
    click.option("--version", "version", is_flag=True, help="Print version numbers and exit."),
    click.option("--page-size", is_flag=True, help="Print the system's page size and exit."),
)


def _with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


@click.command("run", epilog=EPILOG)
@_with_options
@click.pass_obj
def run(log: Log, /, **values: Any) -> int:
    """Watch this host and alert when a rule fires.

    Rules, configuration, flags and output formats are Falco's.
    """
    request = Request(log=log, command_line=("yarak", *sys.argv[1:]), **values)
    for wanted, action in info.ACTIONS:
        if wanted(request):
            return action(request)
    return watch(request)


def watch(request: Request) -> int:
    """Watch until told to stop."""
    from yarak.service import Service

    Service(request.flags(), request.log).run()
    return 0
