//! `evt.arg*` and `evt.abspath`: the call's parameters.

use super::declare::fields;
use super::paths;
use super::resolve::Lookup;
use super::subject::{index, key};
use super::{Arg, Ctx, result};
use crate::schema::{self, EventInfo, render};

/// Position of the parameter that the argument names.
fn position(info: &EventInfo, arg: &Arg) -> Option<usize> {
    match (key(arg), index(arg)) {
        (Some(name), _) => info.param_index(name),
        (None, Some(at)) => Some(at as usize),
        (None, None) => None,
    }
}

/// A parameter as text; a path goes by the name that the current choice asks for.
fn argument<'a>(ctx: &Ctx<'a>, arg: &Arg) -> Option<&'a [u8]> {
    let info = schema::event(ctx.event.id)?;
    let at = position(info, arg)?;
    if paths::wants_real(ctx, at)
        && let Some(name) = paths::real(ctx.event, at)
    {
        return Some(name);
    }
    render::argument(info, ctx.event, at, &Lookup(ctx), ctx.arena)
}

fn arguments<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    let given = Ctx { choice: super::PathChoice::default(), ..*ctx };
    Some(render::arguments(schema::event(ctx.event.id)?, ctx.event, &Lookup(&given), ctx.arena))
}

/// Which path of a call that takes directory descriptors: the first, or the one that a rename or link ends at.
fn absolute<'a>(ctx: &Ctx<'a>, arg: &Arg) -> Option<&'a [u8]> {
    let info = schema::event(ctx.event.id)?;
    let names = match info.name {
        "renameat" | "renameat2" | "linkat" => ["oldpath", "newpath"],
        "symlinkat" => ["linkpath", ""],
        "openat" | "openat2" | "unlinkat" => ["name", ""],
        "open_by_handle_at" if result::failed(ctx) == Some(false) => ["path", ""],
        "mkdirat" => ["path", ""],
        "fchmodat" => ["filename", ""],
        "fchownat" => ["pathname", ""],
        _ => return None,
    };
    let [first, second] = names;
    let name = match key(arg) {
        None | Some("src") => first,
        Some("dst") => second,
        Some(_) => return None,
    };
    paths::chosen(ctx, info.param_index(name)?)
}

fields! {
    "evt";

    /// Path of a call that takes a directory descriptor, made absolute; `.dst` is where a rename or link ends.
    "evt.abspath" "Absolute Path" CharBuf [dotted] path = true => |c, arg| absolute(c, arg);

    /// One parameter of the event by name or position, in the form meant for people.
    "evt.arg" "Argument" CharBuf [dotted required] path = true => |c, arg| argument(c, arg);

    /// Length in bytes of one parameter in full, also where it was cut; none where the full length is not known.
    "evt.arglen" "Argument Length" Uint64 [dotted required] => |c, arg| {
        let at = position(schema::event(c.event.id)?, arg)?;
        match c.event.ext.as_ref().and_then(|ext| ext.cut(at)) {
            Some(full) => full.map(u64::from),
            None => c.event.param(at).map(|bytes| bytes.len() as u64),
        }
    };

    /// All parameters of the event, `name=value` with the form for people in parentheses.
    "evt.args" "Arguments" CharBuf => |c| arguments(c);

    /// The same as evt.args.
    "evt.info" "Information" CharBuf => |c| arguments(c);

    /// One parameter of the event by name, in its own type.
    "evt.rawarg" "Raw Argument" Dyn [dotted required] {"no-rhs", "no-transformer"} => |c, arg| {
        let info = schema::event(c.event.id)?;
        let at = info.param_index(key(arg)?)?;
        schema::read(info.params.get(at)?, c.event.param(at)?)
    };
}
