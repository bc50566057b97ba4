//! `proc.*`: the event's process and its parent.

use super::Ctx;
use super::declare::fields;
use super::descriptor::{self, Descriptor};
use super::subject::{self, ancestors, comm, index, key, parent, process};
use crate::state::process::Process;

/// A process's environment joined by spaces.
pub(super) fn environment<'a>(ctx: &Ctx<'a>, process: &'a Process) -> Option<&'a [u8]> {
    Some(subject::join(ctx, b" ", process.image.told()?.env()))
}

/// One variable of a process, without spaces around it; empty when it is not set.
pub(super) fn variable<'a>(process: &'a Process, name: &str) -> Option<&'a [u8]> {
    let value = |item: &'a [u8]| item.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    Some(process.image.told()?.env().find_map(value).unwrap_or_default().trim_ascii())
}

fn known(id: i64) -> Option<i64> {
    (id != -1).then_some(id)
}

/// Since a process's creation, ns.
fn age(ctx: &Ctx<'_>, process: &Process) -> Option<u64> {
    (process.clone_ts != 0).then(|| ctx.event.ts.saturating_sub(process.clone_ts))
}

/// Descriptors that the process has open, where a capture tells.
fn open_descriptors(ctx: &Ctx<'_>) -> Option<u64> {
    if ctx.state.captured.is_some() {
        return Some(ctx.state.table(ctx.event.tid).map_or(0, |table| table.len() as u64));
    }
    Some(ctx.event.ext.as_ref()?.table?.open)
}

