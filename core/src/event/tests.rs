//! The record's layout, against the C header, and lengths that lie.

use super::*;
use std::collections::BTreeMap;

/// Offsets that the C compiler has checked, by struct and member.
fn layouts() -> BTreeMap<(&'static str, &'static str), usize> {
    include_str!("../../../sensor/event.h")
        .lines()
        .filter_map(|line| line.strip_prefix("YK_LAYOUT(")?.strip_suffix(");"))
        .filter_map(|row| {
            let mut words = row.split(", ");
            Some(((words.next()?, words.next()?), words.next()?.parse().ok()?))
        })
        .collect()
}

/// Bytes of a struct with one distinct value at every member's offset.
fn filled(of: &str, size: usize, values: &[(&str, &[u8])]) -> Vec<u8> {
    let layouts = layouts();
    let mut bytes = vec![0; size];
    for (member, value) in values {
        let at = layouts.iter().find(|((s, m), _)| *s == of && m == member).map(|(_, at)| *at).unwrap();
        bytes[at..at + value.len()].copy_from_slice(value);
    }
    let members = layouts.keys().filter(|(s, _)| *s == of).count();
    assert_eq!(members, values.len(), "every member of {of} has a value here");
    bytes
}

#[test]
fn reads_the_extension_where_the_sensor_writes_it() {
    let mut bytes = filled(
        "yk_ext",
        EXT_FIXED,
        &[
            ("len", &(EXT_FIXED as u16).to_le_bytes()),
            ("flags", &2_u16.to_le_bytes()),
            ("tgid", &3_u32.to_le_bytes()),
            ("start_boottime", &4_u64.to_le_bytes()),
            ("cgroup", &5_u64.to_le_bytes()),
            ("ppid", &6_u32.to_le_bytes()),
            ("uid", &7_u32.to_le_bytes()),
            ("gid", &8_u32.to_le_bytes()),
            ("loginuid", &9_u32.to_le_bytes()),
            ("exec_gen", &10_u32.to_le_bytes()),
            ("comm", b"sshd"),
            ("cpu", &11_u32.to_le_bytes()),
        ],
    );
    let want = TaskFacts {
        flags: 2,
        tgid: 3,
        ppid: 6,
        uid: 7,
        gid: 8,
        loginuid: 9,
        exec_gen: 10,
        start_boottime: 4,
        cgroup: 5,
        cpu: 11,
        comm: b"sshd",
    };
    assert_eq!(Extension::decode(&bytes).unwrap().task, want);
    bytes[0] = 200;
    assert_eq!(Extension::decode(&bytes).unwrap_err(), DecodeError::Extension { at: 0 });
}

#[test]
fn reads_items_where_the_sensor_writes_them() {
    let file = filled(
        "yk_file",
        40,
        &[
            ("fd", &1_u64.to_le_bytes()),
            ("dev", &2_u32.to_le_bytes()),
            ("kind", &[3]),
            ("layer", &[4]),
            ("mode", &5_u16.to_le_bytes()),
            ("ino", &6_u64.to_le_bytes()),
            ("ctime", &7_u64.to_le_bytes()),
            ("open_flags", &8_u32.to_le_bytes()),
            ("pid", &9_u32.to_le_bytes()),
        ],
    );
    let want = FileFacts { fd: 1, dev: 2, kind: 3, layer: 4, mode: 5, ino: 6, ctime: 7, open_flags: 8, pid: 9 };
    assert_eq!(FileFacts::decode(&file), Some(want));
    let ids = filled(
        "yk_ids",
        24,
        &[
            ("sid", &1_u32.to_le_bytes()),
            ("vtid", &2_u32.to_le_bytes()),
            ("vpid", &3_u32.to_le_bytes()),
            ("pgid", &4_u32.to_le_bytes()),
            ("vsid", &5_u32.to_le_bytes()),
            ("vpgid", &6_u32.to_le_bytes()),
        ],
    );
    let want = TaskIds { sid: 1, pgid: 4, vtid: 2, vpid: 3, vsid: 5, vpgid: 6 };
    assert_eq!(TaskIds::decode(&ids), Some(want));
    let socket = filled(
        "yk_socket",
        80,
        &[
            ("fd", &1_u64.to_le_bytes()),
            ("ino", &2_u64.to_le_bytes()),
            ("source", &3_u64.to_le_bytes()),
            ("peer", &4_u64.to_le_bytes()),
            ("laddr", &[5; 16]),
            ("raddr", &[6; 16]),
            ("family", &7_u16.to_le_bytes()),
            ("type", &[8]),
            ("protocol", &[9]),
            ("role", &[10]),
            ("flags", &[11]),
            ("lport", &12_u16.to_le_bytes()),
            ("rport", &13_u16.to_le_bytes()),
        ],
    );
    let want = SocketFacts {
        fd: 1,
        family: 7,
        sock_type: 8,
        protocol: 9,
        role: 10,
        flags: 11,
        local_port: 12,
        remote_port: 13,
        local_addr: [5; 16],
        remote_addr: [6; 16],
        ino: 2,
        source: 3,
        peer: 4,
    };
    assert_eq!(SocketFacts::decode(&socket), Some(want));
}

