//! Everything that looks at a capture, at work on bytes that may be anything; for tests and fuzzing.

use std::io::Cursor;

use bumpalo::Bump;

use super::decode;
use crate::capture::scap::Fault;
use crate::capture::scap::reader::Reader;
use crate::capture::scap::stream::{Progress, Stream};
use crate::capture::scap::upgrade::{Fate, Upgrader};
use crate::event::Event;
use crate::fields::{self, Arg, Ctx, FieldDef, PathChoice};
use crate::state::{State, StateConfig};

/// Reads a capture as far as it goes and asks every event for every field. Gives the number of events.
pub fn bytes(capture: &[u8]) -> u64 {
    let Ok(stream) = Stream::new(Cursor::new(capture.to_vec()), &Progress::default()) else { return 0 };
    let (mut reader, mut upgrader) = (Reader::new(stream), Upgrader::default());
    let mut uninterested = Upgrader::new(|_| false);
    let root = "/nonexistent".into();
    let mut state = State::captured(StateConfig { max_processes: 64, root, ..StateConfig::default() });
    let (mut events, mut arena) = (0, Bump::new());
    while let Ok(Some((frame, block))) = reader.next(&mut state) {
        let Ok(mut packed) = decode(frame.bytes) else { break };
        let (looked, passed) = (upgrader.look(&packed), uninterested.look(&packed));
        assert_eq!(outcome(&looked), outcome(&passed), "passing over an event is told from upgrading it");
        let Ok(fate) = looked else { break };
        if fate == Fate::Upgraded {
            let Ok(upgraded) = decode(upgrader.event()) else { break };
            packed = upgraded;
        }
        if fate != Fate::Dropped {
            look(&Event::plain(&packed, frame.cpu), &mut state, &arena);
        }
        arena.reset();
        events += 1;
        reader.advance(block);
    }
    events
}

/// Whether an event is delivered; what is wrong with it.
fn outcome(looked: &Result<Fate, Fault>) -> Result<bool, String> {
    looked.as_ref().map(|fate| *fate != Fate::Dropped).map_err(ToString::to_string)
}

fn look(event: &Event<'_>, state: &mut State, arena: &Bump) {
    state.apply(event);
    let ctx = Ctx::new(event, state, PathChoice::default(), arena);
    ask(&ctx, |_| true);
    state.after(event);
}

/// Asks an event for fields, with every kind of argument.
pub fn ask(ctx: &Ctx<'_>, wanted: impl Fn(&FieldDef) -> bool) {
    for field in fields::all().filter(|field| wanted(field)) {
        for arg in [Arg::None, Arg::Index(1), Arg::Key("name".into())] {
            let _ = (field.extract)(ctx, &arg);
        }
    }
}
