//! Questions whose answers are waited for, but not long: whoever is asked may never answer.

use super::aside::Aside;
use std::time::{Duration, Instant};

/// How much is waited.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// For one answer, while no thread hangs; the more hang, the less is waited for the next one.
    patience: Duration,
    /// Threads that may hang at the same time. While so many do nobody is asked.
    stuck_max: usize,
    /// Waiting takes at most this part of the time, however many questions are answered just before patience ends.
    /// `None`: any.
    share: Option<u32>,
}

impl Terms {
    /// On the thread of events: longer than a scheduler's slice and a disk's access, and the rings hold some ten times
    /// what comes meanwhile.
    pub const EVENTS: Self = Self { patience: Duration::from_millis(10), stuck_max: 4, share: Some(10) };
    /// While events only gather in the rings, or go on: a busy machine may take a while to run a thread. All that hang
    /// are waited for no longer than two seconds together.
    pub const ASIDE: Self = Self { patience: Duration::from_millis(400), stuck_max: 32, share: None };
    /// On a machine that tests keep busy.
    #[cfg(test)]
    pub const TESTS: Self = Self { patience: Duration::from_secs(20), stuck_max: 1, share: None };
}

/// Waiting that may be saved up.
const SAVED_MAX: Duration = Duration::from_millis(100);

/// A thread that answers, and another in its place when it hangs.
#[derive(Debug)]
pub struct Patient<Q, A> {
    name: &'static str,
    terms: Terms,
    answer: fn(Q) -> A,
    idle: Option<Aside<Q, A>>,
    /// Each has this one question at hand, and ends with it.
    stuck: Vec<(Q, Aside<Q, A>)>,
    /// Waiting that is still allowed, as of `counted`.
    saved: Duration,
    counted: Instant,
    missed: u64,
}

impl<Q: Clone + PartialEq + Send + 'static, A: Send + 'static> Patient<Q, A> {
    /// Threads are started when they are needed.
    pub fn new(name: &'static str, terms: Terms, answer: fn(Q) -> A) -> Self {
        let (saved, counted) = (SAVED_MAX, Instant::now());
        Self { name, terms, answer, idle: None, stuck: Vec::new(), saved, counted, missed: 0 }
    }

    /// The answer, if it comes in time; a question without one is counted.
    pub fn ask(&mut self, question: Q) -> Option<A> {
        let answer = if self.may_wait(&question) { self.wait(question) } else { None };
        self.missed += u64::from(answer.is_none());
        answer
    }

    /// Questions without an answer.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// A question that a thread hangs at makes no other one hang.
    fn may_wait(&mut self, question: &Q) -> bool {
        self.stuck.retain(|(_, helper)| helper.answer().is_none());
        let hangs = self.stuck.iter().any(|(at, _)| at == question);
        !hangs && self.stuck.len() < self.terms.stuck_max && self.may_spend()
    }

    fn may_spend(&mut self) -> bool {
        let Some(share) = self.terms.share else { return true };
        let now = Instant::now();
        self.saved = SAVED_MAX.min(self.saved + (now - self.counted) / share);
        self.counted = now;
        self.saved >= self.terms.patience
    }

    fn wait(&mut self, question: Q) -> Option<A> {
        let helper = self.idle.take().unwrap_or_else(|| Aside::start(self.name, 1, 1, self.answer));
        if !helper.ask(question.clone()) {
            return None;
        }
        let began = Instant::now();
        let answer = helper.answer_within(self.terms.patience / (1 + self.stuck.len() as u32));
        self.saved = self.saved.saturating_sub(began.elapsed());
        match answer {
            Some(_) => self.idle = Some(helper),
            None => self.stuck.push((question, helper)),
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
        let mut patient = Patient::new("test", Terms::TESTS, |_: ()| std::thread::current().id());
        let first = patient.ask(());
        assert!(first.is_some() && patient.ask(()) == first && patient.missed() == 0);
    }

    #[test]
    fn threads_that_hang_are_replaced_until_too_many_do() {
        let mut patient = Patient::new("test", Terms::EVENTS, sleepy);
        let (hang, most) = (1000, Terms::EVENTS.stuck_max as u64);
        for n in 1..=most {
            assert_eq!(patient.ask(hang - n), None);
            assert_eq!(patient.stuck.len() as u64, n);
        }
        let began = Instant::now();
        assert_eq!(patient.ask(0), None, "nobody is asked");
        assert!(began.elapsed() < Terms::EVENTS.patience && patient.missed() == most + 1);
        while patient.ask(0).is_none() || !patient.stuck.is_empty() {
            assert!(began.elapsed() < Duration::from_secs(20), "late answers set their threads free");
            sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn all_that_hang_are_waited_for_two_seconds_at_most() {
        let steps = 1..=Terms::ASIDE.stuck_max as u32;
        assert!(steps.map(|hanging| Terms::ASIDE.patience / hanging).sum::<Duration>() < Duration::from_secs(2));
    }

    #[test]
    fn a_question_hangs_once() {
        let mut patient = Patient::new("test", Terms::ASIDE, sleepy);
        let began = Instant::now();
        for _ in 0..100 {
            assert_eq!(patient.ask(20_000), None);
        }
        assert!(began.elapsed() < Duration::from_secs(2));
        assert_eq!((patient.stuck.len(), patient.missed()), (1, 100));
    }

    #[test]
    fn slow_answers_take_a_bounded_part_of_the_time() {
        let mut patient = Patient::new("test", Terms::EVENTS, sleepy);
        let began = Instant::now();
        let mut waited = Duration::ZERO;
        while began.elapsed() < Duration::from_millis(500) {
            let asked = Instant::now();
            patient.ask(4);
            waited += asked.elapsed();
            sleep(Duration::from_micros(100));
        }
        assert!(waited < SAVED_MAX + Terms::EVENTS.patience + began.elapsed() / 2, "{waited:?}");
        assert!(patient.missed() > 0);
    }
}
