//! When something was evaluated before.

use crate::event::Event;
use crate::fields::Earlier;

/// Number and time of an event.
type Moment = (u64, u64);

/// The last two events that something was evaluated on, and how many there were before the last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Past {
    before: Option<Moment>,
    last: Option<Moment>,
    count: u64,
}

impl Past {
    /// Notes an evaluation; what there was on events before. The same event counts once.
    pub fn note(&mut self, event: &Event<'_>) -> Earlier {
        let now = (event.num, event.ts);
        if self.last != Some(now) {
            self.count += u64::from(self.last.is_some());
            (self.before, self.last) = (self.last, Some(now));
        }
        Earlier { last: self.before.map(|(_, time)| time), count: self.count }
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
        let earlier = events.map(|built| past.note(&built.event()));
        assert_eq!(earlier.map(|one| one.last), [None, None, Some(5)]);
        assert_eq!(earlier.map(|one| one.count), [0, 0, 1]);
    }
}
