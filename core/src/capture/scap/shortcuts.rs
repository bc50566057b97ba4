//! Events that nobody wants in their newest form need not be put into it: whether they could be is known from their id
//! and number of parameters alone, except for the size.

use crate::event::Packed;
use crate::schema;
use crate::schema::upgrades::{Action, IDS, Origin};

/// An event and its enter event of at most so many bytes do not outgrow what an upgraded event may have.
const SIZE_MAX: usize = 8 << 10;

/// What is known of one id. Bit n is about events of n parameters.
#[derive(Clone, Copy, Debug, Default)]
struct Shortcut {
    /// It becomes an event that nobody wants.
    unwanted: u64,
    /// It takes something of its enter event on the way.
    enter: u64,
    /// It is kept for its exit event, and not delivered.
    kept: u64,
}

/// By id.
#[derive(Debug)]
pub struct Shortcuts([Shortcut; IDS]);

/// An event that can be passed over, if its enter event is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassedOver {
    pub takes_enter: bool,
}

impl Shortcuts {
    /// `wants` says of an id of today whether somebody looks at such events; `steps` is how many upgrades one event
    /// takes at most.
    pub fn new(wants: impl Fn(u16) -> bool, steps: usize) -> Self {
        let mut shortcuts = [Shortcut::default(); IDS];
        for (id, shortcut) in (0..).zip(&mut shortcuts) {
            for params in 0..u64::BITS as usize {
                shortcut.kept |= u64::from(is_kept(id, params)) << params;
                let Some((newest, takes_enter)) = newest(id, params, steps) else { continue };
                shortcut.unwanted |= u64::from(!wants(newest)) << params;
                shortcut.enter |= u64::from(takes_enter) << params;
            }
        }
        Self(shortcuts)
    }

    /// How `event` can be passed over; `None`: it can't.
    #[inline]
    pub fn of(&self, event: &Packed<'_>) -> Option<PassedOver> {
        let shortcut = self.0.get(usize::from(event.id))?;
        (has(shortcut.unwanted, event) && fits(event.bytes))
            .then(|| PassedOver { takes_enter: has(shortcut.enter, event) })
    }

    /// Whether `event` is kept for its exit event, and no more.
    #[inline]
    pub fn keeps(&self, event: &Packed<'_>) -> bool {
        self.0.get(usize::from(event.id)).is_some_and(|shortcut| has(shortcut.kept, event))
    }
}

#[inline]
fn has(mask: u64, event: &Packed<'_>) -> bool {
    mask.checked_shr(event.body.nparams() as u32).is_some_and(|rest| rest & 1 == 1)
}

fn is_kept(id: u16, params: usize) -> bool {
    let row = schema::history(id).and_then(|history| history.upgrades.iter().find(|row| row.params == params));
    row.is_some_and(|row| matches!(row.action, Action::Store))
}

/// Whether an event's size can't matter.
pub fn fits(bytes: &[u8]) -> bool {
    bytes.len() <= SIZE_MAX
}

/// Id of the event that such an exit event becomes, and whether its enter event is asked; `None` where that depends on
/// more, or nothing is delivered.
fn newest(id: u16, params: usize, steps: usize) -> Option<(u16, bool)> {
    let (mut at, mut count, mut takes_enter) = (id, params, false);
    for _ in 0..=steps {
        let history = schema::history(at)?;
        let Some(row) = history.upgrades.iter().find(|row| row.params == count) else {
            let done = history.current && (history.upgrades.is_empty() || history.params == count);
            return done.then_some((at, takes_enter));
        };
        let origins = match &row.action {
            Action::Store | Action::StoreAndPass | Action::Pass => return None,
            Action::Add(origins) | Action::Change(_, origins) => origins,
        };
        let asks = origins.iter().any(|origin| matches!(origin, Origin::Enter { .. }));
        if origins.contains(&Origin::Container) || (asks && at != id) {
            return None;
        }
        takes_enter |= asks;
        match row.action {
            Action::Change(new, _) => (at, count) = (new, origins.len()),
            _ => count += origins.len(),
        }
    }
    None
}
