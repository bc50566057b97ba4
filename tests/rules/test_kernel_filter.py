"""The kernel filter: what is derived from conditions, and that a match always implies the kernel's consent."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rules_helpers import parse

from yarak.rules import boxes
from yarak.rules.boxes import Box
from yarak.rules.events import Inference
from yarak.rules.kernel_filter import MAX_CLAUSES, KernelFilter, Need
from yarak.rules.listing import Code, Listing
from yarak.rules.reference import Ends, kernel_answer, matches

OPEN_FAMILY = ("open", "openat", "openat2", "open_by_handle_at")
OPEN_READ = "evt.type in (open, openat, openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0"


def need(condition: str, listing: Listing, name: str = "r") -> Need:
    node = parse(condition)
    return Need(name, Inference(listing).of(node), node)


def clauses(condition: str, listing: Listing) -> boxes.Union:
    return KernelFilter(listing).clauses(need(condition, listing))


def tables(condition: str, listing: Listing) -> dict[str, Any]:
    return KernelFilter(listing).tables([need(condition, listing)])


def names(box: Box, listing: Listing) -> set[str]:
    return {code.name for code in listing.members(box.codes)}


def test_an_open_for_reading(listing: Listing) -> None:
    (box,) = clauses(f"{OPEN_READ} and fd.name in (/etc/shadow, /etc/sudoers)", listing)
    assert names(box, listing) == {"open", "openat", "openat2"}
    assert (box.access, box.result) == (boxes.READ | boxes.RDWR, boxes.OK)
    assert box.path == {("exact", "/etc/shadow"), ("exact", "/etc/sudoers")}


def test_the_open_flag_alone_names_the_open_family(listing: Listing) -> None:
    (box,) = clauses("evt.is_open_write = true", listing)
    assert names(box, listing) == set(OPEN_FAMILY)


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ("fd.name startswith /etc/", {("prefix", "/etc/")}),
        ("fd.name glob '/home/*/.ssh/*'", {("prefix", "/home/")}),
        ("fd.name endswith /release_agent", {("filename", "release_agent")}),
        ("fd.name endswith release_agent", None),
        ("fd.name contains shadow", None),
        ("fd.name != /etc/shadow", None),
        ("not fd.name = /etc/shadow", None),
        ("fd.name pmatch (/etc/ssh)", {("exact", "/etc/ssh"), ("prefix", "/etc/ssh/")}),
        ("fd.name pmatch (/home/*/.ssh)", {("prefix", "/home/")}),
        ("fd.name pmatch (/)", None),
        ("fd.directory = /etc/pam.d", {("exact", "/etc/pam.d"), ("folder", "/etc/pam.d")}),
        (f"fd.directory = /{'x' * 250}", {("exact", "/" + "x" * 250), ("prefix", "/" + "x" * 250 + "/")}),
        (f"fd.filename = {'x' * 250}", None),
        ("fd.directory = /", None),
        ("fd.filename in (authorized_keys, id_rsa)", {("filename", "authorized_keys"), ("filename", "id_rsa")}),
        ("fd.name startswith anyof (/etc, /root)", {("prefix", "/etc"), ("prefix", "/root")}),
        ("fd.name = /a or fd.name startswith /b", {("exact", "/a"), ("prefix", "/b")}),
        ("fd.name = /a or proc.args = b", None),
        ("fd.name startswith / and fd.name = /a", {("exact", "/a")}),
    ],
)
def test_paths(condition: str, path: set[tuple[str, str]] | None, listing: Listing) -> None:
    (box,) = clauses(condition, listing)
    assert box.path == path


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        ("evt.rawres >= 0", boxes.OK),
        ("evt.rawres = 0", boxes.OK),
        ("evt.rawres < 0", boxes.FAIL | boxes.PROGRESS),
        ("evt.rawres = -115", boxes.PROGRESS),
        ("evt.rawres = -13", boxes.FAIL),
        ("evt.rawres in (0, -115)", boxes.OK | boxes.PROGRESS),
        ("evt.res = SUCCESS", boxes.OK),
        ("evt.res in (SUCCESS, EINPROGRESS)", boxes.OK | boxes.PROGRESS),
        ("evt.res = EACCES", boxes.FAIL),
        ("evt.res startswith E", boxes.FAIL | boxes.PROGRESS),
        ("evt.res = EINPROGRESS", boxes.PROGRESS),
        ("evt.failed = false", boxes.OK),
        ("evt.failed = true", boxes.ANY_RESULT),
        ("not evt.rawres < 0", boxes.ANY_RESULT),  # the result may be absent
    ],
)
def test_results(condition: str, result: int, listing: Listing) -> None:
    (box,) = clauses(f"evt.type = connect and {condition}", listing)
    assert box.result == result


def test_parameters_belong_to_the_events_that_have_them(listing: Listing) -> None:
    (box,) = clauses("evt.arg.newpath startswith /etc", listing)
    assert names(box, listing) == {"rename", "renameat", "renameat2", "link", "linkat"}
    (box,) = clauses("evt.arg.oldpath = val(evt.arg.newpath) or len(evt.arg.linkdirfd) > 5", listing)
    assert names(box, listing) == {"rename", "renameat", "renameat2", "link", "linkat", "symlinkat"}
    assert clauses("evt.type = open and evt.rawarg.uid = 0", listing) == ()
    assert names(clauses("evt.arg[9] exists", listing)[0], listing) >= {"execve", "clone"}
    (box,) = clauses("not evt.arg.newpath startswith /etc", listing)
    assert box.codes == listing.all


def test_a_parameter_of_another_call_leaves_path_tests(listing: Listing) -> None:
    condition = "evt.type in (open, rename) and (fd.name startswith /etc/ or evt.arg.newpath startswith /etc/)"
    found = {frozenset(names(box, listing)): box.path for box in clauses(condition, listing)}
    assert found == {frozenset({"open", "rename"}): {("prefix", "/etc/")}, frozenset({"rename"}): None}


def test_results_say_nothing_where_the_event_has_none(listing: Listing) -> None:
    (box,) = clauses("evt.type in (reboot, getuid) and evt.rawres < 0", listing)
    assert box.result == boxes.ANY_RESULT


@pytest.mark.parametrize(
    ("condition", "where"),
    [
        ("container.id != host", boxes.CONTAINER),
        ("container.id = host", boxes.HOST),
        ("container.id in (host, 3ad7b26ded6d)", boxes.ANYWHERE),
        ("not container.id = host", boxes.ANYWHERE),  # the id may be absent on the host too
        ("not container.id != host", boxes.ANYWHERE),
        ("container.image.repository endswith /fluentd", boxes.CONTAINER),
        ("container.image.repository = ''", boxes.ANYWHERE),
        ("container.name = host", boxes.ANYWHERE),
    ],
)
def test_containers(condition: str, where: int, listing: Listing) -> None:
    (box,) = clauses(condition, listing)
    assert box.container == where


@pytest.mark.parametrize(
    ("condition", "kind", "ports"),
    [
        ("fd.typechar = 4", boxes.IPV4, None),
        ("fd.type in (ipv4, ipv6)", boxes.IPV4 | boxes.IPV6, None),
        ("fd.typechar in (4, u)", boxes.IPV4 | boxes.UNIX, None),
        ("fd.type = file", boxes.FILE | boxes.OTHER, None),
        ("fd.type = memfd", boxes.FILE | boxes.OTHER, None),
        ("fd.typechar = d", boxes.DIRECTORY, None),
        ("fd.sockfamily = unix", boxes.UNIX, None),
        ("fd.type != ipv4", boxes.ANY_KIND, None),
        ("not fd.type = ipv4", boxes.ANY_KIND, None),
        ("fd.sport in (22, 2222)", boxes.IPV4 | boxes.IPV6, {22, 2222}),
        ("fd.sport = 22 and fd.typechar = 6", boxes.IPV6, {22}),
        ("fd.sport = ssh", boxes.ANY_KIND, None),
        ("fd.sport != 22", boxes.ANY_KIND, None),
        ("fd.sport = 22 or fd.rport = 80", boxes.IPV4 | boxes.IPV6, {22, 80}),
    ],
)
def test_sockets(condition: str, kind: int, ports: set[int] | None, listing: Listing) -> None:
    (box,) = clauses(f"evt.type = connect and ({condition})", listing)
    assert (box.kind, box.ports) == (kind, ports)


@pytest.mark.parametrize(
    ("condition", "transport"),
    [
        ("fd.l4proto = tcp", boxes.TCP),
        ("fd.l4proto in (tcp, udp)", boxes.TCP | boxes.UDP),
        ("fd.l4proto = icmp", boxes.NO_TCP_UDP),
        ("fd.l4proto != tcp", boxes.UDP | boxes.NO_TCP_UDP),
        ("fd.l4proto != icmp", boxes.ANY_TRANSPORT),
        ("not fd.l4proto = tcp", boxes.ANY_TRANSPORT),  # it may be absent
    ],
)
def test_transports(condition: str, transport: int, listing: Listing) -> None:
    (box,) = clauses(f"evt.type = connect and ({condition})", listing)
    assert box.transport == transport


def test_opens_that_may_make_a_file(listing: Listing) -> None:
    (box,) = clauses("evt.is_open_create = true", listing)
    assert names(box, listing) == {*OPEN_FAMILY, "creat"}
    assert box.creating == boxes.CREATES
    (box,) = clauses("evt.type = open and not evt.is_open_create = true", listing)
    assert box.creating == boxes.ANY_CREATING


@pytest.mark.parametrize(
    ("condition", "named", "others"),
    [
        ("user.uid = 0", {0}, False),
        ("user.uid != 0", {0}, True),
        ("user.uid in (0, 33)", {0, 33}, False),
        ("user.uid > 0", {0}, True),
        ("user.uid >= 2", {0, 1}, True),
        ("user.uid < 2", {0, 1}, False),
        ("user.uid = -1", {2**32 - 1}, False),
        ("user.uid >= 1000", set(), True),  # too many to name
        ("not user.uid = 0", set(), True),  # it may be absent
        ("user.uid != 0 and user.uid != 33", {0, 33}, True),
        ("user.uid in (0, 33) and user.uid != 0", {33}, False),
    ],
)
def test_users(condition: str, named: set[int], others: bool, listing: Listing) -> None:
    (box,) = clauses(f"evt.type = connect and ({condition})", listing)
    assert (set(box.users.named), box.users.others) == (named, others)


@pytest.mark.parametrize(
    ("condition", "inside", "outside"),
    [
        ("fd.sip = 10.0.0.1", {"10.0.0.1/32"}, []),
        ("fd.net in (10.0.0.0/8, fe80::/10)", {"10.0.0.0/8", "fe80::/10"}, []),
        ("fd.net != 127.0.0.0/8", None, [{"127.0.0.0/8"}]),
        ("not fd.snet in (10.0.0.0/8, 172.16.0.0/12)", None, [{"10.0.0.0/8", "172.16.0.0/12"}]),
        ("fd.ip != 0.0.0.0 and fd.net != 127.0.0.0/8 and not fd.snet in (10.0.0.0/8, 192.168.0.0/16)", None,
         [{"127.0.0.0/8"}, {"10.0.0.0/8", "192.168.0.0/16"}]),
        ("fd.ip = ::ffff:10.0.0.1", None, []),
    ],
)  # fmt: skip
def test_addresses(condition: str, inside: set[str] | None, outside: list[set[str]], listing: Listing) -> None:
    (box,) = clauses(f"evt.type = connect and ({condition})", listing)
    assert box.inside == inside
    assert sorted(map(sorted, box.outside)) == sorted(map(sorted, outside))


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("proc.name = sshd", {"sshd"}),
        ("proc.name in (sshd, sudo)", {"sshd", "sudo"}),
        ("proc.name in (sshd, sudo) and proc.name in (sudo, su)", {"sudo"}),
        ("proc.name = sshd or proc.name = su", {"sshd", "su"}),
        ("proc.name != sshd", None),
        ("not proc.name = sshd", None),
        ("proc.name startswith ss", None),
    ],
)
def test_names(condition: str, names: set[str] | None, listing: Listing) -> None:
    (box,) = clauses(f"evt.type = openat and ({condition})", listing)
    assert box.names == names


def test_two_names_at_once_are_never_there(listing: Listing) -> None:
    assert clauses("evt.type = openat and proc.name = a and proc.name = b", listing) == ()


def test_a_climbing_path(listing: Listing) -> None:
    (box,) = clauses("fd.nameraw contains ../", listing)
    assert box.climbing == boxes.CLIMBS
    (box,) = clauses("not fd.nameraw contains ../", listing)
    assert box.climbing == boxes.ANY_CLIMBING


def test_no_operator_is_turned_round(listing: Listing) -> None:
    """``not (fd.sport != 22)`` holds on an open, where fd.sport is absent."""
    (box,) = clauses("evt.type = openat and not (fd.sport != 22)", listing)
    assert names(box, listing) == {"openat"}


def test_never_true_asks_for_nothing(listing: Listing) -> None:
    assert clauses("evt.num = 0 and evt.type = open", listing) == ()
    assert tables("evt.num = 0", listing)["syscalls"] == {}


def test_ignored_calls_are_left_out(listing: Listing) -> None:
    ignored = listing.select(code for code in listing.codes if code.ignored)
    kernel = KernelFilter(listing, ignored)
    assert kernel.tables([need("evt.type in (read, openat)", listing)])["syscalls"] == {"257": [0]}


def test_a_call_by_name_is_that_call_alone(listing: Listing) -> None:
    numbers = tables("evt.type = reboot", listing)["syscalls"]
    (code,) = listing.members(listing.named["reboot"])
    assert code.event.id == 1
    assert list(numbers) == [str(code.native[0])]


def test_an_event_brings_its_calls(listing: Listing) -> None:
    (code,) = listing.members(listing.named["prlimit64"])
    assert code.name == "prlimit"
    assert list(tables("evt.type = prlimit", listing)["syscalls"]) == [str(code.native[0])]


def test_a_name_that_no_event_prints_never_matches(listing: Listing) -> None:
    """``evt.type`` is the event's name, prlimit; the call's own name is accepted and equals nothing."""
    assert need("evt.type = prlimit64", listing).codes
    assert clauses("evt.type = prlimit64", listing) == ()


def test_a_longer_prefix_holds_its_shorter_ones(listing: Listing) -> None:
    kernel = KernelFilter(listing)
    rules = [
        need("evt.type = open and fd.name startswith /etc/", listing),
        need("evt.type = openat and fd.name startswith /etc/ssh/", listing),
    ]
    prefixes = kernel.tables(rules)["path"]["prefix"]
    assert prefixes == {"/etc/": [0], "/etc/ssh/": [0, 1]}


def test_equal_and_contained_clauses_share_a_bit(listing: Listing) -> None:
    kernel = KernelFilter(listing)
    conditions = [
        "evt.type in (execve, execveat)",
        "evt.type in (execve, execveat) and proc.name = a",
        "evt.type=execve",
    ]
    assert kernel.tables([need(text, listing) for text in conditions])["clauses"] == 1


def test_too_many_clauses_lose_precision_not_rules(listing: Listing) -> None:
    kernel = KernelFilter(listing)
    names_of_calls = [code.name for code in listing.codes if code.native][:20]
    rules = [
        need(f"evt.type = {name} and {side} and fd.name = /p{n}", listing)
        for n, name in enumerate(names_of_calls)
        for side in [f"container.id {op} host and evt.rawres {test} 0" for op in ("=", "!=") for test in ("=", ">=")]
        * 4
    ]
    spread = [need(f"evt.type = {name} and fd.name = /q{n}", listing) for name in names_of_calls for n in range(20)]
    found = kernel.tables([*rules, *spread])
    assert 0 < found["clauses"] <= MAX_CLAUSES
    assert len(found["syscalls"]) >= 20


def test_an_exploding_condition_stays_small(listing: Listing) -> None:
    parts = [f"(evt.rawres = {n} or fd.name = /a{n} or container.id = host or evt.type = open)" for n in range(12)]
    assert len(clauses(" and ".join(parts), listing)) <= boxes.MAX_BOXES


PATHS = ("/etc/shadow", "/etc/ssh/sshd_config", "/root/.ssh/id_rsa", "/tmp/x", "/x", "/var/log/auth.log", "/etc")
ATOMS = st.sampled_from(
    [
        "evt.type = open", "evt.type in (openat, open, connect)", "evt.type != openat", "syscall.type = connect",
        "evt.type = pread64", "evt.type in (reboot, execve)", "evt.num = 0", "evt.num > 0", "evt.num != 0",
        "evt.is_open_read = true", "evt.is_open_write = true", "evt.is_open_write = false",
        "evt.is_open_create = true", "evt.is_open_create != true", "evt.is_open_create = false",
        "evt.rawres >= 0", "evt.rawres < 0", "evt.rawres != 0", "evt.rawres in (0, -2)", "evt.rawres = -115",
        "evt.res = SUCCESS", "evt.res != SUCCESS", "evt.res startswith E", "evt.res in (EACCES, EINPROGRESS)",
        "evt.failed = true", "evt.failed = false", "fd.num >= 0", "fd.num = -1", "fd.num < 3",
        "container.id = host", "container.id != host", "container.id in (host, abc)", "container.type = host",
        "container.image.repository = img", "container.image.repository != img", "container.image.repository exists",
        "fd.name = /etc/shadow", "fd.name in (/x, /etc/shadow)", "fd.name startswith /etc", "fd.name != /x",
        "fd.name endswith /id_rsa", "fd.name endswith shadow", "fd.name glob /etc/*", "fd.name glob '*_rsa'",
        "fd.name pmatch (/etc, /root/*/id_rsa)", "fd.name startswith oneof (/etc, /root)", "fd.name exists",
        "fd.name startswith allof (/etc, /etc/s)", "fd.name contains ssh", "fd.name regex '/etc/.*'",
        "fd.directory = /etc", "fd.directory in (/, /root/.ssh)", "fd.directory startswith /etc/s",
        "fd.filename = shadow", "fd.filename in (x, id_rsa)", "fd.nameraw contains ../", "fd.nameraw startswith ../",
        "fd.type = ipv4", "fd.type in (ipv4, ipv6)", "fd.type != ipv4", "fd.typechar = 4", "fd.typechar in (6, f)",
        "fd.typechar = u", "fd.typechar = d", "fd.type in (file, directory)", "fd.type != directory", "fd.type = memfd",
        "fd.l4proto = tcp", "fd.l4proto in (udp, icmp)", "fd.l4proto != tcp", "fd.l4proto != raw", "fd.l4proto exists",
        "fd.sockfamily = unix", "fd.sockfamily = ip", "fd.sport = 80", "fd.sport in (22, 80)", "fd.rport != 22",
        "fd.port = 22", "fd.port in (22, 80)", "fd.port != 22", "fd.lport in (22)", "fd.cport = 80",
        "user.uid = 0", "user.uid != 0", "user.uid in (0, 33)", "user.uid > 0", "user.uid < 2", "user.uid != 33",
        "fd.sip = 10.0.0.1", "fd.sip != 10.0.0.1", 'fd.cip in ("127.0.0.1", "::1")', "fd.ip = 10.0.0.1",
        "fd.ip != 10.0.0.1", 'fd.lip in (10.9.9.9, "fe80::1")', "fd.net in (10.0.0.0/8)", "fd.net != 10.0.0.0/8",
        "fd.snet in (10.0.0.0/8, 192.168.0.0/16)", "fd.rnet != 127.0.0.0/8",
        "proc.name = sh", "proc.name != sh", "proc.name in (sh, bash)",
        "evt.arg.name = x", "evt.arg.name != x", "evt.arg.flags exists", "evt.arg[1] = x", "evt.arg[3] != x",
        "evt.arg.name = val(evt.arg.flags)", "concat(evt.arg.name, proc.name) != x", "evt.arg.addr contains x",
    ]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda text: f"not ({text})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
    ),
    max_leaves=9,
)
ERRNO = {-1: "EPERM", -2: "ENOENT", -13: "EACCES", -115: "EINPROGRESS"}
CALLS = ("open", "openat", "openat2", "creat", "connect", "execve", "reboot", "pread", "getuid", "unlinkat", "dup")


@st.composite
def system_calls(draw: st.DrawFn) -> dict[str, Any]:
    """What happened: the call, its result, names, place; and which fields the event lacks."""
    return {
        "call": draw(st.sampled_from(CALLS)),
        "result": draw(st.sampled_from([0, 3, *ERRNO])),
        "access": draw(st.sampled_from(["read", "write", "rdwr"])),
        "creating": draw(st.booleans()),
        "created": draw(st.booleans()),
        "opened": draw(st.sampled_from(sorted(OPENED))),
        "transport": draw(st.sampled_from(sorted(TRANSPORTS))),
        "given": draw(st.sampled_from(PATHS)),
        "real": draw(st.sampled_from(PATHS)),
        "climbs": draw(st.booleans()),
        "where": draw(st.sampled_from(["host", "container"])),
        "known": draw(st.booleans()),
        "family": draw(st.sampled_from(["ipv4", "ipv6", "unix"])),
        "local": draw(st.sampled_from(PORTS)),
        "remote": draw(st.sampled_from(PORTS)),
        "server": draw(st.booleans()),
        "process": draw(st.sampled_from(["sh", "bash", "x"])),
        "user": draw(st.sampled_from([0, 33, 1000])),
        "addresses": [draw(st.sampled_from(ADDRESSES)), draw(st.sampled_from(ADDRESSES))],
        "absent": draw(st.sets(st.sampled_from(OPTIONAL), max_size=6)),
    }


OPENED = {"file": ("file", "f"), "directory": ("directory", "d"), "memfd": ("memfd", "m"), "fifo": ("pipe", "p")}
"""Kinds of what an open gives: `fd.type` and `fd.typechar`."""
KERNEL_KINDS = {"file": "file", "directory": "directory", "memfd": "file", "fifo": "other"}
TRANSPORTS = {"tcp": "tcp", "udp": "udp", "icmp": "other", "raw": "other", "<NA>": "other"}
PORTS = (22, 80, 4444)
ADDRESSES = ("10.0.0.1", "10.9.9.9", "127.0.0.1", "192.168.1.1", "8.8.8.8", "::1", "fe80::1", None)
OPTIONAL = (
    "fd.type", "fd.typechar", "fd.sockfamily", "fd.port", "fd.sport", "fd.cport", "fd.lport", "fd.rport", "user.uid",
    "evt.num", "evt.rawres", "evt.res", "evt.failed", "fd.num", "container.id", "container.type",
    "container.image.repository", "evt.arg.name", "evt.arg.flags", "evt.arg[1]",
    "fd.name", "fd.directory", "fd.filename", "fd.nameraw", "proc.name", "fd.l4proto",
)  # fmt: skip


def field_values(event: dict[str, Any], code: Code, path: str) -> dict[str, Any]:
    """The event's fields as the spec derives them, under one choice of name."""
    is_open = code.name in OPEN_FAMILY
    inside = event["where"] == "container"
    first = next(iter(code.event.params.values()), "")
    directory, _, filename = path.rpartition("/")
    values: dict[str, Any] = {
        "evt.type": code.name,
        "syscall.type": code.name,
        "evt.num": 7,
        "evt.is_open_read": is_open and event["access"] != "write",
        "evt.is_open_write": is_open and event["access"] != "read",
        "evt.is_open_create": creates(event, code) and event["created"],
        "container.id": "abc" if inside else "host",
        "container.type": "docker" if inside else "host",
        "container.image.repository": "img" if inside else "",
        "fd.name": path,
        "fd.directory": directory or "/",
        "fd.filename": filename,
        "fd.nameraw": "../etc/x" if event["climbs"] else "etc/x",
        "proc.name": event["process"],
        "user.uid": event["user"],
        "fd.num": -1 if event["result"] < 0 and (is_open or code.name == "creat") else 3,
    }
    values |= socket_values(event, code)
    values |= {f"evt.arg.{name}": event["process"] for name in code.event.params}
    values |= {f"evt.arg[{number}]": event["process"] for number in range(len(code.event.params))}
    if first in ("ERRNO", "FD", "PID"):
        result = event["result"]
        values |= {"evt.rawres": result, "evt.failed": result < 0, "evt.res": ERRNO.get(result, "SUCCESS")}
    return {name: value for name, value in values.items() if name not in event["absent"]}


