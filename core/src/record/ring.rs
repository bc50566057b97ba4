//! The flight recorder: events of the last seconds, encoded, with what is needed to set processes and descriptors back
//! to the moment of the oldest one.

use hashbrown::HashMap;
use std::collections::VecDeque;

use super::descriptors::{Lists, Note};
use crate::state::process::Process;

/// A process's record before an event changed it; `None`: there was none.
#[derive(Debug)]
pub struct Undo {
    pub pid: i64,
    pub process: Option<Process>,
}

/// One event.
#[derive(Debug)]
pub struct Entry {
    pub ts: u64,
    /// Its blocks.
    pub block: Box<[u8]>,
    pub note: Option<Box<Note>>,
    pub undo: Option<Box<Undo>>,
}

impl Entry {
    /// Bytes that it takes, allocator's share included. A replaced image counts whole: only this keeps it alive.
    pub fn size(&self) -> usize {
        const ALLOCATION: usize = 16;
        let undo = self
            .undo
            .as_ref()
            .map_or(0, |undo| size_of::<Undo>() + ALLOCATION + undo.process.as_ref().map_or(0, Process::own_bytes));
        let note = self.note.as_ref().map_or(0, |note| note.size() + 2 * ALLOCATION);
        size_of::<Self>() + ALLOCATION + self.block.len() + note + undo
    }
}

/// Entries bounded by age and by bytes.
#[derive(Debug)]
pub struct Ring {
    entries: VecDeque<Entry>,
    bytes: usize,
    max_bytes: usize,
    max_age_ns: u64,
}

impl Ring {
    pub fn new(max_bytes: usize, max_age_ns: u64) -> Self {
        Self { entries: VecDeque::new(), bytes: 0, max_bytes, max_age_ns }
    }

    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.size();
        let oldest = entry.ts.saturating_sub(self.max_age_ns);
        self.entries.push_back(entry);
        while self.entries.front().is_some_and(|first| first.ts < oldest || self.bytes > self.max_bytes) {
            if let Some(gone) = self.entries.pop_front() {
                self.bytes -= gone.size();
            }
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes everything out.
    pub fn take(&mut self) -> VecDeque<Entry> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }
}

/// Records of processes as they were before the first of these events.
pub fn processes_before<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> HashMap<i64, Option<Process>> {
    let mut before = HashMap::new();
    for undo in entries.into_iter().filter_map(|entry| entry.undo.as_deref()) {
        before.entry(undo.pid).or_insert_with(|| undo.process.clone());
    }
    before
}

/// What these events tell of descriptors as they were before the first of them.
pub fn descriptors_before<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Lists {
    let mut lists = Lists::default();
    entries.into_iter().filter_map(|entry| entry.note.as_deref()).for_each(|note| lists.tell(note));
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ts: u64, size: usize) -> Entry {
        Entry { ts, block: vec![0; size].into(), note: None, undo: None }
    }

    #[test]
    fn what_is_too_old_or_too_much_goes() {
        let mut ring = Ring::new(10_000, 100);
        ring.push(entry(1, 10));
        ring.push(entry(50, 10));
        ring.push(entry(120, 10));
        assert_eq!(ring.take().iter().map(|e| e.ts).collect::<Vec<_>>(), [50, 120]);
        for ts in 0..50 {
            ring.push(entry(ts, 1000));
            assert!(ring.bytes() <= 10_000);
        }
        let left: Vec<_> = ring.take().iter().map(|e| e.ts).collect();
        assert!(left.len() > 5 && left.last() == Some(&49), "{left:?}");
        assert_eq!(ring.bytes(), 0);
    }

    #[test]
    fn the_first_word_on_a_process_is_the_oldest_state() {
        let undo = |pid, ppid| {
            let process = (ppid > 0).then(|| Process { ppid, ..Process::new(pid) });
            Entry { undo: Some(Box::new(Undo { pid, process })), ..entry(1, 1) }
        };
        let before = processes_before(&[undo(7, 0), undo(8, 1), undo(7, 5), undo(8, 2)]);
        assert!(before[&7].is_none(), "born in the ring");
        assert_eq!(before[&8].as_ref().map(|p| p.ppid), Some(1));
    }
}
