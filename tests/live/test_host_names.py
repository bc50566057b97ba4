"""What outputs call an address: what rules compare, what a process was told by a name server, or what its zone says.

The sensor's own name server never answers; it has a hosts file.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from livekit import etc
from livekit.fixtures import sensor_under
from livekit.patience import PATIENCE
from livekit.sensor import Sensor

pytestmark = pytest.mark.live

PORT = 47_310
NAME_SERVER = ("127.0.0.153", 53)
RULES = f"""\
- rule: connection
  desc: A connection to the test's port.
  condition: evt.type = connect and fd.sport = {PORT}
  output: connection %fd.sip.name %fd.rip.name %fd.cip.name %fd.lip.name
  priority: DEBUG

- rule: compared
  desc: A host whose name a rule compares.
  condition: evt.type = connect and fd.sport = {PORT} and fd.sip.name = compared.example
  output: compared %fd.sip.name
  priority: DEBUG
"""
HOSTS = "127.0.0.1 localhost\n::1 localhost\n127.0.0.2 compared.example\n127.0.0.3 zone.example\n"


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sensor]:
    own = etc.make(tmp_path_factory.mktemp("etc"), hosts=HOSTS, resolv__conf=etc.SILENT, passwd="", group="")
    yield from sensor_under(RULES, tmp_path_factory.mktemp("names"), etc.under(own))


def connect(sensor: Sensor, host: str) -> dict[str, object]:
    """What is told of a connection to the host."""
    server = socket.create_server((host, PORT), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    with sensor.watch() as found:
        socket.create_connection((host, PORT)).close()
    server.close()
    return found.of("connection")[0].fields


def eventually(sensor: Sensor, host: str) -> object:
    """The server's name, once it is known."""
    deadline = time.monotonic() + 10 * PATIENCE
    while (name := connect(sensor, host)["fd.sip.name"]) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    return name


def response(query: bytes, addresses: list[str]) -> bytes:
    """Answers the query with these addresses."""
    packed = [ipaddress.ip_address(address).packed for address in addresses]
    kinds = {4: 1, 16: 28}
    answers = [b"\xc0\x0c" + struct.pack(">HHIH", kinds[len(ip)], 1, 60, len(ip)) + ip for ip in packed]
    return query[:2] + b"\x81\x80\0\1" + struct.pack(">H", len(answers)) + bytes(4) + query[12:] + b"".join(answers)


def question(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\1\0\0\1" + bytes(6) + labels + b"\0\0\1\0\1"


@contextmanager
def asked(name: str, *addresses: str, connected: bool = True) -> Iterator[socket.socket]:
    """A socket at which the answer of a name server waits."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        try:
            server.bind(NAME_SERVER)
        except OSError as error:
            pytest.skip(f"no name server can be played at {NAME_SERVER}: {error}")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            if connected:
                client.connect(NAME_SERVER)
            client.sendto(question(name), NAME_SERVER)
            query, who = server.recvfrom(512)
            server.sendto(response(query, list(addresses)), who)
            yield client


def test_an_answer_that_a_process_received_names_the_address(sensor: Sensor) -> None:
    with asked("received.example", "127.0.0.11") as client:
        client.recv(512)
    told = connect(sensor, "127.0.0.11")
    assert [told[f"fd.{end}ip.name"] for end in "sr"] == ["received.example"] * 2


def test_an_answer_at_a_socket_without_a_peer(sensor: Sensor) -> None:
    for number, receive in enumerate((lambda one: one.recvfrom(512), lambda one: one.recvmsg(512))):
        host = f"127.0.0.{20 + number}"
        with asked(f"loose{number}.example", host, connected=False) as client:
            receive(client)
        assert connect(sensor, host)["fd.sip.name"] == f"loose{number}.example"


def test_a_message_with_control_data_and_several_answers(sensor: Sensor) -> None:
    """Which does not fit into what is kept of a buffer: the first answers count."""
    with asked("message.example", "127.0.0.12", "::1", *["127.0.0.13"] * 20) as client:
        client.recvmsg(1024, 64)
    assert connect(sensor, "127.0.0.12")["fd.sip.name"] == "message.example"


def test_an_answer_with_an_ipv6_address(sensor: Sensor) -> None:
    with asked("six.example", "::1") as client:
        client.recv(512)
    assert connect(sensor, "::1")["fd.sip.name"] == "six.example"


def test_names_that_rules_compare_come_first(sensor: Sensor) -> None:
    with asked("other.example", "127.0.0.2") as client:
        client.recv(512)
    assert eventually(sensor, "127.0.0.2") == "compared.example"


def test_the_zone_is_asked_aside(sensor: Sensor) -> None:
    assert eventually(sensor, "127.0.0.3") == "zone.example"


def test_an_address_that_nobody_names_keeps_no_event_waiting(sensor: Sensor) -> None:
    began = time.monotonic()
    assert [connect(sensor, "127.0.0.99")["fd.sip.name"] for _ in range(3)] == [None] * 3
    assert time.monotonic() - began < 5 * PATIENCE
