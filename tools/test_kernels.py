"""The live tests under other kernels, in QEMU, and the table that says what each of them can do (docs/kernels.md).

    python tools/test_kernels.py [--kernel VERSION]... [--arch ARCHITECTURE]... [--only TESTS]... [--timeout SECONDS]

A guest sees this machine's files, so that it runs what `make build` has built here. It needs the reference data's
tools/vmrun (YARAK_SHARED, else ../shared) and the packages kmod and qemu-system-x86. Without KVM a suite takes long:
the tests' own limits are stretched (YARAK_LIVE_PATIENCE), and `--only` narrows them. Reports stay in
core/target/kernels; those of whole files that are newer than the page replace its cells, and all others of its cells
stay. On arm64 a loader of its own stands for the live tests (arm64.py, which needs a cross compiler and
qemu-system-arm).
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import arm64
import file_reports

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "kernels.md"
REPORTS = REPOSITORY / "core" / "target" / "kernels"
TESTS = sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "tests" / "live").glob("test_*.py"))
KERNELS = {"x86_64": ("5.10", "6.1", "6.12", "7.3"), "aarch64": ("6.12",)}
PATIENCE = 5
MEMORY = "3G"
# Dear under emulation: wards against speculation and the zeroing of memory (a boot with two starts of the sensor takes
# 47 seconds of CPU with them, 32 without), and 5.10's choice of a clock that is a device.
BOOT = "mitigations=off init_on_alloc=0 audit=0 clocksource=tsc tsc=reliable"
# What a guest lacks beside a machine that was booted in full: drivers, and a root on which podman can lay an overlay.
SETUP = ("modprobe -qa fuse", "mkdir -p /var/lib/containers", "mount -t tmpfs tmpfs /var/lib/containers")
SHARING = ("test_(calls|fields)_", "test_(ia32|io_uring|paths|upstream_rules)[.]")
TABLE = "| tests | "
NOT_RUN = "-"
LACK = re.compile(r"- (?P<name>\w+) \((?P<columns>[^)]*)\): (?P<reason>.*)")

HEAD = """\
# Kernels

Linux 5.8 or newer with BTF, x86_64. `make test-kernels` runs the live tests under the kernels below, in QEMU, and
writes this page; a run of some files leaves the cells of the others. What an older kernel lacks costs a feature or some
speed, never the start. `-`: not run, or not ended in the time that the guest was given. Every difference between
kernels is in `sensor/compat.h`, or in the choice of programs that are loaded (`core/src/capture/live/ring.rs`,
`sensor.rs`).

On arm64 Yarak has no build yet. There the sensor's object passes the verifier, and a small loader (`tests/arm64`) sees
an open and an exec: row `arm64_loader`.

| feature | since | without it | skipped tests say |
|---|---|---|---|
| direct reads of kernel memory (`bpf_rdonly_cast`) | 6.2 | the sensor's programs take about twice as long | |
| the registers of the running task (`bpf_task_pt_regs`) | 5.15 | they are read from the top of its stack | |
| the address of a connect in the kernel's memory at submission | 6.10 | it is read from the caller's | |
| kprobes (`CONFIG_KPROBE_EVENTS`) | - | names of unlink, link and the like are read at the call's end alone | |
"""

# Rows of that table that tests are skipped for: feature, since when, what is so without it, and the words of the tests.
CAPABILITIES = (
    (
        "a task that keeps its CPU within a program (docs/architecture.md, Preemption)",
        "before 7.0",
        "where CPU time is short, single calls are lost and told as a gap",
        "a kernel that skips no program",
    ),
    (
        "io_uring's requests in its tracepoints",
        "6.0",
        "operations of io_uring are not seen",
        "kernel 6.0 or newer (io_uring)",
    ),
    (
        "io_uring: completion in the submitter's own time (`IORING_SETUP_DEFER_TASKRUN`)",
        "6.1",
        "no such operations",
        "kernel 6.1 or newer (io_uring)",
    ),
    ("io_uring: bind and listen", "6.11", "no such operations", "kernel 6.11 or newer (io_uring)"),
    ("io_uring (`kernel.io_uring_disabled`)", "-", "no operations", "an io_uring that is allowed"),
    (
        "a program's name where it is executed by its descriptor alone",
        "6.14",
        "`proc.name` is the descriptor's number",
        "needs Linux 6.14",
    ),
    ("the 32-bit entry (`CONFIG_IA32_EMULATION`)", "-", "no such calls", "CONFIG_IA32_EMULATION"),
    ("FUSE (`CONFIG_FUSE_FS`)", "-", "no such file systems", "no FUSE"),
    ("overlay mounts", "-", "`fd.is_upper_layer` and its like are false", "no overlay can be mounted"),
    ("`userfaultfd(2)`", "-", "losses while a call waits for its arguments' page are not tried", "no userfaultfd"),
    ("`bpf(2)` for the tests", "-", "no such calls", "a bpf(2) that is allowed"),
    ("containers (podman)", "-", "no containers", "a file system that podman can store on"),
)


@dataclass
class File:
    """What became of one file's tests under one kernel."""

    counts: Counter[str] = field(default_factory=Counter)
    lacks: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)

    def cell(self) -> str:
        """One cell of the table."""
        words = [f"{self.counts[key]} {key}" for key in ("passed", "failed", "skipped") if self.counts[key]]
        return ", ".join(words) or NOT_RUN


