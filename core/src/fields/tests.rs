//! What holds for every field, and the listing's agreement with the reference.
