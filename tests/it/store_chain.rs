//! What verification finds.
