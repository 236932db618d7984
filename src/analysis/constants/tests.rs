//! Folding, against CPython.
