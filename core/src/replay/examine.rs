//! One event of a capture, found and held still so that it can be asked about.

use std::time::Duration;

use bumpalo::Bump;

use super::{Plans, Replay, ReplayError};
use crate::event::{DecodeError, Event};
use crate::fields::{Ctx, PathChoice, paths};
use crate::rules::{Evaluator, Plan};
use crate::state::State;
use crate::trial::{TrialError, values};

/// What looks at every event before it leaves state.
pub enum Watch {
    Search(Box<Search>),
    Hold(Hold),
}

impl Watch {
    /// Whether the replay ends at this event.
    pub fn ends_at(&mut self, event: &Event<'_>, state: &State) -> bool {
        match self {
            Self::Search(search) => search.look(event, state),
            Self::Hold(hold) => hold.look(event),
        }
    }
}

/// For the event that a plan's first rule matches, or else the one that most of its rules do.
pub struct Search {
    evaluator: Evaluator,
    /// Matching rules and number of the best event.
    best: Option<(usize, u64)>,
}

impl Search {
    fn look(&mut self, event: &Event<'_>, state: &State) -> bool {
        let (mut matching, mut found) = (0, false);
        self.evaluator.run(event, state, |rule, _| {
            matching += 1;
            found |= rule.index == 0;
        });
        if found || matching > self.best.map_or(0, |(most, _)| most) {
            self.best = Some((matching, event.num));
        }
        found
    }
}

/// For an event by its number.
pub struct Hold {
    num: u64,
    found: Option<Held>,
}

struct Held {
    record: Vec<u8>,
    cpu: u16,
    num: u64,
}

impl Hold {
    fn look(&mut self, event: &Event<'_>) -> bool {
        if event.num == self.num {
            self.found = Some(Held { record: event.record(), cpu: event.cpu, num: event.num });
        }
        self.found.is_some()
    }
}

impl Held {
    fn event(&self) -> Result<Event<'_>, DecodeError> {
        let mut event = Event::decode(&self.record, self.cpu)?;
        event.num = self.num;
        Ok(event)
    }
}

/// A plan asked about one event of a capture.
pub struct Examination {
    replay: Replay,
    evaluator: Evaluator,
    held: Option<Held>,
}

impl Examination {
    /// Goes to event number `num`, if the capture has it.
    ///
    /// # Errors
    /// As [`Replay::new`] and [`Replay::run`].
    pub fn new(plan: &[u8], settings: &[u8], num: u64) -> Result<Self, ReplayError> {
        let evaluator = Evaluator::new(Plan::compile(plan)?);
        let mut replay = Replay::new(&Plans::default(), settings)?;
        let held = match run(&mut replay, Watch::Hold(Hold { num, found: None }))? {
            Some(Watch::Hold(hold)) => hold.found,
            _ => None,
        };
        Ok(Self { replay, evaluator, held })
    }

    /// Number of the event to look at for a plan's first rule: the first that it matches, else the first of those
    /// that most of the plan's rules match.
    ///
    /// # Errors
    /// As [`Replay::new`] and [`Replay::run`].
    pub fn find(plan: &[u8], settings: &[u8]) -> Result<Option<u64>, ReplayError> {
        let search = Search { evaluator: Evaluator::new(Plan::compile(plan)?), best: None };
        let mut replay = Replay::new(&Plans::default(), settings)?;
        Ok(match run(&mut replay, Watch::Search(Box::new(search)))? {
            Some(Watch::Search(search)) => search.best.map(|(_, num)| num),
            _ => None,
        })
    }

    /// Whether the event is there.
    pub fn reached(&self) -> bool {
        self.held.is_some()
    }

    /// As [`crate::trial::Trial::holding`].
    ///
    /// # Errors
    /// There is no event.
    pub fn holding(&mut self, choice: u8) -> Result<Vec<String>, TrialError> {
        let event = event(self.held.as_ref())?;
        let (mut found, choice) = (Vec::new(), PathChoice { real: choice });
        self.evaluator.holding(&event, self.replay.state(), choice, |rule| found.push(rule.name.to_string()));
        Ok(found)
    }

    /// As [`crate::trial::Trial::differing`].
    ///
    /// # Errors
    /// There is no event.
    pub fn differing(&self) -> Result<u8, TrialError> {
        let (event, arena) = (event(self.held.as_ref())?, Bump::new());
        let choice = PathChoice::default();
        Ok(paths::differing(&Ctx::new(&event, self.replay.state(), choice, &arena)))
    }

    /// As [`crate::trial::Trial::values`].
    ///
    /// # Errors
    /// There is no event, or an accessor is none.
    pub fn values(&self, json: &[u8], choice: u8) -> Result<String, TrialError> {
        let (event, arena) = (event(self.held.as_ref())?, Bump::new());
        let choice = PathChoice { real: choice };
        values::answer(json, &Ctx::new(&event, self.replay.state(), choice, &arena))
    }
}

fn event(held: Option<&Held>) -> Result<Event<'_>, TrialError> {
    held.ok_or(TrialError::NoEvent)?.event().map_err(|e| TrialError::Record(e.to_string()))
}

/// Runs to the end, or to where the watch ends it.
fn run(replay: &mut Replay, watch: Watch) -> Result<Option<Watch>, ReplayError> {
    replay.watch(watch);
    while !replay.ended() {
        replay.run(Duration::MAX)?;
    }
    Ok(replay.course.judges.watch.take())
}
