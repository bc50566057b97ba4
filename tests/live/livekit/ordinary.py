"""A day's ordinary work on a Debian machine, none of which may raise an alert that is not due."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

# A tool that is not installed is left out; what `make run` installs and what every Debian has is enough.
WORK = (
    "apt-cache policy",
    "apt-get check",
    "dpkg -l",
    "git init --quiet {tmp}/repository",
    "git -C {tmp}/repository -c user.name=a -c user.email=a@example.org commit --quiet --allow-empty -m a",
    "python3 -c 'import json, pwd, ssl, subprocess; pwd.getpwall(); subprocess.run([\"true\"])'",
    "cc -o {tmp}/program {tmp}/program.c",
    "ssh-keygen -q -t ed25519 -N '' -f {tmp}/key",
    "passwd -S root",
    "run-parts --test /etc/cron.daily",
    "logrotate -d /etc/logrotate.conf",
    "tar -cf {tmp}/archive.tar /etc/alternatives",
    "find /etc -maxdepth 1 -newer /etc/hostname",
    "su - root -c true",
)
FEWEST = 8


def do_ordinary_work(folder: Path) -> None:
    """Does it all in an empty folder. What the tools say is their business; that enough of them ran is ours."""
    (folder / "program.c").write_text("int main(void) { return 0; }\n")
    done = 0
    for command in WORK:
        words = shlex.split(command.format(tmp=folder))
        if shutil.which(words[0]):
            subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
            done += 1
    assert done >= FEWEST
