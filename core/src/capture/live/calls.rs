//! The dispatch table: which program handles each system call, and what the table-driven one writes.

use super::wire::{Call, call_flags, param};
use super::filter::FilterTables;
use crate::schema::{self, EventFlags, EventInfo, SyscallInfo};

/// Calls that state needs even where no rule asks for them.
const STATE_CALLS: &[&str] = &[
    "chdir", "fchdir", "chroot", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setsid", "setpgid",
    "capset", "prctl", "setns", "unshare",
];

/// Drop classes (`enum yk_counter`, counted from its first member) by event name; anything else is "other".
const DROP_CLASSES: &[(u8, &[&str])] = &[
    (9, &["clone", "clone3", "fork", "vfork"]),
    (10, &["execve", "execveat"]),
    (11, &["connect"]),
    (12, &["open", "openat", "openat2", "open_by_handle_at", "creat"]),
    (
        13,
        &[
            "chmod", "fchmod", "fchmodat", "link", "linkat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "rmdir",
            "symlink", "symlinkat", "unlink", "unlinkat", "mount", "umount", "umount2", "chown", "fchown", "lchown",
            "fchownat",
        ],
    ),
    (14, &["close"]),
];
const DROP_OTHER: u8 = 8;

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
        drop_class: DROP_CLASSES.iter().find(|(_, names)| names.contains(&call.name)).map_or(DROP_OTHER, |(class, _)| *class),
        params: info.params.iter().map(param).collect(),
    }
}

/// Native numbers that get a program under these rules: what a clause names and what state needs.
pub fn dispatched(filter: &FilterTables) -> Vec<u16> {
    schema::syscalls()
        .iter()
        .filter(|call| call.native.is_some_and(|nr| filter.needs(nr)) || feeds_state(call))
        .filter_map(|call| call.native)
        .collect()
}
