//! The clocks of events and alerts.

/// An offset is chosen from so many readings.
const READINGS: usize = 5;

/// The wall clock between two looks at the boot clock, ns.
struct Reading {
    before: u64,
    wall: u64,
    after: u64,
}

impl Reading {
    fn take() -> Self {
        Self { before: boot_time_ns(), wall: wall_time_ns(), after: boot_time_ns() }
    }

    fn took(&self) -> u64 {
        self.after.saturating_sub(self.before)
    }

    fn offset(&self) -> u64 {
        self.wall.wrapping_sub(self.before + self.took() / 2)
    }
}

/// Boot clock, ns (clock_gettime(2)).
pub fn boot_time_ns() -> u64 {
    clock(libc::CLOCK_BOOTTIME)
}

/// Wall clock, ns since the epoch.
pub fn wall_time_ns() -> u64 {
    clock(libc::CLOCK_REALTIME)
}

/// Wall time minus boot time, ns. Every event's time is off by what it is wrong, and it is wrong by as long as this
/// thread had to wait for a CPU within a reading.
pub fn epoch_offset_ns() -> u64 {
    closest(std::iter::repeat_with(Reading::take).take(READINGS))
}

fn closest(readings: impl Iterator<Item = Reading>) -> u64 {
    readings.min_by_key(Reading::took).map_or(0, |reading| reading.offset())
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

    #[test]
    fn the_reading_that_took_least_time_counts() {
        let readings = [(100, 5_100, 100_100), (200_000, 205_010, 200_020), (300_000, 395_000, 390_000)];
        let readings = readings.map(|(before, wall, after)| Reading { before, wall, after });
        assert_eq!(closest(readings.into_iter()), 5_000);
    }

    #[test]
    fn an_offset_takes_boot_time_to_wall_time() {
        let (before, offset, after) = (wall_time_ns(), epoch_offset_ns(), wall_time_ns());
        let now = boot_time_ns() + offset;
        assert!((before..after + 10_000_000_000).contains(&now), "{before} {now} {after}");
    }
}
