//! Older encodings of events, and how each becomes today's: `upgrades.tsv` and `old_events.tsv`.

use super::table::{self, TableError};

/// Ids that this schema knows; higher ones belong to newer writers.
pub const IDS: usize = 454;

/// Where an upgraded event's parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Parameter of the event itself.
    Old(u8),
    /// Parameter of the stored enter event; without one empty, or the type's default.
    Enter {
        param: u8,
        or_empty: bool,
    },
    Default,
    Empty,
    Zero8,
    /// JSON of a container's four parameters.
    Container,
}

/// What is done with an event of some id and number of parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Kept for the exit event of the same thread.
    Store,
    StoreAndPass,
    Pass,
    Add(Box<[Origin]>),
    Change(u16, Box<[Origin]>),
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Upgrade {
    pub params: usize,
    pub action: Action,
}

/// How events of an id are treated.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Parameters of the id's newest encoding.
    pub params: usize,
    /// It is an event that sources deliver today.
    pub current: bool,
    /// Older encodings; empty for ids that never changed.
    pub upgrades: Vec<Upgrade>,
}

/// Reads both tables; `current` are today's ids with their numbers of parameters.
pub(super) fn parse(
    upgrades: &'static str,
    old: &'static str,
    current: impl Iterator<Item = (u16, usize)>,
) -> Result<Vec<History>, TableError> {
    let mut histories = vec![History::default(); IDS];
    for (id, params) in current {
        if let Some(history) = histories.get_mut(usize::from(id)) {
            (history.params, history.current) = (params, true);
        }
    }
    table::rows(old, |[id, _, params]| {
        let history = at(&mut histories, id)?;
        history.params = table::number(params)?;
        Ok(())
    })?;
    table::rows(upgrades, |[id, params, action, new_id, origins]| {
        let upgrade = Upgrade { params: table::number(params)?, action: action_of(action, new_id, origins)? };
        at(&mut histories, id)?.upgrades.push(upgrade);
        Ok(())
    })?;
    Ok(histories)
}

fn at<'h>(histories: &'h mut [History], id: &str) -> Result<&'h mut History, String> {
    histories.get_mut(table::number::<usize>(id)?).ok_or_else(|| format!("no event has id {id}"))
}

fn action_of(word: &str, new_id: &'static str, origins: &'static str) -> Result<Action, String> {
    let cells = table::optional(origins).into_iter().flat_map(|c| c.split(' '));
    let origins: Box<[Origin]> = cells.map(origin).collect::<Result<_, _>>()?;
    Ok(match word {
        "store" => Action::Store,
        "store_and_pass" => Action::StoreAndPass,
        "pass" => Action::Pass,
        "add" => Action::Add(origins),
        "change" => Action::Change(table::number(new_id)?, origins),
        _ => return Err(format!("`{word}` is no action")),
    })
}

fn origin(word: &str) -> Result<Origin, String> {
    Ok(match word {
        "default" => Origin::Default,
        "empty" => Origin::Empty,
        "zero8" => Origin::Zero8,
        "container" => Origin::Container,
        _ => {
            if let Some(n) = word.strip_prefix("old") {
                return Ok(Origin::Old(table::number(n)?));
            }
            let n = word.strip_prefix("enter").ok_or_else(|| format!("`{word}` is no origin"))?;
            Origin::Enter { param: table::number(n.trim_end_matches('?'))?, or_empty: n.ends_with('?') }
        }
    })
}
