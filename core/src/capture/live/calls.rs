//! The dispatch table: which program handles each system call, and what the table-driven one writes.

use std::collections::BTreeSet;

use super::filter::FilterTables;
use super::rows::Rows;
use super::sensor::Scope;
use super::wire::{CALLS, Call, IPC_CALLS, SOCKETCALLS, X32_CALLS, call_flags, share};
use crate::schema::{self, EventFlags, EventInfo, SyscallInfo};

/// Numbers of the 32-bit table whose first argument says what is to be done.
const SOCKETCALL: u16 = 102;
const IPC: u16 = 117;

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

/// Its strings are to be taken when it begins, where rules are about it.
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
        flags |= call_flags::NAMES;
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

/// 1 for each number by which none of these calls is reached, through whichever entry; `quiet` in sensor/maps.h.
pub fn quiet(wanted: &BTreeSet<u16>) -> [u8; CALLS] {
    let narrow = schema::ia32().iter().filter(|(_, native)| wanted.contains(native));
    let narrow = narrow.filter_map(|(number, _)| ia32_entry_number(*number));
    let mut quiet = [1; CALLS];
    for number in wanted.iter().copied().chain(narrow) {
        if let Some(byte) = quiet.get_mut(usize::from(number)) {
            *byte = 0;
        }
    }
    quiet
}

/// What a 32-bit caller enters the kernel with for this number of `ia32.tsv`; x32 has none below [`CALLS`].
fn ia32_entry_number(number: u16) -> Option<u16> {
    match number {
        0..SOCKETCALLS => Some(number),
        SOCKETCALLS..X32_CALLS => Some(SOCKETCALL),
        X32_CALLS..IPC_CALLS => None,
        _ => Some(IPC),
    }
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

    #[test]
    fn a_call_is_quiet_unless_it_is_wanted_through_some_entry() {
        let (open, connect, semget) = (2, 42, 64);
        let loud = |wanted: &[u16]| {
            let quiet = quiet(&wanted.iter().copied().collect());
            (0_u16..).zip(quiet).filter_map(|(number, quiet)| (quiet == 0).then_some(number)).collect::<Vec<_>>()
        };
        assert_eq!(loud(&[]), Vec::<u16>::new());
        assert_eq!(loud(&[open]), [open, 5]);
        assert_eq!(loud(&[connect]), [connect, SOCKETCALL, 362]);
        assert_eq!(loud(&[semget]), [semget, IPC, 393]);
    }

    fn is_text(source: Source) -> bool {
        matches!(source, Source::Path { .. } | Source::Str(_))
    }
}
