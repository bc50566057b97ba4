"""Loss: a flood of opens pushes out nothing that counts more, and what it loses itself is told, at once and in sum."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from livekit.actors import Actors
from livekit.alerts import Alert
from livekit.patience import PATIENCE
from livekit.requirements import demand, lacking_for_sensor, skipped_at_most
from livekit.sensor import OPTIONS, Sensor

pytestmark = pytest.mark.live

DROP = "Falco internal: syscall event drop"
NOBODY = 65534
FLOODERS = 2
ROUNDS = 25
SECONDS = 60.0 * PATIENCE

FLOOD_RULE = "Flooded file opened"
RULE = """\
- rule: {name}
  desc: Looked for while a flood goes on.
  condition: {condition}
  output: "%evt.type by %proc.name"
  priority: WARNING
"""
DEED = "deed"
# Calls that no flood may push out, each made by `deed` once a round; the step that makes it.
DEEDS = {
    "execve": "spawn {deed}",
    "mount": "try tmpfs /nowhere",
    "init_module": "try init-module",
    "ptrace": "traceme",
    "bpf": "bpf-map",
    "setuid": f"become {NOBODY}",
}


def slow_rules(flooded: Path) -> str:
    """A rule about the flooded file, and many that look at it for long before they turn out not to match."""
    opened = f"evt.type in (open, openat, openat2) and fd.name = {flooded}"
    names = [f"proc.env[SLOW_{number}] = x" for number in range(300)]
    return RULE.format(name=FLOOD_RULE, condition=opened) + RULE.format(
        name="Slow", condition=f"{opened} and ({' or '.join(names)})"
    )


def deed_rules() -> str:
    return "".join(
        RULE.format(name=f"Deed {call}", condition=f"evt.type = {call} and proc.name = {DEED}") for call in DEEDS
    )


class Flooded:
    """A sensor whose rules are slow at what `flood` does."""

    def __init__(self, actors: Actors, folder: Path) -> None:
        # Others must be able to reach it.
        for parent in (folder, *folder.parents):
            if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o055)
        self.file = folder / "flooded"
        self.file.touch()
        self.file.chmod(0o644)
        rules = folder / "rules.yaml"
        rules.write_text(slow_rules(self.file) + deed_rules())
        self._actors = actors
        options = (*OPTIONS, "syscall_event_drops.actions[]=alert")
        self.sensor = Sensor([rules], folder / "sensor", options)

    @contextmanager
    def flood(self) -> Iterator[None]:
        """Processes of an unprivileged user that open the file as fast as they can."""
        command = [str(self._actors.named("flooder")), "flood", str(self.file)]
        padding = {f"PADDING_{number}": "x" * 20 for number in range(60)}
        flooders = [
            subprocess.Popen(command, user=NOBODY, group=NOBODY, extra_groups=(), env=padding) for _ in range(FLOODERS)
        ]
        try:
            yield
        finally:
            for flooder in flooders:
                flooder.kill()
                flooder.wait()

    def do_deeds(self) -> None:
        names = {
            "deed": str(self._actors.named(DEED)),
        }
        self._actors.perform(DEED, DEEDS.values(), names)

    def settle(self) -> None:
        """Returns once everything that the flood left in the buffers has been judged."""
        self.sensor.wait_until_armed()

    @property
    def alerts(self) -> list[Alert]:
        return self.sensor.alerts


@pytest.fixture
def flooded(actors: Actors, tmp_path: Path) -> Iterator[Flooded]:
    demand(lacking_for_sensor())
    flooded = Flooded(actors, tmp_path)
    try:
        flooded.sensor.wait_until_armed()
        yield flooded
    finally:
        flooded.sensor.stop()


def test_a_flood_pushes_out_nothing_that_counts_more_and_tells_its_own_loss(flooded: Flooded) -> None:
    began = time.time_ns()
    with flooded.flood():
        flooded.sensor.wait_for(lambda alert: alert.tells_loss, SECONDS)
        for _ in range(ROUNDS):
            flooded.do_deeds()
        done = time.time_ns()
        flooded.sensor.wait_for(lambda alert: alert.tells_loss and alert.fields["until_ns"] > done)
    ended = time.time_ns()
    flooded.settle()
    flooded.sensor.stop_cleanly()

    alerts = flooded.alerts
    seen = {call: len([a for a in alerts if a.rule == f"Deed {call}"]) for call in DEEDS}
    # `deed` itself is an exec, too.
    assert seen == {call: ROUNDS * (2 if call == "execve" else 1) for call in DEEDS}, flooded.sensor.log

    gaps = [alert for alert in alerts if alert.tells_loss]
    lost: set[str] = set()
    for gap in gaps:
        lost |= {name for name in gap.fields if name.startswith("n_lost_")}
        assert gap.priority == "Error"
        assert began <= gap.fields["until_ns"] and gap.fields["since_ns"] <= ended
        assert 0 <= gap.fields["until_ns"] - gap.fields["since_ns"] < 5 * 10**9 * PATIENCE
        assert FLOOD_RULE in gap.fields["rules_blind"]
        assert ("Deed execve" in gap.fields["rules_blind"]) == ("n_lost_unknown" in gap.fields)
        assert gap.fields["n_events_lost"] == sum(gap.fields[name] for name in gap.fields if name.startswith("n_lost_"))
    assert not lost & {f"n_lost_{call}" for call in (*DEEDS, "clone", "fork", "vfork", "procexit")}, lost
    assert lost & {"n_lost_open", "n_lost_openat"}

    n_lost = sum(gap.fields["n_events_lost"] for gap in gaps)
    assert sum(gap.fields.get("n_lost_unknown", 0) for gap in gaps) <= skipped_at_most(n_lost)

    total = re.search(r"^Events seen: .*, lost: (\d+)$", flooded.sensor.log, re.MULTILINE)
    assert total is not None
    assert n_lost == int(total[1])
    drop = next(alert for alert in alerts if alert.rule == DROP)
    assert int(drop.fields["n_drops"]) > 0
    assert drop.fields["n_drops_buffer_open_exit"] == drop.fields["n_drops_buffer_total"]
