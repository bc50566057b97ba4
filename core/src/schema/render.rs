//! Text of parameters: the raw form, the resolved form, and what `evt.arg` and `evt.args` make of the two.

use std::fmt::{self, Write};
use std::net::IpAddr;

use bumpalo::Bump;
use bumpalo::collections::Vec as BumpVec;

use super::events::EventInfo;
use super::localtime;
use super::names;
use super::params::{Format, ParamInfo, ip, signed, text, unsigned};
use crate::event::Event;
use crate::value::Type;

/// Longest rendering of a byte buffer.
pub const BUFFER_LIMIT: usize = 1023;

const AF_UNIX: u8 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const AT_FDCWD: i64 = -100;

/// A descriptor as rendered inside arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FdText<'a> {
    /// Letter of `fd.typechar`.
    pub kind: char,
    /// `t` TCP, `u` UDP, `i` ICMP, `r` raw.
    pub protocol: Option<char>,
    pub name: &'a [u8],
}

/// What a resolved form looks up outside the event; everything is unknown by default.
pub trait Resolve {
    fn fd(&self, _fd: i64) -> Option<FdText<'_>> {
        None
    }
    /// Short name of the thread.
    fn comm(&self, _tid: i64) -> Option<&[u8]> {
        None
    }
    fn user(&self, _uid: u32) -> Option<&[u8]> {
        None
    }
    fn group(&self, _gid: u32) -> Option<&[u8]> {
        None
    }
    /// Absolute form of the path in parameter `index`.
    fn path(&self, _index: usize) -> Option<&[u8]> {
        None
    }
    /// Byte buffers are shown in base64 (`buffer_format_base64`).
    fn base64(&self) -> bool {
        false
    }
}

/// Resolves nothing.
pub struct Unresolved;

impl Resolve for Unresolved {}

/// Bytes under construction.
pub type Out<'b> = BumpVec<'b, u8>;

/// Lets `write!` append to bytes; it never fails.
pub struct Text<'o, 'b>(pub &'o mut Out<'b>);

impl Write for Text<'_, '_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0.extend_from_slice(s.as_bytes());
        Ok(())
    }
}

macro_rules! put {
    ($out:expr, $($arg:tt)*) => { let _ = write!(Text($out), $($arg)*); };
}

/// `evt.arg`: the resolved form of parameter `index`, or the raw form where there is none; `None` when the
/// event has no such parameter.
pub fn argument<'b>(
    info: &EventInfo,
    event: &Event<'_>,
    index: usize,
    resolve: &dyn Resolve,
    arena: &'b Bump,
) -> Option<&'b [u8]> {
    let param = info.params.get(index)?;
    let bytes = event.param(index).unwrap_or_default();
    let mut out = Out::new_in(arena);
    resolved(param, index, bytes, resolve, &mut out);
    if out.is_empty() {
        raw(param, bytes, resolve, &mut out);
    }
    Some(out.into_bump_slice())
}

/// `evt.args`: every parameter as `name=raw` or `name=raw(resolved)`, separated by blanks. Empty for generic events.
pub fn arguments<'b>(info: &EventInfo, event: &Event<'_>, resolve: &dyn Resolve, arena: &'b Bump) -> &'b [u8] {
    let mut out = Out::new_in(arena);
    if info.id == super::GENERIC {
        return out.into_bump_slice();
    }
    for (index, param) in info.params.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        let bytes = event.param(index).unwrap_or_default();
        put!(&mut out, "{}=", param.name);
        raw(param, bytes, resolve, &mut out);
        let open = out.len();
        out.push(b'(');
        resolved(param, index, bytes, resolve, &mut out);
        if out.len() == open + 1 {
            out.truncate(open);
        } else {
            out.push(b')');
        }
    }
    out.into_bump_slice()
}

