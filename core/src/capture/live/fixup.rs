//! What the sensor leaves to userspace: the kernel's encodings become the capture format's, boot time becomes wall time.

use crate::event::{FileFacts, HEADER_LEN, fd_kind};
use crate::schema::{self, EventInfo, GENERIC};
use crate::value::Type;

use super::wire::OPEN_CREATED;

/// Capture format's `file_flags` bits that no argument holds.
const O_F_CREATED: u64 = 0x4000;
const FD_UPPER_LAYER: u64 = 0x8000;
const FD_LOWER_LAYER: u64 = 0x1_0000;

/// Converts one record in place.
///
/// `epoch` is wall time minus boot time in ns. Records that are too short are left for the decoder to refuse.
pub fn fix(record: &mut [u8], epoch: u64, file: Option<&FileFacts>) {
    if record.len() < HEADER_LEN {
        return;
    }
    let ts = u64::from_le_bytes(record[..8].try_into().unwrap_or_default());
    record[..8].copy_from_slice(&ts.wrapping_add(epoch).to_le_bytes());
    let id = u16::from_le_bytes([record[20], record[21]]);
    let Some(info) = schema::event(id) else { return };
    if id == GENERIC {
        generic_code(record);
        return;
    }
    if info.params.iter().any(|p| p.flags_table.is_some()) {
        flags(record, info, file);
    }
}

/// Parameter 0 of a generic event is the capture format's code of the native number in parameter 1.
fn generic_code(record: &mut [u8]) {
    let at = HEADER_LEN + 4;
    let Some(native) = record.get(at + 2..at + 4).map(|b| u16::from_le_bytes([b[0], b[1]])) else { return };
    if let Some(call) = schema::native(native) {
        record[at..at + 2].copy_from_slice(&call.code.to_le_bytes());
    }
}

fn flags(record: &mut [u8], info: &EventInfo, file: Option<&FileFacts>) {
    let mut at = HEADER_LEN + 2 * info.params.len();
    for (index, param) in info.params.iter().enumerate() {
        let len_at = HEADER_LEN + 2 * index;
        let Some(len) = record.get(len_at..len_at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))) else {
            return;
        };
        if let (Some(table), Some(bytes)) = (param.flags_table, record.get_mut(at..at + len))
            && is_flags(param.ty) && (1..=8).contains(&len) {
                let raw = little(bytes);
                let mut wire = schema::flags::param_to_wire(info, index, raw);
                if table.name == "file_flags" && info.program == "open" {
                    wire |= file.map_or(0, opened);
                }
                bytes.copy_from_slice(&wire.to_le_bytes()[..len]);
            }
        at += len;
    }
}

fn is_flags(ty: Type) -> bool {
    matches!(
        ty,
        Type::Flags8
            | Type::Flags16
            | Type::Flags32
            | Type::EnumFlags8
            | Type::EnumFlags16
            | Type::EnumFlags32
            | Type::Mode
    )
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn opened(file: &FileFacts) -> u64 {
    let mut bits = 0;
    if file.open_flags & OPEN_CREATED != 0 {
        bits |= O_F_CREATED;
    }
    match file.layer {
        1 => bits | FD_UPPER_LAYER,
        2 => bits | FD_LOWER_LAYER,
        _ => bits,
    }
}

/// Kinds of anonymous inodes, by the name that the kernel gives them (`anon_inode_getfile` callers).
pub const ANONYMOUS: &[(&str, u8)] = &[
    ("[eventfd]", fd_kind::EVENT),
    ("[eventpoll]", fd_kind::EVENTPOLL),
    ("[signalfd]", fd_kind::SIGNALFD),
    ("[timerfd]", fd_kind::TIMERFD),
    ("inotify", fd_kind::INOTIFY),
    ("[userfaultfd]", fd_kind::USERFAULTFD),
    ("[io_uring]", fd_kind::IO_URING),
    ("[pidfd]", fd_kind::PIDFD),
    ("bpf-map", fd_kind::BPF),
    ("bpf-prog", fd_kind::BPF),
    ("bpf_link", fd_kind::BPF),
];

/// Tells anonymous inodes apart by name.
pub fn kind_of_anonymous(name: &[u8]) -> u8 {
    ANONYMOUS.iter().find(|(known, _)| known.as_bytes() == name).map_or(fd_kind::UNSUPPORTED, |(_, kind)| *kind)
}
