"""Path truth: a file is the file it is, by whatever name it is reached. The upstream rules are unchanged."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from livekit.sensor import Sensor
from livekit.stage import Stage, Stand

pytestmark = pytest.mark.live

RULE = "Read sensitive file untrusted"

# How the file is reached, and whether only its real name says so.
WAYS = {
    "symlink": (("symlink /etc/shadow {tmp}/link", "read {tmp}/link"), True),
    "symlinked directory": (("symlink /etc {tmp}/folder", "read {tmp}/folder/shadow"), True),
    "root link of proc": (("read /proc/self/root/etc/shadow",), True),
    "current directory": (("chdir /etc", "read shadow"), False),
    "directory descriptor": (("read-at /etc shadow",), False),
    "parent directory": (("read /etc/../etc/shadow",), False),
    "bind mount": (
        ("mkdir {tmp}/mounted", "private-mounts", "bind /etc {tmp}/mounted", "read {tmp}/mounted/shadow"),
        True,
    ),
    "changed root": (("chroot /etc", "read /shadow"), True),
}


@pytest.mark.parametrize("way", WAYS)
def test_read_is_seen(way: str, stage: Stage, yarak: Sensor) -> None:
    steps, by_real_name = WAYS[way]
    with yarak.watch() as seen:
        stage.perform(Stand("reader", steps))
    alert = seen.one(RULE, "Warning", {"proc.name": "reader", "user.name": "root"})
    assert "/etc/shadow" in (alert.fields["fd.name"], alert.fields.get("fd.realpath"))
    assert alert.fields.get("evt.path_match", "given") == ("real" if by_real_name else "given")


def test_innocent_link_stays_silent(stage: Stage, yarak: Sensor) -> None:
    with yarak.watch() as seen:
        stage.perform(
            Stand("reader", ("symlink /etc/hostname {tmp}/shadow", "read {tmp}/shadow", "read-at /etc hostname"))
        )
    seen.none(RULE)


# A day's ordinary work. A tool that is not installed is left out; those of `make run` are always there.
WORK = {
    "packages": ("apt-cache", "policy"),
    "package check": ("apt-get", "check"),
    "packages listed": ("dpkg", "-l"),
    "repository": ("git", "init", "--quiet", "{tmp}/repository"),
    "commit": (
        "git",
        "-C",
        "{tmp}/repository",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "commit",
        "--quiet",
        "--allow-empty",
        "-m",
        "a",
    ),
    "python": ("python3", "-c", "import json, pwd, ssl, subprocess; pwd.getpwall(); subprocess.run(['true'])"),
    "compiler": ("cc", "-o", "{tmp}/program", "{tmp}/program.c"),
    "key": ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "{tmp}/key"),
    "password state": ("passwd", "-S", "root"),
    "scheduled jobs": ("run-parts", "--test", "/etc/cron.daily"),
    "log rotation": ("logrotate", "-d", "/etc/logrotate.conf"),
    "archive": ("tar", "-cf", "{tmp}/archive.tar", "/etc/alternatives"),
    "search": ("find", "/etc", "-maxdepth", "1", "-newer", "/etc/hostname"),
    "login": ("su", "-", "root", "-c", "true"),
}


def test_ordinary_work_raises_nothing_by_the_second_name(stage: Stage, yarak: Sensor) -> None:
    Path(stage.names["tmp"], "program.c").write_text("int main(void) { return 0; }\n")
    done = 0
    with yarak.watch() as seen:
        for command in WORK.values():
            words = [word.format_map(stage.names) for word in command]
            if shutil.which(words[0]):
                subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
                done += 1
    assert done >= 8
    assert [alert.output for alert in seen.alerts if alert.fields.get("evt.path_match") == "real"] == []
