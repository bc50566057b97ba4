//! Healing after loss: the task iterator is asked again, and its answer comes into force at its own place in the
//! stream of events, so that no event is judged by a younger image of its process.

use super::rings::boot_time_ns;
use crate::capture::live::error::LiveError;
use crate::capture::live::scan::Scan;
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
    /// Execve- and clone-shaped records as [`Scan::records`] returns them.
    pub records: Vec<Vec<u8>>,
}

/// Scans when state has lost events, in a thread of its own, as it reads /proc for every process.
#[derive(Debug)]
pub struct Rescan {
    wanted: bool,
    not_before: Instant,
    running: Option<(Instant, JoinHandle<std::io::Result<Found>>)>,
}

impl Rescan {
    pub fn new() -> Self {
        Self { wanted: false, not_before: Instant::now(), running: None }
    }

    /// Events that state is made from were lost.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// Starts a scan if one is wanted and due; returns what a finished one has found.
    ///
    /// # Errors
    /// The iterator can't be had or read.
    pub fn poll(&mut self, open: impl FnOnce() -> Result<Scan, LiveError>) -> Result<Option<Found>, LiveError> {
        if let Some((began, thread)) = self.running.take_if(|(_, thread)| thread.is_finished()) {
            self.not_before = Instant::now() + PAUSE.max(began.elapsed() * SHARE);
            return match thread.join() {
                Ok(found) => found.map(Some).map_err(|source| io("reading the task iterator", source)),
                Err(_) => Err(LiveError::Dead("the scan of processes panicked".into())),
            };
        }
        if self.wanted && self.running.is_none() && Instant::now() >= self.not_before {
            self.wanted = false;
            let scan = open()?;
            let thread = thread::Builder::new().name("yarak-scan".into()).spawn(move || run(scan));
            let thread = thread.map_err(|source| io("starting the scan of processes", source))?;
            self.running = Some((Instant::now(), thread));
        }
        Ok(None)
    }
}

fn run(scan: Scan) -> std::io::Result<Found> {
    let began = boot_time_ns();
    let records = scan.records()?;
    Ok(Found { began, ended: boot_time_ns(), records })
}

fn io(what: &str, source: std::io::Error) -> LiveError {
    LiveError::Io { what: what.into(), source }
}
