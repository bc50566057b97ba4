//! `group.*`: the effective group.

use super::Ctx;
use super::declare::fields;
use super::subject::creds;

/// The name of a group; the text `<NA>` when nobody knows it.
pub(super) fn name<'a>(ctx: &Ctx<'a>, gid: u32) -> &'a [u8] {
    let known = ctx.state.users.group(ctx.state.realm_of(ctx.event), gid, ctx.arena);
    known.unwrap_or(if gid == 0 { b"root" } else { b"<NA>" })
}

fields! {
    "group";

    /// Effective group id.
    "group.gid" "Group ID" Uint32 => |c| Some(creds(c)?.gid);

    /// Name of the effective group, in the container's own files if it is in one, else by the host's name service.
    "group.name" "Group Name" CharBuf => |c| Some(name(c, creds(c)?.gid));
}
