//! What the sensor could not hand over, as running totals since it was loaded.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;

use super::program_info::program_info;

/// Id in [`Losses`] of events whose type nobody can tell.
pub const UNKNOWN: u16 = 0;

/// Event ids of the attached programs that tell of one type (`sensor/process.bpf.c`).
const PROGRAMS: &[(&str, u16)] = &[("exec", 293), ("fork", 223), ("process_exit", 186)];

/// Lost events by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// No room in the ring, or no program left for the rest of a batch.
    pub ring: BTreeMap<u16, u64>,
    /// The kernel skipped the program, because it was running on that CPU already.
    pub skipped: BTreeMap<u16, u64>,
}

impl Losses {
    /// Adds one CPU's `struct yk_losses`.
    pub fn add_cpu(&mut self, counts: &[u8]) {
        for (id, word) in counts.chunks_exact(8).enumerate() {
            let count = word.try_into().map_or(0, u64::from_le_bytes);
            if count > 0 {
                *self.ring.entry(id as u16).or_default() += count;
            }
        }
    }

    /// Adds what the kernel counts at an attached program.
    pub fn add_program(&mut self, name: &str, fd: BorrowedFd<'_>) {
        let count = program_info(fd).recursion_misses;
        if count > 0 {
            let id = PROGRAMS.iter().find(|(of, _)| *of == name).map_or(UNKNOWN, |(_, id)| *id);
            *self.skipped.entry(id).or_default() += count;
        }
    }

    /// Runs that were made by another program after all.
    pub fn rescue(&mut self, count: u64) {
        if let Some(skipped) = self.skipped.get_mut(&UNKNOWN) {
            *skipped = skipped.saturating_sub(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_rescued_is_not_lost() {
        let mut losses = Losses { skipped: BTreeMap::from([(UNKNOWN, 5), (293, 1)]), ..Losses::default() };
        losses.rescue(3);
        assert_eq!(losses.skipped, BTreeMap::from([(UNKNOWN, 2), (293, 1)]));
    }

    #[test]
    fn cpus_add_up_by_event() {
        let mut losses = Losses::default();
        let cpu = |counts: [u64; 3]| counts.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        losses.add_cpu(&cpu([0, 2, 0]));
        losses.add_cpu(&cpu([0, 3, 1]));
        assert_eq!(losses.ring, BTreeMap::from([(1, 5), (2, 1)]));
    }
}
