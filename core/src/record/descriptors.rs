//! Descriptor lists: what the kernel's tables hold now, set back to the moment that a file begins with.

use hashbrown::HashMap;
use std::collections::BTreeMap;

use crate::capture::live::fixup;
use crate::capture::scap::write::Dialect;
use crate::capture::scap::write::descriptors::{DescriptorEntry, ObjectEntry, descriptors, l4};
use crate::event::{Event, Extension, FileFacts, PathItem, SocketFacts, fd_kind, socket_flags};
use crate::schema::{self, EventFlags, flags};

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const AF_NETLINK: u16 = 16;
const SOCK_STREAM: u8 = 1;
const SOCK_DGRAM: u8 = 2;
const SOCK_RAW: u8 = 3;
const ROLE_SERVER: u8 = 2;

/// Descriptors listed in one file; what is beyond is left out, and each one is told by the event that uses it.
const MAX: usize = 1 << 18;

/// What an event says of one descriptor.
#[derive(Clone, Debug)]
pub struct Note {
    pub pid: i64,
    pub fd: i64,
    /// `None`: the event made the descriptor, so that it was not there before.
    pub before: Option<DescriptorEntry>,
}

impl Note {
    /// What the event tells of its descriptor.
    pub fn of(event: &Event<'_>) -> Option<Self> {
        let ext = event.ext.as_ref()?;
        let fd = ext.socket.map(|s| s.fd).or(ext.file.map(|f| f.fd)).filter(|fd| *fd >= 0)?;
        let creates = schema::event(event.id).is_some_and(|info| info.flags.has(EventFlags::CREATES_FD));
        let before = if creates { None } else { entry(ext) };
        (creates || before.is_some()).then(|| Self { pid: i64::from(ext.task.tgid), fd, before })
    }

    /// Bytes it takes.
    pub fn size(&self) -> usize {
        let name = match self.before.as_ref().map(|entry| &entry.object) {
            Some(ObjectEntry::File { name, .. } | ObjectEntry::Unix { name, .. } | ObjectEntry::Named { name, .. }) => {
                name.capacity()
            }
            _ => 0,
        };
        size_of::<Self>() + name
    }
}

/// The entry of the descriptor that an extension describes.
pub fn entry(ext: &Extension<'_>) -> Option<DescriptorEntry> {
    if let Some(socket) = &ext.socket {
        return Some(DescriptorEntry { fd: socket.fd, ino: socket.ino, object: of_socket(socket, ext.unix_path) });
    }
    let file = ext.file.as_ref()?;
    let name = ext.real.iter().flatten().find(|item| item.param == PathItem::DESCRIPTOR).map_or(&b""[..], |i| i.text);
    Some(DescriptorEntry { fd: file.fd, ino: file.ino, object: of_file(file, name) })
}

fn of_file(file: &FileFacts, name: &[u8]) -> ObjectEntry {
    let name = name.to_vec();
    match file.kind {
        fd_kind::FILE | fd_kind::FILE_V2 => ObjectEntry::File {
            name,
            open_flags: flags::to_wire("file_flags", u64::from(file.open_flags)) as u32,
            dev: file.dev,
        },
        fd_kind::UNSUPPORTED => ObjectEntry::Named { kind: fixup::kind_of_anonymous(&name), name },
        kind => ObjectEntry::Named { kind, name },
    }
}

fn of_socket(socket: &SocketFacts, unix_path: Option<&[u8]>) -> ObjectEntry {
    let v6 = socket.family == AF_INET6;
    let (local, remote) = ((socket.local_addr, socket.local_port), (socket.remote_addr, socket.remote_port));
    let known = |flag: u8| socket.flags & flag != 0;
    match socket.family {
        AF_INET | AF_INET6 if known(socket_flags::REMOTE_KNOWN) => {
            let (source, dest) = if socket.role == ROLE_SERVER { (remote, local) } else { (local, remote) };
            ObjectEntry::Connection { v6, source, dest, l4: transport(socket) }
        }
        AF_INET | AF_INET6 if socket.local_port != 0 => ObjectEntry::Server { v6, local, l4: transport(socket) },
        AF_UNIX => ObjectEntry::Unix { source: socket.source, peer: socket.peer, name: unix_name(unix_path) },
        AF_NETLINK => ObjectEntry::Named { kind: fd_kind::NETLINK, name: Vec::new() },
        // Neither bound nor connected: nothing to say yet.
        _ => ObjectEntry::Named { kind: fd_kind::UNSUPPORTED, name: format!("socket:[{}]", socket.ino).into() },
    }
}

/// An abstract name begins with a NUL, which is written as an at sign.
fn unix_name(path: Option<&[u8]>) -> Vec<u8> {
    let path = path.unwrap_or_default();
    match path.split_first() {
        Some((0, rest)) => [b"@", crate::params::until_nul(rest)].concat(),
        _ => crate::params::until_nul(path).to_vec(),
    }
}

fn transport(socket: &SocketFacts) -> u8 {
    match (socket.protocol, socket.sock_type) {
        (6, _) | (0, SOCK_STREAM) => l4::TCP,
        (17, _) | (0, SOCK_DGRAM) => l4::UDP,
        (1 | 58, _) => l4::ICMP,
        (255, _) | (_, SOCK_RAW) => l4::RAW,
        _ => l4::UNKNOWN,
    }
}

/// Lists under construction. The first word that the file's own events say of a descriptor counts more than what the
/// kernel's table holds by now.
#[derive(Default)]
pub struct Lists {
    told: HashMap<(i64, i64), Option<DescriptorEntry>>,
    by_process: BTreeMap<i64, Vec<DescriptorEntry>>,
    count: usize,
}

impl Lists {
    /// Takes a note of an event that the file will hold; oldest first.
    pub fn tell(&mut self, note: &Note) {
        self.told.entry((note.pid, note.fd)).or_insert_with(|| note.before.clone());
    }

    /// Takes a record of the iterator.
    pub fn scanned(&mut self, event: &Event<'_>) {
        let Some(ext) = &event.ext else { return };
        let pid = i64::from(ext.task.tgid);
        // Only leaders' tables are listed; a thread with one of its own has no place.
        if pid != event.tid {
            return;
        }
        if let Some(entry) = entry(ext).filter(|entry| !self.told.contains_key(&(pid, entry.fd))) {
            self.add(pid, entry);
        }
    }

    fn add(&mut self, pid: i64, entry: DescriptorEntry) {
        if self.count < MAX {
            self.count += 1;
            self.by_process.entry(pid).or_default().push(entry);
        }
    }

    /// Lays the blocks.
    pub fn write(mut self, out: &mut Vec<u8>, dialect: Dialect) {
        for ((pid, _), entry) in std::mem::take(&mut self.told) {
            if let Some(entry) = entry {
                self.add(pid, entry);
            }
        }
        for (pid, mut list) in self.by_process {
            list.sort_by_key(|entry| entry.fd);
            descriptors(out, pid, &list, dialect);
        }
    }
}
