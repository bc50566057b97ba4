"""Fields of users and groups: ids, names, homes and shells, as of now."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from livekit.calls import Told, told
from livekit.fields import FieldCases
from livekit.raw import call

cases = FieldCases(__name__, "user.", "group.")

UNNAMED = 54_321
"""An id that no file names."""


def look() -> None:
    call("openat", -100, b"/etc/hostname", os.O_RDONLY, 0)


def login() -> dict[str, int | str]:
    """Who logged in, by the audit system's word."""
    file = Path("/proc/self/loginuid")
    uid = int(file.read_text()) if file.exists() else 0xFFFFFFFF
    known = uid != 0xFFFFFFFF
    return {"user.loginuid": uid if known else -1, "user.loginname": pwd.getpwuid(uid).pw_name if known else "<NA>"}


def seen_as(uid: int, gid: int) -> int:
    """A child that looks at something as somebody else; its id."""
    pid = os.fork()
    if pid == 0:
        os.setgid(gid)
        os.setuid(uid)
        look()
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


@cases
def the_superuser() -> Told:
    root = pwd.getpwuid(0)
    expected = {
        "user.uid": 0,
        "user.name": "root",
        "user.homedir": root.pw_dir,
        "user.shell": root.pw_shell,
        "group.gid": 0,
        "group.name": "root",
        **login(),
    }
    return told(
        "openat", {**expected, "evt.rawres": call("openat", -100, b"/etc/hosts", os.O_RDONLY, 0)}, name="/etc/hosts"
    )


@cases
def somebody() -> Told:
    user, group = pwd.getpwnam("nobody"), grp.getgrnam("daemon")
    pid = seen_as(user.pw_uid, group.gr_gid)
    expected = {
        "user.uid": user.pw_uid,
        "user.name": "nobody",
        "user.homedir": user.pw_dir,
        "user.shell": user.pw_shell,
        "group.gid": group.gr_gid,
        "group.name": "daemon",
        **login(),
        "proc.pid": pid,
    }
    return told("openat", expected, name="/etc/hostname")


@cases
def nobody_knows_them() -> Told:
    seen_as(UNNAMED, UNNAMED)
    expected = {
        "user.uid": UNNAMED,
        "user.name": "<NA>",
        "user.homedir": "<NA>",
        "user.shell": "<NA>",
        "group.gid": UNNAMED,
        "group.name": "<NA>",
    }
    return told("openat", expected, name="/etc/hostname")


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
