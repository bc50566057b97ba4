//! The settings document that Python hands over beside the plans.

use std::path::PathBuf;

use serde::Deserialize;

use super::ReplayError;
use crate::rules::FormatSettings;
use crate::state::processes;

/// A point in time, ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    /// Since the epoch.
    At(u64),
    /// Since the first event.
    After(u64),
    /// Since midnight, local time: the first such moment that is not before the first event.
    Clock(u64),
}

/// How a replay runs. Keys as in the `settings` document of `yarak._core.Replay`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReplaySettings {
    /// In this order; `-` is standard input.
    pub files: Vec<PathBuf>,
    /// Rules see events from here …
    pub from: Option<Moment>,
    /// … to here, where the replay ends.
    pub until: Option<Moment>,
    pub max_processes: usize,
    pub format: FormatSettings,
    /// Shown in alerts.
    pub hostname: String,
}

impl Default for ReplaySettings {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            from: None,
            until: None,
            max_processes: processes::DEFAULT_MAX,
            format: FormatSettings::default(),
            hostname: String::new(),
        }
    }
}

impl ReplaySettings {
    /// # Errors
    /// The document is no JSON or a key has the wrong type.
    pub fn parse(json: &[u8]) -> Result<Self, ReplayError> {
        let mut settings: Self = serde_json::from_slice(json).map_err(|e| ReplayError::Settings(e.to_string()))?;
        settings.format.hostname.clone_from(&settings.hostname);
        Ok(settings)
    }
}
