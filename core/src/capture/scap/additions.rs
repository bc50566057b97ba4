//! Entries of the list that says what the process list has no place for. It is our own, in a block type that pcapng
//! leaves to whoever wants one; other readers pass over it.

use super::cursor::Cursor;
use super::error::ScapError;

/// More on a process of the process list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Addition {
    pub pid: i64,
    /// Its session as it sees it, in its own pid namespace; 0 where that began outside. The process list has the host's.
    pub sid: i64,
    /// When it was made, ns since the epoch; 0 unknown.
    pub clone_ts: u64,
}

/// Reads the entry that `body` begins with; what later versions may have behind these is left out.
///
/// # Errors
/// It is cut short.
pub fn read(body: &mut Cursor<'_>) -> Result<Addition, ScapError> {
    let len = (body.u32()? as usize).saturating_sub(4);
    let mut entry = body.piece(len)?;
    Ok(Addition { pid: entry.i64()?, sid: entry.i64()?, clone_ts: entry.u64()? })
}
