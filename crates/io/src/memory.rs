//! Batches in memory as a source.
