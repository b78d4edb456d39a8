//! The series: what is known of it, and its rows.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use crate::columns::Column;
use crate::error::{Result, TimeseriesError};
use crate::partitions::Partitions;

/// The name of the index.
pub(crate) const TIMESTAMP: &str = "timestamp";

/// A table of random values over time, of which any rows can be generated. Made by [`TimeseriesOptions`](crate::TimeseriesOptions).
///
/// Column 0 is `timestamp`; the others follow in the order they were given. Rows are counted through all partitions.
#[derive(Debug, Clone)]
pub struct Timeseries {
    schema: SchemaRef,
    unit: TimeUnit,
    partitions: Partitions,
    columns: Vec<Column>,
}

impl Timeseries {
    pub(crate) fn new(unit: TimeUnit, partitions: Partitions, columns: Vec<(String, Column)>) -> Self {
        let index = Field::new(TIMESTAMP, DataType::Timestamp(unit, None), false);
        let fields = std::iter::once(index).chain(columns.iter().map(|(name, column)| column.field(name)));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self { schema, unit, partitions, columns: columns.into_iter().map(|(_, column)| column).collect() }
    }

    /// The names and types of all columns; none has nulls.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The number of partitions.
    pub fn npartitions(&self) -> usize {
        self.partitions.count()
    }

    /// The number of rows of all partitions.
    pub fn rows(&self) -> u64 {
        self.partitions.rows()
    }

    /// The number of rows of `partition`; 0 if there is no such partition.
    pub fn partition_rows(&self, partition: usize) -> u64 {
        self.partition_start_row(partition.saturating_add(1)) - self.partition_start_row(partition)
    }

    /// The first row of `partition`; the number of all rows if there is no such partition.
    pub fn partition_start_row(&self, partition: usize) -> u64 {
        self.partitions.first_row(partition)
    }

    /// The times at which partitions begin, then the time at which the last one ends (its rows lie before it), in the unit of the
    /// timestamps. Nothing if there are no partitions.
    pub fn divisions(&self) -> impl ExactSizeIterator<Item = i64> + '_ {
        self.partitions.divisions()
    }

    /// Bounds of the values of an integer column: every value lies between them, both included. `None` for other columns.
    pub fn column_range(&self, column: usize) -> Option<(i64, i64)> {
        self.columns.get(column.checked_sub(1)?)?.range()
    }

    /// The given columns of `rows` rows from `first_row` on. Only these columns are generated, and their values do not depend on how the
    /// rows are asked for. Batches that begin at multiples of 4096 are generated without waste.
    ///
    /// # Errors
    /// [`TimeseriesError::NoSuchColumn`] or [`TimeseriesError::RowsPastEnd`].
    pub fn batch(&self, columns: &[usize], first_row: u64, rows: usize) -> Result<RecordBatch> {
        let have = self.rows();
        if first_row.checked_add(rows as u64).is_none_or(|end| end > have) {
            return Err(TimeseriesError::RowsPastEnd { first_row, rows, have });
        }
        let arrays: Result<Vec<ArrayRef>> =
            columns.iter().map(|&column| self.column(column, first_row, rows)).collect();
        let arrays = arrays?;
        let schema = Arc::new(self.schema.project(columns)?);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }

    fn column(&self, column: usize, first_row: u64, rows: usize) -> Result<ArrayRef> {
        let Some(index) = column.checked_sub(1) else { return Ok(self.timestamps(first_row, rows)) };
        let missing = TimeseriesError::NoSuchColumn { column, have: self.columns.len() + 1 };
        self.columns.get(index).ok_or(missing)?.generate(first_row, rows)
    }

    fn timestamps(&self, first_row: u64, rows: usize) -> ArrayRef {
        let times = self.partitions.timestamps(first_row, rows);
        match self.unit {
            TimeUnit::Second => Arc::new(TimestampSecondArray::from(times)),
            TimeUnit::Millisecond => Arc::new(TimestampMillisecondArray::from(times)),
            TimeUnit::Microsecond => Arc::new(TimestampMicrosecondArray::from(times)),
            TimeUnit::Nanosecond => Arc::new(TimestampNanosecondArray::from(times)),
        }
    }
}
