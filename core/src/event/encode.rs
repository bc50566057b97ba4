//! Events put together anew, in the encoding that `Event` decodes.

use super::is_wide;

/// Who, when and what of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub ts: u64,
    pub tid: i64,
    pub id: u16,
}

/// Writes an event into `out`, in place of what is there. A parameter that is longer than its length can say is cut.
pub fn event<'p>(out: &mut Vec<u8>, head: Head, params: impl ExactSizeIterator<Item = &'p [u8]> + Clone) {
    extended(out, head, (&[], &[]), params);
}

/// The same with parameters in front whose lengths and bytes are ready: two bytes per length.
pub fn extended<'p>(
    out: &mut Vec<u8>,
    head: Head,
    (lens, ready): (&[u8], &[u8]),
    params: impl ExactSizeIterator<Item = &'p [u8]> + Clone,
) {
    let wide = is_wide(head.id);
    let max = if wide { u32::MAX as usize } else { usize::from(u16::MAX) };
    out.clear();
    out.extend_from_slice(&head.ts.to_le_bytes());
    out.extend_from_slice(&head.tid.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&head.id.to_le_bytes());
    out.extend_from_slice(&((lens.len() / 2 + params.len()) as u32).to_le_bytes());
    out.extend_from_slice(lens);
    for param in params.clone() {
        let len = param.len().min(max);
        if wide {
            out.extend_from_slice(&(len as u32).to_le_bytes());
        } else {
            out.extend_from_slice(&(len as u16).to_le_bytes());
        }
    }
    out.extend_from_slice(ready);
    for param in params {
        out.extend_from_slice(&param[..param.len().min(max)]);
    }
    let len = out.len() as u32;
    out[16..20].copy_from_slice(&len.to_le_bytes());
}
