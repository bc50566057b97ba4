//! Session and process group of the event's process, and who leads them.

use super::Ctx;
use super::declare::fields;
use super::subject::{ancestors, process};
use crate::state::process::Process;

/// Which of a process's groups.
type Group = fn(&Process) -> i64;

/// The leader's record if its id is a host's and known, else the oldest of the process and its unbroken line of
/// ancestors in the same group.
fn leader<'a>(ctx: &Ctx<'a>, group: Group, host_id: impl Fn(&Process) -> bool) -> Option<&'a Process> {
    let own = process(ctx)?;
    let id = group(own);
    let direct = if host_id(own) && id > 0 { ctx.state.process(id) } else { None };
    direct.or_else(|| Some(ancestors(ctx).take_while(|p| group(p) == id).last().unwrap_or(own)))
}

fn session<'a>(ctx: &Ctx<'a>) -> Option<&'a Process> {
    leader(ctx, |p| p.session, |_| true)
}

fn group<'a>(ctx: &Ctx<'a>) -> Option<&'a Process> {
    leader(ctx, |p| p.pgid, |_| true)
}

fn virtual_group<'a>(ctx: &Ctx<'a>) -> Option<&'a Process> {
    leader(ctx, |p| p.vpgid, |p| p.vpid == p.pid)
}

fields! {
    "process";

    /// The process leads its process group.
    "proc.is_pgid_leader" "Process Is Process Group Leader" Bool => |c| process(c).map(|p| p.pgid == p.pid);

    /// The process leads its session.
    "proc.is_sid_leader" "Process Is Process Session Leader" Bool
        => |c| process(c).map(|p| p.session == p.pid || p.sid == p.vpid);

    /// The process leads its process group, by ids of its own pid namespace.
    "proc.is_vpgid_leader" "Process Is Virtual Process Group Leader" Bool => |c| process(c).map(|p| p.vpgid == p.vpid);

    /// Process group, seen from the host.
    "proc.pgid" "Process Group ID" Int64 => |c| Some(process(c)?.pgid);

    /// argv[0] of the process group's leader.
    "proc.pgid.exe" "Process Group First Argument" CharBuf => |c| Some(group(c)?.image.told()?.exe());

    /// Path of the executable of the process group's leader.
    "proc.pgid.exepath" "Process Group Executable Path" CharBuf => |c| Some(&group(c)?.image.exepath);

    /// Short name of the process group's leader.
    "proc.pgid.name" "Process Group Name" CharBuf => |c| Some(group(c)?.comm.as_bytes());

    /// Session, by ids of the process's own pid namespace; 0 where it began outside of that.
    "proc.sid" "Process Session ID" Int64 => |c| Some(process(c)?.sid);

    /// argv[0] of the session's leader.
    "proc.sid.exe" "Process Session First Argument" CharBuf => |c| Some(session(c)?.image.told()?.exe());

    /// Path of the executable of the session's leader.
    "proc.sid.exepath" "Process Session Executable Path" CharBuf => |c| Some(&session(c)?.image.exepath);

    /// Short name of the session's leader.
    "proc.sname" "Process Session Name" CharBuf => |c| Some(session(c)?.comm.as_bytes());

    /// Process group, by ids of the process's own pid namespace; 0 where it began outside of that.
    "proc.vpgid" "Process Virtual Group ID" Int64 => |c| Some(process(c)?.vpgid);

    /// argv[0] of the leader of that group.
    "proc.vpgid.exe" "Process Group First Argument" CharBuf => |c| Some(virtual_group(c)?.image.told()?.exe());

    /// Path of the executable of the leader of that group.
    "proc.vpgid.exepath" "Process Group Executable Path" CharBuf => |c| Some(&virtual_group(c)?.image.exepath);

    /// Short name of the leader of that group.
    "proc.vpgid.name" "Process Group Name" CharBuf => |c| Some(virtual_group(c)?.comm.as_bytes());
}
