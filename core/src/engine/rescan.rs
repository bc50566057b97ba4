//! Healing after loss: the task iterator is asked again, and its answer comes into force at its own place in the
//! stream of events, so that no event is judged by a younger image of its process.

use super::clocks::boot_time_ns;
use crate::capture::live::error::LiveError;
use crate::capture::live::scan::{Scan, Scanned};
use crate::state::arguments::Reader;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Least time between the end of a scan and the next one.
const PAUSE: Duration = Duration::from_secs(1);
/// The pause is also at least so many times as long as the scan took, which bounds the processor time.
const SHARE: u32 = 10;

/// What existed at some moment between two.
#[derive(Debug)]
pub struct Found {
    /// Boot time, ns.
    pub began: u64,
    pub ended: u64,
    pub tasks: Scanned,
}

/// How a scan's thread ends; it hands back whom it asked with.
type Ended = (std::io::Result<Found>, Reader);

/// Scans when state has lost events, in a thread of its own, as it reads /proc for every process.
#[derive(Debug)]
pub struct Rescan {
    wanted: bool,
    not_before: Instant,
    /// Absent while a scan is running.
    reader: Option<Reader>,
    /// What it had missed when the last scan ended.
    missed: u64,
    running: Option<(Instant, JoinHandle<Ended>)>,
}

impl Rescan {
    /// `reader`: of the scan at the start.
    pub fn new(reader: Reader) -> Self {
        let missed = reader.missed();
        Self { wanted: false, not_before: Instant::now(), reader: Some(reader), missed, running: None }
    }

    /// Processes whose arguments and environment no scan could read in time.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// Events that state is made from were lost.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Starts a scan if one is wanted and due; returns what a finished one has found. State has `room` for
    /// so many processes and threads.
    ///
    /// # Errors
    /// The iterator can't be had or read.
    pub fn poll(
        &mut self,
        room: usize,
        open: impl FnOnce() -> Result<Scan, LiveError>,
    ) -> Result<Option<Found>, LiveError> {
        if let Some((began, thread)) = self.running.take_if(|(_, thread)| thread.is_finished()) {
            self.not_before = Instant::now() + PAUSE.max(began.elapsed() * SHARE);
            let ended = thread.join().map_err(|_| LiveError::Dead("the scan of processes panicked".into()));
            let (found, reader) = ended?;
            self.missed = reader.missed();
            self.reader = Some(reader);
            return found.map(Some).map_err(|source| io("reading the task iterator", source));
        }
        if self.wanted
            && Instant::now() >= self.not_before
            && let Some(reader) = self.reader.take()
        {
            self.wanted = false;
            let scan = open()?;
            let thread = thread::Builder::new().name("yarak-scan".into()).spawn(move || run(scan, reader, room));
            let thread = thread.map_err(|source| io("starting the scan of processes", source))?;
            self.running = Some((Instant::now(), thread));
        }
        Ok(None)
    }
}

fn run(scan: Scan, mut reader: Reader, room: usize) -> Ended {
    let began = boot_time_ns();
    let tasks = scan.records(&mut reader, room);
    (tasks.map(|tasks| Found { began, ended: boot_time_ns(), tasks }), reader)
}

fn io(what: &str, source: std::io::Error) -> LiveError {
    LiveError::Io { what: what.into(), source }
}
