//! `user.*`: who the thread acts as, and who logged in.

use super::Ctx;
use super::declare::fields;
use super::subject::creds;
use crate::state::users::User;

const UNKNOWN: &[u8] = b"<NA>";

fn user<'a>(ctx: &Ctx<'a>, uid: u32) -> Option<User<'a>> {
    ctx.state.users.user(ctx.state.realm_of(ctx.event), uid, ctx.arena)
}

/// The name of a user; the text `<NA>` when nobody knows it.
pub(super) fn name<'a>(ctx: &Ctx<'a>, uid: u32) -> &'a [u8] {
    match (uid, user(ctx, uid)) {
        (u32::MAX, _) => UNKNOWN,
        (_, Some(user)) => user.name,
        (0, None) => b"root",
        (_, None) => UNKNOWN,
    }
}

fields! {
    "user";

    /// Home directory of the effective user.
    "user.homedir" "Home Directory" CharBuf => |c| {
        let uid = creds(c)?.uid;
        let fallback = if uid == 0 { b"/root" } else { UNKNOWN };
        Some(user(c, uid).map_or(fallback, |user| user.home))
    };

    /// Name of the user who logged in.
    "user.loginname" "Login User Name" CharBuf => |c| Some(name(c, creds(c)?.loginuid));

    /// Id of the user who logged in, as the audit system keeps it through su and sudo; -1 when nobody did.
    "user.loginuid" "Login User ID" Int64 => |c| Some(match creds(c)?.loginuid {
        u32::MAX => -1,
        uid => i64::from(uid),
    });

    /// Name of the effective user, in the container's own files if it is in one, else by the host's name service.
    "user.name" "User Name" CharBuf => |c| Some(name(c, creds(c)?.uid));

    /// Login shell of the effective user.
    "user.shell" "Shell" CharBuf => |c| Some(user(c, creds(c)?.uid).map_or(UNKNOWN, |user| user.shell));

    /// Effective user id.
    "user.uid" "User ID" Uint32 => |c| Some(creds(c)?.uid);
}
