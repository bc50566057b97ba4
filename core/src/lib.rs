//! The per-event core of Yarak: decode, state, enrich, evaluate, format.
//!
//! One event's journey is the order of the modules: `capture` yields events in `schema`'s terms, `state` follows
//! them, `fields` reads both, `rules` evaluates and formats, `python` hands finished alerts over.

pub mod capture;
#[cfg(feature = "live")]
pub mod engine;
pub mod event;
pub mod fields;
#[cfg(test)]
mod heap;
pub mod params;
#[cfg(feature = "python")]
mod python;
#[cfg(feature = "live")]
pub mod record;
pub mod replay;
pub mod rules;
pub mod schema;
pub mod state;
#[cfg(test)]
mod testing;
pub mod trial;
pub mod value;
