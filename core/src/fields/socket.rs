//! A socket as fields show it: who is client and server, and its textual name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Ctx, subject};
use crate::event::{SocketFacts, fd_kind, socket_flags};
use crate::params::{Params, unsigned, until_nul};
use crate::schema::{EventFlags, EventInfo};
use crate::state::captured::record::{self, Record};
use crate::value::Type;

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const SOCK_STREAM: u8 = 1;
const SOCK_DGRAM: u8 = 2;
const SOCK_RAW: u8 = 3;

/// Address and port; an address that the kernel has not set is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub ip: Option<IpAddr>,
    pub port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    None,
    Client,
    Server,
}

/// A socket at the time of the event.
#[derive(Clone, Debug)]
pub struct Socket<'a> {
    family: u16,
    sock_type: u8,
    protocol: u8,
    pub role: Role,
    pub connected: bool,
    pub name_changed: bool,
    /// Bound and waiting for peers: it has an address and no tuple.
    pub listening: bool,
    pub local: Option<End>,
    pub remote: Option<End>,
    /// The tuple's source is the other end.
    swapped: bool,
    /// The tuple's destination is this machine's.
    pub serves: bool,
    pub ino: u64,
    source: u64,
    peer: u64,
    path: &'a [u8],
}

impl<'a> Socket<'a> {
    /// From the kernel's facts.
    pub fn of_facts(ctx: &Ctx<'a>, facts: &SocketFacts) -> Self {
        let call = crate::schema::event(ctx.event.id).map_or("", |e| e.name);
        let binds = call == "bind" && facts.local_port != 0;
        let waits = binds || (call == "listen" && facts.local_port != 0);
        let path = ctx.event.ext.as_ref().and_then(|ext| ext.unix_path);
        let socket = Self::known(facts, role(ctx, facts.role, facts.sock_type), path);
        let unbound = socket.remote.is_none();
        Self {
            name_changed: socket.name_changed || (binds && unbound && !fails(ctx)),
            listening: socket.listening || (waits && unbound),
            ..socket
        }
    }

    /// From the kernel's facts of a socket that the event is not about. A connected stream whose birth was not seen is
    /// taken for a client's.
    pub fn of_other(facts: &SocketFacts, path: Option<&'a [u8]>) -> Self {
        let role = match (facts.role, facts.sock_type) {
            (2, _) => Role::Server,
            (1, _) | (_, SOCK_STREAM) => Role::Client,
            _ => Role::None,
        };
        Self::known(facts, role, path)
    }

    fn known(facts: &SocketFacts, role: Role, path: Option<&'a [u8]>) -> Self {
        let end = |known: u8, addr: &[u8; 16], port: u16| {
            let ip = (facts.flags & known != 0).then(|| address(facts.family, addr)).flatten();
            (ip.is_some() || port != 0).then_some(End { ip, port })
        };
        let local = end(socket_flags::LOCAL_KNOWN, &facts.local_addr, facts.local_port);
        let remote = end(socket_flags::REMOTE_KNOWN, &facts.remote_addr, facts.remote_port);
        Self {
            family: facts.family,
            sock_type: facts.sock_type,
            protocol: facts.protocol,
            role,
            swapped: role == Role::Server,
            serves: role == Role::Server || is_own(remote, local),
            connected: facts.flags & socket_flags::CONNECTED != 0,
            name_changed: facts.flags & socket_flags::NAME_CHANGED != 0,
            listening: facts.flags & socket_flags::LISTENING != 0 && remote.is_none(),
            local,
            remote,
            ino: facts.ino,
            source: facts.source,
            peer: facts.peer,
            path: path.unwrap_or_default(),
        }
    }

    /// From the event's tuple or address, where the kernel's facts did not come with it.
    pub fn of_params(ctx: &Ctx<'a>, info: &EventInfo) -> Option<Self> {
        let find = |ty| info.params.iter().position(|p| p.ty == ty).and_then(|i| ctx.event.param(i));
        let tuple = find(Type::SockTuple).filter(|t| !t.is_empty());
        if ctx.event.int(0).is_some_and(|res| res < 0) && tuple.is_none() {
            return None;
        }
        match tuple {
            Some(tuple) => Self::of_tuple(ctx, tuple),
            None if info.name == "bind" => Self::of_address(ctx, find(Type::SockAddr)?),
            None => None,
        }
    }

