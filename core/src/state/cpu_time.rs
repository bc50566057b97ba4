//! How long threads had a CPU: from one switch of the CPU to the next, and as the snapshots of old captures tell it.

/// Of one thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTime {
    /// In the slices that were seen from their beginning to their end, ns.
    pub sliced: u64,
    /// User and system time in hundredths of a second, as of the last snapshot; 0 none.
    told: [u64; 2],
}

impl CpuTime {
    /// Takes over what a snapshot tells.
    pub fn tell(&mut self, told: [u64; 2]) -> Share {
        let before = std::mem::replace(&mut self.told, told);
        let sum = |[user, system]: [u64; 2]| user.wrapping_add(system);
        Share {
            user: percent(before[0], told[0]),
            system: percent(before[1], told[1]),
            both: percent(sum(before), sum(told)),
        }
    }
}

/// What a thread had since the snapshot before, at most 100 each; snapshots come once a second, so that hundredths of a
/// second are per cent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    pub user: f64,
    pub system: f64,
    pub both: f64,
}

/// 0 where there is nothing to compare with. A time that went back is another thread's, and counts as much as can be
/// (`sinsp_filter_check_thread`).
fn percent(before: u64, now: u64) -> f64 {
    if before == 0 { 0.0 } else { now.wrapping_sub(before).min(100) as f64 }
}

/// When a CPU was last handed on, and to which thread.
type Handover = (u64, i64);

/// By CPU.
#[derive(Debug, Default)]
pub struct Slices(Vec<Option<Handover>>);

impl Slices {
    /// Notes that `leaving` hands `cpu` on to `next`. Its slice in ns, if it is known when that began: where the last
    /// switch told was to somebody else, others were lost. The watcher's own (`is_own`) are never told; what it had
    /// counts with the slice behind it, which would be lost otherwise.
    pub fn hand_over(
        &mut self,
        cpu: u16,
        leaving: i64,
        next: i64,
        ts: u64,
        is_own: impl FnOnce(i64) -> bool,
    ) -> Option<u64> {
        let cpu = usize::from(cpu);
        if self.0.len() <= cpu {
            self.0.resize(cpu + 1, None);
        }
        let (began, to) = self.0.get_mut(cpu)?.replace((ts, next))?;
        (to == leaving || is_own(to)).then(|| ts.saturating_sub(began))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_begins_where_the_cpu_was_handed_over() {
        let mut slices = Slices::default();
        let mut told = |cpu, leaving, next, ts| slices.hand_over(cpu, leaving, next, ts, |tid| tid == 70);
        assert_eq!(told(1, 7, 8, 100), None, "its beginning was not seen");
        assert_eq!(told(1, 8, 0, 150), Some(50));
        assert_eq!(told(0, 9, 8, 160), None, "another CPU");
        assert_eq!(told(1, 7, 9, 170), None, "0 had it: what came between was lost");
        assert_eq!(told(1, 9, 70, 165), Some(0), "a clock that went back");
        assert_eq!(told(1, 7, 8, 180), Some(15), "the watcher had it in between");
    }

    #[test]
    fn shares_are_differences() {
        let mut time = CpuTime::default();
        assert_eq!(time.tell([10, 5]), Share::default());
        assert_eq!(time.tell([30, 6]), Share { user: 20.0, system: 1.0, both: 21.0 });
        assert_eq!(time.tell([200, 6]), Share { user: 100.0, system: 0.0, both: 100.0 });
        assert_eq!(time.tell([1, 6]).user, 100.0);
    }
}
