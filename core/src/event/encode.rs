//! Events put together anew, in the encoding that `Event` decodes.

use super::{HEADER_LEN, is_wide};

/// Who, when and what of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub ts: u64,
    pub tid: i64,
    pub id: u16,
}

/// Writes an event into `out`, in place of what is there. A parameter that is longer than its length can say is cut.
pub fn event<'p>(out: &mut Vec<u8>, head: Head, params: impl ExactSizeIterator<Item = &'p [u8]>) {
    extended(out, head, (&[], &[]), params);
}

/// The same with parameters in front whose lengths and bytes are ready: two bytes per length.
pub fn extended<'p>(
    out: &mut Vec<u8>,
    head: Head,
    (lens, ready): (&[u8], &[u8]),
    params: impl ExactSizeIterator<Item = &'p [u8]>,
) {
    let (max, width) = if is_wide(head.id) { (u32::MAX as usize, 4) } else { (usize::from(u16::MAX), 2) };
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&head.ts.to_le_bytes());
    header[8..16].copy_from_slice(&head.tid.to_le_bytes());
    header[20..22].copy_from_slice(&head.id.to_le_bytes());
    header[22..].copy_from_slice(&((lens.len() / 2 + params.len()) as u32).to_le_bytes());
    out.clear();
    out.extend_from_slice(&header);
    out.extend_from_slice(lens);
    let mut at = out.len();
    out.resize(at + params.len() * width, 0);
    out.extend_from_slice(ready);
    for param in params {
        let len = param.len().min(max);
        out[at..at + width].copy_from_slice(&(len as u32).to_le_bytes()[..width]);
        out.extend_from_slice(&param[..len]);
        at += width;
    }
    let len = out.len() as u32;
    out[16..20].copy_from_slice(&len.to_le_bytes());
}
