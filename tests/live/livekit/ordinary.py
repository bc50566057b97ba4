"""A day's ordinary work on a Debian machine, none of which may raise an alert that is not due."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

# A package archive of its own, so that nothing leaves the machine and the machine's own lists stay as they are.
APT = (
    "-o Dir::State::lists={tmp}/lists -o Dir::Cache={tmp}/cache -o Dir::Etc::sourceparts=- "
    "-o Dir::Etc::sourcelist={tmp}/sources.list -o APT::Sandbox::User=root"
)
# A tool that is not installed is left out; what `make run` installs and what every Debian has is enough.
WORK = (
    "apt-cache policy",
    "apt-get check",
    f"apt-get {APT} update",
    "dpkg -l",
    "git init --quiet {tmp}/repository",
    "git -C {tmp}/repository -c user.name=a -c user.email=a@example.org commit --quiet --allow-empty -m a",
    "python3 -c 'import json, pwd, ssl, subprocess; pwd.getpwall(); subprocess.run([\"true\"])'",
    "cc -o {tmp}/program {tmp}/program.c",
    "ssh-keygen -q -t ed25519 -N '' -f {tmp}/key",
    "passwd -S root",
    "run-parts --test /etc/cron.daily",
    "run-parts --report {tmp}/cron.hourly",
    "logrotate -d /etc/logrotate.conf",
    "logrotate -f -s {tmp}/logrotate.state {tmp}/logrotate.conf",
    "tar -cf {tmp}/archive.tar /etc/alternatives",
    "find /etc -maxdepth 1 -newer /etc/hostname",
    "su - root -c true",
)
FEWEST = 8

FILES = {
    "program.c": "int main(void) {{ return 0; }}\n",
    "archive/Packages": "",
    "sources.list": "deb [trusted=yes] file:{tmp}/archive ./\n",
    "cron.hourly/job": "#!/bin/sh\nfind /var/log -name '*.gz' -newer /etc/hostname\n",
    "application.log": "started\n",
    "logrotate.conf": "{tmp}/application.log {{\n  rotate 2\n  compress\n  create 0640 root root\n}}\n",
}


def do_ordinary_work(folder: Path) -> None:
    """Does it all in an empty folder. What the tools say is their business; that enough of them ran is ours."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(tmp=folder))
    (folder / "cron.hourly" / "job").chmod(0o755)
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    done = 0
    for command in WORK:
        words = shlex.split(command.format(tmp=folder))
        if shutil.which(words[0]):
            subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
            done += 1
    assert done >= FEWEST
