//! Entries of interface lists (`spec: scap-format.md` §6).

use std::net::IpAddr;

use super::block::TEXT_MAX;
use super::cursor::Cursor;
use super::error::{Fault, ScapError};

/// An address of the machine that the capture was taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interface<'a> {
    pub name: &'a [u8],
    pub address: IpAddr,
}

const V4: u16 = 1;
const V6: u16 = 2;
const V4_NO_SPEED: u16 = 3;
const V6_NO_SPEED: u16 = 4;

/// Reads the entry that `body` begins with.
///
/// # Errors
/// It is cut short, or of an unknown type.
pub fn read<'a>(body: &mut Cursor<'a>, version: u8) -> Result<Interface<'a>, ScapError> {
    if version < 2 {
        return entry(body);
    }
    let len = body.u32()? as usize;
    entry(&mut body.piece(len)?)
}

fn entry<'a>(e: &mut Cursor<'a>) -> Result<Interface<'a>, ScapError> {
    let offset = e.offset();
    let kind = e.u16()?;
    let name_len = usize::from(e.u16()?);
    let address = match kind {
        V4 | V4_NO_SPEED => IpAddr::from(<[u8; 4]>::try_from(addresses(e, 4)?).unwrap_or_default()),
        V6 | V6_NO_SPEED => IpAddr::from(<[u8; 16]>::try_from(addresses(e, 16)?).unwrap_or_default()),
        other => return Err(Fault::Interface(other).at(offset)),
    };
    if matches!(kind, V4 | V6) {
        e.u64()?;
    }
    if name_len > TEXT_MAX {
        return Err(Fault::Long { what: "interface name", len: name_len, max: TEXT_MAX }.at(offset));
    }
    Ok(Interface { name: e.take(name_len)?, address })
}

/// The address of three of this width; netmask and broadcast follow.
fn addresses<'a>(e: &mut Cursor<'a>, width: usize) -> Result<&'a [u8], ScapError> {
    let address = e.take(width)?;
    e.take(2 * width)?;
    Ok(address)
}
