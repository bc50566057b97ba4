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
mod ring;
mod rows;
pub mod scan;
pub mod sensor;
pub mod wire;
