//! What can be wrong with a capture file, and where.

use std::io;

/// A fault and the byte it was found at, counted in the uncompressed stream.
#[derive(Debug, thiserror::Error)]
#[error("{what} (at byte {offset})")]
pub struct ScapError {
    pub offset: u64,
    pub what: Fault,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("reading failed: {0}")]
    Io(io::Error),
    #[error("the file is empty")]
    Empty,
    #[error("this is no capture file: it begins with block type 0x{0:08x}")]
    NotACapture(u32),
    #[error("written on a machine of the other byte order, which is not supported")]
    ByteOrder,
    #[error("magic number 0x{0:08x} is not a capture's")]
    Magic(u32),
    #[error("version {0}.{1} of the format is newer than this reader")]
    Version(u16, u16),
    #[error("the file ends in the middle of a block: {missing} bytes are missing")]
    Truncated { missing: usize },
    #[error("block length too short {0}")]
    ShortBlock(u32),
    #[error("block of {0} bytes is larger than any event may be")]
    LargeBlock(u32),
    #[error("block's length {head} and its trailer {trailer} differ")]
    Trailer { head: u32, trailer: u32 },
    #[error("{what}: {need} bytes are needed and {left} are left")]
    Short { what: &'static str, need: usize, left: usize },
    #[error("{what} of {len} bytes is longer than {max}")]
    Long { what: &'static str, len: usize, max: usize },
    #[error("interface of unknown type {0}")]
    Interface(u16),
    #[error("event of type {id} has {len} bytes, its block has room for {room}")]
    EventLength { id: u16, len: u32, room: usize },
    #[error("parameter lengths of an event of type {id} do not fit its {len} bytes")]
    EventParams { id: u16, len: usize },
    #[error("no rule to upgrade an event of type {id} with {params} parameters")]
    NoUpgrade { id: u16, params: usize },
    #[error("an event of type {id} ends a call that began with type {found}")]
    WrongEnter { id: u16, found: u16 },
    #[error("an upgraded event of type {id} is larger than 64 KiB")]
    LargeUpgrade { id: u16 },
}

impl Fault {
    /// The fault at `offset`.
    pub fn at(self, offset: u64) -> ScapError {
        ScapError { offset, what: self }
    }
}
