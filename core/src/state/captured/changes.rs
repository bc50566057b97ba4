//! Which events change descriptors, and where each keeps what matters: found by name in the schema, once.

use std::sync::OnceLock;

use crate::event::fd_kind;
use crate::schema::{self, EventInfo};
use crate::state::wire;
use crate::value::Type;

/// What an event does to the descriptors of its process. Numbers are positions of parameters.
#[derive(Clone, Copy, Debug, Default)]
pub enum Change {
    #[default]
    None,
    Open {
        name: usize,
        dirfd: Option<usize>,
        flags: Option<usize>,
        dev: Option<usize>,
        ino: Option<usize>,
    },
    Socket {
        domain: usize,
        kind: usize,
        protocol: usize,
    },
    Bind {
        addr: usize,
        fd: usize,
    },
    Connect {
        tuple: usize,
        fd: usize,
        addr: usize,
    },
    Accept {
        tuple: usize,
        flags: Option<usize>,
    },
    SocketPair {
        fds: (usize, usize),
        domain: usize,
        kind: usize,
        pointers: (usize, usize),
    },
    Pipe {
        fds: (usize, usize),
        ino: usize,
        flags: Option<usize>,
    },
    Dup {
        old: usize,
        flags: Option<usize>,
    },
    Fcntl {
        fd: usize,
        cmd: usize,
        arg: usize,
    },
    Close {
        fd: usize,
    },
    CloseRange {
        first: usize,
        last: usize,
        flags: usize,
    },
    /// A descriptor of one kind; `name` and `flags` where the call has them.
    Make {
        kind: u8,
        name: Option<usize>,
        cloexec: Cloexec,
    },
    PidfdGetfd {
        pidfd: usize,
        target: usize,
    },
    /// Data went through a socket.
    Transfer {
        fd: usize,
        tuple: usize,
        reads: bool,
    },
    Exec,
    /// A user or group came or went.
    Notice,
}

/// How a call says that a descriptor ends with an exec.
#[derive(Clone, Copy, Debug)]
pub enum Cloexec {
    Never,
    Always,
    Flag { param: usize, bit: u64 },
}

/// `O_CLOEXEC` of the capture format's file flags, of the kernel's, and the bit of calls with flags of their own.
pub const FILE_CLOEXEC: u64 = 0x1000;
pub const KERNEL_CLOEXEC: u64 = 0x8_0000;
const OWN_CLOEXEC: u64 = 1;

/// What the event with this id does.
pub fn change(id: u16) -> Change {
    static CELL: OnceLock<Vec<Change>> = OnceLock::new();
    let table = CELL.get_or_init(|| {
        let mut table = vec![Change::None; schema::upgrades::IDS];
        for info in schema::events() {
            if let (Some(slot), Some(change)) = (table.get_mut(usize::from(info.id)), change_of(info)) {
                *slot = change;
            }
        }
        table
    });
    table.get(usize::from(id)).copied().unwrap_or_default()
}

fn change_of(info: &EventInfo) -> Option<Change> {
    let at = |name: &str| info.param_index(name);
    let make = |kind, cloexec| Some(Change::Make { kind, name: None, cloexec });
    let flag = |bit| at("flags").map_or(Cloexec::Never, |param| Cloexec::Flag { param, bit });
    if !info.is_syscall() {
        let notices = [wire::useradded::ID, wire::userdeleted::ID, wire::groupadded::ID, wire::groupdeleted::ID];
        return notices.contains(&info.id).then_some(Change::Notice);
    }
    match info.name {
        "open" | "openat" | "openat2" | "creat" => Some(Change::Open {
            name: at("name")?,
            dirfd: at("dirfd"),
            flags: at("flags"),
            dev: at("dev"),
            ino: at("ino"),
        }),
        "open_by_handle_at" => {
            Some(Change::Open { name: at("path")?, dirfd: None, flags: at("flags"), dev: at("dev"), ino: at("ino") })
        }
        "socket" => Some(Change::Socket { domain: at("domain")?, kind: at("type")?, protocol: at("proto")? }),
        "bind" => Some(Change::Bind { addr: at("addr")?, fd: at("fd")? }),
        "connect" => Some(Change::Connect { tuple: at("tuple")?, fd: at("fd")?, addr: at("addr")? }),
        "accept" | "accept4" => Some(Change::Accept { tuple: at("tuple")?, flags: at("flags") }),
        "socketpair" => Some(Change::SocketPair {
            fds: (at("fd1")?, at("fd2")?),
            domain: at("domain")?,
            kind: at("type")?,
            pointers: (at("source")?, at("peer")?),
        }),
        "pipe" | "pipe2" => Some(Change::Pipe { fds: (at("fd1")?, at("fd2")?), ino: at("ino")?, flags: at("flags") }),
        "dup" | "dup2" | "dup3" => Some(Change::Dup { old: at("oldfd")?, flags: at("flags") }),
        "fcntl" => Some(Change::Fcntl { fd: at("fd")?, cmd: at("cmd")?, arg: at("arg")? }),
        "close" => Some(Change::Close { fd: at("fd")? }),
        "close_range" => Some(Change::CloseRange { first: at("first")?, last: at("last")?, flags: at("flags")? }),
        "eventfd" | "eventfd2" => make(fd_kind::EVENT, flag(FILE_CLOEXEC)),
        "signalfd" | "signalfd4" => make(fd_kind::SIGNALFD, flag(FILE_CLOEXEC)),
        "timerfd_create" => make(fd_kind::TIMERFD, Cloexec::Never),
        "inotify_init" | "inotify_init1" => make(fd_kind::INOTIFY, flag(FILE_CLOEXEC)),
        "epoll_create" => make(fd_kind::EVENTPOLL, Cloexec::Never),
        "epoll_create1" => make(fd_kind::EVENTPOLL, flag(OWN_CLOEXEC)),
        "userfaultfd" => make(fd_kind::USERFAULTFD, flag(FILE_CLOEXEC)),
        "io_uring_setup" => make(fd_kind::IO_URING, Cloexec::Always),
        "bpf" => make(fd_kind::BPF, Cloexec::Always),
        "memfd_create" => Some(Change::Make { kind: fd_kind::MEMFD, name: at("name"), cloexec: flag(OWN_CLOEXEC) }),
        "pidfd_open" => Some(Change::Make { kind: fd_kind::PIDFD, name: at("pid"), cloexec: Cloexec::Always }),
        "pidfd_getfd" => Some(Change::PidfdGetfd { pidfd: at("pid_fd")?, target: at("target_fd")? }),
        "send" | "sendto" | "sendmsg" | "sendmmsg" => Some(transfer(info, false)?),
        "recv" | "recvfrom" | "recvmsg" | "recvmmsg" => Some(transfer(info, true)?),
        _ if matches!(info.id, wire::exec::ID | wire::exec::EXECVEAT) => Some(Change::Exec),
        _ => None,
    }
}

fn transfer(info: &EventInfo, reads: bool) -> Option<Change> {
    let tuple = info.params.iter().position(|p| p.ty == Type::SockTuple)?;
    Some(Change::Transfer { fd: info.param_index("fd")?, tuple, reads })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_that_makes_descriptors_is_followed() {
        // Calls whose event has no descriptor to follow: 0 is what the table says of all others.
        for info in schema::events().iter().filter(|e| e.is_syscall() && e.flags.has(schema::EventFlags::CREATES_FD)) {
            assert!(!matches!(change(info.id), Change::None), "{} is not followed", info.name);
        }
    }
}
