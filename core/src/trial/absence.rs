//! Why a field has no value for an event.

use crate::event::Event;
use crate::fields::{self, Arg, Ctx, FieldDef};
use crate::params::Params;
use crate::schema::{self, EventFlags, EventInfo};
use crate::value::Value;

/// Why `def` is absent, in words. To be asked only where it is.
pub fn reason(def: &FieldDef, arg: &Arg, ctx: &Ctx<'_>) -> String {
    let Some(info) = schema::event(ctx.event.id) else { return "the event is not known".into() };
    match (def.class, def.name) {
        (_, "evt.arg" | "evt.rawarg") => parameter(info, arg, ctx.event),
        ("fd", _) => descriptor(def, info, ctx),
        ("fs.path", _) => path(info, ctx),
        (_, "evt.abspath") => path(info, ctx),
        ("process" | "thread" | "user" | "group", _) => process(def, arg, ctx),
        ("container" | "k8s", _) => container(ctx),
        _ if !is_set(ctx, "proc.pid") => "the process is not known".into(),
        _ if info.is_syscall() && ctx.event.int(0).is_some_and(|res| res < 0) => {
            format!("not for {}, or not for a call that failed", info.name)
        }
        _ => format!("not for {} events like this one", info.name),
    }
}

fn value<'a>(ctx: &Ctx<'a>, name: &str) -> Option<Value<'a>> {
    let def = fields::lookup(name)?;
    (def.extract)(ctx, &Arg::None)
}

fn is_set(ctx: &Ctx<'_>, name: &str) -> bool {
    match value(ctx, name) {
        Some(Value::Int(pid)) => pid >= 0,
        other => other.is_some(),
    }
}

fn parameter(info: &EventInfo, arg: &Arg, event: &Event<'_>) -> String {
    let at = match arg {
        Arg::Index(at) => Some(*at as usize).filter(|at| *at < info.params.len()),
        Arg::Key(name) => info.param_index(name),
        Arg::None => None,
    };
    let name = match arg {
        Arg::Index(at) => at.to_string(),
        Arg::Key(name) => name.to_string(),
        Arg::None => String::new(),
    };
    match at {
        None => format!("{} has no parameter {name}", info.name),
        Some(at) if event.param(at).is_none_or(<[u8]>::is_empty) => format!("parameter {name} was not captured"),
        Some(_) => format!("parameter {name} holds no such value"),
    }
}

fn descriptor(def: &FieldDef, info: &EventInfo, ctx: &Ctx<'_>) -> String {
    let about = EventFlags::CREATES_FD.with(EventFlags::USES_FD).with(EventFlags::DESTROYS_FD);
    if !info.flags.any(about) {
        return format!("{} is not about a descriptor", info.name);
    }
    match value(ctx, "fd.type") {
        None if info.flags.has(EventFlags::CREATES_FD) && ctx.event.int(0).is_some_and(|res| res < 0) => {
            "the call failed, so that there is no descriptor".into()
        }
        None => "nothing is known about the descriptor".into(),
        Some(Value::Text(kind)) => {
            let kind = String::from_utf8_lossy(kind);
            format!("the descriptor is of type {kind}, {} is not known for it", def.name)
        }
        Some(_) => format!("{} is not known for this descriptor", def.name),
    }
}

fn path(info: &EventInfo, ctx: &Ctx<'_>) -> String {
    match fields::paths::path_params(info.id) {
        [] => format!("{} has no path parameter", info.name),
        params if params.iter().all(|at| ctx.event.param(usize::from(*at)).is_none_or(<[u8]>::is_empty)) => {
            format!("no path of {} was captured", info.name)
        }
        _ => format!("{} has no path of this kind", info.name),
    }
}

fn process(def: &FieldDef, arg: &Arg, ctx: &Ctx<'_>) -> String {
    if !is_set(ctx, "proc.pid") {
        return "the process is not known".into();
    }
    match arg {
        Arg::Index(level) if def.name.starts_with("proc.a") && def.name != "proc.args" => {
            format!("no ancestor of level {level} is known")
        }
        Arg::Key(name) => format!("there is no {name}"),
        Arg::Index(at) => format!("there is no number {at}"),
        Arg::None if def.name.starts_with("proc.p") && !is_set(ctx, "proc.pname") => "the parent is not known".into(),
        Arg::None => "not known for this process".into(),
    }
}

fn container(ctx: &Ctx<'_>) -> String {
    if !is_set(ctx, "proc.pid") {
        return "the process is not known".into();
    }
    match ctx.state.placement_of(ctx.event).container() {
        None => "the process runs on the host".into(),
        Some(_) => "the runtime's metadata is not known".into(),
    }
}
