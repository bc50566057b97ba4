//! Loss, told: what was lost, of which events, between which moments, and under whose eyes.

use super::clocks::wall_time_ns;
use crate::capture::live::calls;
use crate::capture::live::losses::{Losses, UNKNOWN};
use crate::rules::Plan;
use crate::schema;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Counter of events for which the sensor had no memory.
pub const SCRATCH: &str = "n_drops_scratch_map";
/// Name of lost events whose type nobody can tell.
const UNKNOWN_NAME: &str = "unknown";

/// Counters of lost events (`spec: outputs.md` §3) with the events that each one is about; all others are in the first.
const CLASSES: &[(&str, &[&str])] = &[
    ("n_drops_buffer_other_interest_exit", &[]),
    ("n_drops_buffer_clone_fork_exit", &["clone", "clone3", "fork", "vfork"]),
    ("n_drops_buffer_execve_exit", &["execve", "execveat"]),
    ("n_drops_buffer_connect_exit", &["connect"]),
    ("n_drops_buffer_open_exit", &["open", "openat", "openat2", "open_by_handle_at", "creat"]),
    (
        "n_drops_buffer_dir_file_exit",
        &[
            "chmod",
            "fchmod",
            "fchmodat",
            "link",
            "linkat",
            "mkdir",
            "mkdirat",
            "rename",
            "renameat",
            "renameat2",
            "rmdir",
            "symlink",
            "symlinkat",
            "unlink",
            "unlinkat",
            "mount",
            "umount",
            "umount2",
            "chown",
            "fchown",
            "lchown",
            "fchownat",
        ],
    ),
    ("n_drops_buffer_close_exit", &["close"]),
    ("n_drops_buffer_proc_exit", &["procexit"]),
];

/// What was lost between two moments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    /// Nothing of it was lost before this, ns since the epoch.
    pub since_ns: u64,
    /// Nor after this.
    pub until_ns: u64,
    /// Lost events by name.
    pub events: BTreeMap<&'static str, u64>,
    /// Finished alerts that found no room, by rule.
    pub alerts: BTreeMap<Arc<str>, u64>,
    /// Rules that look at events of the lost types.
    pub blind: BTreeSet<Arc<str>>,
}

impl Gap {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.alerts.is_empty()
    }

    /// Adds a later one.
    pub fn extend(&mut self, later: Self) {
        if self.is_empty() {
            *self = later;
            return;
        }
        self.until_ns = later.until_ns;
        for (name, count) in later.events {
            *self.events.entry(name).or_default() += count;
        }
        for (rule, count) in later.alerts {
            *self.alerts.entry(rule).or_default() += count;
        }
        self.blind.extend(later.blind);
    }
}

/// Follows the running totals.
#[derive(Debug)]
pub struct LossWatch {
    seen: BTreeMap<u16, u64>,
    since_ns: u64,
}

/// Lost events by id since the last look.
#[derive(Debug, Default)]
pub struct Lost {
    since_ns: u64,
    until_ns: u64,
    events: Vec<(u16, u64)>,
}

impl LossWatch {
    /// `since_ns`: nothing was lost before, ns since the epoch.
    pub fn new(since_ns: u64) -> Self {
        Self { seen: BTreeMap::new(), since_ns }
    }

    /// Compares with the last look. `untyped`: events lost otherwise, whose type nobody can tell, since the start.
    pub fn look(&mut self, losses: &Losses, untyped: u64) -> Lost {
        let mut now = losses.ring.clone();
        for (id, count) in losses.skipped.iter().map(|(id, n)| (*id, *n)).chain([(UNKNOWN, untyped)]) {
            *now.entry(id).or_default() += count;
        }
        let grown = |(id, count): (&u16, &u64)| {
            let more = count.saturating_sub(self.seen.get(id).copied().unwrap_or(0));
            (more > 0).then_some((*id, more))
        };
        let events = now.iter().filter_map(grown).collect();
        self.seen = now;
        let until_ns = wall_time_ns();
        let since_ns = std::mem::replace(&mut self.since_ns, until_ns);
        Lost { since_ns, until_ns, events }
    }
}

impl Lost {
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Whether state is out of date now.
    pub fn touches_state(&self) -> bool {
        self.events.iter().any(|(id, _)| *id == UNKNOWN || calls::event_feeds_state(*id))
    }

