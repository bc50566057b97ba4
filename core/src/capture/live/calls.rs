//! The dispatch table: which program handles each system call, and what the table-driven one writes.

use std::collections::BTreeSet;

use super::filter::FilterTables;
use super::rows::Rows;
use super::sensor::Scope;
use super::wire::{CALLS, Call, call_flags, share};
use crate::schema::{self, EventFlags, EventInfo, SyscallInfo};

/// Calls that state needs even where no rule asks for them.
const STATE_CALLS: &[&str] = &[
    "chdir",
    "fchdir",
    "chroot",
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setsid",
    "setpgid",
    "capset",
    "prctl",
    "setns",
    "unshare",
    "setrlimit",
    "prlimit64",
];

/// Events of processes' births, images and ends.
const LIFE_EVENTS: &[&str] = &["clone", "clone3", "fork", "vfork", "execve", "execveat", "procexit"];

/// Calls that no flood of others may push out of a ring, beside those that feed state.
const CRITICAL_CALLS: &[&str] = &[
    "mount",
    "umount2",
    "move_mount",
    "fsmount",
    "open_tree",
    "pivot_root",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "bpf",
    "ptrace",
    "process_vm_writev",
    "seccomp",
];

/// Events of calls that change what their names stand for and leave no object that says which: their strings are taken
/// when they begin.
const SNAPSHOT_EVENTS: &[&str] = &[
    "chmod",
    "fchmodat",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "mount",
    "umount2",
    "chown",
    "lchown",
    "fchownat",
];

/// Its strings are taken when it begins, where rules are about it.
pub fn has_snapshot(info: &EventInfo) -> bool {
    SNAPSHOT_EVENTS.contains(&info.name)
}

/// Name of the program in the sensor object that handles a system call.
pub fn program_of(info: &EventInfo) -> &'static str {
    match info.program {
        "open" => "open",
        "exec" => "exec_failed",
        "clone" => "cloned",
        "socket" => "socket",
        "dup" => "dup",
        "capset" => "capset",
        "generic" => "generic",
        _ => "simple",
    }
}

/// State needs this call, whatever the rules say.
pub fn feeds_state(call: &SyscallInfo) -> bool {
    STATE_CALLS.contains(&call.name)
}

fn share(call: &SyscallInfo) -> u8 {
    if feeds_state(call) || CRITICAL_CALLS.contains(&call.name) { share::CRITICAL } else { share::ORDINARY }
}

/// State is made from events of this type.
pub fn event_feeds_state(id: u16) -> bool {
    schema::event(id).is_some_and(|event| LIFE_EVENTS.contains(&event.name))
        || schema::syscalls().iter().any(|call| call.event == id && feeds_state(call))
}

/// The table entry of a system call, whose parameters are among `rows`.
pub fn entry(call: &SyscallInfo, info: &EventInfo, rows: &Rows) -> Call {
    let mut flags = 0;
    if feeds_state(call) {
        flags |= call_flags::STATE;
    }
    let marked = info.params.iter().flat_map(|p| &p.sources).any(|way| way.created);
    if info.flags.has(EventFlags::CREATES_FD) && !marked {
        flags |= call_flags::CREATES_FD;
    }
    if has_snapshot(info) {
        flags |= call_flags::SNAPSHOT;
    }
    if matches!(call.name, "chdir" | "fchdir") {
        flags |= call_flags::CWD;
    }
    Call { event: info.id, nparams: info.params.len() as u8, flags, share: share(call), first: rows.first(info.id) }
}

/// The same with what a recording needs.
pub fn widened(needed: &BTreeSet<u16>, scope: Scope) -> BTreeSet<u16> {
    let readers = EventFlags::MODIFIES_STATE.with(EventFlags::CREATES_FD).with(EventFlags::DESTROYS_FD);
    let follows = |call: &SyscallInfo| schema::event(call.event).is_some_and(|info| info.flags.any(readers));
    let wanted = |call: &&SyscallInfo| match scope {
        Scope::Rules => false,
        Scope::State => follows(call),
        Scope::Everything => true,
    };
    let more = schema::syscalls().iter().filter(wanted).filter_map(|call| call.native);
    needed.iter().copied().chain(more).filter(|nr| usize::from(*nr) < CALLS).collect()
}

/// Native numbers that get a program under these rules: what a clause names and what state needs.
pub fn dispatched(filter: &FilterTables) -> Vec<u16> {
    schema::syscalls()
        .iter()
        .filter(|call| call.native.is_some_and(|nr| filter.needs(nr)) || feeds_state(call))
        .filter_map(|call| call.native)
        .collect()
}

/// Native numbers of calls whose strings are taken when they begin: those that rules are about.
pub fn snapshots(filter: &FilterTables) -> Vec<u16> {
    schema::syscalls()
        .iter()
        .filter(|call| schema::event(call.event).is_some_and(has_snapshot))
        .filter_map(|call| call.native)
        .filter(|nr| filter.needs(*nr))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Source;

    #[test]
    fn strings_that_are_taken_early_are_those_of_the_table_driven_program() {
        for name in SNAPSHOT_EVENTS {
            let info = schema::events().iter().find(|info| info.name == *name).unwrap();
            let texts = info.params.iter().filter(|p| p.sources.iter().any(|way| is_text(way.source))).count();
            assert!(info.program == "simple" && texts > 0, "{name}");
        }
    }

    fn is_text(source: Source) -> bool {
        matches!(source, Source::Path { .. } | Source::Str(_))
    }
}
