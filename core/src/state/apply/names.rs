//! DNS answers that processes receive, whoever they are from.

use crate::event::Event;
use crate::state::{State, wire};

const DNS: u16 = 53;

/// Takes over what a name server's message says.
pub(super) fn answers(state: &mut State, event: &Event<'_>) {
    let (data, tuple) = match event.id {
        wire::read::ID => (wire::read::DATA, None),
        wire::recvfrom::ID => (wire::recvfrom::DATA, Some(wire::recvfrom::TUPLE)),
        wire::recvmsg::ID => (wire::recvmsg::DATA, Some(wire::recvmsg::TUPLE)),
        wire::recvmmsg::ID => (wire::recvmmsg::DATA, Some(wire::recvmmsg::TUPLE)),
        _ => return,
    };
    let tuple = tuple.and_then(|tuple| event.param(tuple)).unwrap_or_default();
    if let Some(message) = event.param(data).filter(|_| is_from_server(event, tuple)) {
        state.names.take_message(message, event.ts);
    }
}

/// Whether such an event of a capture can bring an answer: read has no addresses there.
pub(super) fn may_answer(id: u16) -> bool {
    matches!(id, wire::recvfrom::ID | wire::recvmsg::ID | wire::recvmmsg::ID)
}

/// By the kernel's word on the peer, else by the event's tuple, which may be told from either side.
fn is_from_server(event: &Event<'_>, tuple: &[u8]) -> bool {
    match event.ext.as_ref().and_then(|ext| ext.socket).filter(|socket| socket.remote_port != 0) {
        Some(socket) => socket.remote_port == DNS,
        None => ports(tuple).is_some_and(|ports| ports.contains(&DNS)),
    }
}

/// Both ports of a tuple of internet addresses (`spec: scap-format.md` §7.2).
fn ports(tuple: &[u8]) -> Option<[u16; 2]> {
    let (family, rest) = tuple.split_first()?;
    let width = match family {
        2 => 4,
        10 => 16,
        _ => return None,
    };
    let port = |at: usize| Some(u16::from_le_bytes(rest.get(at..at + 2)?.try_into().ok()?));
    Some([port(width)?, port(2 * width + 2)?])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Extension, SocketFacts};
    use crate::state::StateConfig;
    use crate::testing::{Build, task};
    use bumpalo::Bump;

    /// `a.example` is 192.0.2.1.
    const MESSAGE: &[u8] = b"\x07\x07\x81\x80\0\x01\0\x01\0\0\0\0\x01a\x07example\0\0\x01\0\x01\
        \xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01";

    fn name_after(apply: impl FnOnce(&mut State)) -> Option<Vec<u8>> {
        let (mut state, arena) = (State::new(StateConfig::default()), Bump::new());
        apply(&mut state);
        let now = state.clock.current;
        state.names.name_of([192, 0, 2, 1].into(), now, &arena).map(<[u8]>::to_vec)
    }

    fn tuple(source: u16, dest: u16) -> Vec<u8> {
        let end = |port: u16| [&[127, 0, 0, 1][..], &port.to_le_bytes()].concat();
        [vec![2], end(source), end(dest)].concat()
    }

    #[test]
    fn answers_from_a_name_server_are_taken_in() {
        for call in ["recvfrom", "recvmsg", "recvmmsg"] {
            let of = |from: u16, to: u16| {
                let built = Build::new(call).bytes("data", MESSAGE).bytes("tuple", &tuple(from, to)).done();
                name_after(|state| state.apply(&built.event()))
            };
            assert_eq!(of(53, 40_000).as_deref(), Some(&b"a.example"[..]), "{call}");
            assert_eq!(of(5353, 40_000), None, "{call}");
        }
    }

    #[test]
    fn the_kernels_word_on_the_peer_comes_first() {
        for call in ["read", "recvfrom"] {
            let of = |remote_port| {
                let built = Build::new(call).bytes("data", MESSAGE).done();
                let socket = SocketFacts { remote_port, ..SocketFacts::default() };
                let ext = Extension { task: task(1, 0, "x"), socket: Some(socket), ..Extension::default() };
                name_after(|state| state.apply(&built.live(ext)))
            };
            assert_eq!((of(53).is_some(), of(80)), (true, None), "{call}");
        }
    }
}