    /// From a capture's descriptor table, where the tuple stands as it was told and the machine's addresses say
    /// which end is local.
    pub fn of_record(ctx: &Ctx<'a>, record: &'a Record, recorded: &'a record::Socket) -> Self {
        let captured = ctx.state.captured.as_ref();
        let local =
            |end: Option<record::Address>| end.zip(captured).is_some_and(|((ip, _), captured)| captured.is_local(ip));
        let end = |end: Option<record::Address>| end.map(|(ip, port)| End { ip: Some(ip), port });
        let (source, dest) = (end(recorded.source), end(recorded.dest));
        let swapped = !recorded.listening && recorded.is_inet() && source.is_some() && !local(recorded.source);
        let role = match recorded.role {
            record::Role::None => Role::None,
            record::Role::Client => Role::Client,
            record::Role::Server => Role::Server,
        };
        Self {
            family: recorded.family,
            sock_type: 0,
            protocol: if role == Role::None { 0 } else { recorded.protocol },
            role,
            connected: recorded.connected,
            name_changed: captured.is_some_and(|captured| captured.name_changed),
            listening: recorded.listening,
            local: if recorded.listening || swapped { dest } else { source },
            remote: if recorded.listening {
                None
            } else if swapped {
                source
            } else {
                dest
            },
            swapped,
            serves: local(recorded.dest),
            ino: record.ino,
            source: recorded.pointers.0,
            peer: recorded.pointers.1,
            path: &recorded.path,
        }
    }

    fn bare(ctx: &Ctx<'a>, family: u16) -> Self {
        let role = role(ctx, 0, SOCK_DGRAM);
        Self {
            family,
            sock_type: 0,
            protocol: 0,
            role,
            swapped: role == Role::Server,
            serves: role == Role::Server,
            connected: false,
            name_changed: super::descriptor::names_socket(ctx.event.id),
            listening: false,
            local: None,
            remote: None,
            ino: 0,
            source: 0,
            peer: 0,
            path: b"",
        }
    }

    fn of_tuple(ctx: &Ctx<'a>, tuple: &'a [u8]) -> Option<Self> {
        let (family, rest) = tuple.split_first()?;
        let mut socket = Self::bare(ctx, u16::from(*family));
        let width = match u16::from(*family) {
            AF_INET => 4,
            AF_INET6 => 16,
            AF_UNIX => {
                socket.source = unsigned(rest.get(..8)?)?;
                socket.peer = unsigned(rest.get(8..16)?)?;
                socket.path = until_nul(rest.get(16..)?);
                return Some(socket);
            }
            _ => return None,
        };
        let (source, dest) = (end_at(rest, 0, width)?, end_at(rest, width + 2, width)?);
        if [source, dest].iter().all(|end| matches!(end.ip, Some(IpAddr::V4(_)))) {
            socket.family = AF_INET;
        }
        let local_first = socket.role != Role::Server;
        (socket.local, socket.remote) =
            if local_first { (Some(source), Some(dest)) } else { (Some(dest), Some(source)) };
        Some(socket)
    }

    fn of_address(ctx: &Ctx<'a>, address: &'a [u8]) -> Option<Self> {
        let (family, rest) = address.split_first()?;
        let mut socket = Self::bare(ctx, u16::from(*family));
        match u16::from(*family) {
            AF_UNIX => socket.path = until_nul(rest),
            AF_INET => socket.local = end_at(rest, 0, 4),
            AF_INET6 => socket.local = end_at(rest, 0, 16),
            _ => return None,
        }
        socket.listening = socket.local.is_some_and(|end| end.port != 0);
        Some(socket)
    }

    /// Kind by the capture format's number.
    pub fn kind(&self) -> u8 {
        fd_kind::of_socket(self.family, self.listening)
    }

    pub fn is_inet(&self) -> bool {
        matches!(self.family, AF_INET | AF_INET6)
    }

    pub fn is_unix(&self) -> bool {
        self.family == AF_UNIX
    }

    /// The tuple's source: the client's end.
    pub fn source(&self) -> Option<End> {
        if self.swapped { self.remote } else { self.local }
    }

    /// The tuple's destination: the server's end.
    pub fn destination(&self) -> Option<End> {
        if self.swapped { self.local } else { self.remote }
    }

