//! `util.*`: helpers of old tables.

use super::declare::fields;

fields! {
    "util";

    /// Counter of its own evaluations; nothing keeps one per use.
    "util.cnt" "Counter" Uint64 {"hidden-class"} => |_| None;
}
