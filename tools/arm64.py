"""The sensor on arm64, where Yarak itself has no build: its object passes the verifier, and a static loader
(tests/arm64/loader.c) sees an open and an exec. Everything is compiled here and runs in an emulated machine."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from yarak import _core

REPOSITORY = Path(__file__).resolve().parents[1]
LOADER = REPOSITORY / "tests" / "arm64" / "loader.c"
COMPILER = "aarch64-linux-gnu-gcc"
STEPS = ("load", "attach", "openat", "execve", "execveat")
REPORT = "arm64_loader"


def include() -> Path:
    """The headers of the loader library that `make build` has built: the distribution's may be too old."""
    found = (REPOSITORY / "core" / "target").glob("*/build/libbpf-sys-*/out/include")
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        sys.exit("the sensor was never built here: run `make build`")
    return newest


def sensor(folder: Path) -> Path:
    """The sensor's object. Raises: CalledProcessError where it does not compile."""
    target = folder / "yarak.bpf.o"
    clang = [os.environ.get("CLANG", "clang"), "-g", "-O2", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror"]
    clang += ["-Wno-compare-distinct-pointer-types", "-D__TARGET_ARCH_arm64", f"-I{include()}"]
    subprocess.run([*clang, "-c", str(REPOSITORY / "sensor" / "yarak.bpf.c"), "-o", str(target)], check=True)
    return target


def loader_of(folder: Path) -> Path:
    """The loader, all of it in one file. Raises: CalledProcessError."""
    loader = folder / "loader"
    gcc = [COMPILER, "-O2", "-Wall", "-Werror", "-static", str(LOADER), "-o", str(loader), "-lbpf", "-lelf", "-lz"]
    subprocess.run(gcc, check=True)
    return loader


def event(name: str) -> tuple[str, str]:
    """Number of an event, and how many parameters it has."""
    info = next(info for info in _core.events() if info["name"] == name)
    return str(info["id"]), str(len(info["params"]))


def report(folder: Path, output: str) -> None:
    """What the loader said, as a JUnit report beside the other tests' ones."""
    suite = ET.Element("testsuite", name=REPORT)
    for step in STEPS:
        case = ET.SubElement(suite, "testcase", classname=REPORT, name=step)
        if f"{step} passed" not in output.splitlines():
            ET.SubElement(case, "failure", message=f"{step} did not pass").text = output
    ET.ElementTree(suite).write(folder / f"{REPORT}.xml")


def run(vmrun: Path, kernel: str, folder: Path, timeout: float) -> None:
    """Compiles, boots, and leaves a report in `folder`, which the guest sees."""
    target, loader = sensor(folder), loader_of(folder)
    words = [str(loader), str(target), *event("openat"), event("execve")[0], event("execveat")[0]]
    machine = ["--arch", "aarch64", "--kernel", kernel, "--timeout", str(timeout), "--share", str(folder)]
    guest = subprocess.run([str(vmrun), *machine, "--", *words], stdout=subprocess.PIPE, text=True, check=False)
    print(guest.stdout, end="", flush=True)
    report(folder, guest.stdout)
