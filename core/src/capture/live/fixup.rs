//! What the sensor leaves to userspace: the kernel's encodings become the capture format's, boot time becomes wall time.

use crate::event::{DecodeError, Event, FileFacts, HEADER_LEN, fd_kind};
use crate::schema::{self, EventInfo, GENERIC, width_of};
use crate::value::Type;

use super::wire::OPEN_CREATED;

/// Capture format's `file_flags` bits that no argument holds.
const O_F_CREATED: u64 = 0x4000;
/// Bits of opens that look at the mode they are given: `O_CREAT` and `O_TMPFILE`.
const MAKES_FILES: u64 = 0x4 | 0x2000;
const FD_UPPER_LAYER: u64 = 0x8000;
const FD_LOWER_LAYER: u64 = 0x1_0000;
const SOL_SOCKET: u64 = 1;

/// The event that a record of the ring is, as rules see it.
///
/// # Errors
/// [`DecodeError`] when a length points outside the record.
pub fn read(record: &mut [u8], epoch: u64) -> Result<Event<'_>, DecodeError> {
    let file = Event::decode(record, 0).ok().and_then(|event| event.ext.and_then(|ext| ext.file));
    let len = fix(record, epoch, file.as_ref());
    let mut event = Event::decode(&record[..len], 0)?;
    name_kind(&mut event);
    Ok(event)
}

/// Anonymous inodes are told apart by the kernel's name for them.
fn name_kind(event: &mut Event<'_>) {
    let Some(ext) = &mut event.ext else { return };
    if let (Some(file), Some(real)) = (&mut ext.file, &ext.real[0])
        && file.kind == fd_kind::UNSUPPORTED
    {
        file.kind = kind_of_anonymous(real.text);
    }
}

/// Converts one record in place and returns how long it is then: never longer.
///
/// `epoch` is wall time minus boot time in ns. Records that are too short are left for the decoder to refuse.
pub fn fix(record: &mut [u8], epoch: u64, file: Option<&FileFacts>) -> usize {
    let len = record.len();
    if len < HEADER_LEN {
        return len;
    }
    let ts = u64::from_le_bytes(record[..8].try_into().unwrap_or_default());
    record[..8].copy_from_slice(&ts.wrapping_add(epoch).to_le_bytes());
    let id = u16::from_le_bytes([record[20], record[21]]);
    let Some(info) = schema::event(id) else { return len };
    if id == GENERIC {
        generic_code(record);
        return len;
    }
    if info.params.iter().any(|p| p.flags_table.is_some() || p.ty == Type::FdList) {
        return values(record, info, file).unwrap_or(len);
    }
    len
}

/// Parameter 0 of a generic event is the capture format's code of the native number in parameter 1.
fn generic_code(record: &mut [u8]) {
    let at = HEADER_LEN + 4;
    let Some(native) = record.get(at + 2..at + 4).map(|b| u16::from_le_bytes([b[0], b[1]])) else { return };
    if let Some(call) = schema::native(native) {
        record[at..at + 2].copy_from_slice(&call.code.to_le_bytes());
    }
}

/// Converts flags and poll lists. Flags narrower than 32 bits come in 32, because the kernel's values need more room
/// than the format's; what follows them moves up. `None`: the lengths point outside.
fn values(record: &mut [u8], info: &EventInfo, file: Option<&FileFacts>) -> Option<usize> {
    let mut at = HEADER_LEN + 2 * info.params.len();
    let mut end = record.len();
    let mut level = 0;
    let mut mode_counts = true;
    for (index, param) in info.params.iter().enumerate() {
        let len_at = HEADER_LEN + 2 * index;
        let len = usize::from(u16::from_le_bytes(record.get(len_at..len_at + 2)?.try_into().ok()?));
        let bytes = record.get_mut(at..at + len)?;
        let mut kept = len;
        if param.ty == Type::FdList {
            poll_list(bytes);
        } else if info.program == "open" && param.name == "mode" && !mode_counts {
            bytes.fill(0);
        } else if let Some(table) = param.flags_table
            && is_flags(param.ty)
            && (1..=8).contains(&len)
        {
            let raw = little(bytes);
            let mut wire = schema::flags::param_to_wire(info, index, raw);
            if table.name == "file_flags" && info.program == "open" {
                mode_counts = wire & MAKES_FILES != 0;
                wire |= file.map_or(0, opened);
            }
            match table.name {
                "sockopt_levels" => level = raw,
                // Other levels have options of their own, which the format has no names for.
                "sockopt_options" if level != SOL_SOCKET => wire = 0,
                _ => {}
            }
            kept = len.min(usize::from(width_of(param.ty)));
            bytes[..kept].copy_from_slice(&wire.to_le_bytes()[..kept]);
        }
        if kept < len {
            record[len_at..len_at + 2].copy_from_slice(&(kept as u16).to_le_bytes());
            record.copy_within(at + len..end, at + kept);
            end -= len - kept;
            let total = u32::from_le_bytes(record.get(16..20)?.try_into().ok()?).checked_sub((len - kept) as u32)?;
            record[16..20].copy_from_slice(&total.to_le_bytes());
        }
        at += kept;
    }
    Some(end)
}

