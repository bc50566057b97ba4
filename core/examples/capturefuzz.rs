//! Random mutation of captures: no input may crash reader, decoder, state or fields, hang them, or take much memory.
//!
//! `cargo run --profile fuzz --no-default-features --example capturefuzz -- --seconds 600 FILE…` starts from these
//! captures and from made-up ones. What fails is written to tests/fuzz/seeds and is a test from then on.

mod fuzz;

use std::path::Path;
use std::process::ExitCode;

use _core::capture::scap::block;
use _core::event::encode::{self, Head};
use _core::replay::exercise;
use _core::schema;
use fuzz::{Arguments, Dice, Target, param};

const TARGET: Target<()> = Target {
    name: "capture",
    suffix: "scap",
    start: || (),
    take: |(), input| exercise::bytes(input),
    made_up,
    changed: fuzz::mutated,
};

fn main() -> ExitCode {
    let arguments = Arguments::read();
    let corpus = arguments.files.iter().flat_map(|file| unpacked(file)).collect();
    fuzz::search(&TARGET, corpus, &arguments)
}

/// The plain bytes of a capture, the whole and its beginning (of which more can be tried).
fn unpacked(file: &Path) -> Vec<Vec<u8>> {
    let packed = std::fs::File::open(file).expect("a capture that can be read");
    let mut plain = Vec::new();
    let mut unpacker = flate2::read::MultiGzDecoder::new(packed);
    if std::io::Read::read_to_end(&mut unpacker, &mut plain).is_err() {
        plain = std::fs::read(file).expect("a capture that can be read");
    }
    vec![plain[..plain.len().min(8192)].to_vec(), plain]
}

/// A capture of events of every id, with parameters of the right widths or of none.
fn made_up(dice: &mut Dice) -> Vec<u8> {
    let mut out = Vec::new();
    let mut section = block::MAGIC.to_le_bytes().to_vec();
    section.extend([1, 0, 2, 0]);
    section.extend([0xff; 8]);
    push(&mut out, block::SECTION, &section);
    let lists = [block::MACHINE, 0x202, 0x214, block::PROCESSES, 0x203, block::DESCRIPTORS, block::USERS, 0x205];
    for _ in 0..dice.below(4) {
        let body = dice.bytes(200);
        push(&mut out, lists[dice.below(lists.len())], &body);
    }
    if dice.below(2) == 0 {
        push(&mut out, block::ADDITIONS, &additions(dice));
    }
    for ts in 0..40 {
        let id = dice.below(schema::upgrades::IDS) as u16;
        let params: Vec<Vec<u8>> = (0..schema::history(id).map_or(0, |h| h.params)).map(|_| param(dice)).collect();
        let short = dice.below(params.len() + 1);
        let params = if dice.below(4) == 0 { &params[..short] } else { &params[..] };
        let mut body = vec![0, 0];
        let mut event = Vec::new();
        let tid = dice.below(8) as i64;
        encode::event(&mut event, Head { ts, tid, id }, params.iter().map(Vec::as_slice));
        body.extend(event);
        push(&mut out, block::EVENT, &body);
    }
    out
}

/// Entries of the list of our own, a few with a wrong length.
fn additions(dice: &mut Dice) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..dice.below(4) {
        let len = if dice.below(8) == 0 { dice.below(40) } else { 28 };
        out.extend((len as u32).to_le_bytes());
        out.extend([dice.below(8), dice.below(8), dice.below(100)].map(|word| (word as u64).to_le_bytes()).concat());
    }
    out
}

fn push(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let total = block::padded(block::HEAD_LEN + body.len() + block::TRAILER_LEN) as u32;
    out.extend(kind.to_le_bytes());
    out.extend(total.to_le_bytes());
    out.extend(body);
    out.resize(out.len().next_multiple_of(block::ALIGN), 0);
    out.extend(total.to_le_bytes());
}
