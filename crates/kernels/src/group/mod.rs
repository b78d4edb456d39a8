//! Grouped aggregation.
