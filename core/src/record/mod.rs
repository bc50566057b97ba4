//! Recording: what the pipeline sees goes into capture files, all of it on request (`yarak record`) or around the
//! alerts of rules that ask for it, from a ring of the last seconds on.
//!
//! The pipeline's thread encodes; a thread of its own compresses and writes ([`sink`]), behind a bounded queue.

mod descriptors;
pub(crate) mod encode;
mod file;
mod flight;
mod host;
mod processes;
mod ring;
mod session;
mod settings;
mod sink;

pub use flight::Flight;
pub use session::Session;
pub use settings::{CaptureSettings, RecordSettings};

use crate::capture::live::error::LiveError;
use crate::capture::live::sensor::Sensor;
use crate::event::Event;
use crate::rules::Rule;
use crate::state::State;

/// What the rules made of an event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// A rule matched.
    pub matched: bool,
    /// A rule that asks for a recording matched, and for how long: ms from the event on, 0 the default.
    pub capture: Option<u64>,
}

impl Verdict {
    /// Another rule matched.
    pub fn add(&mut self, rule: &Rule) {
        self.matched = true;
        if rule.capture {
            self.capture = self.capture.max(Some(rule.capture_duration_ms));
        }
    }
}

/// Something worth an internal message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A capture file is complete.
    Written { path: String, events: u64, bytes: u64 },
    /// A capture file reached its largest size and was closed.
    SizeLimit { limit_mb: u64, bytes: u64 },
    /// A capture file could not be written.
    Failed { path: String, error: String },
}

/// The pipeline's recorder.
pub enum Recorder {
    Session(Box<Session>),
    Flight(Box<Flight>),
}

impl Recorder {
    /// Looks at an event before state does.
    pub fn before(&mut self, event: &Event<'_>, state: &State) {
        if let Self::Flight(flight) = self {
            flight.before(event, state);
        }
    }

    /// Takes an event in, once state and rules have seen it.
    pub fn take(&mut self, event: &Event<'_>, state: &State, verdict: Verdict) {
        match self {
            Self::Session(session) => session.take(event, state, verdict),
            Self::Flight(flight) => flight.take(event, state, verdict),
        }
    }

    /// What needs the sensor and may take a moment: begins and ends files. To be called between events.
    ///
    /// # Errors
    /// The kernel refused something; a session's file could not be written.
    pub fn work(&mut self, sensor: &mut Sensor, state: &State) -> Result<(), LiveError> {
        match self {
            Self::Session(session) => session.work(sensor, state),
            Self::Flight(flight) => flight.work(sensor, state),
        }
    }

    /// The kernel has lost events since the last call.
    pub fn lost(&mut self, events: u64, ts: u64) {
        match self {
            Self::Session(session) => session.lost(events, ts),
            Self::Flight(flight) => flight.lost(events, ts),
        }
    }

    /// Ends the file in progress.
    ///
    /// # Errors
    /// A session's file could not be written.
    pub fn finish(&mut self) -> Result<(), LiveError> {
        match self {
            Self::Session(session) => session.finish(),
            Self::Flight(flight) => {
                flight.finish();
                Ok(())
            }
        }
    }

    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        match self {
            Self::Session(session) => session.counters(),
            Self::Flight(flight) => flight.counters(),
        }
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        match self {
            Self::Session(_) => Vec::new(),
            Self::Flight(flight) => flight.take_notices(),
        }
    }
}