/// Appends the raw form of a parameter; an empty one is `<NA>`, or `NULL` if it is a buffer or a composite.
pub fn raw(param: &ParamInfo, bytes: &[u8], resolve: &dyn Resolve, out: &mut Out<'_>) {
    let Some((param, bytes)) = param.variant(bytes).filter(|(_, b)| !b.is_empty()) else {
        let null = matches!(param.ty, Type::ByteBuf | Type::SockTuple | Type::FdList | Type::Dyn);
        out.extend_from_slice(if null { b"NULL" } else { b"<NA>" });
        return;
    };
    match param.ty {
        Type::CharBuf | Type::FsPath | Type::FsRelPath => out.extend_from_slice(text(bytes)),
        Type::ByteBuf => buffer(bytes, resolve.base64(), out),
        Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 => {
            number(param.format, signed(bytes), bytes.len(), out);
        }
        Type::Fd | Type::Pid | Type::Errno => number(Format::Dec, signed(bytes), 8, out),
        Type::Uint8 | Type::Uint16 | Type::Uint32 | Type::Uint64 | Type::Port | Type::Mode => {
            unsigned_number(param.format, unsigned(bytes), out);
        }
        Type::Uid | Type::Gid => match unsigned(bytes) {
            Some(0xffff_ffff) => out.extend_from_slice(b"-1"),
            id => unsigned_number(Format::Dec, id, out),
        },
        Type::RelTime => match unsigned(bytes) {
            Some(u64::MAX) => out.extend_from_slice(b"none"),
            ns => unsigned_number(Format::Dec, ns, out),
        },
        Type::AbsTime => {
            let time = localtime::local(unsigned(bytes).unwrap_or(0));
            let mut out = Text(out);
            let _ = time.date(&mut out);
            let _ = out.write_char(' ');
            let _ = time.clock_ns(&mut out);
            let _ = out.write_char(' ');
            let _ = time.zone(&mut out);
        }
        Type::SigSet => signal_set(unsigned(bytes).unwrap_or(0), out),
        Type::SockAddr => sockaddr(bytes, out),
        Type::SockTuple => socktuple(bytes, out),
        Type::FdList => fdlist(bytes, resolve, out),
        Type::IpAddr | Type::IpNet => {
            if let Some(addr) = ip(bytes) {
                put!(out, "{addr}");
            }
        }
        _ => unsigned_number(Format::Dec, unsigned(bytes), out),
    }
}

/// Appends the resolved form of parameter `index`, or nothing where it has none.
pub fn resolved(param: &ParamInfo, index: usize, bytes: &[u8], resolve: &dyn Resolve, out: &mut Out<'_>) {
    let Some((param, bytes)) = param.variant(bytes).filter(|(_, b)| !b.is_empty()) else { return };
    let unsigned = || unsigned(bytes).unwrap_or(0);
    match param.ty {
        Type::Fd => descriptor(signed(bytes).unwrap_or(0), resolve, out),
        Type::Pid => out.extend_from_slice(resolve.comm(signed(bytes).unwrap_or(-1)).unwrap_or_default()),
        Type::Errno => error_name(signed(bytes).unwrap_or(0), out),
        Type::FsPath | Type::FsRelPath if !matches!(text(bytes), [b'/', ..] | b"<NA>") => {
            out.extend_from_slice(resolve.path(index).unwrap_or_default());
        }
        Type::Uid => out.extend_from_slice(owner(unsigned(), |id| resolve.user(id))),
        Type::Gid => out.extend_from_slice(owner(unsigned(), |id| resolve.group(id))),
        Type::SigType => out.extend_from_slice(names::signal(unsigned()).unwrap_or_default().as_bytes()),
        Type::SyscallId => {
            let call = u16::try_from(unsigned()).ok().and_then(super::syscall);
            out.extend_from_slice(call.map_or("", |c| c.name).as_bytes());
        }
        Type::RelTime if unsigned() != u64::MAX => {
            put!(out, "{}s", General(unsigned() as f64 / 1e9));
        }
        Type::Mode
        | Type::Flags8
        | Type::Flags16
        | Type::Flags32
        | Type::EnumFlags8
        | Type::EnumFlags16
        | Type::EnumFlags32 => flag_names(param, unsigned(), out),
        _ => {}
    }
}

