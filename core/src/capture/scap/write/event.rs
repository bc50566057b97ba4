//! Event blocks.

use super::block;
use crate::capture::scap::block as layout;

/// An event as it is to be written: header and parameters.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// ns since the epoch.
    pub ts: u64,
    /// -1 none.
    pub tid: i64,
    pub id: u16,
    pub cpu: u16,
    /// The reader applies it to state and shows it to nobody.
    pub state_only: bool,
    pub params: &'a [&'a [u8]],
}

/// Lays one event block. Parameters together must stay under 64 KiB, which the sensor's records do.
///
/// False, and nothing written, where they do not.
pub fn event(out: &mut Vec<u8>, event: &Written<'_>) -> bool {
    let size: usize = event.params.iter().map(|p| p.len()).sum();
    let len = layout::EVENT_HEADER_LEN + 2 * event.params.len() + size;
    if len > layout::EVENT_BODY_MAX - 6 {
        return false;
    }
    let kind = if event.state_only { layout::EVENT_FLAGS } else { layout::EVENT };
    block(out, kind, |out| {
        out.extend(event.cpu.to_le_bytes());
        if event.state_only {
            out.extend(layout::STATE_ONLY.to_le_bytes());
        }
        out.extend(event.ts.to_le_bytes());
        out.extend(event.tid.to_le_bytes());
        out.extend((len as u32).to_le_bytes());
        out.extend(event.id.to_le_bytes());
        out.extend((event.params.len() as u32).to_le_bytes());
        for param in event.params {
            out.extend((param.len() as u16).to_le_bytes());
        }
        for param in event.params {
            out.extend_from_slice(param);
        }
    });
    true
}
