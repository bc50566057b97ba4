//! Events of older encodings become today's, once, while a file is read (`spec: scap-format.md` §8).

use hashbrown::HashMap;

use super::error::Fault;
use super::shortcuts::{self, Shortcuts};
use crate::event::Packed;
use crate::event::encode::{self, Head};
use crate::params::until_nul;
use crate::schema::upgrades::{Action, IDS, Origin, Upgrade};
use crate::schema::{self, EventFlags};
use crate::value::Type;

/// Steps from the oldest encoding to today's, at most.
const ROUNDS: usize = 50;
const EVENT_MAX: usize = 64 << 10;
/// Enter events kept at most, and bytes of them; a capture has one per running thread.
const STORED_MAX: usize = 65_536;
const STORED_BYTES_MAX: usize = 64 << 20;
/// No number of parameters is expected.
const ANY: u8 = u8::MAX;

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is as it should be.
    Same,
    /// Its new form is [`Upgrader::event`].
    Upgraded,
    /// It is delivered, but nobody looks at it: it was not put into its new form.
    Unwanted,
    /// It is not delivered.
    Dropped,
}

/// Upgrades one file's events in their order.
#[derive(Debug)]
pub struct Upgrader {
    /// Per id the number of parameters that needs no upgrade.
    expected: [u8; IDS],
    shortcuts: Shortcuts,
    stored: Stored,
    out: Vec<u8>,
    spare: Vec<u8>,
}

impl Default for Upgrader {
    /// Every event is wanted.
    fn default() -> Self {
        Self::new(|_| true)
    }
}

/// Today's events: any number of parameters where the encoding never changed, else the table's.
fn expected() -> [u8; IDS] {
    const NEVER: u8 = u8::MAX - 1;
    let mut expected = [NEVER; IDS];
    for event in schema::events() {
        let managed = event.flags.has(EventFlags::CONVERTER_MANAGED);
        if let Some(slot) = expected.get_mut(usize::from(event.id)) {
            *slot = if managed { event.params.len() as u8 } else { ANY };
        }
    }
    expected
}

/// What one round did.
enum Step {
    Done,
    Again,
    Drop,
}

