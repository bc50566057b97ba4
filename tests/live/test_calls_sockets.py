"""Calls on sockets: addresses of both ends by family, options, data in one piece and in parts."""

from __future__ import annotations

import os
import socket
import struct
import tempfile
from pathlib import Path

from livekit.calls import Cases, Like, Told, told
from livekit.raw import BAD_POINTER, address, call, parts, room, words

cases = Cases(__name__)

INET, INET6, UNIX = socket.AF_INET, socket.AF_INET6, socket.AF_UNIX
STREAM, DGRAM = socket.SOCK_STREAM, socket.SOCK_DGRAM
SOL_SOCKET = socket.SOL_SOCKET


def inet(ip: str, port: int) -> bytes:
    """struct sockaddr_in (ip(7))."""
    return struct.pack("=H", INET) + struct.pack("!H", port) + socket.inet_aton(ip) + bytes(8)


def inet6(ip: str, port: int) -> bytes:
    """struct sockaddr_in6 (ipv6(7))."""
    return struct.pack("=H", INET6) + struct.pack("!HI", port, 0) + socket.inet_pton(INET6, ip) + bytes(4)


def unix(path: bytes) -> bytes:
    """struct sockaddr_un (unix(7)); an abstract name begins with a NUL."""
    return struct.pack("=H", UNIX) + path


def listener(family: int = INET, ip: str = "127.0.0.1") -> tuple[socket.socket, int]:
    server = socket.socket(family, STREAM)
    server.bind((ip, 0))
    server.listen(4)
    return server, server.getsockname()[1]


def header(name: bytes | None, *buffers: bytes | int, control: int = 0) -> tuple[object, object]:
    """struct msghdr (sendmsg(2)) and what must outlive it."""
    memory = parts(*[room(buffer) for buffer in buffers])
    where = room(name) if name else None
    held = room(control) if control else None
    fields = struct.pack(
        "QI4xQQQQi4x",
        address(where) if where else 0,
        len(name or b""),
        address(memory),
        len(buffers),
        address(held) if held else 0,
        control,
        0,
    )
    return room(fields), (memory, where, held)


@cases
def making() -> list[Told]:
    fd = call("socket", INET, STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0)
    return [
        told("socket", {"fd.num": fd, "fd.type": "ipv4", "fd.name": ""}, fd=fd, domain="AF_INET", type=STREAM, proto=0),
        told("socket", fd=call("socket", INET6, DGRAM, 17), domain="AF_INET6", type=DGRAM, proto=17),
        told("socket", {"evt.failed": True}, fd=call("socket", 44, STREAM, 0), domain=44),
    ]


@cases
def pairs() -> list[Told]:
    ends = words(0, 0)
    res = call("socketpair", UNIX, DGRAM, 0, ends)
    return [
        told(
            "socketpair",
            {"fd.num": ends[0], "fd.type": "unix"},
            res=res,
            fd1=ends[0],
            fd2=ends[1],
            domain="AF_LOCAL|AF_UNIX",
            type=DGRAM,
            proto=0,
            source=Like("[0-9A-F]{16}"),
            peer=Like("[0-9A-F]{16}"),
        ),
        told(
            "socketpair",
            {"evt.failed": True},
            res=call("socketpair", INET, STREAM, 0, ends),
            fd1=-1,
            fd2=-1,
            source=0,
            peer=0,
            domain="AF_INET",
        ),
        told("socketpair", {"evt.res": "EFAULT"}, res=call("socketpair", UNIX, STREAM, 0, BAD_POINTER), fd1=-1, fd2=-1),
    ]


@cases
def binding_and_listening() -> list[Told]:
    four, six, name = socket.socket(INET), socket.socket(INET6), socket.socket(UNIX)
    path = str(Path(tempfile.mkdtemp(prefix="yarak-sock-")) / "s")
    taken, port = listener()
    expected = [
        told(
            "bind",
            {"fd.num": four.fileno()},
            res=call("bind", four.fileno(), inet("127.0.0.1", 0), 16),
            addr="127.0.0.1:0",
            fd=four.fileno(),
        ),
        told("bind", res=call("bind", six.fileno(), inet6("::1", 0), 28), addr="::1:0"),
        told("bind", res=call("bind", name.fileno(), unix(path.encode() + b"\0"), 3 + len(path)), addr=path),
        told(
            "bind",
            {"evt.res": "EINVAL"},
            res=call("bind", four.fileno(), inet("127.0.0.1", port), 16),
            addr=f"127.0.0.1:{port}",
        ),
        told("bind", {"evt.res": "EFAULT"}, res=call("bind", six.fileno(), BAD_POINTER, 28), addr=None),
        told("listen", {"fd.num": four.fileno()}, res=call("listen", four.fileno(), 7), fd=four.fileno(), backlog=7),
        told("listen", {"evt.res": "EBADF"}, res=call("listen", -1, -5), fd=-1, backlog=-5),
    ]
    taken.close()
    return expected


