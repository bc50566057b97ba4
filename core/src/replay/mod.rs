//! Captures replayed: files → events → state → rules, on the caller's thread, as fast as it goes.
//!
//! Time is the events'. Nothing is lost: whoever takes alerts slowly slows the replay down.

mod error;
mod examine;
pub mod exercise;
mod settings;
mod window;

pub use error::{CATALOGUE, ReplayError};
pub use examine::Examination;
pub use settings::ReplaySettings;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bumpalo::Bump;

use crate::capture::scap::reader::{Frame, Metadata, Reader};
use crate::capture::scap::stream::{Progress, Stream};
use crate::capture::scap::upgrade::{Fate, Upgrader};
use crate::capture::scap::{Fault, ScapError};
use crate::event::{Event, Packed};
use crate::fields::{Ctx, PathChoice};
use crate::rules::{Alert, Evaluator, FormatSettings, Plan, format};
use crate::schema::{self, EventFlags, Kind};
use crate::state::{self, State, StateConfig};
use examine::Watch;
use window::{Side, Window};

/// Alerts handed over at once, at most about.
const BATCH: usize = 1024;
/// Events between two looks at the clock.
const STRIDE: u64 = 1024;

/// How far a replay is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events delivered, as `evt.num` counts them.
    pub events: u64,
    pub alerts: u64,
    /// Events that the filter let through to rules and printer.
    pub shown: u64,
    /// Bytes of the files that were read, and their sizes; sizes that can't be known count 0.
    pub bytes: u64,
    pub total_bytes: u64,
    /// Times of the first and of the last event, ns since the epoch.
    pub first_ts: u64,
    pub last_ts: u64,
    /// Enter events that gave way to others.
    pub enters_forgotten: u64,
}

impl Counts {
    /// Counts an event of this time.
    fn count(&mut self, ts: u64) {
        self.events += 1;
        self.last_ts = ts;
        if self.first_ts == 0 {
            self.first_ts = ts;
        }
    }
}

/// Plans at work on one event after the other.
struct Judges {
    rules: Option<Evaluator>,
    /// Events that its only rule does not match are shown to no one.
    filter: Option<Evaluator>,
    /// Its only rule's output is printed for every event.
    printer: Option<Evaluator>,
    /// Ends the replay where it says so.
    watch: Option<Watch>,
    format: FormatSettings,
    arena: Bump,
}

/// What events go through in their order.
struct Course {
    state: State,
    judges: Judges,
    window: Window,
    counts: Counts,
}

struct Open {
    path: PathBuf,
    reader: Reader,
}

/// Files on their way through the rules.
pub struct Replay {
    waiting: VecDeque<PathBuf>,
    open: Option<Open>,
    upgrader: Upgrader,
    course: Course,
    progress: Progress,
    ended: bool,
    /// What the next call says: this one still had alerts from before it.
    failed: Option<ReplayError>,
}

/// The plans of a replay: rules, filter, printer.
#[derive(Default)]
pub struct Plans<'p> {
    pub rules: Option<&'p [u8]>,
    pub filter: Option<&'p [u8]>,
    pub printer: Option<&'p [u8]>,
}

impl Replay {
    /// Compiles the plans and looks at the files' sizes.
    ///
    /// # Errors
    /// A plan or the settings can't be read, or a file is not there.
    pub fn new(plans: &Plans<'_>, settings: &[u8]) -> Result<Self, ReplayError> {
        let settings = ReplaySettings::parse(settings)?;
        let compile = |plan: Option<&[u8]>| plan.map(|plan| Plan::compile(plan).map(Evaluator::new)).transpose();
        let judges = Judges {
            rules: compile(plans.rules)?,
            filter: compile(plans.filter)?,
            printer: compile(plans.printer)?,
            watch: None,
            format: settings.format,
            arena: Bump::new(),
        };
        let state = State::captured(StateConfig {
            max_processes: settings.max_processes,
            root: PathBuf::from("/nonexistent"),
            ..StateConfig::default()
        });
        let follows = judges.follows();
        let total_bytes = settings.files.iter().map(|path| size(path)).sum::<Result<u64, _>>()?;
        Ok(Self {
            waiting: settings.files.into(),
            open: None,
            upgrader: Upgrader::new(|id| follows(id) || judges.wants(id)),
            course: Course {
                state,
                judges,
                window: Window::new(settings.from, settings.until),
                counts: Counts { total_bytes, ..Counts::default() },
            },
            progress: Progress::default(),
            ended: false,
            failed: None,
        })
    }

