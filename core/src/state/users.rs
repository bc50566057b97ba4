//! Names of users and groups: the host's, and each container's own.

use std::cell::{Cell, RefCell};
use std::ffi::CStr;
use std::fs;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use bumpalo::Bump;
use hashbrown::HashMap;

/// The files are looked at for changes at most this often.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Largest file read, bytes; a container chooses its files' size.
const FILE_MAX: u64 = 4 << 20;

/// Users and groups that a capture may add per container or host.
const PRINCIPALS_MAX: usize = 1 << 18;

/// Container tables kept; the oldest checked goes first.
const CONTAINERS_MAX: usize = 1024;

/// One line of passwd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User<'a> {
    pub name: &'a [u8],
    pub home: &'a [u8],
    pub shell: &'a [u8],
}

/// While a container's files have not been found they are looked for again after this time: its first processes
/// still have the host's root, and short-lived ones are gone before they can be asked.
const RETRY_EVERY: Duration = Duration::from_millis(20);

/// Processes of a container that may be asked for its root.
pub const WITNESSES: usize = 4;

/// Whose files answer: the host's, or those below the root of one of a container's processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Realm<'a> {
    Host,
    /// The processes to ask, in this order; 0 is none.
    Container {
        id: &'a str,
        pids: [i64; WITNESSES],
    },
}

/// Where names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Files,
    /// No file is read, whoever's: the host's table answers for everybody.
    Fixed,
    /// A capture's lists and events; containers go by their short ids.
    Capture,
}

/// Digits of a container id in a capture's events.
const SHORT_ID: usize = 12;

/// Look-ups by id; reads what it needs, when it needs it.
#[derive(Debug)]
pub struct Users {
    root: PathBuf,
    source: Source,
    host: RefCell<Table>,
    containers: RefCell<HashMap<Box<str>, Table>>,
    forgotten: Cell<u64>,
}

impl Users {
    /// `root` is the directory that holds `etc/passwd`, normally `/`.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.into(),
            source: Source::Files,
            host: RefCell::default(),
            containers: RefCell::default(),
            forgotten: Cell::new(0),
        }
    }

    /// The users and groups of these texts, on the host and in every container; no file is read.
    pub fn fixed(passwd: &[u8], group: &[u8]) -> Self {
        let table = Table {
            users: passwd_lines(passwd).map(kept).collect(),
            groups: group_lines(group).map(|(gid, name)| (gid, name.into())).collect(),
            ..Table::default()
        };
        Self { source: Source::Fixed, host: RefCell::new(table), ..Self::new(Path::new("")) }
    }

    /// Nobody yet; no file is read.
    pub fn captured() -> Self {
        Self { source: Source::Capture, ..Self::new(Path::new("")) }
    }

    /// Containers whose table gave way to another's.
    pub fn forgotten(&self) -> u64 {
        self.forgotten.get()
    }

    /// Takes in a user of a container, or of the host if `container` is empty: name, home and shell.
    pub fn add_user(&mut self, container: &str, uid: u32, [name, home, shell]: [&[u8]; 3]) {
        let line = [name, b"\0", home, b"\0", shell].concat();
        if let Some(table) = self.table_mut(container) {
            table.users.insert(uid, line.into());
        }
    }

    /// Takes in a group of a container, or of the host.
    pub fn add_group(&mut self, container: &str, gid: u32, name: &[u8]) {
        if let Some(table) = self.table_mut(container) {
            table.groups.insert(gid, name.into());
        }
    }

    pub fn remove_user(&mut self, container: &str, uid: u32) {
        if let Some(table) = self.table_mut(container) {
            table.users.remove(&uid);
        }
    }

    pub fn remove_group(&mut self, container: &str, gid: u32) {
        if let Some(table) = self.table_mut(container) {
            table.groups.remove(&gid);
        }
    }

    /// A table with room for one more.
    fn table_mut(&mut self, container: &str) -> Option<&mut Table> {
        let table = if container.is_empty() {
            self.host.get_mut()
        } else {
            let tables = self.containers.get_mut();
            if !tables.contains_key(container) {
                make_room(tables, &self.forgotten);
            }
            tables.entry(container.into()).or_default()
        };
        (table.users.len() + table.groups.len() < PRINCIPALS_MAX).then_some(table)
    }

    /// The user with this id, copied into the arena.
    pub fn user<'a>(&self, realm: Realm<'_>, uid: u32, arena: &'a Bump) -> Option<User<'a>> {
        self.with(realm, |table| {
            table.users.get(&uid).map(|line| User {
                name: arena.alloc_slice_copy(field(line, 0)),
                home: arena.alloc_slice_copy(field(line, 1)),
                shell: arena.alloc_slice_copy(field(line, 2)),
            })
        })
    }

    /// The name of the group with this id.
    pub fn group<'a>(&self, realm: Realm<'_>, gid: u32, arena: &'a Bump) -> Option<&'a [u8]> {
        self.with(realm, |table| table.groups.get(&gid).map(|name| &*arena.alloc_slice_copy(name)))
    }

    fn with<R>(&self, realm: Realm<'_>, read: impl FnOnce(&Table) -> Option<R>) -> Option<R> {
        match realm {
            _ if self.source == Source::Fixed => read(&self.host.borrow()),
            Realm::Host if self.source == Source::Capture => read(&self.host.borrow()),
            Realm::Container { id, .. } if self.source == Source::Capture => {
                read(self.containers.borrow().get(id.get(..SHORT_ID).unwrap_or(id))?)
            }
            Realm::Host => {
                let mut table = self.host.borrow_mut();
                table.refresh(|| Some(self.root.clone()));
                read(&table)
            }
            Realm::Container { id, pids } => {
                let mut tables = self.containers.borrow_mut();
                if !tables.contains_key(id) {
                    make_room(&mut tables, &self.forgotten);
                    tables.insert(id.into(), Table::default());
                }
                let table = tables.get_mut(id)?;
                table.refresh(|| pids.into_iter().filter(|pid| *pid > 0).find_map(container_root));
                read(table)
            }
        }
    }
}

