"""A whole run with a sensor that is not there."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.service.fakes import FakeAlert, FakePreparation, FakeSensor
from yarak.errors import CoreDiedError, KernelError, OutputError, PidfileError, RulesError
from yarak.flags import Flags
from yarak.log import CRITICAL, Log
from yarak.sensor import AlertLike
from yarak.service import Service


class Lines(Log):
    """Keeps what is logged, whatever the configuration says about where."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def write(self, level: int, text: str) -> None:
        if level <= self.level:
            self.lines.append(text)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text("plan one")
    return path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "events.txt"


@pytest.fixture
def flags(tmp_path: Path, rules: Path, output: Path) -> Flags:
    config = tmp_path / "yarak.yaml"
    config.write_text(f"file_output: {{enabled: true, filename: {output}}}\nlog_syslog: false\n")
    return Flags(config=str(config), rules=(str(rules),))


def run(flags: Flags, sensor: FakeSensor, look: Callable[[bytes], None] = lambda _settings: None) -> Lines:
    log = Lines()
    Service(flags, log, open_sensor=sensor.open, look_at_kernel=look, prepare=FakePreparation).run()
    return log


def kill(number: int) -> Callable[[], list[AlertLike]]:
    def act() -> list[AlertLike]:
        os.kill(os.getpid(), number)
        return []

    return act


def nothing() -> list[AlertLike]:
    return []


def with_options(flags: Flags, *options: str) -> Flags:
    return Flags(config=flags.config, rules=flags.rules, options=options)


