//! Events for unit tests, built by the names of their parameters.

use crate::event::encode::{self, Head};
use crate::event::{Event, Extension, PathItem, TaskFacts};
use crate::schema::{self, EventInfo};
use crate::value::Type;

/// Collects an event's parameters; those not set are empty.
pub struct Build {
    info: &'static EventInfo,
    ts: u64,
    tid: i64,
    params: Vec<Vec<u8>>,
}

/// An encoded event and the extension that came with it.
pub struct Built {
    bytes: Vec<u8>,
}

impl Build {
    /// The current event of this name.
    pub fn new(name: &str) -> Self {
        let info = schema::events().iter().find(|e| e.name == name).expect("an event of the schema");
        Self { info, ts: 1_000_000_000_000, tid: 100, params: vec![Vec::new(); info.params.len()] }
    }

    pub fn ts(mut self, ts: u64) -> Self {
        self.ts = ts;
        self
    }

    pub fn tid(mut self, tid: i64) -> Self {
        self.tid = tid;
        self
    }

    /// A number in the parameter's own width.
    pub fn int(self, name: &str, value: i64) -> Self {
        let at = self.info.param_index(name).expect("a parameter of the event");
        let width = match self.info.params[at].ty {
            Type::Int8 | Type::Uint8 | Type::Flags8 | Type::EnumFlags8 | Type::SigType => 1,
            Type::Int16 | Type::Uint16 | Type::Flags16 | Type::EnumFlags16 | Type::SyscallId | Type::Port => 2,
            Type::Int32 | Type::Uint32 | Type::Flags32 | Type::EnumFlags32 | Type::Uid | Type::Gid | Type::Mode => 4,
            _ => 8,
        };
        self.bytes(name, &value.to_le_bytes()[..width])
    }

    pub fn text(self, name: &str, value: &str) -> Self {
        self.bytes(name, &[value.as_bytes(), b"\0"].concat())
    }

    pub fn bytes(mut self, name: &str, value: &[u8]) -> Self {
        let at = self.info.param_index(name).expect("a parameter of the event");
        self.params[at] = value.to_vec();
        self
    }

    pub fn done(self) -> Built {
        let mut bytes = Vec::new();
        let head = Head { ts: self.ts, tid: self.tid, id: self.info.id };
        encode::event(&mut bytes, head, self.params.iter().map(Vec::as_slice));
        Built { bytes }
    }
}

impl Built {
    /// The event as a capture has it.
    pub fn event(&self) -> Event<'_> {
        Event::decode(&self.bytes, 0).expect("a well-formed event")
    }

    /// The event as the sensor sends it.
    pub fn live<'a>(&'a self, ext: Extension<'a>) -> Event<'a> {
        let mut event = self.event();
        event.ext = Some(ext);
        event
    }
}

/// Task facts of a process and its parent.
pub fn task(tgid: u32, ppid: u32, comm: &str) -> TaskFacts<'_> {
    TaskFacts {
        tgid,
        ppid,
        loginuid: u32::MAX,
        start_boottime: u64::from(tgid) * 1_000_000,
        comm: comm.as_bytes(),
        ..TaskFacts::default()
    }
}

/// A path of the extension block.
pub fn path(param: usize, text: &str) -> Option<PathItem<'_>> {
    Some(PathItem { param: param as u8, flags: 0, text: text.as_bytes() })
}