fn make_room(tables: &mut HashMap<Box<str>, Table>, forgotten: &Cell<u64>) {
    if tables.len() < CONTAINERS_MAX {
        return;
    }
    let oldest = tables.iter().min_by_key(|(_, table)| table.checked).map(|(id, _)| id.clone());
    if let Some(id) = oldest {
        tables.remove(&id);
        forgotten.set(forgotten.get() + 1);
    }
}

/// A container's root as one of its processes has it; `None` while that process still has the host's.
fn container_root(pid: i64) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let root = PathBuf::from(format!("/proc/{pid}/root"));
    let (inside, host) = (fs::metadata(&root).ok()?, fs::metadata("/").ok()?);
    ((inside.dev(), inside.ino()) != (host.dev(), host.ino())).then_some(root)
}

/// What one passwd and one group file say.
#[derive(Debug, Default)]
struct Table {
    checked: Option<Instant>,
    passwd: Stamp,
    group: Stamp,
    /// name NUL home NUL shell
    users: HashMap<u32, Box<[u8]>>,
    groups: HashMap<u32, Box<[u8]>>,
}

/// Modification time and length; a different pair is a different file content.
type Stamp = Option<(SystemTime, u64)>;

impl Table {
    /// Reads the files again if they changed; keeps what it has where `root` gives nothing.
    fn refresh(&mut self, root: impl FnOnce() -> Option<PathBuf>) {
        let pause = if self.passwd.is_some() { CHECK_EVERY } else { RETRY_EVERY };
        if self.checked.is_some_and(|at| at.elapsed() < pause) {
            return;
        }
        self.checked = Some(Instant::now());
        let Some(root) = root() else { return };
        if let Some(text) = changed(&root, c"etc/passwd", &mut self.passwd) {
            self.users = passwd_lines(&text).map(kept).collect();
        }
        if let Some(text) = changed(&root, c"etc/group", &mut self.group) {
            self.groups = group_lines(&text).map(|(gid, name)| (gid, name.into())).collect();
        }
    }
}

/// The file's content if its stamp differs from the one given, which is updated.
fn changed(root: &Path, name: &CStr, stamp: &mut Stamp) -> Option<Vec<u8>> {
    let file = open_inside(root, name)?;
    let meta = file.metadata().ok().filter(|m| m.is_file() && m.len() <= FILE_MAX)?;
    let now = Some((meta.modified().ok()?, meta.len()));
    if now == *stamp {
        return None;
    }
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, FILE_MAX), &mut text).ok()?;
    *stamp = now;
    Some(text)
}

