"""What a load costs: processor time and peak memory of the child that compiles, and processor time of whole commands.

Memory is VmHWM: ru_maxrss would begin with what the parent had when it forked.

The limits are the project's own: half a second and 40 MB for the upstream files; of 5,000 rules, 6 s for the load and
twice that with every lint. Each is taken by the best of several runs, since a busy machine makes processor time longer
too; what was measured is printed with ``pytest -s``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import listing_fixture
import pytest

ROOT = Path(__file__).parents[2]
UPSTREAM = ("falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml")
MB = 1024  # of the KiB that the kernel counts in

CHILD = """
import gc, json, resource, sys
from pathlib import Path
from yarak.rules import CompileOptions, Listing, compile_files
gc.disable()
request = json.load(sys.stdin)
listing = Listing.from_json(**request["listing"])
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return usage.ru_utime + usage.ru_stime, int(status["VmHWM"].split()[0])
before = used()
compiled = compile_files([Path(name) for name in request["files"]], CompileOptions(), listing)
after = used()
print(json.dumps({"ok": compiled.ok, "rules": len(compiled.rules), "seconds": after[0] - before[0],
                  "kib": after[1] - before[1]}))
"""


def load(files: list[Path]) -> dict[str, Any]:
    """Compile in a child: rules, seconds of processor time and KiB that the load took over what was there before."""
    request = {"files": list(map(str, files)), "listing": listing_fixture.document("container")}
    done = subprocess.run(
        [sys.executable, "-P", "-c", CHILD], input=json.dumps(request), capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"{found['rules']} rules: {found['seconds']:.2f} s, {found['kib'] / MB:.1f} MB")
    assert found["ok"]
    return found


def test_the_upstream_files() -> None:
    folder = listing_fixture.shared() / "data" / "rules"
    found = [load([folder / name for name in UPSTREAM]) for _ in range(3)]
    assert found[0]["rules"] == 93
    assert min(one["seconds"] for one in found) <= 0.5
    assert max(one["kib"] for one in found) <= 40 * MB


def synthetic(count: int) -> str:
    """Rules of the shape that people write: a shared macro, a list, a path of one's own, an exception."""
    head = (
        "- {list: shells, items: [bash, zsh, sh]}\n"
        '- {macro: opened, condition: "evt.type in (open, openat, openat2) and fd.typechar = f"}\n'
    )
    return head + "".join(
        f"- rule: rule {number}\n  desc: number {number}\n  priority: NOTICE\n  tags: [t{number % 10}]\n"
        f"  condition: opened and fd.name startswith /srv/{number}/ and not proc.name in (shells, p{number})\n"
        f"  output: opened (user=%user.name file=%fd.name command=%proc.cmdline number={number})\n"
        f"  exceptions: [{{name: e, fields: [proc.name, fd.name], comps: [=, endswith], values: [[a, .{number}]]}}]\n"
        for number in range(count)
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """5,000 rules, and one that the last of them forestalls."""
    path = tmp_path_factory.mktemp("figures") / "many.yaml"
    shadowed = (
        "- rule: hidden\n  desc: d\n  priority: NOTICE\n  output: opened (file=%fd.name)\n"
        "  condition: opened and fd.name = /srv/4999/x and not proc.name in (shells, p4999)\n"
    )
    path.write_text(synthetic(5000) + shadowed)
    return path


@pytest.mark.timeout(120)
def test_five_thousand_rules(many: Path) -> None:
    found = [load([many]) for _ in range(2)]
    assert found[0]["rules"] == 5001
    assert min(one["seconds"] for one in found) <= 6
    assert min(one["kib"] for one in found) <= 200 * MB


def command(*arguments: str) -> tuple[float, str]:
    """Seconds of processor time that the whole of a command takes, and its standard output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "yarak", *arguments], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"yarak {arguments[0]} {arguments[1]}: {seconds:.2f} s")
    return seconds, done.stdout


@pytest.mark.timeout(120)
def test_validating_five_thousand_rules(many: Path) -> None:
    found = [command("-V", str(many)) for _ in range(2)]
    assert found[0][1].endswith(f"{many}: Ok\n")
    assert min(seconds for seconds, _ in found) <= 6


@pytest.mark.timeout(120)
def test_every_lint_of_five_thousand_rules(many: Path) -> None:
    found = [command("rules", "check", "--format", "json", str(many)) for _ in range(2)]
    told = Counter(one["code"] for one in json.loads(found[0][1]))
    assert told == {"YK103": 1, "YK301": 5001}
    assert min(seconds for seconds, _ in found) <= 12
