//! Real names for calls that leave no object behind (unlink, rename, mkdir, link, symlink, chmod …): the directory is
//! resolved after the fact, as the process sees it. Between the call and the look somebody may have changed a link,
//! so that such a name is evidence and no proof; the given name is compared all the same.
//!
//! Only directories are opened, and links read: to whoever else watches this host, a look at the file itself would be
//! one more program that opens it.

use crate::event::{Event, PathItem};
use crate::fields::{Ctx, paths};
use crate::schema;
use bumpalo::Bump;
use std::ffi::CString;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::time::{Duration, Instant};

/// Calls that follow a link in the last component; all others act on the link itself.
const FOLLOWS: &[&str] =
    &["chmod", "fchmodat", "chown", "fchownat", "access", "truncate", "chroot", "openat", "openat2"];
/// `RESOLVE_IN_ROOT` (openat2(2)).
const RESOLVE_IN_ROOT: u64 = 0x10;
/// As many as the kernel follows (path_resolution(7)).
const MAX_LINKS: usize = 40;
/// How long a directory's real name is taken for granted: bulk removals work in one directory.
const FRESH: Duration = Duration::from_millis(20);

/// The directory looked at last.
#[derive(Default)]
pub struct Resolver {
    on_host: bool,
    last: Option<(i64, Vec<u8>, Vec<u8>, Instant)>,
}

impl Resolver {
    /// The sensor told no real name and there may be one to find.
    pub fn applies(event: &Event<'_>) -> bool {
        event.ext.as_ref().is_some_and(|ext| ext.real[0].is_none())
            && !paths::path_params(event.id).is_empty()
            && schema::event(event.id).is_some_and(|info| info.program == "simple" || event.result_unknown())
    }

    /// Adds real names of the event's path parameters where they are not the given ones.
    /// `on_host`: the process saw the host's files, so that they are looked at where it is gone already.
    pub fn enrich<'a>(&mut self, event: &mut Event<'a>, given: Vec<(u8, Vec<u8>)>, on_host: bool, arena: &'a Bump) {
        self.on_host = on_host;
        let follows = schema::event(event.id).is_some_and(|info| FOLLOWS.contains(&info.name));
        for (param, given) in given {
            let Some(real) = self.real_name(event.tid, &given, follows).filter(|real| *real != given) else { continue };
            let item = PathItem { param, flags: 0, text: arena.alloc_slice_copy(&real) };
            if let Some(slot) = event.ext.as_mut().and_then(|ext| ext.real.iter_mut().find(|slot| slot.is_none())) {
                *slot = Some(item);
            }
        }
    }

    fn real_name(&mut self, tid: i64, given: &[u8], follows: bool) -> Option<Vec<u8>> {
        if !given.starts_with(b"/") {
            return None;
        }
        let followed = if follows { self.follow(tid, given) } else { None };
        let path = followed.as_deref().unwrap_or(given);
        let (directory, name): (_, &[u8]) = match paths::filename(path) {
            b"" | b"/" | b"." | b".." => (path, b""),
            name => (paths::directory(path), name),
        };
        let mut real = self.directory(tid, directory)?;
        if real.last() != Some(&b'/') && !name.is_empty() {
            real.push(b'/');
        }
        real.extend_from_slice(name);
        Some(real)
    }

    /// Where a path leads whose last component is a link; as the process spells it. `None`: it is none.
    fn follow(&self, tid: i64, path: &[u8]) -> Option<Vec<u8>> {
        let mut at = path.to_vec();
        for links in 0..=MAX_LINKS {
            let directory = paths::directory(&at);
            let held = self.open_directory(tid, directory)?;
            match read_link(&held, paths::filename(&at)) {
                Some(target) if target.starts_with(b"/") => at = target,
                Some(target) => at = [directory, b"/", &target].concat(),
                None if links == 0 => return None,
                None => return Some(at),
            }
        }
        None
    }

    /// As the thread sees it, or as the host does once a thread of the host is gone.
    fn open_directory(&self, tid: i64, path: &[u8]) -> Option<OwnedFd> {
        open_below(&format!("/proc/{tid}/root"), path)
            .or_else(|| if self.on_host { open_below("/", path) } else { None })
    }

    fn directory(&mut self, tid: i64, directory: &[u8]) -> Option<Vec<u8>> {
        if let Some((of, given, real, when)) = &self.last
            && *of == tid
            && given == directory
            && when.elapsed() < FRESH
        {
            return Some(real.clone());
        }
        let real = name_of(&self.open_directory(tid, directory)?)?;
        self.last = Some((tid, directory.to_vec(), real.clone(), Instant::now()));
        Some(real)
    }
}

