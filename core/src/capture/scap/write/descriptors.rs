//! Descriptor lists, one block a process.

use super::{Dialect, block, entry, text};
use crate::capture::scap::block as layout;
use crate::event::fd_kind;

/// A descriptor as the list tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescriptorEntry {
    pub fd: i64,
    pub ino: u64,
    pub object: ObjectEntry,
}

/// Transport protocols of the format.
pub mod l4 {
    pub const UNKNOWN: u8 = 0;
    pub const TCP: u8 = 2;
    pub const UDP: u8 = 3;
    pub const ICMP: u8 = 4;
    pub const RAW: u8 = 5;
}

/// What is behind a descriptor. Addresses are as in memory; IPv4 uses the first four bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObjectEntry {
    /// A regular file or device; flags are the capture format's.
    File {
        name: Vec<u8>,
        open_flags: u32,
        dev: u32,
    },
    /// Source and destination with their ports: a connection.
    Connection {
        v6: bool,
        source: ([u8; 16], u16),
        dest: ([u8; 16], u16),
        l4: u8,
    },
    /// A bound or listening socket.
    Server {
        v6: bool,
        local: ([u8; 16], u16),
        l4: u8,
    },
    Unix {
        source: u64,
        peer: u64,
        name: Vec<u8>,
    },
    /// Anything with a name only, by the format's type.
    Named {
        kind: u8,
        name: Vec<u8>,
    },
}

/// The last descriptor type that readers of 2022 take in a list; they give a file up at the first one beyond.
const COMPAT_LAST: u8 = fd_kind::FILE_V2;

impl ObjectEntry {
    fn kind(&self, dialect: Dialect) -> u8 {
        match self {
            Self::File { .. } => fd_kind::FILE_V2,
            Self::Connection { v6: false, .. } => fd_kind::IPV4_SOCK,
            Self::Connection { v6: true, .. } => fd_kind::IPV6_SOCK,
            Self::Server { v6: false, .. } => fd_kind::IPV4_SERV,
            Self::Server { v6: true, .. } => fd_kind::IPV6_SERV,
            Self::Unix { .. } => fd_kind::UNIX_SOCK,
            Self::Named { kind, .. } if dialect == Dialect::Compat && *kind > COMPAT_LAST => fd_kind::UNSUPPORTED,
            Self::Named { kind: fd_kind::UNKNOWN, .. } => fd_kind::UNSUPPORTED,
            Self::Named { kind, .. } => *kind,
        }
    }
}

/// The descriptors of the process `tid`; nothing where it has none.
pub fn descriptors(out: &mut Vec<u8>, tid: i64, list: &[DescriptorEntry], dialect: Dialect) {
    if list.is_empty() {
        return;
    }
    block(out, layout::DESCRIPTORS, |out| {
        out.extend(tid.to_le_bytes());
        for descriptor in list {
            entry(out, |out| {
                out.extend(descriptor.fd.to_le_bytes());
                out.extend(descriptor.ino.to_le_bytes());
                out.push(descriptor.object.kind(dialect));
                object(out, &descriptor.object);
            });
        }
    });
}

fn object(out: &mut Vec<u8>, object: &ObjectEntry) {
    const MAX: usize = layout::TEXT_MAX - 1;
    match object {
        ObjectEntry::File { name, open_flags, dev } => {
            out.extend(open_flags.to_le_bytes());
            text(out, name, MAX);
            out.extend(dev.to_le_bytes());
        }
        ObjectEntry::Connection { v6, source, dest, l4 } => {
            address(out, *v6, &source.0);
            address(out, *v6, &dest.0);
            out.extend(source.1.to_le_bytes());
            out.extend(dest.1.to_le_bytes());
            out.push(*l4);
        }
        ObjectEntry::Server { v6, local, l4 } => {
            address(out, *v6, &local.0);
            out.extend(local.1.to_le_bytes());
            out.push(*l4);
        }
        ObjectEntry::Unix { source, peer, name } => {
            out.extend(source.to_le_bytes());
            out.extend(peer.to_le_bytes());
            text(out, name, MAX);
        }
        ObjectEntry::Named { name, .. } => text(out, name, MAX),
    }
}

fn address(out: &mut Vec<u8>, v6: bool, address: &[u8; 16]) {
    out.extend_from_slice(if v6 { address } else { &address[..4] });
}
