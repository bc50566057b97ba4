//! Draining the ring buffers in the order of kernel time.

use crate::capture::live::error::LiveError;
use libbpf_rs::{MapHandle, RingBuffer, RingBufferBuilder};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Records with their boot time, ns.
type Held = Vec<(u64, Vec<u8>)>;

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
        let held = Rc::new(RefCell::new(Held::new()));
        let mut builder = RingBufferBuilder::new();
        for map in maps {
            let held = Rc::clone(&held);
            builder.add(map, move |record: &[u8]| {
                held.borrow_mut().push((time_of(record), record.to_vec()));
                0
            })?;
        }
        Ok(Self { buffer: builder.build()?, held, single: maps.len() == 1 })
    }

    /// Waits up to `timeout` for records and hands them over, oldest first. Returns how many.
    ///
    /// # Errors
    /// Polling failed.
    pub fn drain(&mut self, timeout: Duration, mut each: impl FnMut(&mut Vec<u8>)) -> Result<usize, LiveError> {
        let code = self.buffer.poll_raw(timeout);
        // A signal is no error.
        if code < 0 && code != -libc::EINTR {
            return Err(LiveError::Io {
                what: "polling the ring buffers".into(),
                source: std::io::Error::from_raw_os_error(-code),
            });
        }
        let horizon = if self.single { u64::MAX } else { self.settle()? };
        let mut held = self.held.borrow_mut();
        if !self.single {
            held.sort_by_key(|(time, _)| *time);
        }
        let ready = held.partition_point(|(time, _)| *time < horizon);
        for (_, record) in &mut held[..ready] {
            each(record);
        }
        held.drain(..ready);
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