fn owner<'a>(id: u64, name: impl Fn(u32) -> Option<&'a [u8]>) -> &'a [u8] {
    match u32::try_from(id) {
        Ok(u32::MAX) => b"<NONE>",
        Ok(id) => name(id).unwrap_or(b"<NA>"),
        Err(_) => b"<NA>",
    }
}

fn error_name(result: i64, out: &mut Out<'_>) {
    if result < 0 {
        out.extend_from_slice(names::errno(result.unsigned_abs()).unwrap_or_default().as_bytes());
    }
}

fn descriptor(fd: i64, resolve: &dyn Resolve, out: &mut Out<'_>) {
    if fd == AT_FDCWD {
        out.extend_from_slice(b"AT_FDCWD");
    } else if fd < 0 {
        error_name(fd, out);
    } else if let Some(known) = resolve.fd(fd) {
        put!(out, "<{}", known.kind);
        if let Some(protocol) = known.protocol {
            put!(out, "{protocol}");
        }
        out.push(b'>');
        out.extend_from_slice(known.name);
    }
}

fn flag_names(param: &ParamInfo, value: u64, out: &mut Out<'_>) {
    let Some(table) = param.flags_table else { return };
    let start = out.len();
    table.names(param.ty, value, |name| {
        if out.len() > start {
            out.push(b'|');
        }
        out.extend_from_slice(name.as_bytes());
    });
}

fn number(format: Format, value: Option<i64>, width: usize, out: &mut Out<'_>) {
    let Some(value) = value else { return };
    if matches!(format, Format::Hex | Format::Oct) && width < 8 {
        // Hexadecimal and octal show the bits of the value's own width.
        let mask = (1u64 << (width * 8)) - 1;
        return unsigned_number(format, Some(value as u64 & mask), out);
    }
    if matches!(format, Format::Hex | Format::Oct) {
        return unsigned_number(format, Some(value as u64), out);
    }
    put!(out, "{value}");
}

/// Appends a number in a parameter's or field's format.
pub fn unsigned_number(format: Format, value: Option<u64>, out: &mut Out<'_>) {
    let Some(value) = value else { return };
    match format {
        Format::Hex => {
            put!(out, "{value:X}");
        }
        Format::Oct if value != 0 => {
            put!(out, "0{value:o}");
        }
        Format::Dec09 => {
            put!(out, "{value:09}");
        }
        Format::Oct | Format::Dec | Format::Na => {
            put!(out, "{value}");
        }
    }
}

/// Appends bytes as text: whatever is not printable ASCII becomes a dot, or all of it base64.
pub fn buffer(bytes: &[u8], base64: bool, out: &mut Out<'_>) {
    if base64 {
        return encode_base64(bytes, out);
    }
    let shown = if bytes.len() > BUFFER_LIMIT { &bytes[..BUFFER_LIMIT - 3] } else { bytes };
    out.extend(shown.iter().map(|b| if matches!(b, 0x20..=0x7e) { *b } else { b'.' }));
    if shown.len() < bytes.len() {
        out.extend_from_slice(b"...");
    }
}

/// Appends the base64 text of `bytes`, padded.
pub fn encode_base64(bytes: &[u8], out: &mut Out<'_>) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let index = (word >> (18 - 6 * digit)) & 63;
            out.push(if digit <= chunk.len() { ALPHABET[index as usize] } else { b'=' });
        }
    }
}

fn signal_set(bits: u64, out: &mut Out<'_>) {
    let start = out.len();
    for name in (0..32).filter(|bit| bits >> bit & 1 == 1).filter_map(|bit| names::signal(bit + 1)) {
        if out.len() > start {
            out.push(b' ');
        }
        out.extend_from_slice(name.as_bytes());
    }
}

