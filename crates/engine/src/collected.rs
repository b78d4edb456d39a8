//! Answers: frames in memory, and summaries of what was written.

use std::fmt;
use std::sync::Arc;

use arrow::compute::concat_batches;
use blockfold_core::{Error, Permit, RecordBatch, Result, Scalar, SchemaRef};
use blockfold_exec::{Outcome, RunReport};
use blockfold_plan::Estimate;

use crate::comparison::Comparison;

/// Rows that [`Frame`] prints.
const PRINTED_ROWS: usize = 20;

/// A frame in memory: the answer of a run.
///
/// # Memory
/// Counts against the session's budget until it is dropped.
#[must_use]
pub struct Frame {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    _permits: Vec<Arc<Permit>>,
    report: RunReport,
    estimate: Estimate,
}

impl Frame {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Frame {
            schema: outcome.schema,
            batches: outcome.partitions.into_iter().flatten().collect(),
            _permits: outcome.permits,
            report: outcome.report,
            estimate: outcome.estimate,
        }
    }

    /// Rows that come from elsewhere.
    pub(crate) fn of_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        let (report, estimate) = (RunReport::default(), Estimate::default());
        Frame { schema, batches, _permits: Vec::new(), report, estimate }
    }

    /// Columns with their types.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The rows, in batches.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// The rows as one batch.
    pub fn to_batch(&self) -> Result<RecordBatch> {
        match self.batches.as_slice() {
            [one] => Ok(one.clone()),
            many => Ok(concat_batches(many.first().map_or(&self.schema, |first| first.schema_ref()), many)?),
        }
    }

    /// The value of a column of a frame of one row.
    ///
    /// # Errors
    /// No such column, or not exactly one row.
    pub fn scalar(&self, column: &str) -> Result<Scalar> {
        let batch = self.to_batch()?;
        if batch.num_rows() != 1 {
            let what = format!("the frame has {} rows; a single value needs one", batch.num_rows());
            return Err(Error::argument("scalar", what));
        }
        let found = batch.column_by_name(column).ok_or_else(|| Error::ColumnNotFound {
            name: column.to_string(),
            have: self.schema.fields().iter().map(|field| field.name().clone()).collect(),
        })?;
        Scalar::from_array(found.as_ref(), 0)
    }

    /// The first `max_rows` rows as a table for people.
    pub fn to_table(&self, max_rows: usize) -> Result<String> {
        crate::table::render(&self.to_batch()?, max_rows)
    }

    /// What the run needed.
    pub fn report(&self) -> &RunReport {
        &self.report
    }

    /// What the run was estimated to need, against what it needed.
    pub fn comparison(&self) -> Comparison<'_> {
        Comparison { estimate: &self.estimate, report: &self.report }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let batch = self.to_batch().map_err(|_| fmt::Error)?;
        write!(f, "{}", crate::table::render(&batch, PRINTED_ROWS).map_err(|_| fmt::Error)?)?;
        if batch.num_rows() > PRINTED_ROWS {
            write!(f, "\n... {} rows in all", batch.num_rows())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame of {} rows, {} columns", self.num_rows(), self.schema.fields().len())
    }
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct WriteSummary {
    /// Number of files.
    pub files: usize,
    /// What the run needed: rows and bytes written among it.
    pub report: RunReport,
    /// What the run was estimated to need.
    pub estimate: Estimate,
}

impl WriteSummary {
    /// What the run was estimated to need, against what it needed.
    pub fn comparison(&self) -> Comparison<'_> {
        Comparison { estimate: &self.estimate, report: &self.report }
    }
}
