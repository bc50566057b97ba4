//! The live source: the eBPF sensor, its tables and its ring buffers.

pub mod beginnings;
pub mod calls;
pub mod error;
pub mod filter;
pub mod fixup;
mod hierarchy;
pub mod losses;
mod mounts;
pub mod preflight;
mod program_info;
mod ring;
mod rows;
pub mod scan;
pub mod sensor;
pub mod wire;

use error::LiveError;
use libbpf_rs::{Object, ProgramMut};

/// A program of the sensor's object.
///
/// # Errors
/// [`LiveError::Layout`] where there is none of this name.
fn program<'a>(object: &'a Object, name: &'static str) -> Result<ProgramMut<'a>, LiveError> {
    object.progs_mut().find(|p| p.name() == name).ok_or(LiveError::Layout(name))
}
