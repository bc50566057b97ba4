//! When something was evaluated before.

use crate::event::Event;

/// Number and time of an event.
type Moment = (u64, u64);

/// The last two events that something was evaluated on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past {
    before: Option<Moment>,
    last: Option<Moment>,
}

impl Past {
    /// Notes an evaluation; the time of the event before that, ns since the epoch. The same event counts once.
    pub fn note(&mut self, event: &Event<'_>) -> Option<u64> {
        let now = (event.num, event.ts);
        if self.last != Some(now) {
            (self.before, self.last) = (self.last, Some(now));
        }
        self.before.map(|(_, time)| time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Build;

    #[test]
    fn the_same_event_counts_once() {
        let events = [5, 5, 9].map(|ts| Build::new("close").ts(ts).done());
        let mut past = Past::default();
        let times: Vec<_> = events.iter().map(|built| past.note(&built.event())).collect();
        assert_eq!(times, [None, None, Some(5)]);
    }
}
