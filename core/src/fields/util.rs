//! `util.*`: helpers of old tables.

use super::declare::fields;

fields! {
    "util";

    /// On how many events this very use of the field was evaluated, this one included: in an output the rule's alerts,
    /// in a condition how often the rule asked, which it does once all else holds.
    "util.cnt" "Counter" Uint64 {"hidden-class", "own-past"} => |c| Some(c.earlier.count + 1);
}
