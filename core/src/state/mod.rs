//! What is true on the machine while an event is looked at: processes, users, containers.
//!
//! Live events carry the task's facts of that moment, and those come first; the records here supply the rest.
//! One call per event before rules see it ([`State::apply`]), one after ([`State::after`]).

mod aging;
pub mod aliases;
mod apply;
pub mod arguments;
pub(crate) mod aside;
pub mod captured;
pub mod cgroups;
mod command;
pub mod containers;
pub mod cpu_time;
pub mod heal;
pub mod names;
pub(crate) mod patient;
pub mod process;
pub mod processes;
pub mod reconcile;
mod script;
mod texts;
pub mod users;
pub mod wire;

pub use apply::{changes_process, follows, follows_without_descriptors};

use std::path::PathBuf;

use crate::event::Event;

use aliases::Aliases;
use arguments::Reader;
use captured::Captured;
use cgroups::Cgroups;
use containers::{Containers, Placement, Verdict};
use cpu_time::{CpuTime, Share, Slices};
use names::Names;
use patient::Terms;
use process::{Process, Thread};
use processes::Processes;
use users::{Realm, Users, WITNESSES};

/// How a [`State`] is set up.
#[derive(Clone, Debug)]
pub struct StateConfig {
    /// Processes kept at most.
    pub max_processes: usize,
    /// Boot time, ns since the epoch.
    pub boot_time_ns: u64,
    /// Events come from this machine now: /proc may fill gaps.
    pub live: bool,
    /// What `evt.hostname` shows.
    pub hostname: String,
    /// Directory whose `etc/passwd`, `etc/group` and links are the host's.
    pub root: PathBuf,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self {
            max_processes: processes::DEFAULT_MAX,
            boot_time_ns: 0,
            live: false,
            hostname: String::new(),
            root: PathBuf::from("/"),
        }
    }
}

/// Counts of what was dropped or could not be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub processes: u64,
    pub threads: u64,
    pub processes_evicted: u64,
    pub threads_refused: u64,
    /// Records made from an event's task facts alone.
    pub processes_unseen: u64,
    /// Of those, filled from /proc, and after a loss by a scan.
    pub processes_healed: u64,
    /// Images that were replaced without an event that says so.
    pub execs_missed: u64,
    /// Records removed after a loss, as a scan did not find their process.
    pub ends_missed: u64,
    /// Cgroups, and containers' users and groups, that gave way to others.
    pub cgroups_forgotten: u64,
    pub users_forgotten: u64,
    /// Names of addresses that gave way to others.
    pub names_forgotten: u64,
    /// Of a capture: descriptors that no table had room for.
    pub descriptors_forgotten: u64,
    /// Processes whose arguments and environment could not be read on the thread of events.
    pub arguments_missed: u64,
}

/// Times that relative time fields start from, ns since the epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    pub first: u64,
    pub current: u64,
}

/// The tables, as of the event applied last.
#[derive(Debug)]
pub struct State {
    pub config: StateConfig,
    pub processes: Processes,
    pub containers: Containers,
    pub cgroups: Cgroups,
    pub users: Users,
    pub names: Names,
    pub aliases: Aliases,
    /// Of processes whose exec was not seen.
    arguments: Reader,
    pub clock: Clock,
    slices: Slices,
    /// Of the switch looked at: how long the thread that leaves had its CPU, ns, where its beginning was seen.
    pub slice: Option<u64>,
    /// Of the snapshot looked at.
    pub share: Share,
    /// What only a capture's events need; absent live.
    pub captured: Option<Box<Captured>>,
    /// Shown for processes that nothing is known about.
    unknown: Process,
    /// The thread that exits with the event being looked at.
    leaving: Option<i64>,
    unseen: u64,
    healed: u64,
    missed_execs: u64,
    ends_missed: u64,
}

impl State {
    pub fn new(config: StateConfig) -> Self {
        Self {
            processes: Processes::new(config.max_processes),
            containers: Containers::default(),
            cgroups: Cgroups::default(),
            users: Users::new(&config.root),
            names: Names::default(),
            aliases: Aliases::read(&config.root),
            arguments: Reader::new(Terms::EVENTS),
            clock: Clock::default(),
            slices: Slices::default(),
            slice: None,
            share: Share::default(),
            captured: None,
            unknown: Process::placeholder(),
            leaving: None,
            unseen: 0,
            healed: 0,
            missed_execs: 0,
            ends_missed: 0,
            config,
        }
    }