@cases
def connecting() -> list[Told]:
    server, port = listener()
    client, other = socket.socket(INET), socket.socket(INET)
    client.bind(("127.0.0.1", 0))
    mine = client.getsockname()[1]
    res = call("connect", client.fileno(), inet("127.0.0.1", port), 16)
    tuple_ = f"127.0.0.1:{mine}->127.0.0.1:{port}"
    expected = [
        told(
            "connect",
            {"fd.name": tuple_, "fd.type": "ipv4"},
            res=res,
            tuple=tuple_,
            fd=client.fileno(),
            addr=f"127.0.0.1:{port}",
        ),
        told(
            "connect",
            {"evt.res": "ECONNREFUSED"},
            res=call("connect", other.fileno(), inet("127.0.0.1", 1), 16),
            addr="127.0.0.1:1",
        ),
        told(
            "connect",
            {"evt.res": "EBADF"},
            res=call("connect", -1, inet("127.0.0.1", 1), 16),
            fd=-1,
            addr="127.0.0.1:1",
        ),
    ]
    server.close()
    return expected


@cases
def connecting_over_ipv6() -> list[Told]:
    server, port = listener(INET6, "::1")
    client = socket.socket(INET6)
    res = call("connect", client.fileno(), inet6("::1", port), 28)
    mine = client.getsockname()[1]
    return [
        told("connect", {"fd.type": "ipv6"}, res=res, tuple=f"::1:{mine}->::1:{port}", addr=f"::1:{port}"),
        *close(server),
    ]


@cases
def mapped_addresses_count_as_ipv4() -> list[Told]:
    server, port = listener()
    client = socket.socket(INET6)
    res = call("connect", client.fileno(), inet6("::ffff:127.0.0.1", port), 28)
    mine = client.getsockname()[1]
    return [
        told("connect", {"fd.type": "ipv4"}, res=res, tuple=f"127.0.0.1:{mine}->127.0.0.1:{port}"),
        *close(server),
    ]


def close(server: socket.socket) -> list[Told]:
    fd = server.fileno()
    server.detach()
    return [told("close", res=call("close", fd), fd=fd)]


@cases
def unix_sockets_by_path_and_abstract() -> list[Told]:
    path = str(Path(tempfile.mkdtemp(prefix="yarak-sock-")) / "s")
    named, abstract = socket.socket(UNIX), socket.socket(UNIX)
    named.bind(path)
    named.listen()
    abstract.bind(b"\0yarak-abstract")
    abstract.listen()
    one, two, three = socket.socket(UNIX), socket.socket(UNIX), socket.socket(UNIX)
    return [
        told(
            "connect",
            {"fd.type": "unix", "fd.name": Like(f"[0-9a-f]+->[0-9a-f]+ {path}")},
            res=call("connect", one.fileno(), unix(path.encode() + b"\0"), 3 + len(path)),
            addr=path,
        ),
        told(
            "connect",
            {"fd.type": "unix", "fd.name": Like("[0-9a-f]+->[0-9a-f]+ @yarak-abstract")},
            res=call("connect", two.fileno(), unix(b"\0yarak-abstract"), 17),
            fd=two.fileno(),
            addr="@yarak-abstract",
        ),
        told("connect", {"evt.res": "ENOENT"}, res=call("connect", three.fileno(), unix(b"/none\0"), 8), addr="/none"),
    ]


@cases
def accepting() -> list[Told]:
    server, port = listener()
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(2)]
    ports = [client.getsockname()[1] for client in clients]
    one = call("accept", server.fileno(), None, None)
    two = call("accept4", server.fileno(), room(16), words(16), socket.SOCK_CLOEXEC)
    empty = socket.socket(INET)
    return [
        told(
            "accept",
            {"fd.num": one, "fd.type": "ipv4"},
            fd=one,
            tuple=f"127.0.0.1:{ports[0]}->127.0.0.1:{port}",
            queuelen=1,
            queuemax=4,
            queuepct=25,
        ),
        told(
            "accept4",
            {"fd.num": two},
            fd=two,
            tuple=f"127.0.0.1:{ports[1]}->127.0.0.1:{port}",
            queuelen=0,
            queuemax=4,
            flags=socket.SOCK_CLOEXEC,
        ),
        told("accept", {"evt.res": "EINVAL"}, fd=call("accept", empty.fileno(), None, None), tuple=None),
        told(
            "accept4", {"evt.res": "EBADF"}, fd=call("accept4", -1, None, None, 0), tuple=None, queuelen=0, queuemax=0
        ),
    ]


