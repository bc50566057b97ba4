//! procexit: the record stays until rules have seen the event (`spec: scap-format.md` §10.3).

use crate::event::Event;
use crate::params::Params;
use crate::state::process::Process;
use crate::state::{State, wire};

pub(super) fn procexit(state: &mut State, event: &Event<'_>) {
    state.leaving = Some(event.tid);
    let Some(pid) = state.processes.pid_of(event.tid) else { return };
    let Some(process) = state.processes.get_mut(pid) else { return };
    if event.tid == pid {
        process.dead = true;
    }
    let last = process.threads.iter().all(|tid| *tid == event.tid) && (process.dead || event.tid == pid);
    let reaper_tid = event.int(wire::procexit::REAPER_TID).unwrap_or(0);
    // A capture names the thread that adopts, which may be a sibling; live, siblings are not told.
    let adopter_told = reaper_tid > 0 && event.ext.is_none() && event.tid == pid;
    if last || adopter_told {
        let reaper = if reaper_tid > 0 {
            state.processes.pid_of(reaper_tid).unwrap_or(reaper_tid)
        } else {
            nearest_reaper(state, pid)
        };
        if reaper != pid {
            state.processes.reparent_children(pid, reaper);
        }
    }
}

fn nearest_reaper(state: &State, pid: i64) -> i64 {
    let Some(process) = state.process(pid) else { return 0 };
    let adopts = |p: &&Process| p.reaper || p.pid == 1 || p.vpid == 1;
    state.processes.ancestors(process).find(adopts).map_or(0, |p| p.pid)
}

/// Takes out the thread whose exit the rules have seen.
pub(in crate::state) fn remove_leaving(state: &mut State) {
    let Some(tid) = state.leaving.take() else { return };
    if state.processes.thread(tid).is_some() {
        let pid = state.processes.pid_of(tid).unwrap_or(tid);
        state.processes.drop_thread_record(tid);
        if state.process(pid).is_some_and(|p| p.dead && p.threads.is_empty()) {
            state.processes.remove(pid);
        }
    } else if state.process(tid).is_some_and(|p| p.threads.is_empty()) {
        state.processes.remove(tid);
    }
}
