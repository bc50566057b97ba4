//! What switches and snapshots say of CPU time.

use super::memory;
use crate::event::Event;
use crate::params::Params;
use crate::state::cpu_time::CpuTime;
use crate::state::{State, heal, wire};

pub(super) fn switch(state: &mut State, event: &Event<'_>) {
    memory::faults_and_sizes(state, event, wire::switch::FAULTS);
    let next = event.int(wire::switch::NEXT).unwrap_or(-1);
    let live = state.config.live;
    let is_own = |tid| live && heal::thread_lives(i64::from(std::process::id()), tid);
    state.slice = state.slices.hand_over(event.cpu, event.tid, next, event.ts, is_own);
    if let Some(slice) = state.slice
        && let Some(time) = time_of(state, event.tid)
    {
        time.sliced = time.sliced.saturating_add(slice);
    }
}

pub(super) fn snapshot(state: &mut State, event: &Event<'_>) {
    let told = [wire::procinfo::USER, wire::procinfo::SYSTEM].map(|at| event.uint(at).unwrap_or(0));
    state.share = time_of(state, event.tid).map(|time| time.tell(told)).unwrap_or_default();
}

fn time_of(state: &mut State, tid: i64) -> Option<&mut CpuTime> {
    if state.processes.thread(tid).is_some() {
        return state.processes.thread_mut(tid).map(|thread| &mut thread.cpu);
    }
    state.processes.get_mut(tid).map(|process| &mut process.cpu)
}
