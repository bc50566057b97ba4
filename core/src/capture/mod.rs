//! Where events come from.

#[cfg(feature = "live")]
pub mod live;
pub mod scap;
