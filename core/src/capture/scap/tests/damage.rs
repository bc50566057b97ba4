//! Damaged files: an error that names the place, never a panic, and memory for what is really there.

use proptest::prelude::*;

use super::super::block;
use super::super::error::Fault;
use super::{Builder, event, read, text};

fn sound() -> Vec<u8> {
    let user = [&[0][..], &[1; 8], &text(b"ann"), &text(b"/home"), &text(b"/bin/sh")].concat();
    let file = [&4u64.to_le_bytes()[..], &[0; 8], &[1], &text(b"/etc/passwd")].concat();
    Builder::new()
        .block(0x206, &user)
        .block(0x203, &[&7u64.to_le_bytes()[..], &file].concat())
        .event(1, 7, 5, &[&0i64.to_le_bytes(), &4i64.to_le_bytes()])
        .block(block::EVENT_FLAGS, &[&[0, 0, 1, 0, 0, 0][..], &event(2, 7, 9, &[b"12345678", b"data"])].concat())
        .0
}

#[test]
fn a_file_cut_anywhere_ends_with_an_error_at_that_place_or_between_two_blocks() {
    let file = sound();
    let blocks: Vec<usize> = {
        let mut at = 0;
        std::iter::from_fn(|| {
            let len = u32::from_le_bytes(file.get(at + 4..at + 8)?.try_into().ok()?) as usize;
            at += len;
            Some(at)
        })
        .collect()
    };
    for cut in 1..file.len() {
        match read(file[..cut].to_vec()) {
            Ok(_) => assert!(blocks.contains(&cut), "{cut}"),
            Err(error) => {
                assert!(matches!(error.what, Fault::Truncated { .. } | Fault::Short { .. }), "{cut}: {error}");
                assert!(error.offset <= cut as u64, "{cut}: {error}");
            }
        }
    }
}

#[test]
fn lengths_that_lie_are_found() {
    let fault = |file: Builder| file.read().expect_err("damaged");
    let mut trailer = Builder::new().block(0x206, b"\x01\x01\x01\x01\x01\0\0");
    let end = trailer.0.len();
    trailer.0[end - 4] ^= 4;
    assert!(matches!(fault(trailer).what, Fault::Trailer { .. }));
    let mut short = Builder::new();
    short.0.extend([0x16, 2, 0, 0, 20, 0, 0, 0]);
    assert!(matches!(fault(short).what, Fault::ShortBlock(20)));
    let mut large = Builder::new();
    large.0.extend([0x16, 2, 0, 0, 0xf0, 0xff, 0xff, 0xff]);
    assert!(matches!(fault(large).what, Fault::LargeBlock(_)));
    let mut bytes = event(1, 1, 5, &[b"a"]);
    bytes[16] = 0xff;
    let error = fault(Builder::new().block(block::EVENT, &[&[0, 0][..], &bytes].concat()));
    assert!(matches!(error.what, Fault::EventLength { id: 5, len: 0xff, .. }));
    assert_eq!(error.offset, 28 + 10, "behind section header, block head and CPU");
}

#[test]
fn a_list_that_claims_gigabytes_is_not_waited_for() {
    let mut file = Builder::new();
    file.0.extend([0x15, 2, 0, 0, 0xfc, 0xff, 0xff, 0xff]);
    file.0.extend([0; 64]);
    assert!(file.read().is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn flipped_bytes_never_panic(at in 0usize..sound().len(), with: u8, more in proptest::collection::vec((0usize..sound().len(), any::<u8>()), 0..4)) {
        let mut file = sound();
        file[at] = with;
        for (at, with) in more {
            file[at] = with;
        }
        let _ = read(file);
    }

    #[test]
    fn arbitrary_bytes_behind_a_header_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut file = Builder::new();
        file.0.extend(tail);
        let _ = file.read();
    }
}
