//! Files around alerts: a rule that asks for it opens one, which ends some time later; with a look-back it begins with
//! the ring.

use std::collections::VecDeque;

use super::descriptors::Note;
use super::encode::encode;
use super::file::{CaptureFile, preamble};
use super::ring::{Entry, Ring, Undo, descriptors_before, processes_before};
use super::settings::CaptureSettings;
use super::sink::{Existing, Sink};
use super::{Notice, Verdict, processes};
use crate::capture::live::error::LiveError;
use crate::capture::live::sensor::{Scope, Sensor};
use crate::capture::scap::write::Dialect;
use crate::capture::scap::write::processes::ProcessEntry;
use crate::engine::wall_time_ns;
use crate::event::Event;
use crate::state::{State, changes_process};
use bumpalo::Bump;

const MS: u64 = 1_000_000;
/// Bytes of entries that wait for their file to be made, beside those of the look-back; what is beyond is lost and told.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// A file that is about to begin.
struct Pending {
    path: String,
    processes: Vec<ProcessEntry>,
    entries: VecDeque<Entry>,
    /// Of those that came since it was decided on.
    bytes: usize,
    lost: u64,
}

impl Pending {
    fn wait(&mut self, entry: Entry) {
        self.bytes += entry.size();
        if self.bytes <= WAITING_BYTES_MAX {
            self.entries.push_back(entry);
        } else {
            self.lost += 1;
        }
    }
}

/// Records around alerts.
pub struct Flight {
    settings: CaptureSettings,
    ring: Option<Ring>,
    undo: Option<Undo>,
    pending: Option<Pending>,
    file: Option<CaptureFile>,
    /// ns since the epoch; the first event at or past it is the file's last.
    deadline: u64,
    /// The file's last event is in.
    over: bool,
    /// The sensor sends what files need.
    wide: bool,
    notices: Vec<Notice>,
    files: u64,
    events: u64,
    bytes: u64,
    lost: u64,
    arena: Bump,
}

impl Flight {
    pub fn new(settings: CaptureSettings) -> Self {
        let ring = (settings.lookback_ms > 0).then(|| Ring::new(settings.lookback_bytes, settings.lookback_ms * MS));
        Self {
            settings,
            ring,
            undo: None,
            pending: None,
            file: None,
            deadline: 0,
            over: false,
            wide: false,
            notices: Vec::new(),
            files: 0,
            events: 0,
            bytes: 0,
            lost: 0,
            arena: Bump::new(),
        }
    }

    pub fn before(&mut self, event: &Event<'_>, state: &State) {
        if self.ring.is_none() || !changes_process(event.id) {
            return;
        }
        let Some(ext) = &event.ext else { return };
        let pid = i64::from(ext.task.tgid);
        self.undo = Some(Undo { pid, process: state.process(pid).cloned() });
    }

    pub fn take(&mut self, event: &Event<'_>, state: &State, verdict: Verdict) {
        let asked = verdict.capture.or((self.settings.all_rules && verdict.matched).then_some(0));
        let waits = asked.is_some() && (self.file.is_none() || self.over) && self.pending.is_none();
        if self.pending.is_some() || waits || self.ring.is_some() {
            let entry = self.entry(event, state);
            self.keep(entry, event, state, waits);
        } else if let Some(file) = self.file.as_mut().filter(|_| !self.over) {
            file.event(event, state, false);
        }
        if let Some(duration) = asked {
            let duration = if duration > 0 { duration } else { self.settings.default_duration_ms };
            let until = event.ts.saturating_add(duration * MS);
            self.deadline = if waits { until } else { self.deadline.max(until) };
        } else if self.file.is_some() && self.pending.is_none() && event.ts >= self.deadline {
            self.over = true;
        }
    }

    fn entry(&mut self, event: &Event<'_>, state: &State) -> Entry {
        let mut block = Vec::new();
        encode(&mut block, event, state, (Dialect::Current, false), &self.arena);
        self.arena.reset();
        Entry {
            ts: event.ts,
            block: block.into(),
            note: Note::of(event).map(Box::new),
            undo: self.undo.take().map(Box::new),
        }
    }