    /// Has something look at every event.
    fn watch(&mut self, watch: Watch) {
        self.course.judges.watch = Some(watch);
        self.upgrader = Upgrader::default();
    }

    pub fn counts(&self) -> Counts {
        let (bytes, enters_forgotten) = (self.progress.bytes(), self.upgrader.forgotten());
        Counts { bytes, enters_forgotten, ..self.course.counts }
    }

    /// All files were read, or the end of the span of time was reached.
    pub fn ended(&self) -> bool {
        self.ended
    }

    pub fn state(&self) -> &State {
        &self.course.state
    }

    /// What evaluation has cost so far as JSON, where the plan of rules asks for it.
    pub fn profile(&self) -> Option<String> {
        self.course.judges.rules.as_ref().and_then(Evaluator::profile)
    }

    /// Goes on until there is a batch of alerts, `budget` is used up or the end is reached.
    ///
    /// # Errors
    /// A file can't be opened, is no capture or is damaged; the call before gave the alerts from before the damage.
    pub fn run(&mut self, budget: Duration) -> Result<Vec<Alert>, ReplayError> {
        if let Some(error) = self.failed.take() {
            self.ended = true;
            return Err(error);
        }
        let deadline = Instant::now().checked_add(budget);
        let mut alerts = Vec::new();
        while !self.ended && alerts.len() < BATCH {
            if self.open.is_none() && !self.open_next()? {
                self.ended = true;
                break;
            }
            let before = alerts.len();
            let outcome = self.stride(&mut alerts);
            self.course.counts.alerts += (alerts.len() - before) as u64;
            match outcome {
                Ok(true) => {}
                Ok(false) => self.open = None,
                Err(error) => {
                    let path = self.open.as_ref().map(|open| open.path.clone()).unwrap_or_default();
                    self.failed = Some(ReplayError::Damaged { path, error });
                    break;
                }
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                break;
            }
        }
        Ok(alerts)
    }

    fn open_next(&mut self) -> Result<bool, ReplayError> {
        let Some(path) = self.waiting.pop_front() else { return Ok(false) };
        let opened = Stream::open(&path, &self.progress);
        let stream = opened.map_err(|error| ReplayError::Open { path: path.clone(), error })?;
        self.upgrader.clear();
        self.course.state.restart();
        self.open = Some(Open { path, reader: Reader::new(stream) });
        Ok(true)
    }

    /// Some events of the open file; false at its end.
    fn stride(&mut self, alerts: &mut Vec<Alert>) -> Result<bool, ScapError> {
        let Some(Open { reader, .. }) = &mut self.open else { return Ok(false) };
        for _ in 0..STRIDE {
            let Some((frame, block)) = reader.next(&mut self.course.state)? else { return Ok(false) };
            let offset = frame.offset;
            let fault = |what: Fault| what.at(offset);
            let mut packed = decode(frame.bytes).map_err(fault)?;
            let fate = self.upgrader.look(&packed).map_err(fault)?;
            if fate == Fate::Upgraded {
                packed = decode(self.upgrader.event()).map_err(fault)?;
            }
            if fate != Fate::Dropped && !self.course.take(&packed, fate, &frame, alerts) {
                self.ended = true;
                break;
            }
            reader.advance(block);
            if alerts.len() >= BATCH {
                break;
            }
        }
        Ok(true)
    }
}

impl Course {
    /// Takes in one event; false: the replay ends here.
    #[inline]
    fn take(&mut self, packed: &Packed<'_>, fate: Fate, frame: &Frame<'_>, alerts: &mut Vec<Alert>) -> bool {
        let Self { state, judges, window, counts } = self;
        let side = window.side(packed.id, packed.ts);
        if side == Side::After {
            return false;
        }
        counts.count(packed.ts);
        let seen = side == Side::Within && !frame.state_only;
        if fate == Fate::Unwanted {
            counts.shown += u64::from(seen && judges.filter.is_none());
            state.pass(packed.ts);
            return true;
        }
        let mut event = Event::plain(packed, frame.cpu);
        event.num = counts.events;
        judges.event(&event, seen, state, counts, alerts)
    }
}

