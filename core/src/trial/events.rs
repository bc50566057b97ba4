//! What an event is and who causes it.

use serde_json::Value as Json;

use super::doc::{EventDoc, ProcessRef};
use super::person::Person;
use super::processes::Cast;
use super::record::Record;
use super::stage::Stage;
use super::{TrialError, encode, names};
use crate::schema::{self, EventInfo};
use crate::state::State;
use crate::state::wire::{clone, exec};

/// An event's type: its row in the schema, and the system call's code where it stands for many.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub info: &'static EventInfo,
    /// The call's code in the capture format and its own number.
    pub generic: Option<(u16, u16)>,
}

impl Kind {
    /// By an event's name, or a system call's.
    pub fn find(name: &str) -> Result<Self, TrialError> {
        let by = |wanted: &dyn Fn(&EventInfo) -> bool| {
            schema::events()
                .iter()
                .find(|e| e.id != schema::GENERIC && wanted(e))
                .map(|info| Self { info, generic: None })
        };
        let call = || {
            let call = schema::syscalls().iter().find(|s| s.name == name && s.event == schema::GENERIC)?;
            Some(Self { info: schema::event(schema::GENERIC)?, generic: Some((call.code, call.native.unwrap_or(0))) })
        };
        let found = by(&|e| e.name == name).or_else(|| by(&|e| e.syscalls.contains(&name))).or_else(call);
        found.ok_or_else(|| {
            let known = schema::events().iter().map(|e| e.name).chain(schema::syscalls().iter().map(|s| s.name));
            TrialError::Event { name: name.into(), like: names::closest(name, known) }
        })
    }

    fn is_exec(self) -> bool {
        matches!(self.info.id, exec::ID | exec::EXECVEAT)
    }

    fn is_birth(self) -> bool {
        matches!(self.info.id, clone::ID | clone::FORK | clone::VFORK | clone::CLONE3)
    }
}

/// Who causes an event: the records that make it known come first.
pub struct Subject {
    pub person: Person,
    pub before: Vec<Vec<u8>>,
    /// The event itself makes the process, or its image, what is described.
    pub made_by_event: bool,
}

/// Finds out who causes an event.
pub fn subject(doc: &EventDoc, kind: Kind, cast: &mut Cast, ts: u64) -> Result<Subject, TrialError> {
    let mut before = Vec::new();
    let succeeds = result(doc, kind)?.is_none_or(|res| res >= 0);
    let made_by_event =
        (kind.is_exec() && succeeds) || (kind.is_birth() && result(doc, kind)?.is_none_or(|res| res == 0));
    let default = ProcessRef::New(Box::default());
    let mut person = match doc.process.as_ref().unwrap_or(&default) {
        ProcessRef::New(new) if made_by_event => cast.described(new, ts, &mut before)?,
        who => {
            let pid = cast.resolve(who, ts, &mut before)?;
            cast.get(pid)?.clone()
        }
    };
    if made_by_event && kind.is_exec() {
        new_image(doc, &mut person);
    }
    Ok(Subject { person, before, made_by_event })
}

/// What an exec's own parameters say about the image.
fn new_image(doc: &EventDoc, person: &mut Person) {
    let text = |name: &str| doc.params.get(name).and_then(Json::as_str);
    let described = matches!(&doc.process, Some(ProcessRef::New(new)) if new.name.is_some() || new.exepath.is_some());
    let path = text("trusted_exepath").or(text("filename").filter(|_| !described));
    if let Some(path) = path {
        person.exec(path);
    }
    if let Some(Json::Array(words)) = doc.params.get("args") {
        person.set_args(words.iter().filter_map(Json::as_str).map(Into::into).collect());
    }
    if let Some(name) = text("comm") {
        person.set_name(name);
    }
}

/// The result that is asked for, as `result` or as the first parameter.
pub fn result(doc: &EventDoc, kind: Kind) -> Result<Option<i64>, TrialError> {
    let Some(first) = kind.info.params.first().filter(|_| has_result(kind)) else { return Ok(None) };
    let Some(value) = doc.result.as_ref().or_else(|| doc.params.get(first.name)) else { return Ok(None) };
    match value {
        Json::String(text) if text == "success" => Ok(None),
        Json::String(text) if text.starts_with('E') => names::errno(text).map(|n| Some(-n)),
        value => Ok(i64::try_from(encode::integer(first, value)?).ok()),
    }
}

/// Whether the first parameter is the call's result.
pub fn has_result(kind: Kind) -> bool {
    kind.info.is_syscall() && kind.generic.is_none()
}

/// The record of an event.
pub fn record(
    doc: &EventDoc,
    kind: Kind,
    subject: &Subject,
    cast: &Cast,
    state: &State,
    ts: u64,
) -> Result<Record, TrialError> {
    let person = &subject.person;
    let mut record = person.record(kind.info, doc.time.unwrap_or(ts), 0);
    if subject.made_by_event {
        person.fill(kind.info, &mut record);
        record.ids = Some(person.ids());
    } else if let Some(known) = state.process(person.pid) {
        // What earlier events changed: credentials, parent, name.
        let facts = &mut record.task.facts;
        (facts.uid, facts.gid, facts.loginuid) = (known.creds.uid, known.creds.gid, known.creds.loginuid);
        facts.ppid = u32::try_from(known.ppid).unwrap_or(0);
        record.task.comm = String::from_utf8_lossy(known.comm.as_bytes()).into_owned();
    }
    record.tid = doc.tid.unwrap_or(record.tid);
    Stage { doc, kind, cast, record }.complete(state)
}
