//! Fields whose values a test sets, and plans over them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;

use bumpalo::Bump;
use serde_json::{Value as Json, json};

use crate::event::Event;
use crate::fields::{Arg, ArgKind, Ctx, FieldDef, PathChoice};
use crate::rules::{Evaluator, Plan, PlanError};
use crate::state::{State, StateConfig};
use crate::testing::Build;
use crate::value::{Type, Value};

/// A value that outlives the event it is set for.
#[derive(Clone, Debug, PartialEq)]
pub enum Val {
    Text(String),
    Bytes(Vec<u8>),
    Int(i64),
    Uint(u64),
    Double(f64),
    Bool(bool),
    Ip(IpAddr),
    List(Vec<Val>),
}

pub fn text(t: &str) -> Val {
    Val::Text(t.into())
}

pub fn ip(t: &str) -> Val {
    Val::Ip(t.parse().expect("an address"))
}

pub fn texts(items: &[&str]) -> Val {
    Val::List(items.iter().map(|t| text(t)).collect())
}

pub type Values = HashMap<String, Val>;

thread_local! {
    static NOW: RefCell<Values> = RefCell::new(Values::new());
}

impl Val {
    fn lend<'a>(&self, arena: &'a Bump) -> Value<'a> {
        match self {
            Self::Text(t) => Value::Text(arena.alloc_slice_copy(t.as_bytes())),
            Self::Bytes(b) => Value::Bytes(arena.alloc_slice_copy(b)),
            Self::Int(n) => Value::Int(*n),
            Self::Uint(n) => Value::Uint(*n),
            Self::Double(n) => Value::Double(*n),
            Self::Bool(b) => Value::Bool(*b),
            Self::Ip(ip) => Value::Ip(*ip),
            Self::List(items) => Value::List(arena.alloc_slice_fill_iter(items.iter().map(|v| v.lend(arena)))),
        }
    }
}

fn read<'a>(name: &str, ctx: &Ctx<'a>, arg: &Arg) -> Option<Value<'a>> {
    let suffix = match arg {
        Arg::None => String::new(),
        Arg::Index(n) => format!("[{n}]"),
        Arg::Key(k) => format!("[{k}]"),
    };
    let is_real = name.starts_with("t.path") && {
        let bit = u8::from(name == "t.path2");
        ctx.choice.real >> bit & 1 == 1
    };
    let key = format!("{name}{suffix}{}", if is_real { "!real" } else { "" });
    NOW.with_borrow(|values| values.get(&key).map(|v| v.lend(ctx.arena)))
}

macro_rules! fake {
    ($($name:literal $ty:ident $arg:ident $list:literal $path:literal [$($flag:literal)*];)*) => {
        pub static FIELDS: &[FieldDef] = &[$(FieldDef {
            name: $name, class: "t", ty: Type::$ty, is_list: $list, arg: ArgKind::$arg, arg_required: false,
            flags: &[$($flag),*], display: "", doc: "", is_path: $path,
            extract: |ctx, arg| read($name, ctx, arg),
        }),*];
    };
}

fake! {
    "t.text" CharBuf Key false false [];
    "t.path" CharBuf None false true [];
    "t.path2" CharBuf None false true [];
    "t.buf" ByteBuf None false false [];
    "t.int" Int64 None false false [];
    "t.uint" Uint32 None false false [];
    "t.hex" Uint32 None false false ["print=hex"];
    "t.nine" RelTime None false false ["print=dec09"];
    "t.double" Double None false false [];
    "t.bool" Bool None false false [];
    "t.port" Port None false false [];
    "t.ip" IpAddr None false false [];
    "t.net" IpNet None false false [];
    "t.list" CharBuf Index true false [];
    "t.nums" Uint64 None true false [];
    "t.anc" CharBuf Index false false ["any-ancestor"];
    "t.ends" IpAddr None false false ["either-end"];
    "t.ports" Port None false false ["either-end"];
    "t.host" CharBuf None false false ["host-name"];
    "fd.net" IpNet None false false ["either-end"];
    "fd.realpath" CharBuf None false true [];
    "evt.around" Uint64 Key false false ["within"];
    "evt.buffer" ByteBuf None false false [];
    "evt.time" CharBuf None false false [];
    "evt.rawtime.ns" AbsTime None false false ["print=dec09"];
    "proc.pid" Int64 None false false [];
    "proc.apid" Int64 Index false false ["any-ancestor" "shows-own"];
}

pub fn resolve(name: &str) -> Option<&'static FieldDef> {
    match name {
        "evt.rawarg" => crate::fields::lookup(name),
        _ => FIELDS.iter().find(|f| f.name == name),
    }
}

/// `close`, an event that every fake rule asks for.
pub const EVENT: u16 = 5;

/// An accessor without argument.
pub fn field(name: &str) -> Json {
    json!({"field": name, "arg": null})
}

pub fn check(name: &str, op: &str, values: &[&str]) -> Json {
    json!({"check": {"lhs": field(name), "op": op, "values": values, "modifier": null}})
}

/// A rule that asks for [`EVENT`].
pub fn rule(name: &str, node: usize) -> Json {
    json!({"name": name, "source": "syscall", "priority": 4, "tags": [], "node": node, "events": [EVENT],
           "syscalls": null, "output": [], "extra_fields": {}, "capture": false, "capture_duration_ms": 0,
           "paths_match": null})
}

pub fn plan_of(matching: &str, nodes: &[Json], rules: &[Json]) -> Result<Plan, PlanError> {
    let doc = json!({"format": 1, "settings": {"rule_matching": matching, "paths_match": "both"},
                     "nodes": nodes, "rules": rules, "needs": {"socket_history": false, "fields": []}});
    Plan::compile_with(doc.to_string().as_bytes(), &resolve)
}

/// Which bits differ: those whose `!real` value is set.
fn differing(_: &Ctx<'_>) -> u8 {
    NOW.with_borrow(|v| u8::from(v.contains_key("t.path!real")) | u8::from(v.contains_key("t.path2!real")) << 1)
}

pub fn evaluator(plan: Plan) -> Evaluator {
    Evaluator::with_differing(plan, differing)
}

pub fn state() -> State {
    State::new(StateConfig::default())
}

/// Sets the values that every field has from now on.
pub fn set(values: Values) {
    NOW.set(values);
}

/// Names of the rules that match a `close` event, and under which choice.
pub fn matches(evaluator: &mut Evaluator, state: &State, values: Values) -> Vec<(String, u8)> {
    set(values);
    let built = Build::new("close").int("res", 0).int("fd", 3).done();
    run(evaluator, state, &built.event())
}

pub fn run(evaluator: &mut Evaluator, state: &State, event: &Event<'_>) -> Vec<(String, u8)> {
    let mut found = Vec::new();
    evaluator.run(event, state, |rule, PathChoice { real }| found.push((rule.name.to_string(), real)));
    found
}

/// Whether a condition of one check holds.
pub fn holds(node: Json, values: &[(&str, Val)]) -> bool {
    let plan = plan_of("first", &[node], &[rule("r", 0)]).unwrap_or_else(|e| panic!("{e}"));
    let values = values.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    !matches(&mut evaluator(plan), &state(), values).is_empty()
}
