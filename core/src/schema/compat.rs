//! How current events are told to readers of 2022 (`core/schema/compat.tsv`).

use super::events::EventInfo;
use super::table::{self, TableError};

/// Event ids that those readers know.
pub const IDS: u16 = 336;
/// System call codes that those readers know.
pub const CODES: u16 = 329;

/// Where a parameter of an old event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompatParam {
    /// The current event's parameter, in this many bytes; `None`: as it is.
    Copied {
        index: usize,
        width: Option<usize>,
    },
    Number {
        value: i64,
        width: usize,
    },
}

/// One old event.
#[derive(Debug, PartialEq, Eq)]
pub struct CompatEvent {
    pub id: u16,
    pub params: Vec<CompatParam>,
}

/// What one current event becomes.
#[derive(Debug, PartialEq, Eq)]
pub struct CompatRow {
    pub event: u16,
    pub enter: Option<CompatEvent>,
    pub exit: CompatEvent,
}

/// Reads `compat.tsv` against the current events.
pub(super) fn parse(text: &'static str, events: &[EventInfo]) -> Result<Vec<CompatRow>, TableError> {
    let mut rows: Vec<CompatRow> = Vec::new();
    table::rows(text, |[event, enter, enter_params, exit, exit_params]| {
        let id: u16 = table::number(event)?;
        let info = events.iter().find(|e| e.id == id).ok_or(format!("{id} is no current event"))?;
        let enter = table::optional(enter)
            .map(|enter| Ok::<_, String>(CompatEvent { id: old_id(enter)?, params: params(info, enter_params)? }))
            .transpose()?;
        let exit = CompatEvent { id: old_id(exit)?, params: params(info, exit_params)? };
        if rows.last().is_some_and(|last| last.event >= id) {
            return Err(format!("event {id} is out of order"));
        }
        rows.push(CompatRow { event: id, enter, exit });
        Ok(())
    })?;
    Ok(rows)
}

fn old_id(cell: &str) -> Result<u16, String> {
    match table::number(cell)? {
        id if id < IDS => Ok(id),
        id => Err(format!("{id} is no old event")),
    }
}

fn params(info: &EventInfo, cell: &'static str) -> Result<Vec<CompatParam>, String> {
    table::optional(cell).into_iter().flat_map(|c| c.split(',')).map(|cell| param(info, cell)).collect()
}

fn param(info: &EventInfo, cell: &str) -> Result<CompatParam, String> {
    let (name, width) = match cell.split_once(':') {
        Some((name, width)) => (name, Some(table::number(width)?)),
        None => (cell, None),
    };
    if let Some(value) = name.strip_prefix('=') {
        let width = width.ok_or(format!("`{cell}` lacks a width"))?;
        return Ok(CompatParam::Number { value: table::number(value)?, width });
    }
    let index = info.param_index(name).ok_or(format!("{} has no parameter `{name}`", info.name))?;
    Ok(CompatParam::Copied { index, width })
}
