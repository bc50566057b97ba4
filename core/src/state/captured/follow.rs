//! How each event changes the descriptors of its process.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use bumpalo::Bump;

use super::changes::{Change, Cloexec, FILE_CLOEXEC, KERNEL_CLOEXEC, change};
use super::notices;
use super::record::{AF_INET, AF_INET6, AF_UNIX, Address, Object, Record, Role, Socket, TCP};
use crate::event::{Event, fd_kind};
use crate::fields::paths;
use crate::params::{Params, unsigned, until_nul};
use crate::state::State;
use crate::state::process::text;

const AT_FDCWD: i64 = -100;
const IN_PROGRESS: i64 = -115;
const O_DIRECTORY: u64 = 0x400;
const CLOSE_RANGE_CLOEXEC: u64 = 4;
/// `fcntl_commands` of the capture format.
const F_DUPFD: u64 = 1;
const F_SETFD: u64 = 3;
const F_DUPFD_CLOEXEC: u64 = 26;
const FD_CLOEXEC: u64 = 1;

/// Brings the descriptors of the event's process up to it.
pub(in crate::state) fn follow(state: &mut State, event: &Event<'_>) {
    let change = change(event.id);
    match change {
        Change::None => return,
        Change::Notice => return notices::notice(state, event),
        _ => {}
    }
    let Some(res) = event.int(0) else { return };
    if res < 0 && !(res == IN_PROGRESS && matches!(change, Change::Connect { .. })) {
        return;
    }
    apply(state, event, change, res);
}

fn apply(state: &mut State, event: &Event<'_>, change: Change, res: i64) {
    match change {
        Change::None | Change::Notice => {}
        Change::Open { name, dirfd, flags, dev, ino } => {
            let number = |at: Option<usize>| at.and_then(|at| event.uint(at)).unwrap_or(0);
            let name = opened_name(state, event, name, dirfd);
            let flags = number(flags);
            let kind = if flags & O_DIRECTORY != 0 { fd_kind::DIRECTORY } else { fd_kind::FILE_V2 };
            let object = Object::File { name: text(&name), dev: number(dev) as u32, flags: flags as u32 };
            let cloexec = flags & FILE_CLOEXEC != 0;
            insert(state, event, res, Record { kind, ino: number(ino), cloexec, object });
        }
        Change::Socket { domain, kind, protocol } => {
            let number = |at| event.u32(at).unwrap_or(0);
            let socket = Socket::new(number(domain) as u16, number(kind), number(protocol));
            let cloexec = u64::from(number(kind)) & KERNEL_CLOEXEC != 0;
            insert(state, event, res, Record { cloexec, ..Record::of_socket(socket) });
        }
        Change::Bind { addr, fd } => bind(state, event, addr, fd),
        Change::Connect { tuple, fd, addr } => connect(state, event, (tuple, fd, addr), res == 0),
        Change::Accept { tuple, flags } => {
            let Some(socket) = accepted(event.param(tuple).unwrap_or_default()) else { return };
            let cloexec = flags.and_then(|at| event.uint(at)).unwrap_or(0) & KERNEL_CLOEXEC != 0;
            insert(state, event, res, Record { cloexec, ..Record::of_socket(socket) });
            note_change(state);
        }
        Change::SocketPair { fds, domain, kind, pointers } => {
            let number = |at| event.uint(at).unwrap_or(0);
            let family = event.u32(domain).map_or(AF_UNIX, |family| family as u16);
            let pointers = (number(pointers.0), number(pointers.1));
            let socket = Socket { pointers, ..Socket::new(family, number(kind) as u32, 0) };
            let cloexec = number(kind) & KERNEL_CLOEXEC != 0;
            pair(state, event, fds, Record { cloexec, ..Record::of_socket(socket) });
        }
        Change::Pipe { fds, ino, flags } => {
            let cloexec = flags.and_then(|at| event.uint(at)).unwrap_or(0) & FILE_CLOEXEC != 0;
            let ino = event.uint(ino).unwrap_or(0);
            pair(state, event, fds, Record { ino, cloexec, ..Record::plain(fd_kind::FIFO) });
        }
        Change::Dup { old, flags } => {
            let cloexec = flags.and_then(|at| event.uint(at)).unwrap_or(0) & FILE_CLOEXEC != 0;
            duplicate(state, event, event.int(old), res, cloexec);
        }
        Change::Fcntl { fd, cmd, arg } => fcntl(state, event, (fd, cmd, arg), res),
        Change::Close { fd } => {
            if let Some(fd) = event.int(fd).filter(|fd| *fd >= 0) {
                leave(state, event.tid, fd, fd);
            }
        }
        Change::CloseRange { first, last, flags } => close_range(state, event, first, last, flags),
        Change::Make { kind, name, cloexec } => make(state, event, res, kind, name, cloexec),
        Change::PidfdGetfd { pidfd, target } => pidfd_getfd(state, event, pidfd, target, res),
        Change::Transfer { fd, tuple, reads } => transfer(state, event, fd, tuple, reads),
        Change::Exec => exec(state, event),
    }
}

