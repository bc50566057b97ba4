//! Capture files (`.scap`): a reader for every version, a writer for today's.
//!
//! [`stream`] unpacks (a long file in a thread, [`ahead`]), [`reader`] takes blocks apart, [`upgrade`] makes today's events of old ones.

pub mod additions;
mod ahead;
pub mod block;
mod cursor;
pub mod descriptors;
mod error;
pub mod interfaces;
pub mod machine;
pub mod processes;
pub mod reader;
mod shortcuts;
pub mod stream;
pub mod upgrade;
pub mod users;
pub mod write;

pub use error::{Fault, ScapError};

#[cfg(test)]
mod tests;
