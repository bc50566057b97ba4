//! Questions that the event thread waits for, but not long: whoever is asked may never answer.

use crate::state::aside::Aside;
use std::time::{Duration, Instant};

/// How long an answer is waited for: longer than a scheduler's slice and a disk's access, and the rings hold some ten
/// times what comes meanwhile.
const PATIENCE: Duration = Duration::from_millis(10);
/// Threads that may hang at the same time. While so many do nobody is asked.
const STUCK_MAX: usize = 4;
/// Waiting takes at most this part of the time, however many questions are answered just before patience ends.
const SHARE: u32 = 10;
/// Waiting that may be saved up.
const SAVED_MAX: Duration = Duration::from_millis(100);

/// A thread that answers, and another in its place when it hangs.
pub struct Patient<Q, A> {
    name: &'static str,
    answer: fn(Q) -> A,
    idle: Option<Aside<Q, A>>,
    /// Each has one question at hand, and ends with that.
    stuck: Vec<Aside<Q, A>>,
    /// Waiting that is still allowed, as of `counted`.
    saved: Duration,
    counted: Instant,
    missed: u64,
}

impl<Q: Send + 'static, A: Send + 'static> Patient<Q, A> {
    /// Threads are started when they are needed.
    pub fn new(name: &'static str, answer: fn(Q) -> A) -> Self {
        let (saved, counted) = (SAVED_MAX, Instant::now());
        Self { name, answer, idle: None, stuck: Vec::new(), saved, counted, missed: 0 }
    }

    /// The answer, if it comes in time; a question without one is counted.
    pub fn ask(&mut self, question: Q) -> Option<A> {
        let answer = if self.may_wait() { self.wait(question) } else { None };
        self.missed += u64::from(answer.is_none());
        answer
    }

    /// Questions without an answer.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    fn may_wait(&mut self) -> bool {
        self.stuck.retain(|helper| helper.answer().is_none());
        let now = Instant::now();
        self.saved = SAVED_MAX.min(self.saved + (now - self.counted) / SHARE);
        self.counted = now;
        self.stuck.len() < STUCK_MAX && self.saved >= PATIENCE
    }

    fn wait(&mut self, question: Q) -> Option<A> {
        let helper = self.idle.take().unwrap_or_else(|| Aside::start(self.name, 1, 1, self.answer));
        if !helper.ask(question) {
            return None;
        }
        let began = Instant::now();
        let answer = helper.answer_within(PATIENCE);
        self.saved = self.saved.saturating_sub(began.elapsed());
        match answer {
            Some(_) => self.idle = Some(helper),
            None => self.stuck.push(helper),
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    fn sleepy(ms: u64) -> u64 {
        sleep(Duration::from_millis(ms));
        ms
    }

    #[test]
    fn an_answer_in_time_is_given_and_the_same_thread_asked_again() {
        let mut patient = Patient::new("test", |_: ()| std::thread::current().id());
        let first = patient.ask(());
        assert!(first.is_some() && patient.ask(()) == first && patient.missed() == 0);
    }

    #[test]
    fn threads_that_hang_are_replaced_until_too_many_do() {
        let mut patient = Patient::new("test", sleepy);
        let hang = 700;
        for n in 1..=STUCK_MAX {
            assert_eq!(patient.ask(hang), None);
            assert_eq!(patient.stuck.len(), n);
        }
        let began = Instant::now();
        assert_eq!(patient.ask(0), None, "nobody is asked");
        assert!(began.elapsed() < PATIENCE && patient.missed() == STUCK_MAX as u64 + 1);
        sleep(Duration::from_millis(hang));
        assert_eq!((patient.ask(0), patient.stuck.len()), (Some(0), 0), "late answers set their threads free");
    }

    #[test]
    fn slow_answers_take_a_bounded_part_of_the_time() {
        let mut patient = Patient::new("test", sleepy);
        let began = Instant::now();
        let mut waited = Duration::ZERO;
        while began.elapsed() < Duration::from_millis(500) {
            let asked = Instant::now();
            patient.ask(4);
            waited += asked.elapsed();
            sleep(Duration::from_micros(100));
        }
        assert!(waited < SAVED_MAX + PATIENCE + began.elapsed() / 2, "{waited:?}");
        assert!(patient.missed() > 0);
    }
}
