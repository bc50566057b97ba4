//! The settings document that Python hands over beside the plan.

use crate::capture::live::beginnings::Snapshots;
use crate::capture::live::sensor::RingPlan;
use crate::record::{CaptureSettings, RecordSettings};
use crate::rules::FormatSettings;
use serde::Deserialize;

/// What is wrong with the document.
#[derive(Debug, thiserror::Error)]
#[error("settings: {0}")]
pub struct SettingsError(String);

fn default_ring_bytes() -> u32 {
    8 << 20
}
fn default_cpus_per_ring() -> u32 {
    2
}
fn default_total() -> u64 {
    64 << 20
}
fn default_snaplen() -> u32 {
    80
}
fn default_true() -> bool {
    true
}
fn default_processes() -> usize {
    131_072
}

/// How the pipeline runs. Keys as in the `settings` document of `yarak._core.Sensor`.
#[derive(Clone, Debug, Deserialize)]
pub struct EngineSettings {
    #[serde(default = "default_ring_bytes")]
    pub buf_bytes: u32,
    /// 0: one ring for all CPUs.
    #[serde(default = "default_cpus_per_ring")]
    pub cpus_per_ring: u32,
    /// Bytes of all rings together.
    #[serde(default = "default_total")]
    pub max_rings_bytes: u64,
    /// Bytes kept of I/O buffers.
    #[serde(default = "default_snaplen")]
    pub snaplen: u32,
    #[serde(default)]
    pub hostname: String,
    #[serde(default = "default_true")]
    pub kernel_filter: bool,
    #[serde(default)]
    pub snapshots: Snapshots,
    #[serde(default = "default_processes")]
    pub max_processes: usize,
    /// Everything goes into files, and no alert is raised.
    #[serde(default)]
    pub record: Option<RecordSettings>,
    /// Alerts of rules that ask for it are recorded.
    #[serde(default)]
    pub capture: Option<CaptureSettings>,
    #[serde(default)]
    pub format: FormatSettings,
}

impl EngineSettings {
    /// # Errors
    /// The document is no JSON or a key has the wrong type.
    pub fn parse(json: &[u8]) -> Result<Self, SettingsError> {
        let mut settings: Self = serde_json::from_slice(json).map_err(|e| SettingsError(e.to_string()))?;
        settings.format.hostname.clone_from(&settings.hostname);
        Ok(settings)
    }

    /// Whether a file may be written.
    pub fn records(&self) -> bool {
        self.record.is_some() || self.capture.is_some()
    }

    /// Rings for the CPUs that this machine may bring up.
    pub fn rings(&self) -> RingPlan {
        let cpus = libbpf_rs::num_possible_cpus().unwrap_or(1) as u32;
        RingPlan::new(cpus, self.cpus_per_ring, self.buf_bytes, self.max_rings_bytes)
    }
}
