//! Long files, which a thread reads ahead: the same bytes at the same offsets, whatever pieces they come in.

use std::io::{self, Read};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::super::error::Fault;
use super::super::stream::{Progress, Stream};

const LEN: u64 = 5_000_003;

/// Gives `LEN` bytes, at most `most` at once, and fails then, or ends.
struct Pieces {
    at: u64,
    most: usize,
    fails: bool,
    _alive: Arc<()>,
}

/// The byte at this offset.
fn byte(at: u64) -> u8 {
    (at ^ (at >> 8) ^ (at >> 16)) as u8
}

impl Read for Pieces {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = buf.len().min(self.most).min((LEN - self.at) as usize);
        if len == 0 && self.fails {
            return Err(io::Error::other("worn out"));
        }
        for (slot, at) in buf[..len].iter_mut().zip(self.at..) {
            *slot = byte(at);
        }
        self.at += len as u64;
        Ok(len)
    }
}

fn stream(most: usize, fails: bool) -> (Stream, Progress, Weak<()>) {
    let alive = Arc::new(());
    let (progress, weak) = (Progress::default(), Arc::downgrade(&alive));
    let stream = Stream::new(Pieces { at: 0, most, fails, _alive: alive }, &progress).expect("it can be read");
    (stream, progress, weak)
}

#[test]
fn bytes_come_in_order_whatever_is_looked_at_together() {
    for most in [1 << 20, 70_001, 4096] {
        let (mut stream, progress, _) = stream(most, false);
        let mut at = 0;
        for want in [8, 100, 65_000, 3, 66_000, 400_000, 1_000_000, 12].into_iter().cycle() {
            let got = stream.peek(want).expect("sound");
            assert!(got.iter().zip(at..).all(|(got, at)| *got == byte(at)), "{most}, {want} at {at}");
            assert_eq!(got.len() as u64, (want as u64).min(LEN - at), "{most}, {want} at {at}");
            if got.is_empty() {
                break;
            }
            // The rest is looked at again.
            let len = got.len().div_ceil(2);
            stream.consume(len);
            at += len as u64;
            assert_eq!(stream.offset(), at);
        }
        assert_eq!((at, progress.bytes()), (LEN, LEN));
    }
}

#[test]
fn a_failure_comes_behind_all_bytes_in_front_of_it() {
    let (mut stream, ..) = stream(50_000, true);
    stream.skip(LEN - 5).expect("sound so far");
    let error = stream.peek(6).expect_err("it fails");
    assert!(matches!(error.what, Fault::Io(_)) && error.to_string().contains("worn out"), "{error}");
    assert_eq!(error.offset, LEN);
}

#[test]
fn a_file_that_is_shorter_than_what_is_passed_over_is_cut() {
    let (mut stream, ..) = stream(1 << 20, false);
    let error = stream.skip(LEN + 7).expect_err("it ends before");
    assert!(matches!(error.what, Fault::Truncated { missing: 7 }), "{error}");
    assert_eq!(error.offset, LEN);
}

#[test]
fn a_file_that_nobody_reads_to_its_end_is_let_go() {
    let (mut stream, progress, source) = stream(1 << 20, false);
    stream.skip(2 << 20).expect("sound");
    assert!(progress.bytes() < LEN, "all was read ahead");
    drop(stream);
    let deadline = Instant::now() + Duration::from_secs(20);
    while source.upgrade().is_some() {
        assert!(Instant::now() < deadline, "its thread still reads");
        std::thread::sleep(Duration::from_millis(1));
    }
}