Results = dict[str, File]


@dataclass
class Page:
    """The tables of the page: cells by test file and column, and where a reason skipped tests of a file."""

    columns: list[str] = field(default_factory=list)
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    lacks: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Page:
        """A page as it was written."""
        read = cls()
        _, _, table = text.partition(TABLE)
        for line in table.splitlines():
            words = [word.strip() for word in line.strip("|").split("|")]
            if not read.columns:
                read.columns = words
            elif line.startswith("| "):
                read.cells |= {(words[0], column): cell for column, cell in zip(read.columns, words[1:], strict=True)}
            elif found := LACK.fullmatch(line):
                read.lacks[found["name"], found["reason"]] = set(found["columns"].split(", "))
        return read

    def take(self, column: str, results: Results) -> None:
        """Replaces the cells of the files that there are results of."""
        self.columns = sorted({*self.columns, column}, key=order)
        for name, file in results.items():
            self.cells[name, column] = file.cell()
            for (lacking, _), where in self.lacks.items():
                where -= {column} if lacking == name else set()
            for reason in filter(None, file.lacks):
                self.lacks.setdefault((name, reason), set()).add(column)

    def forget(self, known: set[str]) -> None:
        """Drops what is about files that are no more."""
        self.cells = {key: cell for key, cell in self.cells.items() if key[0] in known}
        self.lacks = {key: where for key, where in self.lacks.items() if key[0] in known}

    def __str__(self) -> str:
        lines = [TABLE + " | ".join(self.columns) + " |", "|---" * (len(self.columns) + 1) + "|"]
        lines += [self._row(name) for name in sorted({name for name, _ in self.cells})]
        lacks = {key: sorted(where, key=order) for key, where in sorted(self.lacks.items()) if where}
        lines += ["", "Skipped for what the kernel or the guest lacks:", ""] if lacks else []
        lines += [f"- {name} ({', '.join(where)}): {reason}" for (name, reason), where in lacks.items()]
        return head() + "\n".join(lines) + "\n"

    def _row(self, name: str) -> str:
        return f"| {name} | " + " | ".join(self.cells.get((name, column), NOT_RUN) for column in self.columns) + " |"


def head() -> str:
    """What stands above the table of tests."""
    rows = (f"| {feature} | {since} | {without} | `{words}` |\n" for feature, since, without, words in CAPABILITIES)
    return f"{HEAD}{''.join(rows)}\n"


def unlisted(page: Page) -> list[str]:
    """What tests are skipped for, and the page's table of features does not have."""
    reasons = sorted(reason for (_, reason), where in page.lacks.items() if where)
    return [reason for reason in reasons if not any(words in reason for *_, words in CAPABILITIES)]


def vmrun() -> Path:
    """The program that boots a kernel. SystemExit where it is missing."""
    path = Path(os.environ.get("YARAK_SHARED", REPOSITORY.parent / "shared")) / "tools" / "vmrun"
    if not path.exists():
        sys.exit(f"{path} is missing: set YARAK_SHARED to the folder with the reference data")
    return path


def reports(kernel: str) -> Path:
    """The folder of a column's reports."""
    folder = REPORTS / kernel
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def groups(only: list[str]) -> list[list[str]]:
    """Tests that go into one run: those that share a sensor, which takes long to start; and all others."""
    shared = [[test for test in only if re.match(pattern, Path(test).name)] for pattern in SHARING]
    others = [test for test in only if not any(test in group for group in shared)]
    return [group for group in (*shared, others) if group]


