//! What is recorded, where to, and how much of it.

use serde::Deserialize;

/// `yarak record`: everything, from start to end.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordSettings {
    /// `-`: standard output. Compressed where it ends in `.gz` or `compress` says so.
    pub path: String,
    #[serde(default)]
    pub compress: bool,
    /// For readers of 2022.
    #[serde(default)]
    pub compat: bool,
    /// The plan's rules choose the events; others are written as far as readers' state needs them.
    #[serde(default)]
    pub filtered: bool,
    /// Begin a new file after so many bytes; 0: never.
    #[serde(default)]
    pub rotate_bytes: u64,
    /// Begin a new file after so many ns; 0: never.
    #[serde(default)]
    pub rotate_ns: u64,
    /// Rotated files kept; 0: all.
    #[serde(default)]
    pub keep: usize,
}

/// `capture`: files around the alerts of rules that ask for them.
#[derive(Clone, Debug, Deserialize)]
pub struct CaptureSettings {
    pub path_prefix: String,
    /// Every rule asks.
    #[serde(default)]
    pub all_rules: bool,
    /// How long a file goes on after its alert.
    pub default_duration_ms: u64,
    /// MiB of a file; 0: no limit.
    #[serde(default)]
    pub max_file_size_mb: u64,
    /// How much of the time before the alert a file has; 0: nothing.
    #[serde(default)]
    pub lookback_ms: u64,
    /// Bytes that the time before takes in memory.
    #[serde(default)]
    pub lookback_bytes: usize,
}
