//! The writing half of capture files: blocks laid into a byte buffer (`spec: scap-format.md` §1 to §7).
//!
//! Nothing here opens a file: whoever records hands the buffer on.

pub mod additions;
pub mod compat;
pub mod complete;
pub mod descriptors;
pub mod event;
pub mod host;
pub mod processes;

use super::block;

/// Which readers a file is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Today's: everything there is.
    #[default]
    Current,
    /// Those of 2022: enter and exit pairs, fewer parameters, fewer kinds of descriptors.
    Compat,
}

/// Lays one block: head, what `body` writes, padding, trailer.
fn block(out: &mut Vec<u8>, kind: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend(kind.to_le_bytes());
    out.extend([0; 4]);
    body(out);
    let len = block::padded(out.len() - start) + block::TRAILER_LEN;
    out.resize(start + len - block::TRAILER_LEN, 0);
    let len = (len as u32).to_le_bytes();
    out.extend(len);
    out[start + 4..start + block::HEAD_LEN].copy_from_slice(&len);
}

/// Lays one entry of a list, with its length, which counts itself, in front.
fn entry(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend([0; 4]);
    body(out);
    let len = (out.len() - start) as u32;
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
}

/// A string with its length in front, cut to `max` bytes and at its first NUL.
fn text(out: &mut Vec<u8>, text: &[u8], max: usize) {
    let text = crate::params::until_nul(text);
    bytes(out, text, max);
}

/// Bytes with their length in front, cut to `max`.
fn bytes(out: &mut Vec<u8>, bytes: &[u8], max: usize) {
    let bytes = bytes.get(..max).unwrap_or(bytes);
    out.extend((bytes.len() as u16).to_le_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests;
