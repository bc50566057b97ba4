"""Ring buffers: their size and number, and what is said about them at start (config.md §3, cli.md §10)."""

from __future__ import annotations

import os

from yarak.config.settings import ModernEbpf
from yarak.log import Log

MIB = 1 << 20


def size(preset: int) -> int:
    """Bytes of one ring for a preset of 1 to 10."""
    return MIB << (preset - 1)


def cpus_per_ring(settings: ModernEbpf, log: Log) -> int:
    """CPUs that share a ring; never more than are online. 0 stays 0: one ring for all."""
    online = os.cpu_count() or 1
    if settings.cpus_for_each_buffer <= online:
        return settings.cpus_for_each_buffer
    log.warning(
        f"engine.modern_ebpf.cpus_for_each_buffer is {settings.cpus_for_each_buffer}, but only {online} CPUs are "
        f"online: using {online}"
    )
    return online


def dimension_line(ring_bytes: int) -> str:
    """The start-up line about one ring's size."""
    return f"The chosen syscall buffer dimension is: {ring_bytes} bytes ({ring_bytes // MIB} MBs)"


def limit_line(chosen: int, rings: int, ring_bytes: int, limit_mb: int) -> str | None:
    """What to say when the limit for all rings made them smaller than chosen, else None."""
    if ring_bytes >= chosen:
        return None
    return (
        f"All ring buffers together are limited to {limit_mb} MBs (engine.modern_ebpf.buffers_limit_mb): "
        f"{rings} buffers of {ring_bytes} bytes"
    )
