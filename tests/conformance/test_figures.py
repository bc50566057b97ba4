"""What a load costs: processor time and peak memory of the child that compiles.

Memory is VmHWM: ru_maxrss would begin with what the parent had when it forked.

The limits are the project's own: half a second and 40 MB for the upstream files, 6 s for 5,000 rules. The second is
tested with room for slow machines; what was measured is printed with ``pytest -s``.
"""

from __future__ import annotations

import json
import subprocess
import sys
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


@pytest.mark.timeout(120)
def test_five_thousand_rules(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    path.write_text(synthetic(5000))
    found = load([path])
    assert found["rules"] == 5000
    assert found["seconds"] <= 6 * 3
