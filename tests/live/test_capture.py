"""Capture files around the alerts of rules that ask for them, with and without the time before."""

from __future__ import annotations

import gzip
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.command import run
from livekit.fixtures import alone
from livekit.patience import PATIENCE
from livekit.recording import perform
from livekit.requirements import demand, lacking_for_sensor
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

RULE = """\
- rule: Secret read
  desc: d
  condition: evt.type in (open, openat, openat2) and fd.name = {secret}
  output: "secret read (file=%fd.name)"
  priority: WARNING
  capture: {capture}
  capture_duration: {duration}
"""
DURATION, DEFAULT_DURATION = round(1500 * PATIENCE), round(1000 * PATIENCE)
"""Milliseconds."""
NAME = re.compile(r"cap_\d{20}_\d{20}\.scap")


@pytest.fixture(autouse=True)
def _able() -> Iterator[None]:
    demand(lacking_for_sensor())
    alone()
    yield


class Watch:
    """A sensor with one rule; what it wrote once it has ended."""

    def __init__(self, folder: Path, *options: str, capture: bool = True) -> None:
        self.secret, self.folder = folder / "secret", folder
        self.secret.write_text("s")
        rules = folder / "rules.yaml"
        rules.write_text(RULE.format(secret=self.secret, capture=str(capture).lower(), duration=DURATION))
        chosen = ("capture.enabled=true", f"capture.path_prefix={folder}/cap", *options)
        self.sensor = Sensor([rules], folder / "sensor", [*OPTIONS, *chosen])
        try:
            self.sensor.wait_until_armed()
        except BaseException:
            self.sensor.stop()
            raise

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("cap_*") if NAME.fullmatch(path.name))

    def wait_for_files(self, count: int) -> None:
        self.sensor.wait_for_log("Capture file ", count)


def shown(file: Path, condition: str, form: str) -> list[str]:
    done = run("replay", file, "--filter", condition, "--print", form)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_rule_opens_a_file_that_ends_by_itself(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    try:
        with watch.sensor.watch() as seen:
            pid = perform(f"""
                import os, time
                os.close(os.open("/etc/hostname", 0))
                os.close(os.open({str(watch.secret)!r}, 0))
                time.sleep(0.5)
                os.close(os.open("/etc/os-release", 0))
            """)
        assert len(seen.of("Secret read")) == 1
        watch.wait_for_files(1)
    finally:
        assert watch.sensor.stop() == 0, watch.sensor.log
    (file,) = watch.files
    assert gzip.decompress(file.read_bytes())[:4] == b"\x0a\x0d\x0d\x0a"
    names = shown(file, f"proc.pid = {pid}", "%evt.type %fd.name")
    opened = [line.split()[1] for line in names if line.startswith("openat ")]
    assert opened[0] == str(watch.secret), "the event that fired is the first"
    assert "/etc/os-release" in opened and "/etc/hostname" not in opened
    assert any(line.startswith("close") and line.endswith(" /etc/os-release") for line in names), names
    assert names[-1].startswith("procexit")


def test_the_look_back_begins_before_the_alert(tmp_path: Path) -> None:
    watch = Watch(tmp_path, "capture.lookback=30000")
    try:
        with watch.sensor.watch():
            pid = perform(f"""
                import os, subprocess
                kept = os.open("/etc/hostname", os.O_RDONLY)
                subprocess.run(["/bin/cat", "/etc/hostname"], stdout=subprocess.DEVNULL)
                os.dup2(kept, 50)
                os.close(kept)
                os.close(os.open({str(watch.secret)!r}, 0))
            """)
        watch.wait_for_files(1)
    finally:
        assert watch.sensor.stop() == 0, watch.sensor.log
    (file,) = watch.files
    own = shown(file, f"proc.pid = {pid}", "%evt.type %fd.name %proc.name")
    births = ("clone", "clone3", "fork", "vfork")
    assert own[0].startswith(births), own[:3]
    assert any(line.startswith("execve") for line in own)
    name = Path(sys.executable).name[:15]
    assert f"openat /etc/hostname {name}" in own and f"openat {watch.secret} {name}" in own
    cats = shown(file, f"proc.ppid = {pid} and evt.type = execve", "%proc.cmdline %proc.pname")
    assert f"cat /etc/hostname {name}" in cats, cats
    # Before that, one may have ended between the sensor's first event and the scan that asks who is there.
    armed = shown(file, f"proc.pid = {pid}", "%evt.num")[0]
    unknown = shown(file, f"proc.pid = -1 and evt.num > {armed}", "%evt.num %evt.type %thread.tid")
    assert unknown == [], "processes are as they were at the file's first event"


def test_only_rules_that_ask(tmp_path: Path) -> None:
    watch = Watch(tmp_path, capture=False)
    try:
        with watch.sensor.watch() as seen:
            perform(f"open({str(watch.secret)!r})")
        assert len(seen.of("Secret read")) == 1
        assert watch.files == []
    finally:
        assert watch.sensor.stop() == 0, watch.sensor.log
    assert "Capture file" not in watch.sensor.log


def test_all_rules_and_an_extended_deadline(tmp_path: Path) -> None:
    """Alerts while a file is open lengthen it: one file for all of them. The marker's own rule asks, too."""
    watch = Watch(tmp_path, "capture.mode=all_rules", f"capture.default_duration={DEFAULT_DURATION}", capture=False)
    try:
        for _ in range(4):
            perform(f"open({str(watch.secret)!r})")
            time.sleep(0.3)
        watch.wait_for_files(1)
    finally:
        assert watch.sensor.stop() == 0, watch.sensor.log
    reads = [shown(file, f"fd.name = {watch.secret} and evt.type = openat", "%evt.num") for file in watch.files]
    assert sum(map(len, reads)) == 4 and max(map(len, reads)) >= 3


def test_a_file_that_grows_too_large_is_closed_and_told(tmp_path: Path) -> None:
    watch = Watch(tmp_path, "capture.max_file_size_mb=1")
    text = os.urandom(64).hex()
    try:
        perform(f"""
            import os
            os.close(os.open({str(watch.secret)!r}, 0))
            names = [os.urandom(100).hex() for _ in range(200)]
            for _ in range(200):
                for name in names:
                    try: os.open("/{text}" + os.urandom(40).hex() + name, 0)
                    except OSError: pass
        """)
        watch.wait_for_files(1)
    finally:
        assert watch.sensor.stop() == 0, watch.sensor.log
    assert any("capture size limit reached" in line for line in watch.sensor.lines), watch.sensor.lines
    assert watch.files[0].stat().st_size >= 1 << 20


def test_a_file_that_cannot_be_made_is_told_and_the_watch_goes_on(tmp_path: Path) -> None:
    watch = Watch(tmp_path, f"capture.path_prefix={tmp_path}/missing/cap")
    try:
        with watch.sensor.watch() as seen:
            perform(f"open({str(watch.secret)!r})")
        assert len(seen.of("Secret read")) == 1
        watch.sensor.wait_for_log("cannot be written: No such file or directory")
        with watch.sensor.watch() as again:
            perform(f"open({str(watch.secret)!r})")
        assert len(again.of("Secret read")) == 1
    finally:
        assert watch.sensor.stop() == 0, watch.sensor.log
