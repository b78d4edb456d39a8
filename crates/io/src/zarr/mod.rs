//! Arrays in Zarr's format, versions 2 and 3, in folders of the local file system.
//!
//! Metadata and chunks are not trusted: whatever they hold gives an error that names the array, never a panic and never more
//! memory than a chunk of the shape that the metadata says.

mod codecs;
mod layout;
mod sink;
mod source;
mod store;

pub use sink::ZarrSink;
pub use source::ZarrSource;

/// A version of the format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZarrFormat {
    /// Version 2: `.zarray`, chunks side by side.
    V2,
    /// Version 3: `zarr.json`, chunks in folders.
    #[default]
    V3,
}
