//! Checked reading of packed little-endian structures; a short one is an error that names its offset.

use super::error::{Fault, ScapError};

/// A position in a piece of the file.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Offset of the piece in the file.
    base: u64,
    what: &'static str,
}

impl<'a> Cursor<'a> {
    /// `what` the piece is, for errors; `base` is its offset in the file.
    pub fn new(bytes: &'a [u8], base: u64, what: &'static str) -> Self {
        Self { bytes, at: 0, base, what }
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Offset in the file of the next byte.
    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// # Errors
    /// [`Fault::Short`]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], ScapError> {
        let taken = self.at.checked_add(len).and_then(|end| self.bytes.get(self.at..end));
        let Some(taken) = taken else {
            return Err(Fault::Short { what: self.what, need: len, left: self.left() }.at(self.offset()));
        };
        self.at += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ScapError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// # Errors
    /// [`Fault::Short`]
    pub fn u8(&mut self) -> Result<u8, ScapError> {
        self.array().map(u8::from_le_bytes)
    }

    /// # Errors
    /// [`Fault::Short`]
    pub fn u16(&mut self) -> Result<u16, ScapError> {
        self.array().map(u16::from_le_bytes)
    }

    /// # Errors
    /// [`Fault::Short`]
    pub fn u32(&mut self) -> Result<u32, ScapError> {
        self.array().map(u32::from_le_bytes)
    }

    /// # Errors
    /// [`Fault::Short`]
    pub fn u64(&mut self) -> Result<u64, ScapError> {
        self.array().map(u64::from_le_bytes)
    }

    /// # Errors
    /// [`Fault::Short`]
    pub fn i64(&mut self) -> Result<i64, ScapError> {
        self.array().map(i64::from_le_bytes)
    }

    /// Bytes behind their u16 length, at most `max` of them.
    ///
    /// # Errors
    /// [`Fault::Short`], [`Fault::Long`]
    pub fn text(&mut self, max: usize) -> Result<&'a [u8], ScapError> {
        let offset = self.offset();
        let len = usize::from(self.u16()?);
        if len > max {
            return Err(Fault::Long { what: self.what, len, max }.at(offset));
        }
        self.take(len)
    }

    /// The first `len` bytes from here as a piece of their own.
    ///
    /// # Errors
    /// [`Fault::Short`]
    pub fn piece(&mut self, len: usize) -> Result<Self, ScapError> {
        let base = self.offset();
        Ok(Self { bytes: self.take(len)?, at: 0, base, what: self.what })
    }
}
