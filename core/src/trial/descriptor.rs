//! What the kernel would say about an event's descriptor.

use super::TrialError;
use super::address::{self, End};
use super::doc::{FdDoc, FdRef, SocketDoc};
use super::record::{Path, Record};
use crate::event::{FileFacts, PathItem, SocketFacts, fd_kind, socket_flags};
use crate::schema::EventInfo;

const FAMILIES: &[(&str, u16)] = &[("unix", 1), ("inet", 2), ("inet6", 10), ("netlink", 16), ("packet", 17)];
/// Name, `SOCK_*`, `IPPROTO_*`.
const PROTOCOLS: &[(&str, u8, u8)] = &[("tcp", 1, 6), ("udp", 2, 17), ("icmp", 3, 1), ("raw", 3, 255)];
const ROLES: &[(&str, u8)] = &[("client", 1), ("server", 2)];
const LAYERS: &[(&str, u8)] = &[("upper", 1), ("lower", 2)];
const KINDS: &[(&str, u8)] = &[
    ("file", fd_kind::FILE),
    ("directory", fd_kind::DIRECTORY),
    ("fifo", fd_kind::FIFO),
    ("event", fd_kind::EVENT),
    ("signalfd", fd_kind::SIGNALFD),
    ("eventpoll", fd_kind::EVENTPOLL),
    ("inotify", fd_kind::INOTIFY),
    ("timerfd", fd_kind::TIMERFD),
    ("bpf", fd_kind::BPF),
    ("userfaultfd", fd_kind::USERFAULTFD),
    ("io_uring", fd_kind::IO_URING),
    ("memfd", fd_kind::MEMFD),
    ("pidfd", fd_kind::PIDFD),
];

/// A descriptor in full.
pub fn full(fd: &FdRef) -> Result<FdDoc, TrialError> {
    Ok(match fd {
        FdRef::Full(doc) => (**doc).clone(),
        FdRef::Short(text) if text.contains("->") => FdDoc { socket: Some(connection(text)?), ..FdDoc::default() },
        FdRef::Short(text) => FdDoc { path: Some(text.clone()), ..FdDoc::default() },
    })
}

/// `local->remote`, as a client sees it.
fn connection(text: &str) -> Result<SocketDoc, TrialError> {
    address::pair(text)?;
    let side = |at: usize| text.split("->").nth(at).map(|end| end.trim().to_owned());
    Ok(SocketDoc { local: side(0), remote: side(1), role: Some("client".into()), ..SocketDoc::default() })
}

/// Puts a descriptor's facts into a record.
pub fn attach(record: &mut Record, doc: &FdDoc, num: i64, info: &EventInfo) -> Result<(), TrialError> {
    if let Some(socket) = &doc.socket {
        record.unix_path.clone_from(&socket.path);
        record.socket = Some(socket_facts(socket, num, info)?);
        return Ok(());
    }
    let kind = doc.kind.as_deref().map_or(Ok(fd_kind::FILE), |kind| one_of("kind of descriptor", kind, KINDS))?;
    let layer = doc.layer.as_deref().map_or(Ok(0), |layer| one_of("layer", layer, LAYERS))?;
    record.file = Some(FileFacts {
        fd: num,
        kind,
        layer,
        dev: doc.dev.unwrap_or(0),
        ino: doc.ino.unwrap_or(0),
        mode: doc.mode.unwrap_or(0),
        ..FileFacts::default()
    });
    if let Some(path) = &doc.path {
        record.real.push(Path { param: PathItem::DESCRIPTOR, text: path.clone(), deleted: doc.deleted });
    }
    Ok(())
}

fn socket_facts(doc: &SocketDoc, num: i64, info: &EventInfo) -> Result<SocketFacts, TrialError> {
    let end = |text: &Option<String>| text.as_deref().map(End::parse).transpose();
    let (local, remote) = (end(&doc.local)?, end(&doc.remote)?);
    let family = match (&doc.family, remote.or(local)) {
        (Some(name), _) => one_of("family", name, FAMILIES)?,
        (None, Some(end)) => end.family(),
        (None, None) => one_of("family", if doc.path.is_some() { "unix" } else { "inet" }, FAMILIES)?,
    };
    let proto = doc.proto.as_deref().unwrap_or("tcp");
    let found = PROTOCOLS.iter().find(|(name, _, _)| *name == proto);
    let (_, sock_type, protocol) =
        *found.ok_or_else(|| TrialError::name("protocol", proto, PROTOCOLS.iter().map(|p| p.0)))?;
    let bits = [
        (socket_flags::CONNECTED, remote.is_some()),
        (socket_flags::NAME_CHANGED, matches!(info.name, "connect" | "accept" | "accept4" | "bind")),
        (socket_flags::LISTENING, doc.listening),
        (socket_flags::LOCAL_KNOWN, local.is_some()),
        (socket_flags::REMOTE_KNOWN, remote.is_some()),
    ];
    Ok(SocketFacts {
        fd: num,
        family,
        sock_type,
        protocol: if matches!(family, 2 | 10) { protocol } else { 0 },
        role: doc.role.as_deref().map_or(Ok(0), |role| one_of("role", role, ROLES))?,
        flags: bits.iter().filter(|(_, on)| *on).fold(0, |all, (bit, _)| all | bit),
        local_port: local.map_or(0, |end| end.port),
        remote_port: remote.map_or(0, |end| end.port),
        local_addr: local.map_or([0; 16], End::wide),
        remote_addr: remote.map_or([0; 16], End::wide),
        ino: doc.ino.unwrap_or(0),
        source: 0,
        peer: 0,
    })
}

fn one_of<T: Copy>(what: &str, name: &str, table: &[(&str, T)]) -> Result<T, TrialError> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| TrialError::name(what, name, table.iter().map(|(known, _)| *known)))
}

/// The socket that a call's own address tells of, where nothing else does.
pub fn of_address(info: &EventInfo, addr: Option<&str>, tuple: Option<&str>) -> Option<SocketDoc> {
    let accepts = matches!(info.name, "accept" | "accept4");
    if let Some((from, to)) = tuple.and_then(|text| text.split_once("->")) {
        let (local, remote) = if accepts { (to, from) } else { (from, to) };
        return Some(SocketDoc { local: Some(local.into()), remote: Some(remote.into()), ..SocketDoc::default() });
    }
    let addr = addr?;
    if address::is_unix(addr) {
        return Some(SocketDoc { path: Some(addr.replacen('@', "\0", 1)), ..SocketDoc::default() });
    }
    let addr = Some(addr.to_owned());
    match info.name {
        "connect" => Some(SocketDoc { remote: addr, ..SocketDoc::default() }),
        "bind" => Some(SocketDoc { local: addr, ..SocketDoc::default() }),
        _ => None,
    }
}

/// A tuple parameter for a socket with both ends known, client first.
pub fn tuple_of(facts: &SocketFacts, doc: &SocketDoc, info: &EventInfo) -> Option<Vec<u8>> {
    let local = End::parse(doc.local.as_deref()?).ok()?;
    let remote = End::parse(doc.remote.as_deref()?).ok()?;
    let server = facts.role == 2 || (facts.role == 0 && matches!(info.name, "accept" | "accept4"));
    Some(if server { address::tuple(remote, local) } else { address::tuple(local, remote) })
}
