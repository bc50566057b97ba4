//! Wall-clock text of event times: the local zone through the C library (cached per second) and UTC.

use std::cell::Cell;

const NS: u64 = 1_000_000_000;

/// A point in time taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    pub nanos: u32,
    /// Seconds east of UTC.
    pub offset: i32,
}

thread_local! {
    static LAST: Cell<Option<(u64, Parts)>> = const { Cell::new(None) };
}

/// Local time of `ns` since the epoch.
pub fn local(ns: u64) -> Parts {
    let (seconds, nanos) = (ns / NS, (ns % NS) as u32);
    let cached = LAST.get().filter(|(at, _)| *at == seconds).map(|(_, parts)| parts);
    let parts = cached.unwrap_or_else(|| {
        let parts = ask_libc(seconds);
        LAST.set(Some((seconds, parts)));
        parts
    });
    Parts { nanos, ..parts }
}

fn ask_libc(seconds: u64) -> Parts {
    let time = libc::time_t::try_from(seconds).unwrap_or(libc::time_t::MAX);
    // SAFETY: `tm` is plain data for which all zeros is a value; localtime_r writes only into it and
    // returns null, leaving it untouched, when the year does not fit.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        if libc::localtime_r(&time, &mut tm).is_null() {
            return utc(seconds.saturating_mul(NS));
        }
        tm
    };
    Parts {
        year: tm.tm_year.saturating_add(1900),
        month: (tm.tm_mon + 1) as u8,
        day: tm.tm_mday as u8,
        hour: tm.tm_hour as u8,
        minute: tm.tm_min as u8,
        second: tm.tm_sec as u8,
        nanos: 0,
        offset: tm.tm_gmtoff as i32,
    }
}

/// UTC of `ns` since the epoch.
pub fn utc(ns: u64) -> Parts {
    let seconds = ns / NS;
    let (year, month, day) = civil_from_days((seconds / 86_400) as i64);
    let of_day = seconds % 86_400;
    Parts {
        year,
        month,
        day,
        hour: (of_day / 3600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: (of_day % 60) as u8,
        nanos: (ns % NS) as u32,
        offset: 0,
    }
}

/// Gregorian date of a day number since 1970-01-01 (eras of 400 years that begin on 1 March).
fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u8;
    let month = (if shifted < 10 { shifted + 3 } else { shifted - 9 }) as u8;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year as i32, month, day)
}

/// The clock and calendar texts that fields and outputs use, written into any formatter.
impl Parts {
    /// ns since the day began.
    pub fn since_midnight(&self) -> u64 {
        let seconds = (u64::from(self.hour) * 60 + u64::from(self.minute)) * 60 + u64::from(self.second);
        seconds * NS + u64::from(self.nanos)
    }

    /// `HH:MM:SS`.
    pub fn clock(&self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        write!(out, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }

    /// `HH:MM:SS.nnnnnnnnn`.
    pub fn clock_ns(&self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        self.clock(out)?;
        write!(out, ".{:09}", self.nanos)
    }

    /// `YYYY-MM-DD`.
    pub fn date(&self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }

    /// `YYYY-MM-DDTHH:MM:SS.nnnnnnnnn` followed by `zone`.
    pub fn iso(&self, out: &mut impl std::fmt::Write, zone: &str) -> std::fmt::Result {
        self.date(out)?;
        out.write_char('T')?;
        self.clock_ns(out)?;
        out.write_str(zone)
    }

    /// `+HHMM`, east of UTC.
    pub fn zone(&self, out: &mut impl std::fmt::Write) -> std::fmt::Result {
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.unsigned_abs() / 60);
        write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl Fn(&mut String) -> std::fmt::Result) -> String {
        let mut out = String::new();
        write(&mut out).expect("a String takes everything");
        out
    }

    #[test]
    fn utc_knows_leap_years() {
        let at = |s: u64| text(|out| utc(s * NS + 5).iso(out, "Z"));
        assert_eq!(at(0), "1970-01-01T00:00:00.000000005Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00.000000005Z");
        assert_eq!(at(4_107_542_399), "2100-02-28T23:59:59.000000005Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00.000000005Z");
    }

    #[test]
    fn zone_keeps_its_sign() {
        let parts = |offset| Parts { offset, ..Parts::default() };
        assert_eq!(text(|o| parts(-12_600).zone(o)), "-0330");
        assert_eq!(text(|o| parts(7200).zone(o)), "+0200");
    }

    proptest! {
        #[test]
        fn local_is_utc_moved_by_its_offset(seconds in 0u64..4_000_000_000, nanos in 0u32..1_000_000_000) {
            let ns = seconds * NS + u64::from(nanos);
            let here = local(ns);
            let moved = (seconds as i64 + i64::from(here.offset)).max(0) as u64;
            let there = utc(moved * NS + u64::from(nanos));
            prop_assume!(seconds > 86_400);
            prop_assert_eq!(Parts { offset: 0, ..here }, there);
        }
    }
}
