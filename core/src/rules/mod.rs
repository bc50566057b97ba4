//! Rules at work: a plan is compiled once, evaluated per event, and its matches become finished alerts.

pub mod accessor;
mod by_type;
mod candidates;
mod check;
pub mod error;
pub mod evaluate;
pub mod format;
mod glob;
mod json;
mod literal;
mod matchers;
mod net;
mod node;
mod operators;
mod past;
pub mod plan;
mod pmatch;
pub mod posix;
mod profile;
mod raw;
mod scratch;
mod text;
mod transform;

pub use error::PlanError;
pub use evaluate::Evaluator;
pub use format::{Alert, FormatSettings};
pub use plan::{Plan, Rule};

#[cfg(test)]
mod tests;
