//! Arguments and environment of a live process, which are in its own memory: /proc waits until it may read there.
//!
//! The kernel reads them from anonymous memory alone, so that no file system is asked. But it takes the lock of the whole
//! memory, which a process can hold for ever: by a read of a mapped file that never comes. So they are asked for by a
//! thread that is waited for but a little; without an answer in time nothing is known of them, and that is counted.
//! Whatever else /proc tells of a process (its status, its links) takes no such lock.

use std::fs::File;
use std::io::Read;

use super::patient::{Patient, Terms};
use super::process::STRINGS_MAX;

/// As they are in memory: NUL-terminated strings.
#[derive(Debug, Default)]
pub struct Arguments {
    /// argv, also argv\[0\].
    pub all: Vec<u8>,
    pub env: Vec<u8>,
}

/// Asks for those of any process.
#[derive(Debug)]
pub struct Reader {
    patient: Patient<i64, Arguments>,
}

impl Reader {
    /// For a thread that waits on these terms.
    pub fn new(terms: Terms) -> Self {
        Self { patient: Patient::new("yarak-args", terms, read) }
    }

    /// Empty ones for a process that is gone; `None` without an answer in time.
    pub fn ask(&mut self, pid: i64) -> Option<Arguments> {
        self.patient.ask(pid)
    }

    /// Processes that have not answered in time.
    pub fn missed(&self) -> u64 {
        self.patient.missed()
    }
}

fn read(pid: i64) -> Arguments {
    let text = |name: &str| {
        let mut text = Vec::new();
        if let Ok(file) = File::open(format!("/proc/{pid}/{name}")) {
            let _ = file.take(2 * STRINGS_MAX as u64).read_to_end(&mut text);
        }
        text
    };
    Arguments { all: text("cmdline"), env: text("environ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_gone_is_no_silent_one() {
        let mut reader = Reader::new(Terms::TESTS);
        let own = reader.ask(i64::from(std::process::id())).expect("an answer");
        assert!(own.all.ends_with(b"\0") && own.env.contains(&b'='));
        assert!(reader.ask(i64::MAX).is_some_and(|gone| gone.all.is_empty() && gone.env.is_empty()));
        assert_eq!(reader.missed(), 0);
    }
}
