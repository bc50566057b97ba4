//! `thread.*`: what belongs to one thread.

use super::Ctx;
use super::declare::fields;
use super::subject::{self, comm, creds, key, process};
use crate::params::Strings;
use crate::state::cpu_time::Share;
use crate::state::wire;

/// Capability names by bit, without their common prefix.
const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// `CAP_…` names in bit order, joined by spaces.
fn names<'a>(ctx: &Ctx<'a>, set: u64) -> &'a [u8] {
    let mut out = bumpalo::collections::Vec::new_in(ctx.arena);
    for (_, name) in CAPABILITIES.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(b"CAP_");
        out.extend_from_slice(name.as_bytes());
    }
    out.into_bump_slice()
}

/// One subsystem and its path, the subsystem by the name that rules use.
fn cgroup(item: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = item.iter().position(|b| *b == b'=')?;
    let (name, path) = (&item[..at], &item[at + 1..]);
    let name = name.strip_suffix(b"_cgroup").unwrap_or(name);
    let name: &[u8] = match name {
        b"perf" => b"perf_event",
        b"mem" => b"memory",
        b"io" => b"blkio",
        other => other,
    };
    Some((name, path))
}

fn cgroups<'a>(ctx: &Ctx<'a>) -> Option<impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a>> {
    let recorded = process(ctx)?;
    let strings: &[u8] = match ctx.event.ext {
        Some(_) if ctx.state.config.live => {
            ctx.arena.alloc_slice_copy(&ctx.state.cgroups.of_event(ctx.event, ctx.state))
        }
        _ => &recorded.cgroups,
    };
    Some(Strings::new(strings).filter_map(cgroup).filter(|(name, _)| !name.is_empty()))
}

/// What a snapshot of a known thread tells.
fn share(ctx: &Ctx<'_>) -> Option<Share> {
    let told = ctx.event.id == wire::procinfo::ID && ctx.state.cpu_time(ctx.event.tid).is_some();
    told.then_some(ctx.state.share)
}

/// A figure that only a group leader has; other threads have 0.
fn of_leader(ctx: &Ctx<'_>, index: usize, scale: u64) -> Option<u64> {
    let process = process(ctx)?;
    Some(if ctx.event.tid == process.pid { process.vm[index].saturating_mul(scale) } else { 0 })
}

fields! {
    "process";

    /// Effective capabilities, `CAP_…` names joined by spaces.
    "thread.cap_effective" "Effective capabilities" CharBuf => |c| Some(names(c, creds(c)?.cap_effective));

    /// Inheritable capabilities, `CAP_…` names joined by spaces.
    "thread.cap_inheritable" "Inheritable capabilities" CharBuf => |c| Some(names(c, creds(c)?.cap_inheritable));

    /// Permitted capabilities, `CAP_…` names joined by spaces.
    "thread.cap_permitted" "Permitted capabilities" CharBuf => |c| Some(names(c, creds(c)?.cap_permitted));

    /// Path of the thread's cgroup in the hierarchy of the subsystem named after the dot.
    "thread.cgroup" "Thread Cgroup" CharBuf [dotted required] => |c, arg| {
        let wanted = key(arg)?.as_bytes();
        cgroups(c)?.find(|(name, _)| *name == wanted).map(|(_, path)| path)
    };

    /// The thread's cgroups, `subsystem=path` joined by spaces.
    "thread.cgroups" "Thread Cgroups" CharBuf => |c| {
        let mut out = bumpalo::collections::Vec::new_in(c.arena);
        for (name, path) in cgroups(c)? {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(name);
            out.push(b'=');
            out.extend_from_slice(path);
        }
        (!out.is_empty()).then(|| out.into_bump_slice())
    };

    /// CPU share of the thread since the snapshot before, in per cent; only snapshots in captures (`procinfo`) tell it.
    "thread.cpu" "Thread CPU" Double => |c| Some(share(c)?.both);

    /// Its part in the kernel.
    "thread.cpu.system" "Thread System CPU" Double => |c| Some(share(c)?.system);

    /// Its part in user mode.
    "thread.cpu.user" "Thread User CPU" Double => |c| Some(share(c)?.user);

    /// How long the thread that a switch takes off its CPU had it, ns: since the switch before on that CPU, 0 where that
    /// was not seen. Absent on other events.
    "thread.exectime" "Scheduled Thread CPU Time" RelTime
        => |c| (c.event.id == wire::switch::ID).then(|| c.state.slice.unwrap_or(0));

    /// The thread leads its thread group.
    "thread.ismain" "Main Thread" Bool => |c| Some(c.event.tid == process(c)?.pid);

    /// Short name and thread id, one directly after the other.
    "thread.nametid" "Thread Name + ID" CharBuf {"table-only"}
        => |c| Some(subject::join(c, b"", [comm(c)?, subject::format(c, format_args!("{}", c.event.tid))].into_iter()));

    /// Page faults that needed I/O, as of the last exec, birth or switch seen.
    "thread.pfmajor" "Major Page Faults" Uint64 => |c| Some(process(c)?.faults[0]);

    /// Page faults that needed none, as of the last exec, birth or switch seen.
    "thread.pfminor" "Minor Page Faults" Uint64 => |c| Some(process(c)?.faults[1]);

    /// Thread id, seen from the host.
    "thread.tid" "Thread ID" Int64 => |c| process(c).map(|_| c.event.tid);

    /// The sum of the thread's slices so far (`thread.exectime`), ns.
    "thread.totexectime" "Current Thread CPU Time" RelTime
        => |c| Some(c.state.cpu_time(c.event.tid)?.sliced);

    /// Resident memory of a group leader as last told (`proc.vmsize`), kB.
    "thread.vmrss" "Thread VM RSS (kb)" Uint64 => |c| of_leader(c, 1, 1);

    /// Resident memory of a group leader as last told (`proc.vmsize`), bytes.
    "thread.vmrss.b" "Thread VM RSS (b)" Uint64 {"table-only"} => |c| of_leader(c, 1, 1024);

    /// Virtual memory of a group leader as last told (`proc.vmsize`), kB.
    "thread.vmsize" "Thread VM Size (kb)" Uint64 => |c| of_leader(c, 0, 1);

    /// Virtual memory of a group leader as last told (`proc.vmsize`), bytes.
    "thread.vmsize.b" "Thread VM Size (b)" Uint64 {"table-only"} => |c| of_leader(c, 0, 1024);

    /// Thread id inside its own pid namespace.
    "thread.vtid" "Virtual Thread ID" Int64 => |c| {
        let process = process(c)?;
        let vtid = c.state.thread(c.event.tid).map_or(process.vpid, |thread| thread.vtid);
        (vtid != -1).then_some(vtid)
    };
}
