//! The `subsystem=path` strings of cgroups: the sensor tells a cgroup's path once, the format wants it with every birth.

use hashbrown::HashMap;
use std::sync::Arc;

use crate::event::Event;
use crate::state::process::{Process, Text};
use crate::state::{State, heal};

/// Cgroups remembered; beyond it the table starts anew.
const MAX: usize = 16_384;

/// Strings by cgroup id.
#[derive(Default)]
pub struct Cgroups {
    known: HashMap<u64, Text>,
}

impl Cgroups {
    /// Those of the event's task: remembered, or as /proc has them; where the task is gone by now, the path that the
    /// sensor sent along, without a subsystem, or what the process's record says.
    pub fn of_event(&mut self, event: &Event<'_>, state: &State) -> Text {
        let Some(ext) = &event.ext else { return Arc::default() };
        if let Some(known) = self.known.get(&ext.task.cgroup) {
            return Arc::clone(known);
        }
        let mut text = heal::cgroups_of(event.tid);
        if text.is_empty() {
            match ext.cgroup_path {
                Some(path) => text = [b"=", path, b"\0"].concat(),
                None => return state.process_of(event).map(|p| Arc::clone(&p.cgroups)).unwrap_or_default(),
            }
        }
        self.remember(ext.task.cgroup, text.into())
    }

    /// Those of a process in the table.
    pub fn of_process(&mut self, process: &Process) -> Text {
        if let Some(known) = self.known.get(&process.cgroup).filter(|_| process.cgroup != 0) {
            return Arc::clone(known);
        }
        let text = heal::cgroups_of(process.pid);
        if text.is_empty() {
            return Arc::clone(&process.cgroups);
        }
        if process.cgroup == 0 { text.into() } else { self.remember(process.cgroup, text.into()) }
    }

    fn remember(&mut self, id: u64, text: Text) -> Text {
        if self.known.len() >= MAX {
            self.known.clear();
        }
        self.known.insert(id, Arc::clone(&text));
        text
    }
}
