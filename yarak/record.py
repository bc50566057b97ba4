"""`yarak record`: a sensor that writes everything into a file, from start to end."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from yarak import buffers, compiler, sensor
from yarak.config import Settings
from yarak.errors import CoreDiedError, KernelError, OutputError
from yarak.preparation import hostname
from yarak.replay import condition_plan
from yarak.sensor import OpenSensor, SensorLike
from yarak.signals import Signals

WAIT_SECONDS = 0.1

NO_RULES = msgspec.json.encode({"format": 1, "filter": {}})
"""A plan that asks for nothing."""


@dataclass(frozen=True)
class Rotation:
    """When the next file begins: after so many bytes or seconds, 0 for never; `keep` files stay, 0 for all."""

    bytes: int = 0
    seconds: float = 0
    keep: int = 0


@dataclass(frozen=True)
class Order:
    """What is to be recorded. `path` is `-` for standard output; `seconds` 0 for until told to stop."""

    path: str
    condition: str | None = None
    seconds: float = 0
    rotation: Rotation = Rotation()
    compat: bool = False
    compress: bool = False
    snaplen: int = 0


@dataclass(frozen=True)
class Summary:
    """How a recording went. `lost` never left the kernel; `seconds` is how long it took."""

    events: int
    bytes: int
    files: int
    lost: int
    seconds: float

    def line(self) -> str:
        """One line for people."""
        files = f"{self.files} files" if self.files != 1 else "1 file"
        lost = f"{self.lost:,} lost" if self.lost else "nothing lost"
        return f"Recorded {self.events:,} events in {self.seconds:.1f} s, {self.bytes:,} bytes in {files}, {lost}"


def cost_line(order: Order) -> str:
    """What is said before it begins: what is recorded, and the price."""
    what = f"system calls where {order.condition}" if order.condition is not None else "every system call"
    until = f"for {order.seconds:g} s" if order.seconds else "until Ctrl-C"
    return (
        f"Recording {what} to {'standard output' if order.path == '-' else order.path} {until}. The kernel filter is "
        "off meanwhile: each call takes a few microseconds of CPU more and about 100 bytes of file before compression"
    )


def record(
    order: Order, settings: Settings, say: Callable[[str], None], open_sensor: OpenSensor = sensor.open_core
) -> Summary:
    """Record until the time is up, or a signal to stop comes.

    Raises: OutputError for a file that cannot be written, RulesError for a bad condition, KernelError, CoreDiedError.
    """
    check_target(order.path)
    wanted = NO_RULES
    if order.condition is not None:
        # The calls too that are ignored by default.
        compiled = partial(compiler.in_child, all_syscalls=True)
        wanted = condition_plan(order.condition, "--filter", settings, compiled=compiled)
    if open_sensor is sensor.open_core:
        sensor.preflight()
    signals = Signals()
    signals.catch()
    try:
        began = time.monotonic()
        recorder = open_sensor(wanted, settings_json(order, settings))
        try:
            recorder.start()
        except Exception as error:
            raise sensor.from_core(error, KernelError) from None
        say(cost_line(order))
        try:
            _wait(recorder, signals, order.seconds)
        finally:
            recorder.stop()
        _take(recorder, 0)  # an error of the last moment
        return _summary(recorder.counters(), time.monotonic() - began)
    finally:
        signals.restore()


def check_target(path: str) -> None:
    """Look whether a file can be made there, before anything is loaded.

    Raises: OutputError.
    """
    if path == "-":
        if os.isatty(1):
            raise OutputError("A recording is no text for a terminal", hint="Name a file, or pipe `-` into a program")
        return
    target = Path(path)
    if not target.parent.is_dir():
        raise OutputError(f"{path}: there is no folder {target.parent}")
    if target.is_dir():
        raise OutputError(f"{path} is a folder", hint="Name a file in it")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode) and not stat.S_ISFIFO(target.stat().st_mode):
        raise OutputError(f"{path} is no regular file")


def settings_json(order: Order, settings: Settings) -> bytes:
    """The core's settings document for a recording."""
    ebpf = settings.engine.modern_ebpf
    document = msgspec.json.decode(
        sensor.settings_json(
            settings,
            ring_bytes=buffers.size(ebpf.buf_size_preset),
            cpus_per_ring=buffers.cpus_per_ring(ebpf),
            hostname=hostname(),
        )
    )
    document["capture"] = None
    if order.snaplen:
        document["snaplen"] = order.snaplen
    document["record"] = {
        "path": order.path,
        "compress": order.compress,
        "compat": order.compat,
        "filtered": order.condition is not None,
        "rotate_bytes": order.rotation.bytes,
        "rotate_ns": int(order.rotation.seconds * 1e9),
        "keep": order.rotation.keep,
    }
    return msgspec.json.encode(document)


def _wait(recorder: SensorLike, signals: Signals, seconds: float) -> None:
    deadline = time.monotonic() + seconds if seconds else None
    while not signals.stop and (deadline is None or time.monotonic() < deadline):
        left = WAIT_SECONDS if deadline is None else min(WAIT_SECONDS, deadline - time.monotonic())
        _take(recorder, max(left, 0))


def _take(recorder: SensorLike, timeout: float) -> None:
    try:
        recorder.wait(timeout)
    except Exception as error:
        raise sensor.from_core(error, CoreDiedError) from None


def _summary(counters: dict[str, int], seconds: float) -> Summary:
    lost = counters.get("n_drops", 0) + counters.get("n_undecodable", 0)
    return Summary(
        events=counters.get("n_recorded_events", 0),
        bytes=counters.get("n_recorded_bytes", 0),
        files=counters.get("n_recorded_files", 0),
        lost=lost,
        seconds=seconds,
    )
