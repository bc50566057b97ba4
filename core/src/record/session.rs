//! `yarak record`: one file from start to end, or one after another.

use hashbrown::HashMap;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::descriptors::Lists;
use super::encode::feeds_state;
use super::file::{CaptureFile, preamble};
use super::settings::RecordSettings;
use super::sink::{Existing, Sink};
use super::{Verdict, processes};
use crate::capture::live::error::LiveError;
use crate::capture::live::sensor::Sensor;
use crate::capture::scap::write::Dialect;
use crate::event::Event;
use crate::state::State;

/// Everything that is recorded.
pub struct Session {
    settings: RecordSettings,
    file: CaptureFile,
    began: Instant,
    /// Files made so far, and those that are kept.
    number: u64,
    kept: VecDeque<String>,
    /// Of files that are complete.
    events: u64,
    bytes: u64,
    lost: u64,
}

impl Session {
    /// Makes the file and writes what was there before the first event.
    ///
    /// # Errors
    /// The file can't be made, or the kernel refused to list the descriptors.
    pub fn start(settings: RecordSettings, sensor: &Sensor, state: &State) -> Result<Self, LiveError> {
        let first = open(&settings, 1, sensor, state)?;
        let kept = VecDeque::from([first.path.clone()]);
        let began = Instant::now();
        Ok(Self { settings, file: first, began, number: 1, kept, events: 0, bytes: 0, lost: 0 })
    }

    pub fn take(&mut self, event: &Event<'_>, state: &State, verdict: Verdict) {
        let state_only = self.settings.filtered && !verdict.matched;
        if !state_only || feeds_state(event.id) {
            self.file.event(event, state, state_only);
        }
    }

    pub fn lost(&mut self, events: u64, ts: u64) {
        self.file.note_lost(events, ts);
    }

    pub fn work(&mut self, sensor: &Sensor, state: &State) -> Result<(), LiveError> {
        self.file.hand_over_old();
        if let Some(error) = self.file.sink.error() {
            return Err(failed(&self.file.path, error));
        }
        if self.is_due() {
            self.rotate(sensor, state)?;
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let RecordSettings { rotate_bytes, rotate_ns, .. } = self.settings;
        (rotate_bytes > 0 && self.file.sink.written() >= rotate_bytes)
            || (rotate_ns > 0 && self.began.elapsed() >= Duration::from_nanos(rotate_ns))
    }

    fn rotate(&mut self, sensor: &Sensor, state: &State) -> Result<(), LiveError> {
        self.finish()?;
        self.number += 1;
        self.began = Instant::now();
        self.file = open(&self.settings, self.number, sensor, state)?;
        if self.settings.keep == 0 {
            return Ok(());
        }
        self.kept.push_back(self.file.path.clone());
        while self.kept.len() > self.settings.keep {
            if let Some(oldest) = self.kept.pop_front() {
                // Somebody has taken it away already: gone is what is wanted.
                let _ = std::fs::remove_file(oldest);
            }
        }
        Ok(())
    }

    pub fn finish(&mut self) -> Result<(), LiveError> {
        let size = self.file.finish().map_err(|error| failed(&self.file.path, error))?;
        self.events += std::mem::take(&mut self.file.events);
        self.lost += std::mem::take(&mut self.file.lost);
        self.bytes += size;
        Ok(())
    }

    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let finished = self.file.events == 0 && self.bytes > 0;
        vec![
            ("n_recorded_events", self.events + self.file.events),
            ("n_recorded_bytes", self.bytes + if finished { 0 } else { self.file.sink.written() }),
            ("n_recorded_files", self.number),
            ("n_recorded_lost", self.lost + self.file.lost),
        ]
    }
}

fn failed(path: &str, error: String) -> LiveError {
    LiveError::Io { what: format!("writing {path}"), source: std::io::Error::other(error) }
}

fn open(settings: &RecordSettings, number: u64, sensor: &Sensor, state: &State) -> Result<CaptureFile, LiveError> {
    let path = name(settings, number);
    let gzip = settings.compress || settings.path.ends_with(".gz");
    let sink = Sink::create(&path, gzip, Existing::Replace)
        .map_err(|source| LiveError::Io { what: format!("making {path}"), source })?;
    let dialect = if settings.compat { Dialect::Compat } else { Dialect::Current };
    let list = processes::entries(state, &HashMap::new());
    let mut file = CaptureFile::new(path, sink, dialect, true);
    file.begin(preamble(sensor, state, &list, Lists::default(), dialect)?, 0);
    Ok(file)
}

/// The file's name; rotated ones get a number in front of their suffixes: `a.scap.gz` → `a-0001.scap.gz`.
fn name(settings: &RecordSettings, number: u64) -> String {
    if settings.rotate_bytes == 0 && settings.rotate_ns == 0 {
        return settings.path.clone();
    }
    let path = Path::new(&settings.path);
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let (stem, suffix) = file.split_at(file.find('.').filter(|at| *at > 0).unwrap_or(file.len()));
    let numbered: PathBuf = path.with_file_name(format!("{stem}-{number:04}{suffix}"));
    numbered.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_numbered_before_their_suffixes() {
        let settings = |path: &str, bytes: u64| -> RecordSettings {
            serde_json::from_value(serde_json::json!({"path": path, "rotate_bytes": bytes})).unwrap()
        };
        assert_eq!(name(&settings("/tmp/a.b/x.scap.gz", 1), 7), "/tmp/a.b/x-0007.scap.gz");
        assert_eq!(name(&settings("x", 1), 12), "x-0012");
        assert_eq!(name(&settings(".hidden", 1), 1), ".hidden-0001");
        assert_eq!(name(&settings("x.scap", 0), 7), "x.scap");
    }
}
