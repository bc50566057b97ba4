//! `fs.path.*`: the paths of successful calls that work on the file system.

use super::declare::fields;
use super::descriptor::Descriptor;
use super::{Ctx, paths, result};
use crate::params::Params;
use crate::schema::{self, EventFlags, EventInfo};

/// Which parameters of a call are its operands.
enum Operands {
    Name(&'static str),
    /// The call works on a descriptor.
    Descriptor,
    Pair {
        source: &'static str,
        target: &'static str,
    },
}

/// Which of a call's operands a field asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    Name,
    Source,
    Target,
}

fn operands(call: &str) -> Option<Operands> {
    use Operands::{Name, Pair};
    Some(match call {
        "mkdir" | "mkdirat" | "rmdir" | "unlink" | "chown" | "lchown" => Name("path"),
        "unlinkat" | "open" | "openat" | "openat2" | "umount" | "umount2" => Name("name"),
        "chmod" | "fchmodat" => Name("filename"),
        "fchownat" => Name("pathname"),
        "quotactl" => Name("special"),
        "fchmod" | "fchown" => Operands::Descriptor,
        "rename" | "renameat" | "renameat2" => Pair { source: "oldpath", target: "newpath" },
        "link" | "linkat" => Pair { source: "newpath", target: "oldpath" },
        "symlink" | "symlinkat" => Pair { source: "linkpath", target: "target" },
        "mount" => Pair { source: "dev", target: "dir" },
        _ => return None,
    })
}

/// The operand of a call that succeeded, as passed or resolved.
fn operand<'a>(ctx: &Ctx<'a>, which: Operand, raw: bool) -> Option<&'a [u8]> {
    let info = schema::event(ctx.event.id)?;
    let opens = info.flags.has(EventFlags::CREATES_FD);
    if !result::value(ctx).is_some_and(|res| res == 0 || (opens && res > 0)) {
        return None;
    }
    let name = match (operands(info.name)?, which) {
        (Operands::Name(name), Operand::Name) => name,
        (Operands::Pair { source, .. }, Operand::Source) => source,
        (Operands::Pair { target, .. }, Operand::Target) => target,
        (Operands::Descriptor, Operand::Name) => return Descriptor::of(ctx)?.name(ctx),
        _ => return None,
    };
    let param = info.param_index(name)?;
    if raw { ctx.event.text(param) } else { resolved(ctx, info, param) }
}

fn resolved<'a>(ctx: &Ctx<'a>, info: &EventInfo, param: usize) -> Option<&'a [u8]> {
    if info.params.get(param)?.is_path() {
        return paths::chosen(ctx, param);
    }
    // Link contents and devices are no names that the call looked up: they stay as given.
    let text = ctx.event.text(param)?;
    let base: &[u8] = match info.name {
        "symlinkat" => paths::UNKNOWN,
        _ => ctx.state.process_of(ctx.event).map_or(paths::UNKNOWN, |p| &p.cwd),
    };
    Some(paths::join(base, text, ctx.arena))
}

fields! {
    "fs.path";

    /// Path that the call worked on.
    "fs.path.name" "Path for Filesystem-related operation" CharBuf path = true => |c| operand(c, Operand::Name, false);

    /// Path that the call worked on, as the caller wrote it.
    "fs.path.nameraw" "Raw path for Filesystem-related operation" CharBuf => |c| operand(c, Operand::Name, true);

    /// Path that a rename starts from, a link is made at, a mount takes.
    "fs.path.source" "Source path for Filesystem-related operation" CharBuf path = true
        => |c| operand(c, Operand::Source, false);

    /// The source path as the caller wrote it.
    "fs.path.sourceraw" "Source path for Filesystem-related operation" CharBuf => |c| operand(c, Operand::Source, true);

    /// Path that a rename ends at, a link leads to, a mount covers.
    "fs.path.target" "Target path for Filesystem-related operation" CharBuf path = true
        => |c| operand(c, Operand::Target, false);

    /// The target path as the caller wrote it.
    "fs.path.targetraw" "Target path for Filesystem-related operation" CharBuf => |c| operand(c, Operand::Target, true);
}
