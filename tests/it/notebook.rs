//! Notebooks.
