//! Random mutation of live records, as they come from the ring: no record may crash conversion, decoder, state, rules,
//! outputs or the writer of captures, hang them, or take much memory.
//!
//! `cargo run --profile fuzz --no-default-features --features live --example livefuzz -- --seconds 600 FILE…`
//! starts from these records and from some of every event, laid out as the sensor does. What fails is written to tests/fuzz/seeds and is a test from then
//! on.

mod fuzz;

use std::process::ExitCode;

use _core::engine::exercise::{self, Exercise};
use _core::event::encode::{self, Head};
use _core::event::ext_flags;
use _core::schema::{self, EventInfo, width_of};
use fuzz::{Arguments, Dice, Target, param};

/// `sizeof(struct yk_ext)`.
const EXT_FIXED: usize = 64;
/// Kinds of items behind it (`YK_I_*`), and how long their bodies are; 0: any length.
const ITEMS: [(u16, usize); 10] = [(1, 40), (2, 80), (3, 0), (4, 0), (5, 0), (6, 0), (7, 16), (8, 16), (9, 0), (10, 0)];
/// Processes and threads, few so that records are about each other.
const TASKS: usize = 8;
const RECORDS: usize = 12;

const TARGET: Target<Exercise> =
    Target { name: "live", suffix: "records", start: Exercise::default, take: Exercise::records, made_up, changed };

fn main() -> ExitCode {
    let arguments = Arguments::read();
    let corpus = arguments.files.iter().map(|file| std::fs::read(file).expect("records that can be read")).collect();
    fuzz::search(&TARGET, corpus, &arguments)
}

/// Records of any events.
fn made_up(dice: &mut Dice) -> Vec<u8> {
    let events = schema::events();
    let records: Vec<_> = (0..RECORDS).map(|at| record(&events[dice.below(events.len())], at as u64, dice)).collect();
    exercise::input(&records)
}

/// One or two records changed, with pieces of others; now and then how they lie behind each other.
fn changed(from: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    if dice.below(16) == 0 {
        return fuzz::mutated(from, other, dice);
    }
    let mut records: Vec<_> = exercise::records(from).map(<[u8]>::to_vec).collect();
    for _ in 0..=dice.below(2) {
        let at = dice.below(records.len());
        if let Some(record) = records.get_mut(at) {
            *record = fuzz::mutated(record, other, dice);
        }
    }
    exercise::input(&records)
}

/// One record: an event with parameters of the right widths or of any, and its extension block.
fn record(info: &EventInfo, ts: u64, dice: &mut Dice) -> Vec<u8> {
    let (mut out, tid) = (Vec::new(), dice.below(TASKS) as i64);
    let params: Vec<_> = info.params.iter().map(|param| value(width_of(param.ty).into(), dice)).collect();
    encode::event(&mut out, Head { ts, tid, id: info.id }, params.iter().map(Vec::as_slice));
    out.extend(extension(dice));
    out
}

fn value(width: usize, dice: &mut Dice) -> Vec<u8> {
    match dice.below(4) {
        0 => param(dice),
        1 if width > 0 => dice.bytes(width),
        _ if width > 0 => (dice.below(16) as u64).to_le_bytes()[..width].to_vec(),
        _ => param(dice),
    }
}

fn extension(dice: &mut Dice) -> Vec<u8> {
    let mut out = vec![0; EXT_FIXED];
    let flags = if dice.below(3) == 0 { dice.roll() as u16 } else { 0 };
    // What only feeds state is shown to no rule.
    let flags = if dice.below(2) == 0 { flags & !ext_flags::STATE_ONLY } else { flags };
    out[2..4].copy_from_slice(&flags.to_le_bytes());
    for at in [4, 24, 28, 40] {
        out[at..at + 4].copy_from_slice(&(dice.below(TASKS) as u32).to_le_bytes());
    }
    out[8] = dice.below(3) as u8;
    out[16] = dice.below(4) as u8;
    let comm = dice.bytes(16);
    out[44..60].copy_from_slice(&comm);
    for _ in 0..dice.below(5) {
        let (kind, len) = ITEMS[dice.below(ITEMS.len())];
        let body = body(kind, len, dice);
        out.extend(kind.to_le_bytes());
        out.extend((body.len() as u16).to_le_bytes());
        out.extend(body);
    }
    let len = out.len() as u16;
    out[..2].copy_from_slice(&len.to_le_bytes());
    out
}

fn body(kind: u16, len: usize, dice: &mut Dice) -> Vec<u8> {
    let mut body = match len {
        0 => [dice.bytes(2), param(dice), param(dice)].concat(),
        _ => dice.bytes(len),
    };
    match kind {
        // A descriptor that the event's parameters may name, of a kind that there is.
        1 => {
            body[..8].copy_from_slice(&(dice.below(12) as u64).to_le_bytes());
            body[12] = dice.below(22) as u8;
        }
        2 => {
            body[..8].copy_from_slice(&(dice.below(12) as u64).to_le_bytes());
            body[64..66].copy_from_slice(&[[1, 0], [2, 0], [10, 0], [16, 0]][dice.below(4)]);
        }
        3 | 4 => body[0] = [0, 1, 2, 255][dice.below(4)],
        _ => {}
    }
    body
}