/// Given names of the event's path parameters.
pub fn given_names(ctx: &Ctx<'_>) -> Vec<(u8, Vec<u8>)> {
    paths::path_params(ctx.event.id)
        .iter()
        .filter_map(|param| Some((*param, paths::given(ctx, usize::from(*param))?.to_vec())))
        .collect()
}

/// A directory below `root`, which no link leaves.
fn open_below(root: &str, path: &[u8]) -> Option<OwnedFd> {
    let root = open_path(libc::AT_FDCWD, &CString::new(root).ok()?, 0)?;
    open_path(root.as_raw_fd(), &CString::new(path).ok()?, RESOLVE_IN_ROOT)
}

/// By the names of the sensor's mount namespace.
fn name_of(directory: &OwnedFd) -> Option<Vec<u8>> {
    let name = std::fs::read_link(format!("/proc/self/fd/{}", directory.as_raw_fd())).ok()?;
    Some(name.into_os_string().into_vec())
}

/// What a link in `directory` says.
fn read_link(directory: &OwnedFd, name: &[u8]) -> Option<Vec<u8>> {
    let (name, mut text) = (CString::new(name).ok()?, vec![0; libc::PATH_MAX as usize]);
    // SAFETY: the name is NUL-terminated and `text` has the length that is told.
    let len = unsafe { libc::readlinkat(directory.as_raw_fd(), name.as_ptr(), text.as_mut_ptr().cast(), text.len()) };
    text.truncate(usize::try_from(len).ok().filter(|len| *len > 0)?);
    Some(text)
}

fn open_path(at: i32, path: &CString, resolve: u64) -> Option<OwnedFd> {
    // SAFETY: `open_how` is plain data; zeros are its default (openat2(2)).
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (libc::O_PATH | libc::O_DIRECTORY | libc::O_CLOEXEC) as u64;
    how.resolve = resolve;
    // SAFETY: the path is NUL-terminated and `how` lives through the call.
    let fd =
        unsafe { libc::syscall(libc::SYS_openat2, at, path.as_ptr(), &raw const how, size_of::<libc::open_how>()) };
    // SAFETY: a fresh descriptor that nobody else owns.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;

    fn scratch_directory(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("yarak-racy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("real")).unwrap();
        let _ = std::fs::remove_file(dir.join("link"));
        std::os::unix::fs::symlink("real", dir.join("link")).unwrap();
        dir
    }

    #[test]
    fn a_linked_directory_has_its_real_name() {
        let dir = scratch_directory("parent");
        let me = i64::from(std::process::id());
        let given = dir.join("link/gone");
        let real = Resolver::default().real_name(me, given.as_os_str().as_bytes(), false);
        let want = std::fs::canonicalize(&dir).unwrap().join("real/gone");
        assert_eq!(real.as_deref(), Some(want.as_os_str().as_bytes()));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn links_at_the_end_are_followed_where_the_call_does() {
        let dir = scratch_directory("follow");
        let me = i64::from(std::process::id());
        std::os::unix::fs::symlink("link/last", dir.join("first")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.join("real/last")).unwrap();
        let given = dir.join("first");
        let name = |follows| Resolver::default().real_name(me, given.as_os_str().as_bytes(), follows);
        assert_eq!(name(true).as_deref(), Some(b"/etc/passwd".as_slice()));
        let itself = std::fs::canonicalize(&dir).unwrap().join("first");
        assert_eq!(name(false).as_deref(), Some(itself.as_os_str().as_bytes()));
        std::fs::remove_file(dir.join("first")).unwrap();
        std::os::unix::fs::symlink("first", dir.join("first")).unwrap();
        assert_eq!(name(true).as_deref(), Some(itself.as_os_str().as_bytes()), "a link to itself leads nowhere");
        std::fs::remove_file(dir.join("first")).unwrap();
        std::os::unix::fs::symlink("real/..", dir.join("first")).unwrap();
        assert_eq!(name(true), std::fs::canonicalize(&dir).ok().map(|real| real.into_os_string().into_vec()));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_thread_that_is_gone_has_the_hosts_names_or_none() {
        let gone = i64::from(i32::MAX);
        assert_eq!(Resolver::default().real_name(gone, b"/etc/passwd", false), None);
        let mut on_host = Resolver { on_host: true, ..Resolver::default() };
        assert_eq!(on_host.real_name(gone, b"/etc/passwd", false).as_deref(), Some(b"/etc/passwd".as_slice()));
    }
}
