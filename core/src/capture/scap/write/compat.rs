//! Events as readers of 2022 know them: an enter and an exit event for each call, with the parameters of that time.

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use super::event::{Written, event};
use crate::schema::{self, CompatEvent, CompatParam, EventInfo, ParamInfo, Type};

/// Lays the blocks that stand for a current event: two of a system call, one of a tracepoint, none where those readers
/// have nothing like it. Returns how many.
///
/// The moment a call began is not known; both events have the time of its end.
pub fn events(out: &mut Vec<u8>, written: &Written<'_>, arena: &Bump) -> usize {
    let Some(info) = schema::event(written.id) else { return 0 };
    match schema::compat(written.id) {
        Some(row) => {
            let enter = row.enter.as_ref().filter(|_| !is_birth(written));
            let told = enter.into_iter().chain([&row.exit]);
            told.filter(|old| one(out, info, old, written, arena)).count()
        }
        None if info.is_syscall() => generic(out, info, written),
        None => 0,
    }
}

/// A child never entered the call that it returns from; an enter event would make those readers take it for a process
/// whose birth they missed.
fn is_birth(written: &Written<'_>) -> bool {
    use crate::state::wire::clone;
    let clones = matches!(written.id, clone::ID | clone::FORK | clone::VFORK | clone::CLONE3);
    clones && written.params.first().is_some_and(|res| !res.is_empty() && res.iter().all(|b| *b == 0))
}

fn one(out: &mut Vec<u8>, info: &EventInfo, old: &CompatEvent, written: &Written<'_>, arena: &Bump) -> bool {
    let mut params = BumpVec::with_capacity_in(old.params.len(), arena);
    for param in &old.params {
        params.push(match param {
            CompatParam::Copied { index, width } => {
                let bytes = written.params.get(*index).copied().unwrap_or_default();
                match info.params.get(*index) {
                    Some(param) => present(param, bytes, *width, arena),
                    None => bytes,
                }
            }
            CompatParam::Number { value, width } => {
                arena.alloc_slice_copy(value.to_le_bytes().get(..*width).unwrap_or_default())
            }
        });
    }
    event(out, &Written { id: old.id, params: &params, ..*written })
}

/// Those readers take it for granted that a number has its width and a string its NUL.
fn present<'a>(param: &ParamInfo, bytes: &'a [u8], width: Option<usize>, arena: &'a Bump) -> &'a [u8] {
    if bytes.is_empty() {
        return missing(param, width);
    }
    match width {
        Some(width) if width != bytes.len() => {
            let mut wide = [0; 8];
            let kept = bytes.len().min(8);
            wide[..kept].copy_from_slice(&bytes[..kept]);
            arena.alloc_slice_copy(wide.get(..width).unwrap_or(&wide))
        }
        _ => bytes,
    }
}

fn missing(param: &ParamInfo, width: Option<usize>) -> &'static [u8] {
    const ZEROS: &[u8] = &[0; 16];
    const ONES: &[u8] = &[0xff; 8];
    let width = width.unwrap_or(usize::from(schema::width_of(param.ty)));
    match param.ty {
        Type::CharBuf | Type::FsPath | Type::FsRelPath => &ZEROS[..1],
        Type::FdList => &ZEROS[..2],
        // Variant 0 and its value.
        Type::Dyn => &ZEROS[..9],
        Type::Fd | Type::Uid | Type::Gid => ONES.get(..width).unwrap_or_default(),
        _ => ZEROS.get(..width).unwrap_or_default(),
    }
}

/// Ids of the pair for calls without events of their own.
const GENERIC_ENTER: u16 = 0;
const GENERIC_EXIT: u16 = 1;

fn generic(out: &mut Vec<u8>, info: &EventInfo, written: &Written<'_>) -> usize {
    let (code, native) = match written.params {
        [code, native] if info.id == schema::GENERIC => (number(code), number(native)),
        _ => numbers_of(info),
    };
    // A number beyond their table would be read as one.
    let code = if code < schema::COMPAT_CODES { code } else { 0 };
    let (code, native) = (code.to_le_bytes(), native.to_le_bytes());
    let enter = event(out, &Written { id: GENERIC_ENTER, params: &[&code, &native], ..*written });
    let exit = event(out, &Written { id: GENERIC_EXIT, params: &[&code], ..*written });
    usize::from(enter) + usize::from(exit)
}

fn number(bytes: &[u8]) -> u16 {
    bytes.try_into().map_or(0, u16::from_le_bytes)
}

/// Code and native number of the first call that produces an event.
fn numbers_of(info: &EventInfo) -> (u16, u16) {
    let call = schema::syscalls().iter().find(|call| call.event == info.id);
    call.map_or((0, 0), |call| (call.code, call.native.unwrap_or(0)))
}
