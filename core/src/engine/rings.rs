//! Draining the ring buffers in the order of kernel time.

use super::clocks::boot_time_ns;
use crate::capture::live::error::LiveError;
use libbpf_rs::{AsRawLibbpf, MapHandle, RingBuffer, RingBufferBuilder};
use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

/// Records taken from a ring at a time: the rest waits there, where room is bounded and kept for what counts more.
pub const ROUND: usize = 256;
/// Memory that an idle round keeps, bytes.
const KEPT_BYTES: usize = 1 << 20;

struct Record {
    /// Boot time, ns.
    time: u64,
    ring: usize,
    at: Range<usize>,
}

/// Records back to back, in memory that is reused from round to round.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    records: Vec<Record>,
    /// Records that may be handed over, and how many of them were.
    ready: usize,
    done: usize,
    /// Of each ring: records held, and the time of the one taken last.
    waiting: Vec<usize>,
    newest: Vec<u64>,
}

impl Held {
    fn new(rings: usize) -> Self {
        Self { waiting: vec![0; rings], newest: vec![0; rings], ..Self::default() }
    }

    fn push(&mut self, ring: usize, record: &[u8]) {
        let (start, time) = (self.bytes.len(), time_of(record));
        self.bytes.extend_from_slice(record);
        self.records.push(Record { time, ring, at: start..self.bytes.len() });
        self.waiting[ring] += 1;
        self.newest[ring] = time;
    }

    /// Makes ready what is older than `horizon`, oldest first.
    fn settle(&mut self, horizon: u64) {
        // In place; of the same moment, the one that was taken first.
        self.records.sort_unstable_by_key(|record| (record.time, record.at.start));
        self.ready = self.records.partition_point(|record| record.time < horizon);
    }

    /// Forgets what was handed over; what is left moves to the front.
    fn release(&mut self) {
        self.records.drain(..self.done);
        (self.ready, self.done) = (0, 0);
        self.waiting.fill(0);
        // As they lie, so that none is written over before it has moved.
        self.records.sort_unstable_by_key(|record| record.at.start);
        let mut end = 0;
        for Record { ring, at, .. } in &mut self.records {
            self.bytes.copy_within(at.clone(), end);
            *at = end..end + at.len();
            end = at.end;
            self.waiting[*ring] += 1;
        }
        self.bytes.truncate(end);
        self.bytes.shrink_to(KEPT_BYTES);
    }
}

/// All rings of a sensor. Records of several rings are held until no ring can have an older one that causes them:
/// a ring that was emptied has none from before that round began, any other none from before the one taken last.
pub struct Rings<'a> {
    buffer: RingBuffer<'a>,
    held: Rc<RefCell<Held>>,
    rings: usize,
    horizon: u64,
}

impl<'a> Rings<'a> {
    /// # Errors
    /// The rings could not be mapped.
    pub fn new(maps: &'a [MapHandle]) -> Result<Self, LiveError> {
        let held = Rc::new(RefCell::new(Held::new(maps.len())));
        let mut builder = RingBufferBuilder::new();
        for (ring, map) in maps.iter().enumerate() {
            let held = Rc::clone(&held);
            builder.add(map, move |record: &[u8]| {
                held.borrow_mut().push(ring, record);
                0
            })?;
        }
        Ok(Self { buffer: builder.build()?, held, rings: maps.len(), horizon: 0 })
    }

    /// Waits up to `timeout` for a wake-up and takes a round from every ring, woken or not. Returns how many records
    /// are ready for [`Rings::hand_over`], which must have taken the earlier ones.
    ///
    /// # Errors
    /// Polling failed.
    pub fn gather(&mut self, timeout: Duration) -> Result<usize, LiveError> {
        if !timeout.is_zero() {
            wait(self.buffer.epoll_fd(), timeout)?;
        }
        let mut horizon = boot_time_ns();
        for ring in 0..self.rings {
            let emptied = self.take(ring)?;
            if !emptied {
                horizon = horizon.min(self.held.borrow().newest[ring] + 1);
            }
        }
        self.horizon = horizon;
        let mut held = self.held.borrow_mut();
        if self.rings == 1 {
            held.ready = held.records.len();
        } else {
            held.settle(horizon);
        }
        Ok(held.ready)
    }

