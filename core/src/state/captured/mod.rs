//! What only captures have: descriptor tables kept by events, and the machine's own addresses
//! (`spec: scap-format.md` §9 and §10.4). Live events bring the kernel's word on their descriptor instead.

mod changes;
mod follow;
mod load;
mod notices;
pub mod record;
mod table;

pub(in crate::state) use follow::follow;
#[cfg(test)]
pub(super) use table::RECORDS_MAX;
pub use table::Table;

/// Whether events of this kind change descriptors, users or groups.
pub fn follows(id: u16) -> bool {
    !matches!(changes::change(id), changes::Change::None)
}

/// Whether events of this kind change users or groups.
pub fn notices(id: u16) -> bool {
    matches!(changes::change(id), changes::Change::Notice)
}

use std::net::IpAddr;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::event::Event;

use super::State;
use record::Record;
use table::Budget;

/// Threads of unknown processes whose descriptors are remembered, at most.
pub const STRAYS_MAX: usize = 4096;

/// Addresses of the machine's interfaces taken in.
pub const ADDRESSES_MAX: usize = 4096;

/// A capture's part of the state.
#[derive(Debug, Default)]
pub struct Captured {
    budget: Budget,
    /// Tables of threads whose process is not known, by thread id.
    strays: HashMap<i64, Arc<Table>>,
    /// Descriptors of those that had to give way.
    forgotten: u64,
    /// Addresses of the machine's interfaces.
    addresses: HashSet<IpAddr>,
    addresses_refused: u64,
    /// Ports that sockets of the machine listened on when the capture began.
    listening: HashSet<u16>,
    /// Threads whose process's entry may still come.
    threads: Vec<load::PendingThread>,
    /// How many of them bring their process's record.
    leaders: usize,
    /// Sessions and groups are told by the ids of each process's own pid namespace: the capture is one of ours.
    pub(in crate::state) tells_namespaces: bool,
    /// The event being looked at gave its descriptor another name.
    pub name_changed: bool,
    /// What the event closed: from whom, first and last descriptor.
    closing: Option<(i64, i64, i64)>,
}

impl Captured {
    /// Descriptors forgotten or refused, and addresses of interfaces.
    pub fn forgotten(&self) -> u64 {
        self.forgotten + self.addresses_refused + self.budget.refused()
    }

    /// Whether an address is the machine's own.
    pub fn is_local(&self, ip: IpAddr) -> bool {
        ip.is_loopback() || self.addresses.contains(&ip)
    }
}

impl State {
    /// A state that follows a capture.
    pub fn captured(config: super::StateConfig) -> Self {
        let users = super::users::Users::captured();
        Self { captured: Some(Box::default()), users, ..Self::new(config) }
    }

    /// The descriptor `fd` of the event's process, as the capture has told so far.
    pub fn descriptor(&self, event: &Event<'_>, fd: i64) -> Option<&Record> {
        self.table(event.tid)?.get(fd).map(|record| &**record)
    }

    /// The descriptors of a thread's process.
    pub fn table(&self, tid: i64) -> Option<&Table> {
        let captured = self.captured.as_ref()?;
        let process = self.processes.pid_of(tid).and_then(|pid| self.processes.get(pid));
        match process {
            Some(process) => process.fds.as_deref(),
            None => captured.strays.get(&tid).map(|table| &**table),
        }
    }

    /// The table to change, made if there is none, in a copy of its own if others share it.
    fn table_mut(&mut self, tid: i64) -> Option<&mut Table> {
        let captured = self.captured.as_mut()?;
        let pid = self.processes.pid_of(tid);
        let slot = match pid.and_then(|pid| self.processes.get_mut(pid)) {
            Some(process) => process.fds.get_or_insert_with(|| Arc::new(Table::new(&captured.budget))),
            None => {
                if captured.strays.len() >= STRAYS_MAX && !captured.strays.contains_key(&tid) {
                    captured.forgotten += captured.strays.values().map(|table| table.len() as u64).sum::<u64>();
                    captured.strays.clear();
                }
                captured.strays.entry(tid).or_insert_with(|| Arc::new(Table::new(&captured.budget)))
            }
        };
        Some(Arc::make_mut(slot))
    }

    /// Forgets what the event before closed.
    pub(in crate::state) fn close_leaving(&mut self) {
        let Some(captured) = self.captured.as_mut() else { return };
        captured.name_changed = false;
        let Some((tid, first, last)) = captured.closing.take() else { return };
        let Some(table) = self.table_mut(tid) else { return };
        if first == last {
            table.remove(first);
        } else {
            table.retain(|fd, _| fd < first || fd > last);
        }
    }
}
