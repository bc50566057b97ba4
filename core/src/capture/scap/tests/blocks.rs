//! Blocks as such: order, padding, unknown ones, appended files, compression.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::block;
use super::super::error::Fault;
use super::{Builder, read};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(bytes).expect("memory can be written");
    packer.finish().expect("memory can be written")
}

#[test]
fn the_smallest_file_of_the_description_is_read() {
    // spec: scap-format.md §7.4
    let mut file =
        b"\x0A\x0D\x0D\x0A\x1C\0\0\0\x4D\x3C\x2B\x1A\x01\0\x02\0\xff\xff\xff\xff\xff\xff\xff\xff\x1C\0\0\0".to_vec();
    file.extend(b"\x16\x02\0\0\x2C\0\0\0\0\0");
    file.extend(7u64.to_le_bytes());
    file.extend(9u64.to_le_bytes());
    file.extend(b"\x1E\0\0\0\x05\0\x01\0\0\0\x02\0\xab\xcd\x2C\0\0\0");
    let seen = read(file).expect("a valid file");
    assert_eq!(seen.events, [(5, vec![vec![0xab, 0xcd]])]);
    assert_eq!(seen.log, ["complete"]);
}

#[test]
fn compressed_files_and_appended_ones_are_read() {
    let one = Builder::new().event(1, 1, 5, &[b"a"]).0;
    let two = Builder::new().event(2, 1, 5, &[b"b"]).0;
    for file in [
        [one.clone(), two.clone()].concat(),
        gzip(&[one.clone(), two.clone()].concat()),
        [gzip(&one), gzip(&two)].concat(),
    ] {
        let seen = read(file).expect("a valid file");
        assert_eq!(seen.events.iter().map(|(_, params)| &params[0][..]).collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!(seen.log, ["complete", "restart", "complete"], "the second file starts from nothing");
    }
}

#[test]
fn unknown_blocks_are_passed_over_and_are_no_new_file() {
    let file =
        Builder::new().block(0x999, b"whatever").event(1, 1, 5, &[b"a"]).block(0x999, b"x").event(2, 1, 5, &[b"b"]);
    let seen = file.read().expect("a valid file");
    assert_eq!((seen.events.len(), &seen.log[..]), (2, &["complete".to_owned()][..]));
}

#[test]
fn events_of_newer_writers_are_passed_over() {
    let seen = Builder::new().event(1, 1, 9999, &[b"a"]).event(1, 1, 5, &[b"b"]).read().expect("a valid file");
    assert_eq!(seen.events.len(), 1);
}

#[test]
fn options_behind_the_section_header_are_passed_over() {
    let mut body = block::MAGIC.to_le_bytes().to_vec();
    body.extend([1, 0, 9, 0]);
    body.extend([0xff; 8]);
    body.extend(b"options");
    let seen = Builder::default().block(block::SECTION, &body).event(1, 1, 5, &[b"a"]).read().expect("a valid file");
    assert_eq!(seen.events.len(), 1);
}

#[test]
fn what_is_no_capture_is_refused() {
    let fault = |bytes: &[u8]| read(bytes.to_vec()).expect_err("no capture").what;
    assert!(matches!(fault(b""), Fault::Empty));
    assert!(matches!(fault(b"PK\x03\x04 zip file"), Fault::NotACapture(_)));
    assert!(matches!(fault(b"\x0a\x0d\x0d\x0a"), Fault::Truncated { missing: 4 }));
    assert!(matches!(fault(&gzip(b"")), Fault::Empty));
    let swapped =
        [&block::SECTION.to_le_bytes()[..], &28u32.to_le_bytes(), &block::MAGIC.to_be_bytes(), &[0; 16]].concat();
    assert!(matches!(fault(&swapped), Fault::ByteOrder));
    let newer = [&block::MAGIC.to_le_bytes()[..], &[2, 0, 0, 0], &[0xff; 8]].concat();
    assert!(matches!(fault(&Builder::default().block(block::SECTION, &newer).0), Fault::Version(2, 0)));
    let event_first = Builder::default().event(1, 1, 5, &[]).0;
    assert!(matches!(fault(&event_first), Fault::NotACapture(_)));
}
