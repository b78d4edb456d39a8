//! Readers of single column chunks, all of one shape: read so many rows, skip so many rows.
//!
//! [`fallback`] reads whatever arrow-rs reads.

mod fallback;

use std::sync::Arc;

use arrow::array::ArrayRef;
use blockfold_core::Form;
use parquet::errors::ParquetError;

use super::file::DataReader;
use super::layout::Layout;
use super::meta::{Dataset, Group};

/// Result inside of a column chunk; the border of the partition adds file and column.
pub(super) type Result<T> = std::result::Result<T, ParquetError>;

/// Reads a column of one row group forwards.
pub(super) trait ColumnReader: Send {
    /// The next `rows` rows. The caller never asks for more than there are in the row group.
    fn read(&mut self, rows: usize) -> Result<ArrayRef>;
    /// Leaves out the next `rows` rows.
    fn skip(&mut self, rows: usize) -> Result<()>;
    /// Rows that can be read next without a copy over a border, `None` when it does not matter.
    fn ready(&mut self) -> Result<Option<usize>>;
}

/// What a column is read from.
pub(super) struct ColumnSource<'a> {
    pub(super) data: &'a Dataset,
    pub(super) layout: &'a Arc<Layout>,
    pub(super) group: &'a Group,
    pub(super) file: &'a Arc<DataReader>,
    pub(super) batch_rows: usize,
}

impl ColumnSource<'_> {
    /// The reader that suits a column best.
    pub(super) fn open(&self, column: usize, _form: Form) -> Result<Box<dyn ColumnReader>> {
        Ok(Box::new(fallback::FallbackColumn::open(self, column)?))
    }
}
