//! NumPy's `.npy` files: one array each, mapped into memory and read box by box.

mod header;
mod runs;
mod sink;
mod source;

pub use sink::{NpySink, RawSink};
pub use source::NpySource;
