//! Names of users and groups: the host's, and each container's own.
//!
//! Live, nothing is read while an event is handled: a container chooses its file systems, and one that is silent must
//! not blind the watcher. Files are looked at and the name service is asked aside; what they say counts from then on.

mod directory;
mod files;
mod passwd;
mod watch;

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::time::Instant;

use bumpalo::Bump;
use hashbrown::HashMap;

pub use passwd::{User, group_lines, passwd_lines};

use directory::{Directory, Service};
use files::{News, Stamps};
use passwd::{Groups, Kept, groups_of, users_of};
use watch::Watch;

/// Users and groups that a capture may add, of host and containers together.
pub const PRINCIPALS_MAX: usize = 1 << 18;

/// Container tables kept; the oldest checked goes first.
pub const CONTAINERS_MAX: usize = 1024;

/// Bytes of all of them; a container chooses what its files say.
const CONTAINERS_BYTES_MAX: usize = 128 << 20;

/// What an entry takes beside its text: its place in a map that may be half empty, and the allocator's share.
const ENTRY_BYTES: usize = 80;

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
#[derive(Debug)]
enum Source {
    /// The host's files as they were in the beginning.
    Files,
    /// Files and name service, as of now.
    Live(Box<RefCell<Live>>),
    /// No file is read, whoever's: the host's table answers for everybody.
    Fixed,
    /// A capture's lists and events; containers go by their short ids.
    Capture,
}

#[derive(Debug)]
struct Live {
    watch: Watch,
    directory: Option<Directory>,
}

/// Digits of a container id in a capture's events.
const SHORT_ID: usize = 12;

/// Look-ups by id.
#[derive(Debug)]
pub struct Users {
    root: PathBuf,
    source: Source,
    host: RefCell<Table>,
    containers: RefCell<Tables>,
    /// Users and groups that a capture added.
    added: usize,
    forgotten: Cell<u64>,
}

impl Users {
    /// `root` is the directory that holds `etc/passwd`, normally `/`.
    pub fn new(root: &Path) -> Self {
        let users = Self::empty(Source::Files);
        users.host.borrow_mut().take(files::news(root, Stamps::default()));
        Self { root: root.into(), ..users }
    }

    /// The users and groups of these texts, on the host and in every container; no file is read.
    pub fn fixed(passwd: &[u8], group: &[u8]) -> Self {
        let table = Table { users: users_of(passwd), groups: groups_of(group), ..Table::default() };
        Self { host: RefCell::new(table), ..Self::empty(Source::Fixed) }
    }

    /// Nobody yet; no file is read.
    pub fn captured() -> Self {
        Self::empty(Source::Capture)
    }

    fn empty(source: Source) -> Self {
        Self {
            root: PathBuf::new(),
            source,
            host: RefCell::default(),
            containers: RefCell::default(),
            added: 0,
            forgotten: Cell::new(0),
        }
    }

    /// From now on files are followed, those of containers too, and the system's name service is asked for what the
    /// host's files do not have, if they are the system's own.
    pub fn follow(&mut self) {
        self.follow_by((self.root == Path::new("/")).then_some(directory::SYSTEM));
    }

    fn follow_by(&mut self, service: Option<Service>) {
        let live = Live { watch: Watch::new(&self.root), directory: service.map(Directory::new) };
        self.source = Source::Live(Box::new(RefCell::new(live)));
    }

    /// Has the host's files looked at if that is due; to be called every now and then.
    pub fn refresh(&self) {
        let Source::Live(live) = &self.source else { return };
        let mut live = live.borrow_mut();
        self.take_news(&mut live.watch);
        live.watch.host(&mut self.host.borrow_mut());
    }

    /// A container has a new process: its files may be asked for soon, and the process may be gone by then.
    pub fn expect(&self, realm: Realm<'_>) {
        let (Source::Live(live), Realm::Container { id, pids }) = (&self.source, realm) else { return };
        self.with_container(&mut live.borrow_mut().watch, id, pids, |_| None::<()>);
    }

    /// Tables of containers that gave way to others, users and groups that there was no room for, and answers of the name
    /// service that gave way.
    pub fn forgotten(&self) -> u64 {
        let directory = match &self.source {
            Source::Live(live) => live.borrow().directory.as_ref().map_or(0, Directory::forgotten),
            _ => 0,
        };
        self.forgotten.get() + directory
    }

    /// Takes in a user of a container, or of the host if `container` is empty: name, home and shell.
    pub fn add_user(&mut self, container: &str, uid: u32, [name, home, shell]: [&[u8]; 3]) {
        self.change(container, |table| drop(table.users.insert(uid, User { name, home, shell }.into())));
    }

    /// Takes in a group of a container, or of the host.
    pub fn add_group(&mut self, container: &str, gid: u32, name: &[u8]) {
        self.change(container, |table| drop(table.groups.insert(gid, name.into())));
    }

    pub fn remove_user(&mut self, container: &str, uid: u32) {
        self.change(container, |table| drop(table.users.remove(&uid)));
    }

    pub fn remove_group(&mut self, container: &str, gid: u32) {
        self.change(container, |table| drop(table.groups.remove(&gid)));
    }

    /// Changes a table, if there is room for one entry more.
    fn change(&mut self, container: &str, change: impl FnOnce(&mut Table)) {
        if self.added >= PRINCIPALS_MAX {
            self.forgotten.set(self.forgotten.get() + 1);
            return;
        }
        let table = if container.is_empty() {
            self.host.get_mut()
        } else {
            let tables = self.containers.get_mut();
            if !tables.contains_key(container) {
                self.added -= make_room(tables, &self.forgotten);
            }
            tables.entry(container.into()).or_default()
        };
        let before = table.len();
        change(table);
        self.added = self.added + table.len() - before;
    }

