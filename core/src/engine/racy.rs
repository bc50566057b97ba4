//! Real names for calls that leave no object behind (unlink, rename, mkdir, link, symlink, chmod …): the directory is
//! resolved after the fact, as the process sees it. Between the call and the look somebody may have changed a link,
//! so that such a name is evidence and no proof; the given name is compared all the same.
//!
//! Only directories are opened, and links read: to whoever else watches this host, a look at the file itself would be
//! one more program that opens it.
//!
//! Whoever the paths belong to chose the file systems on their way, and may have chosen one that never answers. So the
//! event thread takes what the kernel has in memory, and has the rest looked up by a thread that it waits for but a
//! little; without an answer in time the event has its given names alone, and that is counted.
//!
//! Where the kernel knows the name nothing allocates but in the event's arena: such calls may come by the thousand.

use super::look::{Found, View, joined, name_of};
use crate::event::{Event, PathItem};
use crate::fields::{Ctx, PathChoice, paths};
use crate::schema;
use crate::state::State;
use crate::state::patient::{Patient, Terms};
use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;
use std::time::{Duration, Instant};

/// Calls that follow a link in the last component; all others act on the link itself.
const FOLLOWS: &[&str] =
    &["chmod", "fchmodat", "chown", "fchownat", "access", "truncate", "chroot", "openat", "openat2"];
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

/// A path whose real name only a file system knows.
#[derive(Clone, PartialEq)]
struct Question {
    view: View,
    given: Vec<u8>,
    follows: bool,
}

/// Remembers the directory looked at last.
pub struct Resolver {
    last: Option<Looked>,
    patient: Patient<Question, Option<Vec<u8>>>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self { last: None, patient: Patient::new("yarak-looks", Terms::EVENTS, look_up) }
    }
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
        let on_host = state.placement_of(event).container().is_none();
        let view = View { tid: event.tid, on_host, cached: true };
        let follows = schema::event(event.id).is_some_and(|info| FOLLOWS.contains(&info.name));
        for (param, given) in given_names(event, state, arena) {
            let real = self.real_name(view, given, follows, arena).filter(|real| *real != given);
            let slots = event.ext.as_mut().map(|ext| &mut ext.real);
            if let (Some(text), Some(slot)) = (real, slots.and_then(|slots| slots.iter_mut().find(|s| s.is_none()))) {
                *slot = Some(PathItem { param, flags: 0, text });
            }
        }
    }

    /// Paths whose real name did not come in time.
    pub fn missed(&self) -> u64 {
        self.patient.missed()
    }

    fn real_name<'a>(&mut self, view: View, given: &'a [u8], follows: bool, arena: &'a Bump) -> Option<&'a [u8]> {
        if !given.starts_with(b"/") {
            return None;
        }
        let directory = |path: &[u8]| self.directory(view, path, arena);
        real_name(view, given, follows, arena, directory).unwrap_or_else(|_| {
            let view = View { cached: false, ..view };
            let real = self.patient.ask(Question { view, given: given.into(), follows })??;
            Some(arena.alloc_slice_copy(&real))
        })
    }

    fn directory<'a>(&mut self, view: View, directory: &[u8], arena: &'a Bump) -> Found<&'a [u8]> {
        let fresh = |last: &&Looked| last.tid == view.tid && last.given == directory && last.when.elapsed() < FRESH;
        if let Some(last) = self.last.as_ref().filter(fresh) {
            return Ok(Some(arena.alloc_slice_copy(&last.real)));
        }
        let Some(real) = directory_name(view, directory, arena)? else { return Ok(None) };
        let when = Instant::now();
        let last = self.last.get_or_insert_with(|| Looked { tid: view.tid, given: Vec::new(), real: Vec::new(), when });
        (last.tid, last.when) = (view.tid, when);
        refill(&mut last.given, directory);
        refill(&mut last.real, real);
        Ok(Some(real))
    }
}

/// The patient's part.
fn look_up(Question { view, given, follows }: Question) -> Option<Vec<u8>> {
    let arena = Bump::new();
    let directory = |path: &[u8]| directory_name(view, path, &arena);
    real_name(view, &given, follows, &arena, directory).ok()?.map(<[u8]>::to_vec)
}

