//! The descriptors of one process. A fork shares the table until one of the two changes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use hashbrown::HashMap;

use super::record::Record;

/// Descriptors with smaller numbers have slots of their own.
const DENSE: usize = 256;
/// Records of all tables together; beyond, new descriptors are not remembered.
pub const RECORDS_MAX: usize = 1 << 20;

/// Counts the records of all tables that share it.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<Spent>);

#[derive(Debug, Default)]
struct Spent {
    records: AtomicUsize,
    refused: AtomicU64,
}

impl Budget {
    fn take(&self, records: usize) {
        self.0.records.fetch_add(records, Ordering::Relaxed);
    }

    fn give(&self, records: usize) {
        self.0.records.fetch_sub(records, Ordering::Relaxed);
    }

    fn is_spent(&self) -> bool {
        self.0.records.load(Ordering::Relaxed) >= RECORDS_MAX
    }

    fn refuse(&self) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Descriptors that no table had room for.
    pub fn refused(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// Records by descriptor number.
#[derive(Debug)]
pub struct Table {
    dense: Vec<Option<Arc<Record>>>,
    sparse: HashMap<i64, Arc<Record>>,
    len: usize,
    budget: Budget,
}

impl Clone for Table {
    fn clone(&self) -> Self {
        self.budget.take(self.len);
        Self { dense: self.dense.clone(), sparse: self.sparse.clone(), len: self.len, budget: self.budget.clone() }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        self.budget.give(self.len);
    }
}

impl Table {
    pub fn new(budget: &Budget) -> Self {
        Self { dense: Vec::new(), sparse: HashMap::new(), len: 0, budget: budget.clone() }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn get(&self, fd: i64) -> Option<&Arc<Record>> {
        match usize::try_from(fd) {
            Ok(at) if at < DENSE => self.dense.get(at)?.as_ref(),
            _ => self.sparse.get(&fd),
        }
    }

    /// The record to change, in a copy of its own if others share it.
    pub fn get_mut(&mut self, fd: i64) -> Option<&mut Record> {
        let record = match usize::try_from(fd) {
            Ok(at) if at < DENSE => self.dense.get_mut(at)?.as_mut(),
            _ => self.sparse.get_mut(&fd),
        };
        record.map(Arc::make_mut)
    }

    pub fn insert(&mut self, fd: i64, record: Arc<Record>) {
        let Ok(at) = usize::try_from(fd) else { return };
        if self.budget.is_spent() && self.get(fd).is_none() {
            self.budget.refuse();
            return;
        }
        let before = if at < DENSE {
            if self.dense.len() <= at {
                self.dense.resize(at + 1, None);
            }
            self.dense[at].replace(record)
        } else {
            self.sparse.insert(fd, record)
        };
        if before.is_none() {
            self.len += 1;
            self.budget.take(1);
        }
    }

    pub fn remove(&mut self, fd: i64) {
        let removed = match usize::try_from(fd) {
            Ok(at) if at < DENSE => self.dense.get_mut(at).and_then(Option::take),
            _ => self.sparse.remove(&fd),
        };
        if removed.is_some() {
            self.len -= 1;
            self.budget.give(1);
        }
    }

    /// Keeps the descriptors that `keep` says yes to.
    pub fn retain(&mut self, keep: impl Fn(i64, &Record) -> bool) {
        for (at, slot) in self.dense.iter_mut().enumerate() {
            if slot.as_ref().is_some_and(|record| !keep(at as i64, record)) {
                *slot = None;
            }
        }
        self.sparse.retain(|fd, record| keep(*fd, record));
        let len = self.dense.iter().flatten().count() + self.sparse.len();
        self.budget.give(self.len - len);
        self.len = len;
    }

    /// Changes every descriptor from `first` to `last`.
    pub fn change(&mut self, first: i64, last: i64, change: impl Fn(&mut Record)) {
        let within = |fd: i64| (first..=last).contains(&fd);
        for (at, slot) in self.dense.iter_mut().enumerate() {
            if let Some(record) = slot.as_mut().filter(|_| within(at as i64)) {
                change(Arc::make_mut(record));
            }
        }
        for (_, record) in self.sparse.iter_mut().filter(|(fd, _)| within(**fd)) {
            change(Arc::make_mut(record));
        }
    }

    /// Every descriptor, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Record)> {
        let dense = self.dense.iter().enumerate().filter_map(|(at, slot)| Some((at as i64, &**slot.as_ref()?)));
        dense.chain(self.sparse.iter().map(|(fd, record)| (*fd, &**record)))
    }
}
