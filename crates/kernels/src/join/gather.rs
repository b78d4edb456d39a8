//! Output batches from pairs of rows.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{Field, SchemaRef};
use blockfold_core::{Error, Result};

use super::JoinTable;
use super::options::OutputColumn;
use super::rows::ALONE;

/// Pairs of rows to output.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) probe: ProbeRows,
    /// Build rows, [`ALONE`] where there is none; empty when no build column is asked for.
    pub(super) build: Vec<u32>,
    pub(super) has_alone: bool,
}

/// Rows of a probe batch.
#[derive(Debug)]
pub(super) enum ProbeRows {
    /// Neighbouring ones, which need no copy.
    Range { start: usize, len: usize },
    /// Any ones.
    Rows(Vec<u32>),
}

impl Default for ProbeRows {
    fn default() -> Self {
        ProbeRows::Range { start: 0, len: 0 }
    }
}

impl Pairs {
    pub(super) fn len(&self) -> usize {
        match &self.probe {
            ProbeRows::Range { len, .. } => *len,
            ProbeRows::Rows(rows) => rows.len(),
        }
    }
}

impl JoinTable {
    /// The output rows of pairs.
    pub(super) fn output(&self, batch: &RecordBatch, pairs: Pairs) -> Result<RecordBatch> {
        let rows = pairs.len();
        let probe = Picker::of_probe(pairs.probe);
        let build = Picker::of_build(pairs.build, pairs.has_alone);
        self.batch(rows, |column, _| match column {
            OutputColumn::Probe(at) | OutputColumn::Key { probe: at, .. } => probe.pick(column_of(batch, *at)?),
            OutputColumn::Build(at) => build.pick_or_null(column_of(&self.build, *at)?),
        })
    }

    /// The output of build rows without a probe row.
    pub(super) fn output_build(&self, rows: Vec<u32>) -> Result<RecordBatch> {
        let count = rows.len();
        let build = Picker::of_build(rows, false);
        self.batch(count, |column, field| match column {
            OutputColumn::Probe(_) => Ok(new_null_array(field.data_type(), count)),
            OutputColumn::Build(at) | OutputColumn::Key { build: at, .. } => build.pick(column_of(&self.build, *at)?),
        })
    }

    fn batch(&self, rows: usize, make: impl Fn(&OutputColumn, &Field) -> Result<ArrayRef>) -> Result<RecordBatch> {
        let fields = self.options.schema.fields();
        let columns = self.options.columns.iter().zip(fields).map(|(column, field)| {
            let array = make(column, field)?;
            // Keys that both sides have may be a dictionary's on one of them.
            let is_cast = array.data_type() != field.data_type() && matches!(column, OutputColumn::Key { .. });
            if is_cast { Ok(cast(&array, field.data_type())?) } else { Ok(array) }
        });
        batch_of(&self.options.schema, columns.collect::<Result<_>>()?, rows)
    }
}

/// A batch of columns, of which there may be none.
pub(super) fn batch_of(schema: &SchemaRef, columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns, &options)?)
}

/// Picks rows of columns.
pub(super) enum Picker {
    Range { start: usize, len: usize },
    Rows(UInt32Array),
}

impl Picker {
    fn of_probe(rows: ProbeRows) -> Self {
        match rows {
            ProbeRows::Range { start, len } => Picker::Range { start, len },
            ProbeRows::Rows(rows) => Picker::Rows(UInt32Array::from(rows)),
        }
    }

    /// Picks build rows, null for [`ALONE`].
    pub(super) fn of_build(mut rows: Vec<u32>, has_alone: bool) -> Self {
        let nulls = has_alone.then(|| rows.iter().map(|row| *row != ALONE).collect::<NullBuffer>());
        if has_alone {
            rows.iter_mut().filter(|row| **row == ALONE).for_each(|row| *row = 0);
        }
        Picker::Rows(UInt32Array::new(rows.into(), nulls))
    }

    pub(super) fn pick(&self, column: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Picker::Range { start: 0, len } if *len == column.len() => Ok(Arc::clone(column)),
            Picker::Range { start, len } => Ok(column.slice(*start, *len)),
            Picker::Rows(rows) => Ok(take(column, rows, None)?),
        }
    }
}

impl Picker {
    /// Picks rows that may be null, of a column that may have none.
    pub(super) fn pick_or_null(&self, column: &ArrayRef) -> Result<ArrayRef> {
        match self {
            Picker::Rows(rows) if column.is_empty() => Ok(new_null_array(column.data_type(), rows.len())),
            picker => picker.pick(column),
        }
    }
}

fn column_of(batch: &RecordBatch, at: usize) -> Result<&ArrayRef> {
    batch.columns().get(at).ok_or_else(|| Error::internal("a join's output names a column that does not exist"))
}
