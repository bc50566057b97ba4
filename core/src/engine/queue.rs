//! Finished alerts on their way to Python.

use crate::rules::Alert;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Alerts that may wait; what comes beyond is dropped and counted.
const CAPACITY: usize = 1 << 16;

#[derive(Default)]
struct Inner {
    alerts: Vec<Alert>,
    dropped: u64,
    counters: BTreeMap<&'static str, u64>,
    dead: Option<String>,
}

/// Where the pipeline puts alerts, counters and its last words.
#[derive(Default)]
pub struct Outbox {
    inner: Mutex<Inner>,
    filled: Condvar,
}

impl Outbox {
    /// The lock is only held for moves; a panic inside is not possible, so that poison carries no meaning.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, alerts: &mut Vec<Alert>) {
        let mut inner = self.lock();
        let room = CAPACITY.saturating_sub(inner.alerts.len());
        let lost = alerts.len().saturating_sub(room);
        inner.dropped += lost as u64;
        inner.alerts.extend(alerts.drain(..).take(room));
        drop(inner);
        self.filled.notify_all();
    }

    pub(crate) fn count(&self, counters: impl IntoIterator<Item = (&'static str, u64)>) {
        self.lock().counters.extend(counters);
    }

    pub(crate) fn die(&self, words: String) {
        self.lock().dead = Some(words);
        self.filled.notify_all();
    }

    /// Alerts since the last call, none after `timeout`; the last words once all alerts are taken.
    ///
    /// # Errors
    /// What the core died of.
    pub fn wait(&self, timeout: Duration) -> Result<Vec<Alert>, String> {
        let guard = self.lock();
        let empty = |inner: &mut Inner| inner.alerts.is_empty() && inner.dead.is_none();
        let (mut inner, _) =
            self.filled.wait_timeout_while(guard, timeout, empty).unwrap_or_else(PoisonError::into_inner);
        match &inner.dead {
            Some(words) if inner.alerts.is_empty() => Err(words.clone()),
            _ => Ok(std::mem::take(&mut inner.alerts)),
        }
    }

    /// Running totals by name.
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        let inner = self.lock();
        let mut counters = inner.counters.clone();
        counters.insert("n_alerts_dropped", inner.dropped);
        counters
    }
}
