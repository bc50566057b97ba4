//! `evt.*time*`: when it happened.

use std::fmt;

use super::Ctx;
use super::declare::fields;
use crate::schema::localtime::{self, Parts};

const NS: u64 = 1_000_000_000;

/// Text that `write` appends.
fn text<'a>(
    ctx: &Ctx<'a>,
    write: impl FnOnce(&mut bumpalo::collections::String<'a>) -> fmt::Result,
) -> Option<&'a [u8]> {
    let mut out = bumpalo::collections::String::with_capacity_in(40, ctx.arena);
    write(&mut out).ok()?;
    Some(out.into_bump_str().as_bytes())
}

fn local(ctx: &Ctx<'_>) -> Parts {
    localtime::local(ctx.event.ts)
}

/// Since the first event.
fn relative(ctx: &Ctx<'_>) -> u64 {
    ctx.event.ts.saturating_sub(ctx.state.clock.first)
}

/// Since this use of the field was evaluated before; 0 the first time.
fn delta(ctx: &Ctx<'_>) -> u64 {
    ctx.earlier.last.map_or(0, |last| ctx.event.ts.saturating_sub(last))
}

fields! {
    "evt";

    /// Local date and time with nanoseconds.
    "evt.datetime" "Datetime" CharBuf {"any-source"} => |c| text(c, |out| {
        let at = local(c);
        at.date(out)?;
        fmt::Write::write_char(out, ' ')?;
        at.clock_ns(out)
    });

    /// Local date and time in whole seconds.
    "evt.datetime.s" "Datetime (s)" CharBuf {"any-source"} => |c| text(c, |out| {
        let at = local(c);
        at.date(out)?;
        fmt::Write::write_char(out, ' ')?;
        at.clock(out)
    });

    /// Time since the event that this very use of the field was evaluated on before, ns: in an output since the rule's
    /// last alert, in a condition since the rule last asked, which it does once all else holds. 0 the first time.
    "evt.deltatime" "Delta" RelTime {"own-past"} => |c| Some(delta(c));

    /// Nanosecond part of that time.
    "evt.deltatime.ns" "Delta (ns)" RelTime {"print=dec09", "own-past"} => |c| Some(delta(c) % NS);

    /// Whole seconds of that time.
    "evt.deltatime.s" "Delta (s)" RelTime {"own-past"} => |c| Some(delta(c) / NS);

    /// Duration of the call; never measured, always 0.
    "evt.latency" "Latency" RelTime {"deprecated"} => |_| Some(0);

    /// Duration of the call in words; never measured.
    "evt.latency.human" "Human-Readable Latency" CharBuf {"deprecated"} => |_| Some(b"0ns");

    /// Nanosecond part of the call's duration; never measured, always 0.
    "evt.latency.ns" "Latency (ns)" RelTime {"deprecated", "print=dec09"} => |_| Some(0);

    /// Duration of the call on a logarithmic scale; never measured, always 0.
    "evt.latency.quantized" "Quantized Latency" Uint64 {"deprecated", "table-only"} => |_| Some(0);

    /// Whole seconds of the call's duration; never measured, always 0.
    "evt.latency.s" "Latency (s)" RelTime {"deprecated"} => |_| Some(0);

    /// Time as alerts show it.
    "evt.outputtime" "Output Time" CharBuf {"print-only"} => |c| text(c, |out| local(c).clock_ns(out));

    /// Nanoseconds since the epoch.
    "evt.rawtime" "Absolute Time" AbsTime {"any-source"} => |c| Some(c.event.ts);

    /// Nanosecond part of the time.
    "evt.rawtime.ns" "Absolute Time (ns)" AbsTime {"print=dec09", "any-source"} => |c| Some(c.event.ts % NS);

    /// Whole seconds since the epoch.
    "evt.rawtime.s" "Absolute Time (s)" AbsTime {"any-source"} => |c| Some(c.event.ts / NS);

    /// Nanoseconds since the first event.
    "evt.reltime" "Relative Time" RelTime {"print=dec09", "any-source"} => |c| Some(relative(c));

    /// Nanosecond part of the time since the first event.
    "evt.reltime.ns" "Relative Time (ns)" RelTime {"print=dec09", "any-source"} => |c| Some(relative(c) % NS);

    /// Whole seconds since the first event.
    "evt.reltime.s" "Relative Time (s)" RelTime {"any-source"} => |c| Some(relative(c) / NS);

    /// Local time of day with nanoseconds.
    "evt.time" "Time" CharBuf {"any-source"} => |c| text(c, |out| local(c).clock_ns(out));

    /// UTC in ISO 8601 with nanoseconds.
    "evt.time.iso8601" "ISO 8601 Time" CharBuf {"any-source"}
        => |c| text(c, |out| localtime::utc(c.event.ts).iso(out, "+0000"));

    /// Local time of day in whole seconds.
    "evt.time.s" "Time (s)" CharBuf {"any-source"} => |c| text(c, |out| local(c).clock(out));
}
