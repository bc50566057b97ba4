"""Which fields are told, with which arguments, on which events; and where those come from that no live event has."""

from __future__ import annotations

COMM = "yk-fields"
"""Name of the helper process, and of the programs that it runs."""

EVENTS = (
    "accept4",
    "bind",
    "chdir",
    "chmod",
    "connect",
    "execve",
    "fchmod",
    "kill",
    "link",
    "mkdirat",
    "munmap",
    "nanosleep",
    "openat",
    "poll",
    "procexit",
    "read",
    "recvfrom",
    "renameat2",
    "sendto",
    "symlinkat",
    "unlinkat",
    "write",
)

PORT = 47_293
"""Where cases listen: below the ports that the kernel gives out."""

ARGUMENTS = {
    "container.label": ["[app]"],
    "container.mount": ["[0]", "[/data]"],
    "container.mount.dest": ["[0]"],
    "container.mount.mode": ["[0]"],
    "container.mount.propagation": ["[0]"],
    "container.mount.rdwr": ["[0]"],
    "container.mount.source": ["[0]"],
    "evt.abspath": [".src", ".dst"],
    "evt.arg": [".name", "[0]", "[2]", ".flags"],
    "evt.arglen": [".name", ".data"],
    "evt.rawarg": [".name", ".flags"],
    "evt.type.is": [".openat", ".open", ".write"],
    "fd.types": ["[0]"],
    "k8s.deployment.label": ["[app]"],
    "k8s.ns.label": ["[app]"],
    "k8s.pod.label": ["[app]"],
    "k8s.rc.label": ["[app]"],
    "k8s.rs.label": ["[app]"],
    "k8s.svc.label": ["[app]"],
    "proc.aargs": ["[0]", "[1]"],
    "proc.acmdline": ["[0]", "[1]"],
    "proc.aenv": ["[0]", "[1]", "[YK_PARENT]", "[YK_NONE]"],
    "proc.aexe": ["[0]", "[1]", "[2]"],
    "proc.aexe_ino": ["[0]", "[1]"],
    "proc.aexepath": ["[0]", "[1]", "[2]"],
    "proc.aname": ["[0]", "[1]", "[2]", "[3]"],
    "proc.apid": ["[0]", "[1]", "[2]", "[3]"],
    "proc.ascript": ["[0]", "[1]"],
    "proc.args": ["[0]", "[1]", "[9]"],
    "proc.env": ["[YK_VALUE]", "[YK_EMPTY]", "[YK_NONE]"],
    "thread.cgroup": [".pids", ".memory", ".cpu"],
}
"""Spellings with an argument, by field; a field whose argument may be left out is told without it, too."""

CONDITIONS = {
    "fd.net in (127.0.0.0/8)": "connect",
    "fd.net in (10.0.0.0/8)": "connect",
    "fd.cnet in (127.0.0.3/32)": "connect",
    "fd.cnet in (127.0.0.2/32)": "connect",
    "fd.snet in (127.0.0.2/32)": "connect",
    "fd.snet in (127.0.0.3/32)": "connect",
    "fd.lnet in (127.0.0.3/32)": "connect",
    "fd.lnet in (127.0.0.2/32)": "connect",
    "fd.rnet in (127.0.0.2/32)": "connect",
    "fd.rnet in (127.0.0.3/32)": "connect",
    "fd.ip = 127.0.0.2": "connect",
    "fd.ip = 127.0.0.3": "connect",
    "fd.ip = 127.0.0.4": "connect",
    "fd.ip != 127.0.0.4": "connect",
    "fd.ip != 127.0.0.3": "connect",
    f"fd.port = {PORT}": "connect",
    f"fd.port = {PORT + 1}": "connect",
    f"fd.port = {PORT + 2}": "connect",
    f"fd.proto = {PORT}": "connect",
    f"fd.proto = {PORT + 2}": "connect",
    "fd.cip.name = localhost": "connect",
    "fd.sip.name = localhost": "connect",
    "fd.lip.name = localhost": "connect",
    "fd.rip.name = localhost": "connect",
    "fd.cip.name in (nobody.invalid)": "connect",
    "fd.sip.name in (nobody.invalid)": "connect",
    "fd.lip.name in (nobody.invalid)": "connect",
    "fd.rip.name in (nobody.invalid)": "connect",
}
"""Conditions of fields that no output shows, and the event that each is tried on."""

