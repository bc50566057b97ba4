//! The machine that a capture was taken on (`spec: scap-format.md` §3).

use super::block::HOSTNAME_LEN;
use super::cursor::Cursor;
use super::error::ScapError;
use crate::params::until_nul;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine<'a> {
    pub cpus: u32,
    pub hostname: &'a [u8],
    /// ns since the epoch.
    pub boot_time: u64,
}

/// # Errors
/// The body is too short.
pub fn read<'a>(body: &mut Cursor<'a>) -> Result<Machine<'a>, ScapError> {
    let cpus = body.u32()?;
    let (_memory, _max_pid) = (body.u64()?, body.u64()?);
    let hostname = until_nul(body.take(HOSTNAME_LEN)?);
    Ok(Machine { cpus, hostname, boot_time: body.u64()? })
}