    /// How many they are.
    pub fn count(&self) -> u64 {
        self.events.iter().map(|(_, count)| count).sum()
    }

    /// As a gap under these rules.
    pub fn under(self, plan: &Plan) -> Gap {
        let mut gap = Gap { since_ns: self.since_ns, until_ns: self.until_ns, ..Gap::default() };
        for (id, count) in self.events {
            let name = schema::event(id).map_or(UNKNOWN_NAME, |event| event.name);
            *gap.events.entry(name).or_default() += count;
            match id {
                UNKNOWN => gap.blind.extend(plan.rules.iter().map(|rule| Arc::clone(&rule.name))),
                _ => gap.blind.extend(plan.rules_of_event(id).map(|rule| Arc::clone(&rule.name))),
            }
        }
        gap
    }
}

/// The running totals under the names that counters have.
pub fn counters(losses: &Losses, undecodable: u64, scratch: u64) -> Vec<(&'static str, u64)> {
    let mut classes: Vec<(&'static str, u64)> = CLASSES.iter().map(|(name, _)| (*name, 0)).collect();
    for (id, count) in &losses.ring {
        let name = schema::event(*id).map_or(UNKNOWN_NAME, |event| event.name);
        let class = CLASSES.iter().position(|(_, events)| events.contains(&name)).unwrap_or(0);
        classes[class].1 += count;
    }
    let buffer: u64 = losses.ring.values().sum();
    let skipped: u64 = losses.skipped.values().sum();
    classes.extend([
        ("n_drops_buffer_total", buffer),
        ("n_drops_skipped", skipped),
        ("n_drops_bug", undecodable),
        ("n_drops", buffer + skipped + undecodable + scratch),
    ]);
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(ring: &[(u16, u64)]) -> Losses {
        Losses { ring: ring.iter().copied().collect(), ..Losses::default() }
    }

    fn id(name: &str) -> u16 {
        schema::events().iter().find(|e| e.name == name).map(|e| e.id).unwrap()
    }

    #[test]
    fn every_class_names_events_that_exist() {
        let known = |name: &&str| schema::events().iter().any(|e| e.name == *name);
        let strangers: Vec<_> = CLASSES.iter().flat_map(|(_, names)| *names).filter(|name| !known(name)).collect();
        assert!(strangers.is_empty(), "no such events: {strangers:?}");
    }

    #[test]
    fn a_look_tells_what_is_new_and_between_which_moments() {
        let mut watch = LossWatch::new(1);
        let first = watch.look(&losses(&[(id("openat"), 3)]), 0);
        assert_eq!(first.events, [(id("openat"), 3)]);
        assert!(!first.touches_state() && first.since_ns <= first.until_ns);
        let second = watch.look(&losses(&[(id("openat"), 3), (id("clone"), 1)]), 2);
        assert_eq!(second.events, [(UNKNOWN, 2), (id("clone"), 1)]);
        assert!(second.touches_state());
        assert_eq!(second.since_ns, first.until_ns);
        assert!(watch.look(&losses(&[(id("openat"), 3), (id("clone"), 1)]), 2).is_empty());
    }

    #[test]
    fn counters_add_up() {
        let mut all = losses(&[(id("openat"), 3), (id("execve"), 2), (id("bpf"), 1)]);
        all.skipped.insert(UNKNOWN, 4);
        let counters: BTreeMap<_, _> = counters(&all, 5, 6).into_iter().collect();
        assert_eq!(counters["n_drops_buffer_open_exit"], 3);
        assert_eq!(counters["n_drops_buffer_execve_exit"], 2);
        assert_eq!(counters["n_drops_buffer_other_interest_exit"], 1);
        assert_eq!((counters["n_drops_buffer_total"], counters["n_drops"]), (6, 21));
    }

    #[test]
    fn gaps_add_up() {
        let gap = |since_ns, until_ns, n| Gap {
            since_ns,
            until_ns,
            events: BTreeMap::from([("open", n)]),
            blind: BTreeSet::from([Arc::from("rule")]),
            ..Gap::default()
        };
        let mut sum = Gap::default();
        sum.extend(gap(1, 2, 3));
        sum.extend(gap(5, 6, 4));
        assert_eq!(sum, gap(1, 6, 7));
    }
}
