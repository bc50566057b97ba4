//! The events that change state and the parameters read from them, named.
//!
//! Positions are the schema's; a test looks each one up by its name there.

/// Declares an event's ids and the positions of its parameters: `module, [ids], NAME = position "schema name"`.
macro_rules! wire {
    ($($(#[doc = $doc:literal])+ $module:ident [$($id:ident = $number:literal),+] { $($param:ident = $at:literal $name:literal,)* })+) => {
        $($(#[doc = $doc])+
        pub mod $module {
            $(pub const $id: u16 = $number;)+
            $(pub const $param: usize = $at;)*
        })+

        /// Every position declared here: event id, position, parameter name.
        #[cfg(test)]
        pub const POSITIONS: &[(u16, usize, &str)] = &[$($(($module::ID, $at, $name),)*)+];
    };
}

wire! {
    /// clone, fork, vfork and clone3 share one shape.
    clone [ID = 223, FORK = 225, VFORK = 227, CLONE3 = 335] {
        RES = 0 "res", EXE = 1 "exe", ARGS = 2 "args", TID = 3 "tid", PID = 4 "pid", PTID = 5 "ptid", CWD = 6 "cwd",
        FDLIMIT = 7 "fdlimit", FAULTS = 8 "pgft_maj", SIZES = 10 "vm_size", COMM = 13 "comm", CGROUPS = 14 "cgroups",
        FLAGS = 15 "flags", UID = 16 "uid", GID = 17 "gid",
        VTID = 18 "vtid", VPID = 19 "vpid", PIDNS_START = 20 "pidns_init_start_ts",
    }
    /// execve and execveat share one shape; execve has one parameter more.
    exec [ID = 293, EXECVEAT = 331] {
        RES = 0 "res", EXE = 1 "exe", ARGS = 2 "args", PTID = 5 "ptid", CWD = 6 "cwd", FDLIMIT = 7 "fdlimit",
        FAULTS = 8 "pgft_maj", SIZES = 10 "vm_size", COMM = 13 "comm", CGROUPS = 14 "cgroups", ENV = 15 "env", TTY = 16 "tty", VPGID = 17 "vpgid",
        LOGINUID = 18 "loginuid", FLAGS = 19 "flags", CAP_INHERITABLE = 20 "cap_inheritable",
        CAP_PERMITTED = 21 "cap_permitted", CAP_EFFECTIVE = 22 "cap_effective", INO = 23 "exe_ino", CTIME = 24 "exe_ino_ctime",
        MTIME = 25 "exe_ino_mtime", UID = 26 "uid", EXEPATH = 27 "trusted_exepath", PGID = 28 "pgid", GID = 29 "gid",
        FILENAME = 30 "filename",
    }
    /// A thread's end.
    procexit [ID = 186] { REAPER_TID = 4 "reaper_tid", }
    /// Sets all user ids.
    setuid [ID = 199] { UID = 1 "uid", }
    /// Sets all group ids.
    setgid [ID = 201] { GID = 1 "gid", }
    /// -1 leaves an id as it is.
    setreuid [ID = 427] { EUID = 2 "euid", }
    /// -1 leaves an id as it is.
    setregid [ID = 429] { EGID = 2 "egid", }
    /// -1 leaves an id as it is.
    setresuid [ID = 193] { EUID = 2 "euid", }
    /// -1 leaves an id as it is.
    setresgid [ID = 195] { EGID = 2 "egid", }
    /// The result is the new session.
    setsid [ID = 275] { RES = 0 "res", }
    /// 0 stands for the caller, or for the process itself.
    setpgid [ID = 295] { PID = 1 "pid", PGID = 2 "pgid", }
    /// Relative to the current directory.
    chdir [ID = 95] { PATH = 1 "path", }
    /// By descriptor.
    fchdir [ID = 97] { FD = 1 "fd", }
    /// Reports what the kernel has.
    getcwd [ID = 93] { PATH = 1 "path", }
    /// The new root.
    chroot [ID = 267] { PATH = 1 "path", }
    /// Many calls in one.
    prctl [ID = 401] { OPTION = 1 "option", ARG2 = 3 "arg2_int", }
    /// Capability sets of the calling thread.
    capset [ID = 353] { CAP_INHERITABLE = 1 "cap_inheritable", CAP_PERMITTED = 2 "cap_permitted", CAP_EFFECTIVE = 3 "cap_effective", }
    /// A user of a container, or of the host if that is empty.
    useradded [ID = 354] { UID = 0 "uid", NAME = 2 "name", HOME = 3 "home", SHELL = 4 "shell", CONTAINER = 5 "container_id", }
    /// The same user is gone.
    userdeleted [ID = 356] { UID = 0 "uid", CONTAINER = 5 "container_id", }
    /// A group of a container, or of the host if that is empty.
    groupadded [ID = 358] { GID = 0 "gid", NAME = 1 "name", CONTAINER = 2 "container_id", }
    /// The same group is gone.
    groupdeleted [ID = 360] { GID = 0 "gid", CONTAINER = 2 "container_id", }
    /// Limits of the calling process.
    setrlimit [ID = 143] { CUR = 1 "cur", RESOURCE = 3 "resource", }
    /// Limits of any process; pid 0 is the caller.
    prlimit [ID = 145] { NEWCUR = 1 "newcur", PID = 5 "pid", RESOURCE = 6 "resource", }
    /// brk, mmap, mmap2 and munmap begin alike.
    memory [BRK = 159, ID = 161, MMAP2 = 163, MUNMAP = 165] { SIZES = 1 "vm_size", }
    /// A thread leaves its CPU to another.
    switch [ID = 152] { NEXT = 0 "next", FAULTS = 1 "pgft_maj", }
    /// A snapshot of a thread, in captures of old.
    procinfo [ID = 234] { USER = 0 "cpu_usr", SYSTEM = 1 "cpu_sys", }
    /// What a read gave.
    read [ID = 7] { DATA = 1 "data", }
    /// What was received, and between whom.
    recvfrom [ID = 35] { DATA = 1 "data", TUPLE = 2 "tuple", }
    /// The same with control data.
    recvmsg [ID = 53] { DATA = 2 "data", TUPLE = 3 "tuple", }
    /// One message of several.
    recvmmsg [ID = 55] { DATA = 3 "data", TUPLE = 4 "tuple", }
}

/// `clone_flags` of the capture format.
pub mod clone_flags {
    pub const NEWPID: u32 = 1 << 6;
    pub const PARENT: u32 = 1 << 8;
    pub const THREAD: u32 = 1 << 13;
    pub const VFORK: u32 = 1 << 27;
    pub const CHILD_IN_PIDNS: u32 = 1 << 29;
}

/// `RLIMIT_NOFILE`.
pub const RLIMIT_NOFILE: u64 = 7;
/// `PR_SET_CHILD_SUBREAPER` and its twin, which reports the setting in the same parameter.
pub const PR_SET_CHILD_SUBREAPER: u64 = 36;
pub const PR_GET_CHILD_SUBREAPER: u64 = 37;
