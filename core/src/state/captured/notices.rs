//! Users and groups that come and go while a capture runs.

use crate::event::Event;
use crate::params::Params;
use crate::state::{State, wire};

/// Takes in a notification about a user or a group.
pub(super) fn notice(state: &mut State, event: &Event<'_>) {
    use wire::{groupadded, groupdeleted, useradded, userdeleted};
    let text = |at| event.text(at).unwrap_or_default();
    let container = |at| String::from_utf8_lossy(event.text(at).unwrap_or_default());
    let id = |at| event.u32(at);
    match event.id {
        useradded::ID => {
            let Some(uid) = id(useradded::UID) else { return };
            let texts = [text(useradded::NAME), text(useradded::HOME), text(useradded::SHELL)];
            state.users.add_user(&container(useradded::CONTAINER), uid, texts);
        }
        userdeleted::ID => {
            let Some(uid) = id(userdeleted::UID) else { return };
            state.users.remove_user(&container(userdeleted::CONTAINER), uid);
        }
        groupadded::ID => {
            let Some(gid) = id(groupadded::GID) else { return };
            state.users.add_group(&container(groupadded::CONTAINER), gid, text(groupadded::NAME));
        }
        groupdeleted::ID => {
            let Some(gid) = id(groupdeleted::GID) else { return };
            state.users.remove_group(&container(groupdeleted::CONTAINER), gid);
        }
        _ => {}
    }
}
