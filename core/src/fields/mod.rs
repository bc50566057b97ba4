//! Fields: what rules and outputs can name. Each is declared once, in the file of its class.

mod container;
mod declare;
mod descriptor;
mod evt;
mod evt_args;
mod evt_infra;
mod evt_io;
mod evt_result;
mod evt_time;
mod fd;
mod fd_socket;
mod fdlist;
mod fs_path;
mod group;
mod k8s;
mod k8s_legacy;
pub mod paths;
mod process;
mod process_ancestors;
mod process_exe;
mod process_session;
mod resolve;
mod result;
mod socket;
mod subject;
mod thread;
mod user;
mod util;

use std::sync::OnceLock;

use hashbrown::HashMap;

pub use evt::generic_call;
pub use resolve::Lookup;

use crate::event::Event;
use crate::state::State;
use crate::value::{Type, Value};

/// How a field takes its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgKind {
    None,
    /// `f[3]`
    Index,
    /// `f[NAME]`
    Key,
    /// `f[3]` or `f[NAME]`
    IndexOrKey,
    /// `f.name` or `f[3]` (evt.arg), `f.name` (evt.rawarg, thread.cgroup, evt.type.is, evt.abspath)
    Dotted,
}

/// A field's argument, parsed once when a plan is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    None,
    Index(u32),
    Key(Box<str>),
}

/// Which of an event's two names each path stands for while a rule is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathChoice {
    /// Bit i: the event's i-th path parameter is read under its real name.
    pub real: u8,
}

/// Evaluations of the same use of a field before (flag `own-past`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// Time of the last event of them, ns since the epoch.
    pub last: Option<u64>,
    /// On so many events.
    pub count: u64,
}

/// Everything an extractor may look at. Borrowed for one event.
pub struct Ctx<'a> {
    pub event: &'a Event<'a>,
    pub state: &'a State,
    pub choice: PathChoice,
    /// Reset after every event; extractors build what they cannot borrow in it.
    pub arena: &'a bumpalo::Bump,
    pub earlier: Earlier,
}

impl<'a> Ctx<'a> {
    /// Of a field that is evaluated for the first time.
    pub fn new(event: &'a Event<'a>, state: &'a State, choice: PathChoice, arena: &'a bumpalo::Bump) -> Self {
        Self { event, state, choice, arena, earlier: Earlier::default() }
    }
}

/// Computes the field's value, or `None` when it is absent.
pub type Extract = for<'a> fn(&Ctx<'a>, &Arg) -> Option<Value<'a>>;

/// One field's declaration.
pub struct FieldDef {
    pub name: &'static str,
    /// Class word of the listing: `evt`, `process`, `user` …
    pub class: &'static str,
    pub ty: Type,
    pub is_list: bool,
    pub arg: ArgKind,
    pub arg_required: bool,
    /// `deprecated`, `no-rhs`, `no-transformer`, `filter-only`, `format-suggested`, `print=hex` …
    pub flags: &'static [&'static str],
    pub display: &'static str,
    /// First line of the entry's doc comment and on.
    pub doc: &'static str,
    /// Reads a path of the event, so that path choices apply.
    pub is_path: bool,
    pub extract: Extract,
}

/// The declarations of every file, class by class.
const FILES: &[&[FieldDef]] = &[
    evt::FIELDS,
    evt_time::FIELDS,
    evt_args::FIELDS,
    evt_infra::FIELDS,
    evt_io::FIELDS,
    evt_result::FIELDS,
    process::FIELDS,
    process_exe::FIELDS,
    process_ancestors::FIELDS,
    process_session::FIELDS,
    thread::FIELDS,
    user::FIELDS,
    group::FIELDS,
    fd::FIELDS,
    fd_socket::FIELDS,
    fs_path::FIELDS,
    fdlist::FIELDS,
    util::FIELDS,
    container::FIELDS,
    k8s::FIELDS,
    k8s_legacy::FIELDS,
];

/// Every field, class by class.
pub fn all() -> impl Iterator<Item = &'static FieldDef> {
    FILES.iter().copied().flatten()
}

/// The field of this name, without argument.
pub fn lookup(name: &str) -> Option<&'static FieldDef> {
    static INDEX: OnceLock<HashMap<&'static str, &'static FieldDef>> = OnceLock::new();
    INDEX.get_or_init(|| all().map(|field| (field.name, field)).collect()).get(name).copied()
}

/// Whether a field looks at no descriptor, and at nothing that one may have decided, as a working directory is. Of
/// processes, users, groups and containers those that do are named, of events those that do not; all others do.
pub fn without_descriptors(field: &FieldDef) -> bool {
    match field.class {
        "user" | "group" | "container" => true,
        "process" => {
            let word = field.name.trim_start_matches("proc.");
            !["std", "fd"].iter().any(|start| word.starts_with(start)) && !matches!(word, "cwd" | "script" | "ascript")
        }
        "evt" => WITHOUT_DESCRIPTORS.contains(&field.name),
        _ => false,
    }
}

/// Fields of events that do.
const WITHOUT_DESCRIPTORS: &[&str] = &[
    "evt.cpu",
    "evt.datetime",
    "evt.datetime.s",
    "evt.dir",
    "evt.failed",
    "evt.num",
    "evt.outputtime",
    "evt.rawres",
    "evt.rawtime",
    "evt.rawtime.ns",
    "evt.rawtime.s",
    "evt.reltime",
    "evt.reltime.ns",
    "evt.reltime.s",
    "evt.res",
    "evt.time",
    "evt.time.iso8601",
    "evt.time.s",
    "evt.type",
    "syscall.type",
];

#[cfg(test)]
mod tests;
#[cfg(test)]
mod value_tests;
