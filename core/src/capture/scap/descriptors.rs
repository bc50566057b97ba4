//! Entries of descriptor lists (`spec: scap-format.md` §5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::block::TEXT_MAX;
use super::cursor::Cursor;
use super::error::ScapError;
use crate::event::fd_kind;

/// A descriptor that was open when the capture began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescriptorEntry<'a> {
    pub fd: i64,
    pub ino: u64,
    /// [`fd_kind`]; one that this reader does not know comes as unsupported.
    pub kind: u8,
    pub what: What<'a>,
}

/// What a descriptor's kind has to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    Nothing,
    Name(&'a [u8]),
    File {
        flags: u32,
        dev: u32,
        name: &'a [u8],
    },
    /// `l4`: 2 TCP, 3 UDP, 4 ICMP, 5 raw.
    Connection {
        source: (IpAddr, u16),
        dest: (IpAddr, u16),
        l4: u8,
    },
    Server {
        at: (IpAddr, u16),
        l4: u8,
    },
    Unix {
        source: u64,
        peer: u64,
        name: &'a [u8],
    },
    /// A kind that is newer than this reader.
    NewKind(u8),
}

/// Reads the entry that `body` begins with.
///
/// # Errors
/// It is cut short, or a string is too long.
pub fn read<'a>(body: &mut Cursor<'a>, version: u8) -> Result<DescriptorEntry<'a>, ScapError> {
    if version < 2 {
        return entry(body, false);
    }
    let len = (body.u32()? as usize).saturating_sub(4);
    entry(&mut body.piece(len)?, true)
}

fn entry<'a>(e: &mut Cursor<'a>, sized: bool) -> Result<DescriptorEntry<'a>, ScapError> {
    let (fd, ino, kind) = (e.i64()?, e.u64()?, e.u8()?);
    let what = match kind {
        fd_kind::UNKNOWN => What::Nothing,
        fd_kind::IPV4_SOCK => {
            let (source, dest) = (v4(e)?, v4(e)?);
            What::Connection { source: (source, e.u16()?), dest: (dest, e.u16()?), l4: e.u8()? }
        }
        fd_kind::IPV6_SOCK => {
            let (source, dest) = (v6(e)?, v6(e)?);
            What::Connection { source: (source, e.u16()?), dest: (dest, e.u16()?), l4: e.u8()? }
        }
        fd_kind::IPV4_SERV => What::Server { at: (v4(e)?, e.u16()?), l4: e.u8()? },
        fd_kind::IPV6_SERV => What::Server { at: (v6(e)?, e.u16()?), l4: e.u8()? },
        fd_kind::UNIX_SOCK => What::Unix { source: e.u64()?, peer: e.u64()?, name: e.text(TEXT_MAX)? },
        fd_kind::FILE_V2 => {
            let (flags, name) = (e.u32()?, e.text(TEXT_MAX)?);
            let dev = if sized && e.left() >= 4 { e.u32()? } else { 0 };
            What::File { flags, dev, name }
        }
        fd_kind::FILE..=fd_kind::PIDFD => What::Name(e.text(TEXT_MAX)?),
        new => return Ok(DescriptorEntry { fd, ino, kind: fd_kind::UNSUPPORTED, what: What::NewKind(new) }),
    };
    Ok(DescriptorEntry { fd, ino, kind, what })
}

fn v4(e: &mut Cursor<'_>) -> Result<IpAddr, ScapError> {
    let bytes: [u8; 4] = e.take(4)?.try_into().unwrap_or_default();
    Ok(IpAddr::V4(Ipv4Addr::from(bytes)))
}

fn v6(e: &mut Cursor<'_>) -> Result<IpAddr, ScapError> {
    let bytes: [u8; 16] = e.take(16)?.try_into().unwrap_or_default();
    Ok(IpAddr::V6(Ipv6Addr::from(bytes)))
}
