//! Event blocks of every shape.

use super::super::block;
use super::super::error::Fault;
use super::{Builder, event, old_event};

const NUMBER: [u8; 8] = [1, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn flags_stand_between_cpu_and_event() {
    let body = |flags: u8| [&[5, 0, flags, 0, 0, 0][..], &event(1, 1, 5, &[&NUMBER])].concat();
    let file = Builder::new().block(block::EVENT_FLAGS, &body(1)).block(0x208, &{
        let mut old = vec![6, 0, 0, 0, 0, 0];
        old.extend(old_event(1, 1, 5, &[&NUMBER, &NUMBER]));
        old
    });
    let seen = file.read().expect("a valid file");
    assert_eq!((seen.state_only, seen.cpus), (vec![true, false], vec![5, 6]));
}

#[test]
fn old_headers_get_the_number_of_parameters_that_adds_up() {
    // Event 5 has two parameters today; older writers had one or none.
    for params in [&[][..], &[&NUMBER[..]], &[&NUMBER[..], &NUMBER]] {
        let body = [&[0, 0][..], &old_event(1, 1, 5, params)].concat();
        let seen = Builder::new().block(0x8010_ABCD, &body).read().expect("a valid file");
        let expected: Vec<Vec<u8>> = params.iter().map(|p| p.to_vec()).collect();
        assert_eq!(seen.events, [(5, expected)]);
    }
    let mut wrong = old_event(1, 1, 5, &[&NUMBER]);
    wrong[22] = 7;
    let error = Builder::new().block(0x204, &[&[0, 0][..], &wrong].concat()).read().expect_err("damaged");
    assert!(matches!(error.what, Fault::EventParams { id: 5, .. }));
}

#[test]
fn two_ids_counted_three_bytes_too_many() {
    for id in [280, 286] {
        let mut old = old_event(1, 1, id, &[b"a\0", b"b\0"]);
        if id == 286 {
            old = old_event(1, 1, id, &[b"a\0", b"b\0", b"c\0", b"d\0"]);
        }
        old.extend([0; 3]);
        let len = old.len() as u32;
        old[16..20].copy_from_slice(&len.to_le_bytes());
        let seen = Builder::new().block(0x204, &[&[0, 0][..], &old].concat()).read().expect("a valid file");
        assert_eq!(seen.events[0].1[0], b"a\0");
    }
}

#[test]
fn large_events_have_wide_lengths_and_no_limit_of_64_kib() {
    let json = vec![b'x'; 100_000];
    let body = [&[0, 0][..], &event(1, 1, 324, &[&json])].concat();
    let seen = Builder::new().block(block::EVENT_LARGE, &body).read().expect("a valid file");
    assert_eq!(seen.events, [(324, vec![json])]);
    let error = Builder::new().block(block::EVENT, &body).read().expect_err("too large");
    assert!(matches!(error.what, Fault::LargeBlock(_)));
}

#[test]
fn padding_behind_an_event_is_ignored() {
    let body = [&[0, 0][..], &event(1, 1, 5, &[b"abc"]), &[0xee; 9]].concat();
    let seen = Builder::new().block(block::EVENT, &body).read().expect("a valid file");
    assert_eq!(seen.events, [(5, vec![b"abc".to_vec()])]);
}
