"""Limits, semaphores, ids of users and groups: numbers behind pointers."""

from __future__ import annotations

import os
import resource
import struct

from livekit.calls import Cases, Told, told
from livekit.raw import BAD_POINTER, call, longs, room, words

cases = Cases(__name__)

UNLIMITED = (1 << 64) - 1
NOFILE, CORE = resource.RLIMIT_NOFILE, resource.RLIMIT_CORE


@cases
def limits() -> list[Told]:
    soft, hard = resource.getrlimit(NOFILE)
    old = longs(0, 0)
    return [
        told("getrlimit", res=call("getrlimit", NOFILE, old), cur=soft, max=hard, resource="RLIMIT_NOFILE"),
        told(
            "getrlimit",
            {"evt.res": "EINVAL"},
            res=call("getrlimit", 99, old),
            cur=-1,
            max=-1,
            resource="RLIMIT_UNKNOWN",
        ),
        told("setrlimit", res=call("setrlimit", CORE, longs(0, UNLIMITED)), cur=0, max=-1, resource="RLIMIT_CORE"),
        told("setrlimit", {"evt.res": "EFAULT"}, res=call("setrlimit", CORE, BAD_POINTER), cur=-1, max=-1),
        told(
            "prlimit",
            res=call("prlimit64", 0, CORE, longs(0, 4096), old),
            newcur=0,
            newmax=4096,
            oldcur=0,
            oldmax=-1,
            pid=0,
            resource="RLIMIT_CORE",
        ),
        told(
            "prlimit",
            res=call("prlimit64", os.getpid(), NOFILE, None, old),
            newcur=-1,
            newmax=-1,
            oldcur=soft,
            oldmax=hard,
            pid=os.getpid(),
        ),
        told(
            "prlimit",
            {"evt.res": "ESRCH"},
            res=call("prlimit64", 1 << 30, NOFILE, longs(1, 2), old),
            newcur=1,
            newmax=2,
            oldcur=-1,
            oldmax=-1,
            pid=1 << 30,
        ),
    ]


@cases
def semaphores() -> list[Told]:
    ipc_private, create = 0, 0o1000
    semid = call("semget", ipc_private, 2, create | 0o600)
    one = room(struct.pack("Hhh", 0, 3, 0o4000))
    two = room(struct.pack("HhhHhh", 0, -1, 0, 1, 2, 0o10000))
    return [
        told("semget", res=semid, key=0, nsems=2, semflg="IPC_CREAT"),
        told("semget", {"evt.res": "ENOENT"}, res=call("semget", 0x7ABCDEF, 1, 0), key=0x7ABCDEF, nsems=1, semflg=0),
        told("semctl", res=call("semctl", semid, 1, 16, 5), semid=semid, semnum=1, cmd="SETVAL", val=5),
        told("semctl", res=call("semctl", semid, 1, 12, 77), cmd="GETVAL", val=0),
        told(
            "semop",
            res=call("semop", semid, one, 1),
            nsops=1,
            sem_num_0=0,
            sem_op_0=3,
            sem_flg_0="IPC_NOWAIT",
            sem_num_1=0,
            sem_op_1=0,
            sem_flg_1=0,
            semid=semid,
        ),
        told(
            "semop",
            res=call("semop", semid, two, 2),
            nsops=2,
            sem_num_0=0,
            sem_op_0=-1,
            sem_num_1=1,
            sem_op_1=2,
            sem_flg_1="SEM_UNDO",
        ),
        told("semop", {"evt.res": "EINVAL"}, res=call("semop", semid, one, 0), nsops=0, sem_num_0=0, sem_op_0=0),
        told("semctl", res=call("semctl", semid, 0, 0, 0), cmd="IPC_RMID", val=0),
    ]


@cases
def asking_for_ids() -> list[Told]:
    ids = words(9, 9, 9)
    pointers = [room(4) for _ in range(3)]
    return [
        told("getuid", uid=call("getuid")),
        told("geteuid", euid=call("geteuid")),
        told("getgid", gid=call("getgid")),
        told("getegid", egid=call("getegid")),
        told("getresuid", res=call("getresuid", *pointers), ruid=0, euid=0, suid=0),
        told("getresgid", res=call("getresgid", *pointers), rgid=0, egid=0, sgid=0),
        told(
            "getresuid",
            {"evt.res": "EFAULT"},
            res=call("getresuid", ids, BAD_POINTER, ids),
            ruid=0xFFFFFFFF,
            euid=0xFFFFFFFF,
        ),
    ]


@cases
def changing_ids() -> list[Told]:
    keep = 0xFFFFFFFF
    return [
        told("setresuid", res=call("setresuid", -1, -1, -1), ruid=keep, euid=keep, suid=keep),
        told("setresgid", res=call("setresgid", 0, -1, 0), rgid=0, egid=keep, sgid=0),
        told("setreuid", res=call("setreuid", -1, 0), ruid=keep, euid=0),
        told("setregid", res=call("setregid", 0, -1), rgid=0, egid=keep),
        told("setuid", res=call("setuid", 0), uid="root"),
        told("setgid", {"evt.res": "EINVAL"}, res=call("setgid", -1), gid=keep),
        told("setgid", res=call("setgid", 0), gid=0),
    ]


told_of, test_call = cases.fixture(), cases.test()