impl Judges {
    /// Says of an event's id whether such events change state, as far as some plan may look at it.
    fn follows(&self) -> fn(u16) -> bool {
        let mut plans =
            [&self.rules, &self.filter, &self.printer].into_iter().flatten().map(Evaluator::plan).peekable();
        // Who has no plans is there for the state.
        match plans.peek().is_some() && plans.all(Plan::is_without_descriptors) {
            true => state::follows_without_descriptors,
            false => state::follows,
        }
    }

    /// Whether a rule, or the printer, may have a use for events of this id.
    fn wants(&self, id: u16) -> bool {
        let wants = |judge: &Evaluator| judge.plan().wants(id);
        match &self.filter {
            Some(filter) => wants(filter),
            None => self.printer.is_some() || self.rules.as_ref().is_some_and(wants),
        }
    }

    /// Takes one event from state to alerts; `seen`: it is for more than state. False: the replay ends here.
    fn event(
        &mut self,
        event: &Event<'_>,
        seen: bool,
        state: &mut State,
        counts: &mut Counts,
        alerts: &mut Vec<Alert>,
    ) -> bool {
        state.apply(event);
        if seen && !is_retired(event.id) && self.passes(event, state) {
            counts.shown += 1;
            if self.watch.as_mut().is_some_and(|watch| watch.ends_at(event, state)) {
                return false;
            }
            self.rules(event, state, alerts);
            self.print(event, state, alerts);
        }
        state.after(event);
        true
    }

    fn passes(&mut self, event: &Event<'_>, state: &State) -> bool {
        let Some(filter) = &mut self.filter else { return true };
        let mut passes = false;
        filter.run(event, state, |_, _| passes = true);
        passes
    }

    fn rules(&mut self, event: &Event<'_>, state: &State, alerts: &mut Vec<Alert>) {
        let Some(evaluator) = &mut self.rules else { return };
        let (arena, settings) = (&self.arena, &self.format);
        let before = alerts.len();
        evaluator.run(event, state, |rule, choice| {
            alerts.push(format::alert(rule, &Ctx::new(event, state, choice, arena), settings));
        });
        if alerts.len() > before {
            self.arena.reset();
        }
    }

    /// Bookkeeping of the capture itself is no event to print.
    fn print(&mut self, event: &Event<'_>, state: &State, alerts: &mut Vec<Alert>) {
        let Some(printer) = &mut self.printer else { return };
        let internal = |info: &schema::EventInfo| info.kind == Kind::Meta && info.flags.has(EventFlags::SKIPPARSERESET);
        if schema::event(event.id).is_some_and(internal) {
            return;
        }
        let (arena, settings) = (&self.arena, &self.format);
        if let Some(rule) = printer.plan().rules.first() {
            let ctx = Ctx::new(event, state, PathChoice::default(), arena);
            alerts.push(format::line(rule, &ctx, settings));
        }
        self.arena.reset();
    }
}

/// The enter events that upgrading passes on have a number, and are for nobody: rules see calls that have ended
/// (`spec: fields-semantics.md` §1).
fn is_retired(id: u16) -> bool {
    schema::event(id).is_none()
}

#[inline(always)]
fn decode(bytes: &[u8]) -> Result<Packed<'_>, Fault> {
    match Packed::decode(bytes) {
        Ok(packed) => Ok(packed),
        Err(_) => Err(malformed(bytes)),
    }
}

#[cold]
fn malformed(bytes: &[u8]) -> Fault {
    Fault::EventParams { id: Packed::id_of(bytes).unwrap_or(0), len: bytes.len() }
}

fn size(path: &Path) -> Result<u64, ReplayError> {
    if path.as_os_str() == "-" {
        return Ok(0);
    }
    let meta = std::fs::metadata(path).map_err(|error| ReplayError::Open { path: path.into(), error })?;
    Ok(if meta.is_file() { meta.len() } else { 0 })
}

#[cfg(test)]
mod tests;
