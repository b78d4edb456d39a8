//! A table from batches as they come.

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::concat;
use arrow::datatypes::SchemaRef;
use blockfold_core::{Error, Result};

use super::table::check_keys;
use super::{JoinOptions, JoinTable};

/// Batches of a build side. Rows are put together once, column by column, when all are there.
#[derive(Debug)]
pub struct JoinBuilder {
    schema: SchemaRef,
    options: JoinOptions,
    /// Batches of each column.
    columns: Vec<Vec<ArrayRef>>,
    /// Batches of each key.
    keys: Vec<Vec<ArrayRef>>,
    /// Rows of each batch.
    rows: Vec<usize>,
}

impl JoinBuilder {
    /// No batches yet of a schema whose columns are those that the output names.
    pub fn new(schema: SchemaRef, options: JoinOptions) -> Self {
        let columns = vec![Vec::new(); schema.fields().len()];
        JoinBuilder { schema, options, columns, keys: Vec::new(), rows: Vec::new() }
    }

    /// Adds the rows of a batch with their keys.
    ///
    /// # Errors
    /// [`Error::Argument`] when rows and keys do not fit together.
    pub fn push(&mut self, rows: RecordBatch, keys: &[ArrayRef]) -> Result<()> {
        if self.rows.is_empty() {
            self.keys = vec![Vec::new(); keys.len()];
        }
        check_keys(&rows, keys, self.keys.len())?;
        if rows.num_columns() != self.columns.len() {
            return Err(Error::argument("join", "batches of one side differ in their columns"));
        }
        self.rows.push(rows.num_rows());
        self.columns.iter_mut().zip(rows.columns()).for_each(|(parts, part)| parts.push(ArrayRef::clone(part)));
        self.keys.iter_mut().zip(keys).for_each(|(parts, part)| parts.push(ArrayRef::clone(part)));
        Ok(())
    }

    /// The table of all batches; without any, of an empty side.
    ///
    /// # Errors
    /// [`Error::Argument`] when options and rows do not fit together, [`Error::Unsupported`] for more rows than can be
    /// numbered and for keys of types that cannot be compared.
    pub fn finish(mut self) -> Result<JoinTable> {
        if !self.rows.is_empty() {
            self.options.check(self.columns.len(), self.keys.len())?;
        }
        let rows: usize = self.rows.iter().sum();
        let build = self.concat(rows)?;
        JoinTable::of(build, &self.keys, &self.rows, self.options)
    }

    /// Puts the rows together; a column's batches go before the next one's are copied.
    fn concat(&mut self, rows: usize) -> Result<RecordBatch> {
        let columns = std::mem::take(&mut self.columns).into_iter().zip(self.schema.fields());
        let columns = columns.map(|(parts, field)| match parts.as_slice() {
            [] => Ok(arrow::array::new_empty_array(field.data_type())),
            [part] => Ok(ArrayRef::clone(part)),
            parts => concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>()).map_err(Error::from),
        });
        let columns = columns.collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)?)
    }
}
