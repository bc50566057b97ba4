//! The process list, one entry a thread.

use super::{Dialect, block, bytes, entry, text};
use crate::capture::scap::block as layout;

/// A thread as the process list tells it; ids are the host's, absent ones -1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessEntry {
    pub tid: i64,
    pub pid: i64,
    pub ptid: i64,
    pub sid: i64,
    pub vpgid: i64,
    pub pgid: i64,
    pub vtid: i64,
    pub vpid: i64,
    pub comm: Vec<u8>,
    /// argv\[0\].
    pub exe: Vec<u8>,
    pub exepath: Vec<u8>,
    /// NUL-terminated strings.
    pub args: Vec<u8>,
    pub env: Vec<u8>,
    /// `subsystem=path`, NUL-terminated each.
    pub cgroups: Vec<u8>,
    pub cwd: Vec<u8>,
    pub root: Vec<u8>,
    pub fdlimit: i64,
    /// Capture format's clone flags.
    pub flags: u32,
    pub uid: u32,
    pub gid: u32,
    pub loginuid: u32,
    /// kB: size, resident, swapped.
    pub vm: [u32; 3],
    /// Major and minor page faults.
    pub faults: [u64; 2],
    /// ns since the epoch.
    pub pidns_start: u64,
    pub tty: u32,
    /// Capture format's execve flags ([`crate::state::process::exec_flags`]).
    pub exe_flags: u32,
    /// Inheritable, permitted, effective.
    pub caps: [u64; 3],
    pub exe_ino: u64,
    /// ns since the epoch.
    pub exe_ctime: u64,
    pub exe_mtime: u64,
    /// Not in this list ([`super::additions`]): the session in the process's own pid namespace, and when it was made.
    pub vsid: i64,
    pub clone_ts: u64,
}

pub fn processes(out: &mut Vec<u8>, list: &[ProcessEntry], dialect: Dialect) {
    if list.is_empty() {
        return;
    }
    block(out, layout::PROCESSES, |out| {
        for process in list {
            entry(out, |out| {
                common(out, process);
                match dialect {
                    Dialect::Current => tail(out, process),
                    Dialect::Compat => short_tail(out, process),
                }
            });
        }
    });
}

/// A path or name: shorter than the readers' buffers.
fn path(out: &mut Vec<u8>, path: &[u8]) {
    text(out, path, layout::TEXT_MAX - 1);
}

fn strings(out: &mut Vec<u8>, strings: &[u8]) {
    bytes(out, strings, layout::STRINGS_MAX - 1);
}

fn common(out: &mut Vec<u8>, p: &ProcessEntry) {
    for id in [p.tid, p.pid, p.ptid, p.sid, p.vpgid] {
        out.extend(id.to_le_bytes());
    }
    path(out, &p.comm);
    path(out, &p.exe);
    path(out, &p.exepath);
    strings(out, &p.args);
    path(out, &p.cwd);
    out.extend(p.fdlimit.to_le_bytes());
    for word in [p.flags, p.uid, p.gid, p.vm[0], p.vm[1], p.vm[2]] {
        out.extend(word.to_le_bytes());
    }
    for count in p.faults {
        out.extend(count.to_le_bytes());
    }
    strings(out, &p.env);
    for id in [p.vtid, p.vpid] {
        out.extend(id.to_le_bytes());
    }
    strings(out, &p.cgroups);
    path(out, &p.root);
}

fn flag(p: &ProcessEntry, bit: u32) -> u8 {
    u8::from(p.exe_flags & bit != 0)
}

/// The part that readers of 2022 know; a newer reader tells it by its length of 29 bytes.
fn short_tail(out: &mut Vec<u8>, p: &ProcessEntry) {
    use crate::state::process::exec_flags;
    out.extend(p.loginuid.to_le_bytes());
    out.push(flag(p, exec_flags::WRITABLE));
    for set in p.caps {
        out.extend(set.to_le_bytes());
    }
}

fn tail(out: &mut Vec<u8>, p: &ProcessEntry) {
    use crate::state::process::exec_flags;
    out.extend(p.pidns_start.to_le_bytes());
    out.extend(p.tty.to_le_bytes());
    short_tail(out, p);
    out.push(flag(p, exec_flags::UPPER_LAYER));
    for number in [p.exe_ino, p.exe_ctime, p.exe_mtime] {
        out.extend(number.to_le_bytes());
    }
    out.push(flag(p, exec_flags::FROM_MEMFD));
    out.push(flag(p, exec_flags::LOWER_LAYER));
    out.extend(p.pgid.to_le_bytes());
}
