"""What a start and a reload have in common: read the configuration, find the rules, compile them."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from yarak import buffers, compiler, config, moments, plugins, replay, selection_flags, sensor
from yarak.compiler import Answer, Compiler
from yarak.config import Loaded, Settings, rules_files
from yarak.errors import ConfigError, RulesError
from yarak.flags import Flags
from yarak.log import Log


def read_configuration(flags: Flags) -> Loaded:
    """The configuration as the flags want it.

    Raises: ConfigError.
    """
    loaded = config.load(config.find(flags.config), flags.options)
    settings = loaded.settings
    if flags.unbuffered:
        settings.buffered_outputs = False
    _add_print_format(settings, flags.print_format)
    if selected := selection_flags.entries(flags):
        settings.rules += selected
        loaded.warnings.append(selection_flags.DEPRECATED)
    if settings.engine.kind == "nodriver":
        raise ConfigError("engine.kind 'nodriver' is not built yet: use modern_ebpf")
    if settings.engine.kind == "replay" and not settings.engine.replay.capture_file:
        raise ConfigError("engine.kind 'replay' needs a capture file: set engine.replay.capture_file")
    loaded.warnings += [
        f"The plugin '{name}' cannot be loaded yet: its entry is ignored" for name in plugins.missing(settings)
    ]
    if settings.engine.kind == "kmod":
        loaded.warnings.append("engine.kind 'kmod': there is no kernel module, the modern_ebpf sensor is used")
    if (clamped := buffers.clamped_line(settings.engine.modern_ebpf)) is not None:
        loaded.warnings.append(clamped)
    loaded.warnings += [
        "append_output: an entry matches by both rule and tags"
        for entry in settings.append_output
        if entry.match is not None and entry.match.rule and entry.match.tags
    ]
    return loaded


def _add_print_format(settings: Settings, text: str | None) -> None:
    """`-p`: the four words of old mean nothing any more; other text goes to every rule's output."""
    if text is not None and text not in ("c", "container", "k", "kubernetes"):
        from yarak.config.settings import AppendOutput

        settings.append_output.append(AppendOutput(extra_output=text))


def find_rules(flags: Flags, settings: Settings) -> list[Path]:
    """The rules files, in load order.

    Raises: RulesError when there are none.
    """
    if flags.rules:
        files = rules_files.from_command_line(flags.rules)
    else:
        files = rules_files.from_config(settings.rules_files)
    if not files:
        raise RulesError(rules_files.NO_RULES)
    return files


def compiled(flags: Flags, settings: Settings, log: Log) -> bytes:
    """The plan of the rules, for a command that has nothing else to do meanwhile; their warnings go to the log.

    Raises: RulesError when there are none or a file is bad.
    """
    answer = compiler.in_process(find_rules(flags, settings), settings)
    for text, result in zip(answer.texts, answer.results, strict=False):
        if result.warnings and result.successful:
            log.warning(text.rstrip())
    return compiler.accepted(answer)


def hostname() -> str:
    """The name that alerts carry."""
    return os.environ.get("FALCO_HOSTNAME") or os.uname().nodename


class Prepared(msgspec.Struct):
    """A configuration with its compiled rules, ready for the sensor."""

    loaded: Loaded
    files: list[Path]
    answer: Answer
    plan: bytes
    sensor_settings: bytes

    @property
    def settings(self) -> Settings:
        return self.loaded.settings


class Preparation:
    """From flags to a configuration with compiled rules: `read`, `begin`, `finish`, in this order."""

    def __init__(self, flags: Flags) -> None:
        """Starts the compiler's process, which takes longer to load than the configuration to read."""
        self._flags = flags
        self._compiler = Compiler()
        self.loaded = Loaded(Settings())
        self.files: list[Path] = []

    def read(self) -> Loaded:
        """Read the configuration. Raises: ConfigError."""
        self.loaded = read_configuration(self._flags)
        return self.loaded

    def begin(self) -> None:
        """Find the rules files and let them compile. Raises: RulesError when there are none."""
        self.files = find_rules(self._flags, self.loaded.settings)
        self._compiler.begin(self.files, self.loaded.settings)

    def finish(self) -> Prepared:
        """Wait for the rules. Raises: RulesError when a file is bad."""
        answer = self._compiler.answer()
        plan = compiler.accepted(answer)
        return Prepared(self.loaded, self.files, answer, plan, self.sensor_settings())

    def sensor_settings(self) -> bytes:
        """What the core takes beside the plan."""
        settings = self.loaded.settings
        if settings.engine.kind == "replay":
            until = {"after": self._flags.seconds * moments.NS} if self._flags.seconds else None
            file = settings.engine.replay.capture_file
            return replay.settings_json(settings, [file], hostname=hostname(), until=until)
        ebpf = self.loaded.settings.engine.modern_ebpf
        return sensor.settings_json(
            self.loaded.settings,
            ring_bytes=buffers.size(ebpf.buf_size_preset),
            cpus_per_ring=buffers.cpus_per_ring(ebpf),
            hostname=hostname(),
        )

    def cancel(self) -> None:
        """End the compiler's process, if it still runs."""
        self._compiler.cancel()
