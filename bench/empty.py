"""The empty program on sys_exit: what every sensor of this kind must pay, and so the measure of what ours adds."""

from __future__ import annotations

import ctypes
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# bpf(2); numbers of x86_64 and of asm-generic.
_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_OBJ_GET = 7
_BPF_RAW_TRACEPOINT_OPEN = 17
_PIN = Path("/sys/fs/bpf/yarak_bench_empty")


def missing() -> str | None:
    """Why the empty program cannot be attached, else None."""
    if shutil.which("bpftool") is None:
        return "bpftool is missing: no column with an empty program (Debian: apt-get install bpftool)"
    if os.uname().machine not in _SYS_BPF:
        return f"the empty program is not attached on {os.uname().machine}"
    return None


@contextmanager
def attached(object_file: Path) -> Iterator[None]:
    """Keep the object's program attached. bpftool loads it; attaching is one call that old ones do not offer.

    Raises: CalledProcessError, OSError.
    """
    subprocess.run(["bpftool", "prog", "load", str(object_file), str(_PIN)], check=True)
    try:
        path = ctypes.create_string_buffer(os.fsencode(_PIN))
        program = _bpf(_BPF_OBJ_GET, struct.pack("QIIQ", ctypes.addressof(path), 0, 0, 0))
    finally:
        _PIN.unlink()
    try:
        link = _bpf(_BPF_RAW_TRACEPOINT_OPEN, struct.pack("QIIQ", 0, program, 0, 0))
    finally:
        os.close(program)
    try:
        yield
    finally:
        os.close(link)


def _bpf(operation: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = int(libc.syscall(_SYS_BPF[os.uname().machine], operation, buffer, len(attributes)))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({operation}): {os.strerror(ctypes.get_errno())}")
    return result
