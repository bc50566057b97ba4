"""The live pipeline as the service sees it; `yarak._core.Sensor` is the real one, tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypedDict

import msgspec

from yarak.config.settings import Capture, Settings
from yarak.errors import KernelError, YarakError


class AlertLike(Protocol):
    """A finished alert: `priority` 0 to 7, `time_ns` since the epoch, `text` and `json` complete lines."""

    @property
    def priority(self) -> int: ...
    @property
    def rule(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def tags(self) -> list[str]: ...
    @property
    def text(self) -> str: ...
    @property
    def json(self) -> str: ...


class Started(TypedDict):
    """What the sensor found and made at start."""

    rings: int
    ring_bytes: int
    cpus: int
    processes: int
    kernel: str
    late_strings: list[str]


class Gap(TypedDict):
    """What was lost between two moments (ns since the epoch): events by type, alerts by rule, and the rules that
    look at events of the lost types."""

    since_ns: int
    until_ns: int
    events: dict[str, int]
    alerts: dict[str, int]
    blind: list[str]


class SensorLike(Protocol):
    """See `yarak._core.Sensor`."""

    def start(self) -> Started: ...
    def swap(self, plan: bytes, settings: bytes) -> None: ...
    def wait(self, timeout: float) -> Sequence[AlertLike]: ...
    def counters(self) -> dict[str, int]: ...
    def take_gap(self) -> Gap | None: ...
    def notices(self) -> list[dict[str, str | int]]: ...
    def stop(self) -> None: ...


OpenSensor = Callable[[bytes, bytes], SensorLike]
"""(plan, settings) → a sensor that has not started."""

DEFAULT_SNAPLEN = 80


def settings_json(settings: Settings, *, ring_bytes: int, cpus_per_ring: int, hostname: str) -> bytes:
    """The document that the core takes beside the plan."""
    ebpf, libs = settings.engine.modern_ebpf, settings.falco_libs
    return msgspec.json.encode(
        {
            "buf_bytes": ring_bytes,
            "cpus_per_ring": cpus_per_ring,
            "max_rings_bytes": ebpf.buffers_limit_mb << 20,
            "snaplen": libs.snaplen or DEFAULT_SNAPLEN,
            "hostname": hostname,
            "kernel_filter": settings.sensor.kernel_filter,
            "snapshots": settings.sensor.snapshots,
            "max_processes": libs.thread_table_size,
            "capture": _capture(settings.capture),
            "format": format_settings(settings),
        }
    )


def format_settings(settings: Settings) -> dict[str, bool]:
    """How the core writes alerts."""
    return {
        "json_output": settings.json_output,
        "json_include_output_property": settings.json_include_output_property,
        "json_include_message_property": settings.json_include_message_property,
        "json_include_output_fields_property": settings.json_include_output_fields_property,
        "json_include_tags_property": settings.json_include_tags_property,
        "time_format_iso_8601": settings.time_format_iso_8601,
        "buffer_format_base64": settings.buffer_format_base64,
    }


def _capture(capture: Capture) -> dict[str, object] | None:
    """What the core needs to know of files around alerts; None: there are none."""
    if not capture.enabled:
        return None
    return {
        "path_prefix": capture.path_prefix,
        "all_rules": capture.mode == "all_rules",
        "default_duration_ms": capture.default_duration,
        "max_file_size_mb": capture.max_file_size_mb,
        "lookback_ms": capture.lookback,
        "lookback_bytes": capture.lookback_max_mb << 20,
    }


def open_core(plan: bytes, settings: bytes) -> SensorLike:
    """The real sensor."""
    from yarak import _core

    return _core.Sensor(plan, settings)


def preflight() -> None:
    """Look whether this kernel and this user can run the sensor.

    Raises: KernelError naming what is missing; YarakError when the core is not built.
    """
    try:
        from yarak import _core
    except ImportError as error:
        raise YarakError(f"Yarak's core cannot be loaded: {error}", hint="Build it with: make build") from None
    try:
        _core.preflight()
    except _core.CoreError as error:
        raise from_core(error, KernelError) from None


def look(settings: bytes) -> None:
    """Look whether the sensor can run here and, if so, let it load in the background.

    Raises: KernelError naming what is missing; YarakError when the core is not built.
    """
    preflight()
    from yarak import _core

    try:
        _core.prepare(settings)
    except _core.CoreError as error:
        raise from_core(error, KernelError) from None


def from_core(error: Exception, kind: type[YarakError]) -> YarakError:
    """The core's error as one of ours."""
    return kind(
        str(getattr(error, "message", error)),
        hint=str(getattr(error, "hint", "") or ""),
        code=str(getattr(error, "code", "")),
    )
