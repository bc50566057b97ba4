//! `fdlist.*`: the descriptors that poll and ppoll wait for.

use super::Ctx;
use super::declare::fields;
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

/// The text of every descriptor, joined by commas.
fn joined<'a>(ctx: &Ctx<'a>, text: impl Fn(i64, &mut bumpalo::collections::String<'a>)) -> Option<&'a [u8]> {
    let mut out = bumpalo::collections::String::new_in(ctx.arena);
    for (i, fd) in descriptors(ctx)?.enumerate() {
        if i > 0 {
            out.push(',');
        }
        text(fd, &mut out);
    }
    Some(out.into_bump_str().as_bytes())
}

/// Addresses and ports of the entries; those without are skipped, and none is known from the event alone.
fn none_known<'a>(ctx: &Ctx<'a>) -> Option<&'a [u8]> {
    descriptors(ctx).map(|_| &b""[..])
}

fields! {
    "fdlist";

    /// Client addresses of the descriptors waited for, joined by commas.
    "fdlist.cips" "FD Client Addresses" CharBuf => |c| none_known(c);

    /// Client ports of the descriptors waited for, joined by commas.
    "fdlist.cports" "FD Client Ports" CharBuf => |c| none_known(c);

    /// Names of the descriptors waited for, joined by commas; `<NA>` for those not known.
    "fdlist.names" "FD Names" CharBuf => |c| joined(c, |_, out| out.push_str("<NA>"));

    /// Numbers of the descriptors waited for, joined by commas.
    "fdlist.nums" "FD Numbers" CharBuf => |c| joined(c, |fd, out| {
        let _ = std::fmt::Write::write_fmt(out, format_args!("{fd}"));
    });

    /// Server addresses of the descriptors waited for, joined by commas.
    "fdlist.sips" "FD Source Addresses" CharBuf => |c| none_known(c);

    /// Server ports of the descriptors waited for, joined by commas.
    "fdlist.sports" "FD Source Ports" CharBuf => |c| none_known(c);
}