    /// The user with this id, copied into the arena.
    pub fn user<'a>(&self, realm: Realm<'_>, uid: u32, arena: &'a Bump) -> Option<User<'a>> {
        let copied = |user: User<'_>| User {
            name: arena.alloc_slice_copy(user.name),
            home: arena.alloc_slice_copy(user.home),
            shell: arena.alloc_slice_copy(user.shell),
        };
        let read = |table: &Table| table.users.get(&uid).map(|kept| copied(kept.user()));
        self.with(realm, read, |directory| directory.user(uid).map(copied))
    }

    /// The name of the group with this id.
    pub fn group<'a>(&self, realm: Realm<'_>, gid: u32, arena: &'a Bump) -> Option<&'a [u8]> {
        let copied = |name: &[u8]| &*arena.alloc_slice_copy(name);
        let read = |table: &Table| table.groups.get(&gid).map(|name| copied(name));
        self.with(realm, read, |directory| directory.group(gid).map(copied))
    }

    /// Reads the realm's table, then the directory where the host's files have nothing.
    fn with<R>(
        &self,
        realm: Realm<'_>,
        read: impl FnOnce(&Table) -> Option<R>,
        ask: impl FnOnce(&mut Directory) -> Option<R>,
    ) -> Option<R> {
        match (&self.source, realm) {
            (Source::Capture, Realm::Container { id, .. }) => {
                read(self.containers.borrow().get(id.get(..SHORT_ID).unwrap_or(id))?)
            }
            (Source::Fixed | Source::Capture, _) | (Source::Files, Realm::Host) => read(&self.host.borrow()),
            (Source::Files, Realm::Container { .. }) => None,
            (Source::Live(live), Realm::Host) => {
                let mut live = live.borrow_mut();
                self.take_news(&mut live.watch);
                let found = read(&self.host.borrow());
                found.or_else(|| ask(live.directory.as_mut()?))
            }
            (Source::Live(live), Realm::Container { id, pids }) => {
                self.with_container(&mut live.borrow_mut().watch, id, pids, read)
            }
        }
    }

    fn with_container<R>(
        &self,
        watch: &mut Watch,
        id: &str,
        pids: [i64; WITNESSES],
        read: impl FnOnce(&Table) -> Option<R>,
    ) -> Option<R> {
        self.take_news(watch);
        let mut tables = self.containers.borrow_mut();
        if !tables.contains_key(id) {
            make_room(&mut tables, &self.forgotten);
            tables.insert(id.into(), Table::default());
        }
        let table = tables.get_mut(id)?;
        watch.container(id, pids, table);
        read(table)
    }

    /// What has been found aside counts from now on.
    fn take_news(&self, watch: &mut Watch) {
        while let Some((id, news)) = watch.news() {
            match id {
                None => self.host.borrow_mut().take(news),
                Some(id) => {
                    let mut tables = self.containers.borrow_mut();
                    if let Some(table) = tables.get_mut(&id) {
                        table.take(news);
                        keep_within(&mut tables, &id, &self.forgotten);
                    }
                }
            }
        }
    }
}

/// Lets the oldest go if there is no room for one more; how many users and groups it had.
fn make_room(tables: &mut Tables, forgotten: &Cell<u64>) -> usize {
    if tables.len() < CONTAINERS_MAX {
        return 0;
    }
    let oldest = tables.iter().min_by_key(|(_, table)| table.asked).map(|(id, _)| id.clone());
    let gone = oldest.and_then(|id| tables.remove(&id)).inspect(|_| forgotten.set(forgotten.get() + 1));
    gone.map_or(0, |table| table.len())
}

/// Lets the oldest go, but not the one that has grown, until all of them are small enough.
fn keep_within(tables: &mut Tables, grown: &str, forgotten: &Cell<u64>) {
    let mut bytes: usize = tables.values().map(|table| table.bytes).sum();
    while bytes > CONTAINERS_BYTES_MAX {
        let others = tables.iter().filter(|(id, table)| &***id != grown && table.bytes > 0);
        let oldest = others.min_by_key(|(_, table)| table.asked).map(|(id, _)| id.clone());
        let Some(gone) = oldest.and_then(|id| tables.remove(&id)) else { return };
        bytes -= gone.bytes;
        forgotten.set(forgotten.get() + 1);
    }
}

/// By container id.
type Tables = HashMap<Box<str>, Table>;

/// What one passwd and one group file say.
#[derive(Debug, Default)]
struct Table {
    stamps: Stamps,
    /// When the files were last asked for.
    asked: Option<Instant>,
    /// The answer is still to come.
    pending: bool,
    users: HashMap<u32, Kept>,
    groups: Groups,
    /// What they take, as of the last news.
    bytes: usize,
}

impl Table {
    fn take(&mut self, news: News) {
        self.pending = false;
        self.stamps = news.stamps;
        self.users = news.users.unwrap_or_else(|| std::mem::take(&mut self.users));
        self.groups = news.groups.unwrap_or_else(|| std::mem::take(&mut self.groups));
        let lines = self.users.values().map(Kept::len).chain(self.groups.values().map(|name| name.len()));
        self.bytes = lines.map(|len| len + ENTRY_BYTES).sum();
    }

    fn len(&self) -> usize {
        self.users.len() + self.groups.len()
    }
}

#[cfg(test)]
mod tests;