def creates(event: dict[str, Any], code: Code) -> bool:
    return code.name == "creat" or (code.name in OPEN_FAMILY and event["creating"])


def socket_ports(event: dict[str, Any]) -> list[int]:
    return [] if event["family"] == "unix" else [event["local"], event["remote"]]


def socket_values(event: dict[str, Any], code: Code) -> dict[str, Any]:
    if code.name != "connect":
        opened = code.name in OPEN_FAMILY and event["result"] >= 0
        return dict(zip(("fd.type", "fd.typechar"), OPENED[event["opened"]], strict=True)) if opened else {}
    if event["family"] == "unix":
        return {"fd.type": "unix", "fd.typechar": "u", "fd.sockfamily": "unix"}
    local, remote = event["local"], event["remote"]
    server, client = (local, remote) if event["server"] else (remote, local)
    return socket_addresses(event) | {
        "fd.type": event["family"],
        "fd.typechar": {"ipv4": "4", "ipv6": "6"}[event["family"]],
        "fd.sockfamily": "ip",
        "fd.l4proto": event["transport"],
        "fd.port": Ends([client, server]),
        "fd.sport": server,
        "fd.cport": client,
        "fd.lport": local,
        "fd.rport": remote,
    }


def socket_addresses(event: dict[str, Any]) -> dict[str, Any]:
    """Fields of the ends that have an address; an end that the kernel does not know has none."""
    known = [ipaddress.ip_address(text) if text else None for text in event["addresses"]]
    local, remote = known
    server, client = (local, remote) if event["server"] else (remote, local)
    ends = {"s": server, "c": client, "l": local, "r": remote}
    values: dict[str, Any] = {f"fd.{end}{kind}": ip for end, ip in ends.items() for kind in ("ip", "net") if ip}
    either = [ip for ip in known if ip]
    return values | ({"fd.ip": Ends(either), "fd.net": Ends(either)} if either else {})