@cases
def accepting_over_ipv6() -> list[Told]:
    """A client of its own family, and one of IPv4 at a socket that serves both."""
    server, port = listener(INET6, "::1")
    both = socket.create_server(("::", 0), family=INET6, dualstack_ipv6=True)
    shared = both.getsockname()[1]
    six, four = socket.create_connection(("::1", port)), socket.create_connection(("127.0.0.1", shared))
    one = call("accept", server.fileno(), None, None)
    two = call("accept", both.fileno(), room(28), words(28))
    way = f"127.0.0.1:{four.getsockname()[1]}->127.0.0.1:{shared}"
    return [
        told("accept", {"fd.type": "ipv6"}, fd=one, tuple=f"::1:{six.getsockname()[1]}->::1:{port}"),
        told("accept", {"fd.type": "ipv4", "fd.name": way}, fd=two, tuple=way),
    ]


@cases
def datagrams_over_ipv6() -> list[Told]:
    receiver, sender = socket.socket(INET6, DGRAM), socket.socket(INET6, DGRAM)
    receiver.bind(("::1", 0))
    sender.bind(("::1", 0))
    there, mine = receiver.getsockname()[1], sender.getsockname()[1]
    way = f"::1:{mine}->::1:{there}"
    sent = call("sendto", sender.fileno(), b"datagram of six", 15, 0, inet6("::1", there), 28)
    got = call("recvfrom", receiver.fileno(), room(64), 64, 0, room(28), words(28))
    return [
        told("sendto", {"fd.type": "ipv6"}, res=sent, data="datagram of six", size=15, tuple=way),
        told("recvfrom", {"fd.type": "ipv6"}, res=got, data="datagram of six", fd=receiver.fileno(), tuple=way),
    ]


@cases
def datagrams() -> list[Told]:
    receiver, sender = socket.socket(INET, DGRAM), socket.socket(INET, DGRAM)
    receiver.bind(("127.0.0.1", 0))
    sender.bind(("127.0.0.1", 0))
    there, mine = receiver.getsockname()[1], sender.getsockname()[1]
    way = f"127.0.0.1:{mine}->127.0.0.1:{there}"
    sent = call("sendto", sender.fileno(), b"datagram", 8, 0, inet("127.0.0.1", there), 16)
    got = call("recvfrom", receiver.fileno(), room(64), 64, 0, room(16), words(16))
    return [
        told(
            "sendto",
            {"fd.num": sender.fileno()},
            res=sent,
            data="datagram",
            size=8,
            fd=sender.fileno(),
            tuple=Like(f"(127.0.0.1|0.0.0.0):{mine}->127.0.0.1:{there}"),
        ),
        told("recvfrom", res=got, data="datagram", size=64, fd=receiver.fileno(), tuple=way),
        told(
            "sendto", {"evt.res": "EBADF"}, res=call("sendto", -1, b"lost", 4, 0, None, 0), data="lost", size=4, fd=-1
        ),
        told(
            "recvfrom",
            {"evt.res": "EAGAIN"},
            res=call("recvfrom", receiver.fileno(), room(9), 9, 0x40, None, None),
            data=None,
            size=9,
        ),
    ]


@cases
def messages_in_parts() -> list[Told]:
    left, right = socket.socketpair()
    sent, kept = header(None, b"one ", b"two ", b"three")
    into, held = header(None, 5, 20, control=64)
    first = call("sendmsg", left.fileno(), sent, 0)
    second = call("recvmsg", right.fileno(), into, 0)
    expected = [
        told("sendmsg", {"fd.num": left.fileno()}, res=first, data="one two three", size=13, fd=left.fileno()),
        told("recvmsg", {"fd.num": right.fileno()}, res=second, data="one two three", size=25, fd=right.fileno()),
        told("sendmsg", {"evt.res": "EBADF"}, res=call("sendmsg", -1, sent, 0), data="one two three", size=13, fd=-1),
        told("sendmsg", {"evt.res": "EFAULT"}, res=call("sendmsg", left.fileno(), BAD_POINTER, 0), data=None, size=0),
    ]
    del kept, held
    return expected


@cases
def control_messages() -> list[Told]:
    left, right = socket.socketpair()
    socket.send_fds(left, [b"fd"], [0])
    into, held = header(None, 8, control=64)
    res = call("recvmsg", right.fileno(), into, 0)
    del held
    return [told("recvmsg", {"evt.rawarg.msgcontrol": Like(".{20,24}")}, res=res, data="fd")]