SNAPSHOTS = "only snapshots of processes have it, which nothing that writes captures has made for years"
RETIRED = "a retired kind of event has it"

BY_CAPTURE: dict[str, str] = {
    "evt.around": "it names a moment, which a live rule cannot know beforehand",
    "evt.asynctype": "no notification comes with a live thread",
    "evt.count.procinfo": SNAPSHOTS,
    "evt.count.threadinfo": SNAPSHOTS,
    "evt.infra.docker.container.id": RETIRED,
    "evt.infra.docker.container.image": RETIRED,
    "evt.infra.docker.container.name": RETIRED,
    "evt.infra.docker.name": RETIRED,
    "thread.cpu": SNAPSHOTS,
    "thread.cpu.system": SNAPSHOTS,
    "thread.cpu.user": SNAPSHOTS,
}
"""Fields that test_fields_captured.py is about, and why no live event has them."""

BY_THEMSELVES = {
    "thread.exectime": "test_tracepoints.py",
    "thread.totexectime": "test_tracepoints.py",
    "util.cnt": "test_fields_delta.py",
}
"""Fields with a test apart: of all switches, and of what several uses of one field have counted."""

PLUGINS = "events of plugins have it; there are none in this version"
METADATA = "the runtime's metadata are not asked for in this version"
LEGACY = "upstream accepts the field and never fills it"

ABSENT = {
    "evt.plugininfo": PLUGINS,
    "evt.pluginname": PLUGINS,
    "container.cni.json": METADATA,
    "container.healthcheck": LEGACY,
    "container.label": METADATA,
    "container.labels": METADATA,
    "container.liveness_probe": LEGACY,
    "container.mount": METADATA,
    "container.mount.dest": METADATA,
    "container.mount.mode": METADATA,
    "container.mount.propagation": METADATA,
    "container.mount.rdwr": METADATA,
    "container.mount.source": METADATA,
    "container.readiness_probe": LEGACY,
    "proc.is_container_healthcheck": LEGACY,
    "proc.is_container_liveness_probe": LEGACY,
    "proc.is_container_readiness_probe": LEGACY,
    "k8s.ns.name": METADATA,
    "k8s.pod.cni.json": METADATA,
    "k8s.pod.full_sandbox_id": METADATA,
    "k8s.pod.id": METADATA,
    "k8s.pod.ip": METADATA,
    "k8s.pod.label": METADATA,
    "k8s.pod.labels": METADATA,
    "k8s.pod.name": METADATA,
    "k8s.pod.sandbox_id": METADATA,
    "k8s.pod.uid": METADATA,
    "k8s.deployment.id": LEGACY,
    "k8s.deployment.label": LEGACY,
    "k8s.deployment.labels": LEGACY,
    "k8s.deployment.name": LEGACY,
    "k8s.ns.id": LEGACY,
    "k8s.ns.label": LEGACY,
    "k8s.ns.labels": LEGACY,
    "k8s.rc.id": LEGACY,
    "k8s.rc.label": LEGACY,
    "k8s.rc.labels": LEGACY,
    "k8s.rc.name": LEGACY,
    "k8s.rs.id": LEGACY,
    "k8s.rs.label": LEGACY,
    "k8s.rs.labels": LEGACY,
    "k8s.rs.name": LEGACY,
    "k8s.svc.id": LEGACY,
    "k8s.svc.label": LEGACY,
    "k8s.svc.labels": LEGACY,
    "k8s.svc.name": LEGACY,
}
"""Fields that nothing has in this version, and why; test_fields_absent.py asserts it."""
