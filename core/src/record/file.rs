//! One capture file: what it begins with, and events after that.

use bumpalo::Bump;
use std::time::{Duration, Instant};

use crate::capture::live::error::LiveError;
use crate::capture::live::sensor::Sensor;
use crate::capture::scap::write::additions::additions;
use crate::capture::scap::write::processes::ProcessEntry;
use crate::capture::scap::write::{Dialect, host as lay, processes as lay_processes};
use crate::event::Event;
use crate::state::State;

use super::descriptors::Lists;
use super::encode::{encode, encode_drop};
use super::host;
use super::sink::Sink;

/// Bytes handed to the writer at once.
pub const CHUNK: usize = 256 << 10;
/// What is younger than this may still wait for more.
const PATIENCE: Duration = Duration::from_millis(500);

/// Everything in front of the first event. `lists` may hold what buffered events have told of descriptors.
///
/// # Errors
/// The kernel refused to list the descriptors.
pub fn preamble(
    sensor: &Sensor,
    state: &State,
    processes: &[ProcessEntry],
    mut lists: Lists,
    dialect: Dialect,
) -> Result<Vec<u8>, LiveError> {
    let mut out = Vec::new();
    lay::section(&mut out);
    lay::machine(&mut out, &host::machine(state));
    lay::interfaces(&mut out, &host::interfaces());
    lay::users(&mut out, &host::accounts(&state.config.root));
    lay_processes::processes(&mut out, processes, dialect);
    additions(&mut out, processes);
    sensor.scan_files(|event| lists.scanned(event))?;
    lists.write(&mut out, dialect);
    Ok(out)
}

/// A file in progress.
pub struct CaptureFile {
    pub path: String,
    pub sink: Sink,
    pub events: u64,
    /// Events that did not get in since the last notice of it, and ever.
    missed: u64,
    pub lost: u64,
    /// Wait for a slow disk rather than lose something.
    waits: bool,
    dialect: Dialect,
    buffer: Vec<u8>,
    buffered: u64,
    since: Instant,
    arena: Bump,
}

impl CaptureFile {
    pub fn new(path: String, sink: Sink, dialect: Dialect, waits: bool) -> Self {
        Self {
            path,
            sink,
            events: 0,
            missed: 0,
            lost: 0,
            waits,
            dialect,
            buffer: Vec::with_capacity(CHUNK + CHUNK / 4),
            buffered: 0,
            since: Instant::now(),
            arena: Bump::new(),
        }
    }

    /// Takes in what the file begins with, `events` blocks at its end: one chunk, so that however much it is, nobody
    /// waits for the disk and nothing of it is lost.
    pub fn begin(&mut self, start: Vec<u8>, events: u64) {
        // A dead writer is found by whoever looks at the sink.
        if self.sink.push_waiting(start).is_ok() {
            self.events += events;
        }
    }

    pub fn event(&mut self, event: &Event<'_>, state: &State, state_only: bool) {
        let how = (self.dialect, state_only);
        if encode(&mut self.buffer, event, state, how, &self.arena) {
            self.buffered += 1;
        }
        self.arena.reset();
        self.hand_over_full();
    }

    /// Takes in the block of one event.
    pub fn block(&mut self, block: &[u8]) {
        self.buffer.extend_from_slice(block);
        self.buffered += 1;
        self.hand_over_full();
    }

    /// Events were lost before they came here.
    pub fn note_lost(&mut self, events: u64, ts: u64) {
        self.lost += events;
        let events = events + std::mem::take(&mut self.missed);
        if events > 0 {
            encode_drop(&mut self.buffer, events, ts);
        }
    }

    fn hand_over_full(&mut self) {
        if self.buffer.len() >= CHUNK {
            self.hand_over();
        }
    }

    /// Hands over what has waited long enough.
    pub fn hand_over_old(&mut self) {
        if !self.buffer.is_empty() && self.since.elapsed() > PATIENCE {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        let chunk = std::mem::replace(&mut self.buffer, Vec::with_capacity(CHUNK + CHUNK / 4));
        let count = std::mem::take(&mut self.buffered);
        let taken = if self.waits { self.sink.push_waiting(chunk) } else { self.sink.push(chunk) };
        match taken {
            Ok(()) => self.events += count,
            Err(_) => {
                self.missed += count;
                self.lost += count;
            }
        }
        self.since = Instant::now();
    }

    /// Ends the file; its size in bytes.
    ///
    /// # Errors
    /// Why it could not be written.
    pub fn finish(&mut self) -> Result<u64, String> {
        self.waits = true;
        self.hand_over();
        self.sink.finish()
    }
}
