//! `fd.*` of sockets: addresses, ports and roles.

use std::net::IpAddr;

use bumpalo::collections::Vec as BumpVec;

use super::Ctx;
use super::declare::fields;
use super::descriptor::Descriptor;
use super::socket::{End, Role, Socket};
use super::subject;
use crate::value::Value;

fn socket<'a>(ctx: &Ctx<'a>) -> Option<Socket<'a>> {
    Descriptor::of(ctx)?.socket().filter(|s| s.is_inet()).cloned()
}

/// What a socket says; false of anything else that is open.
fn said(ctx: &Ctx<'_>, says: fn(&Socket<'_>) -> bool) -> Option<bool> {
    let descriptor = Descriptor::of(ctx)?;
    match descriptor.socket() {
        Some(socket) => Some(says(socket)),
        None => descriptor.kind(ctx).map(|_| false),
    }
}

/// One end of a connection.
fn end(ctx: &Ctx<'_>, of: fn(&Socket<'_>) -> Option<End>) -> Option<End> {
    let socket = socket(ctx)?;
    (socket.role != Role::None && !socket.listening).then(|| of(&socket)).flatten()
}

fn client(ctx: &Ctx<'_>) -> Option<End> {
    end(ctx, |s| s.source())
}

/// The serving end; a listener's is the address that it listens on.
fn server(ctx: &Ctx<'_>) -> Option<End> {
    match socket(ctx)? {
        socket if socket.listening => socket.local,
        _ => end(ctx, |s| s.destination()),
    }
}

fn local(ctx: &Ctx<'_>) -> Option<End> {
    end(ctx, |s| s.local)
}

fn remote(ctx: &Ctx<'_>) -> Option<End> {
    end(ctx, |s| s.remote)
}

fn port_text<'a>(ctx: &Ctx<'a>, end: Option<End>) -> Option<&'a [u8]> {
    Some(subject::format(ctx, format_args!("{}", end?.port)))
}

/// Both ends of a connection, a listener's one; those that are not known are left out.
fn ends<'a>(ctx: &Ctx<'a>, value: fn(End) -> Option<Value<'a>>) -> Option<&'a [Value<'a>]> {
    let socket = socket(ctx)?;
    let ends = if socket.listening { [socket.local, None] } else { [socket.source(), socket.destination()] };
    let mut values = BumpVec::with_capacity_in(2, ctx.arena);
    values.extend(ends.into_iter().flatten().filter_map(value));
    (!values.is_empty()).then(|| values.into_bump_slice())
}

fn ip(end: Option<End>) -> Option<IpAddr> {
    end?.ip
}