@settings(
    max_examples=1500,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(condition=CONDITIONS, event=system_calls())
def test_a_match_implies_the_kernels_consent(condition: str, event: dict[str, Any], listing: Listing) -> None:
    rule = need(condition, listing)
    code = next(code for code in listing.codes if code.name == event["call"])
    if not rule.codes & listing.select([code]):
        return
    held = any(matches(rule.condition, field_values(event, code, path)) for path in (event["given"], event["real"]))
    is_open = code.name in (*OPEN_FAMILY, "creat")
    result = "ok" if event["result"] >= 0 else "progress" if event["result"] == -115 else "fail"
    is_connect, is_inet = code.name == "connect", event["family"] != "unix"
    opened = KERNEL_KINDS[event["opened"]] if result == "ok" else "other"
    left = kernel_answer(
        KernelFilter(listing).tables([rule]), code.native[0], result,
        creating=("creates" if creates(event, code) else "not") if is_open else None,
        kind=event["family"] if is_connect else opened if is_open else None,
        transport=TRANSPORTS[event["transport"]] if is_connect and is_inet else None,
        access=event["access"] if code.name in OPEN_FAMILY else None,
        paths=[event["given"], event["real"]] if is_open else None,
        climbs=event["climbs"] if is_open else None,
        where=event["where"] if event["known"] else None,
        ports=socket_ports(event) if is_connect else None,
        name=event["process"],
        user=event["user"],
        addresses=event["addresses"] if is_connect and is_inet else None,
    )  # fmt: skip
    assert left or not held


def test_boxes_of_one_kind_are_joined_exactly() -> None:
    one = Box(1, path=frozenset({("exact", "/a")}))
    two = Box(1, path=frozenset({("prefix", "/b")}))
    three = Box(2, path=frozenset({("exact", "/a"), ("prefix", "/b")}))
    assert boxes.joined([one, two, three]) == [Box(3, path=frozenset({("exact", "/a"), ("prefix", "/b")}))]
    assert boxes.joined([one, Box(1)]) == [Box(1)]
    assert boxes.joined([one, Box(2, ports=frozenset({5}))]) == [one, Box(2, ports=frozenset({5}))]


def test_thousands_of_paths_keep_their_path_tests(listing: Listing) -> None:
    """More clauses than there are bits: those that differ in their paths alone are one clause."""
    text = "evt.type = open and fd.name startswith /srv/{}/"
    needs = [Need(str(n), listing.named["open"], parse(text.format(n))) for n in range(2000)]
    (clause,) = KernelFilter(listing).merged(needs).clauses
    assert clause.path is not None and len(clause.path) == 2000


def test_what_goes_to_stay_below_the_limit_is_said(listing: Listing) -> None:
    text = "evt.type = open and fd.name = /a/{0} and user.uid = {0} and proc.name = n{0}"
    few = KernelFilter(listing).merged([need(text.format(n), listing) for n in range(MAX_CLAUSES)])
    assert (len(few.clauses), few.dropped, few.hulled) == (MAX_CLAUSES, (), False)
    many = KernelFilter(listing).merged([need(text.format(n), listing) for n in range(1300)])
    assert (len(many.clauses), many.limit, many.dropped, many.hulled) == (1, 1, ("names", "users"), False)


def test_more_addresses_than_the_kernel_holds_are_not_asked_for(listing: Listing) -> None:
    addresses = ", ".join(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(70_000))
    found = tables(f"evt.type = connect and fd.sip in ({addresses}) and fd.sport = 22", listing)
    assert found["network"] == {"inside": [], "outside": [], "networks": {}}
    assert found["port"] == {"any": [], "ports": {"22": [0]}}


def test_a_rule_with_too_many_names_costs_no_other_its_own(listing: Listing) -> None:
    many = ", ".join(f"n{n}" for n in range(9000))
    rules = [f"evt.type = open and proc.name in ({many})", "evt.type = connect and proc.name = sh"]
    found = KernelFilter(listing).tables([need(text, listing) for text in rules])
    assert found["name"] == {"any": [0], "names": {"sh": [1]}}
