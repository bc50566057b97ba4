//! What the fuzzers share: chance, the search, and changes to bytes.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const SLOW: Duration = Duration::from_secs(5);
const MEMORY_MAX_KIB: u64 = 1 << 20;
const SEEDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fuzz/seeds");

/// xorshift64*, so that a run can be repeated from its number.
pub struct Dice(u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.roll() % n as u64) as usize }
    }

    pub fn bytes(&mut self, n: usize) -> Vec<u8> {
        (0..n).map(|_| self.roll() as u8).collect()
    }
}

/// What is searched. A seed is called `name-….suffix`.
pub struct Target<R> {
    pub name: &'static str,
    pub suffix: &'static str,
    /// Makes what takes inputs, anew after a failure.
    pub start: fn() -> R,
    /// Takes an input; gives how many events were in it.
    pub take: fn(&mut R, &[u8]) -> u64,
    pub made_up: fn(&mut Dice) -> Vec<u8>,
    /// An input changed, with pieces of another one.
    pub changed: fn(&[u8], &[u8], &mut Dice) -> Vec<u8>,
}

/// The command line: how long, with which number, from which files.
pub struct Arguments {
    pub seconds: Duration,
    pub number: u64,
    pub files: Vec<PathBuf>,
}

impl Arguments {
    pub fn read() -> Self {
        let mut words = std::env::args().skip(1);
        let (mut seconds, mut number, mut files) = (60, 1, Vec::new());
        while let Some(word) = words.next() {
            let mut value = || words.next().and_then(|v| v.parse().ok()).expect("a number");
            match word.as_str() {
                "--seconds" => seconds = value(),
                "--number" => number = value(),
                file => files.push(PathBuf::from(file)),
            }
        }
        Self { seconds: Duration::from_secs(seconds), number, files }
    }
}

/// Searches until the time is up, or ten inputs have failed.
pub fn search<R>(target: &Target<R>, mut corpus: Vec<Vec<u8>>, arguments: &Arguments) -> ExitCode {
    let number = arguments.number;
    let (mut dice, began) = (Dice(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1), Instant::now());
    let (mut inputs, mut events, mut failures) = (0u64, 0u64, 0);
    let mut slowest = Duration::ZERO;
    let mut taker = (target.start)();
    let real = corpus.len();
    while began.elapsed() < arguments.seconds && failures < 10 {
        if inputs.is_multiple_of(1000) {
            corpus.truncate(real);
            corpus.extend((0..16).map(|_| (target.made_up)(&mut dice)));
        }
        let at = dice.below(corpus.len());
        let input = (target.changed)(&corpus[at], &corpus[dice.below(corpus.len())], &mut dice);
        let start = worked();
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.take)(&mut taker, &input)));
        let took = worked().saturating_sub(start);
        slowest = slowest.max(took);
        let why = match outcome {
            Err(_) => Some("a panic"),
            Ok(_) if took > SLOW => Some("slow"),
            Ok(n) => {
                events += n;
                None
            }
        };
        if let Some(why) = why {
            failures += 1;
            println!("{why}: {}", keep(target, &input).display());
            taker = (target.start)();
        }
        inputs += 1;
    }
    let (peak, slowest) = (peak_kib(), slowest.as_secs_f64());
    println!(
        "{inputs} inputs, {events} events, {failures} failures, {slowest:.2} s and {peak} KiB at most, number {number}"
    );
    if failures == 0 && peak < MEMORY_MAX_KIB { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Processor time of this thread: what else the machine does makes no input slow.
fn worked() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: one valid timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn keep<R>(target: &Target<R>, input: &[u8]) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let path = Path::new(SEEDS).join(format!("{}-{:016x}.{}", target.name, hasher.finish(), target.suffix));
    std::fs::write(&path, input).expect("the seed can be written");
    path
}

/// A few changes, some of which know where numbers stand.
pub fn mutated(from: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
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

/// A parameter as most are, or anything.
pub fn param(dice: &mut Dice) -> Vec<u8> {
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
