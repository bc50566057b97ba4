//! The parameters' rows of the table-driven program, from the schema (`struct yk_param`, `struct yk_cond`).

use super::wire::NO_ARG;
use crate::schema::{Choice, EventInfo, Length, Memory, ParamInfo, Source, Test, Word, width_of};
use crate::value::Type;
use std::collections::BTreeMap;

type Param = [u8; 12];
type Condition = [u8; 32];

mod mode {
    pub const SUCCESS: u8 = 1 << 0;
    pub const ONES: u8 = 1 << 1;
    pub const DESCRIPTOR: u8 = 1 << 2;
}

/// Rows of all events; other ways to a parameter than the first stand behind its event's.
#[derive(Debug, Default)]
pub struct Rows {
    pub params: Vec<Param>,
    pub conditions: Vec<Condition>,
    first: BTreeMap<u16, u16>,
}

impl Rows {
    pub fn of(events: &[EventInfo]) -> Self {
        let mut rows = Self::default();
        for info in events.iter().filter(|info| info.program == "simple") {
            rows.add(info);
        }
        rows
    }

    /// Row of the event's first parameter.
    pub fn first(&self, event: u16) -> u16 {
        self.first.get(&event).copied().unwrap_or(0)
    }

    fn add(&mut self, info: &EventInfo) {
        let first = self.params.len();
        self.first.insert(info.id, first as u16);
        let mut behind = first + info.params.len();
        let mut others = Vec::new();
        for param in &info.params {
            let ways = &param.sources;
            for (at, way) in ways.iter().enumerate() {
                let next = if at + 1 < ways.len() { behind } else { 0 };
                let row = self.row(param, way, next as u16);
                if at == 0 {
                    self.params.push(row);
                } else {
                    others.push(row);
                }
                behind += usize::from(next > 0);
            }
        }
        self.params.append(&mut others);
    }

    fn row(&mut self, param: &ParamInfo, way: &Choice, next: u16) -> Param {
        let [source, arg, aux, off] = place(way.source);
        let modes = [
            (way.success, mode::SUCCESS),
            (way.ones, mode::ONES),
            (way.created || matches!(way.source, Source::Fd(_)), mode::DESCRIPTOR),
        ];
        let mode = modes.iter().filter(|(set, _)| *set).fold(0, |all, (_, bit)| all | bit);
        let [c0, c1] = self.condition(&way.tests).to_le_bytes();
        let [n0, n1] = next.to_le_bytes();
        let variant = way.variant.map_or(0, |index| index + 1);
        [source, arg, aux, sensor_width(param, way), off, mode, variant, 0, c0, c1, n0, n1]
    }

    fn condition(&mut self, tests: &[Test]) -> u16 {
        if tests.is_empty() {
            return 0;
        }
        let mut row = [0; 32];
        for at in 0..2 {
            row[16 * at..][..16].copy_from_slice(&test(tests.get(at)));
        }
        let known = self.conditions.iter().position(|c| *c == row);
        let index = known.unwrap_or_else(|| {
            self.conditions.push(row);
            self.conditions.len() - 1
        });
        index as u16 + 1
    }
}

fn test(test: Option<&Test>) -> [u8; 16] {
    let mut out = [0; 16];
    out[12] = NO_ARG;
    if let Some(test) = test {
        let (base, set) = test.window();
        out[..8].copy_from_slice(&set.to_le_bytes());
        out[8..12].copy_from_slice(&base.to_le_bytes());
        out[12..15].copy_from_slice(&[test.arg, test.shift, test.inverted.into()]);
    }
    out
}

/// Bytes that the sensor writes: flags come in 32 bits at least, for their kernel values (see `fixup`).
fn sensor_width(param: &ParamInfo, way: &Choice) -> u8 {
    if let Some(variant) = way.variant {
        return param.variants.get(usize::from(variant)).map_or(0, |v| width_of(v.ty));
    }
    match param.ty {
        Type::Flags8 | Type::Flags16 | Type::EnumFlags8 | Type::EnumFlags16 if param.flags_table.is_some() => 4,
        ty => width_of(ty),
    }
}

/// `source`, `arg`, `aux`, `off` of `struct yk_param`.
fn place(source: Source) -> [u8; 4] {
    match source {
        Source::None => [0, 0, 0, 0],
        Source::Ret => [1, 0, 0, 0],
        Source::Arg(arg) => [2, arg, 0, 0],
        Source::Int(arg) | Source::Fd(arg) => [3, arg, 0, 0],
        Source::Const(value) => [4, value, 0, 0],
        Source::Path { arg, dirfd } => [5, arg, dirfd.unwrap_or(NO_ARG), 0],
        Source::Str(arg) => [6, arg, 0, 0],
        Source::Buf { arg, len } => buffer(7, arg, len, None),
        Source::Vector { arg, count, len } => buffer(8, arg, len, Some(count)),
        Source::VectorLen { arg, count } => [9, arg, count, 0],
        Source::Poll { arg, count } => [10, arg, count, 0],
        Source::At { arg, off, word } => [11, arg, word_code(word), off],
        Source::TimeSpec(arg) => [12, arg, 0, 0],
        Source::TimeVal(arg) => [13, arg, 0, 0],
        Source::Memory(what) => [14, memory_code(what), 0, 0],
        Source::Sock { arg, off } => [15, arg, 0, off],
        Source::Inode { arg, off } => [16, arg, 0, off],
    }
}

fn buffer(source: u8, arg: u8, len: Length, count: Option<u8>) -> [u8; 4] {
    let (kind, from) = match len {
        Length::Arg(from) => (0, from),
        Length::Result => (1, 0),
        Length::Done(from) => (2, from),
        Length::Pointed(from) => (3, from),
    };
    [source, arg, count.unwrap_or(from), kind]
}

fn word_code(word: Word) -> u8 {
    match word {
        Word::U16 => 0,
        Word::I16 => 1,
        Word::U32 => 2,
        Word::I32 => 3,
        Word::U64 => 4,
        Word::Long => 5,
        Word::Negated => 6,
    }
}

fn memory_code(what: Memory) -> u8 {
    match what {
        Memory::Size => 0,
        Memory::Rss => 1,
        Memory::Swap => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::{CONDITIONS, MAX_CHOICES, MAX_PARAMS, PARAM_ROWS};
    use super::*;
    use crate::schema;

    #[test]
    fn every_row_fits_the_sensors_tables() {
        let rows = Rows::of(schema::events());
        assert!(rows.params.len() <= PARAM_ROWS && rows.conditions.len() <= CONDITIONS);
        for info in schema::events().iter().filter(|info| info.program == "simple") {
            assert!(info.params.len() <= MAX_PARAMS, "{}", info.name);
            for (at, param) in info.params.iter().enumerate() {
                assert!(param.sources.len() <= MAX_CHOICES, "{} {}", info.name, param.name);
                let mut row = usize::from(rows.first(info.id)) + at;
                for way in &param.sources {
                    assert_eq!(rows.params[row][0], place(way.source)[0], "{} {}", info.name, param.name);
                    row = usize::from(u16::from_le_bytes([rows.params[row][10], rows.params[row][11]]));
                }
                assert_eq!(row, 0, "the last way has none behind it");
            }
        }
    }

    #[test]
    fn flags_leave_the_kernel_in_full() {
        let fcntl = schema::event(151).unwrap();
        assert_eq!(sensor_width(&fcntl.params[2], &fcntl.params[2].sources[0]), 4);
    }
}
