//! `fdlist.*`: the descriptors that poll and ppoll wait for.

use std::fmt::Display;

use super::Ctx;
use super::declare::fields;
use super::descriptor::Descriptor;
use super::socket::{End, Socket};
use crate::params::signed;
use crate::schema;
use crate::value::Type;

/// Bytes of one entry: descriptor and events.
const ENTRY: usize = 10;

fn descriptors<'a>(ctx: &Ctx<'a>) -> Option<impl Iterator<Item = i64> + use<'a>> {
    let info = schema::event(ctx.event.id)?;
    let at = info.params.iter().position(|p| p.ty == Type::FdList)?;
    let (count, entries) = ctx.event.param(at)?.split_first_chunk::<2>()?;
    let entries = entries.chunks_exact(ENTRY).take(usize::from(u16::from_le_bytes(*count)));
    Some(entries.filter_map(|entry| signed(entry.get(..8)?)))
}

/// The text of every descriptor that has one, joined by commas.
fn joined<'a, T: Display>(ctx: &Ctx<'a>, text: impl Fn(i64) -> Option<T>) -> Option<&'a [u8]> {
    let mut out = bumpalo::collections::String::new_in(ctx.arena);
    for (at, text) in descriptors(ctx)?.filter_map(text).enumerate() {
        if at > 0 {
            out.push(',');
        }
        let _ = std::fmt::Write::write_fmt(&mut out, format_args!("{text}"));
    }
    Some(out.into_bump_str().as_bytes())
}

/// A name, which has a place in the list even where it is not known.
fn name<'a>(ctx: &Ctx<'a>, fd: i64) -> String {
    let name = Descriptor::numbered(ctx, fd).and_then(|descriptor| descriptor.name(ctx));
    name.map_or_else(|| "<NA>".into(), |name| String::from_utf8_lossy(name).into_owned())
}

/// One end of a descriptor that is a connection or a listener; entries without are skipped.
fn end(ctx: &Ctx<'_>, fd: i64, of: fn(&Socket<'_>) -> Option<End>) -> Option<End> {
    Descriptor::numbered(ctx, fd)?.socket().filter(|socket| socket.is_inet()).and_then(of)
}

fn client(socket: &Socket<'_>) -> Option<End> {
    if socket.listening { None } else { socket.source() }
}

fn server(socket: &Socket<'_>) -> Option<End> {
    if socket.listening { socket.local } else { socket.destination() }
}

fields! {
    "fdlist";

    /// Client addresses of the descriptors waited for, joined by commas.
    "fdlist.cips" "FD Client Addresses" CharBuf => |c| joined(c, |fd| end(c, fd, client)?.ip);

    /// Client ports of the descriptors waited for, joined by commas.
    "fdlist.cports" "FD Client Ports" CharBuf => |c| joined(c, |fd| Some(end(c, fd, client)?.port));

    /// Names of the descriptors waited for, joined by commas; `<NA>` for those not known.
    "fdlist.names" "FD Names" CharBuf => |c| joined(c, |fd| Some(name(c, fd)));

    /// Numbers of the descriptors waited for, joined by commas.
    "fdlist.nums" "FD Numbers" CharBuf => |c| joined(c, Some);

    /// Server addresses of the descriptors waited for, joined by commas.
    "fdlist.sips" "FD Source Addresses" CharBuf => |c| joined(c, |fd| end(c, fd, server)?.ip);

    /// Server ports of the descriptors waited for, joined by commas.
    "fdlist.sports" "FD Source Ports" CharBuf => |c| joined(c, |fd| Some(end(c, fd, server)?.port));
}
