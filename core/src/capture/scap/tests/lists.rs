//! Lists of every version.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::descriptors::What;
use super::super::processes::ProcessEntry;
use super::super::{cursor::Cursor, descriptors, processes};
use super::{Builder, text};

/// A process entry with everything up to `version`, without the length and tail of version 9.
fn entry(version: u8) -> Vec<u8> {
    let mut e = Vec::new();
    for id in [10i64, 11, 12] {
        e.extend(id.to_le_bytes());
    }
    let from = |since: u8, bytes: &[u8], e: &mut Vec<u8>| {
        if version >= since {
            e.extend(bytes);
        }
    };
    from(6, &13i64.to_le_bytes(), &mut e);
    from(8, &14i64.to_le_bytes(), &mut e);
    e.extend([text(b"comm"), text(b"exe")].concat());
    from(7, &text(b"/exe/path"), &mut e);
    e.extend([text(b"a\0b"), text(b"/cwd")].concat());
    e.extend(1024u64.to_le_bytes());
    e.extend([1u32, 2, 3].map(u32::to_le_bytes).concat());
    from(2, &[4u32, 5, 6].map(u32::to_le_bytes).concat(), &mut e);
    from(2, &[7u64, 8].map(u64::to_le_bytes).concat(), &mut e);
    from(3, &text(b"A=b\0"), &mut e);
    from(4, &[20i64, 21].map(i64::to_le_bytes).concat(), &mut e);
    from(4, &text(b"cpu=/\0"), &mut e);
    from(5, &text(b"/root"), &mut e);
    e
}

fn expected(version: u8) -> ProcessEntry<'static> {
    let mut p = ProcessEntry {
        tid: 10,
        pid: 11,
        ptid: 12,
        comm: b"comm",
        exe: b"exe",
        args: b"a\0b",
        cwd: b"/cwd",
        fdlimit: 1024,
        flags: 1,
        uid: 2,
        gid: 3,
        ..ProcessEntry::default()
    };
    if version >= 2 {
        (p.vm, p.faults) = ([4, 5, 6], [7, 8]);
    }
    if version >= 3 {
        p.env = b"A=b\0";
    }
    if version >= 4 {
        (p.vtid, p.vpid, p.cgroups) = (20, 21, b"cpu=/\0");
    }
    if version >= 5 {
        p.root = b"/root";
    }
    if version >= 6 {
        p.sid = 13;
    }
    if version >= 7 {
        p.exepath = b"/exe/path";
    }
    if version >= 8 {
        p.vpgid = 14;
    }
    p
}

fn read(bytes: &[u8], version: u8) -> ProcessEntry<'_> {
    processes::read(&mut Cursor::new(bytes, 0, "process list"), version).expect("a valid entry")
}

#[test]
fn every_version_of_process_entries() {
    for version in 1..=8 {
        assert_eq!(read(&entry(version), version), expected(version), "version {version}");
    }
}

fn sized(mut entry: Vec<u8>, tail: &[u8]) -> Vec<u8> {
    entry.extend(tail);
    [&(entry.len() as u32 + 4).to_le_bytes()[..], &entry].concat()
}

#[test]
fn the_tail_of_version_nine_grew_over_the_years() {
    let full = [
        &30u64.to_le_bytes()[..],
        &31u32.to_le_bytes(),
        &32u32.to_le_bytes(),
        &[1],
        &[33u64, 34, 35].map(u64::to_le_bytes).concat(),
        &[1],
        &[36u64, 37, 38].map(u64::to_le_bytes).concat(),
        &[1, 1],
        &39i64.to_le_bytes(),
    ]
    .concat();
    let all = ProcessEntry {
        pidns_start: 30,
        tty: 31,
        loginuid: 32,
        exe_writable: true,
        caps: [33, 34, 35],
        exe_upper_layer: true,
        exe_ino: [36, 37, 38],
        exe_from_memfd: true,
        exe_lower_layer: true,
        pgid: 39,
        ..expected(8)
    };
    assert_eq!(read(&sized(entry(8), &full), 9), all);
    assert_eq!(read(&sized(entry(8), &[&full[..], b"newer"].concat()), 9), all, "what follows is passed over");
    let no_pgid = ProcessEntry { pgid: -1, ..all.clone() };
    assert_eq!(read(&sized(entry(8), &full[..full.len() - 8]), 9), no_pgid);
    // Old writers: loginuid, writable flag and capabilities only.
    let old = read_owned(&sized(entry(8), &full[12..12 + 29]));
    assert_eq!((old.0, old.1, old.2), (0, 32, [33, 34, 35]));
    assert_eq!(read(&sized(entry(8), &[]), 9), expected(8));
}

fn read_owned(bytes: &[u8]) -> (u64, u32, [u64; 3]) {
    let p = read(bytes, 9);
    (p.pidns_start, p.loginuid, p.caps)
}

