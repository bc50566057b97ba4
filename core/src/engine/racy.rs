//! Real names for calls that leave no object behind (unlink, rename, mkdir, link, symlink, chmod …): the directory is
//! resolved after the fact, as the process sees it. Between the call and the look somebody may have changed a link,
//! so that such a name is evidence and no proof; the given name is compared all the same.
//!
//! Only directories are opened, and links read: to whoever else watches this host, a look at the file itself would be
//! one more program that opens it.

//!
//! Nothing here allocates but in the event's arena: such calls may come by the thousand.

use crate::event::{Event, PathItem};
use crate::fields::{Ctx, PathChoice, paths};
use crate::schema;
use crate::state::State;
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
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

/// A directory that was looked at.
struct Looked {
    tid: i64,
    given: Vec<u8>,
    real: Vec<u8>,
    when: Instant,
}

/// Remembers the directory looked at last.
#[derive(Default)]
pub struct Resolver {
    on_host: bool,
    last: Option<Looked>,
}

impl Resolver {
    /// The sensor told no real name and there may be one to find.
    pub fn applies(event: &Event<'_>) -> bool {
        event.ext.as_ref().is_some_and(|ext| ext.real[0].is_none())
            && !paths::path_params(event.id).is_empty()
            && schema::event(event.id).is_some_and(|info| info.program == "simple" || event.result_unknown())
    }

    /// Adds real names of the event's path parameters where they are not the given ones.
    pub fn enrich<'a>(&mut self, event: &mut Event<'a>, state: &State, arena: &'a Bump) {
        // A process that saw the host's files: they are looked at where it is gone already.
        self.on_host = state.placement_of(event).container().is_none();
        let follows = schema::event(event.id).is_some_and(|info| FOLLOWS.contains(&info.name));
        for (param, given) in given_names(event, state, arena) {
            let real = self.real_name(event.tid, given, follows, arena).filter(|real| *real != given);
            let slots = event.ext.as_mut().map(|ext| &mut ext.real);
            if let (Some(text), Some(slot)) = (real, slots.and_then(|slots| slots.iter_mut().find(|s| s.is_none()))) {
                *slot = Some(PathItem { param, flags: 0, text });
            }
        }
    }

    fn real_name<'a>(&mut self, tid: i64, given: &'a [u8], follows: bool, arena: &'a Bump) -> Option<&'a [u8]> {
        if !given.starts_with(b"/") {
            return None;
        }
        let followed = if follows { self.follow(tid, given, arena) } else { None };
        let path = followed.unwrap_or(given);
        let (directory, name): (_, &[u8]) = match paths::filename(path) {
            b"" | b"/" | b"." | b".." => (path, b""),
            name => (paths::directory(path), name),
        };
        let real = self.directory(tid, directory, arena)?;
        let slash: &[u8] = if real.last() != Some(&b'/') && !name.is_empty() { b"/" } else { b"" };
        Some(joined([real, slash, name], arena))
    }

    /// Where a path leads whose last component is a link; as the process spells it. `None`: it is none.
    fn follow<'a>(&self, tid: i64, path: &'a [u8], arena: &'a Bump) -> Option<&'a [u8]> {
        let mut at = path;
        for links in 0..=MAX_LINKS {
            let directory = paths::directory(at);
            let held = self.open_directory(tid, directory, arena)?;
            match read_link(held.as_raw_fd(), c_text(paths::filename(at), arena)?, arena) {
                Some(target) if target.starts_with(b"/") => at = target,
                Some(target) => at = joined([directory, b"/", target], arena),
                None if links == 0 => return None,
                None => return Some(at),
            }
        }
        None
    }

    /// As the thread sees it, or as the host does once a thread of the host is gone.
    fn open_directory(&self, tid: i64, path: &[u8], arena: &Bump) -> Option<OwnedFd> {
        let root = bumpalo::format!(in arena, "/proc/{}/root", tid);
        open_below(root.as_bytes(), path, arena)
            .or_else(|| if self.on_host { open_below(b"/", path, arena) } else { None })
    }

    fn directory<'a>(&mut self, tid: i64, directory: &[u8], arena: &'a Bump) -> Option<&'a [u8]> {
        let fresh = |last: &&Looked| last.tid == tid && last.given == directory && last.when.elapsed() < FRESH;
        if let Some(last) = self.last.as_ref().filter(fresh) {
            return Some(arena.alloc_slice_copy(&last.real));
        }
        let real = name_of(&self.open_directory(tid, directory, arena)?, arena)?;
        let when = Instant::now();
        let last = self.last.get_or_insert_with(|| Looked { tid, given: Vec::new(), real: Vec::new(), when });
        (last.tid, last.when) = (tid, when);
        refill(&mut last.given, directory);
        refill(&mut last.real, real);
        Some(real)
    }
}

