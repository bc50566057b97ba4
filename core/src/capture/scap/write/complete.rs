//! A live event's parameters with what its extension and our state know and the format has a place for.
//!
//! The sensor leaves out what it would send over and over (a child's inherited arguments, cgroups) and tells the name
//! of a unix socket beside the tuple; a file has no extension, so that these go where other readers look.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use crate::event::{Event, PathItem};
use crate::params::until_nul;
use crate::schema::{self, EventInfo, Type};
use crate::state::State;
use crate::state::process::Process;
use crate::state::wire;

const AF_UNIX: u8 = 1;
/// Family, source, destination.
const UNIX_TUPLE_HEAD: usize = 17;

/// The parameters as they are to be written. `cgroups` are those of the event's task, NUL-terminated each.
pub fn complete<'a>(event: &Event<'a>, state: &State, cgroups: &[u8], arena: &'a Bump) -> &'a [&'a [u8]] {
    let mut params = BumpVec::with_capacity_in(event.nparams(), arena);
    params.extend(event.params());
    if event.ext.is_some()
        && let Some(info) = schema::event(event.id)
    {
        match event.id {
            wire::clone::ID | wire::clone::FORK | wire::clone::VFORK | wire::clone::CLONE3 => {
                birth(&mut params, state, event, arena);
                fill(&mut params, wire::clone::CGROUPS, arena.alloc_slice_copy(cgroups));
            }
            wire::exec::ID | wire::exec::EXECVEAT => {
                fill(&mut params, wire::exec::CGROUPS, arena.alloc_slice_copy(cgroups));
            }
            _ => named(&mut params, info, event, arena),
        }
    }
    params.into_bump_slice()
}

/// Gives an empty parameter its value.
fn fill<'a>(params: &mut [&'a [u8]], index: usize, value: &'a [u8]) {
    if let Some(param) = params.get_mut(index).filter(|param| param.is_empty()) {
        *param = value;
    }
}

/// What a child has from its parent.
fn birth<'a>(params: &mut [&'a [u8]], state: &State, event: &Event<'_>, arena: &'a Bump) {
    let Some(process) = state.process_of(event) else { return };
    fill(params, wire::clone::EXE, terminated(process.image.exe(), arena));
    fill(params, wire::clone::ARGS, arena.alloc_slice_copy(&process.image.raw_args()));
    fill(params, wire::clone::CWD, terminated(without_slash(&process.cwd), arena));
    if let Some(start) = params.get_mut(wire::clone::PIDNS_START) {
        *start = arena.alloc_slice_copy(&namespace_start(state, process).to_le_bytes());
    }
}

/// ns after boot at which the process's pid namespace began; 0 for the host's.
fn namespace_start(state: &State, process: &Process) -> u64 {
    match process.pidns_start {
        0 => 0,
        start => start.saturating_sub(state.config.boot_time_ns),
    }
}

fn terminated<'a>(text: &[u8], arena: &'a Bump) -> &'a [u8] {
    if text.is_empty() {
        return b"";
    }
    let text = until_nul(text);
    let out = arena.alloc_slice_fill_copy(text.len() + 1, 0);
    out[..text.len()].copy_from_slice(text);
    out
}

/// A directory as the format writes it.
pub fn without_slash(path: &[u8]) -> &[u8] {
    match path {
        [head @ .., b'/'] if !head.is_empty() => head,
        _ => path,
    }
}

/// A unix socket's name goes into the tuple; the name of a file whose string could not be read is the kernel's.
fn named<'a>(params: &mut [&'a [u8]], info: &EventInfo, event: &Event<'a>, arena: &'a Bump) {
    let Some(ext) = &event.ext else { return };
    for (param, of) in params.iter_mut().zip(&info.params) {
        match of.ty {
            Type::SockTuple => {
                if let (Some(head), Some(name)) = (unnamed_tuple(param), ext.unix_path) {
                    *param = unix_tuple(head, name, arena);
                }
            }
            Type::FsPath | Type::FsRelPath if param.is_empty() && info.program == "open" => {
                let item = ext.real.iter().flatten().find(|item| item.param == PathItem::DESCRIPTOR);
                if let Some(item) = item.filter(|item| item.flags == 0) {
                    *param = terminated(item.text, arena);
                }
            }
            _ => {}
        }
    }
}

fn unnamed_tuple(param: &[u8]) -> Option<&[u8]> {
    let (head, name) = param.split_at_checked(UNIX_TUPLE_HEAD)?;
    (head.first() == Some(&AF_UNIX) && until_nul(name).is_empty()).then_some(head)
}

/// An abstract name begins with a NUL, which is written as an at sign.
fn unix_tuple<'a>(head: &[u8], name: &[u8], arena: &'a Bump) -> &'a [u8] {
    let mut out = BumpVec::from_iter_in(head.iter().copied(), arena);
    match name.split_first() {
        Some((0, rest)) => {
            out.push(b'@');
            out.extend_from_slice(until_nul(rest));
        }
        _ => out.extend_from_slice(until_nul(name)),
    }
    out.push(0);
    out.into_bump_slice()
}
