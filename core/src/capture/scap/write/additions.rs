//! What the process list has no place for, in a block of our own.

use super::processes::ProcessEntry;
use super::{block, entry};
use crate::capture::scap::block as layout;

/// One entry a process. An empty list is written, too: it says that children are told as the reader takes them.
pub fn additions(out: &mut Vec<u8>, list: &[ProcessEntry]) {
    block(out, layout::ADDITIONS, |out| {
        for process in list.iter().filter(|process| process.tid == process.pid) {
            entry(out, |out| {
                out.extend(process.pid.to_le_bytes());
                out.extend(process.vsid.to_le_bytes());
                out.extend(process.clone_ts.to_le_bytes());
            });
        }
    });
}