fields! {
    "process";

    /// Arguments without argv[0], joined by spaces; with an index, that one argument, empty beyond the last.
    "proc.args" "Arguments" CharBuf [index] => |c, arg| {
        let image = process(c)?.image.told()?;
        Some(match index(arg) {
            Some(n) => image.command().args().nth(n as usize).unwrap_or_default(),
            None => image.args_line(),
        })
    };

    /// Length of all arguments without argv[0], separators not counted.
    "proc.cmdlenargs" "Total Count of Characters in Command Line args" Uint64
        => |c| Some(process(c)?.image.told()?.command().args().map(|a| a.len() as u64).sum());

    /// Short name and arguments.
    "proc.cmdline" "Command Line" CharBuf => |c| process(c)?.cmdline(comm(c)?, c.arena);

    /// Number of arguments, argv[0] not counted.
    "proc.cmdnargs" "Number of Command Line args" Uint64 => |c| Some(process(c)?.image.told()?.command().count() as u64);

    /// Current directory, always with a slash at its end.
    "proc.cwd" "Current Working Directory" CharBuf => |c| Some(&process(c)?.cwd);

    /// Time since the process was created, ns.
    "proc.duration" "Process Duration" RelTime => |c| age(c, process(c)?);

    /// The environment joined by spaces; with a name, that variable's value.
    "proc.env" "Environment" CharBuf [key] => |c, arg| {
        let process = process(c)?;
        match key(arg) {
            Some(name) => variable(process, name),
            None => environment(c, process),
        }
    };

    /// Soft limit of open descriptors.
    "proc.fdlimit" "FD Limit" Int64 => |c| known(process(c)?.fdlimit);

    /// Number of open descriptors (live: where their table has no more than 16,384 places).
    "proc.fdopencount" "FD Count" Uint64 => |c| open_descriptors(c);

    /// Open descriptors in percent of the limit.
    "proc.fdusage" "FD Usage" Double => |c| {
        let limit = known(process(c)?.fdlimit).filter(|limit| *limit > 0)?;
        Some(open_descriptors(c)? as f64 * 100.0 / limit as f64)
    };

    /// Short name of the thread's program as the kernel has it, at most 15 bytes.
    "proc.name" "Name" CharBuf => |c| comm(c);

    /// Living threads of the process other than its leader.
    "proc.nchilds" "Children" Uint64 => |c| Some(process(c)?.threads.len() as u64);

    /// Living threads of the process.
    "proc.nthreads" "Threads" Uint64 => |c| Some(process(c)?.nthreads());

    /// Path of the executable of the process that created this one, whoever its parent is by now.
    "proc.origin.exepath" "Creator Executable Path" CharBuf
        => |c| Some(&process(c)?.origin.as_ref()?.exepath);

    /// Short name of the process that created this one, whoever its parent is by now.
    "proc.origin.name" "Creator Name" CharBuf => |c| Some(process(c)?.origin.as_ref()?.comm.as_bytes());

    /// Id of the process that created this one, whoever its parent is by now.
    "proc.origin.pid" "Creator Process ID" Int64 => |c| Some(process(c)?.origin.as_ref()?.pid);

    /// The parent's short name and arguments.
    "proc.pcmdline" "Parent Command Line" CharBuf => |c| {
        let parent = parent(c)?;
        parent.cmdline(parent.comm.as_bytes(), c.arena)
    };

    /// The parent's argv[0].
    "proc.pexe" "Parent First Argument" CharBuf => |c| Some(parent(c)?.image.told()?.exe());

    /// Path of the parent's executable.
    "proc.pexepath" "Parent Process Executable Path" CharBuf => |c| Some(&parent(c)?.image.exepath);

    /// Process id, seen from the host.
    "proc.pid" "Process ID" Int64 => |c| match &c.event.ext {
        Some(ext) => Some(i64::from(ext.task.tgid)),
        None => Some(process(c)?.pid),
    };

    /// When the process was created, ns since the epoch.
    "proc.pid.ts" "Process start ts" RelTime => |c| Some(process(c)?.clone_ts).filter(|ts| *ts != 0);

    /// Start of the process's pid namespace, ns since the epoch; the host's is boot time.
    "proc.pidns_init_start_ts" "Start ts of pid namespace" Uint64
        => |c| Some(process(c)?.pidns_start).filter(|ts| *ts != 0);

    /// The parent's short name.
    "proc.pname" "Parent Name" CharBuf => |c| Some(parent(c)?.comm.as_bytes());

    /// The current parent's process id, seen from the host.
    "proc.ppid" "Parent Process ID" Int64 => |c| Some(parent(c)?.pid);

    /// Time since the parent was created, ns.
    "proc.ppid.duration" "Parent Process Duration" RelTime => |c| age(c, parent(c)?);

    /// When the parent was created, ns since the epoch; 0 when unknown.
    "proc.ppid.ts" "Parent Process start ts" RelTime => |c| Some(parent(c)?.clone_ts);

    /// The parent's process id inside its pid namespace.
    "proc.pvpid" "Parent Virtual Process ID" Int64 => |c| known(parent(c)?.vpid);

    /// What is open as descriptor 2, by name.
    "proc.stderr.name" "Standard Error fd name" CharBuf => |c| Descriptor::numbered(c, 2)?.name(c);

    /// Kind of descriptor 2.
    "proc.stderr.type" "Standard Error fd type" CharBuf
        => |c| Some(descriptor::word(Descriptor::numbered(c, 2)?.kind(c)?).as_bytes());

    /// What is open as descriptor 0, by name.
    "proc.stdin.name" "Standard Input fd name" CharBuf => |c| Descriptor::numbered(c, 0)?.name(c);

    /// Kind of descriptor 0.
    "proc.stdin.type" "Standard Input fd type" CharBuf
        => |c| Some(descriptor::word(Descriptor::numbered(c, 0)?.kind(c)?).as_bytes());

    /// What is open as descriptor 1, by name.
    "proc.stdout.name" "Standard Output fd name" CharBuf => |c| Descriptor::numbered(c, 1)?.name(c);

    /// Kind of descriptor 1.
    "proc.stdout.type" "Standard Output fd type" CharBuf
        => |c| Some(descriptor::word(Descriptor::numbered(c, 1)?.kind(c)?).as_bytes());

    /// Device number of the controlling terminal; 0 for none.
    "proc.tty" "Process TTY" Uint32 => |c| Some(process(c)?.tty);

    /// Resident memory as last told (`proc.vmsize`), kB.
    "proc.vmrss" "VM RSS" Uint64 => |c| Some(process(c)?.vm[1]);

    /// Virtual memory as last told, kB: by an exec, a birth, brk, mmap, munmap or a switch.
    "proc.vmsize" "VM Size" Uint64 => |c| Some(process(c)?.vm[0]);

    /// Swapped memory as last told (`proc.vmsize`), kB.
    "proc.vmswap" "VM Swap" Uint64 => |c| Some(process(c)?.vm[2]);

    /// Process id inside its own pid namespace.
    "proc.vpid" "Virtual Process ID" Int64 => |c| known(process(c)?.vpid);
}

/// The oldest of the process and its ancestors whose name ends in `sh`.
pub(super) fn login_shell(ctx: &Ctx<'_>) -> Option<i64> {
    let own = process(ctx)?;
    let shell = |name: &[u8]| name.len() >= 2 && name.ends_with(b"sh");
    let oldest = ancestors(ctx).filter(|p| shell(p.comm.as_bytes())).last().map(|p| p.pid);
    oldest.or_else(|| shell(comm(ctx)?).then_some(own.pid))
}
