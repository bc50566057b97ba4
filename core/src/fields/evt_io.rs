//! `evt.buf*` and `evt.is_open_*`: data moved, and how files are opened.

use super::declare::fields;
use super::descriptor::{self, Descriptor, Family};
use super::{Ctx, result};
use crate::params::Params;
use crate::schema::{self, EventFlags};

/// Bits of the capture format's open flags.
const READ: u64 = 1;
const WRITE: u64 = 2;
const CREATE: u64 = 0x4;
const TMPFILE: u64 = 0x2000;
const CREATED: u64 = 0x4000;
/// Execute bits of a mode, for anybody.
const EXECUTE: u64 = 0o111;
/// The sensor's word that the call made the file, in a bit that no kernel gives to file flags.
const MADE: u32 = 1 << 31;

fn named(ctx: &Ctx<'_>, param: &str) -> Option<u64> {
    ctx.event.uint(schema::event(ctx.event.id)?.param_index(param)?)
}

fn call(ctx: &Ctx<'_>) -> &'static str {
    schema::event(ctx.event.id).map_or("", |info| info.name)
}

/// Flags of a call that opens by flags; `None` for every other event.
fn open_flags(ctx: &Ctx<'_>) -> Option<u64> {
    matches!(call(ctx), "open" | "openat" | "openat2" | "open_by_handle_at").then(|| named(ctx, "flags").unwrap_or(0))
}

fn creates(ctx: &Ctx<'_>) -> bool {
    let Some(flags) = open_flags(ctx) else { return false };
    let made = ctx.event.ext.as_ref().and_then(|ext| ext.file).is_some_and(|file| file.open_flags & MADE != 0);
    let assumed = flags & CREATE != 0 && ctx.event.result_unknown();
    made || assumed || flags & CREATED != 0 || (flags & TMPFILE != 0 && result::failed(ctx) == Some(false))
}

fn creates_executable(ctx: &Ctx<'_>) -> bool {
    let creating = match call(ctx) {
        "creat" => true,
        "open" | "openat" | "openat2" => open_flags(ctx).is_some_and(|flags| flags & (CREATE | TMPFILE) != 0),
        _ => false,
    };
    creating && named(ctx, "mode").is_some_and(|mode| mode & EXECUTE != 0)
}

/// Bytes that an I/O call moved, if its descriptor is known, of the family and in the direction asked for.
fn moved(ctx: &Ctx<'_>, family: Option<Family>, direction: Option<EventFlags>) -> Option<u64> {
    let info = schema::event(ctx.event.id).filter(|info| info.category.starts_with("io_"))?;
    let kind = Descriptor::of(ctx)?.kind(ctx)?;
    if family.is_some_and(|f| f != descriptor::family(kind)) || direction.is_some_and(|d| !info.flags.has(d)) {
        return None;
    }
    u64::try_from(result::value(ctx)?).ok()
}

const READS: Option<EventFlags> = Some(EventFlags::READS_FROM_FD);
const WRITES: Option<EventFlags> = Some(EventFlags::WRITES_TO_FD);

fields! {
    "evt";

    /// Bytes that the call read or wrote, as many as are captured.
    "evt.buffer" "Buffer" ByteBuf => |c| c.event.param(schema::event(c.event.id)?.param_index("data")?);

    /// Number of bytes that an I/O call moved.
    "evt.buflen" "Buffer Length" Uint64 => |c| moved(c, None, None);

    /// The same on files.
    "evt.buflen.file" "File Buffer Length" Uint64 {"table-only"} => |c| moved(c, Some(Family::File), None);

    /// The same on files, read.
    "evt.buflen.file.in" "File Input Buffer Length" Uint64 {"table-only"} => |c| moved(c, Some(Family::File), READS);

    /// The same on files, written.
    "evt.buflen.file.out" "File Output Buffer Length" Uint64 {"table-only"} => |c| moved(c, Some(Family::File), WRITES);

    /// The same, read.
    "evt.buflen.in" "Input Buffer Length" Uint64 {"table-only"} => |c| moved(c, None, READS);

    /// The same on internet sockets.
    "evt.buflen.net" "Network Buffer Length" Uint64 {"table-only"} => |c| moved(c, Some(Family::Net), None);

    /// The same on internet sockets, received.
    "evt.buflen.net.in" "Network Input Buffer Length" Uint64 {"table-only"} => |c| moved(c, Some(Family::Net), READS);

    /// The same on internet sockets, sent.
    "evt.buflen.net.out" "Network Output Buffer Length" Uint64 {"table-only"} => |c| moved(c, Some(Family::Net), WRITES);

    /// The same, written.
    "evt.buflen.out" "Output Buffer Length" Uint64 {"table-only"} => |c| moved(c, None, WRITES);

    /// The open made a file that was not there.
    "evt.is_open_create" "Is Created" Bool => |c| Some(creates(c));

    /// The open may make a file, and with a permission to execute it.
    "evt.is_open_exec" "Is Created With Execute Permissions" Bool => |c| Some(creates_executable(c));

    /// The open asks for reading.
    "evt.is_open_read" "Is Opened For Reading" Bool => |c| Some(open_flags(c).is_some_and(|flags| flags & READ != 0));

    /// The open asks for writing.
    "evt.is_open_write" "Is Opened For Writing" Bool => |c| Some(open_flags(c).is_some_and(|flags| flags & WRITE != 0));
}
