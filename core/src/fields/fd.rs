//! `fd.*`: the event's descriptor, whatever it is.

use bumpalo::collections::Vec as BumpVec;

use super::declare::fields;
use super::descriptor::{self, Descriptor, Object};
use super::paths;
use super::subject;
use super::{Arg, Ctx};
use crate::event::fd_kind;
use crate::params::Params;
use crate::schema;
use crate::value::Value;

/// The part of device numbers that `stat` shows as minor.
fn minor(dev: u32) -> i32 {
    ((dev & 0xff) | (dev >> 12 & 0xfff00)) as i32
}

fn directory<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    let descriptor = Descriptor::of(ctx)?;
    let name = descriptor.name(ctx)?;
    match kind_or_guess(&descriptor, ctx)? {
        fd_kind::FILE | fd_kind::FILE_V2 => Some(paths::directory(name)),
        fd_kind::DIRECTORY => Some(name),
        _ => None,
    }
}

/// A failed open has no descriptor; its name is a file's all the same.
fn kind_or_guess(descriptor: &Descriptor<'_>, ctx: &Ctx<'_>) -> Option<u8> {
    descriptor.kind(ctx).or_else(|| descriptor.path_param().map(|_| fd_kind::FILE))
}

/// `text` with every run of slashes made one.
fn collapsed<'a>(ctx: &Ctx<'a>, text: &'a [u8]) -> &'a [u8] {
    if !text.windows(2).any(|pair| pair == b"//") {
        return text;
    }
    let mut out = BumpVec::with_capacity_in(text.len(), ctx.arena);
    for byte in text {
        if *byte != b'/' || out.last() != Some(&b'/') {
            out.push(*byte);
        }
    }
    out.into_bump_slice()
}

/// Words of the kinds of all open descriptors, each once, or of one by its number.
fn types<'a>(ctx: &Ctx<'a>, arg: &Arg) -> Option<&'a [Value<'a>]> {
    let mut kinds = BumpVec::new_in(ctx.arena);
    if let Some(fd) = subject::index(arg) {
        kinds.push(Descriptor::numbered(ctx, i64::from(fd))?.kind(ctx)?);
    } else if let Some(table) = ctx.state.table(ctx.event.tid) {
        kinds.extend(table.iter().map(|(_, record)| record.kind));
    } else {
        kinds.extend(ctx.event.ext.as_ref()?.table?.kinds().map(descriptor::kind_of_word));
    }
    let mut values = BumpVec::with_capacity_in(kinds.len(), ctx.arena);
    for word in kinds.into_iter().map(descriptor::word) {
        let value = Value::Text(word.as_bytes());
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Some(values.into_bump_slice())
}

fn in_container<'a>(ctx: &Ctx<'a>, name: Option<&'a [u8]>) -> Option<&'a [u8]> {
    Some(subject::join(ctx, b":", [super::container::id(ctx)?, name?].into_iter()))
}

fields! {
    "fd";

    /// The container's id, a colon, and what fd.directory has.
    "fd.containerdirectory" "FD Container Directory" CharBuf path = true => |c| in_container(c, directory(c));

    /// The container's id, a colon, and what fd.name has.
    "fd.containername" "FD Container Name" CharBuf path = true => |c| in_container(c, Descriptor::of(c)?.name(c));

    /// Device number of the file, as stat shows it.
    "fd.dev" "FD Device" Int32 {"print=hex"} => |c| Some(Descriptor::of(c)?.file()?.dev as i32);

    /// Major part of the device number.
    "fd.dev.major" "FD Major Device" Int32 => |c| Some((Descriptor::of(c)?.file()?.dev >> 8 & 0xfff) as i32);

    /// Minor part of the device number.
    "fd.dev.minor" "FD Minor Device" Int32 => |c| Some(minor(Descriptor::of(c)?.file()?.dev));

    /// Directory that the file is in; a directory's is itself.
    "fd.directory" "FD Directory" CharBuf path = true => |c| directory(c);

    /// The file's name without its directory.
    "fd.filename" "FD Filename" CharBuf path = true => |c| {
        let descriptor = Descriptor::of(c)?;
        let kind = kind_or_guess(&descriptor, c)?;
        matches!(kind, fd_kind::FILE | fd_kind::FILE_V2).then(|| descriptor.name(c)).flatten().map(paths::filename)
    };

    /// Inode number; 0 where it is not known.
    "fd.ino" "FD Inode Number" Int64 => |c| match Descriptor::of(c)?.object {
        Object::File(file) => Some(file.ino as i64),
        Object::Socket(socket) => Some(socket.ino as i64),
        Object::Nothing => None,
    };

    /// The file came with the image: it lies in the lower layer of an overlay.
    "fd.is_lower_layer" "FD Lower Layer" Bool => |c| Some(Descriptor::of(c)?.file().is_some_and(|file| file.layer == 2));

    /// The file was added or changed in the container: it lies in the upper layer of an overlay.
    "fd.is_upper_layer" "FD Upper Layer" Bool => |c| Some(Descriptor::of(c)?.file().is_some_and(|file| file.layer == 1));

    /// Absolute path of a file, connection of a socket.
    "fd.name" "FD Name" CharBuf path = true => |c| Descriptor::of(c)?.name(c);

    /// Path as the caller wrote it, doubled slashes apart.
    "fd.nameraw" "FD Name Raw" CharBuf => |c| {
        let descriptor = Descriptor::of(c)?;
        match descriptor.path_param().and_then(|param| c.event.text(param)) {
            Some(text) => Some(collapsed(c, text)),
            None => descriptor.name(c),
        }
    };

    /// Number of the descriptor; -1 when the call that would have made it failed.
    "fd.num" "FD Number" Int64 => |c| Some(Descriptor::of(c)?.fd);

    /// The file's own path, whatever name the caller used.
    "fd.realpath" "FD Real Path" CharBuf => |c| {
        let info = schema::event(c.event.id)?;
        match paths::single(info).and_then(|param| paths::real(c.event, param)) {
            Some(name) => Some(name),
            None => paths::of_descriptor(c.event).filter(|name| name.starts_with(b"/")),
        }
    };

    /// Kind of descriptor as a word.
    "fd.type" "FD Type" CharBuf => |c| Some(descriptor::word(Descriptor::of(c)?.kind(c)?).as_bytes());

    /// Kind of descriptor as a letter.
    "fd.typechar" "FD Type Char" CharBuf => |c| {
        let letter = Descriptor::of(c)?.letter(c);
        Some(subject::format(c, format_args!("{letter}")))
    };

    /// Kinds of all open descriptors (live: of the first 256), or of one by its number (live: below 64).
    "fd.types" "FD Type" CharBufs [index] {"no-rhs"} => |c, arg| types(c, arg);

    /// Thread id and descriptor number, one directly after the other.
    "fd.uid" "FD ID" CharBuf => |c| {
        let fd = Descriptor::of(c)?.fd;
        Some(subject::format(c, format_args!("{}{fd}", c.event.tid)))
    };
}
