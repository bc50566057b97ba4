//! Users and groups beyond the host's files, as the system's name service knows them (nsswitch.conf(5): LDAP, sssd …).

use std::ffi::CStr;
use std::time::Instant;

use super::passwd::{Kept, User};
use crate::state::aging::Aging;
use crate::state::aside::Aside;

const SECOND: u64 = 1_000_000_000;
/// How long an answer counts, ns.
const NAMED: u64 = 600 * SECOND;
/// Time until an id that nobody knows is asked for again, ns.
const NAMELESS: u64 = 60 * SECOND;

/// Ids kept ([`Aging`]).
const IDS_MAX: usize = 4096;
/// Questions that wait at most; further ones are not asked.
const WAITING_MAX: usize = 64;
/// Questions asked at once: a server that is silent holds one up.
const ASKERS: usize = 2;

/// Bytes that one entry may take; a group's members are in it.
const ENTRY_MAX: usize = 1 << 20;

/// Who answers.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    pub user: fn(u32) -> Option<Kept>,
    pub group: fn(u32) -> Option<Box<[u8]>>,
}

/// The system's own.
pub const SYSTEM: Service = Service { user: system_user, group: system_group };

#[derive(Debug)]
pub struct Directory {
    users: Known<Kept>,
    groups: Known<Box<[u8]>>,
    born: Instant,
}

impl Directory {
    pub fn new(service: Service) -> Self {
        Self { users: Known::new(service.user), groups: Known::new(service.group), born: Instant::now() }
    }

    /// Answers forgotten before their time.
    pub fn forgotten(&self) -> u64 {
        self.users.entries.forgotten() + self.groups.entries.forgotten()
    }

    /// The user, if an answer is there; else it is asked for.
    pub fn user(&mut self, uid: u32) -> Option<User<'_>> {
        self.users.get(uid, self.born.elapsed().as_nanos() as u64).map(Kept::user)
    }

    /// The group's name, likewise.
    pub fn group(&mut self, gid: u32) -> Option<&[u8]> {
        self.groups.get(gid, self.born.elapsed().as_nanos() as u64).map(AsRef::as_ref)
    }
}

/// Answers by id; `None` for an id that nobody knows or that is being asked for.
#[derive(Debug)]
struct Known<T> {
    entries: Aging<u32, Option<T>>,
    service: fn(u32) -> Option<T>,
    asked: Option<Aside<u32, (u32, Option<T>)>>,
}

impl<T: Send + 'static> Known<T> {
    fn new(service: fn(u32) -> Option<T>) -> Self {
        Self { entries: Aging::new(IDS_MAX), service, asked: None }
    }

    fn get(&mut self, id: u32, now: u64) -> Option<&T> {
        while let Some((id, answer)) = self.asked.as_ref().and_then(Aside::answer) {
            let life = if answer.is_some() { NAMED } else { NAMELESS };
            self.entries.keep(id, answer, now, life);
        }
        if self.entries.get(&id, now).is_none() {
            let service = self.service;
            let start = || Aside::start("yarak-users", ASKERS, WAITING_MAX, move |id| (id, service(id)));
            if self.asked.get_or_insert_with(start).ask(id) {
                self.entries.keep(id, None, now, NAMELESS);
            }
        }
        self.entries.get(&id, now)?.as_ref()
    }
}

fn system_user(uid: u32) -> Option<Kept> {
    // SAFETY: `look_up` gives an entry, a buffer of that length and a place for the result.
    let ask = |entry: &mut _, buffer, len, found: &mut _| unsafe { libc::getpwuid_r(uid, entry, buffer, len, found) };
    look_up(ask, |entry: &libc::passwd| {
        // SAFETY: the entry was found, so that its strings are in the buffer, which is still there.
        let (name, home, shell) = unsafe { (text(entry.pw_name), text(entry.pw_dir), text(entry.pw_shell)) };
        User { name, home, shell }.into()
    })
}

fn system_group(gid: u32) -> Option<Box<[u8]>> {
    // SAFETY: as above.
    let ask = |entry: &mut _, buffer, len, found: &mut _| unsafe { libc::getgrgid_r(gid, entry, buffer, len, found) };
    // SAFETY: as above.
    look_up(ask, |entry: &libc::group| unsafe { text(entry.gr_name) }.into())
}

/// Asks with a larger and larger buffer.
fn look_up<E, T>(
    ask: impl Fn(&mut E, *mut libc::c_char, usize, &mut *mut E) -> libc::c_int,
    read: impl Fn(&E) -> T,
) -> Option<T> {
    let mut buffer = vec![0; 1024];
    loop {
        // SAFETY: entries are numbers and pointers, which are read only once the call has set them.
        let (mut entry, mut found): (E, _) = (unsafe { std::mem::zeroed() }, std::ptr::null_mut());
        match ask(&mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found) {
            0 => return (!found.is_null()).then(|| read(&entry)),
            libc::ERANGE if buffer.len() < ENTRY_MAX => buffer.resize(buffer.len() * 4, 0),
            _ => return None,
        }
    }
}

/// # Safety
/// A string that ends with NUL, and lives as long as the caller says, or null.
unsafe fn text<'a>(string: *const libc::c_char) -> &'a [u8] {
    if string.is_null() { b"" } else { unsafe { CStr::from_ptr(string) }.to_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn wait_for<T>(mut ask: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(answer) = ask() {
                return answer;
            }
            assert!(Instant::now() < deadline, "no answer came");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn ids_are_asked_for_aside() {
        let user = |uid| (uid == 7).then(|| User { name: b"ann", home: b"/h", shell: b"/s" }.into());
        let group = |gid| (gid == 7).then(|| b"staff"[..].into());
        let mut directory = Directory::new(Service { user, group });
        assert!(directory.user(7).is_none() && directory.group(7).is_none());
        assert_eq!(wait_for(|| directory.user(7).map(|user| user.home.to_vec())), b"/h");
        assert_eq!(wait_for(|| directory.group(7).map(<[u8]>::to_vec)), b"staff");
        assert!(directory.user(8).is_none() && directory.group(8).is_none());
    }

    #[test]
    fn a_service_that_is_silent_keeps_nobody_waiting() {
        let mut known = Known::new(|id: u32| {
            std::thread::sleep(Duration::from_millis(if id == 1 { 50 } else { 0 }));
            Some(id)
        });
        assert_eq!(known.get(1, 0), None);
        assert_eq!(wait_for(|| known.get(2, 0).copied()), 2);
        assert_eq!(wait_for(|| known.get(1, 0).copied()), 1);
    }

    #[test]
    fn answers_are_asked_for_again() {
        let mut known = Known::new(|id: u32| (id < 10).then_some(id));
        assert_eq!(wait_for(|| known.get(1, 0).copied()), 1);
        assert!(known.entries.get(&1, NAMED - 1).is_some() && known.entries.get(&1, NAMED).is_none());
        assert_eq!(known.get(11, 0), None);
        assert!(known.entries.get(&11, NAMELESS - 1).is_some() && known.entries.get(&11, NAMELESS).is_none());
    }

    #[test]
    fn the_system_knows_the_superuser() {
        assert_eq!(system_user(0).map(|kept| kept.user().name.to_vec()).as_deref(), Some(&b"root"[..]));
        assert_eq!(system_group(0).as_deref(), Some(&b"root"[..]));
        assert_eq!(system_user(4_242_424_242), None);
    }
}