fn insert(state: &mut State, event: &Event<'_>, fd: i64, record: Record) {
    if let Some(table) = state.table_mut(event.tid) {
        table.insert(fd, Arc::new(record));
    }
}

fn pair(state: &mut State, event: &Event<'_>, fds: (usize, usize), record: Record) {
    let (Some(first), Some(second)) = (event.int(fds.0), event.int(fds.1)) else { return };
    let record = Arc::new(record);
    if let Some(table) = state.table_mut(event.tid) {
        table.insert(first, Arc::clone(&record));
        table.insert(second, record);
    }
}

fn note_change(state: &mut State) {
    if let Some(captured) = &mut state.captured {
        captured.name_changed = true;
    }
}

fn leave(state: &mut State, tid: i64, first: i64, last: i64) {
    if let Some(captured) = &mut state.captured {
        captured.closing = Some((tid, first, last));
    }
}

/// The name that an open gave, made absolute from its directory.
fn opened_name(state: &State, event: &Event<'_>, name: usize, dirfd: Option<usize>) -> Vec<u8> {
    let arena = Bump::new();
    let text = event.text(name).unwrap_or_default();
    if text.is_empty() || text == b"<NA>" {
        return text.to_vec();
    }
    let base = if text.starts_with(b"/") { b"" } else { base(state, event, dirfd.and_then(|at| event.int(at))) };
    paths::join(base, text, &arena).to_vec()
}

/// The directory that a relative name starts from.
fn base<'s>(state: &'s State, event: &Event<'_>, dirfd: Option<i64>) -> &'s [u8] {
    match dirfd {
        None | Some(AT_FDCWD) => state.process_of(event).map_or(paths::UNKNOWN, |process| &process.cwd),
        Some(fd) => state.descriptor(event, fd).map(Record::name).filter(|n| !n.is_empty()).unwrap_or(paths::UNKNOWN),
    }
}

fn change_socket(state: &mut State, event: &Event<'_>, fd: i64, change: impl FnOnce(&mut Socket)) {
    let Some(record) = state.table_mut(event.tid).and_then(|table| table.get_mut(fd)) else { return };
    if let Object::Socket(socket) = &mut record.object {
        change(socket);
        record.kind = socket.kind();
    }
}

fn bind(state: &mut State, event: &Event<'_>, addr: usize, fd: usize) {
    let (Some(address), Some(fd)) = (event.param(addr).and_then(address), event.int(fd)) else { return };
    let name = match address {
        Parsed::Inet(end) if end.1 > 0 => Some(end),
        Parsed::Inet(_) => return,
        Parsed::Unix(_) => None,
    };
    change_socket(state, event, fd, |socket| match (name, address) {
        (Some(end), _) => {
            (socket.listening, socket.role) = (true, Role::Server);
            (socket.source, socket.dest) = (None, Some((end.0.to_canonical(), end.1)));
        }
        (None, Parsed::Unix(path)) => socket.path = path.into(),
        _ => {}
    });
    note_change(state);
}

fn connect(state: &mut State, event: &Event<'_>, at: (usize, usize, usize), done: bool) {
    let Some(fd) = event.int(at.1) else { return };
    let tuple = event.param(at.0).and_then(tuple);
    let told = event.param(at.2).and_then(address);
    change_socket(state, event, fd, |socket| {
        match (tuple, told) {
            (Some(tuple), _) => tuple.set(socket),
            (None, Some(Parsed::Inet(end))) => {
                let unset = match end.0 {
                    IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                    IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                };
                socket.set_tuple(socket.source.unwrap_or((unset, 0)), end);
            }
            (None, Some(Parsed::Unix(path))) => socket.path = path.into(),
            (None, None) => {}
        }
        socket.role = Role::Client;
        socket.connected = done && (socket.protocol == TCP || socket.family == AF_UNIX);
    });
    note_change(state);
}

