//! Events of older encodings become today's, once, while a file is read (`spec: scap-format.md` §8).

use hashbrown::HashMap;

use crate::event::encode::{self, Head};
use super::error::Fault;
use crate::event::Event;
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
    /// It is not delivered.
    Dropped,
}

/// Upgrades one file's events in their order.
#[derive(Debug)]
pub struct Upgrader {
    /// Per id the number of parameters that needs no upgrade.
    expected: [u8; IDS],
    stored: Stored,
    out: Vec<u8>,
    spare: Vec<u8>,
}

impl Default for Upgrader {
    fn default() -> Self {
        Self { expected: expected(), stored: Stored::default(), out: Vec::new(), spare: Vec::new() }
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
    /// What becomes of `event`.
    ///
    /// # Errors
    /// The table has no row for it, or the stored enter event is another call's.
    #[inline]
    pub fn look(&mut self, event: &Event<'_>) -> Result<Fate, Fault> {
        match self.expected.get(usize::from(event.id)) {
            Some(&n) if n == ANY || usize::from(n) == event.nparams() => Ok(Fate::Same),
            Some(_) => self.upgrade(event),
            None => Ok(Fate::Dropped),
        }
    }

    /// The event that was upgraded last.
    pub fn event(&self) -> &[u8] {
        &self.out
    }

    /// Forgets the enter events of a file that has ended.
    pub fn clear(&mut self) {
        self.stored.clear();
    }

    #[cold]
    fn upgrade(&mut self, event: &Event<'_>) -> Result<Fate, Fault> {
        let mut step = self.round(event)?;
        let mut fate = Fate::Same;
        let mut input = std::mem::take(&mut self.spare);
        for _ in 0..ROUNDS {
            if !matches!(step, Step::Again) {
                break;
            }
            fate = Fate::Upgraded;
            std::mem::swap(&mut self.out, &mut input);
            let next = Event::decode(&input, event.cpu).map_err(|_| Fault::LargeUpgrade { id: event.id })?;
            step = self.round(&next)?;
            if !matches!(step, Step::Again) {
                std::mem::swap(&mut self.out, &mut input);
            }
        }
        self.spare = input;
        if event.id % 2 == 1 {
            self.stored.remove(event.tid);
        }
        Ok(if matches!(step, Step::Drop) { Fate::Dropped } else { fate })
    }

    /// One row of the table; a changed event is in `out`.
    fn round(&mut self, event: &Event<'_>) -> Result<Step, Fault> {
        let Some(history) = schema::history(event.id) else { return Ok(Step::Drop) };
        let row = history.upgrades.iter().find(|row| row.params == event.nparams());
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
            None if history.current && (history.upgrades.is_empty() || history.params == event.nparams()) => {
                Ok(Step::Done)
            }
            None if history.upgrades.is_empty() => Ok(Step::Drop),
            None => Err(Fault::NoUpgrade { id: event.id, params: event.nparams() }),
        }
    }

    fn rebuild(&mut self, event: &Event<'_>, id: u16, keep: bool, origins: &[Origin]) -> Result<Step, Fault> {
        let container = container_json(event, origins);
        let kept = if keep { event.nparams() } else { 0 };
        let enter = self.stored.get(event, origins)?;
        let mut params = Vec::with_capacity(kept + origins.len());
        params.extend((0..kept).map(|at| event.param(at).unwrap_or_default()));
        for origin in origins {
            let default = || default_of(id, params.len());
            params.push(match *origin {
                Origin::Old(at) => event.param(usize::from(at)).unwrap_or_default(),
                Origin::Enter { param, or_empty } => match &enter {
                    Some(enter) => enter.param(usize::from(param)).unwrap_or_default(),
                    None if or_empty => b"",
                    None => default(),
                },
                Origin::Default => default(),
                Origin::Empty => b"",
                Origin::Zero8 => &[0; 8],
                Origin::Container => container.as_bytes(),
            });
        }
        encode::event(&mut self.out, Head { ts: event.ts, tid: event.tid, id }, params.iter().copied());
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
        Some(Type::Int32 | Type::Uint32 | Type::Flags32 | Type::EnumFlags32 | Type::Mode | Type::SigSet | Type::Bool) => 4,
        Some(Type::Int64 | Type::Uint64 | Type::RelTime | Type::AbsTime | Type::Errno | Type::Fd | Type::Pid | Type::Double) => 8,
        _ => 0,
    };
    &ZERO[..width]
}

/// The old container event's id, type, name and image in the form of its successor.
fn container_json(event: &Event<'_>, origins: &[Origin]) -> String {
    if !origins.contains(&Origin::Container) {
        return String::new();
    }
    let text = |at| String::from_utf8_lossy(until_nul(event.param(at).unwrap_or_default())).into_owned();
    let kind = event.param(1).and_then(crate::params::unsigned).unwrap_or(0);
    let object = serde_json::json!({"id": text(0), "type": kind, "name": text(2), "image": text(3)});
    let mut json = object.to_string();
    json.push('\0');
    json
}

/// The last enter event of each thread that is in a call.
#[derive(Debug, Default)]
struct Stored {
    by_tid: HashMap<i64, (u16, Vec<u8>)>,
    bytes: usize,
    /// Buffers to use again.
    free: Vec<Vec<u8>>,
}

impl Stored {
    fn insert(&mut self, event: &Event<'_>) {
        if self.by_tid.len() >= STORED_MAX || self.bytes > STORED_BYTES_MAX {
            self.clear();
        }
        self.remove(event.tid);
        let mut buffer = self.free.pop().unwrap_or_default();
        let params = (0..event.nparams()).map(|at| event.param(at).unwrap_or_default());
        encode::event(&mut buffer, Head { ts: event.ts, tid: event.tid, id: event.id }, params);
        self.bytes += buffer.len();
        self.by_tid.insert(event.tid, (event.id, buffer));
    }

    /// The enter event that belongs to `exit`, if a parameter is wanted from it.
    fn get(&self, exit: &Event<'_>, origins: &[Origin]) -> Result<Option<Event<'_>>, Fault> {
        let wanted = origins.iter().any(|origin| matches!(origin, Origin::Enter { .. }));
        let Some((id, bytes)) = self.by_tid.get(&exit.tid).filter(|_| wanted) else { return Ok(None) };
        if *id + 1 != exit.id {
            return Err(Fault::WrongEnter { id: exit.id, found: *id });
        }
        Ok(Event::decode(bytes, 0).ok())
    }

    fn remove(&mut self, tid: i64) {
        const FREE_MAX: usize = 64;
        if let Some((_, buffer)) = self.by_tid.remove(&tid) {
            self.bytes -= buffer.len();
            if self.free.len() < FREE_MAX {
                self.free.push(buffer);
            }
        }
    }

    fn clear(&mut self) {
        self.by_tid.clear();
        self.bytes = 0;
    }
}
