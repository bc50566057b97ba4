//! `evt.*`: what happened, where, and with what result.

use super::declare::fields;
use super::descriptor::{self, Descriptor, Family};
use super::subject::{format, index, key, process};
use super::{Ctx, result};
use crate::event::{Event, ext_flags};
use crate::params::Params;
use crate::schema::{self, EventFlags, EventInfo, Kind, SyscallInfo};
use crate::state::wire;

fn info(ctx: &Ctx<'_>) -> Option<&'static EventInfo> {
    schema::event(ctx.event.id)
}

/// The event's name; a generic event goes by its call's.
pub(super) fn name(ctx: &Ctx<'_>) -> Option<&'static str> {
    let info = info(ctx)?;
    if info.id != schema::GENERIC {
        return Some(info.name);
    }
    Some(generic_call(ctx.event).map_or("unknown", |call| call.name))
}

/// The call of a generic event, which old captures may give by its native number only.
pub fn generic_call(event: &Event<'_>) -> Option<&'static SyscallInfo> {
    let number = |at| event.uint(at).and_then(|n| u16::try_from(n).ok());
    match number(0) {
        Some(0) | None => number(1).and_then(schema::native),
        Some(code) => schema::syscall(code),
    }
}

/// Name of a notification, which may be a plugin's to choose.
fn notification<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    let info = info(ctx).filter(|info| info.kind == Kind::Meta)?;
    let own = if info.name == "asyncevent" { info.param_index("name").and_then(|at| ctx.event.text(at)) } else { None };
    Some(own.unwrap_or(info.name.as_bytes()))
}

fn flag(ctx: &Ctx<'_>, flag: EventFlags) -> Option<bool> {
    Some(info(ctx)?.flags.any(flag))
}

fn ext_flag(ctx: &Ctx<'_>, flag: u16) -> bool {
    ctx.event.ext.as_ref().is_some_and(|ext| ext.task.flags & flag != 0)
}

fn args_changed(ctx: &Ctx<'_>) -> Option<bool> {
    let changed = ext_flag(ctx, ext_flags::ARGS_CHANGED);
    (changed || !ext_flag(ctx, ext_flags::LATE)).then_some(changed)
}

/// The word for what an event is about; I/O is about what its descriptor is.
fn category(ctx: &Ctx<'_>) -> Option<&'static str> {
    let info = info(ctx)?;
    if !info.category.starts_with("io_") {
        return Some(schema::category_of(info));
    }
    let kind = Descriptor::of(ctx).and_then(|d| d.kind(ctx));
    Some(match kind.map(descriptor::family) {
        Some(Family::File) => "file",
        Some(Family::Net) => "net",
        Some(Family::Ipc) => "ipc",
        Some(Family::Other) | None => "unknown",
    })
}

/// Tells of a thread that it is there, and what it used.
fn is_snapshot(ctx: &Ctx<'_>) -> bool {
    ctx.event.id == wire::procinfo::ID
}

/// Distance to the moment named in the argument, in ms, rounded up.
fn distance_ms(ctx: &Ctx<'_>, moment: &str) -> Option<u64> {
    Some(ctx.event.ts.abs_diff(moment.parse().ok()?).div_ceil(1_000_000))
}

fields! {
    "evt";

    /// A string argument changed while the call ran, or could not be read at one of its two ends. Absent where only the
    /// end is known (`sensor.snapshots`).
    "evt.args_changed" "Arguments Changed" Bool => |c| args_changed(c);

    /// Distance in ms to the moment in the argument (ns since the epoch); compared with `=` it means "at most".
    "evt.around" "Around Interval" Uint64 [key required] {"filter-only", "no-rhs", "no-transformer", "within"}
        => |c, arg| match arg {
            super::Arg::Key(moment) => distance_ms(c, moment),
            _ => None,
        };

    /// Name of a notification that does not come from a system call.
    "evt.asynctype" "Async-Event Type" CharBuf {"any-source"}
        => |c| notification(c);

    /// Word for what the event is about, such as file, net or process.
    "evt.category" "Category" CharBuf => |c| Some(category(c)?.as_bytes());

    /// Always 1.
    "evt.count" "Count" Uint32 => |_| Some(1);

    /// 1 for a call's end, absent otherwise.
    "evt.count.exit" "Exit Count" Uint32 => |c| (c.event.id % 2 == 1).then_some(1);

    /// 1 for a snapshot of a group leader (`procinfo`), which only captures have.
    "evt.count.procinfo" "Procinfo Count" Uint32 {"table-only"}
        => |c| (is_snapshot(c) && c.event.tid == process(c)?.pid).then_some(1);

    /// 1 for a snapshot of any thread.
    "evt.count.threadinfo" "Thread Info Count" Uint32 {"table-only"} => |c| is_snapshot(c).then_some(1);

    /// CPU that the event happened on.
    "evt.cpu" "CPU Number" Int16 => |c| i16::try_from(c.event.cpu).ok();

    /// `<` for a call's end; nothing else is delivered.
    "evt.dir" "Direction" CharBuf {"by-type", "deprecated"} => |c| Some(if c.event.id % 2 == 1 { b"<" } else { b">" });

    /// Name of this machine.
    "evt.hostname" "Hostname" CharBuf {"any-source"} => |c| Some(c.state.config.hostname.as_bytes());

    /// `read` or `write` for calls that move data.
    "evt.io_dir" "I/O Direction" CharBuf => |c| {
        let flags = info(c)?.flags;
        match (flags.has(EventFlags::WRITES_TO_FD), flags.has(EventFlags::READS_FROM_FD)) {
            (true, _) => Some(b"write"),
            (_, true) => Some(b"read"),
            _ => None,
        }
    };

    /// The event is a notification and no system call.
    "evt.is_async" "Async Event" Bool {"any-source", "by-type"} => |c| info(c).map(|info| info.kind == Kind::Meta);

    /// The call reads from or writes to a descriptor.
    "evt.is_io" "Is I/O" Bool {"by-type"} => |c| flag(c, EventFlags::READS_FROM_FD.with(EventFlags::WRITES_TO_FD));

    /// The call reads from a descriptor.
    "evt.is_io_read" "Is Read" Bool {"by-type"} => |c| flag(c, EventFlags::READS_FROM_FD);

    /// The call was submitted through io_uring.
    "evt.is_io_uring" "Is io_uring" Bool => |c| Some(ext_flag(c, ext_flags::IO_URING));

    /// The call writes to a descriptor.
    "evt.is_io_write" "Is Write" Bool {"by-type"} => |c| flag(c, EventFlags::WRITES_TO_FD);

    /// The result is not known and taken for a success, as with an operation of io_uring that succeeds silently.
    "evt.is_res_assumed" "Is Result Assumed" Bool => |c| Some(c.event.result_unknown());

    /// Something is written to the system log's socket.
    "evt.is_syslog" "Is Syslog" Bool => |c| {
        let log = |name: &[u8]| name.windows(8).any(|part| part == b"/dev/log");
        let writes = flag(c, EventFlags::WRITES_TO_FD)?;
        Some(writes && Descriptor::of(c).and_then(|d| d.name(c)).is_some_and(log))
    };

    /// The call may block until something happens.
    "evt.is_wait" "Is Wait" Bool {"by-type"} => |c| flag(c, EventFlags::WAITS);

    /// Number of the event since the start, from 1.
    "evt.num" "Event Number" Uint64 {"any-source"} => |c| Some(c.event.num);

    /// One-line summary by the plugin that made the event.
    "evt.plugininfo" "Plugin Info" CharBuf {"any-source"} => |_| None;

    /// The plugin that made the event; absent for the kernel's.
    "evt.pluginname" "Plugin Name" CharBuf {"any-source"} => |_| None;

    /// Where the event comes from: syscall, or a plugin's source.
    "evt.source" "Event Source" CharBuf {"any-source"}
        => |c| info(c).filter(|info| info.kind != Kind::Plugin).map(|_| &b"syscall"[..]);

    /// Some string or buffer of the event was cut.
    "evt.truncated" "Truncated" Bool => |c| Some(ext_flag(c, ext_flags::TRUNCATED));

    /// Name of the event or of its system call.
    "evt.type" "Type" CharBuf {"by-type"} => |c| notification(c).or_else(|| name(c).map(str::as_bytes));

    /// 1 if the event is the one named after the dot (by name or number), else 0.
    "evt.type.is" "Type Is" Uint32 [dotted required] {"by-type"} => |c, arg| Some(u32::from(match (key(arg), index(arg)) {
        (Some(wanted), _) => info(c).is_some_and(|info| info.name == wanted),
        (None, Some(wanted)) => wanted == u32::from(c.event.id),
        (None, None) => false,
    }));

    /// What the thread waited for, ns; never measured, always 0.
    "evt.wait_latency" "Wait Latency" RelTime {"deprecated"} => |_| Some(0);

    /// Name of the system call; absent for anything else.
    "syscall.type" "Syscall Type" CharBuf {"by-type"}
        => |c| info(c).filter(|info| info.is_syscall()).and_then(|_| name(c)).map(str::as_bytes);
}

/// Text of a result: `SUCCESS`, an error's name, or its number where it has none.
pub(super) fn result_text<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    let value = result::value(ctx)?;
    if value >= 0 {
        return Some(b"SUCCESS");
    }
    match schema::names::errno(value.unsigned_abs()) {
        Some(name) => Some(name.as_bytes()),
        None => Some(format(ctx, format_args!("{value}"))),
    }
}