@cases
def several_messages_at_once() -> list[Told]:
    left, right = socket.socketpair(UNIX, DGRAM)
    one, held_one = header(None, b"first")
    two, held_two = header(None, b"second ", b"half")
    batch = room(bytes(one) + bytes(8) + bytes(two) + bytes(8))
    sent = call("sendmmsg", left.fileno(), batch, 2, 0)
    into_one, held_three = header(None, 16)
    into_two, held_four = header(None, 16)
    into = room(bytes(into_one) + bytes(8) + bytes(into_two) + bytes(8))
    got = call("recvmmsg", right.fileno(), into, 2, 0, None)
    assert (sent, got) == (2, 2)
    expected = [
        told("sendmmsg", res=5, data="first", size=5, fd=left.fileno()),
        told("sendmmsg", res=11, data="second half", size=11, fd=left.fileno()),
        told("recvmmsg", res=5, data="first", size=16, fd=right.fileno()),
        told("recvmmsg", res=11, data="second half", size=16, fd=right.fileno()),
        told("sendmmsg", {"evt.res": "EBADF"}, res=call("sendmmsg", -1, batch, 2, 0), fd=-1, data="first"),
    ]
    del held_one, held_two, held_three, held_four
    return expected


@cases
def shutting_down() -> list[Told]:
    left, _right = socket.socketpair()
    return [
        told(
            "shutdown",
            {"fd.num": left.fileno()},
            res=call("shutdown", left.fileno(), 2),
            fd=left.fileno(),
            how="SHUT_RDWR",
        ),
        told("shutdown", {"evt.res": "EBADF"}, res=call("shutdown", -1, 0), fd=-1, how="SHUT_RD"),
    ]


@cases
def asking_for_names() -> list[Told]:
    server, _port = listener()
    fd = server.fileno()
    expected = [
        told("getsockname", {"evt.type": "getsockname"}),
        told("getpeername", {"evt.type": "getpeername"}),
    ]
    call("getsockname", fd, room(16), words(16))
    call("getpeername", fd, room(16), words(16))
    return expected


@cases
def options_set() -> list[Told]:
    tcp = socket.socket(INET)
    fd = tcp.fileno()
    second = struct.pack("qq", 1, 500_000)
    return [
        told(
            "setsockopt",
            {"fd.num": fd},
            res=call("setsockopt", fd, SOL_SOCKET, socket.SO_KEEPALIVE, words(1), 4),
            fd=fd,
            level="SOL_SOCKET",
            optname="SO_KEEPALIVE",
            val="1",
            optlen=4,
        ),
        told(
            "setsockopt",
            res=call("setsockopt", fd, SOL_SOCKET, socket.SO_RCVTIMEO, room(second), 16),
            optname="SO_RCVTIMEO",
            val=Like("1500000000|1.5s"),
            optlen=16,
        ),
        told(
            "setsockopt",
            res=call("setsockopt", fd, socket.IPPROTO_TCP, socket.TCP_NODELAY, words(1), 4),
            level="SOL_TCP",
            optname="UNKNOWN",
            val=Like("1?.*"),
            optlen=4,
        ),
        told(
            "setsockopt",
            {"evt.failed": True},
            res=call("setsockopt", fd, 270, 3, room(b"opts"), 4),
            level="UNKNOWN",
            optname="UNKNOWN",
            optlen=4,
        ),
        told(
            "setsockopt",
            {"evt.res": "EBADF"},
            res=call("setsockopt", -1, SOL_SOCKET, socket.SO_REUSEADDR, words(1), 4),
            fd=-1,
            optname="SO_REUSEADDR",
            val="1",
        ),
    ]


@cases
def options_asked_for() -> list[Told]:
    tcp = socket.socket(INET)
    fd, length = tcp.fileno(), words(4)
    value = words(0)
    tcp.setblocking(False)
    refused = socket.socket(INET)
    refused.setblocking(False)
    refused.connect_ex(("127.0.0.1", 1))
    os.sched_yield()
    error = words(0)
    res = call("getsockopt", refused.fileno(), SOL_SOCKET, socket.SO_ERROR, error, words(4))
    return [
        told("getsockopt", res=res, optname="SO_ERROR", val=Like(f"ECONNREFUSED|EINPROGRESS|-?{error[0]}"), optlen=4),
        told(
            "getsockopt",
            {"fd.num": fd},
            res=call("getsockopt", fd, SOL_SOCKET, socket.SO_TYPE, value, length),
            fd=fd,
            level="SOL_SOCKET",
            optname="SO_TYPE",
            val="1",
            optlen=4,
        ),
        told(
            "getsockopt",
            {"evt.res": "EBADF"},
            res=call("getsockopt", -1, SOL_SOCKET, 57, words(0, 0), words(8)),
            fd=-1,
            optname="SO_COOKIE",
            optlen=8,
        ),
    ]


told_of, test_call = cases.fixture(), cases.test()