/// Entries of a poll list: i64 descriptor, u16 flags, behind a u16 number of entries.
fn poll_list(bytes: &mut [u8]) {
    for flags in bytes.get_mut(2..).unwrap_or_default().chunks_exact_mut(10).map(|entry| &mut entry[8..]) {
        let wire = schema::flags::to_wire("poll_flags", little(flags));
        flags.copy_from_slice(&wire.to_le_bytes()[..2]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;

    fn record(id: u16, params: &[&[u8]], tail: &[u8]) -> Vec<u8> {
        let lens: Vec<u8> = params.iter().flat_map(|p| (p.len() as u16).to_le_bytes()).collect();
        let body = params.concat();
        let mut out = vec![0; HEADER_LEN];
        out[16..20].copy_from_slice(&((HEADER_LEN + lens.len() + body.len()) as u32).to_le_bytes());
        out[20..22].copy_from_slice(&id.to_le_bytes());
        out[22..26].copy_from_slice(&(params.len() as u32).to_le_bytes());
        [out, lens, body, tail.to_vec()].concat()
    }

    #[test]
    fn flags_are_converted_before_they_are_narrowed() {
        // fcntl: F_DUPFD_CLOEXEC is 1030 for the kernel and 26 on the wire.
        let mut r = record(151, &[&[7; 8], &[3; 8], &1030_u32.to_le_bytes(), &[9; 8]], &[0; 64]);
        let len = fix(&mut r, 0, None);
        assert_eq!(len, r.len() - 3);
        r.truncate(len);
        r[len - 64..len - 62].copy_from_slice(&64_u16.to_le_bytes());
        let event = Event::decode(&r, 0).unwrap();
        assert_eq!(event.param(2), Some(&[26][..]));
        assert_eq!(event.param(3), Some(&[9; 8][..]));
        assert!(event.ext.is_some());
    }

    #[test]
    fn poll_lists_have_the_formats_flags() {
        let list = [&1_u16.to_le_bytes()[..], &5_i64.to_le_bytes(), &0x2001_u16.to_le_bytes()].concat();
        let mut r = record(81, &[&[1; 8], &list, &[0; 8]], &[]);
        fix(&mut r, 0, None);
        assert_eq!(Event::decode(&r, 0).unwrap().param(1).map(|p| p[10..].to_vec()), Some(vec![9, 0]));
    }

    #[test]
    fn an_open_that_makes_no_file_has_no_mode() {
        let openat2 = |flags: u32| {
            let (flags, mode) = (flags.to_le_bytes(), 0o600_u32.to_le_bytes());
            let mut r = record(327, &[&[3; 8], &[0; 8], b"x\0", &flags, &mode, &[0; 4], &[0; 4], &[0; 8]], &[]);
            fix(&mut r, 0, None);
            Event::decode(&r, 0).unwrap().uint(4)
        };
        assert_eq!(openat2(0), Some(0));
        assert_eq!(openat2(0x40), Some(0o600));
        assert_eq!(openat2(0x40_0000), Some(0o600));
    }

    #[test]
    fn lengths_that_point_outside_change_nothing() {
        let mut r = record(151, &[&[7; 8], &[3; 8], &[0; 4], &[9; 8]], &[]);
        r[HEADER_LEN + 4] = 255;
        assert_eq!(fix(&mut r, 0, None), r.len());
    }
}
