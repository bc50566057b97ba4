//! Rules tried on events that somebody wrote down: no kernel, no root, and the same path as live events from the
//! first byte of a record to the finished alert.
//!
//! [`Trial`] turns processes and events given as JSON ([`doc`]) into the sensor's wire format ([`record`]), extension
//! block and all, and hands them to decode, state, evaluate and format. The machine is made up too: no file of the
//! real one is read.

mod absence;
mod address;
mod descriptor;
mod doc;
mod encode;
mod error;
mod events;
mod names;
mod person;
mod processes;
mod record;
mod stage;
pub mod values;

pub use error::{CATALOGUE, TrialError};

use std::path::PathBuf;

use bumpalo::Bump;
use serde::Deserialize;

use crate::event::Event;
use crate::fields::{Ctx, PathChoice, paths};
use crate::rules::{Alert, Evaluator, FormatSettings, Plan, format};
use crate::state::users::Users;
use crate::state::{State, StateConfig};
use doc::{EventDoc, ProcessDoc};
use processes::Cast;

/// Time of the first event, ns since the epoch: 2024-01-01T00:00:00Z.
const START: u64 = 1_704_067_200_000_000_000;
/// The made-up machine was booted this long before, ns.
const UPTIME: u64 = 3_600_000_000_000;
/// Between two events that do not say when they happen, ns.
const STEP: u64 = 1_000_000;

/// How a trial runs; keys of the settings document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    hostname: String,
    format: FormatSettings,
    /// Lines of the machine's passwd and group files.
    passwd: String,
    group: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hostname: "host".into(),
            format: FormatSettings { json_output: true, time_format_iso_8601: true, ..FormatSettings::default() },
            passwd: "root:x:0:0:root:/root:/bin/bash\n".into(),
            group: "root:x:0:\n".into(),
        }
    }
}

/// A plan at work on made-up events.
pub struct Trial {
    evaluator: Evaluator,
    state: State,
    format: FormatSettings,
    cast: Cast,
    /// The last event's record.
    last: Vec<u8>,
    events: u64,
    now: u64,
}

impl Trial {
    /// A machine on which nothing runs but process 1, and a plan for it.
    ///
    /// # Errors
    /// The plan or the settings cannot be read.
    pub fn new(plan: &[u8], settings: &[u8]) -> Result<Self, TrialError> {
        let plan = Plan::compile(plan).map_err(|e| TrialError::Plan(e.to_string()))?;
        let settings: Settings = parse("settings", settings)?;
        let mut state = State::new(StateConfig {
            boot_time_ns: START - UPTIME,
            hostname: settings.hostname.clone(),
            root: PathBuf::from("/nonexistent"),
            ..StateConfig::default()
        });
        state.users = Users::fixed(settings.passwd.as_bytes(), settings.group.as_bytes());
        let mut trial = Self {
            evaluator: Evaluator::new(plan),
            state,
            format: FormatSettings { hostname: settings.hostname, ..settings.format },
            cast: Cast::default(),
            last: Vec::new(),
            events: 0,
            now: START,
        };
        trial.add(ProcessDoc::init())?;
        Ok(trial)
    }

    /// Adds a process, as if it had been there when watching began. Gives its pid.
    ///
    /// # Errors
    /// The description is malformed or names an unknown parent.
    pub fn process(&mut self, json: &[u8]) -> Result<i64, TrialError> {
        self.add(parse("process", json)?)
    }

    /// Lets an event happen. Gives the alerts.
    ///
    /// # Errors
    /// The description is malformed, or names an event, a parameter or a flag that is none.
    pub fn feed(&mut self, json: &[u8]) -> Result<Vec<Alert>, TrialError> {
        let doc: EventDoc = parse("event", json)?;
        let kind = events::Kind::find(&doc.name)?;
        let subject = events::subject(&doc, kind, &mut self.cast, self.now)?;
        for record in &subject.before {
            self.know(record)?;
        }
        let record = events::record(&doc, kind, &subject, &self.cast, &self.state, self.now)?;
        self.last = record.bytes()?;
        self.now = record.ts.saturating_add(STEP);
        self.events += 1;
        if subject.made_by_event {
            self.cast.put(subject.person);
        }
        self.judge()
    }

    /// Names of the plan's rules whose conditions hold for the last event under `choice` (bit i: the event's i-th
    /// path is read under its real name), whatever event types they are for and whichever comes first.
    ///
    /// # Errors
    /// There was no event.
    pub fn holding(&mut self, choice: u8) -> Result<Vec<String>, TrialError> {
        let event = last(&self.last, self.events)?;
        let mut found = Vec::new();
        let choice = PathChoice { real: choice };
        self.evaluator.holding(&event, &self.state, choice, |rule| found.push(rule.name.to_string()));
        Ok(found)
    }

    /// Which of the last event's paths have two names, as bits of a choice.
    ///
    /// # Errors
    /// There was no event.
    pub fn differing(&self) -> Result<u8, TrialError> {
        let (event, arena) = (last(&self.last, self.events)?, Bump::new());
        Ok(paths::differing(&Ctx::new(&event, &self.state, PathChoice::default(), &arena)))
    }

    /// Values of accessors for the last event, or why they are absent: a JSON list for a JSON list (see [`values`]).
    ///
    /// # Errors
    /// There was no event, or an accessor is none.
    pub fn values(&self, json: &[u8], choice: u8) -> Result<String, TrialError> {
        let (event, arena) = (last(&self.last, self.events)?, Bump::new());
        let ctx = Ctx::new(&event, &self.state, PathChoice { real: choice }, &arena);
        values::answer(json, &ctx)
    }

    /// What evaluation has cost so far as JSON, where the plan asks for it.
    pub fn profile(&self) -> Option<String> {
        self.evaluator.profile()
    }

    fn add(&mut self, doc: ProcessDoc) -> Result<i64, TrialError> {
        let mut records = Vec::new();
        let pid = self.cast.enter(&doc, self.now, &mut records)?;
        for record in &records {
            self.know(record)?;
        }
        Ok(pid)
    }

    /// Takes in a record that only feeds state.
    fn know(&mut self, record: &[u8]) -> Result<(), TrialError> {
        let event = decode(record)?;
        self.state.apply(&event);
        self.state.after(&event);
        Ok(())
    }

    /// As the live pipeline does; what the event ends stays until the next one comes, so that it can be asked about.
    fn judge(&mut self) -> Result<Vec<Alert>, TrialError> {
        let event = last(&self.last, self.events)?;
        self.state.apply(&event);
        let (arena, mut alerts) = (Bump::new(), Vec::new());
        let (state, settings) = (&self.state, &self.format);
        self.evaluator.run(&event, state, |rule, choice| {
            alerts.push(format::alert(rule, &Ctx::new(&event, state, choice, &arena), settings));
        });
        Ok(alerts)
    }
}

fn last(record: &[u8], events: u64) -> Result<Event<'_>, TrialError> {
    if events == 0 {
        return Err(TrialError::NoEvent);
    }
    let mut event = decode(record)?;
    event.num = events;
    Ok(event)
}

fn decode(record: &[u8]) -> Result<Event<'_>, TrialError> {
    Event::decode(record, 0).map_err(|e| TrialError::Record(e.to_string()))
}

fn parse<'j, T: Deserialize<'j>>(what: &'static str, json: &'j [u8]) -> Result<T, TrialError> {
    serde_json::from_slice(json).map_err(|e| TrialError::Document { what, why: e.to_string() })
}

#[cfg(test)]
mod tests;
