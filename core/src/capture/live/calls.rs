//! The dispatch table: which program handles each system call, and what the table-driven one writes.

use std::collections::BTreeSet;

use super::filter::FilterTables;
use super::sensor::Scope;
use super::wire::{CALLS, Call, call_flags, param, share};
use crate::schema::{self, EventFlags, EventInfo, SyscallInfo};

/// Calls that state needs even where no rule asks for them.
const STATE_CALLS: &[&str] = &[
    "chdir", "fchdir", "chroot", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setsid", "setpgid",
    "capset", "prctl", "setns", "unshare",
];

/// Events of processes' births, images and ends.
const LIFE_EVENTS: &[&str] = &["clone", "clone3", "fork", "vfork", "execve", "execveat", "procexit"];

/// Calls that no flood of others may push out of a ring, beside those that feed state.
const CRITICAL_CALLS: &[&str] = &[
    "mount", "umount2", "move_mount", "fsmount", "open_tree", "pivot_root", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "bpf", "ptrace", "process_vm_writev", "seccomp",
];

/// Name of the program in the sensor object that handles a system call.
pub fn program_of(info: &EventInfo) -> &'static str {
    match info.program {
        "open" => "open",
        "exec" => "exec_failed",
        "clone" => "cloned",
        "socket" => "socket",
        "dup" => "dup",
        "ptrace" => "ptrace",
        "prctl" => "prctl",
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

/// The table entry of a system call.
pub fn entry(call: &SyscallInfo, info: &EventInfo) -> Call {
    let mut flags = 0;
    if feeds_state(call) {
        flags |= call_flags::STATE;
    }
    if info.flags.has(EventFlags::CREATES_FD) {
        flags |= call_flags::CREATES_FD;
    }
    if matches!(call.name, "chdir" | "fchdir") {
        flags |= call_flags::CWD;
    }
    Call {
        event: info.id,
        nparams: info.params.len() as u8,
        flags,
        share: share(call),
        params: info.params.iter().map(param).collect(),
    }
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