/// `directory` gives a directory's real name.
fn real_name<'a>(
    view: View,
    given: &'a [u8],
    follows: bool,
    arena: &'a Bump,
    directory: impl FnOnce(&[u8]) -> Found<&'a [u8]>,
) -> Found<&'a [u8]> {
    let followed = if follows { follow(view, given, arena)? } else { None };
    let path = followed.unwrap_or(given);
    let (parent, name): (_, &[u8]) = match paths::filename(path) {
        b"" | b"/" | b"." | b".." => (path, b""),
        name => (paths::directory(path), name),
    };
    let Some(real) = directory(parent)? else { return Ok(None) };
    let slash: &[u8] = if real.last() != Some(&b'/') && !name.is_empty() { b"/" } else { b"" };
    Ok(Some(joined([real, slash, name], arena)))
}

/// Where a path leads whose last component is a link; as the process spells it. `None`: it is none.
fn follow<'a>(view: View, path: &'a [u8], arena: &'a Bump) -> Found<&'a [u8]> {
    let mut at = path;
    for links in 0..=MAX_LINKS {
        let directory = paths::directory(at);
        let Some(held) = view.directory(directory, arena)? else { return Ok(None) };
        match view.link(&held, paths::filename(at), arena)? {
            Some(target) if target.starts_with(b"/") => at = target,
            Some(target) => at = joined([directory, b"/", target], arena),
            None if links == 0 => return Ok(None),
            None => return Ok(Some(at)),
        }
    }
    Ok(None)
}

fn directory_name<'a>(view: View, directory: &[u8], arena: &'a Bump) -> Found<&'a [u8]> {
    Ok(view.directory(directory, arena)?.and_then(|held| name_of(&held, arena)))
}

fn refill(buffer: &mut Vec<u8>, with: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(with);
}

/// Given names of the event's path parameters.
fn given_names<'a>(event: &Event<'_>, state: &State, arena: &'a Bump) -> BumpVec<'a, (u8, &'a [u8])> {
    let ctx = Ctx::new(event, state, PathChoice::default(), arena);
    let given = |param: &u8| Some((*param, &*arena.alloc_slice_copy(paths::given(&ctx, usize::from(*param))?)));
    BumpVec::from_iter_in(paths::path_params(event.id).iter().filter_map(given), arena)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::ffi::OsStringExt;

    fn scratch_directory(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("yarak-racy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("real")).unwrap();
        let _ = std::fs::remove_file(dir.join("link"));
        std::os::unix::fs::symlink("real", dir.join("link")).unwrap();
        dir
    }

    fn real_name(view: View, given: &[u8], follows: bool) -> Option<Vec<u8>> {
        let patient = Patient::new("test", Terms::TESTS, look_up);
        Resolver { last: None, patient }.real_name(view, given, follows, &Bump::new()).map(<[u8]>::to_vec)
    }

    fn mine() -> View {
        View { tid: i64::from(std::process::id()), on_host: false, cached: true }
    }

    #[test]
    fn a_linked_directory_has_its_real_name() {
        let dir = scratch_directory("parent");
        let given = dir.join("link/gone");
        let real = real_name(mine(), given.as_os_str().as_bytes(), false);
        let want = std::fs::canonicalize(&dir).unwrap().join("real/gone");
        assert_eq!(real.as_deref(), Some(want.as_os_str().as_bytes()));
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn links_at_the_end_are_followed_where_the_call_does() {
        let dir = scratch_directory("follow");
        std::os::unix::fs::symlink("link/last", dir.join("first")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", dir.join("real/last")).unwrap();
        let given = dir.join("first");
        let name = |follows| real_name(mine(), given.as_os_str().as_bytes(), follows);
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
        let gone = View { tid: i64::from(i32::MAX), ..mine() };
        assert_eq!(real_name(gone, b"/etc/passwd", false), None);
        let on_host = View { on_host: true, ..gone };
        assert_eq!(real_name(on_host, b"/etc/passwd", false).as_deref(), Some(b"/etc/passwd".as_slice()));
    }
}
