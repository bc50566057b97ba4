//! Entries of user lists (`spec: scap-format.md` §6).

use super::block::USER_TEXT_MAX;
use super::cursor::Cursor;
use super::error::ScapError;

/// A user or a group of the machine that the capture was taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    User { uid: u32, gid: u32, name: &'a [u8], home: &'a [u8], shell: &'a [u8] },
    Group { gid: u32, name: &'a [u8] },
}

/// Reads the entry that `body` begins with.
///
/// # Errors
/// It is cut short, or a string is too long.
pub fn read<'a>(body: &mut Cursor<'a>, version: u8) -> Result<Principal<'a>, ScapError> {
    if version < 2 {
        return entry(body);
    }
    let len = (body.u32()? as usize).saturating_sub(4);
    entry(&mut body.piece(len)?)
}

fn entry<'a>(e: &mut Cursor<'a>) -> Result<Principal<'a>, ScapError> {
    const MAX: usize = USER_TEXT_MAX - 1;
    if e.u8()? == 0 {
        let (uid, gid) = (e.u32()?, e.u32()?);
        return Ok(Principal::User { uid, gid, name: e.text(MAX)?, home: e.text(MAX)?, shell: e.text(MAX)? });
    }
    Ok(Principal::Group { gid: e.u32()?, name: e.text(MAX)? })
}