def command(group: list[str], folder: Path) -> str:
    """The shell's line that runs a group and leaves reports; that of a single test is not for the page."""
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rs", "--timeout", str(120 * PATIENCE)]
    kept = folder / "single" if any("::" in test for test in group) else folder
    return shlex.join([*pytest, "-p", file_reports.__name__, "--file-reports", str(kept), *group])


def run(kernel: str, only: list[str], timeout: float) -> None:
    """Runs the tests under one kernel, whose reports then lie in a folder named after it."""
    folder = reports(kernel)
    for report in folder.glob("*.xml") if only == TESTS else []:
        report.unlink()
    shared = vmrun().parents[1]
    variables = (
        f"YARAK_LIVE_PATIENCE={PATIENCE}",
        f"YARAK_SHARED={shared}",
        f"PYTHONPATH={Path(__file__).parent}:{REPOSITORY}",
    )
    guest = [word for variable in variables for word in ("--env", variable)]
    limits = ["--timeout", str(timeout), "--mem", MEMORY, "--append", BOOT, "--share", str(folder)]
    script = "\n".join([*SETUP, *(command(group, folder) for group in groups(only))])
    command_line = [str(vmrun()), "--kernel", kernel, *limits, *guest, "--", "sh", "-c", script]
    subprocess.run(command_line, cwd=REPOSITORY, check=False)


def order(column: str) -> tuple[str, list[int]]:
    """What columns are sorted by: architecture, then version."""
    version, _, architecture = column.partition("-")
    return architecture, [int(part) for part in version.split(".")]


def cases(folder: Path, since: float) -> list[ET.Element]:
    """What the JUnit reports that were written since say of each test; of one that ran again, the last."""
    found: dict[tuple[str, str], ET.Element] = {}
    dated = sorted((report.stat().st_mtime, report) for report in folder.glob("*.xml"))
    for _, report in (entry for entry in dated if entry[0] > since):
        for case in ET.parse(report).iter("testcase"):
            found[case.get("classname", "").rpartition(".")[2], case.get("name", "")] = case
    return list(found.values())


def results(folder: Path, since: float) -> Results:
    """The tests of one kernel by file, from reports that were written since."""
    files: Results = {}
    for case in cases(folder, since):
        name = case.get("classname", "").rpartition(".")[2]
        file = files.setdefault(name, File())
        skipped, failure = case.find("skipped"), case.find("failure")
        error = case.find("error")
        if failure is not None or error is not None:
            file.counts["failed"] += 1
            file.failed.append(case.get("name", ""))
        elif skipped is not None:
            file.counts["skipped"] += 1
            file.lacks.add(skipped.get("message", ""))
        else:
            file.counts["passed"] += 1
    return files


def merge(page: Path, folders: Path) -> dict[str, Results]:
    """Takes the reports that are newer than the page into it, and says what they are."""
    written, text = (page.stat().st_mtime, page.read_text()) if page.exists() else (0.0, "")
    found = {folder.name: results(folder, written) for folder in sorted(folders.iterdir())}
    merged = Page.read(text)
    for column, files in found.items():
        if files:
            merged.take(column, files)
    merged.forget({arm64.REPORT, *(Path(test).stem for test in TESTS)})
    page.write_text(str(merged))
    return found


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = ", ".join(KERNELS["x86_64"])
    parser.add_argument("--kernel", action="append", help=f"a version that the Debian mirror has ({known})")
    parser.add_argument("--arch", action="append", choices=list(KERNELS), help="default: both")
    parser.add_argument("--only", action="append", help="a file of tests/live, or a single test for a look; on x86_64")
    parser.add_argument("--timeout", type=float, default=28800.0, help="seconds that a guest may take (28800)")
    return parser.parse_args()


def main() -> int:
    chosen = arguments()
    for arch in chosen.arch or (["x86_64"] if chosen.only or chosen.kernel else KERNELS):
        for kernel in chosen.kernel or KERNELS[arch]:
            print(f"== kernel {kernel} on {arch}", flush=True)
            if arch == "x86_64":
                run(kernel, chosen.only or TESTS, chosen.timeout)
            else:
                arm64.run(vmrun(), kernel, reports(f"{kernel}-arm64"), chosen.timeout)
    found = merge(PAGE, REPORTS)
    failed = [
        (kernel, name, test) for kernel, results in found.items() for name in results for test in results[name].failed
    ]
    for kernel, name, test in failed:
        print(f"kernel {kernel}: {name}::{test} failed")
    print(f"{PAGE.relative_to(REPOSITORY)} is written")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
