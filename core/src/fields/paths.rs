//! The two names of every path: the given one, as the caller wrote it made absolute, and the file's real one.

use std::sync::OnceLock;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use super::Ctx;
use crate::event::{Event, PathItem};
use crate::params::Params;
use crate::schema::{self, EventFlags, EventInfo};
use crate::state::captured::record::Record;
use crate::state::wire::exec;

/// Stands for a directory that is not known.
pub const UNKNOWN: &[u8] = b"<UNKNOWN>";
/// Longest name; longer ones become [`TOO_LONG`].
const NAME_MAX: usize = 1024;
const TOO_LONG: &[u8] = b"/DIR_TOO_LONG/FILENAME_TOO_LONG";
const AT_FDCWD: i64 = -100;
/// [`PathItem::flags`].
const CUT: u8 = 1;
const DELETED: u8 = 2;

/// Positions of an event's path parameters, in order; the i-th is bit i of a path choice.
pub fn path_params(id: u16) -> &'static [u8] {
    static CELL: OnceLock<Vec<Box<[u8]>>> = OnceLock::new();
    let table = CELL.get_or_init(|| {
        let mut table = vec![Box::default(); schema::events().last().map_or(0, |e| usize::from(e.id) + 1)];
        for info in schema::events() {
            let paths = info.params.iter().enumerate().filter(|(_, p)| p.is_path());
            table[usize::from(info.id)] = paths.filter_map(|(i, _)| u8::try_from(i).ok()).take(8).collect();
        }
        table
    });
    table.get(usize::from(id)).map_or(&[], |paths| paths)
}

/// `path` made absolute from `base`, with `.`, `..` and doubled slashes folded and no trailing slash.
pub fn join<'a>(base: &[u8], path: &'a [u8], arena: &'a Bump) -> &'a [u8] {
    if is_plain(path) {
        return path;
    }
    let mut out = BumpVec::with_capacity_in(base.len() + path.len() + 2, arena);
    if !path.starts_with(b"/") {
        if base.starts_with(b"/") {
            fold(&mut out, 0, base);
        } else {
            out.extend_from_slice(UNKNOWN);
        }
    }
    let floor = if out.starts_with(b"/") { 0 } else { out.len() };
    fold(&mut out, floor, path);
    if out.is_empty() {
        out.push(b'/');
    }
    if out.len() >= NAME_MAX { TOO_LONG } else { out.into_bump_slice() }
}

/// Appends the components of `path`; `..` never cuts below `floor`.
fn fold(out: &mut BumpVec<'_, u8>, floor: usize, path: &[u8]) {
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => {
                let parent = out.iter().rposition(|b| *b == b'/').unwrap_or(0);
                out.truncate(parent.max(floor));
            }
            name => {
                out.push(b'/');
                out.extend_from_slice(name);
            }
        }
    }
}

/// Whether a path is absolute and has nothing to fold.
fn is_plain(path: &[u8]) -> bool {
    let Some((b'/', rest)) = path.split_first() else { return false };
    path.len() < NAME_MAX && (rest.is_empty() || rest.split(|b| *b == b'/').all(|p| !matches!(p, b"" | b"." | b"..")))
}

fn item<'a>(items: &[Option<PathItem<'a>>], param: u8) -> Option<PathItem<'a>> {
    items.iter().flatten().find(|item| item.param == param).copied()
}

/// The directory that the kernel resolved a relative parameter from.
pub fn base_of<'a>(event: &Event<'a>, param: usize) -> Option<&'a [u8]> {
    Some(item(&event.ext.as_ref()?.base, u8::try_from(param).ok()?)?.text)
}

/// The directory that a relative parameter starts from, also where the sensor left it out because the real name
/// is that directory and the text.
pub fn directory_of_relative<'a>(event: &Event<'a>, param: usize) -> Option<&'a [u8]> {
    if let Some(base) = base_of(event, param) {
        return Some(base);
    }
    let text = event.text(param).filter(|text| !text.starts_with(b"/"))?;
    real(event, param)?.strip_suffix(text)?.strip_suffix(b"/")
}

