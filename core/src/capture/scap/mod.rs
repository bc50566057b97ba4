//! Capture files (`.scap`): a reader for every version, a writer for today's.

pub mod block;
