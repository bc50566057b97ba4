//! After a loss: the table is brought in line with a scan of what exists.

use hashbrown::HashSet;

use super::{State, apply, heal};
use crate::event::{Event, Extension};

/// Collects the scan's records, in order, and then removes what they did not name.
#[derive(Debug)]
pub struct Reconciliation {
    /// Boot time in ns at which the scan began.
    began: u64,
    named: HashSet<i64>,
}

impl Reconciliation {
    pub fn new(began: u64) -> Self {
        Self { began, named: HashSet::new() }
    }

    /// Takes in one record. What the table learnt from later events than the record's moment stays, and nothing is
    /// made of a process that has ended since.
    pub fn take(&mut self, state: &mut State, event: &Event<'_>) {
        let Some(ext) = &event.ext else { return };
        self.named.insert(event.tid);
        match known(state, event, ext) {
            Known::Younger => {}
            Known::Same => apply::apply(state, event),
            Known::Other => {
                state.missed_execs += 1;
                state.healed += 1;
                apply::apply(state, event);
            }
            Known::No if heal::lives(event.tid, ext.task.start_boottime) => {
                state.healed += 1;
                apply::apply(state, event);
            }
            Known::No => {}
        }
    }

    /// Removes processes and threads whose end was lost.
    pub fn finish(self, state: &mut State) {
        let old = |start: u64| start < self.began;
        let gone: Vec<i64> = state
            .processes
            .iter()
            .filter(|p| !self.named.contains(&p.pid) && old(p.start) && !heal::lives(p.pid, p.start))
            .map(|p| p.pid)
            .collect();
        for pid in gone {
            state.processes.remove(pid);
            state.ends_missed += 1;
        }
        let threads: Vec<i64> = state
            .processes
            .iter()
            .flat_map(|p| {
                p.threads.iter().filter(|tid| !self.named.contains(*tid) && !heal::thread_lives(p.pid, **tid))
            })
            .copied()
            .collect();
        for tid in threads {
            state.processes.drop_thread_record(tid);
        }
    }
}

enum Known {
    No,
    /// Its record has seen later events than the scan.
    Younger,
    Same,
    /// An exec was lost, or a whole life.
    Other,
}

fn known(state: &State, event: &Event<'_>, ext: &Extension<'_>) -> Known {
    let pid = i64::from(ext.task.tgid);
    if pid != event.tid {
        return if state.thread(event.tid).is_some() { Known::Younger } else { Known::Same };
    }
    let Some(process) = state.process(pid) else { return Known::No };
    if !apply::is_current(Some(process), ext) {
        return Known::No;
    }
    if process.seen > event.ts {
        return Known::Younger;
    }
    if process.exec_gen == Some(ext.task.exec_gen) { Known::Same } else { Known::Other }
}
