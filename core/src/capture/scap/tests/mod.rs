//! Files put together byte by byte, as the format's description has them.

mod blocks;
mod damage;
mod events;
mod lists;
mod stream;
mod upgrades;

use std::io::Cursor as Bytes;

use super::additions::Addition;
use super::descriptors::DescriptorEntry;
use super::interfaces::Interface;
use super::machine::Machine;
use super::processes::ProcessEntry;
use super::reader::{Metadata, Reader};
use super::stream::{Progress, Stream};
use super::users::Principal;
use super::{ScapError, block};

/// A file under construction.
#[derive(Clone, Default)]
pub struct Builder(pub Vec<u8>);

impl Builder {
    /// With a section header.
    pub fn new() -> Self {
        Self::default().section()
    }

    pub fn section(self) -> Self {
        let mut body = block::MAGIC.to_le_bytes().to_vec();
        body.extend([1, 0, 2, 0]);
        body.extend([0xff; 8]);
        self.block(block::SECTION, &body)
    }

    pub fn block(mut self, kind: u32, body: &[u8]) -> Self {
        let total = block::padded(block::HEAD_LEN + body.len() + block::TRAILER_LEN) as u32;
        self.0.extend(kind.to_le_bytes());
        self.0.extend(total.to_le_bytes());
        self.0.extend(body);
        self.0.resize(self.0.len().next_multiple_of(block::ALIGN), 0);
        self.0.extend(total.to_le_bytes());
        self
    }

    /// An event in a block of today.
    pub fn event(self, ts: u64, tid: i64, id: u16, params: &[&[u8]]) -> Self {
        let mut body = vec![3, 0];
        body.extend(event(ts, tid, id, params));
        self.block(block::EVENT, &body)
    }

    pub fn read(&self) -> Result<Seen, ScapError> {
        read(self.0.clone())
    }
}

/// An event with its header.
pub fn event(ts: u64, tid: i64, id: u16, params: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let head = crate::event::encode::Head { ts, tid, id };
    crate::event::encode::event(&mut out, head, params.iter().copied());
    out
}

/// The same with the old header, which does not say how many parameters there are.
pub fn old_event(ts: u64, tid: i64, id: u16, params: &[&[u8]]) -> Vec<u8> {
    let mut old = event(ts, tid, id, params);
    old.drain(22..26);
    let len = old.len() as u32;
    old[16..20].copy_from_slice(&len.to_le_bytes());
    old
}

/// Bytes behind their u16 length.
pub fn text(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_le_bytes()[..], bytes].concat()
}

/// What a reader handed out, as text.
#[derive(Debug, Default)]
pub struct Seen {
    pub log: Vec<String>,
    /// Events: id, parameters.
    pub events: Vec<(u16, Vec<Vec<u8>>)>,
    pub state_only: Vec<bool>,
    pub cpus: Vec<u16>,
}

impl Metadata for Seen {
    fn restart(&mut self) {
        self.log.push("restart".into());
    }
    fn machine(&mut self, machine: &Machine<'_>) {
        self.log.push(format!("machine {} {}", String::from_utf8_lossy(machine.hostname), machine.boot_time));
    }
    fn interface(&mut self, interface: &Interface<'_>) {
        self.log.push(format!("interface {} {}", String::from_utf8_lossy(interface.name), interface.address));
    }
    fn principal(&mut self, principal: &Principal<'_>) {
        self.log.push(match principal {
            Principal::User { uid, name, .. } => format!("user {uid} {}", String::from_utf8_lossy(name)),
            Principal::Group { gid, name } => format!("group {gid} {}", String::from_utf8_lossy(name)),
        });
    }
    fn process(&mut self, process: &ProcessEntry<'_>) {
        self.log.push(format!("process {process:?}"));
    }
    fn addition(&mut self, addition: &Addition) {
        self.log.push(format!("addition {addition:?}"));
    }
    fn has_additions(&mut self) {
        self.log.push("additions".into());
    }
    fn descriptor(&mut self, tid: i64, descriptor: &DescriptorEntry<'_>) {
        self.log.push(format!("descriptor {tid} {descriptor:?}"));
    }
    fn complete(&mut self) {
        self.log.push("complete".into());
    }
}

pub fn read(bytes: Vec<u8>) -> Result<Seen, ScapError> {
    let stream = Stream::new(Bytes::new(bytes), &Progress::default()).expect("memory can be read");
    let mut reader = Reader::new(stream);
    let mut seen = Seen::default();
    loop {
        let mut metadata = std::mem::take(&mut seen);
        let next = reader.next(&mut metadata);
        seen = metadata;
        let (frame, len) = match next {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(seen),
            Err(error) => return Err(error),
        };
        if let Ok(event) = crate::event::Event::decode(frame.bytes, frame.cpu) {
            let params = (0..event.nparams()).map(|at| event.param(at).unwrap_or_default().to_vec());
            seen.events.push((event.id, params.collect()));
        }
        seen.state_only.push(frame.state_only);
        seen.cpus.push(frame.cpu);
        reader.advance(len);
    }
}
