//! Readers of single column chunks, all of one shape: read so many rows, skip so many rows.
//!
//! [`flat`] reads columns of numbers and strings page by page; [`fallback`] reads whatever arrow-rs reads;
//! [`switch`] goes from the one to the other when it must.

mod fallback;
mod fixed;
mod flat;
mod header;
mod hybrid;
mod keys;
mod levels;
mod page;
mod pages;
mod switch;
mod texts;
mod unpack;

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
#[derive(Clone)]
pub(super) struct ColumnSource {
    pub(super) data: Arc<Dataset>,
    pub(super) layout: Arc<Layout>,
    pub(super) group: Group,
    pub(super) file: Arc<DataReader>,
    pub(super) batch_rows: usize,
}

impl ColumnSource {
    /// The reader that suits a column best.
    pub(super) fn open(&self, column: usize, form: Form) -> Result<Box<dyn ColumnReader>> {
        Ok(match flat::FlatColumn::open(self, column, form)? {
            Some(fast) => Box::new(switch::SwitchColumn::new(self.clone(), column, fast)),
            None => Box::new(fallback::FallbackColumn::open(self, column)?),
        })
    }
}
