//! Who caused the event: its process, its thread's name and privileges, its ancestors.

use bumpalo::collections::Vec as BumpVec;

use super::declare::OneOrAll;
use super::{Arg, Ctx};
use crate::schema::{self, Kind};
use crate::state::process::{Creds, Process};
use crate::value::Value;

/// The event's process, the placeholder if it is unknown; `None` for events that no thread caused.
pub fn process<'a>(ctx: &Ctx<'a>) -> Option<&'a Process> {
    if let Some(process) = ctx.state.process_of(ctx.event) {
        return Some(process);
    }
    let by_thread = !matches!(schema::event(ctx.event.id)?.kind, Kind::Plugin | Kind::Meta);
    (by_thread && ctx.event.tid >= 0).then(|| ctx.state.unknown())
}

/// The calling thread's short name.
pub fn comm<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    if let Some(ext) = &ctx.event.ext
        && !ext.task.comm.is_empty()
    {
        return Some(ext.task.comm);
    }
    let own = ctx.state.thread(ctx.event.tid).and_then(|thread| thread.comm.as_ref());
    match own {
        Some(comm) => Some(comm.as_bytes()),
        None => Some(process(ctx)?.comm.as_bytes()),
    }
}

/// The calling thread's ids and capabilities; the kernel's ids come first.
pub fn creds(ctx: &Ctx<'_>) -> Option<Creds> {
    let own = ctx.state.thread(ctx.event.tid).and_then(|thread| thread.creds.as_deref());
    let recorded = match own {
        Some(creds) => *creds,
        None => process(ctx)?.creds,
    };
    Some(match &ctx.event.ext {
        Some(ext) => Creds { uid: ext.task.uid, gid: ext.task.gid, loginuid: ext.task.loginuid, ..recorded },
        None => recorded,
    })
}

/// Parent, grandparent … of the event's process, as the kernel has them now.
pub fn ancestors<'a>(ctx: &Ctx<'a>) -> impl Iterator<Item = &'a Process> {
    let told = ctx.event.ext.as_ref().map(|ext| i64::from(ext.task.ppid));
    // The kernel may still name a parent that has exited: the record knows who adopted its children.
    let ppid = told.filter(|ppid| ctx.state.process(*ppid).is_some());
    ctx.state.processes.lineage(ppid.or_else(|| process(ctx).map(|p| p.ppid)).unwrap_or(0))
}

/// Ancestor `n`: 0 is the process itself, 1 its parent.
pub fn ancestor<'a>(ctx: &Ctx<'a>, n: u32) -> Option<&'a Process> {
    match n.checked_sub(1) {
        None => process(ctx),
        Some(n) => ancestors(ctx).nth(n as usize),
    }
}

pub fn parent<'a>(ctx: &Ctx<'a>) -> Option<&'a Process> {
    ancestors(ctx).next()
}

/// What an ancestor field extracts: one ancestor's value with an index, those that ancestors have without.
pub fn of_ancestors<'a>(
    ctx: &Ctx<'a>,
    arg: &Arg,
    read: impl Fn(&Ctx<'a>, &'a Process) -> Option<Value<'a>>,
) -> Option<OneOrAll<'a>> {
    if let Some(n) = index(arg) {
        return ancestor(ctx, n).and_then(|p| read(ctx, p)).map(OneOrAll::One);
    }
    let mut values = BumpVec::new_in(ctx.arena);
    values.extend(ancestors(ctx).filter_map(|p| read(ctx, p)));
    (!values.is_empty()).then(|| OneOrAll::All(values.into_bump_slice()))
}

/// A number given as argument, in either spelling.
pub fn index(arg: &Arg) -> Option<u32> {
    match arg {
        Arg::Index(n) => Some(*n),
        Arg::Key(text) => text.parse().ok(),
        Arg::None => None,
    }
}

/// A name given as argument; a number is none.
pub fn key(arg: &Arg) -> Option<&str> {
    match arg {
        Arg::Key(text) if !text.bytes().all(|b| b.is_ascii_digit()) => Some(text),
        _ => None,
    }
}

/// Parts joined by `separator`.
pub fn join<'a, 'p>(ctx: &Ctx<'a>, separator: &[u8], parts: impl Iterator<Item = &'p [u8]>) -> &'a [u8] {
    let mut out = BumpVec::new_in(ctx.arena);
    for (i, part) in parts.enumerate() {
        if i > 0 {
            out.extend_from_slice(separator);
        }
        out.extend_from_slice(part);
    }
    out.into_bump_slice()
}

/// Text made by `write!`.
pub fn format<'a>(ctx: &Ctx<'a>, args: std::fmt::Arguments<'_>) -> &'a [u8] {
    let mut out = bumpalo::collections::String::new_in(ctx.arena);
    let _ = std::fmt::Write::write_fmt(&mut out, args);
    out.into_bump_str().as_bytes()
}
