//! From a live event to the blocks that stand for it.

use bumpalo::Bump;

use crate::capture::scap::write::event::{Written, event as lay};
use crate::capture::scap::write::{Dialect, compat, complete};
use crate::event::{Event, ext_flags};
use crate::schema::{self, EventFlags};
use crate::state::{State, wire};

/// Appends the event's blocks; false where there are none in this dialect.
pub fn encode(out: &mut Vec<u8>, event: &Event<'_>, state: &State, how: (Dialect, bool), arena: &Bump) -> bool {
    let (dialect, state_only) = how;
    let groups = if tells_cgroups(event.id) { state.cgroups.of_event(event, state) } else { Default::default() };
    let params = complete::complete(event, state, &groups, arena);
    let state_only = state_only || only_state(event);
    let written = Written { ts: event.ts, tid: event.tid, id: event.id, cpu: event.cpu, state_only, params };
    match dialect {
        Dialect::Current => lay(out, &written),
        Dialect::Compat => compat::events(out, &written, arena) > 0,
    }
}

/// Appends a notice of lost events: how many since the one before.
pub fn encode_drop(out: &mut Vec<u8>, events: u64, ts: u64) -> bool {
    const DROP: u16 = 148;
    let count = u32::try_from(events).unwrap_or(u32::MAX).to_le_bytes();
    lay(out, &Written { ts, tid: -1, id: DROP, cpu: 0, state_only: false, params: &[&count] })
}

/// Whether readers need the event to follow processes and descriptors.
pub fn feeds_state(id: u16) -> bool {
    let any = EventFlags::MODIFIES_STATE.with(EventFlags::CREATES_FD).with(EventFlags::DESTROYS_FD);
    schema::event(id).is_some_and(|info| info.flags.any(any))
}

fn only_state(event: &Event<'_>) -> bool {
    event.has_flag(ext_flags::STATE_ONLY)
}

fn tells_cgroups(id: u16) -> bool {
    use wire::{clone, exec};
    [clone::ID, clone::FORK, clone::VFORK, clone::CLONE3, exec::ID, exec::EXECVEAT].contains(&id)
}
