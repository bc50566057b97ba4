//! Directories and links as a thread sees them, from what the kernel has in memory or whatever the file system takes.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use std::ffi::CStr;
use std::io::Error;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// openat2(2).
const RESOLVE_NO_SYMLINKS: u64 = 0x04;
const RESOLVE_IN_ROOT: u64 = 0x10;
const RESOLVE_CACHED: u64 = 0x20;

/// Only the file system knows, and it may never say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncached;

/// `None`: there is no such thing.
pub type Found<T> = Result<Option<T>, Uncached>;

/// Whose names are looked at, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub tid: i64,
    /// A process that saw the host's files: they are looked at where it is gone already.
    pub on_host: bool,
    /// No file system is asked: the look never waits for one.
    pub cached: bool,
}

impl View {
    /// As the thread sees it, or as the host does once a thread of the host is gone.
    pub fn directory(self, path: &[u8], arena: &Bump) -> Found<OwnedFd> {
        let root = bumpalo::format!(in arena, "/proc/{}/root", self.tid);
        match self.below(root.as_bytes(), path, arena)? {
            None if self.on_host => self.below(b"/", path, arena),
            found => Ok(found),
        }
    }

    /// A directory below `root`, which no link leaves. The root itself is reached without its file system: procfs knows
    /// it, and nothing is opened but the place.
    fn below(self, root: &[u8], path: &[u8], arena: &Bump) -> Found<OwnedFd> {
        let (Some(root), Some(path)) = (c_text(root, arena), c_text(path, arena)) else { return Ok(None) };
        let Ok(root) = open_path(libc::AT_FDCWD, root, 0) else { return Ok(None) };
        self.open(&root, path, RESOLVE_IN_ROOT).or_else(|error| self.absent(&error))
    }

    /// What a link in `directory` says; a link's text is the file system's to tell, whatever the kernel has in memory.
    pub fn link<'a>(self, directory: &OwnedFd, name: &[u8], arena: &'a Bump) -> Found<&'a [u8]> {
        let Some(name) = c_text(name, arena) else { return Ok(None) };
        if !self.cached {
            return Ok(read_link(directory.as_raw_fd(), name, arena));
        }
        match self.open(directory, name, RESOLVE_NO_SYMLINKS) {
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => Err(Uncached),
            Err(error) => self.absent(&error),
            Ok(_) => Ok(None),
        }
    }

    fn open(self, at: &OwnedFd, path: &CStr, resolve: u64) -> Result<Option<OwnedFd>, Error> {
        open_path(at.as_raw_fd(), path, resolve | if self.cached { RESOLVE_CACHED } else { 0 }).map(Some)
    }

    /// `EINVAL`: kernels before 5.12 have no cached look.
    fn absent<T>(self, error: &Error) -> Found<T> {
        match error.raw_os_error() {
            Some(libc::EAGAIN | libc::EINVAL) if self.cached => Err(Uncached),
            _ => Ok(None),
        }
    }
}

/// By the names of the sensor's mount namespace.
pub fn name_of<'a>(directory: &OwnedFd, arena: &'a Bump) -> Option<&'a [u8]> {
    let link = bumpalo::format!(in arena, "/proc/self/fd/{}", directory.as_raw_fd());
    read_link(libc::AT_FDCWD, c_text(link.as_bytes(), arena)?, arena)
}

pub fn joined<'a>(parts: [&[u8]; 3], arena: &'a Bump) -> &'a [u8] {
    let mut out = BumpVec::with_capacity_in(parts.iter().map(|part| part.len()).sum(), arena);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.into_bump_slice()
}

fn c_text<'a>(text: &[u8], arena: &'a Bump) -> Option<&'a CStr> {
    CStr::from_bytes_with_nul(joined([text, b"\0", b""], arena)).ok()
}

fn read_link<'a>(directory: i32, name: &CStr, arena: &'a Bump) -> Option<&'a [u8]> {
    let text = arena.alloc_slice_fill_copy(libc::PATH_MAX as usize, 0_u8);
    // SAFETY: the name is NUL-terminated and `text` has the length that is told.
    let len = unsafe { libc::readlinkat(directory, name.as_ptr(), text.as_mut_ptr().cast(), text.len()) };
    text.get(..usize::try_from(len).ok().filter(|len| *len > 0)?)
}

fn open_path(at: i32, path: &CStr, resolve: u64) -> Result<OwnedFd, Error> {
    // SAFETY: `open_how` is plain data; zeros are its default (openat2(2)).
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC) as u64;
    how.resolve = resolve;
    // SAFETY: the path is NUL-terminated and `how` lives through the call.
    let fd =
        unsafe { libc::syscall(libc::SYS_openat2, at, path.as_ptr(), &raw const how, size_of::<libc::open_how>()) };
    if fd < 0 {
        return Err(Error::last_os_error());
    }
    // SAFETY: a fresh descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}
