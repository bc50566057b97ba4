//! Plans over a small field table of our own, so that every type and mode is at hand.

mod alerts;
mod by_type;
mod candidates;
mod conditions;
mod fake;
mod paths;
mod plans;
mod profile;
mod reference;
