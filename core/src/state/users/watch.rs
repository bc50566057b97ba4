//! Who looks at files, and when.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::files::{News, Stamps, container_root, news};
use super::{Table, WITNESSES};
use crate::state::aside::Aside;

/// Files are looked at for changes at most this often.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// While a container's files have not been found they are looked for again after this time: its first processes
/// still have the host's root, and short-lived ones are gone before they can be asked.
const RETRY_EVERY: Duration = Duration::from_millis(20);

/// Containers whose files are read at once: one whose file system is silent holds up one reader for ever.
const READERS: usize = 4;
/// Containers that wait to be read at most; further ones are asked for again.
const WAITING_MAX: usize = 256;

/// A container's id, the processes to ask for its root, and what is known.
type Question = (Box<str>, [i64; WITNESSES], Stamps);

/// Readers of the host's files and of those of containers.
#[derive(Debug)]
pub struct Watch {
    root: PathBuf,
    host: Option<Aside<Stamps, News>>,
    containers: Option<Aside<Question, (Box<str>, News)>>,
}

impl Watch {
    pub fn new(root: &Path) -> Self {
        Self { root: root.into(), host: None, containers: None }
    }

    /// Has the host's files looked at, if it is time.
    pub fn host(&mut self, table: &mut Table) {
        let root = &self.root;
        let start = || {
            let root = root.clone();
            Aside::start("yarak-users", 1, 1, move |stamps| news(&root, stamps))
        };
        if is_due(table) {
            table.pending = self.host.get_or_insert_with(start).ask(table.stamps);
        }
    }

    /// Has a container's files looked at, if it is time.
    pub fn container(&mut self, id: &str, pids: [i64; WITNESSES], table: &mut Table) {
        if is_due(table) {
            let readers =
                self.containers.get_or_insert_with(|| Aside::start("yarak-users", READERS, WAITING_MAX, of_container));
            table.pending = readers.ask((id.into(), pids, table.stamps));
        }
    }

    /// What a reader has found: a container's, or the host's.
    pub fn news(&mut self) -> Option<(Option<Box<str>>, News)> {
        let host = self.host.as_ref().and_then(Aside::answer).map(|news| (None, news));
        let containers = || self.containers.as_ref().and_then(Aside::answer).map(|(id, news)| (Some(id), news));
        host.or_else(containers)
    }
}

fn is_due(table: &mut Table) -> bool {
    let pause = if table.stamps.found() { CHECK_EVERY } else { RETRY_EVERY };
    let due = !table.pending && table.asked.is_none_or(|at| at.elapsed() >= pause);
    if due {
        table.asked = Some(Instant::now());
    }
    due
}

fn of_container((id, pids, stamps): Question) -> (Box<str>, News) {
    let root = pids.into_iter().filter(|pid| *pid > 0).find_map(container_root);
    let nothing = News { stamps, ..News::default() };
    (id, root.map_or(nothing, |root| news(&root, stamps)))
}
