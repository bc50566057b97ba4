//! What can go wrong with a replay.

use std::io;
use std::path::PathBuf;

use crate::capture::scap::{Fault, ScapError};
use crate::rules::PlanError;

/// Codes, what they mean, and what to do.
pub const CATALOGUE: &[(&str, &str, &str)] = &[
    ("capture-open", "a capture file can't be opened", "check its path and permissions"),
    (
        "capture-format",
        "a file is no capture that this version reads",
        "captures (.scap) come from Falco, sysdig, Stratoshark and `yarak record`",
    ),
    (
        "capture-damaged",
        "a capture file is damaged or cut short",
        "what stands before the offset was replayed; get the file again, or go on with what there is",
    ),
    ("replay-settings", "the replay's settings document is malformed", "this is a defect of the caller"),
];

#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("{}: {error}", path.display())]
    Open { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Damaged { path: PathBuf, error: ScapError },
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("replay settings: {0}")]
    Settings(String),
}

impl ReplayError {
    /// Code and hint.
    pub fn entry(&self) -> (&'static str, &'static str) {
        let at = match self {
            Self::Open { .. } => 0,
            Self::Damaged { error, .. } => match error.what {
                Fault::Empty | Fault::NotACapture(_) | Fault::ByteOrder | Fault::Magic(_) | Fault::Version(..) => 1,
                _ => 2,
            },
            Self::Settings(_) | Self::Plan(_) => 3,
        };
        (CATALOGUE[at].0, CATALOGUE[at].2)
    }
}
