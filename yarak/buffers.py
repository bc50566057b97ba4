"""Ring buffers: their size and number, and what is said about them at start (config.md §3, cli.md §10)."""

from __future__ import annotations

import os

from yarak.config.settings import ModernEbpf

MIB = 1 << 20


def size(preset: int) -> int:
    """Bytes of one ring for a preset of 1 to 10."""
    return MIB << (preset - 1)


def cpus_per_ring(settings: ModernEbpf) -> int:
    """CPUs that share a ring; never more than are online. 0 stays 0: one ring for all."""
    return min(settings.cpus_for_each_buffer, os.cpu_count() or 1)


def clamped_line(settings: ModernEbpf) -> str | None:
    """What to say when fewer CPUs are online than are to share a ring, else None."""
    used = cpus_per_ring(settings)
    if used == settings.cpus_for_each_buffer:
        return None
    return (
        f"engine.modern_ebpf.cpus_for_each_buffer is {settings.cpus_for_each_buffer}, but only {used} CPUs are "
        f"online: using {used}"
    )


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
