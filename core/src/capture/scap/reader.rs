//! The blocks of a capture file one after the other: what stands in front of events goes to a [`Metadata`], events
//! come out as bytes that `Event::decode` takes.

use super::additions::{self, Addition};
use super::block::{self, Block, EVENT_BODY_MAX, EventBlock, HEAD_LEN, TRAILER_LEN, padded};
use super::cursor::Cursor;
use super::descriptors::{self, DescriptorEntry};
use super::error::{Fault, ScapError};
use super::interfaces::{self, Interface};
use super::machine::{self, Machine};
use super::processes::{self, ProcessEntry};
use super::stream::Stream;
use super::users::{self, Principal};
use crate::schema;

/// Larger than any entry of a list may be.
const ENTRY_MAX: usize = 64 << 10;
/// Larger events than this are refused: no writer makes them, and memory is bounded.
const LARGE_EVENT_MAX: usize = 64 << 20;
/// Ids whose old writers counted three bytes too many.
const LONG_BY_THREE: [u16; 2] = [280, 286];

/// Takes what a file says about the machine before its events.
pub trait Metadata {
    /// What was taken so far belongs to an earlier file.
    fn restart(&mut self);
    fn machine(&mut self, machine: &Machine<'_>);
    fn interface(&mut self, interface: &Interface<'_>);
    fn principal(&mut self, principal: &Principal<'_>);
    fn process(&mut self, process: &ProcessEntry<'_>);
    /// Entries come in lists of their own, behind those of processes.
    fn addition(&mut self, addition: &Addition);
    /// There is such a list, be it empty.
    fn has_additions(&mut self);
    fn descriptor(&mut self, tid: i64, descriptor: &DescriptorEntry<'_>);
    /// The next thing is an event.
    fn complete(&mut self);
}

/// An event as the file has it, in today's encoding of blocks.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'r> {
    /// Offset of its block.
    pub offset: u64,
    pub cpu: u16,
    /// It only feeds state.
    pub state_only: bool,
    /// Header, lengths and parameters.
    pub bytes: &'r [u8],
}

/// Reads one file, or several that were appended to each other.
pub struct Reader {
    stream: Stream,
    /// The first section header was read.
    begun: bool,
    /// The last block was an event.
    in_events: bool,
    /// An event of an old block, in today's form.
    widened: Vec<u8>,
}

/// Where the next event is: in the stream, or in [`Reader::widened`].
enum Place {
    Stream { from: usize, len: usize, block: usize },
    Widened { block: usize },
}

/// Where the event begins in a block without flags, and how much of it has to be there.
const PLAIN_AT: usize = HEAD_LEN + 2;
const PLAIN_LEN: usize = PLAIN_AT + block::EVENT_HEADER_LEN;

/// An event in the stream.
#[derive(Clone, Copy)]
struct Plain {
    cpu: u16,
    len: usize,
    block: usize,
}

impl Reader {
    pub fn new(stream: Stream) -> Self {
        Self { stream, begun: false, in_events: false, widened: Vec::new() }
    }

    /// Offset of the next block.
    pub fn offset(&self) -> u64 {
        self.stream.offset()
    }

    /// The next event, after all metadata in front of it; `None` at the end of the file.
    ///
    /// Call [`Reader::advance`] with the frame's block length once it was looked at.
    ///
    /// # Errors
    /// The file is damaged or no capture.
    #[inline(always)]
    pub fn next(&mut self, metadata: &mut impl Metadata) -> Result<Option<(Frame<'_>, usize)>, ScapError> {
        match self.plain() {
            Some(plain) => Ok(Some(self.frame_of(plain))),
            None => self.any(metadata),
        }
    }

    /// The next block, if it is what nearly all are: an event behind another one, in today's block, without flags, sound
    /// and read already.
    #[inline(always)]
    fn plain(&self) -> Option<Plain> {
        let ahead = self.stream.ahead();
        let (head, rest) = ahead.split_first_chunk::<PLAIN_LEN>()?;
        let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (block, len) = (word(4) as usize, word(PLAIN_AT + 16) as usize);
        let id = u16::from_le_bytes([head[PLAIN_AT + 20], head[PLAIN_AT + 21]]);
        let sound = word(0) == block::EVENT
            && self.in_events
            && block.saturating_sub(HEAD_LEN + TRAILER_LEN) <= EVENT_BODY_MAX
            && block <= PLAIN_LEN + rest.len()
            && len >= block::EVENT_HEADER_LEN
            && len + PLAIN_AT + TRAILER_LEN <= block
            && usize::from(id) < schema::upgrades::IDS;
        sound.then(|| Plain { cpu: u16::from_le_bytes([head[8], head[9]]), len, block })
    }

    #[inline(always)]
    fn frame_of(&self, plain: Plain) -> (Frame<'_>, usize) {
        let bytes = self.stream.ahead().get(PLAIN_AT..PLAIN_AT + plain.len).unwrap_or_default();
        (Frame { offset: self.stream.offset(), cpu: plain.cpu, state_only: false, bytes }, plain.block)
    }

    /// The next event in a block of any kind.
    #[inline(never)]
    fn any(&mut self, metadata: &mut impl Metadata) -> Result<Option<(Frame<'_>, usize)>, ScapError> {
        loop {
            let offset = self.stream.offset();
            let head = self.stream.peek(HEAD_LEN)?;
            let (kind, len) = match *head {
                [] => return self.end(),
                [a, b, c, d, e, f, g, h] => (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])),
                [a, b, c, d, ..] if !self.begun && u32::from_le_bytes([a, b, c, d]) != block::SECTION => {
                    return Err(Fault::NotACapture(u32::from_le_bytes([a, b, c, d])).at(offset));
                }
                _ => return Err(Fault::Truncated { missing: HEAD_LEN - head.len() }.at(offset)),
            };
            if let Block::Event(shape) = Block::of(kind)
                && self.begun
            {
                if !self.in_events {
                    self.in_events = true;
                    metadata.complete();
                }
                if let Some((place, cpu, flags)) = self.event(shape, len)? {
                    return Ok(Some(self.frame(place, offset, cpu, flags)));
                }
            } else {
                self.metadata(kind, len, metadata)?;
            }
        }
    }

    /// Passes over a block that was looked at.
    #[inline]
    pub fn advance(&mut self, block: usize) {
        self.stream.consume(block);
    }

    fn end(&self) -> Result<Option<(Frame<'_>, usize)>, ScapError> {
        if self.begun { Ok(None) } else { Err(Fault::Empty.at(self.stream.offset())) }
    }

    fn frame(&self, place: Place, offset: u64, cpu: u16, flags: u32) -> (Frame<'_>, usize) {
        let (bytes, block) = match place {
            Place::Stream { from, len, block } => {
                (self.stream.seen(block).get(from..from + len).unwrap_or_default(), block)
            }
            Place::Widened { block } => (&self.widened[..], block),
        };
        (Frame { offset, cpu, state_only: flags & block::STATE_ONLY != 0, bytes }, block)
    }

    /// Looks at the event block ahead; one of a type that this reader does not know is passed over.
    fn event(&mut self, shape: EventBlock, len: u32) -> Result<Option<(Place, u16, u32)>, ScapError> {
        let offset = self.stream.offset();
        let block = len as usize;
        let event_at = HEAD_LEN + shape.prefix_len();
        if block < event_at + shape.header_len() + TRAILER_LEN {
            return Err(Fault::ShortBlock(len).at(offset));
        }
        let max = if shape.large { LARGE_EVENT_MAX } else { EVENT_BODY_MAX };
        if block - HEAD_LEN - TRAILER_LEN > max {
            return Err(Fault::LargeBlock(len).at(offset));
        }
        let bytes = self.stream.peek(block)?;
        if bytes.len() < block {
            return Err(Fault::Truncated { missing: block - bytes.len() }.at(offset));
        }
        let cpu = u16::from_le_bytes([bytes[8], bytes[9]]);
        let flags = if shape.flags { u32::from_le_bytes([bytes[10], bytes[11], bytes[12], bytes[13]]) } else { 0 };
        let event = &bytes[event_at..block - TRAILER_LEN];
        let event_len = u32::from_le_bytes([event[16], event[17], event[18], event[19]]);
        let id = u16::from_le_bytes([event[20], event[21]]);
        if usize::from(id) >= schema::upgrades::IDS {
            self.stream.consume(block);
            return Ok(None);
        }
        let fault = |what: Fault| what.at(offset + event_at as u64);
        if shape.v1 {
            widen(&mut self.widened, event, id, event_len).map_err(fault)?;
            return Ok(Some((Place::Widened { block }, cpu, flags)));
        }
        let len = event_len as usize;
        if len < block::EVENT_HEADER_LEN || len > event.len() {
            return Err(fault(Fault::EventLength { id, len: event_len, room: event.len() }));
        }
        Ok(Some((Place::Stream { from: event_at, len, block }, cpu, flags)))
    }

    /// Reads a block that holds no event.
    fn metadata(&mut self, kind: u32, len: u32, metadata: &mut impl Metadata) -> Result<(), ScapError> {
        let offset = self.stream.offset();
        let content = Block::of(kind);
        if !self.begun && content != Block::Section {
            let swapped = kind == block::SECTION.swap_bytes();
            return Err(if swapped { Fault::ByteOrder } else { Fault::NotACapture(kind) }.at(offset));
        }
        if (len as usize) < HEAD_LEN + TRAILER_LEN {
            return Err(Fault::ShortBlock(len).at(offset));
        }
        // Anything but an event begins another file, appended to the one before; what is unknown tells nothing.
        if content != Block::Unknown && std::mem::take(&mut self.in_events) {
            metadata.restart();
        }
        self.stream.consume(HEAD_LEN);
        let mut body = Body { left: u64::from(len) - (HEAD_LEN + TRAILER_LEN) as u64, stream: &mut self.stream };
        match content {
            Block::Section => {
                section(&mut body)?;
                self.begun = true;
            }
            Block::Machine => body.one("machine information", block::MACHINE_BODY_LEN, |c| {
                metadata.machine(&machine::read(c)?);
                Ok(())
            })?,
            Block::Interfaces(v) => body.each("interface list", |c| {
                metadata.interface(&interfaces::read(c, v)?);
                Ok(())
            })?,
            Block::Users(v) => body.each("user list", |c| {
                metadata.principal(&users::read(c, v)?);
                Ok(())
            })?,
            Block::Processes(v) => body.each("process list", |c| {
                metadata.process(&processes::read(c, v)?);
                Ok(())
            })?,
            Block::Additions => {
                metadata.has_additions();
                body.each("list of additions", |c| {
                    metadata.addition(&additions::read(c)?);
                    Ok(())
                })?;
            }
            Block::Descriptors(v) => {
                let mut tid = 0;
                body.one("descriptor list", 8, |c| {
                    tid = c.i64()?;
                    Ok(())
                })?;
                body.each("descriptor list", |c| {
                    metadata.descriptor(tid, &descriptors::read(c, v)?);
                    Ok(())
                })?;
            }
            Block::Event(_) | Block::Unknown => {}
        }
        let rest = body.left;
        self.stream.skip(rest)?;
        self.trailer(len)
    }

    fn trailer(&mut self, head: u32) -> Result<(), ScapError> {
        // The length counts the padding in files of every known writer; one that did not is padded here.
        let gap = padded(head as usize) - head as usize;
        let offset = self.stream.offset();
        let bytes = self.stream.peek(TRAILER_LEN)?;
        let Ok(bytes) = <[u8; TRAILER_LEN]>::try_from(bytes) else {
            return Err(Fault::Truncated { missing: TRAILER_LEN - bytes.len() }.at(offset));
        };
        let trailer = u32::from_le_bytes(bytes);
        if trailer != head || gap != 0 {
            return Err(Fault::Trailer { head, trailer }.at(offset));
        }
        self.stream.consume(TRAILER_LEN);
        Ok(())
    }
}

/// The rest of a block's body.
struct Body<'s> {
    stream: &'s mut Stream,
    left: u64,
}

impl Body<'_> {
    /// Reads one structure of at most `len` bytes.
    fn one(
        &mut self,
        what: &'static str,
        len: usize,
        read: impl FnOnce(&mut Cursor<'_>) -> Result<(), ScapError>,
    ) -> Result<(), ScapError> {
        let offset = self.stream.offset();
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(len);
        let bytes = self.stream.peek(want)?;
        if bytes.len() < want {
            return Err(Fault::Truncated { missing: want - bytes.len() }.at(offset));
        }
        let mut cursor = Cursor::new(bytes, offset, what);
        read(&mut cursor)?;
        let used = cursor.position();
        self.stream.consume(used);
        self.left -= used as u64;
        Ok(())
    }

    /// Reads entries until what is left can hold none.
    fn each(
        &mut self,
        what: &'static str,
        mut read: impl FnMut(&mut Cursor<'_>) -> Result<(), ScapError>,
    ) -> Result<(), ScapError> {
        while self.left >= 4 {
            let before = self.left;
            self.one(what, ENTRY_MAX, &mut read)?;
            if self.left == before {
                break;
            }
        }
        Ok(())
    }
}

fn section(body: &mut Body<'_>) -> Result<(), ScapError> {
    body.one("section header", block::SECTION_BODY_LEN, |c| {
        let offset = c.offset();
        let magic = c.u32()?;
        if magic != block::MAGIC {
            let swapped = magic == block::MAGIC.swap_bytes();
            return Err(if swapped { Fault::ByteOrder } else { Fault::Magic(magic) }.at(offset));
        }
        let (major, minor) = (c.u16()?, c.u16()?);
        c.u64()?;
        if major > block::MAJOR { Err(Fault::Version(major, minor).at(offset)) } else { Ok(()) }
    })
}

/// Puts the number of parameters into the header of a version 1 event: the largest number, from what the id has
/// today downwards, with which all lengths add up.
fn widen(out: &mut Vec<u8>, event: &[u8], id: u16, len: u32) -> Result<(), Fault> {
    let wrong = || Fault::EventLength { id, len, room: event.len() };
    let surplus = if LONG_BY_THREE.contains(&id) { 3 } else { 0 };
    let len = (len as usize).checked_sub(surplus).ok_or_else(wrong)?;
    let rest = event.get(block::EVENT_HEADER_V1_LEN..len).ok_or_else(wrong)?;
    let most = schema::history(id).map_or(0, |history| history.params);
    let nparams = count(rest, most).ok_or(Fault::EventParams { id, len })?;
    out.clear();
    out.extend_from_slice(&event[..16]);
    out.extend_from_slice(&((len + 4) as u32).to_le_bytes());
    out.extend_from_slice(&event[20..22]);
    out.extend_from_slice(&(nparams as u32).to_le_bytes());
    out.extend_from_slice(rest);
    Ok(())
}

fn count(rest: &[u8], most: usize) -> Option<usize> {
    for n in (0..=most).rev() {
        let Some(lens) = rest.get(..2 * n) else { continue };
        let sum: usize = lens.chunks_exact(2).map(|len| usize::from(u16::from_le_bytes([len[0], len[1]]))).sum();
        match (2 * n + sum).cmp(&rest.len()) {
            std::cmp::Ordering::Equal => return Some(n),
            std::cmp::Ordering::Less => return None,
            std::cmp::Ordering::Greater => {}
        }
    }
    None
}
