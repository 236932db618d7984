//! What happens to a store when something breaks.
