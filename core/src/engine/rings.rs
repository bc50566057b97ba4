//! Draining the ring buffers in the order of kernel time.

use crate::capture::live::error::LiveError;
use libbpf_rs::{MapHandle, RingBuffer, RingBufferBuilder};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

/// Records back to back, in memory that is reused from drain to drain.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// Boot time, ns, and place of each record.
    records: Vec<(u64, Range<usize>)>,
}

impl Held {
    fn push(&mut self, record: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(record);
        self.records.push((time_of(record), start..self.bytes.len()));
    }

    /// Forgets the first `ready` records; the bytes go once none is left, or else move to the front.
    fn release(&mut self, ready: usize) {
        self.records.drain(..ready);
        if self.records.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES);
            return;
        }
        let kept: Vec<(u64, Vec<u8>)> =
            self.records.drain(..).filter_map(|(time, at)| Some((time, self.bytes.get(at)?.to_vec()))).collect();
        self.bytes.clear();
        for (_, record) in kept {
            self.push(&record);
        }
    }
}

/// Memory that an idle drain keeps, bytes.
const KEPT_BYTES: usize = 1 << 20;

/// All rings of a sensor. Records of several rings are held until no ring can have an older one that causes them:
/// what happened before the drain began was in its ring by then, so everything older than that moment is complete.
pub struct Rings<'a> {
    buffer: RingBuffer<'a>,
    held: Rc<RefCell<Held>>,
    single: bool,
}

impl<'a> Rings<'a> {
    /// # Errors
    /// The rings could not be mapped.
    pub fn new(maps: &'a [MapHandle]) -> Result<Self, LiveError> {
        let held = Rc::new(RefCell::new(Held::default()));
        let mut builder = RingBufferBuilder::new();
        for map in maps {
            let held = Rc::clone(&held);
            builder.add(map, move |record: &[u8]| {
                held.borrow_mut().push(record);
                0
            })?;
        }
        Ok(Self { buffer: builder.build()?, held, single: maps.len() == 1 })
    }

    /// Waits up to `timeout` for records and hands them over, oldest first. Returns how many.
    ///
    /// # Errors
    /// Polling failed.
    pub fn drain(&mut self, timeout: Duration, mut each: impl FnMut(&mut [u8])) -> Result<usize, LiveError> {
        // Polling alone would pass over records that came without a wake-up.
        let code = if timeout.is_zero() { self.buffer.consume_raw() } else { self.buffer.poll_raw(timeout) };
        // A signal is no error.
        if code < 0 && code != -libc::EINTR {
            return Err(LiveError::Io {
                what: "polling the ring buffers".into(),
                source: std::io::Error::from_raw_os_error(-code),
            });
        }
        let horizon = if self.single { u64::MAX } else { self.settle()? };
        let mut held = self.held.borrow_mut();
        let Held { bytes, records } = &mut *held;
        if !self.single {
            records.sort_by_key(|(time, _)| *time);
        }
        let ready = records.partition_point(|(time, _)| self.single || *time < horizon);
        for (_, at) in records.iter().take(ready) {
            if let Some(record) = bytes.get_mut(at.clone()) {
                each(record);
            }
        }
        held.release(ready);
        Ok(ready)
    }

    /// Takes the moment first and everything that is in the rings after.
    fn settle(&mut self) -> Result<u64, LiveError> {
        let horizon = boot_time_ns();
        self.buffer.consume()?;
        Ok(horizon)
    }
}

fn time_of(record: &[u8]) -> u64 {
    record.get(..8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// Boot clock, ns (clock_gettime(2)).
pub fn boot_time_ns() -> u64 {
    clock(libc::CLOCK_BOOTTIME)
}

/// Wall time minus boot time, ns.
pub fn epoch_offset_ns() -> u64 {
    clock(libc::CLOCK_REALTIME).wrapping_sub(boot_time_ns())
}

fn clock(id: libc::clockid_t) -> u64 {
    let mut ts = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `ts` is a valid place for the kernel to write to.
    unsafe { libc::clock_gettime(id, &mut ts) };
    ts.tv_sec as u64 * 1_000_000_000 + ts.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(time: u64, tail: &[u8]) -> Vec<u8> {
        [time.to_le_bytes().as_slice(), tail].concat()
    }

    #[test]
    fn what_is_not_released_stays_whole() {
        let mut held = Held::default();
        for (time, tail) in [(1, b"a".as_slice()), (2, b"bb"), (3, b"ccc")] {
            held.push(&record(time, tail));
        }
        held.release(2);
        let (time, at) = held.records[0].clone();
        assert_eq!((time, &held.bytes[at]), (3, record(3, b"ccc").as_slice()));
        held.release(1);
        assert!(held.bytes.is_empty() && held.records.is_empty());
    }
}