fn refill(buffer: &mut Vec<u8>, with: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(with);
}

fn joined<'a>(parts: [&[u8]; 3], arena: &'a Bump) -> &'a [u8] {
    let mut out = BumpVec::with_capacity_in(parts.iter().map(|part| part.len()).sum(), arena);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out.into_bump_slice()
}

fn c_text<'a>(text: &[u8], arena: &'a Bump) -> Option<&'a CStr> {
    CStr::from_bytes_with_nul(joined([text, b"\0", b""], arena)).ok()
}

/// Given names of the event's path parameters.
fn given_names<'a>(event: &Event<'_>, state: &State, arena: &'a Bump) -> BumpVec<'a, (u8, &'a [u8])> {
    let ctx = Ctx::new(event, state, PathChoice::default(), arena);
    let given = |param: &u8| Some((*param, &*arena.alloc_slice_copy(paths::given(&ctx, usize::from(*param))?)));
    BumpVec::from_iter_in(paths::path_params(event.id).iter().filter_map(given), arena)
}

/// A directory below `root`, which no link leaves.
fn open_below(root: &[u8], path: &[u8], arena: &Bump) -> Option<OwnedFd> {
    let root = open_path(libc::AT_FDCWD, c_text(root, arena)?, 0)?;
    open_path(root.as_raw_fd(), c_text(path, arena)?, RESOLVE_IN_ROOT)
}

/// By the names of the sensor's mount namespace.
fn name_of<'a>(directory: &OwnedFd, arena: &'a Bump) -> Option<&'a [u8]> {
    let link = bumpalo::format!(in arena, "/proc/self/fd/{}", directory.as_raw_fd());
    read_link(libc::AT_FDCWD, c_text(link.as_bytes(), arena)?, arena)
}

/// What a link in `directory` says.
fn read_link<'a>(directory: i32, name: &CStr, arena: &'a Bump) -> Option<&'a [u8]> {
    let text = arena.alloc_slice_fill_copy(libc::PATH_MAX as usize, 0_u8);
    // SAFETY: the name is NUL-terminated and `text` has the length that is told.
    let len = unsafe { libc::readlinkat(directory, name.as_ptr(), text.as_mut_ptr().cast(), text.len()) };
    text.get(..usize::try_from(len).ok().filter(|len| *len > 0)?)
}

fn open_path(at: i32, path: &CStr, resolve: u64) -> Option<OwnedFd> {
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
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::ffi::OsStrExt;

    fn scratch_directory(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("yarak-racy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("real")).unwrap();
        let _ = std::fs::remove_file(dir.join("link"));
        std::os::unix::fs::symlink("real", dir.join("link")).unwrap();
        dir
    }

    fn real_name(resolver: &mut Resolver, tid: i64, given: &[u8], follows: bool) -> Option<Vec<u8>> {
        resolver.real_name(tid, given, follows, &Bump::new()).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_linked_directory_has_its_real_name() {
        let dir = scratch_directory("parent");
        let me = i64::from(std::process::id());
        let given = dir.join("link/gone");
        let real = real_name(&mut Resolver::default(), me, given.as_os_str().as_bytes(), false);
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
        let name = |follows| real_name(&mut Resolver::default(), me, given.as_os_str().as_bytes(), follows);
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
        assert_eq!(real_name(&mut Resolver::default(), gone, b"/etc/passwd", false), None);
        let mut on_host = Resolver { on_host: true, ..Resolver::default() };
        assert_eq!(real_name(&mut on_host, gone, b"/etc/passwd", false).as_deref(), Some(b"/etc/passwd".as_slice()));
    }
}