fn endpoint(bytes: &[u8], out: &mut Out<'_>) {
    let (addr, port) = bytes.split_at(bytes.len() - 2);
    if let (Some(addr), Some(port)) = (ip(addr), unsigned(port)) {
        put!(out, "{addr}:{port}");
    }
}

fn sockaddr(bytes: &[u8], out: &mut Out<'_>) {
    match (bytes[0], &bytes[1..]) {
        // An abstract name begins with a NUL, which tools show as an at sign.
        (AF_UNIX, [0, name @ ..]) if !text(name).is_empty() => {
            out.push(b'@');
            out.extend_from_slice(text(name));
        }
        (AF_UNIX, path) => out.extend_from_slice(text(path)),
        (AF_INET, rest) if rest.len() >= 6 => endpoint(&rest[..6], out),
        (AF_INET6, rest) if rest.len() >= 18 => endpoint(&rest[..18], out),
        _ => {}
    }
}

fn socktuple(bytes: &[u8], out: &mut Out<'_>) {
    let (family, rest) = (bytes[0], &bytes[1..]);
    match family {
        AF_UNIX if rest.len() >= 16 => {
            let (source, dest) = (unsigned(&rest[..8]).unwrap_or(0), unsigned(&rest[8..16]).unwrap_or(0));
            put!(out, "{source:x}->{dest:x} ");
            out.extend_from_slice(text(&rest[16..]));
        }
        AF_INET if rest.len() >= 12 => pair(&rest[..6], &rest[6..12], out),
        AF_INET6 if rest.len() >= 36 => match mapped(rest) {
            Some(v4) => pair(&v4[..6], &v4[6..], out),
            None => pair(&rest[..18], &rest[18..36], out),
        },
        _ => {}
    }
}

/// A tuple whose two ends are IPv4 addresses mapped into IPv6, as an IPv4 tuple.
fn mapped(rest: &[u8]) -> Option<[u8; 12]> {
    let half = |b: &[u8]| match ip(b.get(..16)?)? {
        IpAddr::V6(v6) => Some((v6.to_ipv4_mapped()?.octets(), [*b.get(16)?, *b.get(17)?])),
        IpAddr::V4(_) => None,
    };
    let ((a, ap), (b, bp)) = (half(rest)?, half(rest.get(18..)?)?);
    let mut tuple = [0; 12];
    tuple[..4].copy_from_slice(&a);
    tuple[4..6].copy_from_slice(&ap);
    tuple[6..10].copy_from_slice(&b);
    tuple[10..].copy_from_slice(&bp);
    Some(tuple)
}

fn pair(source: &[u8], dest: &[u8], out: &mut Out<'_>) {
    endpoint(source, out);
    out.extend_from_slice(b"->");
    endpoint(dest, out);
}

fn fdlist(bytes: &[u8], resolve: &dyn Resolve, out: &mut Out<'_>) {
    let Some((count, items)) = bytes.split_first_chunk::<2>() else { return };
    let count = usize::from(u16::from_le_bytes(*count));
    for (at, item) in items.chunks_exact(10).take(count).enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        let (fd, events) = (signed(&item[..8]).unwrap_or(-1), unsigned(&item[8..]).unwrap_or(0));
        let kind = resolve.fd(fd).map_or('o', |f| f.kind);
        put!(out, "{fd}:{kind}{events:x}");
    }
}

/// A number as C prints it with `%g`: six significant digits, exponent only when it is large or small.
pub struct General(pub f64);

impl fmt::Display for General {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scientific = format!("{:.5e}", self.0);
        let Some((digits, exponent)) = scientific.split_once('e') else { return f.write_str(&scientific) };
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if (-4..6).contains(&exponent) {
            let places = usize::try_from(5 - exponent).unwrap_or(0);
            f.write_str(trim_zeros(&format!("{:.places$}", self.0)))
        } else {
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(f, "{}e{sign}{:02}", trim_zeros(digits), exponent.abs())
        }
    }
}

fn trim_zeros(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