fields! {
    "fd";

    /// Address of the client.
    "fd.cip" "FD Client Address" Ip => |c| ip(client(c));

    /// Host name of the client; compared by the addresses that the literal name resolves to, shown if it is known by then.
    "fd.cip.name" "FD Client Domain Name" HostName {"no-rhs", "no-transformer", "host-name"} => |c| ip(client(c));

    /// Address of the client, compared with networks.
    "fd.cnet" "FD Client Network" IpNet {"filter-only", "no-rhs", "no-transformer"} => |c| ip(client(c));

    /// It is a connected socket; absent where nothing is open.
    "fd.connected" "FD Connected" Bool => |c| said(c, |s| s.connected);

    /// Port of the client.
    "fd.cport" "FD Client Port" Port => |c| Some(client(c)?.port);

    /// Port of the client as text.
    "fd.cproto" "FD Client Protocol" CharBuf => |c| port_text(c, client(c));

    /// Address of either end.
    "fd.ip" "FD IP Address" EitherIp {"filter-only", "no-rhs", "no-transformer", "either-end"}
        => |c| ends(c, |end| end.ip.map(Value::Ip));

    /// The socket listens, or its serving end is this machine's.
    "fd.is_server" "FD Server" Bool
        => |c| Some(Descriptor::of(c)?.socket().is_some_and(|s| s.listening || s.serves));

    /// Transport protocol: tcp, udp, icmp or raw.
    "fd.l4proto" "FD IP Protocol" CharBuf => |c| {
        let transport = Descriptor::of(c)?.socket()?.transport();
        Some(transport.unwrap_or("<NA>").as_bytes())
    };

    /// Address of this machine's end.
    "fd.lip" "FD Local Address" Ip => |c| ip(local(c));

    /// Host name of this machine's end; compared by the addresses that the literal name resolves to, shown if it is known by then.
    "fd.lip.name" "FD Local Domain Name" HostName {"no-rhs", "no-transformer", "host-name"} => |c| ip(local(c));

    /// Address of this machine's end, compared with networks.
    "fd.lnet" "FD Local Network" IpNet {"filter-only", "no-rhs", "no-transformer"} => |c| ip(local(c));

    /// Port of this machine's end.
    "fd.lport" "FD Local Port" Port => |c| Some(local(c)?.port);

    /// Port of this machine's end as text.
    "fd.lproto" "FD Local Protocol" CharBuf => |c| port_text(c, local(c));

    /// The event gave the socket other addresses or another name; absent where nothing is open.
    "fd.name_changed" "FD Name Changed" Bool => |c| said(c, |s| s.name_changed);

    /// Address of either end, compared with networks.
    "fd.net" "FD IP Network" EitherNet {"filter-only", "no-rhs", "no-transformer", "either-end"}
        => |c| ends(c, |end| end.ip.map(Value::Ip));

    /// Port of either end.
    "fd.port" "FD Port" EitherPort {"filter-only", "no-rhs", "no-transformer", "either-end"}
        => |c| ends(c, |end| Some(Value::Uint(u64::from(end.port))));

    /// Port of either end, written as a service's name.
    "fd.proto" "FD Protocol" EitherPort {"filter-only", "no-rhs", "no-transformer", "either-end"}
        => |c| ends(c, |end| Some(Value::Uint(u64::from(end.port))));

    /// Address of the other end.
    "fd.rip" "FD Remote Address" Ip => |c| ip(remote(c));

    /// Host name of the other end; compared by the addresses that the literal name resolves to, shown if it is known by then.
    "fd.rip.name" "FD Remote Domain Name" HostName {"no-rhs", "no-transformer", "host-name"} => |c| ip(remote(c));

    /// Address of the other end, compared with networks.
    "fd.rnet" "FD Remote Network" IpNet {"filter-only", "no-rhs", "no-transformer"} => |c| ip(remote(c));

    /// Port of the other end.
    "fd.rport" "FD Remote Port" Port => |c| Some(remote(c)?.port);

    /// Port of the other end as text.
    "fd.rproto" "FD Remote Protocol" CharBuf => |c| port_text(c, remote(c));

    /// Address of the server, or the one a listener is bound to.
    "fd.sip" "FD Server Address" Ip => |c| ip(server(c));

    /// Host name of the server; compared by the addresses that the literal name resolves to, shown if it is known by then.
    "fd.sip.name" "FD Server Domain Name" HostName {"no-rhs", "no-transformer", "host-name"} => |c| ip(server(c));

    /// Address of the server, compared with networks.
    "fd.snet" "FD Server Network" IpNet {"filter-only", "no-rhs", "no-transformer"} => |c| ip(server(c));

    /// Family of a socket: ip or unix.
    "fd.sockfamily" "FD Socket Family" CharBuf => |c| {
        let descriptor = Descriptor::of(c)?;
        let socket = descriptor.socket()?;
        match (socket.is_inet(), socket.is_unix()) {
            (true, _) => Some(b"ip"),
            (_, true) => Some(b"unix"),
            _ => None,
        }
    };

    /// Port of the server, or the one a listener is bound to.
    "fd.sport" "FD Server Port" Port => |c| Some(server(c)?.port);

    /// Port of the server as text; empty for listeners.
    "fd.sproto" "FD Server Protocol" CharBuf => |c| match socket(c)?.listening {
        true => Some(b""),
        false => port_text(c, server(c)),
    };
}