/// Opens `name` with `root` as the root of every link on the way: a container chooses its links, and
/// none of them may lead to the host's files. A FIFO must not block.
fn open_inside(root: &Path, name: &CStr) -> Option<fs::File> {
    let dir = fs::File::open(root).ok()?;
    let mut how = unsafe { std::mem::zeroed::<libc::open_how>() };
    how.flags = (libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC | libc::O_NOCTTY) as u64;
    how.resolve = libc::RESOLVE_IN_ROOT | libc::RESOLVE_NO_MAGICLINKS;
    let size = std::mem::size_of::<libc::open_how>();
    let fd = unsafe { libc::syscall(libc::SYS_openat2, dir.as_raw_fd(), name.as_ptr(), &how, size) };
    (fd >= 0).then(|| unsafe { fs::File::from_raw_fd(fd as i32) })
}

/// A line of passwd with its ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswdLine<'a> {
    pub uid: u32,
    pub gid: u32,
    pub user: User<'a>,
}

/// The lines of a passwd file that are well formed.
pub fn passwd_lines(text: &[u8]) -> impl Iterator<Item = PasswdLine<'_>> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let mut parts = line.split(|b| *b == b':');
        let (name, uid) = (parts.next()?, number(parts.nth(1)?)?);
        let gid = number(parts.next()?).unwrap_or(u32::MAX);
        let (home, shell) = (parts.nth(1)?, parts.next().unwrap_or_default());
        Some(PasswdLine { uid, gid, user: User { name, home, shell } })
    })
}

/// Id and name of the groups in a group file.
pub fn group_lines(text: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    text.split(|b| *b == b'\n').filter_map(|line| {
        let mut parts = line.split(|b| *b == b':');
        let (name, gid) = (parts.next()?, number(parts.nth(1)?)?);
        Some((gid, name))
    })
}

fn kept(line: PasswdLine<'_>) -> (u32, Box<[u8]>) {
    let User { name, home, shell } = line.user;
    (line.uid, [name, b"\0", home, b"\0", shell].concat().into())
}

fn number(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn field(line: &[u8], index: usize) -> &[u8] {
    line.split(|b| *b == 0).nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_with(passwd: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("users-{}-{:?}", std::process::id(), std::thread::current().id()));
        fs::create_dir_all(dir.join("etc")).expect("a directory for the test");
        fs::write(dir.join("etc/passwd"), passwd).expect("passwd");
        fs::write(dir.join("etc/group"), "root:x:0:\nstaff:x:50:ann,bob\n").expect("group");
        dir
    }

    #[test]
    fn names_come_from_the_files() {
        let root = root_with("root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/zsh\nbroken\n");
        let (users, arena) = (Users::new(&root), Bump::new());
        let ann = users.user(Realm::Host, 1000, &arena);
        assert_eq!(ann, Some(User { name: b"ann", home: b"/home/ann", shell: b"/bin/zsh" }));
        assert_eq!(users.user(Realm::Host, 7, &arena), None);
        assert_eq!(users.group(Realm::Host, 50, &arena), Some(&b"staff"[..]));
        fs::remove_dir_all(root).expect("clean up");
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let root = root_with("ann:x:1000:1000::/home/ann:/bin/zsh\n");
        let (users, arena) = (Users::new(&root), Bump::new());
        assert!(users.user(Realm::Host, 1000, &arena).is_some());
        fs::write(root.join("etc/passwd"), "bob:x:1001:1001::/home/bob:/bin/sh\n").expect("passwd");
        users.host.borrow_mut().checked = None;
        assert!(users.user(Realm::Host, 1001, &arena).is_some());
        assert!(users.user(Realm::Host, 1000, &arena).is_none());
        fs::remove_dir_all(root).expect("clean up");
    }

    #[test]
    fn containers_beyond_the_table_are_counted() {
        let (users, arena) = (Users::new(Path::new("/nonexistent")), Bump::new());
        for number in 0..CONTAINERS_MAX + 3 {
            users.user(Realm::Container { id: &number.to_string(), pids: [0; WITNESSES] }, 0, &arena);
        }
        assert_eq!(users.forgotten(), 3);
    }

    #[test]
    fn a_process_with_the_hosts_root_is_no_source_for_a_container() {
        assert_eq!(container_root(i64::from(std::process::id())), None);
        let (users, arena) = (Users::new(Path::new("/nonexistent")), Bump::new());
        let realm = Realm::Container { id: "3ad7b26ded6d", pids: [i64::from(std::process::id()), 0, 0, 0] };
        assert_eq!(users.user(realm, 0, &arena), None);
    }
}