#[test]
fn an_entry_that_reads_past_its_length_is_an_error() {
    let mut bytes = sized(entry(8), &[]);
    bytes[0] -= 3;
    assert!(processes::read(&mut Cursor::new(&bytes, 0, "process list"), 9).is_err());
}

#[test]
fn every_kind_of_descriptor() {
    let (v4, v6) = ([127, 0, 0, 1], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let (a, b) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    let ports = [80u16.to_le_bytes(), 443u16.to_le_bytes()].concat();
    let cases: Vec<(u8, Vec<u8>, What<'_>)> = vec![
        (0, vec![], What::Nothing),
        (1, text(b"/a"), What::Name(b"/a")),
        (2, text(b"/d"), What::Name(b"/d")),
        (3, [&v4[..], &v4, &ports, &[2]].concat(), What::Connection { source: (a, 80), dest: (a, 443), l4: 2 }),
        (4, [&v6[..], &v6, &ports, &[3]].concat(), What::Connection { source: (b, 80), dest: (b, 443), l4: 3 }),
        (5, [&v4[..], &ports[..2], &[2]].concat(), What::Server { at: (a, 80), l4: 2 }),
        (6, [&v6[..], &ports[..2], &[2]].concat(), What::Server { at: (b, 80), l4: 2 }),
        (
            8,
            [&[1; 8][..], &[0; 8], &text(b"/s")].concat(),
            What::Unix { source: 0x0101_0101_0101_0101, peer: 0, name: b"/s" },
        ),
        (16, [&1u32.to_le_bytes()[..], &text(b"/f")].concat(), What::File { flags: 1, dev: 0, name: b"/f" }),
        (21, text(b"/proc/1"), What::Name(b"/proc/1")),
    ];
    for (kind, payload, what) in cases {
        let bytes = [&4i64.to_le_bytes()[..], &5u64.to_le_bytes(), &[kind], &payload].concat();
        let entry = descriptors::read(&mut Cursor::new(&bytes, 0, "descriptor list"), 1).expect("a valid entry");
        assert_eq!((entry.fd, entry.ino, entry.kind, entry.what), (4, 5, kind, what));
    }
}

#[test]
fn entries_with_a_length_may_be_longer_than_this_reader_knows() {
    let file = [
        &4i64.to_le_bytes()[..],
        &5u64.to_le_bytes(),
        &[16],
        &1u32.to_le_bytes(),
        &text(b"/f"),
        &9u32.to_le_bytes(),
        b"new",
    ]
    .concat();
    let new_kind = [&4i64.to_le_bytes()[..], &5u64.to_le_bytes(), &[99], b"whatever"].concat();
    for (body, what) in [(file, What::File { flags: 1, dev: 9, name: b"/f" }), (new_kind, What::NewKind(99))] {
        let bytes = sized(body, &[]);
        let mut cursor = Cursor::new(&bytes, 0, "descriptor list");
        assert_eq!(descriptors::read(&mut cursor, 2).map(|e| e.what).ok(), Some(what));
        assert_eq!(cursor.left(), 0);
    }
}

#[test]
fn users_and_interfaces_of_both_versions() {
    let user = [&[0][..], &7u32.to_le_bytes(), &8u32.to_le_bytes(), &text(b"ann"), &text(b""), &text(b"")].concat();
    let group = [&[1][..], &9u32.to_le_bytes(), &text(b"staff")].concat();
    let v4 = [&1u16.to_le_bytes()[..], &2u16.to_le_bytes(), &[10, 0, 0, 1], &[0; 8], &[0; 8], b"e0"].concat();
    let v6 = [&4u16.to_le_bytes()[..], &2u16.to_le_bytes(), &[0; 15], &[1], &[0; 32], b"lo"].concat();
    let rest_sized = |e: &[u8]| [&(e.len() as u32).to_le_bytes()[..], e].concat();
    let old = Builder::new()
        .block(0x206, &[user.clone(), group.clone()].concat())
        .block(0x205, &[v4.clone(), v6.clone()].concat());
    let new = Builder::new()
        .block(0x220, &[sized(user, &[]), sized(group, b"more")].concat())
        .block(0x219, &[rest_sized(&v4), rest_sized(&v6)].concat());
    for file in [old, new] {
        let seen = file.read().expect("a valid file");
        assert_eq!(seen.log, ["user 7 ann", "group 9 staff", "interface e0 10.0.0.1", "interface lo ::1"]);
    }
    let bad = Builder::new().block(0x205, &[9, 0, 0, 0, 0, 0]);
    assert!(bad.read().is_err());
}

#[test]
fn the_machine_is_introduced() {
    let mut body = 4u32.to_le_bytes().to_vec();
    body.extend([0; 16]);
    body.extend(b"host");
    body.resize(20 + 128, 0);
    body.extend(77u64.to_le_bytes());
    body.resize(180, 0);
    let seen = Builder::new().block(0x201, &body).read().expect("a valid file");
    assert_eq!(seen.log, ["machine host 77"]);
}
