"""The command line, parsed."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from yarak.config import Loaded, Settings
from yarak.flags import Flags
from yarak.log import Log


@dataclass(eq=False)
class Request:
    """Values of the flags of `yarak run`, as click names them."""

    log: Log
    command_line: tuple[str, ...] = ()
    config: str | None = None
    config_schema: bool = False
    rule_schema: bool = False
    disable_source: tuple[str, ...] = ()
    enable_source: tuple[str, ...] = ()
    dry_run: bool = False
    ignored: bool = False
    describe_rules: bool = False
    describe_rule: str | None = None
    list_fields: str | None = None
    names_only: bool = False
    list_format: str | None = None
    markdown: bool = False
    list_events: bool = False
    seconds: int = 0
    options: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    disabled_tags: tuple[str, ...] = ()
    disabled_names: tuple[str, ...] = ()
    print_format: str | None = None
    pidfile: str | None = None
    rules: tuple[str, ...] = ()
    unbuffered: bool = False
    validate: tuple[str, ...] = ()
    verbose: bool = False
    version: bool = False
    page_size: bool = False

    def flags(self) -> Flags:
        """What the service needs of it."""
        return Flags(
            config=self.config,
            rules=self.rules,
            options=self.options,
            tags=self.tags,
            disabled_tags=self.disabled_tags,
            disabled_names=self.disabled_names,
            dry_run=self.dry_run,
            pidfile=self.pidfile,
            unbuffered=self.unbuffered,
            verbose=self.verbose,
            seconds=self.seconds,
            print_format=self.print_format,
            command_line=self.command_line,
        )

    @functools.cached_property
    def loaded(self) -> Loaded:
        """The configuration, read when first asked for; the log follows it.

        Raises: ConfigError.
        """
        from yarak.preparation import read_configuration

        loaded = read_configuration(self.flags())
        settings = loaded.settings
        self.log.configure(
            level=settings.log_level,
            to_stderr=settings.log_stderr,
            to_syslog=settings.log_syslog,
            iso_8601=settings.time_format_iso_8601,
        )
        return loaded

    @property
    def settings(self) -> Settings:
        """The typed configuration."""
        return self.loaded.settings