    /// Boot time in ns of which everything older is ready.
    pub fn horizon(&self) -> u64 {
        self.horizon
    }

    /// Takes what a ring may still have in this round; false when there may be more.
    fn take(&mut self, ring: usize) -> Result<bool, LiveError> {
        let room = ROUND.saturating_sub(self.held.borrow().waiting[ring]);
        if room == 0 {
            return Ok(false);
        }
        // SAFETY: the buffer lives and has this many rings; libbpf calls nothing but the callback given to it.
        let code = unsafe {
            let ring = libbpf_sys::ring_buffer__ring(self.buffer.as_libbpf_object().as_ptr(), ring as u32);
            libbpf_sys::ring__consume_n(ring, room as libbpf_sys::size_t)
        };
        match usize::try_from(code) {
            Ok(taken) => Ok(taken < room),
            Err(_) => Err(polling(std::io::Error::from_raw_os_error(-code))),
        }
    }

    /// Hands over at most `max` of the ready records, oldest first. Returns how many are left.
    pub fn hand_over(&mut self, max: usize, mut each: impl FnMut(&mut [u8])) -> usize {
        let mut held = self.held.borrow_mut();
        let Held { bytes, records, ready, done, .. } = &mut *held;
        let until = (*done + max).min(*ready);
        for record in records.get(*done..until).unwrap_or_default() {
            if let Some(record) = bytes.get_mut(record.at.clone()) {
                each(record);
            }
        }
        *done = until;
        let left = *ready - until;
        if left == 0 {
            held.release();
        }
        left
    }
}

/// Waits for a wake-up. A signal is no error.
fn wait(fd: i32, timeout: Duration) -> Result<(), LiveError> {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let ms = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: one valid pollfd.
    let code = unsafe { libc::poll(&mut poll, 1, ms) };
    let error = std::io::Error::last_os_error();
    if code < 0 && error.kind() != std::io::ErrorKind::Interrupted { Err(polling(error)) } else { Ok(()) }
}

fn polling(source: std::io::Error) -> LiveError {
    LiveError::Io { what: "polling the ring buffers".into(), source }
}

/// Boot time of a record, ns.
pub fn time_of(record: &[u8]) -> u64 {
    record.get(..8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(time: u64, tail: &[u8]) -> Vec<u8> {
        [time.to_le_bytes().as_slice(), tail].concat()
    }

    #[test]
    fn what_is_not_released_stays_whole_and_counts_for_its_ring() {
        let mut held = Held::new(2);
        for (ring, time, tail) in [(0, 1, b"a".as_slice()), (1, 3, b"ccc"), (0, 2, b"bb")] {
            held.push(ring, &record(time, tail));
        }
        held.settle(3);
        assert_eq!((held.ready, &held.waiting[..], &held.newest[..]), (2, &[2, 1][..], &[2, 3][..]));
        held.done = 2;
        held.release();
        let Record { time, ring, at } = &held.records[0];
        assert_eq!((*time, *ring, &held.bytes[at.clone()]), (3, 1, record(3, b"ccc").as_slice()));
        assert_eq!(held.waiting, [0, 1]);
        held.done = 1;
        held.release();
        assert!(held.bytes.is_empty() && held.records.is_empty());
    }

    #[test]
    fn what_moves_to_the_front_keeps_its_bytes_its_order_and_its_memory() {
        let mut held = Held::new(2);
        for (ring, time) in [(0, 9), (0, 10), (1, 1), (1, 9), (1, 12)] {
            held.push(ring, &record(time, &[ring as u8; 5][..time as usize % 5]));
        }
        let memory = (held.bytes.as_ptr(), held.records.as_ptr());
        held.settle(2);
        held.done = 1;
        held.release();
        held.settle(12);
        let left = held.records.iter().map(|Record { time, ring, at }| {
            assert_eq!(held.bytes[at.clone()], record(*time, &[*ring as u8; 5][..*time as usize % 5]));
            (*time, *ring)
        });
        assert_eq!(left.collect::<Vec<_>>(), [(9, 0), (9, 1), (10, 0), (12, 1)]);
        assert_eq!((held.ready, &held.waiting[..], &held.newest[..]), (3, &[2, 2][..], &[10, 12][..]));
        assert_eq!((held.bytes.as_ptr(), held.records.as_ptr()), memory);
    }
}
