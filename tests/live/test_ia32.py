"""The 32-bit entry: a 64-bit program that calls `int 0x80` is seen like any other."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest
from livekit.sensor import Sensor

SOURCE = """
static char path[] = "/etc/shadow";
int main(void)
{
    long fd;
    __asm__ volatile("int $0x80" : "=a"(fd) : "a"(5), "b"(path), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
    return fd < 0;
}
"""


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program whose data lie below 4 GiB, so that a 32-bit register can hold their address."""
    if platform.machine() != "x86_64":
        pytest.skip("needs x86_64: only that has a 32-bit entry")
    compiler = shutil.which("cc")
    assert compiler is not None, "needs a C compiler"
    folder = tmp_path_factory.mktemp("ia32")
    (folder / "ia32.c").write_text(SOURCE)
    program = folder / "ia32-caller"
    subprocess.run([compiler, "-static", "-no-pie", "-O1", "-o", program, folder / "ia32.c"], check=True)
    return program


@pytest.mark.live
def test_open_through_the_32_bit_entry_is_seen(caller: Path, yarak: Sensor) -> None:
    with yarak.watch() as seen:
        if subprocess.run([caller], check=False).returncode != 0:
            pytest.skip("this kernel was built without the 32-bit entry (CONFIG_IA32_EMULATION)")
    seen.one(
        "Read sensitive file untrusted",
        "Warning",
        {"fd.name": "/etc/shadow", "evt.type": "open", "proc.name": "ia32-caller"},
    )
