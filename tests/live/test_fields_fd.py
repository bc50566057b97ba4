"""Fields of descriptors: files, directories, layers of overlays, sockets and both of their ends."""

from __future__ import annotations

import os
import select
import socket
import tempfile
from pathlib import Path

from livekit.calls import Like, Told, UnavailableError, told
from livekit.field_lists import PORT
from livekit.fields import FieldCases
from livekit.overlay import overlay
from livekit.raw import call

cases = FieldCases(__name__, "fd.", "fdlist.")


def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="yarak-fields-"))


@cases
def a_file() -> Told:
    """Through a link and with more slashes than it needs."""
    place = folder()
    (place / "real").mkdir()
    path = place / "real" / "file.txt"
    path.touch()
    (place / "link").symlink_to("real")
    given = f"{place}//link/./file.txt"
    fd = os.open(given, os.O_RDONLY)
    facts = path.stat()
    name, directory = f"{place}/link/file.txt", f"{place}/link"
    return told(
        "openat",
        {
            "fd.num": fd,
            "fd.type": "file",
            "fd.typechar": "f",
            "fd.name": name,
            "fd.directory": directory,
            "fd.filename": "file.txt",
            "fd.nameraw": f"{place}/link/./file.txt",
            "fd.realpath": str(path),
            "fd.containername": f"host:{name}",
            "fd.containerdirectory": f"host:{directory}",
            "fd.dev": f"{device(facts.st_dev):X}",
            "fd.dev.major": os.major(facts.st_dev),
            "fd.dev.minor": os.minor(facts.st_dev),
            "fd.ino": facts.st_ino,
            "fd.uid": f"{os.getpid()}{fd}",
            "fd.is_upper_layer": False,
            "fd.is_lower_layer": False,
            "fd.is_server": False,
            "fd.connected": False,
            "fd.name_changed": False,
            "fd.sockfamily": None,
            "fd.l4proto": None,
            "fd.sip": None,
        },
        fd=fd,
        name=given,
    )


def device(number: int) -> int:
    """As the kernel hands it to programs."""
    major, minor = os.major(number), os.minor(number)
    return minor & 0xFF | major << 8 | (minor & ~0xFF) << 12


@cases
def a_directory() -> Told:
    place = folder()
    fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    fields = {
        "fd.type": "directory",
        "fd.typechar": "d",
        "fd.name": str(place),
        "fd.directory": str(place),
        "fd.filename": None,
    }
    return told("openat", fields, fd=fd, name=str(place))


@cases
def a_file_that_is_not_there() -> Told:
    fd = call("openat", -100, b"/none//such", os.O_RDONLY, 0)
    fields = {
        "fd.num": -1,
        "fd.name": "/none/such",
        "fd.nameraw": "/none/such",
        "fd.directory": "/none",
        "fd.filename": "such",
        "fd.type": None,
        "fd.typechar": "f",
    }
    return told("openat", fields, fd=fd, name="/none//such")


@cases
def layers() -> list[Told]:
    """Files of an image and of its container, as overlays have them."""
    place = folder()
    opened = os.fork()
    if opened == 0:
        try:
            overlay(place)
            for layer in ("lower", "upper"):
                (place / "merged" / layer / "file").read_bytes()
            os._exit(0)
        except (OSError, AssertionError):
            os._exit(1)
    if os.waitpid(opened, 0)[1]:
        raise UnavailableError("no overlay can be mounted here")
    lower, upper = (str(place / "merged" / layer / "file") for layer in ("lower", "upper"))
    return [
        told("openat", {"fd.is_lower_layer": True, "fd.is_upper_layer": False, "fd.name": lower}, name=lower),
        told("openat", {"fd.is_lower_layer": False, "fd.is_upper_layer": True, "fd.name": upper}, name=upper),
    ]


@cases
def a_connection() -> list[Told]:
    """Of two ends on this machine; the server's port is one that no program gets by chance."""
    server = socket.create_server(("127.0.0.2", PORT))
    client = socket.socket()
    client.bind(("127.0.0.3", PORT + 1))
    result = client.connect_ex(server.getsockname())
    assert result == 0, os.strerror(result)
    peer, _ = server.accept()
    ends = {
        "fd.name": f"127.0.0.3:{PORT + 1}->127.0.0.2:{PORT}",
        "fd.type": "ipv4",
        "fd.typechar": "4",
        "fd.l4proto": "tcp",
        "fd.sockfamily": "ip",
        "fd.cip": "127.0.0.3",
        "fd.cport": PORT + 1,
        "fd.cproto": str(PORT + 1),
        "fd.sip": "127.0.0.2",
        "fd.sport": PORT,
        "fd.sproto": str(PORT),
        "fd.is_server": True,
        "fd.connected": True,
        "fd.directory": None,
    }
    client_side = {
        **ends,
        "fd.num": client.fileno(),
        "fd.ino": os.fstat(client.fileno()).st_ino,
        "fd.name_changed": True,
        "fd.lip": "127.0.0.3",
        "fd.lport": PORT + 1,
        "fd.lproto": str(PORT + 1),
        "fd.rip": "127.0.0.2",
        "fd.rport": PORT,
        "fd.rproto": str(PORT),
        "holds fd.net in (127.0.0.0/8)": True,
        "holds fd.net in (10.0.0.0/8)": False,
        "holds fd.cnet in (127.0.0.3/32)": True,
        "holds fd.cnet in (127.0.0.2/32)": False,
        "holds fd.snet in (127.0.0.2/32)": True,
        "holds fd.snet in (127.0.0.3/32)": False,
        "holds fd.lnet in (127.0.0.3/32)": True,
        "holds fd.lnet in (127.0.0.2/32)": False,
        "holds fd.rnet in (127.0.0.2/32)": True,
        "holds fd.rnet in (127.0.0.3/32)": False,
        "holds fd.ip = 127.0.0.2": True,
        "holds fd.ip = 127.0.0.3": True,
        "holds fd.ip = 127.0.0.4": False,
        "holds fd.ip != 127.0.0.4": True,
        "holds fd.ip != 127.0.0.3": False,
        f"holds fd.port = {PORT}": True,
        f"holds fd.port = {PORT + 1}": True,
        f"holds fd.port = {PORT + 2}": False,
        f"holds fd.proto = {PORT}": True,
        f"holds fd.proto = {PORT + 2}": False,
    }
    # Whose end is this machine's where both are: the kernel knows, the addresses do not say.
    server_side = {**ends, "fd.num": peer.fileno(), "fd.lip": "127.0.0.2", "fd.rip": "127.0.0.3"}
    client_fd, peer_fd = client.fileno(), peer.fileno()
    for one in (peer, client, server):
        one.close()
    return [
        told("connect", client_side, res=0, fd=client_fd),
        told("accept4", server_side, fd=peer_fd),
    ]


