use super::additions::additions;
use super::descriptors::{DescriptorEntry, ObjectEntry, descriptors};
use super::event::{Written, event};
use super::host::{Account, Interface, Machine, interfaces, machine, section, users};
use super::processes::{ProcessEntry, processes};
use super::*;
use crate::capture::scap::additions::Addition;
use crate::event::{HEADER_LEN, fd_kind};
use bumpalo::Bump;
use std::net::{Ipv4Addr, Ipv6Addr};

fn u16_at(b: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(b[at..at + 2].try_into().unwrap())
}
fn u32_at(b: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(b[at..at + 4].try_into().unwrap())
}

/// Type and body of every block; both lengths are checked, padding is left in.
fn blocks(mut bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let len = u32_at(bytes, 4) as usize;
        assert_eq!(len % 4, 0, "aligned");
        assert_eq!(u32_at(bytes, len - 4) as usize, len, "the trailer repeats the length");
        found.push((u32_at(bytes, 0), bytes[8..len - 4].to_vec()));
        bytes = &bytes[len..];
    }
    found
}

/// The specification's minimal file, byte by byte.
#[test]
fn the_minimal_file() {
    let mut out = Vec::new();
    section(&mut out);
    let written = Written { ts: 1, tid: 2, id: 3, cpu: 0, state_only: false, params: &[&[0xaa, 0xbb]] };
    assert!(event(&mut out, &written));
    let mut want: Vec<u8> = vec![0x0a, 0x0d, 0x0d, 0x0a, 0x1c, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 2, 0];
    want.extend([0xff; 8]);
    want.extend([0x1c, 0, 0, 0, 0x16, 2, 0, 0, 0x2c, 0, 0, 0, 0, 0]);
    want.extend(1_u64.to_le_bytes());
    want.extend(2_u64.to_le_bytes());
    want.extend([0x1e, 0, 0, 0, 3, 0, 1, 0, 0, 0, 2, 0, 0xaa, 0xbb, 0x2c, 0, 0, 0]);
    assert_eq!(out, want);
}

#[test]
fn an_event_is_padded_behind_its_own_length() {
    for size in 0..5 {
        let mut out = Vec::new();
        let param = vec![7; size];
        let written = Written { ts: 1, tid: -1, id: 3, cpu: 5, state_only: true, params: &[&param] };
        assert!(event(&mut out, &written));
        let (kind, body) = blocks(&out).remove(0);
        assert_eq!((kind, u16_at(&body, 0), u32_at(&body, 2)), (block::EVENT_FLAGS, 5, block::STATE_ONLY));
        assert_eq!(u32_at(&body, 6 + 16) as usize, HEADER_LEN + 2 + size);
        let decoded = crate::event::Event::decode(&body[6..6 + HEADER_LEN + 2 + size], 5).unwrap();
        assert_eq!((decoded.tid, decoded.param(0)), (-1, Some(&param[..])));
    }
}

#[test]
fn an_event_beyond_the_readers_buffer_is_refused_whole() {
    let (mut out, large) = (Vec::new(), vec![0; 40_000]);
    let written = Written { ts: 1, tid: 1, id: 3, cpu: 0, state_only: false, params: &[&large, &large] };
    assert!(!event(&mut out, &written) && out.is_empty());
}

#[test]
fn the_machine_block_has_its_one_size() {
    let mut out = Vec::new();
    let host = Machine { cpus: 2, hostname: "h".repeat(300), boot_ns: 9, ..Machine::default() };
    machine(&mut out, &host);
    assert_eq!(out.len(), 192);
    let (_, body) = blocks(&out).remove(0);
    assert_eq!((body[20], body[20 + 126], body[20 + 127]), (b'h', b'h', 0), "the name keeps a NUL");
    assert_eq!(u32_at(&body, 148), 9);
}