    /// Puts an entry where it belongs: behind those that wait for their file, into the open one, into the ring.
    fn keep(&mut self, entry: Entry, event: &Event<'_>, state: &State, begins: bool) {
        if begins {
            let mut entries = self.ring.as_mut().map(Ring::take).unwrap_or_default();
            entries.push_back(entry);
            self.pending = Some(Pending {
                path: format!("{}_{:020}_{:020}.scap", self.settings.path_prefix, event.ts, event.num),
                processes: processes::entries(state, &processes_before(&entries)),
                entries,
                bytes: 0,
                lost: 0,
            });
        } else if let Some(pending) = &mut self.pending {
            pending.wait(entry);
        } else if let Some(file) = self.file.as_mut().filter(|_| !self.over) {
            file.block(&entry.block);
        } else if let Some(ring) = &mut self.ring {
            ring.push(entry);
        }
    }

    pub fn lost(&mut self, events: u64, ts: u64) {
        if let Some(file) = &mut self.file {
            file.note_lost(events, ts);
        }
    }

    /// Files begin and end here.
    ///
    /// # Errors
    /// The kernel refused to widen what it sends, or to list the descriptors.
    pub fn work(&mut self, sensor: &mut Sensor, state: &State) -> Result<(), LiveError> {
        self.check_size();
        // Where nothing happens no event says that the time is up.
        if self.over || (self.file.is_some() && self.pending.is_none() && wall_time_ns() > self.deadline + MS * 100) {
            self.close();
        }
        if let Some(pending) = self.pending.take() {
            self.open(pending, sensor, state)?;
        }
        if let Some(file) = &mut self.file {
            file.hand_over_old();
        }
        let wide = self.file.is_some() || self.ring.is_some();
        if wide != self.wide {
            self.wide = wide;
            sensor.set_scope(if wide { Scope::State } else { Scope::Rules })?;
        }
        Ok(())
    }

    fn open(&mut self, pending: Pending, sensor: &Sensor, state: &State) -> Result<(), LiveError> {
        let lists = descriptors_before(&pending.entries);
        let mut start = preamble(sensor, state, &pending.processes, lists, Dialect::Current)?;
        let sink = match Sink::create(&pending.path, true, Existing::Refuse) {
            Ok(sink) => sink,
            Err(error) => {
                self.notices.push(Notice::Failed { path: pending.path, error: error.to_string() });
                return Ok(());
            }
        };
        let mut file = CaptureFile::new(pending.path, sink, Dialect::Current, false);
        pending.entries.iter().for_each(|entry| start.extend_from_slice(&entry.block));
        file.begin(start, pending.entries.len() as u64);
        let last = pending.entries.back().map_or(0, |entry| entry.ts);
        file.note_lost(pending.lost, last);
        self.files += 1;
        self.over = last >= self.deadline;
        self.file = Some(file);
        Ok(())
    }

    fn check_size(&mut self) {
        let limit_mb = self.settings.max_file_size_mb;
        let Some(bytes) = self.file.as_ref().map(|file| file.sink.written()) else { return };
        if limit_mb > 0 && bytes >= limit_mb << 20 && !self.over {
            self.notices.push(Notice::SizeLimit { limit_mb, bytes });
            self.over = true;
        }
    }

    fn close(&mut self) {
        self.over = false;
        let Some(mut file) = self.file.take() else { return };
        let path = std::mem::take(&mut file.path);
        match file.finish() {
            Ok(bytes) => {
                self.bytes += bytes;
                self.notices.push(Notice::Written { path, events: file.events, bytes });
            }
            Err(error) => self.notices.push(Notice::Failed { path, error }),
        }
        self.events += file.events;
        self.lost += file.lost;
    }

    pub fn finish(&mut self) {
        self.close();
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let open = self.file.as_ref();
        vec![
            ("n_captured_events", self.events + open.map_or(0, |file| file.events)),
            ("n_captured_bytes", self.bytes + open.map_or(0, |file| file.sink.written())),
            ("n_captured_files", self.files),
            ("n_captured_lost", self.lost + open.map_or(0, |file| file.lost)),
            ("n_lookback_bytes", self.ring.as_ref().map_or(0, |ring| ring.bytes() as u64)),
        ]
    }
}
