//! The `blockfold` program.
fn main() {}