#[test]
fn interfaces_have_the_length_of_the_rest() {
    let mut out = Vec::new();
    let v4 = Interface::V4 {
        name: "lo".into(),
        address: Ipv4Addr::LOCALHOST,
        netmask: Ipv4Addr::new(255, 0, 0, 0),
        broadcast: Ipv4Addr::UNSPECIFIED,
    };
    let none = Ipv6Addr::UNSPECIFIED;
    let v6 = Interface::V6 { name: "lo".into(), address: Ipv6Addr::LOCALHOST, netmask: none, broadcast: none };
    interfaces(&mut out, &[v4, v6]);
    let (_, body) = blocks(&out).remove(0);
    assert_eq!((u32_at(&body, 0), u16_at(&body, 4), u16_at(&body, 6)), (4 + 12 + 2, 3, 2));
    assert_eq!(&body[8..12], &[127, 0, 0, 1]);
    assert_eq!((u32_at(&body, 22), u16_at(&body, 26)), (4 + 48 + 2, 4));
}

#[test]
fn user_entries_count_their_own_length() {
    let mut out = Vec::new();
    let user = Account::User { uid: 1, gid: 2, name: b"ann".into(), home: b"/h".into(), shell: vec![b's'; 400] };
    users(&mut out, &[user, Account::Group { gid: 3, name: b"g".into() }]);
    let (_, body) = blocks(&out).remove(0);
    let first = u32_at(&body, 0) as usize;
    assert_eq!(first, 4 + 1 + 8 + 5 + 4 + 2 + 255, "strings are shorter than 256");
    assert_eq!((body[4], u32_at(&body, first), body[first + 4]), (0, 4 + 1 + 4 + 3, 1));
}

/// Fixed part of a process entry: lengths, ids and numbers without the strings' bytes.
const PROCESS_FIXED: usize = 4 + 40 + 8 * 2 + 8 + 24 + 16 + 16;

#[test]
fn the_process_tail_depends_on_the_dialect() {
    let process = ProcessEntry { tid: 7, pgid: 5, tty: 9, loginuid: 3, exe_flags: 1 | 8, ..ProcessEntry::default() };
    let body = |dialect| {
        let mut out = Vec::new();
        processes(&mut out, std::slice::from_ref(&process), dialect);
        blocks(&out).remove(0).1
    };
    let (now, then) = (body(Dialect::Current), body(Dialect::Compat));
    assert_eq!(u32_at(&now, 0) as usize, PROCESS_FIXED + 12 + 29 + 1 + 24 + 2 + 8);
    assert_eq!(u32_at(&then, 0) as usize, PROCESS_FIXED + 29, "29 bytes are how readers tell it");
    assert_eq!((u32_at(&then, PROCESS_FIXED), then[PROCESS_FIXED + 4]), (3, 1));
    assert_eq!((u32_at(&now, PROCESS_FIXED + 8), u32_at(&now, PROCESS_FIXED + 12)), (9, 3));
}

#[test]
fn additions_are_of_processes_and_come_back() {
    let entry = |tid, pid| ProcessEntry { tid, pid, vsid: 3, clone_ts: 99, ..ProcessEntry::default() };
    let mut out = Vec::new();
    section(&mut out);
    additions(&mut out, &[entry(7, 7), entry(8, 7)]);
    let log = crate::capture::scap::tests::read(out).unwrap().log;
    assert_eq!(log, ["additions".to_owned(), format!("addition {:?}", Addition { pid: 7, sid: 3, clone_ts: 99 })]);
    assert_eq!(block::ADDITIONS >> 31, 1, "for local use");
}

#[test]
fn long_strings_stay_below_what_readers_take() {
    let process = ProcessEntry { comm: vec![b'c'; 5000], args: vec![b'a'; 9000], ..ProcessEntry::default() };
    let mut out = Vec::new();
    processes(&mut out, &[process], Dialect::Current);
    let (_, body) = blocks(&out).remove(0);
    assert_eq!(u32_at(&body, 0) as usize, PROCESS_FIXED + 76 + 1023 + 4095);
    let mut none = Vec::new();
    processes(&mut none, &[], Dialect::Current);
    assert!(none.is_empty(), "no process, no block");
}

