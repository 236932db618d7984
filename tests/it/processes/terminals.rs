//! A second terminal beside the process that owns the store.