#[test]
fn lengths_that_point_outside_are_errors() {
    assert_eq!(Event::decode(&[0; 10], 0).unwrap_err(), DecodeError::Short { need: HEADER_LEN, got: 10 });
    let mut bytes = vec![0; HEADER_LEN + 2];
    bytes[16] = bytes.len() as u8;
    bytes[22] = 1;
    bytes[HEADER_LEN] = 9;
    assert_eq!(Event::decode(&bytes, 0).unwrap_err(), DecodeError::Lengths { sum: 9, room: 0 });
    bytes[22] = 200;
    assert!(matches!(Event::decode(&bytes, 0), Err(DecodeError::Short { .. })));
}

fn item(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(body.len() as u16).to_le_bytes(), body].concat()
}

fn with_items(items: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; EXT_FIXED];
    bytes[..2].copy_from_slice(&((EXT_FIXED + items.len()) as u16).to_le_bytes());
    [&bytes, items].concat()
}

/// A file or socket of which only the descriptor matters.
fn numbered(fd: i64, size: usize) -> Vec<u8> {
    let mut body = vec![0; size];
    body[..8].copy_from_slice(&fd.to_le_bytes());
    body
}

#[test]
fn other_descriptors_keep_their_own_items() {
    let others = [
        item(1, &numbered(0, 40)),
        item(3, b"\xff\0/dev/null"),
        item(2, &numbered(4, 80)),
        item(6, b"/run/socket"),
        item(1, &numbered(5, 40)),
    ];
    let bytes = with_items(&[item(1, &numbered(9, 40)), item(9, &others.concat())].concat());
    let ext = Extension::decode(&bytes).unwrap();
    assert_eq!(ext.file.map(|file| file.fd), Some(9), "the event's own stays what it is");
    assert_eq!(ext.real, [None, None]);
    let name = |fd| ext.other(fd).and_then(|other| other.name).map(|name| name.text);
    assert_eq!((name(0), name(5)), (Some(&b"/dev/null"[..]), None));
    let socket = ext.other(4).unwrap();
    assert!(matches!(socket.object, OtherObject::Socket(_)) && socket.unix_path == Some(b"/run/socket"));
    assert!(ext.other(9).is_none() && ext.other(3).is_none());
}

#[test]
fn other_descriptors_end_where_they_are_cut() {
    let mut others = [item(1, &numbered(0, 40)), item(1, &numbered(1, 40))].concat();
    others.truncate(50);
    let bytes = with_items(&item(9, &others));
    let ext = Extension::decode(&bytes).unwrap();
    assert!(ext.other(0).is_some() && ext.other(1).is_none());
}

#[test]
fn a_tables_words_are_kinds() {
    let words = [7_u64, 3, 256 + 10, u64::from_le_bytes(*b"[eventfd")];
    let body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let bytes = with_items(&item(10, &body));
    let table = Extension::decode(&bytes).unwrap().table.unwrap();
    assert_eq!(table.open, 7);
    let kinds: Vec<_> = table.kinds().collect();
    assert_eq!(kinds, [KindWord::Kind(3), KindWord::Family(10), KindWord::Anonymous(*b"[eventfd")]);
    let short = with_items(&item(10, b"1234"));
    assert!(matches!(Extension::decode(&short), Err(DecodeError::Extension { .. })));
}
