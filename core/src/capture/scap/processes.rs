//! Entries of process lists, versions 1 to 9 (`spec: scap-format.md` §4).

use super::block::{STRINGS_MAX, TEXT_MAX};
use super::cursor::Cursor;
use super::error::ScapError;

/// A thread that existed when the capture began. Absent numbers are -1 (ids), `u32::MAX` (loginuid) or 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessEntry<'a> {
    pub tid: i64,
    pub pid: i64,
    pub ptid: i64,
    pub sid: i64,
    pub vpgid: i64,
    pub pgid: i64,
    pub vtid: i64,
    pub vpid: i64,
    pub comm: &'a [u8],
    /// argv\[0\]
    pub exe: &'a [u8],
    pub exepath: &'a [u8],
    /// NUL-separated, without argv\[0\].
    pub args: &'a [u8],
    pub cwd: &'a [u8],
    pub env: &'a [u8],
    /// `subsystem=path`, NUL-terminated each.
    pub cgroups: &'a [u8],
    pub root: &'a [u8],
    pub fdlimit: u64,
    /// `PPM_CL_*`
    pub flags: u32,
    pub uid: u32,
    pub gid: u32,
    pub loginuid: u32,
    /// kB: size, resident, swapped.
    pub vm: [u32; 3],
    /// Major and minor page faults.
    pub faults: [u64; 2],
    pub pidns_start: u64,
    pub tty: u32,
    pub exe_writable: bool,
    pub exe_upper_layer: bool,
    pub exe_lower_layer: bool,
    pub exe_from_memfd: bool,
    /// Inheritable, permitted, effective.
    pub caps: [u64; 3],
    /// Inode, change time and modification time of the executable.
    pub exe_ino: [u64; 3],
}

impl Default for ProcessEntry<'_> {
    fn default() -> Self {
        Self {
            tid: 0,
            pid: 0,
            ptid: 0,
            sid: -1,
            vpgid: -1,
            pgid: -1,
            vtid: -1,
            vpid: -1,
            comm: b"",
            exe: b"",
            exepath: b"",
            args: b"",
            cwd: b"",
            env: b"",
            cgroups: b"",
            root: b"",
            fdlimit: 0,
            flags: 0,
            uid: 0,
            gid: 0,
            loginuid: u32::MAX,
            vm: [0; 3],
            faults: [0; 2],
            pidns_start: 0,
            tty: 0,
            exe_writable: false,
            exe_upper_layer: false,
            exe_lower_layer: false,
            exe_from_memfd: false,
            caps: [0; 3],
            exe_ino: [0; 3],
        }
    }
}

/// Writers that knew neither `pidns_start` nor `tty` left at most this many bytes for the rest.
const OLD_TAIL_MAX: usize = 29;

/// Reads the entry that begins at `body`, whose version's entries have no length of their own below 9.
///
/// # Errors
/// It is cut short, or a string is too long.
pub fn read<'a>(body: &mut Cursor<'a>, version: u8) -> Result<ProcessEntry<'a>, ScapError> {
    if version < 9 {
        return common(body, version);
    }
    let len = (body.u32()? as usize).saturating_sub(4);
    let mut entry = body.piece(len)?;
    let mut process = common(&mut entry, version)?;
    tail(&mut entry, &mut process)?;
    Ok(process)
}

fn common<'a>(e: &mut Cursor<'a>, version: u8) -> Result<ProcessEntry<'a>, ScapError> {
    let mut p = ProcessEntry { tid: e.i64()?, pid: e.i64()?, ptid: e.i64()?, ..ProcessEntry::default() };
    if version >= 6 {
        p.sid = e.i64()?;
    }
    if version >= 8 {
        p.vpgid = e.i64()?;
    }
    (p.comm, p.exe) = (e.text(TEXT_MAX)?, e.text(TEXT_MAX)?);
    if version >= 7 {
        p.exepath = e.text(TEXT_MAX)?;
    }
    (p.args, p.cwd) = (e.text(STRINGS_MAX)?, e.text(TEXT_MAX)?);
    (p.fdlimit, p.flags, p.uid, p.gid) = (e.u64()?, e.u32()?, e.u32()?, e.u32()?);
    if version >= 2 {
        p.vm = [e.u32()?, e.u32()?, e.u32()?];
        p.faults = [e.u64()?, e.u64()?];
    }
    if version >= 3 {
        p.env = e.text(STRINGS_MAX)?;
    }
    if version >= 4 {
        (p.vtid, p.vpid, p.cgroups) = (e.i64()?, e.i64()?, e.text(STRINGS_MAX)?);
    }
    if version >= 5 {
        p.root = e.text(TEXT_MAX)?;
    }
    Ok(p)
}

/// What version 9 gained over the years: each is there if it still fits in the entry.
fn tail(e: &mut Cursor<'_>, p: &mut ProcessEntry<'_>) -> Result<(), ScapError> {
    if e.left() > OLD_TAIL_MAX {
        (p.pidns_start, p.tty) = (e.u64()?, e.u32()?);
    }
    fits(e, &mut p.loginuid, 4, Cursor::u32)?;
    fits(e, &mut p.exe_writable, 1, flag)?;
    for set in &mut p.caps {
        fits(e, set, 8, Cursor::u64)?;
    }
    fits(e, &mut p.exe_upper_layer, 1, flag)?;
    for fact in &mut p.exe_ino {
        fits(e, fact, 8, Cursor::u64)?;
    }
    fits(e, &mut p.exe_from_memfd, 1, flag)?;
    fits(e, &mut p.exe_lower_layer, 1, flag)?;
    fits(e, &mut p.pgid, 8, Cursor::i64)
}

fn flag(entry: &mut Cursor<'_>) -> Result<bool, ScapError> {
    Ok(entry.u8()? != 0)
}

fn fits<'a, T>(
    entry: &mut Cursor<'a>,
    field: &mut T,
    len: usize,
    read: impl FnOnce(&mut Cursor<'a>) -> Result<T, ScapError>,
) -> Result<(), ScapError> {
    if entry.left() >= len {
        *field = read(entry)?;
    }
    Ok(())
}
