//! `evt.*`: results and error counts.

use super::declare::fields;
use super::descriptor::{self, Descriptor, Family};
use super::evt::result_text;
use super::{Ctx, result};
use crate::schema;

/// What an error is counted under.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    File,
    Net,
    Memory,
    Other,
}

/// By the descriptor where there is one, else by the call.
fn class(ctx: &Ctx<'_>) -> Option<Class> {
    let info = schema::event(ctx.event.id)?;
    if info.category == "memory" {
        return Some(Class::Memory);
    }
    let kind = Descriptor::of(ctx).and_then(|d| d.kind(ctx));
    Some(match kind.map(descriptor::family) {
        Some(Family::File) => Class::File,
        Some(Family::Net) => Class::Net,
        Some(Family::Ipc) if kind == Some(crate::event::fd_kind::UNIX_SOCK) => Class::Net,
        Some(_) => Class::Other,
        None => match info.name {
            "open" | "openat" | "openat2" | "creat" | "open_by_handle_at" => Class::File,
            "accept" | "accept4" | "connect" => Class::Net,
            _ => Class::Other,
        },
    })
}

/// 1 for an error of the class, 0 for a success, absent for other classes.
fn errors(ctx: &Ctx<'_>, wanted: Class) -> Option<u32> {
    let failed = result::failed(ctx)?;
    (class(ctx)? == wanted).then_some(u32::from(failed))
}

fields! {
    "evt";

    /// 1 if the call failed, 0 if it succeeded; absent without a result.
    "evt.count.error" "Error Count" Uint32 => |c| result::failed(c).map(u32::from);

    /// The same for calls on files and directories, and for opens.
    "evt.count.error.file" "File Error Count" Uint32 => |c| errors(c, Class::File);

    /// The same for calls that manage memory.
    "evt.count.error.memory" "Memory Error Count" Uint32 => |c| errors(c, Class::Memory);

    /// The same for calls on sockets, and for connections.
    "evt.count.error.net" "Network Error Count" Uint32 => |c| errors(c, Class::Net);

    /// The same for all other calls.
    "evt.count.error.other" "Other Error Count" Uint32 => |c| errors(c, Class::Other);

    /// The call failed.
    "evt.failed" "Failed" Bool => |c| result::failed(c);

    /// The result as a number; an error is negative.
    "evt.rawres" "Raw Return Value" Int64 => |c| result::value(c);

    /// `SUCCESS` or the error's name.
    "evt.res" "Return Value" CharBuf => |c| result_text(c);
}
