"""Rules about changes to the system. What must not be touched for real lies on a tmpfs that only the stand-in sees."""

from __future__ import annotations

from livekit.stage import Case, Stand

ETC = ("private-mounts", "tmpfs /etc")
HOME = ("private-mounts", "tmpfs /root")
EDITOR = {"proc.exepath": "{bin}/editor", "user.name": "root"}

CHANGE_CASES = (
    Case(
        "File changed below /etc",
        "Notice",
        fires=Stand("editor", ("write /etc/{unique}", "unlink /etc/{unique}")),
        silent=Stand("editor", (*ETC, "mkdir /etc/cups", "write /etc/cups/printers.conf")),
        fields={**EDITOR, "fd.name": "/etc/{unique}"},
    ),
    Case(
        "File changed below /etc",
        "Notice",
        fires=Stand("editor", (*ETC, "write-unnamed /etc /etc/hosts.allow")),
        silent=Stand("editor", (*ETC, "write-unnamed /tmp {tmp}/hosts.allow")),
        fields={**EDITOR, "evt.arg.newpath": "/etc/hosts.allow"},
    ),
    Case(
        "File put into the root directory or root's home",
        "Notice",
        fires=Stand("editor", ("creat /root/{unique}", "unlink /root/{unique}")),
        silent=Stand("editor", (*HOME, "write /root/.bash_history")),
        fields={**EDITOR, "fd.name": "/root/{unique}"},
    ),
    Case(
        "File put into the root directory or root's home",
        "Notice",
        fires=Stand("editor", (*HOME, "write-unnamed /root /root/tool")),
        silent=Stand("editor", (*HOME, "mkdir /root/bin", "write-unnamed /root /root/bin/tool")),
        fields={**EDITOR, "evt.arg.newpath": "/root/tool"},
    ),
    Case(
        "Scheduled job planted",
        "Error",
        fires=Stand("editor", (*ETC, "mkdir /etc/cron.d", "write /etc/cron.d/job")),
        silent=Stand("editor", (*ETC, "write /etc/crontab.bak")),
        fields={**EDITOR, "fd.name": "/etc/cron.d/job"},
    ),
    Case(
        "Scheduled job planted",
        "Error",
        fires=Stand("editor", (*ETC, "mkdir /etc/cron.d", "write /etc/job", "rename /etc/job /etc/cron.d/job")),
        silent=Stand("editor", (*ETC, "mkdir /etc/cron.x", "write /etc/job", "rename /etc/job /etc/cron.x/job")),
        fields={**EDITOR, "evt.arg.newpath": "/etc/cron.d/job"},
    ),
    Case(
        "Scheduled job planted",
        "Error",
        fires=Stand("editor", (*ETC, "mkdir /etc/cron.d", "write-unnamed /etc/cron.d /etc/cron.d/job")),
        silent=Stand("editor", (*ETC, "mkdir /etc/cron.x", "write-unnamed /etc/cron.x /etc/cron.x/job")),
        fields={**EDITOR, "evt.arg.newpath": "/etc/cron.d/job"},
    ),
    Case(
        "System service planted",
        "Error",
        fires=Stand(
            "editor", (*ETC, "mkdir /etc/systemd", "mkdir /etc/systemd/system", "write /etc/systemd/system/x.service")
        ),
        silent=Stand("editor", (*ETC, "mkdir /etc/systemd", "write /etc/systemd/system.conf")),
        fields={**EDITOR, "fd.name": "/etc/systemd/system/x.service"},
    ),
    Case(
        "Shell start-up file changed",
        "Warning",
        fires=Stand("editor", (*HOME, "append /root/.bashrc")),
        silent=Stand("editor", ("append {tmp}/.bashrc",)),
        fields={**EDITOR, "fd.name": "/root/.bashrc"},
    ),
    Case(
        "Library preloaded into every program",
        "Alert",
        fires=Stand("editor", (*ETC, "creat /etc/ld.so.preload")),
        silent=Stand("editor", (*ETC, "creat /etc/ld.so.conf")),
        fields={**EDITOR, "fd.name": "/etc/ld.so.preload"},
    ),
    Case(
        "SSH login key added",
        "Warning",
        fires=Stand("editor", (*HOME, "mkdir /root/.ssh", "append /root/.ssh/authorized_keys")),
        silent=Stand("editor", (*HOME, "mkdir /root/.ssh", "append /root/.ssh/known_hosts")),
        fields={**EDITOR, "fd.name": "/root/.ssh/authorized_keys"},
    ),
    Case(
        "Login policy changed",
        "Critical",
        fires=Stand("editor", (*ETC, "mkdir /etc/pam.d", "write /etc/pam.d/sshd")),
        silent=Stand("editor", (*ETC, "mkdir /etc/pam", "write /etc/pam/sshd")),
        fields={**EDITOR, "fd.name": "/etc/pam.d/sshd"},
    ),
    Case(
        "Account database changed",
        "Critical",
        fires=Stand("editor", (*ETC, "write /etc/passwd.new", "rename /etc/passwd.new /etc/passwd")),
        silent=Stand("editor", (*ETC, "write /etc/passwd.new", "rename /etc/passwd.new /etc/passwd-")),
        fields={**EDITOR, "evt.arg.newpath": "/etc/passwd"},
    ),
    Case(
        "Set-user-id bit set",
        "Warning",
        fires=Stand("editor", ("write {tmp}/tool", "chmod 4755 {tmp}/tool", "unlink {tmp}/tool")),
        silent=Stand("editor", ("write {tmp}/tool", "chmod 0755 {tmp}/tool", "unlink {tmp}/tool")),
        fields={**EDITOR, "evt.arg.filename": "{tmp}/tool"},
    ),
    Case(
        "Security log emptied or removed",
        "Error",
        fires=Stand(
            "editor", ("private-mounts", "tmpfs /var/log", "write /var/log/auth.log", "truncate /var/log/auth.log")
        ),
        silent=Stand(
            "editor", ("private-mounts", "tmpfs /var/log", "append /var/log/auth.log", "truncate /var/log/boot.log")
        ),
        fields={**EDITOR, "fd.name": "/var/log/auth.log"},
    ),
    Case(
        "Security log emptied or removed",
        "Error",
        fires=Stand("editor", ("private-mounts", "tmpfs /var/log", "write /var/log/wtmp", "unlink /var/log/wtmp")),
        silent=Stand("editor", ("private-mounts", "tmpfs /var/log", "write /var/log/wtmp.1", "unlink /var/log/wtmp.1")),
        fields={**EDITOR, "evt.type": "unlink"},
    ),
    Case(
        "Shell history erased",
        "Warning",
        fires=Stand("editor", (*HOME, "write /root/.bash_history", "unlink /root/.bash_history")),
        silent=Stand("editor", (*HOME, "append /root/.bash_history")),
        fields={**EDITOR, "evt.type": "unlink"},
    ),
    Case(
        "Shell history erased",
        "Warning",
        fires=Stand("editor", (*HOME, "symlink /dev/null /root/.bash_history")),
        silent=Stand("editor", (*HOME, "symlink /dev/null /root/.nothing")),
        fields={**EDITOR, "evt.type": "symlink"},
    ),
)
