//! Flags, enumerations and modes: names of the capture format's values, and the kernel's values turned into them.

use super::events::EventInfo;
use super::table::{self, TableError};
use crate::value::Type;

/// One name and its value on the wire.
#[derive(Debug, PartialEq, Eq)]
pub struct FlagRow {
    pub name: &'static str,
    pub value: u64,
}

/// The names of one kind of flags, in the order in which a value is taken apart.
#[derive(Debug, PartialEq, Eq)]
pub struct FlagTable {
    pub name: &'static str,
    pub rows: Vec<FlagRow>,
}

impl FlagTable {
    /// Calls `each` with every name that `value` stands for, by the printing rule of its type.
    pub fn names(&self, ty: Type, value: u64, mut each: impl FnMut(&'static str)) {
        if matches!(ty, Type::EnumFlags8 | Type::EnumFlags16 | Type::EnumFlags32) {
            self.rows.iter().filter(|r| r.value == value).for_each(|r| each(r.name));
            return;
        }
        let mut left = value;
        for row in &self.rows {
            let hit = if row.value == 0 { value == 0 } else { left & row.value == row.value };
            if !hit {
                continue;
            }
            each(row.name);
            left &= !row.value;
            if row.value == value {
                return;
            }
        }
    }
}

/// Reads `flags.tsv`.
pub(super) fn parse(text: &'static str) -> Result<Vec<FlagTable>, TableError> {
    let mut tables: Vec<FlagTable> = Vec::new();
    table::rows(text, |[name, row, value]| {
        if tables.last().is_none_or(|t| t.name != name) {
            if tables.iter().any(|t| t.name == name) {
                return Err(format!("table `{name}` is in two places"));
            }
            tables.push(FlagTable { name, rows: Vec::new() });
        }
        let rows = tables.last_mut().map(|t| &mut t.rows).ok_or("no table")?;
        rows.push(FlagRow { name: row, value: table::number(value)? });
        Ok(())
    })?;
    Ok(tables)
}

/// How the kernel's values become the wire's, where they differ.
enum Map {
    /// Bit by bit: `(kernel bits, wire bits)`; bits without an entry are dropped.
    Bits(&'static [(u64, u64)]),
    /// Bit by bit where listed, every other bit as it is.
    SomeBits(&'static [(u64, u64)]),
    /// Value by value, and what any other value becomes.
    Values(&'static [(u64, u64)], u64),
    /// Value by value where listed, every other value as it is.
    SomeValues(&'static [(u64, u64)]),
    Code(fn(u64) -> u64),
}

/// Turns a kernel value (x86_64) into the capture format's. Tables without an entry here have equal values.
pub fn to_wire(table: &str, raw: u64) -> u64 {
    match MAPS.iter().find(|(name, _)| *name == table) {
        None => raw,
        Some((_, Map::Bits(bits))) => map_bits(bits, raw),
        Some((_, Map::SomeBits(bits))) => {
            let listed = bits.iter().fold(0, |all, (kernel, _)| all | kernel);
            map_bits(bits, raw) | raw & !listed
        }
        Some((_, Map::Values(values, other))) => map_value(values, raw).unwrap_or(*other),
        Some((_, Map::SomeValues(values))) => map_value(values, raw).unwrap_or(raw),
        Some((_, Map::Code(convert))) => convert(raw),
    }
}

/// The same for one parameter of an event: open flags of calls that open nothing have no access mode.
pub fn param_to_wire(info: &EventInfo, index: usize, raw: u64) -> u64 {
    let Some(table) = info.params.get(index).and_then(|p| p.flags_table) else { return raw };
    match table.name {
        "file_flags" if info.program != "open" => map_bits(OPEN_BITS, raw),
        name => to_wire(name, raw),
    }
}

fn map_bits(bits: &[(u64, u64)], raw: u64) -> u64 {
    bits.iter().filter(|(kernel, _)| raw & kernel == *kernel).fold(0, |all, (_, wire)| all | wire)
}

fn map_value(values: &[(u64, u64)], raw: u64) -> Option<u64> {
    values.iter().find(|(kernel, _)| *kernel == raw).map(|(_, wire)| *wire)
}

/// `O_*` without the access mode.
const OPEN_BITS: &[(u64, u64)] = &[
    (0x40, 0x4),         // O_CREAT
    (0x400, 0x8),        // O_APPEND
    (0x1000, 0x10),      // O_DSYNC
    (0x80, 0x20),        // O_EXCL
    (0x800, 0x40),       // O_NONBLOCK
    (0x10_1000, 0x80),   // O_SYNC
    (0x200, 0x100),      // O_TRUNC
    (0x4000, 0x200),     // O_DIRECT
    (0x1_0000, 0x400),   // O_DIRECTORY
    (0x8000, 0x800),     // O_LARGEFILE
    (0x8_0000, 0x1000),  // O_CLOEXEC
    (0x40_0000, 0x2000), // O_TMPFILE
];

fn open_flags(raw: u64) -> u64 {
    let access = [1, 2, 3, 0][(raw & 3) as usize];
    access | map_bits(OPEN_BITS, raw)
}

/// An old calling convention puts a magic number into the upper half.
fn mount_flags(raw: u64) -> u64 {
    let magic = raw & 0xffff_0000 == 0xc0ed_0000;
    if magic { raw & 0xffff } else { raw & 0xffff_ffff }
}

/// Of each of the first three bits of the hardware's error code both values have a name (arch/x86/include/asm/trap_pf.h).
fn page_fault_flags(raw: u64) -> u64 {
    let either = |bit: u64, set: u64, clear: u64| if raw & bit != 0 { set } else { clear };
    either(1, 1, 2) | either(2, 4, 8) | either(4, 16, 32) | either(8, 64, 0) | either(16, 128, 0)
}

/// The command is the upper 24 bits of the argument.
fn quota_command(raw: u64) -> u64 {
    map_value(QUOTA_COMMANDS, (raw & 0xffff_ffff) >> 8).unwrap_or(0)
}

fn quota_type(raw: u64) -> u64 {
    map_value(&[(0, 1), (1, 2)], raw & 0xff).unwrap_or(0)
}

/// `IPC_64` is a bit of the ABI, not of the command.
fn sem_command(raw: u64) -> u64 {
    map_value(SEM_COMMANDS, raw & 0xff).unwrap_or(0)
}

const MAPS: &[(&str, Map)] = &[
    ("file_flags", Map::Code(open_flags)),
    ("clone_flags", Map::Bits(CLONE_BITS)),
    ("poll_flags", Map::Bits(POLL_BITS)),
    ("mount_flags", Map::Code(mount_flags)),
    ("fcntl_commands", Map::Values(FCNTL_COMMANDS, 0)),
    ("sockopt_levels", Map::Values(&[(1, 1), (6, 2)], 0)),
    ("sockopt_options", Map::SomeValues(&[(51, 0), (52, 0), (53, 0), (55, 52), (57, 53), (59, 51)])),
    ("ptrace_requests", Map::Values(PTRACE_REQUESTS, 0)),
    ("prot_flags", Map::Bits(&[(1, 1), (2, 2), (4, 4), (8, 8), (0x0100_0000, 16), (0x0200_0000, 32)])),
    ("mmap_flags", Map::Bits(MMAP_BITS)),
    ("quotactl_cmds", Map::Code(quota_command)),
    ("quotactl_types", Map::Code(quota_type)),
    ("quotactl_quota_fmts", Map::Values(&[(1, 2), (2, 4), (4, 8)], 1)),
    ("quotactl_dqi_flags", Map::Values(&[(1, 2)], 1)),
    ("semop_flags", Map::Bits(&[(0x800, 1), (0x1000, 2)])),
    ("semget_flags", Map::Bits(&[(0x200, 0x2000), (0x400, 0x4000)])),
    ("semctl_commands", Map::Code(sem_command)),
    ("fchownat_flags", Map::SomeBits(&[(0x100, 0x400)])),
    ("openat2_flags", Map::Bits(&[(1, 16), (2, 4), (4, 8), (8, 1), (16, 2), (32, 32)])),
    ("execveat_flags", Map::Bits(&[(0x1000, 1), (0x100, 2)])),
    ("io_uring_setup_flags", Map::Bits(&[(1, 1), (2, 2), (4, 8), (8, 16), (16, 32), (32, 64), (64, 128)])),
    ("epoll_create1_flags", Map::Bits(&[(0x8_0000, 1)])),
    ("pidfd_open_flags", Map::Bits(&[(0x800, 1)])),
    ("delete_module_flags", Map::Bits(&[(0x800, 2), (0x200, 1)])),
    ("pf_flags", Map::Code(page_fault_flags)),
    ("rlimit_resources", Map::Values(RLIMITS, 255)),
];

const CLONE_BITS: &[(u64, u64)] = &[
    (0x100, 0x8000),           // CLONE_VM
    (0x200, 0x2),              // CLONE_FS
    (0x400, 0x1),              // CLONE_FILES
    (0x800, 0x800),            // CLONE_SIGHAND
    (0x2000, 0x400),           // CLONE_PTRACE
    (0x4000, 0x800_0000),      // CLONE_VFORK
    (0x8000, 0x100),           // CLONE_PARENT
    (0x1_0000, 0x2000),        // CLONE_THREAD
    (0x2_0000, 0x20),          // CLONE_NEWNS
    (0x4_0000, 0x1000),        // CLONE_SYSVSEM
    (0x8_0000, 0x200_0000),    // CLONE_SETTLS
    (0x10_0000, 0x200),        // CLONE_PARENT_SETTID
    (0x20_0000, 0x80_0000),    // CLONE_CHILD_CLEARTID
    (0x80_0000, 0x4000),       // CLONE_UNTRACED
    (0x100_0000, 0x100_0000),  // CLONE_CHILD_SETTID
    (0x200_0000, 0x1000_0000), // CLONE_NEWCGROUP
    (0x400_0000, 0x80),        // CLONE_NEWUTS
    (0x800_0000, 0x8),         // CLONE_NEWIPC
    (0x1000_0000, 0x10_0000),  // CLONE_NEWUSER
    (0x2000_0000, 0x40),       // CLONE_NEWPID
    (0x4000_0000, 0x10),       // CLONE_NEWNET
    (0x8000_0000, 0x4),        // CLONE_IO
];

const POLL_BITS: &[(u64, u64)] = &[
    (0x1, 1),      // POLLIN
    (0x2, 2),      // POLLPRI
    (0x4, 4),      // POLLOUT
    (0x8, 16),     // POLLERR
    (0x10, 32),    // POLLHUP
    (0x20, 64),    // POLLNVAL
    (0x40, 128),   // POLLRDNORM
    (0x80, 256),   // POLLRDBAND
    (0x100, 512),  // POLLWRNORM
    (0x200, 1024), // POLLWRBAND
    (0x2000, 8),   // POLLRDHUP
];

const FCNTL_COMMANDS: &[(u64, u64)] = &[
    (0, 1),     // F_DUPFD
    (1, 2),     // F_GETFD
    (2, 3),     // F_SETFD
    (3, 4),     // F_GETFL
    (4, 5),     // F_SETFL
    (5, 6),     // F_GETLK
    (6, 8),     // F_SETLK
    (7, 9),     // F_SETLKW
    (8, 10),    // F_SETOWN
    (9, 12),    // F_GETOWN
    (10, 13),   // F_SETSIG
    (11, 15),   // F_GETSIG
    (12, 17),   // F_GETLK64
    (13, 18),   // F_SETLK64
    (14, 19),   // F_SETLKW64
    (15, 21),   // F_SETOWN_EX
    (16, 22),   // F_GETOWN_EX
    (36, 30),   // F_OFD_GETLK
    (37, 31),   // F_OFD_SETLK
    (38, 32),   // F_OFD_SETLKW
    (1024, 23), // F_SETLEASE
    (1025, 24), // F_GETLEASE
    (1026, 27), // F_NOTIFY
    (1029, 25), // F_CANCELLK
    (1030, 26), // F_DUPFD_CLOEXEC
    (1031, 28), // F_SETPIPE_SZ
    (1032, 29), // F_GETPIPE_SZ
];

const PTRACE_REQUESTS: &[(u64, u64)] = &[
    (0, 1),       // PTRACE_TRACEME
    (1, 2),       // PTRACE_PEEKTEXT
    (2, 3),       // PTRACE_PEEKDATA
    (3, 4),       // PTRACE_PEEKUSR
    (4, 5),       // PTRACE_POKETEXT
    (5, 6),       // PTRACE_POKEDATA
    (6, 7),       // PTRACE_POKEUSR
    (7, 8),       // PTRACE_CONT
    (8, 9),       // PTRACE_KILL
    (9, 10),      // PTRACE_SINGLESTEP
    (12, 26),     // PTRACE_GETREGS
    (13, 27),     // PTRACE_SETREGS
    (14, 28),     // PTRACE_GETFPREGS
    (15, 29),     // PTRACE_SETFPREGS
    (16, 11),     // PTRACE_ATTACH
    (17, 12),     // PTRACE_DETACH
    (18, 30),     // PTRACE_GETFPXREGS
    (19, 31),     // PTRACE_SETFPXREGS
    (21, 32),     // PTRACE_OLDSETOPTIONS
    (24, 13),     // PTRACE_SYSCALL
    (25, 33),     // PTRACE_GET_THREAD_AREA
    (26, 34),     // PTRACE_SET_THREAD_AREA
    (30, 35),     // PTRACE_ARCH_PRCTL
    (31, 36),     // PTRACE_SYSEMU
    (32, 37),     // PTRACE_SYSEMU_SINGLESTEP
    (33, 38),     // PTRACE_SINGLEBLOCK
    (0x4200, 14), // PTRACE_SETOPTIONS
    (0x4201, 15), // PTRACE_GETEVENTMSG
    (0x4202, 16), // PTRACE_GETSIGINFO
    (0x4203, 17), // PTRACE_SETSIGINFO
    (0x4204, 18), // PTRACE_GETREGSET
    (0x4205, 19), // PTRACE_SETREGSET
    (0x4206, 20), // PTRACE_SEIZE
    (0x4207, 21), // PTRACE_INTERRUPT
    (0x4208, 22), // PTRACE_LISTEN
    (0x4209, 23), // PTRACE_PEEKSIGINFO
    (0x420a, 24), // PTRACE_GETSIGMASK
    (0x420b, 25), // PTRACE_SETSIGMASK
];

const MMAP_BITS: &[(u64, u64)] = &[
    (0x1, 1),        // MAP_SHARED
    (0x2, 2),        // MAP_PRIVATE
    (0x10, 4),       // MAP_FIXED
    (0x20, 8),       // MAP_ANONYMOUS
    (0x40, 16),      // MAP_32BIT
    (0x4000, 64),    // MAP_NORESERVE
    (0x8000, 128),   // MAP_POPULATE
    (0x1_0000, 256), // MAP_NONBLOCK
    (0x100, 512),    // MAP_GROWSDOWN
    (0x800, 1024),   // MAP_DENYWRITE
    (0x1000, 2048),  // MAP_EXECUTABLE
    (0x2000, 16384), // MAP_LOCKED
];

const QUOTA_COMMANDS: &[(u64, u64)] = &[
    (0x80_0001, 128), // Q_SYNC
    (0x80_0002, 1),   // Q_QUOTAON
    (0x80_0003, 2),   // Q_QUOTAOFF
    (0x80_0004, 4),   // Q_GETFMT
    (0x80_0005, 8),   // Q_GETINFO
    (0x80_0006, 16),  // Q_SETINFO
    (0x80_0007, 32),  // Q_GETQUOTA
    (0x80_0008, 64),  // Q_SETQUOTA
    (0x5801, 256),    // Q_XQUOTAON
    (0x5802, 512),    // Q_XQUOTAOFF
    (0x5803, 1024),   // Q_XGETQUOTA
    (0x5804, 2048),   // Q_XSETQLIM
    (0x5805, 4096),   // Q_XGETQSTAT
    (0x5806, 8192),   // Q_XQUOTARM
    (0x5807, 16384),  // Q_XQUOTASYNC
];

const SEM_COMMANDS: &[(u64, u64)] = &[
    (0, 4),     // IPC_RMID
    (1, 2),     // IPC_SET
    (2, 1),     // IPC_STAT
    (3, 8),     // IPC_INFO
    (11, 256),  // GETPID
    (12, 512),  // GETVAL
    (13, 64),   // GETALL
    (14, 128),  // GETNCNT
    (15, 1024), // GETZCNT
    (16, 4096), // SETVAL
    (17, 2048), // SETALL
    (18, 32),   // SEM_STAT
    (19, 16),   // SEM_INFO
];

const RLIMITS: &[(u64, u64)] = &[
    (0, 0),
    (1, 1),
    (2, 2),
    (3, 3),
    (4, 4),
    (5, 5),
    (6, 6),
    (7, 7),
    (8, 8),
    (9, 9),
    (10, 10),
    (11, 11),
    (12, 12),
    (13, 13),
    (14, 14),
    (15, 15),
];