#[test]
fn descriptor_entries_by_kind() {
    let list = [
        DescriptorEntry { fd: 3, ino: 4, object: ObjectEntry::File { name: b"/a".into(), open_flags: 1, dev: 9 } },
        DescriptorEntry {
            fd: 4,
            ino: 5,
            object: ObjectEntry::Connection { v6: false, source: ([1; 16], 80), dest: ([2; 16], 90), l4: 2 },
        },
        DescriptorEntry { fd: 5, ino: 6, object: ObjectEntry::Named { kind: fd_kind::PIDFD, name: b"p".into() } },
    ];
    let kinds = |dialect| {
        let mut out = Vec::new();
        descriptors(&mut out, 7, &list, dialect);
        let (_, body) = blocks(&out).remove(0);
        let (mut at, mut found) = (8, Vec::new());
        for _ in 0..3 {
            let len = u32_at(&body, at) as usize;
            found.push((len, body[at + 20]));
            at += len;
        }
        found
    };
    let head = 4 + 8 + 8 + 1;
    let (file, pair, name) = (head + 4 + 4 + 4, head + 13, head + 3);
    assert_eq!(kinds(Dialect::Current), [(file, 16), (pair, 3), (name, 21)]);
    assert_eq!(kinds(Dialect::Compat), [(file, 16), (pair, 3), (name, 10)]);
}

fn told(id: u16, params: &[&[u8]]) -> Vec<(u16, Vec<usize>)> {
    let (mut out, arena) = (Vec::new(), Bump::new());
    let written = Written { ts: 1, tid: 1, id, cpu: 0, state_only: false, params };
    let count = compat::events(&mut out, &written, &arena);
    let found: Vec<_> = blocks(&out)
        .iter()
        .map(|(_, body)| {
            let event = crate::event::Event::decode(&body[2..2 + u32_at(body, 18) as usize], 0).unwrap();
            (event.id, event.params().map(<[u8]>::len).collect())
        })
        .collect();
    assert_eq!(found.len(), count);
    found
}

#[test]
fn a_call_becomes_the_old_pair() {
    // close: res, fd
    assert_eq!(told(5, &[&[0; 8], &[3; 8]]), [(4, vec![8]), (5, vec![8])]);
    // inotify_init1: res, flags in two bytes; then one
    assert_eq!(told(395, &[&[0; 8], &[3; 2]]), [(138, vec![1]), (139, vec![8])]);
    // chown has no event of its own then
    assert_eq!(told(379, &[&[0; 8], b"a\0", &[0; 4], &[0; 4]]), [(0, vec![2, 2]), (1, vec![2])]);
    // procexit is one event, user_added is none
    assert_eq!(told(186, &[&[0; 8], &[0; 8], &[0], &[0], &[0; 8]]), [(186, vec![8, 8, 1, 1])]);
    assert_eq!(told(354, &[]), []);
}

#[test]
fn a_child_returns_from_a_call_that_it_never_entered() {
    let ids = |res: i64| told(223, &[&res.to_le_bytes()]).iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!((ids(0), ids(7)), (vec![223], vec![222, 223]));
}

#[test]
fn what_is_missing_has_its_width_all_the_same() {
    // pipe: res, fd1, fd2, ino
    assert_eq!(told(61, &[&[0; 8], &[], &[], &[]]), [(60, vec![]), (61, vec![8, 8, 8, 8])]);
    // openat: fd, dirfd, name, flags, mode, dev, ino
    assert_eq!(told(307, &[&[0; 8], &[0; 8], &[], &[0; 4]])[1], (307, vec![8, 8, 1, 4, 4, 4]));
}
