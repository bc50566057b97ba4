//! Layouts shared with `sensor/event.h`: tables that userspace writes and records that it reads.

pub const MAX_PARAMS: usize = 18;
pub const MAX_CHOICES: usize = 8;
pub const PARAM_ROWS: usize = 1024;
pub const CONDITIONS: usize = 128;
pub const NO_ARG: u8 = 255;
/// Ceiling of the snap length, bytes.
pub const MAX_SNAPLEN: u32 = 16383;
pub const CALLS: usize = 512;
pub const IA32_CALLS: u32 = 612;
/// Of the 32-bit table: where operations of socketcall(2), numbers of x32 alone, and operations of ipc(2) begin.
pub const SOCKETCALLS: u16 = 512;
pub const X32_CALLS: u16 = 544;
pub const IPC_CALLS: u16 = 580;
pub const NO_CALL: u32 = u32::MAX;
pub const CLAUSE_WORDS: usize = 16;
/// Clauses that the filter can tell apart.
pub const CLAUSES: usize = CLAUSE_WORDS * 64;
/// `TASK_COMM_LEN`.
pub const COMM: usize = 16;
pub const KEY_TEXT: usize = 248;
pub const KEY_FILENAME: u8 = 1;
pub const KEY_DIRECTORY: u8 = 2;
pub const KEY_FOLDER: u8 = 3;
pub const NAME_SET_WORDS: usize = 16;
pub const NAME_HASH: u64 = 0x9e37_79b9_7f4a_7c15;
/// Groups of networks that a clause can want an end outside of.
pub const SHUNS: usize = 2;
pub const AF_INET: u32 = 2;
pub const AF_INET6: u32 = 10;
/// Directories that the sensor remembers for each CPU.
pub const DIRECTORIES: u32 = 256;
pub const PREFIX_TEXT: usize = 120;
/// `f_flags` bit that says the open created the file.
pub const OPEN_CREATED: u32 = 1 << 31;

/// `struct yk_settings`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    pub self_tgid: u32,
    pub cpus_per_ring: u32,
    pub scan_slot: u32,
    pub snaplen: u32,
    /// `enum yk_hierarchy`.
    pub hierarchy: u32,
    /// Before 6.13.
    pub ring_result_by_value: u32,
    /// Each tail-called program's run time is kept.
    pub measured: u32,
    /// A task can lose its CPU within a program.
    pub preemptible: u32,
    pub seed: u64,
}

impl Settings {
    pub fn bytes(&self) -> Vec<u8> {
        let words = [
            self.self_tgid,
            self.cpus_per_ring,
            self.scan_slot,
            self.snaplen,
            self.hierarchy,
            self.ring_result_by_value,
            self.measured,
            self.preemptible,
        ];
        words.iter().flat_map(|word| word.to_le_bytes()).chain(self.seed.to_le_bytes()).collect()
    }
}

/// `struct yk_dispatcher`; the kernel writes the rest.
pub fn dispatcher(id: u32) -> [u8; 16] {
    let mut told = [0; 16];
    told[..4].copy_from_slice(&id.to_le_bytes());
    told
}

/// `struct yk_live`; the first three members are the kernel's to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Live {
    pub host_root_dentry: u64,
    pub host_root_mount: u64,
    pub host_root_dev: u32,
    pub generation: u32,
    pub filter_on: u32,
    pub socket_history: u32,
    pub polled: u32,
    pub mounts_epoch: u32,
    pub others: OtherDescriptors,
}

/// Descriptors that are told with every event, whatever it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OtherDescriptors {
    /// By number, a bit each.
    pub numbers: u64,
    /// [`descriptor_sets`].
    pub sets: u32,
}

/// `enum yk_descriptor_set`.
pub mod descriptor_sets {
    pub const POLLED: u32 = 1 << 0;
    pub const TABLE: u32 = 1 << 1;
}

impl Live {
    pub const SIZE: usize = 56;

    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Self::SIZE);
        out.extend(self.host_root_dentry.to_le_bytes());
        out.extend(self.host_root_mount.to_le_bytes());
        for word in
            [self.host_root_dev, self.generation, self.filter_on, self.socket_history, self.polled, self.mounts_epoch]
        {
            out.extend(word.to_le_bytes());
        }
        out.extend(self.others.numbers.to_le_bytes());
        out.extend(u64::from(self.others.sets).to_le_bytes());
        out
    }

    /// Reads back what the kernel has; `None` when the value has another size.
    pub fn from_bytes(b: &[u8]) -> Option<Self> {
        let u64_at = |at: usize| b.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
        let u32_at = |at: usize| b.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
        Some(Self {
            host_root_dentry: u64_at(0)?,
            host_root_mount: u64_at(8)?,
            host_root_dev: u32_at(16)?,
            generation: u32_at(20)?,
            filter_on: u32_at(24)?,
            socket_history: u32_at(28)?,
            polled: u32_at(32)?,
            mounts_epoch: u32_at(36)?,
            others: OtherDescriptors { numbers: u64_at(40)?, sets: u32_at(48)? },
        })
    }
}

/// `enum yk_call_flags`.
pub mod call_flags {
    pub const STATE: u8 = 1 << 0;
    pub const CREATES_FD: u8 = 1 << 1;
    pub const CWD: u8 = 1 << 2;
    pub const SNAPSHOT: u8 = 1 << 3;
    pub const NAMES: u8 = 1 << 4;
}

/// `enum yk_counter`, in order.
pub const COUNTERS: [&str; 14] = [
    "n_evts",
    "n_filtered",
    "n_sent",
    "n_self",
    "n_compat",
    "n_path_cut",
    "n_truncated",
    "n_drops_scratch_map",
    "n_io_uring",
    "n_io_uring_unknown",
    "n_io_uring_unfollowed",
    "n_snapshots_missed",
    "n_sockets_forgotten",
    RESCUED,
];

/// Runs of the dispatcher that the kernel skipped and another program made.
pub const RESCUED: &str = "n_calls_rescued";

/// `enum yk_share`.
pub mod share {
    pub const ORDINARY: u8 = 6;
    pub const CRITICAL: u8 = 7;
}

/// `struct yk_call`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Call {
    pub event: u16,
    pub nparams: u8,
    pub flags: u8,
    /// `enum yk_share`.
    pub share: u8,
    /// Row of its first parameter.
    pub first: u16,
}

impl Call {
    pub fn with_strings_taken(self, taken: bool) -> Self {
        let flags = if taken { self.flags | call_flags::SNAPSHOT } else { self.flags };
        Self { flags, ..self }
    }

    pub fn bytes(&self) -> [u8; 8] {
        let ([e0, e1], [f0, f1]) = (self.event.to_le_bytes(), self.first.to_le_bytes());
        [e0, e1, self.nparams, self.flags, self.share, 0, f0, f1]
    }
}
