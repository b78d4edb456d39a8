//! Arrow IPC files: mapped and read in place, and written.
//!
//! A mapped column costs no copy and no decoding: batches of some ten thousand rows are handed on as views of the
//! map, only wanted columns are touched, and pages are given back once a batch is done with, so that a file of any
//! size is scanned in little resident memory. Files are not trusted: see [`layout`] and [`column`] for what is
//! checked when. Compressed bodies are decoded batch by batch.

mod batches;
mod column;
mod decode;
mod dictionaries;
mod footer;
mod guard;
mod joint;
mod layout;
mod sink;
mod source;
mod stream;

pub use sink::{IpcCompression, IpcSink, IpcWriteOptions};
pub use source::IpcSource;
