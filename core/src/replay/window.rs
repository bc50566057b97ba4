//! The span of time whose events rules see.

use super::settings::Moment;
use crate::schema::localtime;

const DAY_NS: u64 = 86_400_000_000_000;
/// Process snapshots at a capture's beginning; their time is no event's.
const PROCINFO: u16 = 234;

/// Where an event lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    Within,
    After,
}

/// From and until, known in ns since the epoch once there was an event.
#[derive(Debug)]
pub struct Window {
    from: Option<Moment>,
    until: Option<Moment>,
    known: Option<(u64, u64)>,
}

impl Window {
    pub fn new(from: Option<Moment>, until: Option<Moment>) -> Self {
        let known = (from.is_none() && until.is_none()).then_some((0, u64::MAX));
        Self { from, until, known }
    }

    /// Where an event of this id and time lies.
    pub fn side(&mut self, id: u16, ts: u64) -> Side {
        let Some((from, until)) = self.known else { return self.begin(id, ts) };
        match ts {
            ts if ts < from => Side::Before,
            ts if ts > until => Side::After,
            _ => Side::Within,
        }
    }

    fn begin(&mut self, id: u16, ts: u64) -> Side {
        if id == PROCINFO {
            return Side::Before;
        }
        let from = self.from.map_or(0, |moment| resolve(moment, ts));
        let until = self.until.map_or(u64::MAX, |moment| resolve(moment, ts));
        self.known = Some((from, until));
        self.side(id, ts)
    }
}

/// The moment in ns since the epoch, for a capture whose first event is at `first`.
fn resolve(moment: Moment, first: u64) -> u64 {
    match moment {
        Moment::At(ns) => ns,
        Moment::After(ns) => first.saturating_add(ns),
        Moment::Clock(ns) => {
            let moment = first.saturating_sub(localtime::local(first).since_midnight()).saturating_add(ns);
            if moment < first { moment.saturating_add(DAY_NS) } else { moment }
        }
    }
}