@cases
def names_of_hosts() -> Told:
    """Both ends are what the hosts file calls localhost; the name was resolved before, in the background."""
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    fields: dict[str, str | bool] = {}
    for end in ("cip", "sip", "lip", "rip"):
        fields[f"fd.{end}.name"] = "localhost"
        fields[f"holds fd.{end}.name = localhost"] = True
        fields[f"holds fd.{end}.name in (nobody.invalid)"] = False
    return told("connect", fields, res=0, fd=client.fileno())


@cases
def a_connection_whose_other_end_is_through() -> Told:
    """It can still be written to."""
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    client.shutdown(socket.SHUT_WR)
    taken, _ = server.accept()
    own, there = ("{}:{}".format(*end.getsockname()) for end in (client, server))
    return told("accept4", {"fd.connected": True, "fd.name": f"{own}->{there}"}, fd=taken.fileno())


@cases
def a_listener() -> Told:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.4", PORT + 3))
    fields = {
        "fd.name": f"127.0.0.4:{PORT + 3}",
        "fd.type": "ipv4",
        "fd.sip": "127.0.0.4",
        "fd.sport": PORT + 3,
        "fd.sproto": "",
        "fd.cip": None,
        "fd.cport": None,
        "fd.lip": None,
        "fd.rip": None,
        "fd.is_server": True,
        "fd.connected": False,
        "fd.name_changed": True,
    }
    return told("bind", fields, res=0, fd=server.fileno())


@cases
def datagrams_of_ipv6() -> Told:
    client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sent = client.sendto(b"x", ("::1", PORT + 4))
    fields = {"fd.type": "ipv6", "fd.typechar": "6", "fd.l4proto": "udp", "fd.sip": "::1", "fd.sport": PORT + 4}
    return told("sendto", fields, res=sent, fd=client.fileno())


@cases
def sockets_of_this_machine() -> Told:
    place = folder() / "socket"
    server, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    server.bind(str(place))
    server.listen()
    client.connect(str(place))
    fields = {
        "fd.type": "unix",
        "fd.typechar": "u",
        "fd.sockfamily": "unix",
        "fd.l4proto": "<NA>",
        "fd.name": Like(f"[0-9a-f]+->[0-9a-f]+ {place}"),
        "fd.is_server": False,
        "fd.sip": None,
    }
    return told("connect", fields, res=0, fd=client.fileno())


@cases
def waited_for() -> Told:
    """A pipe, a connection, a listener and a file; nothing happens on the other end of the pipe."""
    reader, writer = os.pipe()
    server = socket.create_server(("127.0.0.1", PORT + 5))
    client = socket.create_connection(server.getsockname())
    file = os.open("/etc/hostname", os.O_RDONLY)
    poll = select.poll()
    wanted = {
        reader: select.POLLIN,
        writer: select.POLLOUT,
        client.fileno(): select.POLLOUT,
        server.fileno(): select.POLLIN,
    }
    for fd, events in {**wanted, file: select.POLLIN}.items():
        poll.register(fd, events)
    ready = [fd for fd, _ in poll.poll(0)]
    own, there = ("{}:{}".format(*name) for name in (client.getsockname(), server.getsockname()))
    fields = {
        "fdlist.nums": f"{writer},{client.fileno()},{server.fileno()},{file}",
        "fdlist.names": f",{own}->{there},{there},/etc/hostname",
        "fdlist.cips": "127.0.0.1",
        "fdlist.cports": str(client.getsockname()[1]),
        "fdlist.sips": "127.0.0.1,127.0.0.1",
        "fdlist.sports": f"{PORT + 5},{PORT + 5}",
    }
    return told("poll", fields, res=len(ready))


@cases
def kinds_of_all_that_is_open() -> Told:
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 256)
        os.open("/dev/null", os.O_RDONLY)
        os.pipe()
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
            socket.socket(family).detach()
        os.memfd_create("kinds")
        os.eventfd(0)
        select.epoll()
        os.pidfd_open(os.getpid())
        os.open("/", os.O_RDONLY)
        os.open("/etc/machine-id", os.O_RDONLY)
        os._exit(0)
    os.waitpid(pid, 0)
    kinds = ["file", "pipe", "ipv4", "ipv6", "unix", "memfd", "event", "pidfd", "directory"]
    return told("openat", {"fd.types": kinds, "fd.types[0]": ["file"]}, name="/etc/machine-id")


told_of, test_case, test_field = cases.fixture(), cases.test(), cases.field_test()