fn accepted(bytes: &[u8]) -> Option<Socket> {
    let family = u16::from(*bytes.first()?);
    let mut socket = Socket { family, role: Role::Server, ..Socket::default() };
    if socket.is_inet() {
        (socket.protocol, socket.connected) = (TCP, true);
    }
    tuple(bytes)?.set(&mut socket);
    Some(socket)
}

fn duplicate(state: &mut State, event: &Event<'_>, old: Option<i64>, new: i64, cloexec: bool) {
    let Some(record) = old.and_then(|old| state.descriptor(event, old)) else { return };
    let record = Record { cloexec, ..record.clone() };
    if old != Some(new) {
        insert(state, event, new, record);
    }
}

fn fcntl(state: &mut State, event: &Event<'_>, at: (usize, usize, usize), res: i64) {
    let (Some(fd), Some(cmd)) = (event.int(at.0), event.uint(at.1)) else { return };
    match cmd {
        F_DUPFD | F_DUPFD_CLOEXEC => duplicate(state, event, Some(fd), res, cmd == F_DUPFD_CLOEXEC),
        F_SETFD => {
            let cloexec = event.uint(at.2).unwrap_or(0) & FD_CLOEXEC != 0;
            if let Some(record) = state.table_mut(event.tid).and_then(|table| table.get_mut(fd)) {
                record.cloexec = cloexec;
            }
        }
        _ => {}
    }
}

fn close_range(state: &mut State, event: &Event<'_>, first: usize, last: usize, flags: usize) {
    let (Some(first), Some(last)) = (event.u32(first), event.u32(last)) else { return };
    let (first, last) = (i64::from(first), i64::from(last));
    if event.uint(flags).unwrap_or(0) & CLOSE_RANGE_CLOEXEC == 0 {
        leave(state, event.tid, first, last);
    } else if let Some(table) = state.table_mut(event.tid) {
        table.change(first, last, |record| record.cloexec = true);
    }
}

fn make(state: &mut State, event: &Event<'_>, fd: i64, kind: u8, name: Option<usize>, cloexec: Cloexec) {
    let cloexec = match cloexec {
        Cloexec::Never => false,
        Cloexec::Always => true,
        Cloexec::Flag { param, bit } => event.uint(param).unwrap_or(0) & bit != 0,
    };
    let object = match (kind, name) {
        (fd_kind::PIDFD, Some(at)) => {
            event.int(at).map_or(Object::Plain, |pid| Object::Named(format!("/proc/{pid}").into_bytes().into()))
        }
        (_, Some(at)) => Object::Named(text(event.text(at).unwrap_or_default())),
        (_, None) => Object::Plain,
    };
    insert(state, event, fd, Record { kind, cloexec, object, ..Record::default() });
}

/// Copies a descriptor of the process that a pidfd names.
fn pidfd_getfd(state: &mut State, event: &Event<'_>, pidfd: usize, target: usize, fd: i64) {
    let named = event.int(pidfd).and_then(|pidfd| state.descriptor(event, pidfd));
    let digits = named.and_then(|record| record.name().strip_prefix(b"/proc/"));
    let pid = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let record = pid.zip(event.int(target)).and_then(|(pid, target)| state.table(pid)?.get(target));
    if let Some(record) = record {
        let record = Record { cloexec: true, ..(**record).clone() };
        insert(state, event, fd, record);
    }
}

