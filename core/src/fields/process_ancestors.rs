//! `proc.a*`: ancestors of the event's process, one by index or any of them without.

use super::declare::{OneOrAll, fields};
use super::process::{environment, variable};
use super::process_exe::{script, set as known};
use super::subject::{self, ancestor, ancestors, index, key, of_ancestors};
use super::{Arg, Ctx};
use crate::value::Value;

/// Ancestors asked for a variable by name.
const VARIABLE_DEPTH: usize = 20;

fn ancestor_variable<'a>(ctx: &Ctx<'a>, name: &str) -> &'a [u8] {
    let set = |value: &&[u8]| !value.is_empty();
    ancestors(ctx).take(VARIABLE_DEPTH).filter_map(|p| variable(p, name)).find(set).unwrap_or_default()
}

/// The name an ancestor goes by; the process itself goes by its thread's.
fn name_of<'a>(ctx: &Ctx<'a>, arg: &Arg, process: &'a crate::state::process::Process) -> &'a [u8] {
    if index(arg) == Some(0)
        && let Some(comm) = subject::comm(ctx)
    {
        return comm;
    }
    process.comm.as_bytes()
}

fields! {
    "process";

    /// Arguments of an ancestor by index; without, those of all ancestors in one text.
    "proc.aargs" "Ancestor Arguments" CharBuf [index] => |c, arg| match index(arg) {
        Some(n) => Some(ancestor(c, n)?.image.told()?.args_line()),
        None => Some(subject::join(c, b" ", ancestors(c).filter_map(|p| Some(p.image.told()?.args_line())))),
    };

    /// Short name and arguments of an ancestor by index; without, any ancestor's.
    "proc.acmdline" "Ancestor Command Line" AncestorText [index] {"no-rhs", "no-transformer", "any-ancestor"}
        => |c, arg| of_ancestors(c, arg, |c, p| p.cmdline(name_of(c, arg, p), c.arena).map(Value::Text));

    /// Environment of an ancestor by index, a variable found in the nearest ancestor by name; without, any ancestor's.
    "proc.aenv" "Ancestor Environment" AncestorText [index_or_key] {"no-rhs", "no-transformer", "any-ancestor", "shows-own"}
        => |c, arg| match key(arg) {
            Some(name) => Some(OneOrAll::One(Value::Text(ancestor_variable(c, name)))),
            None => of_ancestors(c, arg, |c, p| environment(c, p).map(Value::Text)),
        };

    /// argv[0] of an ancestor by index; without, any ancestor's.
    "proc.aexe" "Ancestor First Argument" AncestorText [index] {"no-rhs", "no-transformer", "any-ancestor"}
        => |c, arg| of_ancestors(c, arg, |_, p| Some(Value::Text(p.image.told()?.exe())));

    /// Inode number of an ancestor's executable by index; without, any ancestor's. Its file may have been renamed.
    "proc.aexe_ino" "Ancestor Executable Inode" AncestorId [index] {"no-rhs", "no-transformer", "any-ancestor"}
        => |c, arg| of_ancestors(c, arg, |_, p| known(p.image.ino).map(|ino| Value::Int(ino as i64)));

    /// Path of the executable of an ancestor by index; without, any ancestor's.
    "proc.aexepath" "Ancestor Executable Path" AncestorText [index] {"no-rhs", "no-transformer", "any-ancestor"}
        => |c, arg| of_ancestors(c, arg, |_, p| Some(Value::Text(&p.image.exepath)));

    /// Short name of an ancestor by index; without, any ancestor's.
    "proc.aname" "Ancestor Name" AncestorText [index] {"no-rhs", "no-transformer", "any-ancestor"}
        => |c, arg| of_ancestors(c, arg, |c, p| Some(Value::Text(name_of(c, arg, p))));

    /// Process id of an ancestor by index; without, any ancestor's.
    "proc.apid" "Ancestor Process ID" AncestorId [index] {"no-rhs", "no-transformer", "any-ancestor", "shows-own"}
        => |c, arg| of_ancestors(c, arg, |_, p| Some(Value::Int(p.pid)));

    /// Path of an ancestor's script (`proc.script`) by index; without, any ancestor's.
    "proc.ascript" "Ancestor Script" AncestorText [index] {"no-rhs", "no-transformer", "any-ancestor"}
        => |c, arg| of_ancestors(c, arg, |_, p| script(p).map(Value::Text));

    /// Process id of the oldest among the process and its ancestors whose name ends in `sh`.
    "proc.loginshellid" "Login Shell ID" Int64 => |c| super::process::login_shell(c);
}
