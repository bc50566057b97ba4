//! The one description of every event, parameter, flag and system call: `core/schema/*.tsv`, parsed once.

mod compat;
mod events;
pub mod flags;
pub mod localtime;
pub mod names;
mod params;
pub mod render;
mod sources;
mod syscalls;
mod table;
pub mod upgrades;

pub use crate::value::Type;
pub use compat::{CODES as COMPAT_CODES, CompatEvent, CompatParam, CompatRow};
pub use events::{EventFlags, EventInfo, Kind, category_of};
pub use flags::{FlagRow, FlagTable};
pub use params::{Format, ParamInfo, read, width_of};
pub use sources::{Choice, Length, Memory, Source, Test, Word};
pub use syscalls::SyscallInfo;
pub use table::TableError;

use std::sync::OnceLock;

const EVENTS: &str = include_str!("../../schema/events.tsv");
const FLAGS: &str = include_str!("../../schema/flags.tsv");
const SYSCALLS: &str = include_str!("../../schema/syscalls.tsv");
const UPGRADES: &str = include_str!("../../schema/upgrades.tsv");
const OLD_EVENTS: &str = include_str!("../../schema/old_events.tsv");
const COMPAT: &str = include_str!("../../schema/compat.tsv");
const IA32: &str = include_str!("../../schema/ia32.tsv");

/// Id of the event that stands for every system call without an event of its own.
pub const GENERIC: u16 = 1;

struct Schema {
    events: Vec<EventInfo>,
    /// Position in `events` by event id; `u16::MAX` where no current event has the id.
    by_id: Vec<u16>,
}

/// All current events, ascending by id.
pub fn events() -> &'static [EventInfo] {
    &schema().events
}

/// The event with this id, if it is a current one.
pub fn event(id: u16) -> Option<&'static EventInfo> {
    let schema = schema();
    let at = *schema.by_id.get(usize::from(id))?;
    schema.events.get(usize::from(at))
}

/// What became of the events with this id; `None` for ids of newer writers.
pub fn history(id: u16) -> Option<&'static upgrades::History> {
    static CELL: OnceLock<Vec<upgrades::History>> = OnceLock::new();
    let current = || events().iter().map(|e| (e.id, e.params.len()));
    CELL.get_or_init(|| built_in(upgrades::parse(UPGRADES, OLD_EVENTS, current()))).get(usize::from(id))
}

/// All system calls, ascending by their number in the capture format.
pub fn syscalls() -> &'static [SyscallInfo] {
    static CELL: OnceLock<Vec<SyscallInfo>> = OnceLock::new();
    CELL.get_or_init(|| built_in(syscalls::parse(SYSCALLS)))
}

/// The system call with this number in the capture format.
pub fn syscall(code: u16) -> Option<&'static SyscallInfo> {
    syscalls().get(usize::from(code))
}

/// The system call with this x86_64 number.
pub fn native(number: u16) -> Option<&'static SyscallInfo> {
    static CELL: OnceLock<Vec<u16>> = OnceLock::new();
    let index = CELL.get_or_init(|| {
        let mut index = vec![u16::MAX; 512];
        for s in syscalls() {
            if let Some(slot) = s.native.and_then(|n| index.get_mut(usize::from(n))) {
                *slot = s.code;
            }
        }
        index
    });
    syscall(*index.get(usize::from(number))?)
}

/// Calls of the 32-bit entry: its number (512 + n: operation n of socketcall; 544 + n: number 512 + n of the x32 entry;
/// 580 + n: operation n of ipc) and the native call that means the same.
pub fn ia32() -> &'static [(u16, u16)] {
    static CELL: OnceLock<Vec<(u16, u16)>> = OnceLock::new();
    CELL.get_or_init(|| built_in(syscalls::parse_ia32(IA32, syscalls())))
}

/// What the event with this id becomes for readers of 2022, where they have an event for it.
pub fn compat(id: u16) -> Option<&'static CompatRow> {
    static CELL: OnceLock<Vec<CompatRow>> = OnceLock::new();
    let rows = CELL.get_or_init(|| built_in(compat::parse(COMPAT, events())));
    rows.binary_search_by_key(&id, |row| row.event).ok().and_then(|at| rows.get(at))
}

/// The flag table of this name.
pub fn flag_table(name: &str) -> Option<&'static FlagTable> {
    flag_tables().iter().find(|t| t.name == name)
}

fn flag_tables() -> &'static [FlagTable] {
    static CELL: OnceLock<Vec<FlagTable>> = OnceLock::new();
    CELL.get_or_init(|| built_in(flags::parse(FLAGS)))
}

fn schema() -> &'static Schema {
    static CELL: OnceLock<Schema> = OnceLock::new();
    CELL.get_or_init(|| {
        let mut events = built_in(events::parse(EVENTS));
        if let Some(generic) = events.iter_mut().find(|e| e.id == GENERIC) {
            generic.syscalls = syscalls().iter().filter(|s| s.event == GENERIC).map(|s| s.name).collect();
        }
        let top = events.last().map_or(0, |e| usize::from(e.id) + 1);
        let mut by_id = vec![u16::MAX; top];
        for (at, e) in events.iter().enumerate() {
            by_id[usize::from(e.id)] = at as u16;
        }
        Schema { events, by_id }
    })
}

/// The tables are part of the program: a malformed one is a broken build, which `tests::tables_parse` reports.
fn built_in<T>(parsed: Result<T, TableError>) -> T {
    parsed.unwrap_or_else(|e| panic!("built-in schema: {e}"))
}

#[cfg(test)]
mod tests;
