"""`yarak record --compat`: a tool of 2022 that knows nothing of us sees what happened."""

from __future__ import annotations

import socket
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from livekit.fixtures import alone
from livekit.recording import is_subsequence, perform, recording, sysdig
from livekit.requirements import demand, demand_every_event, lacking_for_sensor, lacking_for_sysdig

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def _able() -> Iterator[None]:
    demand(lacking_for_sensor() + lacking_for_sysdig())
    alone()
    yield


FORM = "%evt.dir %evt.type %proc.name|%evt.args"


def test_paths_have_their_names(tmp_path: Path) -> None:
    file = tmp_path / "compat.scap"
    with recording(file, "--compat") as recorded:
        pid = perform(f"""
            import os
            os.chdir({str(tmp_path)!r})
            os.mkdir("d")
            open("d/a", "w").write("text")
            os.rename("d/a", "d/b")
            os.chmod("d/b", 0o640)
            os.symlink("b", "d/link")
            os.unlink("d/b")
            try: open("d/missing")
            except OSError: pass
        """)
    assert recorded.events > 100
    demand_every_event(recorded.lost)
    lines = sysdig(file, FORM, f"proc.pid = {pid}")
    name = Path(sys.executable).name[:15]
    # What is relative is shown with what it leads to, for which the reader follows the working directory.
    wanted = [
        f"< chdir {name}|res=0 path={tmp_path} ",
        f"< mkdir {name}|res=0 path=d({tmp_path}/d) ",
        f"< rename {name}|res=0 oldpath=d/a({tmp_path}/d/a) newpath=d/b({tmp_path}/d/b) ",
        f"< chmod {name}|res=0 filename=d/b({tmp_path}/d/b) mode=0640(S_IRGRP|S_IWUSR|S_IRUSR) ",
        f"< symlink {name}|res=0 target=b linkpath=d/link({tmp_path}/d/link) ",
        f"< unlink {name}|res=0 path=d/b({tmp_path}/d/b) ",
    ]
    assert is_subsequence(wanted, lines) is None, "\n".join(lines)
    opens = sysdig(file, "%evt.dir %evt.type %fd.name %evt.res", f"proc.pid = {pid} and evt.type = openat")
    assert is_subsequence([f"< openat {tmp_path}/d/a SUCCESS"], opens) is None
    assert f"< openat {tmp_path}/d/missing ENOENT" in opens


def test_every_exit_has_its_enter(tmp_path: Path) -> None:
    file = tmp_path / "compat.scap"
    with recording(file, "--compat"):
        pid = perform("import os; os.close(os.open('/etc/hostname', 0))")
    calls = [line.split() for line in sysdig(file, "%evt.dir %evt.type", f"proc.pid = {pid}")]
    calls = [(way, name) for way, name in calls if name != "procexit"]
    births = ("clone", "clone3", "fork", "vfork")
    assert calls[0][0] == "<" and calls[0][1] in births, "a child only leaves the call"
    entered, left = calls[1::2], calls[2::2]
    assert [name for _, name in entered][: len(left)] == [name for _, name in left]
    assert {way for way, _ in entered} == {">"} and {way for way, _ in left} == {"<"}


def test_children_have_their_names_and_arguments(tmp_path: Path) -> None:
    file = tmp_path / "compat.scap"
    with recording(file, "--compat"):
        pid = perform("""
            import subprocess, threading
            subprocess.run(["/bin/sh", "-c", "cat /etc/hostname; exit 3"], env={"MARK": "1"}, stdout=subprocess.DEVNULL)
            thread = threading.Thread(target=open, args=["/etc/hostname"])
            thread.start(); thread.join()
        """)
    form = "%proc.name|%proc.cmdline|%proc.pname|%proc.exepath|%evt.type"
    children = sysdig(file, form, f"proc.ppid = {pid} and evt.type = execve and evt.dir = <")
    assert any(
        line.startswith(("sh|sh -c cat /etc/hostname; exit 3|", "dash|dash -c cat /etc/hostname; exit 3|"))
        for line in children
    ), children
    cats = sysdig(file, form, f"proc.apid = {pid} and proc.name = cat and evt.type in (openat, open)")
    assert any(line.startswith("cat|cat /etc/hostname|") for line in cats), cats
    nameless = sysdig(file, "%evt.num %thread.tid %evt.type", "proc.name = <NA>")
    assert nameless == [], "every thread is in the process list or has been seen born"


def test_sockets_have_their_addresses(tmp_path: Path) -> None:
    file = tmp_path / "compat.scap"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as unix:
        port = server.getsockname()[1]
        unix.bind(str(tmp_path / "socket"))
        unix.listen()
        with recording(file, "--compat"):
            pid = perform(f"""
                import socket
                tcp = socket.create_connection(("127.0.0.1", {port}))
                tcp.send(b"ping")
                unix = socket.socket(socket.AF_UNIX)
                unix.connect({str(tmp_path / "socket")!r})
                six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                six.connect(("::1", 53))
            """)
    sent = sysdig(
        file, "%fd.name %fd.sip %fd.sport %fd.l4proto", f"proc.pid = {pid} and evt.type = sendto and evt.dir = <"
    )
    assert len(sent) == 1
    name, address, served, transport = sent[0].split()
    assert name.startswith("127.0.0.1:") and name.endswith(f"->127.0.0.1:{port}")
    assert (address, served, transport) == ("127.0.0.1", str(port), "tcp")
    connects = sysdig(file, "%evt.args", f"proc.pid = {pid} and evt.type = connect and evt.dir = <")
    assert any(line.startswith("res=0 tuple=") and line.strip().endswith(f" {tmp_path}/socket") for line in connects), (
        connects
    )
    assert any("->::1:53" in line for line in connects), connects


def test_descriptors_from_before_have_their_names(tmp_path: Path) -> None:
    """The lists at the file's beginning: a regular file, a pipe, sockets that were connected long ago."""
    file, kept = tmp_path / "compat.scap", tmp_path / "kept"
    kept.write_text("text")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        script = f"""
            import os, socket, sys
            kept = os.open({str(kept)!r}, os.O_RDONLY)
            tcp = socket.create_connection(("127.0.0.1", {port}))
            os.mkfifo({str(tmp_path / "go")!r})
            print("ready", flush=True)
            open({str(tmp_path / "go")!r}).read()
            os.read(kept, 4); tcp.send(b"ping")
        """
        command = [sys.executable, "-I", "-c", textwrap.dedent(script)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
            with recording(file, "--compat"):
                (tmp_path / "go").write_text("")
                assert process.wait(60) == 0
    reads = sysdig(
        file, "%evt.type %fd.num %fd.name", f"proc.pid = {process.pid} and evt.type in (read, sendto) and evt.dir = <"
    )
    assert any(line.endswith(f" {kept}") for line in reads), reads
    assert any(line.startswith("sendto ") and line.endswith(f"->127.0.0.1:{port}") for line in reads), reads
