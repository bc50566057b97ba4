//! One open descriptor, as a capture's lists and events tell of it.

use std::net::IpAddr;

use crate::event::fd_kind;
use crate::state::process::Text;

/// What a descriptor number stands for.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// [`fd_kind`]
    pub kind: u8,
    pub ino: u64,
    pub cloexec: bool,
    pub object: Object,
}

#[derive(Clone, Debug, Default)]
pub enum Object {
    #[default]
    Plain,
    /// Named by its path, or by whatever names its kind.
    Named(Text),
    File {
        name: Text,
        dev: u32,
        flags: u32,
    },
    Socket(Socket),
}

/// Who a socket is in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    None,
    Client,
    Server,
}

pub type Address = (IpAddr, u16);

/// A socket of any family.
#[derive(Clone, Debug, Default)]
pub struct Socket {
    /// `AF_*`
    pub family: u16,
    /// `IPPROTO_*`, 255 raw, 0 unknown.
    pub protocol: u8,
    pub role: Role,
    pub connected: bool,
    /// Bound and waiting for peers.
    pub listening: bool,
    /// The tuple, source first; a listener has only the destination.
    pub source: Option<Address>,
    pub dest: Option<Address>,
    /// Kernel addresses of a unix socket and its peer.
    pub pointers: (u64, u64),
    pub path: Text,
}

pub const AF_UNIX: u16 = 1;
pub const AF_INET: u16 = 2;
pub const AF_INET6: u16 = 10;

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
pub const RAW: u8 = 255;

impl Socket {
    /// A socket as socket(2) makes it.
    pub fn new(family: u16, sock_type: u32, protocol: u32) -> Self {
        const TYPE_MASK: u32 = 0xff;
        const STREAM: u32 = 1;
        const DGRAM: u32 = 2;
        const SOCK_RAW: u32 = 3;
        let inet = matches!(family, AF_INET | AF_INET6);
        let protocol = match (sock_type & TYPE_MASK, protocol) {
            _ if !inet => 0,
            (STREAM, 0) => TCP,
            (DGRAM, 0) => UDP,
            (SOCK_RAW, _) => RAW,
            (_, p) => match p as u8 {
                ICMPV6 => ICMP,
                p @ (TCP | UDP | ICMP) => p,
                _ => 0,
            },
        };
        Self { family, protocol, ..Self::default() }
    }

    pub fn kind(&self) -> u8 {
        fd_kind::of_socket(self.family, self.listening)
    }

    pub fn is_inet(&self) -> bool {
        matches!(self.family, AF_INET | AF_INET6)
    }

    /// Takes the ends of a tuple; both mapped from IPv4 make an IPv4 socket of it.
    pub fn set_tuple(&mut self, source: Address, dest: Address) {
        let (source, dest) = ((source.0.to_canonical(), source.1), (dest.0.to_canonical(), dest.1));
        if source.0.is_ipv4() && dest.0.is_ipv4() {
            self.family = AF_INET;
        }
        self.listening = false;
        (self.source, self.dest) = (Some(source), Some(dest));
    }
}

impl Record {
    pub fn socket(&self) -> Option<&Socket> {
        match &self.object {
            Object::Socket(socket) => Some(socket),
            _ => None,
        }
    }

    /// A descriptor of a kind without anything to tell.
    pub fn plain(kind: u8) -> Self {
        Self { kind, ..Self::default() }
    }

    pub fn of_socket(socket: Socket) -> Self {
        Self { kind: socket.kind(), object: Object::Socket(socket), ..Self::default() }
    }

    /// The name of what is no socket.
    pub fn name(&self) -> &[u8] {
        match &self.object {
            Object::Named(name) | Object::File { name, .. } => name,
            Object::Plain | Object::Socket(_) => b"",
        }
    }
}