/// Datagrams bring their addresses, and tell who serves where nobody has said so yet.
fn transfer(state: &mut State, event: &Event<'_>, fd: usize, at: usize, reads: bool) {
    let Some(fd) = event.int(fd) else { return };
    let Some(socket) = state.descriptor(event, fd).and_then(Record::socket) else { return };
    let new = event.param(at).and_then(tuple).filter(|_| socket.protocol != TCP).filter(|new| !new.is(socket));
    let guess = socket.is_inet() && socket.role == Role::None;
    if new.is_none() && !guess {
        return;
    }
    let serves = |socket: &Socket| {
        let port = socket.dest.map_or(0, |end| end.1);
        let listens = |s: &Socket| s.listening && s.dest.is_some_and(|end| end.1 == port);
        state.table(event.tid).is_some_and(|t| t.iter().any(|(_, r)| r.socket().is_some_and(listens)))
    };
    let mut socket = socket.clone();
    let renamed = new.is_some();
    if let Some(new) = new {
        let listening = socket.listening && socket.family != AF_UNIX;
        new.set(&mut socket);
        if listening && socket.role == Role::None {
            socket.role = Role::Server;
        }
    }
    if guess {
        socket.role = if serves(&socket) || reads { Role::Server } else { Role::Client };
    }
    // The event's tuple goes from sender to receiver, a socket's from client to server.
    let backwards = if reads { Role::Client } else { Role::Server };
    if renamed && socket.is_inet() && socket.role == backwards {
        std::mem::swap(&mut socket.source, &mut socket.dest);
    }
    change_socket(state, event, fd, |old| *old = socket);
    if renamed {
        note_change(state);
    }
}

/// Close-on-exec descriptors end, and those that an unknown thread had before are its process's.
fn exec(state: &mut State, event: &Event<'_>) {
    let Some(captured) = &mut state.captured else { return };
    let stray = captured.strays.remove(&event.tid);
    let Some(pid) = state.processes.pid_of(event.tid) else { return };
    let Some(process) = state.processes.get_mut(pid) else { return };
    if process.fds.is_none() {
        process.fds = stray;
    }
    if let Some(table) = &mut process.fds
        && table.iter().any(|(_, record)| record.cloexec)
    {
        Arc::make_mut(table).retain(|_, record| !record.cloexec);
    }
}

/// An address parameter.
#[derive(Clone, Copy)]
enum Parsed<'a> {
    Inet(Address),
    Unix(&'a [u8]),
}

/// A tuple parameter.
enum Tuple<'a> {
    Inet(u16, Address, Address),
    Unix(u64, u64, &'a [u8]),
}

impl Tuple<'_> {
    fn set(&self, socket: &mut Socket) {
        match *self {
            Tuple::Inet(family, source, dest) => {
                socket.family = family;
                socket.set_tuple(source, dest);
            }
            Tuple::Unix(source, peer, path) => {
                socket.pointers = (source, peer);
                socket.path = path.into();
            }
        }
    }

    fn is(&self, socket: &Socket) -> bool {
        match *self {
            Tuple::Inet(_, source, dest) => {
                let plain = |end: Address| Some((end.0.to_canonical(), end.1));
                let ends = (plain(source), plain(dest));
                (socket.source, socket.dest) == ends || (socket.dest, socket.source) == ends
            }
            Tuple::Unix(source, peer, path) => socket.pointers == (source, peer) && *socket.path == *path,
        }
    }
}

fn address(bytes: &[u8]) -> Option<Parsed<'_>> {
    let (family, rest) = bytes.split_first()?;
    match u16::from(*family) {
        AF_UNIX => Some(Parsed::Unix(until_nul(rest))),
        AF_INET => end(rest, 0, 4).map(Parsed::Inet),
        AF_INET6 => end(rest, 0, 16).map(Parsed::Inet),
        _ => None,
    }
}

fn tuple(bytes: &[u8]) -> Option<Tuple<'_>> {
    let (family, rest) = bytes.split_first()?;
    let family = u16::from(*family);
    let width = match family {
        AF_INET => 4,
        AF_INET6 => 16,
        AF_UNIX => {
            let (source, peer) = (unsigned(rest.get(..8)?)?, unsigned(rest.get(8..16)?)?);
            return Some(Tuple::Unix(source, peer, until_nul(rest.get(16..)?)));
        }
        _ => return None,
    };
    Some(Tuple::Inet(family, end(rest, 0, width)?, end(rest, width + 2, width)?))
}

fn end(bytes: &[u8], at: usize, width: usize) -> Option<Address> {
    let ip = bytes.get(at..at + width)?;
    let port = unsigned(bytes.get(at + width..at + width + 2)?)? as u16;
    let ip = match <[u8; 4]>::try_from(ip) {
        Ok(v4) => IpAddr::from(v4),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
    };
    Some((ip, port))
}
