//! Finished alerts on their way to Python.

use super::clocks::wall_time_ns;
use super::loss::Gap;
use crate::record::Notice;
use crate::rules::Alert;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Alerts that may wait; what comes beyond is dropped and told.
const ALERTS_MAX: usize = 1 << 14;
/// What the recorder had to say, likewise.
const NOTICES_MAX: usize = 1024;

#[derive(Default)]
struct Inner {
    alerts: Vec<Alert>,
    /// How many of the waiting alerts each rule has.
    by_rule: HashMap<Arc<str>, usize>,
    dropped: u64,
    counters: BTreeMap<&'static str, u64>,
    gap: Gap,
    dead: Option<String>,
    profile: Option<String>,
    notices: Vec<Notice>,
    notices_dropped: u64,
}

impl Inner {
    /// A rule's alerts may take no more room than is left (Choudhury and Hahne's dynamic threshold, 1998): however
    /// many come from a few rules, there is room for the others.
    fn admit(&mut self, alert: Alert) {
        let waiting = self.by_rule.entry(Arc::clone(&alert.rule)).or_default();
        if *waiting < ALERTS_MAX - self.alerts.len() {
            *waiting += 1;
            self.alerts.push(alert);
            return;
        }
        self.dropped += 1;
        let now = wall_time_ns();
        let alerts = BTreeMap::from([(alert.rule, 1)]);
        self.gap.extend(Gap { since_ns: now, until_ns: now, alerts, ..Gap::default() });
    }
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
        for alert in alerts.drain(..) {
            inner.admit(alert);
        }
        drop(inner);
        self.filled.notify_all();
    }

    pub(crate) fn count(&self, counters: impl IntoIterator<Item = (&'static str, u64)>) {
        self.lock().counters.extend(counters);
    }

    /// Takes note of lost events.
    pub(crate) fn lose(&self, gap: Gap) {
        self.lock().gap.extend(gap);
    }

    pub(crate) fn note(&self, notices: Vec<Notice>) {
        if !notices.is_empty() {
            let mut inner = self.lock();
            let room = NOTICES_MAX - inner.notices.len();
            inner.notices_dropped += notices.len().saturating_sub(room) as u64;
            inner.notices.extend(notices.into_iter().take(room));
            drop(inner);
            self.filled.notify_all();
        }
    }

    /// What the recorder had to say since the last call.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.lock().notices)
    }

    /// What evaluation has cost so far.
    pub(crate) fn observe(&self, profile: String) {
        self.lock().profile = Some(profile);
    }

    /// What was observed last, where the plan asks for it.
    pub fn profile(&self) -> Option<String> {
        self.lock().profile.clone()
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
            _ => {
                inner.by_rule.clear();
                Ok(std::mem::take(&mut inner.alerts))
            }
        }
    }

    /// What was lost since the last call, if anything was.
    pub fn take_gap(&self) -> Option<Gap> {
        let gap = std::mem::take(&mut self.lock().gap);
        (!gap.is_empty()).then_some(gap)
    }

    /// Running totals by name.
    pub fn counters(&self) -> BTreeMap<&'static str, u64> {
        let inner = self.lock();
        let mut counters = inner.counters.clone();
        counters.insert("n_alerts_dropped", inner.dropped);
        counters.insert("n_notices_dropped", inner.notices_dropped);
        counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alerts(rule: &str, count: usize) -> Vec<Alert> {
        let alert = || Alert { rule: Arc::from(rule), ..Alert::default() };
        (0..count).map(|_| alert()).collect()
    }

    #[test]
    fn a_rule_that_floods_leaves_room_for_others_and_its_loss_is_told() {
        let outbox = Outbox::default();
        outbox.push(&mut alerts("loud", 2 * ALERTS_MAX));
        outbox.push(&mut alerts("quiet", 100));
        let taken = outbox.wait(Duration::ZERO).unwrap();
        assert_eq!(taken.iter().filter(|a| &*a.rule == "quiet").count(), 100);
        assert_eq!(taken.iter().filter(|a| &*a.rule == "loud").count(), ALERTS_MAX / 2);
        let gap = outbox.take_gap().unwrap();
        assert_eq!(gap.alerts, BTreeMap::from([(Arc::from("loud"), 2 * ALERTS_MAX as u64 - ALERTS_MAX as u64 / 2)]));
        assert!(gap.since_ns <= gap.until_ns && outbox.take_gap().is_none());
        assert_eq!(outbox.counters()["n_alerts_dropped"], 2 * ALERTS_MAX as u64 - ALERTS_MAX as u64 / 2);
        outbox.push(&mut alerts("loud", 1));
        assert_eq!(outbox.wait(Duration::ZERO).unwrap().len(), 1, "what was taken makes room");
    }

    #[test]
    fn notices_that_nobody_takes_are_counted() {
        let outbox = Outbox::default();
        let notice = Notice::Failed { path: "/f".into(), error: "full".into() };
        outbox.note(vec![notice.clone(); 10]);
        outbox.note(vec![notice; NOTICES_MAX]);
        assert_eq!((outbox.take_notices().len(), outbox.counters()["n_notices_dropped"]), (NOTICES_MAX, 10));
    }
}
