//! An event's encoding: header, lengths and parameters, decoded in place.

use super::{DecodeError, HEADER_LEN, is_wide, u16_at, u32_at, u64_at};

/// Parameters one behind the other, and their lengths.
#[derive(Clone, Copy, Debug)]
pub struct Body<'a> {
    lens: &'a [u8],
    params: &'a [u8],
    /// Lengths are u32 instead of u16.
    wide: bool,
}

impl<'a> Body<'a> {
    /// Number of parameters that the event carries.
    #[inline]
    pub fn nparams(&self) -> usize {
        self.lens.len() / if self.wide { 4 } else { 2 }
    }

    /// Raw bytes of parameter `index`; `None` when the event has fewer, empty when it has no value.
    #[inline]
    pub fn param(&self, index: usize) -> Option<&'a [u8]> {
        if self.wide {
            return self.wide_param(index);
        }
        let (before, own) = (self.lens.get(..index * 2)?, self.lens.get(index * 2..index * 2 + 2)?);
        let at: usize = before.chunks_exact(2).map(|len| u16_at(len, 0) as usize).sum();
        self.params.get(at..at + u16_at(own, 0) as usize)
    }

    #[cold]
    fn wide_param(&self, index: usize) -> Option<&'a [u8]> {
        let (before, own) = (self.lens.get(..index * 4)?, self.lens.get(index * 4..index * 4 + 4)?);
        let at: usize = before.chunks_exact(4).map(|len| u32_at(len, 0) as usize).sum();
        self.params.get(at..at + u32_at(own, 0) as usize)
    }

    /// Raw bytes of every parameter, in order.
    pub fn params(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (mut rest, wide) = (self.params, self.wide);
        self.lens.chunks_exact(if wide { 4 } else { 2 }).map(move |len| {
            let len = if wide { u32_at(len, 0) as usize } else { usize::from(u16_at(len, 0)) };
            let (param, after) = rest.split_at_checked(len).unwrap_or_default();
            rest = after;
            param
        })
    }

    /// The array of lengths and the parameters behind it, where lengths are u16.
    pub fn parts(&self) -> Option<(&'a [u8], &'a [u8])> {
        (!self.wide).then_some((self.lens, self.params))
    }
}

/// An event without anything that a source adds to it. Small, unlike `Event`, so that it can be passed around.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    pub ts: u64,
    pub tid: i64,
    pub id: u16,
    pub body: Body<'a>,
    /// Header, lengths and parameters.
    pub bytes: &'a [u8],
}

impl<'a> Packed<'a> {
    /// The id in a header, if `bytes` are long enough for one.
    #[inline]
    pub fn id_of(bytes: &[u8]) -> Option<u16> {
        (bytes.len() >= HEADER_LEN).then(|| u16_at(bytes, 20))
    }

    /// Reads the event that `bytes` begins with.
    ///
    /// # Errors
    /// [`DecodeError`] when a length points outside `bytes`.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.len() < HEADER_LEN {
            return Err(DecodeError::Short { need: HEADER_LEN, got: bytes.len() });
        }
        let len = u32_at(bytes, 16) as usize;
        if len < HEADER_LEN || len > bytes.len() {
            return Err(DecodeError::Short { need: len.max(HEADER_LEN), got: bytes.len() });
        }
        let nparams = u32_at(bytes, 22) as usize;
        let id = u16_at(bytes, 20);
        let wide = is_wide(id);
        let params_at = HEADER_LEN.saturating_add(nparams.saturating_mul(if wide { 4 } else { 2 }));
        if params_at > len {
            return Err(DecodeError::Short { need: params_at, got: len });
        }
        let lens = &bytes[HEADER_LEN..params_at];
        let sum: usize = if wide {
            lens.chunks_exact(4).map(|c| u32_at(c, 0) as usize).sum()
        } else {
            lens.chunks_exact(2).map(|c| u16_at(c, 0) as usize).sum()
        };
        if sum > len - params_at {
            return Err(DecodeError::Lengths { sum, room: len - params_at });
        }
        Ok(Self {
            ts: u64_at(bytes, 0),
            tid: u64_at(bytes, 8) as i64,
            id,
            body: Body { lens, params: &bytes[params_at..params_at + sum], wide },
            bytes: &bytes[..len],
        })
    }
}