    /// `tcp`, `udp`, `icmp`, `raw`; `None` for anything else.
    pub fn transport(&self) -> Option<&'static str> {
        if !self.is_inet() {
            return None;
        }
        Some(match (self.protocol, self.sock_type) {
            (6, _) | (0, SOCK_STREAM) => "tcp",
            (17, _) | (0, SOCK_DGRAM) => "udp",
            (1 | 58, _) => "icmp",
            (255, _) | (_, SOCK_RAW) => "raw",
            // A tuple alone does not tell; connected pairs with ports are taken for TCP by their event.
            _ => return None,
        })
    }

    /// `fd.name`.
    pub fn name(&self, ctx: &Ctx<'a>) -> &'a [u8] {
        if self.is_unix() {
            return self.unix_name(ctx);
        }
        if !self.is_inet() {
            return b"";
        }
        let unset =
            if self.family == AF_INET { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        let ip = |end: End| end.ip.unwrap_or(unset);
        if self.listening {
            let Some(end) = self.local else { return b"" };
            return subject::format(ctx, format_args!("{}:{}", ip(end), end.port));
        }
        let Some(remote) = self.remote else { return b"" };
        let local = self.local.unwrap_or(End { ip: None, port: 0 });
        let (from, to) = if self.swapped { (remote, local) } else { (local, remote) };
        if matches!(self.transport(), Some("icmp" | "raw")) {
            return subject::format(ctx, format_args!("{}->{}", ip(from), ip(to)));
        }
        subject::format(ctx, format_args!("{}:{}->{}:{}", ip(from), from.port, ip(to), to.port))
    }

    fn unix_name(&self, ctx: &Ctx<'a>) -> &'a [u8] {
        if self.source == 0 && self.peer == 0 {
            return self.path;
        }
        if self.peer == 0 && self.path.is_empty() {
            return b"";
        }
        let (from, to) = if self.swapped { (self.peer, self.source) } else { (self.source, self.peer) };
        let head = subject::format(ctx, format_args!("{from:x}->{to:x} "));
        // An abstract name begins with a NUL, which tools show as an at sign.
        match self.path.split_first() {
            Some((0, name)) => subject::join(ctx, b"@", [head, until_nul(name)].into_iter()),
            _ => subject::join(ctx, b"", [head, until_nul(self.path)].into_iter()),
        }
    }
}

/// The sensor's role or, where it has none yet, what the call itself makes of the socket: connecting and sending
/// datagrams are a client's, accepting, binding and receiving datagrams a server's. A connected stream whose birth
/// was not seen is taken for a client's.
fn role(ctx: &Ctx<'_>, told: u8, sock_type: u8) -> Role {
    match told {
        1 => return Role::Client,
        2 => return Role::Server,
        _ => {}
    }
    let Some(info) = crate::schema::event(ctx.event.id) else { return Role::None };
    match info.name {
        "connect" => Role::Client,
        "accept" | "accept4" | "bind" | "listen" => Role::Server,
        _ if sock_type == SOCK_STREAM || info.flags.has(EventFlags::WRITES_TO_FD) => Role::Client,
        _ if info.flags.has(EventFlags::READS_FROM_FD) => Role::Server,
        _ => Role::None,
    }
}

fn fails(ctx: &Ctx<'_>) -> bool {
    super::result::failed(ctx) == Some(true)
}

/// Whether the other end is this machine, too.
fn is_own(remote: Option<End>, local: Option<End>) -> bool {
    let Some(ip) = remote.and_then(|end| end.ip) else { return false };
    ip.is_loopback() || local.is_some_and(|end| end.ip == Some(ip))
}

fn address(family: u16, bytes: &[u8; 16]) -> Option<IpAddr> {
    match family {
        AF_INET => Some(IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))),
        AF_INET6 => Some(IpAddr::V6(Ipv6Addr::from(*bytes))),
        _ => None,
    }
}

/// Address and port at `at`; a mapped IPv4 address comes out as what it is.
fn end_at(bytes: &[u8], at: usize, width: usize) -> Option<End> {
    let ip = bytes.get(at..at + width)?;
    let port = unsigned(bytes.get(at + width..at + width + 2)?)? as u16;
    let ip = match <[u8; 4]>::try_from(ip) {
        Ok(v4) => IpAddr::V4(Ipv4Addr::from(v4)),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(ip).ok()?).to_canonical(),
    };
    Some(End { ip: Some(ip), port })
}