impl Upgrader {
    /// `wants` says of an id of today whether somebody looks at such events.
    pub fn new(wants: impl Fn(u16) -> bool) -> Self {
        Self {
            expected: expected(),
            shortcuts: Shortcuts::new(wants, ROUNDS),
            stored: Stored::default(),
            out: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// What becomes of `event`.
    ///
    /// # Errors
    /// The table has no row for it, or the stored enter event is another call's.
    #[inline]
    pub fn look(&mut self, event: &Packed<'_>) -> Result<Fate, Fault> {
        match self.expected.get(usize::from(event.id)).copied() {
            Some(n) if n == ANY || usize::from(n) == event.body.nparams() => {
                Ok(if self.shortcuts.of(event).is_some() { Fate::Unwanted } else { Fate::Same })
            }
            Some(_) if self.shortcuts.keeps(event) => {
                self.stored.insert(event);
                Ok(Fate::Dropped)
            }
            Some(_) if self.passes_over(event)? => Ok(Fate::Unwanted),
            Some(_) => self.upgrade(event),
            None => Ok(Fate::Dropped),
        }
    }

    /// Does for an event that nobody wants what its upgrade would have done for others.
    fn passes_over(&mut self, event: &Packed<'_>) -> Result<bool, Fault> {
        let Some(how) = self.shortcuts.of(event) else { return Ok(false) };
        let Some(enter) = self.stored.of(event.tid) else { return Ok(true) };
        if how.takes_enter {
            if !shortcuts::fits(enter) {
                return Ok(false);
            }
            belongs(enter, event)?;
        }
        if event.id % 2 == 1 {
            enter.clear();
        }
        Ok(true)
    }

    /// The event that was upgraded last.
    pub fn event(&self) -> &[u8] {
        &self.out
    }

    /// Forgets the enter events of a file that has ended.
    pub fn clear(&mut self) {
        self.stored.clear();
    }

    /// Enter events that had to go before their exit came.
    pub fn forgotten(&self) -> u64 {
        self.stored.forgotten
    }

    fn upgrade(&mut self, event: &Packed<'_>) -> Result<Fate, Fault> {
        let mut step = self.round(event)?;
        let mut fate = Fate::Same;
        let mut input = std::mem::take(&mut self.spare);
        for _ in 0..ROUNDS {
            if !matches!(step, Step::Again) {
                break;
            }
            fate = Fate::Upgraded;
            if self.is_current() {
                break;
            }
            std::mem::swap(&mut self.out, &mut input);
            let next = Packed::decode(&input).map_err(|_| Fault::LargeUpgrade { id: event.id })?;
            step = self.round(&next)?;
            if !matches!(step, Step::Again) {
                std::mem::swap(&mut self.out, &mut input);
            }
        }
        self.spare = input;
        if event.id % 2 == 1 {
            self.stored.take_back(event.tid);
        }
        Ok(if matches!(step, Step::Drop) { Fate::Dropped } else { fate })
    }

    /// Whether the event in `out` needs nothing more: an exit event of today's form.
    fn is_current(&self) -> bool {
        let word = |at: usize| self.out.get(at..at + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
        self.expected.get(usize::from(word(20))).is_some_and(|n| u16::from(*n) == word(22))
    }

    /// One row of the table; a changed event is in `out`.
    fn round(&mut self, event: &Packed<'_>) -> Result<Step, Fault> {
        let Some(history) = schema::history(event.id) else { return Ok(Step::Drop) };
        let nparams = event.body.nparams();
        let row = history.upgrades.iter().find(|row| row.params == nparams);
        match row {
            Some(Upgrade { action: Action::Store, .. }) => {
                self.stored.insert(event);
                Ok(Step::Drop)
            }
            Some(Upgrade { action: Action::StoreAndPass, .. }) => {
                self.stored.insert(event);
                Ok(Step::Done)
            }
            Some(Upgrade { action: Action::Pass, .. }) => Ok(Step::Done),
            Some(Upgrade { action: Action::Add(origins), .. }) => self.rebuild(event, event.id, true, origins),
            Some(Upgrade { action: Action::Change(id, origins), .. }) => self.rebuild(event, *id, false, origins),
            None if history.current && (history.upgrades.is_empty() || history.params == nparams) => Ok(Step::Done),
            None if history.upgrades.is_empty() => Ok(Step::Drop),
            None => Err(Fault::NoUpgrade { id: event.id, params: nparams }),
        }
    }

    /// Writes the event of id `id` into `out`: what `event` has, if it is kept, and what `origins` say.
    fn rebuild(&mut self, event: &Packed<'_>, id: u16, keep: bool, origins: &[Origin]) -> Result<Step, Fault> {
        let container = container_json(event, origins);
        let kept = event.body.parts().filter(|_| keep).unwrap_or_default();
        let first = if keep { event.body.nparams() } else { 0 };
        let enter = self.stored.get(event, origins)?;
        let added = origins.iter().enumerate().map(|(at, origin)| match *origin {
            Origin::Old(from) => event.body.param(usize::from(from)).unwrap_or_default(),
            Origin::Enter { param, or_empty } => match &enter {
                Some(enter) => enter.body.param(usize::from(param)).unwrap_or_default(),
                None if or_empty => b"",
                None => default_of(id, first + at),
            },
            Origin::Default => default_of(id, first + at),
            Origin::Empty => b"",
            Origin::Zero8 => &[0; 8],
            Origin::Container => container.as_bytes(),
        });
        encode::extended(&mut self.out, Head { ts: event.ts, tid: event.tid, id }, kept, added);
        if self.out.len() > EVENT_MAX {
            return Err(Fault::LargeUpgrade { id: event.id });
        }
        Ok(Step::Again)
    }
}

/// Bytes of a parameter that nobody recorded.
fn default_of(id: u16, at: usize) -> &'static [u8] {
    const ZERO: [u8; 8] = [0; 8];
    const NOBODY: [u8; 4] = [0xff; 4];
    let width = match schema::event(id).and_then(|e| e.params.get(at)).map(|p| p.ty) {
        Some(Type::Uid | Type::Gid) => return &NOBODY,
        Some(Type::Int8 | Type::Uint8 | Type::Flags8 | Type::EnumFlags8 | Type::SigType) => 1,
        Some(Type::Int16 | Type::Uint16 | Type::Flags16 | Type::EnumFlags16 | Type::SyscallId | Type::Port) => 2,
        Some(
            Type::Int32 | Type::Uint32 | Type::Flags32 | Type::EnumFlags32 | Type::Mode | Type::SigSet | Type::Bool,
        ) => 4,
        Some(
            Type::Int64
            | Type::Uint64
            | Type::RelTime
            | Type::AbsTime
            | Type::Errno
            | Type::Fd
            | Type::Pid
            | Type::Double,
        ) => 8,
        _ => 0,
    };
    &ZERO[..width]
}

/// The old container event's id, type, name and image in the form of its successor.
fn container_json(event: &Packed<'_>, origins: &[Origin]) -> String {
    if !origins.contains(&Origin::Container) {
        return String::new();
    }
    let text = |at| String::from_utf8_lossy(until_nul(event.body.param(at).unwrap_or_default())).into_owned();
    let kind = event.body.param(1).and_then(crate::params::unsigned).unwrap_or(0);
    let object = serde_json::json!({"id": text(0), "type": kind, "name": text(2), "image": text(3)});
    let mut json = object.to_string();
    json.push('\0');
    json
}

/// The last enter event of each thread; its buffer stays when the event was used.
#[derive(Debug, Default)]
struct Stored {
    by_tid: HashMap<i64, u32>,
    buffers: Vec<Vec<u8>>,
    /// The thread that was looked up last, and its buffer: most calls end before another thread has its turn.
    recent: Option<(i64, u32)>,
    bytes: usize,
    forgotten: u64,
}

impl Stored {
    fn insert(&mut self, event: &Packed<'_>) {
        if self.buffers.len() >= STORED_MAX || self.bytes > STORED_BYTES_MAX {
            self.forgotten += self.buffers.iter().filter(|event| !event.is_empty()).count() as u64;
            self.clear();
        }
        if self.of(event.tid).is_none() {
            self.add(event.tid);
        }
        let Some(buffer) = self.of(event.tid) else { return };
        let before = buffer.capacity();
        buffer.clear();
        buffer.extend_from_slice(event.bytes);
        self.bytes += buffer.capacity() - before;
    }

    #[cold]
    fn add(&mut self, tid: i64) {
        self.by_tid.insert(tid, self.buffers.len() as u32);
        self.buffers.push(Vec::new());
    }

    /// A thread's buffer; it is empty when no call has begun that did not end.
    #[inline]
    fn of(&mut self, tid: i64) -> Option<&mut Vec<u8>> {
        let at = match self.recent {
            Some((recent, at)) if recent == tid => at,
            _ => {
                let at = *self.by_tid.get(&tid)?;
                self.recent = Some((tid, at));
                at
            }
        };
        self.buffers.get_mut(at as usize)
    }

    /// The enter event that belongs to `exit`, if a parameter is wanted from it.
    fn get(&mut self, exit: &Packed<'_>, origins: &[Origin]) -> Result<Option<Packed<'_>>, Fault> {
        if !origins.iter().any(|origin| matches!(origin, Origin::Enter { .. })) {
            return Ok(None);
        }
        let Some(bytes) = self.of(exit.tid) else { return Ok(None) };
        belongs(bytes, exit)?;
        Ok(Packed::decode(bytes).ok())
    }

    /// The call has ended.
    fn take_back(&mut self, tid: i64) {
        if let Some(buffer) = self.of(tid) {
            buffer.clear();
        }
    }

    fn clear(&mut self) {
        self.by_tid.clear();
        self.buffers.clear();
        self.recent = None;
        self.bytes = 0;
    }
}

/// Whether a stored enter event, if there is one, began the call that `exit` ends.
fn belongs(enter: &[u8], exit: &Packed<'_>) -> Result<(), Fault> {
    match Packed::id_of(enter) {
        Some(found) if found + 1 != exit.id => Err(Fault::WrongEnter { id: exit.id, found }),
        _ => Ok(()),
    }
}
