//! Block types and layouts of capture files (`spec: scap-format.md` §1 to §7), for reader and writer.

/// Type and length in front of a block's body, bytes.
pub const HEAD_LEN: usize = 8;
/// The length again behind it.
pub const TRAILER_LEN: usize = 4;
/// A block's total length is a multiple of this.
pub const ALIGN: usize = 4;

/// Block type, magic and version of the section header that every file begins with.
pub const SECTION: u32 = 0x0A0D_0D0A;
pub const MAGIC: u32 = 0x1A2B_3C4D;
pub const MAJOR: u16 = 1;
pub const MINOR: u16 = 2;
/// Magic u32, major u16, minor u16, section length u64.
pub const SECTION_BODY_LEN: usize = 16;

/// Block types that are written today.
pub const MACHINE: u32 = 0x201;
pub const PROCESSES: u32 = 0x215;
pub const EVENT: u32 = 0x216;
pub const EVENT_FLAGS: u32 = 0x217;
pub const DESCRIPTORS: u32 = 0x218;
pub const INTERFACES: u32 = 0x219;
pub const USERS: u32 = 0x220;
pub const EVENT_LARGE: u32 = 0x221;
pub const EVENT_FLAGS_LARGE: u32 = 0x222;
/// Our own, for local use by its highest bit.
pub const ADDITIONS: u32 = 0xD9A7_0001;

/// num_cpus u32, memory u64, max_pid u64, hostname, boot time u64 (ns), flags u64, two reserved u64.
pub const MACHINE_BODY_LEN: usize = 180;
/// NUL-padded.
pub const HOSTNAME_LEN: usize = 128;

/// Flag of an event block: state only, not for rules.
pub const STATE_ONLY: u32 = 1;

/// Event header of version 1 blocks (without the number of parameters) and of today's.
pub const EVENT_HEADER_V1_LEN: usize = 22;
pub const EVENT_HEADER_LEN: usize = 26;
/// Largest body of an event block that is not LARGE.
pub const EVENT_BODY_MAX: usize = 65_536;

/// Longest strings of process and descriptor lists: names and paths; arguments, environment, cgroups.
pub const TEXT_MAX: usize = 1024;
pub const STRINGS_MAX: usize = 4096;
/// Strings of user lists are shorter than this.
pub const USER_TEXT_MAX: usize = 256;

/// What a block holds, and in which of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    Section,
    Machine,
    /// Versions 1 to 9.
    Processes(u8),
    /// Version 2 entries begin with their length.
    Descriptors(u8),
    Interfaces(u8),
    Users(u8),
    Additions,
    Event(EventBlock),
    Unknown,
}

/// The variants of an event block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventBlock {
    /// The header has no number of parameters.
    pub v1: bool,
    /// u32 flags stand before the event.
    pub flags: bool,
    /// May be larger than [`EVENT_BODY_MAX`].
    pub large: bool,
}

impl EventBlock {
    /// CPU number, and flags where there are some.
    pub fn prefix_len(self) -> usize {
        if self.flags { 6 } else { 2 }
    }

    pub fn header_len(self) -> usize {
        if self.v1 { EVENT_HEADER_V1_LEN } else { EVENT_HEADER_LEN }
    }
}

impl Block {
    /// What a type number means, today's and those of very old files.
    pub fn of(kind: u32) -> Self {
        let event = |v1, flags, large| Self::Event(EventBlock { v1, flags, large });
        match kind {
            SECTION => Self::Section,
            MACHINE | 0x8002_ABCD => Self::Machine,
            0x202 | 0x8000_ABCD => Self::Processes(1),
            0x207 | 0x8013_ABCD => Self::Processes(2),
            0x209 | 0x8014_ABCD => Self::Processes(3),
            0x210..=PROCESSES => Self::Processes((kind - 0x20c) as u8),
            0x203 | 0x8001_ABCD => Self::Descriptors(1),
            DESCRIPTORS => Self::Descriptors(2),
            0x205 | 0x8011_ABCD => Self::Interfaces(1),
            INTERFACES => Self::Interfaces(2),
            0x206 | 0x8012_ABCD => Self::Users(1),
            USERS => Self::Users(2),
            ADDITIONS => Self::Additions,
            0x204 | 0x8010_ABCD => event(true, false, false),
            0x208 => event(true, true, false),
            EVENT => event(false, false, false),
            EVENT_FLAGS => event(false, true, false),
            EVENT_LARGE => event(false, false, true),
            EVENT_FLAGS_LARGE => event(false, true, true),
            _ => Self::Unknown,
        }
    }
}

/// `len` rounded up to [`ALIGN`].
pub fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_lists_count_from_four_to_nine_without_a_gap() {
        let versions: Vec<_> = (0x210..=0x215).map(Block::of).collect();
        assert_eq!(versions, (4..=9).map(Block::Processes).collect::<Vec<_>>());
    }

    #[test]
    fn old_numbers_mean_the_same_blocks() {
        for (new, old) in [(0x201, 0x8002_ABCD), (0x203, 0x8001_ABCD), (0x204, 0x8010_ABCD), (0x209, 0x8014_ABCD)] {
            assert_eq!(Block::of(new), Block::of(old), "{new:x}");
        }
        assert_eq!(Block::of(0x20a), Block::Unknown);
    }
}