def test_alerts_reach_the_outputs_and_the_figures(
    flags: Flags, output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sensor = FakeSensor(lambda: [FakeAlert(), FakeAlert("Another", 6), FakeAlert()], kill(signal.SIGTERM))
    log = run(flags, sensor)
    assert output.read_text().splitlines() == [
        "00:00:00.000000000: Warning A rule",
        "00:00:00.000000000: Warning Another",
        "00:00:00.000000000: Warning A rule",
    ]
    out, err = capfd.readouterr()
    assert out == (
        "Events detected: 3\nRule counts by severity:\n   WARNING: 2\n   INFO: 1\n"
        "Triggered rules by rule name:\n   A rule: 2\n   Another: 1\n"
    )
    assert err == (
        "Syscall event drop monitoring:\n   - event drop detected: 0 occurrences\n   - num times actions taken: 0\n"
        "Events seen: 1000, dropped in the kernel by filter: 900, lost: 0\n"
    )
    assert sensor.stopped
    assert "SIGINT received, exiting..." in log.lines
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_start_up_lines_in_order(flags: Flags, rules: Path) -> None:
    lines = run(flags, FakeSensor(kill(signal.SIGINT))).lines
    expected = [
        "Yarak version: 0.1.0 (x86_64)",
        "Yarak initialized with configuration files:",
        f"   {flags.config} | schema validation: ok",
        "Loading rules from:",
        f"   {rules} | schema validation: ok",
        "The chosen syscall buffer dimension is: 8388608 bytes (8 MBs)",
        "Enabled event sources: syscall",
        "Opening 'syscall' source with modern BPF probe.",
    ]
    assert [line for line in lines if line in expected] == expected
    assert any(line.startswith("One ring buffer every '") for line in lines)


def test_json_output(flags: Flags, output: Path) -> None:
    run(with_options(flags, "json_output=true"), FakeSensor(lambda: [FakeAlert()], kill(signal.SIGINT)))
    assert json.loads(output.read_text()) == {"rule": "A rule"}


def test_settings_reach_the_core(flags: Flags) -> None:
    sensor = FakeSensor(kill(signal.SIGINT))
    run(with_options(flags, "engine.modern_ebpf.buf_size_preset=2", "time_format_iso_8601=true"), sensor)
    (settings,) = map(json.loads, sensor.settings)
    assert settings["buf_bytes"] == 2 << 20
    assert settings["max_rings_bytes"] == 64 << 20
    assert settings["format"]["time_format_iso_8601"] is True
    assert settings["snaplen"] == 80


def reloading(after: Callable[[], None], check: Callable[[], bool]) -> tuple[FakeSensor, Callable[[], list[AlertLike]]]:
    """A sensor during whose run `after` changes something, SIGHUP comes, and `check` ends the run once it holds."""
    sensor = FakeSensor()

    def begin() -> list[AlertLike]:
        after()
        return kill(signal.SIGHUP)()

    def wait_for_check() -> list[AlertLike]:
        sensor.acts.put(kill(signal.SIGINT) if check() else wait_for_check)
        return []

    sensor.acts.put(begin)
    sensor.acts.put(wait_for_check)
    return sensor, wait_for_check


def test_sighup_swaps_the_rules_without_a_new_sensor(flags: Flags, rules: Path) -> None:
    sensor, _ = reloading(lambda: bool(rules.write_text("plan two")) and None, lambda: len(sensor.plans) == 2)
    log = run(flags, sensor)
    assert sensor.plans == [b"plan one", b"plan two"]
    assert log.lines.index("SIGHUP received, restarting...") > log.lines.index("Enabled event sources: syscall")


def test_broken_file_changes_nothing_and_says_so(flags: Flags, rules: Path, output: Path) -> None:
    sensor, _ = reloading(
        lambda: bool(rules.write_text("broken")) and None, lambda: output.exists() and "internal" in output.read_text()
    )
    log = run(flags, sensor)
    assert sensor.plans == [b"plan one"]
    (line,) = output.read_text().splitlines()
    assert line.endswith(": Critical Falco internal: hot restart failure: rules.yaml:1:1: error: broken ()")
    assert any("the old rules stay" in line for line in log.lines)
    assert "SIGHUP received, restarting..." not in log.lines


def test_core_that_refuses_the_new_plan_changes_nothing(flags: Flags, output: Path) -> None:
    sensor, _ = reloading(lambda: None, lambda: output.exists() and "internal" in output.read_text())
    sensor.swap_error = RuntimeError("no")
    run(flags, sensor)
    assert "hot restart failure: RuntimeError: no" in output.read_text()


def test_reload_takes_new_outputs_and_formats(flags: Flags, output: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    config = Path(flags.config or "")

    def change() -> None:
        config.write_text(f"file_output: {{enabled: true, filename: {other}}}\njson_output: true\nlog_syslog: false\n")

    sensor, _ = reloading(change, lambda: len(sensor.plans) == 2)
    log = Lines()
    service = Service(
        flags, log, open_sensor=sensor.open, look_at_kernel=lambda _settings: None, prepare=FakePreparation
    )

    def alert() -> list[AlertLike]:
        return [FakeAlert()]

    sensor.acts.put(alert)
    service.run()
    assert json.loads(sensor.settings[1])["format"]["json_output"] is True
    assert other.exists()


def test_sigusr1_reopens_files(flags: Flags, output: Path) -> None:
    keep = with_options(flags, "file_output.keep_alive=true")

    def rotate() -> list[AlertLike]:
        output.rename(output.with_suffix(".old"))
        return kill(signal.SIGUSR1)()

    sensor = FakeSensor(rotate, nothing, lambda: [FakeAlert()], kill(signal.SIGINT))
    run(keep, sensor)
    assert "A rule" in output.read_text()


def test_dry_run_touches_neither_kernel_nor_outputs(flags: Flags, output: Path) -> None:
    def no_kernel(_settings: bytes) -> None:
        raise AssertionError("a dry run has no business with the kernel")

    sensor = FakeSensor()
    run(Flags(config=flags.config, rules=flags.rules, dry_run=True), sensor, no_kernel)
    assert sensor.plans == []
    assert not output.exists()


def test_rules_that_are_wrong_are_told_before_the_kernel_that_is(flags: Flags, rules: Path) -> None:
    rules.write_text("broken")

    def refused(_settings: bytes) -> None:
        raise KernelError("CAP_BPF is missing")

    with pytest.raises(RulesError):
        run(flags, FakeSensor(), refused)
    rules.write_text("fine")
    with pytest.raises(KernelError, match="CAP_BPF"):
        run(flags, FakeSensor(), refused)


def test_core_that_dies_ends_the_run_with_its_message(flags: Flags, output: Path) -> None:
    def die() -> list[AlertLike]:
        raise RuntimeError("the core's thread panicked")

    sensor = FakeSensor(lambda: [FakeAlert()], die)
    with pytest.raises(CoreDiedError, match="panicked"):
        run(flags, sensor)
    assert sensor.stopped
    assert "A rule" in output.read_text()


EXIT_ON_DROPS = ("syscall_event_drops.actions[]=exit", "syscall_event_drops.actions[]=alert")
DROPPED = "Falco internal: syscall event drop. 60 system calls dropped in last second."


def losing(sensor: FakeSensor) -> Callable[[], list[AlertLike]]:
    """Sixty of the hundred events that were to be sent are lost."""

    def act() -> list[AlertLike]:
        sensor.totals |= {"n_sent": 40, "n_drops": 60}
        return []

    return act


def test_exit_on_drops_ends_the_run_with_critical_lines_and_exit_code_one(flags: Flags, output: Path) -> None:
    sensor = FakeSensor()
    sensor.acts.put(losing(sensor))
    log = Lines()
    log.level = CRITICAL
    service = Service(
        with_options(flags, *EXIT_ON_DROPS, "log_level=critical"),
        log,
        open_sensor=sensor.open,
        look_at_kernel=lambda _settings: None,
        prepare=FakePreparation,
    )
    with pytest.raises(CoreDiedError, match="^Drop manager internal error$") as caught:
        service.run()
    assert caught.value.exit_code == 1
    assert log.lines == [DROPPED, "Exiting."]
    assert sensor.stopped
    assert DROPPED in output.read_text(), "what goes out at the same time is written all the same"


def test_reload_with_other_drop_settings_takes_no_old_loss_for_a_new_one(flags: Flags, output: Path) -> None:
    config = Path(flags.config or "")

    def change() -> None:
        config.write_text(config.read_text() + "syscall_event_drops: {actions: [exit]}\n")

    sensor = FakeSensor()
    losing(sensor)()
    looks = 0

    def reload_after_a_look() -> list[AlertLike]:
        if sensor.looks == 0:
            sensor.acts.put(reload_after_a_look)
            return []
        change()
        sensor.acts.put(end_after_another_look)
        return kill(signal.SIGHUP)()

    def end_after_another_look() -> list[AlertLike]:
        nonlocal looks
        looks = looks or (sensor.looks if len(sensor.plans) == 2 else 0)
        over = looks and sensor.looks > looks
        sensor.acts.put(kill(signal.SIGINT) if over else end_after_another_look)
        return []

    sensor.acts.put(reload_after_a_look)
    log = run(flags, sensor)
    assert "SIGHUP received, restarting..." in log.lines
    assert "Exiting." not in log.lines


def test_no_output_enabled_ends_the_start(flags: Flags) -> None:
    sensor = FakeSensor()
    with pytest.raises(OutputError):
        run(with_options(flags, "file_output.enabled=false"), sensor)
    assert sensor.plans == []


def test_pid_file(flags: Flags, tmp_path: Path) -> None:
    pidfile = tmp_path / "pid"
    run(Flags(flags.config, flags.rules, pidfile=str(pidfile)), FakeSensor(kill(signal.SIGINT)))
    assert pidfile.read_text() == str(os.getpid())
    with pytest.raises(PidfileError, match="^Could not write pid to pidfile /none/pid. Exiting.$") as caught:
        run(Flags(flags.config, flags.rules, pidfile="/none/pid"), FakeSensor())
    assert caught.value.exit_code == 255


def test_run_ends_by_itself_after_the_given_seconds(flags: Flags) -> None:
    sensor = FakeSensor()
    run(Flags(flags.config, flags.rules, seconds=1), sensor)
    assert sensor.stopped


def test_nothing_to_load_is_fatal(flags: Flags) -> None:
    from yarak.preparation import find_rules, read_configuration

    empty = Flags(config=flags.config)
    with pytest.raises(RulesError, match="^You must specify at least one rules file"):
        find_rules(empty, read_configuration(empty).settings)
