//! Typed reading of an event's parameters; a length that does not fit the type reads as absent.

use crate::event::Event;

/// Readers for the capture format's parameter encodings (`spec: scap-format.md` §7.2).
pub trait Params<'a> {
    /// Parameter `index` without its trailing NUL; `None` when missing or empty.
    fn text(&self, index: usize) -> Option<&'a [u8]>;
    /// Parameter `index` sign-extended from its own width (1, 2, 4 or 8 bytes).
    fn int(&self, index: usize) -> Option<i64>;
    /// Parameter `index` zero-extended from its own width.
    fn uint(&self, index: usize) -> Option<u64>;
    /// Parameter `index` as an unsigned 32-bit number (ids, flags).
    fn u32(&self, index: usize) -> Option<u32>;
    /// NUL-terminated strings laid end to end.
    fn strings(&self, index: usize) -> Strings<'a>;
}

impl<'a> Params<'a> for Event<'a> {
    fn text(&self, index: usize) -> Option<&'a [u8]> {
        let raw = self.param(index)?;
        (!raw.is_empty()).then(|| until_nul(raw))
    }

    fn int(&self, index: usize) -> Option<i64> {
        signed(self.param(index)?)
    }

    fn uint(&self, index: usize) -> Option<u64> {
        unsigned(self.param(index)?)
    }

    fn u32(&self, index: usize) -> Option<u32> {
        u32::try_from(self.uint(index)?).ok()
    }

    fn strings(&self, index: usize) -> Strings<'a> {
        Strings { rest: self.param(index).unwrap_or_default() }
    }
}

/// Iterator over NUL-terminated strings; the last NUL may be missing.
#[derive(Clone, Debug, Default)]
pub struct Strings<'a> {
    rest: &'a [u8],
}

impl<'a> Strings<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let item = until_nul(self.rest);
        self.rest = self.rest.get(item.len() + 1..).unwrap_or_default();
        Some(item)
    }
}

/// The bytes before the first NUL, all of them without one.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    &bytes[..end]
}

/// Little-endian number of 1, 2, 4 or 8 bytes, zero-extended.
pub fn unsigned(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [a] => Some(u64::from(a)),
        [a, b] => Some(u64::from(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(u64::from(u32::from_le_bytes([a, b, c, d]))),
        [..] => Some(u64::from_le_bytes(bytes.try_into().ok()?)),
    }
}

/// Little-endian number of 1, 2, 4 or 8 bytes, sign-extended.
pub fn signed(bytes: &[u8]) -> Option<i64> {
    let value = unsigned(bytes)?;
    Some(match bytes.len() {
        1 => i64::from(value as u8 as i8),
        2 => i64::from(value as u16 as i16),
        4 => i64::from(value as u32 as i32),
        _ => value as i64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_their_width() {
        assert_eq!(signed(&[0xff]), Some(-1));
        assert_eq!(signed(&[0xff, 0xff, 0xff, 0xff]), Some(-1));
        assert_eq!(unsigned(&[0xff, 0xff]), Some(65535));
        assert_eq!(signed(&(-2i64).to_le_bytes()), Some(-2));
        assert_eq!(signed(&[]), None);
        assert_eq!(signed(&[1, 2, 3]), None);
    }

    #[test]
    fn strings_end_with_or_without_nul() {
        let all: Vec<_> = Strings::new(b"a\0\0bc").collect();
        assert_eq!(all, [&b"a"[..], b"", b"bc"]);
        assert_eq!(Strings::new(b"a\0").count(), 1);
    }
}
