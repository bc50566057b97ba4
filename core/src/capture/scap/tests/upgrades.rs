//! Old events become today's.

use super::super::error::Fault;
use super::super::upgrade::{Fate, Upgrader};
use super::event;
use crate::event::Packed;
use crate::schema::{self, upgrades::Action};

/// Id and parameters.
type Delivered = (u16, Vec<Vec<u8>>);

fn look(upgrader: &mut Upgrader, id: u16, params: &[&[u8]]) -> Result<Option<Delivered>, Fault> {
    let bytes = event(1, 42, id, params);
    let event = Packed::decode(&bytes).expect("a valid event");
    let own = |event: &Packed<'_>| {
        let params = (0..event.body.nparams()).map(|at| event.body.param(at).unwrap_or_default().to_vec());
        Some((event.id, params.collect()))
    };
    Ok(match upgrader.look(&event)? {
        Fate::Dropped | Fate::Unwanted => None,
        Fate::Same => own(&event),
        Fate::Upgraded => own(&Packed::decode(upgrader.event()).expect("a valid event")),
    })
}

#[test]
fn an_exit_event_takes_what_only_its_enter_event_had() {
    let mut upgrader = Upgrader::default();
    let (fd, size) = (3i64.to_le_bytes(), 80u32.to_le_bytes());
    assert_eq!(look(&mut upgrader, 6, &[&fd, &size]).expect("known"), None);
    let (id, params) = look(&mut upgrader, 7, &[&fd, b"data"]).expect("known").expect("delivered");
    assert_eq!((id, &params[..]), (7, &[fd.to_vec(), b"data".to_vec(), fd.to_vec(), size.to_vec()][..]));
    // The enter event is used up: the next exit gets defaults.
    let (_, params) = look(&mut upgrader, 7, &[&fd, b"data"]).expect("known").expect("delivered");
    assert_eq!(params[2..], [vec![0; 8], vec![0; 4]]);
}

#[test]
fn an_exit_event_of_another_call_is_an_error() {
    let mut upgrader = Upgrader::default();
    look(&mut upgrader, 6, &[&[0; 8], &[0; 4]]).expect("known");
    assert!(matches!(look(&mut upgrader, 9, &[&[0; 8], b""]), Err(Fault::WrongEnter { id: 9, found: 6 })));
}

#[test]
fn the_oldest_exec_goes_through_every_version() {
    let mut upgrader = Upgrader::default();
    let old: Vec<&[u8]> =
        vec![b"12345678", b"exe\0", b"args\0", b"12345678", b"12345678", b"12345678", b"/cwd\0", b"12345678"];
    let (enter, params) = look(&mut upgrader, 12, &[]).expect("known").expect("delivered");
    assert_eq!((enter, params.len()), (292, 1));
    let (id, params) = look(&mut upgrader, 13, &old).expect("known").expect("delivered");
    let expected = schema::event(293).expect("a current event").params.len();
    assert_eq!((id, params.len()), (293, expected));
    assert_eq!(params[..8].iter().map(Vec::as_slice).collect::<Vec<_>>(), old);
}

#[test]
fn todays_events_stay_as_they_are_and_retired_ones_are_dropped() {
    let mut upgrader = Upgrader::default();
    assert_eq!(look(&mut upgrader, 5, &[&[0; 8], &[0; 8]]).expect("known").map(|e| e.0), Some(5));
    assert_eq!(look(&mut upgrader, 17, &[]).expect("known"), None, "unused");
    assert_eq!(look(&mut upgrader, 26, &[]).expect("known"), None, "an enter event that carried nothing");
    assert_eq!(look(&mut upgrader, 400, &[]).expect("known").map(|e| e.0), None);
    assert!(matches!(look(&mut upgrader, 5, &[b"", b"", b""]), Err(Fault::NoUpgrade { id: 5, params: 3 })));
}

#[test]
fn a_container_becomes_json() {
    let mut upgrader = Upgrader::default();
    let params: [&[u8]; 4] = [b"abc\0", &[0; 4], b"na\"me\0", b"image\0"];
    let (id, params) = look(&mut upgrader, 228, &params).expect("known").expect("delivered");
    let json: serde_json::Value = serde_json::from_slice(&params[0][..params[0].len() - 1]).expect("JSON");
    assert_eq!((id, &json["id"], &json["name"]), (324, &serde_json::json!("abc"), &serde_json::json!("na\"me")));
}

/// Every row of the table leads to an event of today, whatever else there is.
#[test]
fn every_old_event_ends_as_a_current_one() {
    for id in 0..schema::upgrades::IDS as u16 {
        let history = schema::history(id).expect("an id of the schema");
        for row in &history.upgrades {
            let params = vec![&b"\0\0\0\0\0\0\0\0"[..]; row.params];
            let result = look(&mut Upgrader::default(), id, &params);
            let delivered = result.unwrap_or_else(|e| panic!("{id} with {} parameters: {e}", row.params));
            match (&row.action, delivered) {
                (Action::Store, got) => assert_eq!(got, None, "{id}"),
                (_, None) => assert_eq!(id % 2, 0, "{id} with {} parameters is dropped", row.params),
                (_, Some((new, got))) if new % 2 == 1 => {
                    let current = schema::event(new).unwrap_or_else(|| panic!("{id} ends as {new}"));
                    assert_eq!(got.len(), current.params.len(), "{id} ends as {new}");
                }
                (_, Some(_)) => {}
            }
        }
    }
}

/// Whatever id and number of parameters an event has, with its enter event in front, another's, or none.
#[test]
fn an_event_that_nobody_wants_ends_as_others_do() {
    let outcome = |upgrader: &mut Upgrader, id: u16, params: &[&[u8]]| {
        let bytes = event(1, 42, id, params);
        let looked = upgrader.look(&Packed::decode(&bytes).expect("a valid event"));
        looked.map(|fate| fate != Fate::Dropped).map_err(|fault| fault.to_string())
    };
    let enters = [None, Some(0), Some(12), Some(22)];
    let (mut wanted, mut unwanted) = (Upgrader::default(), Upgrader::new(|_| false));
    let mut passed_over = 0;
    let most = |id: u16| schema::history(id).map_or(0, |history| history.params);
    for (id, params) in (0..schema::upgrades::IDS as u16).flat_map(|id| (0..most(id) + 2).map(move |n| (id, n))) {
        for enter in enters.into_iter().chain([id.checked_sub(1)]) {
            wanted.clear();
            unwanted.clear();
            if let Some(enter) = enter {
                let params = vec![&[0u8; 4][..]; most(enter)];
                assert_eq!(outcome(&mut wanted, enter, &params), outcome(&mut unwanted, enter, &params));
            }
            for _ in 0..2 {
                let params = vec![&b"12345678"[..]; params];
                let expected = outcome(&mut wanted, id, &params);
                assert_eq!(expected, outcome(&mut unwanted, id, &params), "{id} with {} parameters", params.len());
                passed_over += usize::from(expected == Ok(true));
            }
        }
    }
    assert!(passed_over > 1000);
}
