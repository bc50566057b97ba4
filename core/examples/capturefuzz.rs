//! Random mutation of captures: no input may crash reader, decoder, state or fields, hang them, or take much memory.
//!
//! `cargo run --profile fuzz --no-default-features --example capturefuzz -- --seconds 600 FILE…` starts from these
//! captures and from made-up ones. What fails is written to tests/fuzz/seeds and is a test from then on.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use _core::capture::scap::block;
use _core::event::encode::{self, Head};
use _core::replay::exercise;
use _core::schema;

const SLOW: Duration = Duration::from_secs(5);
const MEMORY_MAX_KIB: u64 = 1 << 20;
const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/seeds");

/// xorshift64*, so that a run can be repeated from its number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.roll() % n as u64) as usize }
    }

    fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.roll() as u8).collect()
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seconds, mut number, mut corpus) = (60, 1, Vec::new());
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().and_then(|v| v.parse().ok()).expect("a number");
        match argument.as_str() {
            "--seconds" => seconds = value(),
            "--number" => number = value(),
            file => corpus.extend(unpacked(Path::new(file))),
        }
    }
    fuzz(corpus, Duration::from_secs(seconds), number)
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

fn fuzz(mut corpus: Vec<Vec<u8>>, seconds: Duration, number: u64) -> ExitCode {
    let (mut dice, began) = (Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1), Instant::now());
    let (mut inputs, mut events, mut failures) = (0u64, 0u64, 0);
    let real = corpus.len();
    while began.elapsed() < seconds && failures < 10 {
        if inputs.is_multiple_of(1000) {
            corpus.truncate(real);
            corpus.extend((0..16).map(|_| made_up(&mut dice)));
        }
        let at = dice.below(corpus.len());
        let input = mutated(&corpus[at], &corpus[dice.below(corpus.len())], &mut dice);
        let start = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| exercise::bytes(&input)));
        let why = match outcome {
            Err(_) => Some("a panic"),
            Ok(_) if start.elapsed() > SLOW => Some("slow"),
            Ok(n) => {
                events += n;
                None
            }
        };
        if let Some(why) = why {
            failures += 1;
            println!("{why}: {}", keep(&input).display());
        }
        inputs += 1;
    }
    let peak = peak_kib();
    println!("{inputs} inputs, {events} events, {failures} failures, {peak} KiB at most, number {number}");
    if failures == 0 && peak < MEMORY_MAX_KIB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn keep(input: &[u8]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = Path::new(SEEDS).join(format!("capture-{:016x}.scap", hasher.finish()));
    std::fs::write(&path, input).expect("the seed can be written");
    path
}

/// A few changes, some of which know where numbers stand.
fn mutated(from: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    const ODD: [u32; 10] = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0xffff, 0x1_0000, 0x7fff_ffff, 0xffff_ffff];
    let mut out = from.to_vec();
    for _ in 0..=dice.below(6) {
        if out.is_empty() {
            break;
        }
        let at = dice.below(out.len());
        match dice.below(7) {
            0 => out[at] = dice.roll() as u8,
            1 => out[at] ^= 1 << dice.below(8),
            2 => {
                let odd = ODD[dice.below(ODD.len())].to_le_bytes();
                let width = [1, 2, 4][dice.below(3)];
                let end = (at + width).min(out.len());
                out[at..end].copy_from_slice(&odd[..end - at]);
            }
            3 => out.truncate(at),
            4 => {
                let end = (at + dice.below(64)).min(out.len());
                out.drain(at..end);
            }
            5 => {
                let from = dice.below(other.len());
                let end = (from + dice.below(256)).min(other.len());
                out.splice(at..at, other[from..end].iter().copied());
            }
            _ => {
                // A block's length and trailer stay in step, so that the change is looked at from inside.
                let end = (at + dice.below(16)).min(out.len());
                let bytes = dice.bytes(end - at);
                out[at..end].copy_from_slice(&bytes);
            }
        }
    }
    out
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

fn param(dice: &mut Dice) -> Vec<u8> {
    let small = dice.below(12) as u8;
    match dice.below(6) {
        0 => vec![small, 0, 0, 0, 0, 0, 0, 0],
        1 => vec![small, 0, 0, 0],
        2 => vec![small],
        3 => [&b"../x/"[..dice.below(6)], &dice.bytes(5), b"\0"].concat(),
        4 => {
            let family = [1, 2, 10, 16][dice.below(4)];
            let len = dice.below(40);
            [&[family][..], &dice.bytes(len)].concat()
        }
        _ => {
            let len = dice.below(40);
            dice.bytes(len)
        }
    }
}

fn push(out: &mut Vec<u8>, kind: u32, body: &[u8]) {
    let total = block::padded(block::HEAD_LEN + body.len() + block::TRAILER_LEN) as u32;
    out.extend(kind.to_le_bytes());
    out.extend(total.to_le_bytes());
    out.extend(body);
    out.resize(out.len().next_multiple_of(block::ALIGN), 0);
    out.extend(total.to_le_bytes());
}