pub fn text_of(item: PathItem<'_>) -> &[u8] {
    match item.text.strip_suffix(b" (deleted)") {
        Some(name) if item.flags & DELETED != 0 => name,
        _ => item.text,
    }
}

/// Real name of the event's descriptor.
pub fn of_descriptor<'a>(event: &Event<'a>) -> Option<&'a [u8]> {
    item(&event.ext.as_ref()?.real, PathItem::DESCRIPTOR).map(text_of)
}

/// What the sensor resolved for a path parameter; a new descriptor is what its only path led to.
fn real_item<'a>(event: &Event<'a>, param: usize) -> Option<PathItem<'a>> {
    let real = &event.ext.as_ref()?.real;
    let own = item(real, u8::try_from(param).ok()?);
    own.or_else(|| if opens(event) { item(real, PathItem::DESCRIPTOR) } else { None })
}

fn opens(event: &Event<'_>) -> bool {
    schema::event(event.id).is_some_and(|e| e.flags.has(EventFlags::CREATES_FD)) && path_params(event.id).len() == 1
}

/// Real name of the file that a path parameter led to; cut ones have only their tail.
pub fn real<'a>(event: &Event<'a>, param: usize) -> Option<&'a [u8]> {
    real_item(event, param).map(text_of)
}

/// The name that a path parameter gives, made absolute; `None` when it is empty.
pub fn given<'a>(ctx: &Ctx<'a>, param: usize) -> Option<&'a [u8]> {
    let text = ctx.event.text(param)?;
    if text.starts_with(b"/") || text == b"<NA>" {
        return Some(if text == b"<NA>" { text } else { join(b"", text, ctx.arena) });
    }
    match base_of(ctx.event, param) {
        Some(base) => Some(join(base, text, ctx.arena)),
        None => real(ctx.event, param).or_else(|| Some(join(directory_of(ctx, param), text, ctx.arena))),
    }
}

/// The directory of a relative parameter as far as the event and the process's record tell.
fn directory_of<'a>(ctx: &Ctx<'a>, param: usize) -> &'a [u8] {
    let dirfd = schema::event(ctx.event.id).and_then(|e| e.params.get(param)?.base);
    match dirfd.map(|at| ctx.event.int(usize::from(at))) {
        None | Some(Some(AT_FDCWD)) => ctx.state.process_of(ctx.event).map_or(UNKNOWN, |p| &p.cwd),
        Some(fd) => {
            let recorded = fd.and_then(|fd| ctx.state.descriptor(ctx.event, fd)).map(Record::name);
            recorded.filter(|name| !name.is_empty()).or(of_descriptor(ctx.event)).unwrap_or(UNKNOWN)
        }
    }
}

/// The name of a path parameter that the current choice asks for.
pub fn chosen<'a>(ctx: &Ctx<'a>, param: usize) -> Option<&'a [u8]> {
    if wants_real(ctx, param)
        && let Some(name) = real(ctx.event, param)
    {
        return Some(name);
    }
    given(ctx, param)
}

/// Whether the current choice reads a path parameter under its real name.
pub fn wants_real(ctx: &Ctx<'_>, param: usize) -> bool {
    ctx.choice.real != 0
        && path_params(ctx.event.id)
            .iter()
            .position(|p| usize::from(*p) == param)
            .is_some_and(|bit| ctx.choice.real >> bit & 1 == 1)
}

/// The event's own path parameter where it has exactly one (opens, unlink, mkdir, chmod …).
pub fn single(info: &EventInfo) -> Option<usize> {
    match path_params(info.id) {
        [one] => Some(usize::from(*one)),
        _ => None,
    }
}

