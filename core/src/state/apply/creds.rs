//! Calls that change a thread's ids and capabilities.

use super::{pid_of, succeeded};
use crate::event::Event;
use crate::params::Params;
use crate::state::process::Creds;
use crate::state::{State, wire};

/// Changes privileges of the calling thread; a leader's are its process's.
fn change_creds(state: &mut State, event: &Event<'_>, change: impl FnOnce(&mut Creds)) {
    let pid = pid_of(state, event);
    let whole = pid.and_then(|pid| state.process(pid)).map(|p| p.creds).unwrap_or_default();
    if let Some(thread) = state.processes.thread_mut(event.tid) {
        change(thread.creds.get_or_insert_with(|| Box::new(whole)));
    } else if let Some(process) = pid.filter(|pid| *pid == event.tid).and_then(|pid| state.processes.get_mut(pid)) {
        change(&mut process.creds);
    }
}

pub(super) fn set_id(state: &mut State, event: &Event<'_>, param: usize, field: fn(&mut Creds) -> &mut u32) {
    if let Some(id) = event.u32(param).filter(|id| *id != u32::MAX && succeeded(event)) {
        change_creds(state, event, |creds| *field(creds) = id);
    }
}

pub(super) fn capset(state: &mut State, event: &Event<'_>) {
    use wire::capset::{CAP_EFFECTIVE, CAP_INHERITABLE, CAP_PERMITTED};
    if !succeeded(event) {
        return;
    }
    change_creds(state, event, |creds| {
        creds.cap_inheritable = event.uint(CAP_INHERITABLE).unwrap_or(creds.cap_inheritable);
        creds.cap_permitted = event.uint(CAP_PERMITTED).unwrap_or(creds.cap_permitted);
        creds.cap_effective = event.uint(CAP_EFFECTIVE).unwrap_or(creds.cap_effective);
    });
}