    /// Brings the tables up to `event`; rules look at it afterwards.
    pub fn apply(&mut self, event: &Event<'_>) {
        apply::apply(self, event);
    }

    /// Lets an event pass that changes nothing (see [`follows`]) and that nobody looks at.
    pub fn pass(&mut self, ts: u64) {
        apply::tick(self, ts);
    }

    /// Removes what `event` ended; to be called once rules have seen it.
    pub fn after(&mut self, _event: &Event<'_>) {
        apply::remove_leaving(self);
        self.close_leaving();
    }

    pub fn process(&self, pid: i64) -> Option<&Process> {
        self.processes.get(pid)
    }

    /// A thread that is no group leader.
    pub fn thread(&self, tid: i64) -> Option<&Thread> {
        self.processes.thread(tid)
    }

    /// Has another one ask for the arguments of processes whose exec was not seen.
    pub fn exchange_reader(&mut self, reader: &mut Reader) {
        std::mem::swap(&mut self.arguments, reader);
    }

    /// CPU time of a thread that is known, a group leader or not.
    pub fn cpu_time(&self, tid: i64) -> Option<CpuTime> {
        self.thread(tid).map(|thread| thread.cpu).or_else(|| Some(self.process(tid)?.cpu))
    }

    /// The placeholder that unknown processes show.
    pub fn unknown(&self) -> &Process {
        &self.unknown
    }

    /// The process an event belongs to; `None` when it is not known.
    pub fn process_of(&self, event: &Event<'_>) -> Option<&Process> {
        let pid = match &event.ext {
            Some(ext) => i64::from(ext.task.tgid),
            None => self.processes.pid_of(event.tid)?,
        };
        self.process(pid)
    }

    /// Where the event's process runs, by the cgroup the event names, else by the process's record.
    pub fn placement_of(&self, event: &Event<'_>) -> &Placement {
        let by_cgroup = event.ext.as_ref().and_then(|ext| self.containers.of_cgroup(ext.task.cgroup));
        match (by_cgroup, self.process_of(event)) {
            (Some(placement), _) => placement,
            (None, Some(process)) => &process.container,
            (None, None) => &Placement::Unknown,
        }
    }

    /// Whose passwd and group files name the event's users. A container's are found through the event's process
    /// or, as that may be gone already, through its ancestors in the same container.
    pub fn realm_of<'s>(&'s self, event: &Event<'_>) -> Realm<'s> {
        let placement = self.placement_of(event);
        let (Some(container), Some(process)) = (placement.container(), self.process_of(event)) else {
            return Realm::Host;
        };
        let mut pids = [0; WITNESSES];
        let inside = self.processes.ancestors(process).filter(|p| p.container == *placement);
        for (slot, witness) in pids.iter_mut().zip(std::iter::once(process).chain(inside)) {
            *slot = witness.pid;
        }
        Realm::Container { id: &container.full_id, pids }
    }

    /// What has changed of cgroups since the last call, for the kernel's map.
    pub fn take_new_cgroups(&mut self) -> impl Iterator<Item = (u64, Verdict)> + '_ {
        self.containers.take_fresh()
    }

    pub fn counters(&self) -> Counters {
        Counters {
            processes: self.processes.len() as u64,
            threads: self.processes.thread_count() as u64,
            processes_evicted: self.processes.evicted,
            threads_refused: self.processes.threads_refused,
            processes_unseen: self.unseen,
            processes_healed: self.healed,
            execs_missed: self.missed_execs,
            ends_missed: self.ends_missed,
            cgroups_forgotten: self.containers.forgotten + self.cgroups.forgotten(),
            users_forgotten: self.users.forgotten(),
            names_forgotten: self.names.forgotten(),
            descriptors_forgotten: self.captured.as_ref().map_or(0, |captured| captured.forgotten()),
            arguments_missed: self.arguments.missed(),
        }
    }
}

#[cfg(test)]
mod bounds_tests;
#[cfg(test)]
mod tests;