/// Bit i: the event's i-th path has a real name that is not its given one. Aliases of the distribution are the same name.
pub fn differing(ctx: &Ctx<'_>) -> u8 {
    if ctx.event.ext.as_ref().is_none_or(|ext| ext.real[0].is_none()) {
        return 0;
    }
    let params = path_params(ctx.event.id).iter().enumerate();
    params.filter(|(_, param)| differs(ctx, usize::from(**param))).fold(0, |bits, (i, _)| bits | 1 << i)
}

fn differs(ctx: &Ctx<'_>, param: usize) -> bool {
    let (Some(item), Some(given)) = (real_item(ctx.event, param), given(ctx, param)) else { return false };
    let real = text_of(item);
    if item.flags & CUT != 0 {
        return !given.ends_with(real);
    }
    given != real && !ctx.state.aliases.same(given, real)
}

/// Real name of the executable where it is not the one the kernel reported.
pub fn real_exepath<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    let execs = matches!(ctx.event.id, exec::ID | exec::EXECVEAT);
    (execs && wants_real(ctx, exec::EXEPATH)).then(|| real(ctx.event, exec::EXEPATH)).flatten()
}

/// The part before the last slash; the root's own and a name without one give `/`.
pub fn directory(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|b| *b == b'/') {
        None | Some(0) => b"/",
        Some(at) if at + 1 == path.len() => path,
        Some(at) => &path[..at],
    }
}

/// The part after the last slash; `/` where there is none.
pub fn filename(path: &[u8]) -> &[u8] {
    match path.iter().rposition(|b| *b == b'/') {
        None => b"/",
        Some(_) if path == b"/" => b"/",
        Some(at) => &path[at + 1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(base: &str, path: &str) -> String {
        String::from_utf8_lossy(join(base.as_bytes(), path.as_bytes(), &Bump::new())).into_owned()
    }

    #[test]
    fn names_are_folded_lexically() {
        for (base, path, expected) in [
            ("", "/etc/shadow", "/etc/shadow"),
            ("", "/etc/../etc/shadow", "/etc/shadow"),
            ("", "//etc/./shadow/", "/etc/shadow"),
            ("", "/../..", "/"),
            ("", "/", "/"),
            ("/etc/", "shadow", "/etc/shadow"),
            ("/etc", "../tmp/x", "/tmp/x"),
            ("/", "..", "/"),
            ("/etc/", "", "/etc"),
            ("/a/b", "...", "/a/b/..."),
            ("", "x", "<UNKNOWN>/x"),
            ("<UNKNOWN>", "../../x", "<UNKNOWN>/x"),
        ] {
            assert_eq!(joined(base, path), expected, "{base} {path}");
        }
        assert_eq!(joined("/", &"x/".repeat(600)), "/DIR_TOO_LONG/FILENAME_TOO_LONG");
        assert_eq!(joined("/", &"x/../".repeat(600)), "/");
    }

    #[test]
    fn directories_and_file_names() {
        for (path, dir, file) in [
            ("/etc/shadow", "/etc", "shadow"),
            ("/shadow", "/", "shadow"),
            ("/", "/", "/"),
            ("x", "/", "/"),
            ("/a/b/", "/a/b/", ""),
        ] {
            assert_eq!(
                (directory(path.as_bytes()), filename(path.as_bytes())),
                (dir.as_bytes(), file.as_bytes()),
                "{path}"
            );
        }
    }

    #[test]
    fn path_parameters_are_those_of_the_schema() {
        let named = |id: u16| -> Vec<&str> {
            let params = &schema::event(id).expect("a current event").params;
            path_params(id).iter().map(|i| params[usize::from(*i)].name).collect()
        };
        assert_eq!(named(307), ["name"]);
        assert_eq!(named(319), ["oldpath", "newpath"]);
        assert_eq!(named(exec::ID), ["trusted_exepath", "filename"]);
        assert_eq!(named(9), [""; 0]);
    }
}
