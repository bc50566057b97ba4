//! When to wait for wake-ups and when to come by: a wake-up per event is quick but costs the producer microseconds.

use std::time::{Duration, Instant};

/// Under load the rings are looked at this often; it bounds the delay that polling adds to an alert.
pub const NAP: Duration = Duration::from_millis(1);
/// Wake-ups in quick succession that make it load.
const STREAK: u32 = 8;
/// Naps without an event that end it.
const QUIET_NAPS: u32 = 50;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Sleep until an event wakes us.
    Wait,
    /// Nap, then look.
    Poll,
}

/// Follows how events come.
#[derive(Debug)]
pub struct Pacer {
    pace: Pace,
    streak: u32,
    quiet: u32,
    last: Instant,
}

impl Pacer {
    pub fn new(now: Instant) -> Self {
        Self { pace: Pace::Wait, streak: 0, quiet: 0, last: now }
    }

    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Takes note of a drain that found `events`; true when the pace has changed.
    pub fn note(&mut self, events: usize, now: Instant) -> bool {
        match self.pace {
            Pace::Wait => {
                let quick = events > 0 && now.duration_since(self.last) < NAP;
                self.streak = if quick { self.streak + 1 } else { 0 };
                self.last = now;
                self.change(self.streak >= STREAK, Pace::Poll)
            }
            Pace::Poll => {
                self.quiet = if events == 0 { self.quiet + 1 } else { 0 };
                self.change(self.quiet >= QUIET_NAPS, Pace::Wait)
            }
        }
    }

    fn change(&mut self, due: bool, to: Pace) -> bool {
        if due {
            (self.pace, self.streak, self.quiet) = (to, 0, 0);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_event_never_starts_polling_and_a_burst_does() {
        let start = Instant::now();
        let mut pacer = Pacer::new(start);
        for i in 1..100 {
            assert!(!pacer.note(1, start + Duration::from_millis(5) * i), "an event every 5 ms is no load");
        }
        let burst = start + Duration::from_secs(1);
        let changed = (0..20).any(|i| pacer.note(1, burst + Duration::from_micros(50) * i));
        assert!(changed && pacer.pace() == Pace::Poll);
        let ended = (0..QUIET_NAPS).filter(|_| pacer.note(0, burst)).count();
        assert!(ended == 1 && pacer.pace() == Pace::Wait);
    }
}
