"""Servers under load: Debian's redis-server with redis-benchmark, and nginx with wrk, on loopback."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_WAIT_SECONDS = 10
_RESULT = {
    "redis-benchmark": re.compile(r'"GET","([\d.]+)"'),
    "wrk": re.compile(r"Requests/sec:\s+([\d.]+)"),
}
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log /dev/null; user root;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
"""


@dataclass(frozen=True)
class ServerWorkload:
    """`ratio`: the most time a request may take, against the empty program: so that at most 3 % fewer are answered.
    `client` is the program that asks."""

    name: str
    what: str
    client: str
    port: int
    ratio: float | None = 1 / 0.97
    cpu: float | None = None

    def missing(self) -> str | None:
        """Why it can't run, else None."""
        needs = (self.client, "redis-server" if self.client == "redis-benchmark" else "nginx")
        absent = [name for name in needs if shutil.which(name) is None]
        return f"{self.what} is left out: {', '.join(absent)} missing (Debian: redis, nginx, wrk)" if absent else None

    @contextmanager
    def serving(self, folder: Path) -> Iterator[None]:
        """Keep the server up. Raises: RuntimeError when it does not answer."""
        place = folder / self.name
        (place / "www").mkdir(parents=True, exist_ok=True)
        (place / "www" / "index.html").write_text("x" * 600)
        server = subprocess.Popen(self._command(place), cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._wait()
            yield
        finally:
            server.terminate()
            server.wait(_WAIT_SECONDS)

    def run(self, binary: Path, seconds: float, folder: Path) -> float:
        """Microseconds a request, 50 clients (redis) or 16 (nginx) at once. Raises: CalledProcessError."""
        del binary, folder
        if self.client == "wrk":
            command = ["wrk", "-t1", "-c16", f"-d{max(1, round(seconds))}s", f"http://127.0.0.1:{self.port}/"]
        else:
            requests = str(max(1000, int(50_000 * seconds)))
            command = ["redis-benchmark", "-p", str(self.port), "-t", "get", "-n", requests, "--csv"]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = _RESULT[self.client].search(out)
        if found is None:
            raise RuntimeError(f"{self.client} said no rate:\n{out}")
        return 1e6 / float(found.group(1))

    def _command(self, place: Path) -> list[str]:
        if self.client == "redis-benchmark":
            return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        (place / "nginx.conf").write_text(_NGINX.format(folder=place, port=self.port))
        return ["nginx", "-c", str(place / "nginx.conf"), "-p", str(place)]

    def _wait(self) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"nothing answers on port {self.port} for {self.what}")


SERVERS = (
    ServerWorkload("redis", "redis-benchmark GET, 50 clients", "redis-benchmark", 46379),
    ServerWorkload("nginx", "nginx, wrk with 16 connections", "wrk", 48080),
)
