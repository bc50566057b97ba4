"""What cannot run says why on one screen, with exit code 1, and nothing runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from livekit.command import run
from livekit.paths import DEFAULT_RULES
from livekit.requirements import demand, lacking_for_sensor

pytestmark = pytest.mark.live

SCREEN_LINES = 24
# It may read every file, so that it can be started from anywhere; it may not touch the kernel.
OTHER_USER = (
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
    "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search",
)  # fmt: skip
ROOT_WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
NO_TYPE_INFORMATION = "mount -t tmpfs none /sys/kernel/btf"
OLD_KERNEL = (
    "mount -t tmpfs none /mnt && echo 5.4.0 > /mnt/release && mount --bind /mnt/release /proc/sys/kernel/osrelease"
)


def _pretending(mounts: str) -> tuple[str, ...]:
    """A command under which files of the kernel are others, for whatever it starts and nobody else."""
    return ("unshare", "--mount", "sh", "-c", f'{mounts} && exec "$0" "$@"')


@pytest.fixture(autouse=True)
def _able() -> None:
    demand(lacking_for_sensor())


@pytest.mark.parametrize(
    ("under", "named"),
    [
        pytest.param(OTHER_USER, ("CAP_BPF", "CAP_PERFMON"), id="another user"),
        pytest.param(ROOT_WITHOUT_CAPABILITIES, ("CAP_BPF", "CAP_PERFMON"), id="root without capabilities"),
        pytest.param(_pretending(NO_TYPE_INFORMATION), ("BTF",), id="no type information"),
        pytest.param(_pretending(OLD_KERNEL), ("5.8", "5.4.0"), id="old kernel"),
    ],
)
def test_what_the_sensor_lacks_is_named(under: tuple[str, ...], named: tuple[str, ...]) -> None:
    done = run("-r", DEFAULT_RULES, under=under)
    assert done.returncode == 1
    message = done.stderr[done.stderr.index("Error: ") :]
    assert all(name in message for name in named), message
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= SCREEN_LINES
    assert done.stdout == ""


def test_broken_rules_file_shows_the_place(tmp_path: Path) -> None:
    file, pidfile = tmp_path / "rules.yaml", tmp_path / "pid"
    lines = ["- rule: Broken", "  desc: d", "  condition: evt.type = = open", "  output: o", "  priority: WARNING"]
    file.write_text("\n".join(lines) + "\n")
    done = run("-r", DEFAULT_RULES, "-r", file, "-P", pidfile)
    assert done.returncode == 1
    place = re.search(rf"^Error: {re.escape(str(file))}:3:(\d+): error: (.+)$", done.stderr, re.MULTILINE)
    assert place is not None, done.stderr
    source, caret, expected = done.stderr[place.end() :].splitlines()[1:4]
    prefix = "    3 | "
    assert source == prefix + lines[2]
    assert caret.index("^") == len(prefix) + int(place[1]) - 1
    assert lines[2][int(place[1]) - 1 :].startswith("= open")
    assert "expect" in expected
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= SCREEN_LINES
    assert "Opening 'syscall' source" not in done.stderr
    assert done.stdout == ""
    assert not pidfile.exists()
