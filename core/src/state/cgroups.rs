//! The `subsystem=path` strings of live tasks: the sensor tells the path in one hierarchy, once; the rest is /proc's.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use hashbrown::HashMap;

use super::process::{Process, Text, text};
use super::{State, heal};
use crate::event::Event;

/// Cgroups remembered; beyond it the table starts anew.
pub const STRINGS_MAX: usize = 16_384;

/// Tasks asked for one event, at most.
const DEPTH: usize = 4;

/// What tasks had whose cgroup was asked for, by its id, for others of the same cgroup that are gone when asked for.
#[derive(Debug, Default)]
pub struct Cgroups {
    known: RefCell<HashMap<u64, Text>>,
    forgotten: Cell<u64>,
}

impl Cgroups {
    /// Those of an event's task. Where it is gone by now: those of the nearest ancestor in its cgroup, what another
    /// task of that had, the path that the sensor sent along, without a subsystem, or what the process's record says.
    pub fn of_event(&self, event: &Event<'_>, state: &State) -> Text {
        let Some(ext) = &event.ext else { return Arc::default() };
        let id = ext.task.cgroup;
        let process = state.process_of(event);
        let above = process.into_iter().flat_map(|p| state.processes.ancestors(p)).filter(|p| p.cgroup == id);
        let tasks = std::iter::once(event.tid).chain(above.map(|p| p.pid));
        if let Some(found) = tasks.take(DEPTH).find_map(|tid| self.ask(tid, id)).or_else(|| self.known(id)) {
            return found;
        }
        match ext.cgroup_path {
            Some(path) => self.remember(id, text(&[b"=", path, b"\0"].concat())),
            None => process.map(|p| Arc::clone(&p.cgroups)).unwrap_or_default(),
        }
    }

    /// Those of a process in the table.
    pub fn of_process(&self, process: &Process) -> Text {
        let found = self.ask(process.pid, process.cgroup).or_else(|| self.known(process.cgroup));
        found.unwrap_or_else(|| Arc::clone(&process.cgroups))
    }

    /// Cgroups that had to give way.
    pub fn forgotten(&self) -> u64 {
        self.forgotten.get()
    }

    fn known(&self, id: u64) -> Option<Text> {
        self.known.borrow().get(&id).filter(|_| id != 0).cloned()
    }

    /// The task itself comes first: on hosts with several hierarchies two tasks may share the cgroup of one alone.
    fn ask(&self, tid: i64, id: u64) -> Option<Text> {
        let strings = heal::cgroups_of(tid);
        match (strings.is_empty(), id) {
            (true, _) => None,
            (_, 0) => Some(text(&strings)),
            _ => Some(self.remember(id, text(&strings))),
        }
    }

    fn remember(&self, id: u64, text: Text) -> Text {
        let mut known = self.known.borrow_mut();
        if known.len() >= STRINGS_MAX && !known.contains_key(&id) {
            self.forgotten.set(self.forgotten.get() + known.len() as u64);
            known.clear();
        }
        known.insert(id, Arc::clone(&text));
        text
    }
}
