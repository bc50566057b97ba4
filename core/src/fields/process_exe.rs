//! `proc.exe*` and `proc.is_exe_*`: the executable that the process runs.

use super::Ctx;
use super::declare::fields;
use super::paths;
use super::subject::process;
use crate::state::process::{Process, exec_flags};

fn has(ctx: &Ctx<'_>, flag: u32) -> Option<bool> {
    Some(process(ctx)?.image.flags & flag != 0)
}

/// A number that 0 stands for the absence of.
pub(super) fn set(value: u64) -> Option<u64> {
    (value != 0).then_some(value)
}

pub(super) fn script(process: &Process) -> Option<&[u8]> {
    Some(&*process.image.script).filter(|path| !path.is_empty())
}

/// From `earlier` to `later`, ns; `None` unless both are known and in this order.
fn between(earlier: u64, later: u64) -> Option<u64> {
    later.checked_sub(set(earlier)?).filter(|span| *span > 0)
}

fields! {
    "process";

    /// argv[0].
    "proc.exe" "First Argument" CharBuf => |c| Some(process(c)?.image.told()?.exe());

    /// Inode number of the executable.
    "proc.exe_ino" "Inode number of executable file on disk" Int64
        => |c| set(process(c)?.image.ino).map(|ino| ino as i64);

    /// Last change of the executable's inode, ns since the epoch.
    "proc.exe_ino.ctime" "Last status change time (ctime) of executable file" AbsTime
        => |c| set(process(c)?.image.ctime);

    /// From the start of the pid namespace to the last change of the executable's inode, ns; absent unless it came later.
    "proc.exe_ino.ctime_duration_pidns_start" "Number of nanoseconds between pidns start ts and ctime exe file" AbsTime
        => |c| between(process(c)?.pidns_start, process(c)?.image.ctime);

    /// From the last change of the executable's inode to the creation of the process, ns; absent unless it came later.
    "proc.exe_ino.ctime_duration_proc_start" "Number of nanoseconds between ctime exe file and proc clone ts" AbsTime
        => |c| between(process(c)?.image.ctime, process(c)?.clone_ts);

    /// Last change of the executable's content, ns since the epoch.
    "proc.exe_ino.mtime" "Last modification time (mtime) of executable file" AbsTime
        => |c| set(process(c)?.image.mtime);

    /// argv[0] and the arguments; ends in a space when there are none.
    "proc.exeline" "Executable Command Line" CharBuf => |c| Some(process(c)?.image.told()?.exeline(c.arena));

    /// Path of the executable as the kernel resolved it.
    "proc.exepath" "Process Executable Path" CharBuf path = true => |c| {
        let image = &process(c)?.image;
        Some(paths::real_exepath(c).unwrap_or(&image.exepath))
    };

    /// The executable is a memfd: it has no file.
    "proc.is_exe_from_memfd" "Process Executable Is Stored In Memfd" Bool => |c| has(c, exec_flags::FROM_MEMFD);

    /// The executable lies in the lower layer of an overlay: it came with the image.
    "proc.is_exe_lower_layer" "Process Executable Is In Lower Layer" Bool => |c| has(c, exec_flags::LOWER_LAYER);

    /// The executable lies in the upper layer of an overlay: it was added to or changed in the container.
    "proc.is_exe_upper_layer" "Process Executable Is In Upper Layer" Bool => |c| has(c, exec_flags::UPPER_LAYER);

    /// The user that runs the executable may write to it.
    "proc.is_exe_writable" "Process Executable Is Writable" Bool => |c| has(c, exec_flags::WRITABLE);

    /// Absolute path of the script that the kernel started the executable for (`#!`), also by way of env; absent for any
    /// other process.
    "proc.script" "Script" CharBuf => |c| script(process(c)?);
}
