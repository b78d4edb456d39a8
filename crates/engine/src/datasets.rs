//! Generated data sets as lazy frames: nothing is stored, every partition is made when it is needed.

use std::sync::Arc;

use blockfold_core::{Block, Columns, Divisions, Error, Grid, Result, Scalar, SchemaRef};
use blockfold_datasets::Timeseries;
use blockfold_plan::{BlockMeta, BlockStream, PartitionEstimate, Source, TaskContext};

pub use blockfold_datasets::{ColumnKind, TimeseriesError, TimeseriesOptions};

use crate::frame::LazyFrame;
use crate::session::Session;

/// Rows of a batch: a few columns of it stay in a core's own cache. The generator's blocks of 4,096 rows divide it.
const BATCH_ROWS: u64 = 16 * 1024;

/// Options of [`timeseries`]: the columns, times and partitions of Dask's data set of that name.
pub fn options() -> TimeseriesOptions {
    TimeseriesOptions::new()
}

/// A lazy frame of random measurements over time: `timestamp`, `name`, `id`, `x` and `y` unless told otherwise.
///
/// A value depends on the seed, its column's name and its row alone, never on partitions or threads.
///
/// # Errors
/// Times or frequencies that do not parse, naming them.
pub fn timeseries(session: &Session, options: TimeseriesOptions) -> Result<LazyFrame> {
    let token = format!("{options:?}");
    let series = options.build().map_err(|error| Error::argument("timeseries", error))?;
    let columns: Vec<usize> = (0..series.schema().fields().len()).collect();
    session.read(Arc::new(TimeseriesSource { series: Arc::new(series), columns, token }))
}

#[derive(Clone, Debug)]
struct TimeseriesSource {
    series: Arc<Timeseries>,
    columns: Vec<usize>,
    token: String,
}

impl TimeseriesSource {
    fn row_bytes(&self) -> u64 {
        let schema = self.schema();
        let width = |width: Option<usize>| width.unwrap_or(4) as u64;
        schema.fields().iter().map(|field| width(field.data_type().primitive_width())).sum()
    }
}

impl Source for TimeseriesSource {
    fn name(&self) -> &'static str {
        "timeseries"
    }

    fn detail(&self) -> String {
        let schema = self.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        format!("{} rows, columns [{}]", self.series.rows(), names.join(", "))
    }

    fn token(&self) -> Option<String> {
        Some(format!("{} {:?}", self.token, self.columns))
    }

    fn schema(&self) -> SchemaRef {
        let all = self.series.schema();
        Arc::new(all.project(&self.columns).unwrap_or_else(|_| all.as_ref().clone()))
    }

    fn grid(&self) -> Grid {
        let partitions = self.series.npartitions();
        let lengths: Vec<u64> = (0..partitions).map(|i| self.series.partition_rows(i)).collect();
        let index = self.series.schema().field(0).clone();
        let divisions = match index.data_type() {
            blockfold_core::DType::Timestamp(unit, zone) if self.columns.contains(&0) => Some(Divisions {
                column: index.name().clone(),
                bounds: self.series.divisions().map(|at| Scalar::Timestamp(at, *unit, zone.clone())).collect(),
            }),
            _ => None,
        };
        Grid::known(lengths).with_divisions(divisions.filter(|divisions| divisions.bounds.len() == partitions + 1))
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let rows = self.series.partition_rows(partition);
        // A batch of no columns still has a validity-free row count only.
        let batch = BlockMeta { rows: rows.min(BATCH_ROWS), bytes: rows.min(BATCH_ROWS) * self.row_bytes() };
        PartitionEstimate { rows: Some(rows), read_bytes: 0, peak_bytes: 2 * batch.bytes, batch, skipped: false }
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        let schema = self.series.schema();
        let kept = |column: &usize| wanted.contains(schema.field(*column).name());
        let columns: Vec<usize> = self.columns.iter().copied().filter(kept).collect();
        if columns.len() == self.columns.len() {
            return Ok(None);
        }
        Ok(Some(Arc::new(TimeseriesSource { columns, ..self.clone() })))
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        let index = self.series.schema().index_of(column).ok()?;
        let (low, high) = self.series.column_range(index)?;
        Some((Scalar::Int(low), Scalar::Int(high)))
    }

    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        let start = self.series.partition_start_row(partition);
        let end = start + self.series.partition_rows(partition);
        Ok(Box::new(TimeseriesStream { source: self.clone(), next: start, end, task: task.clone() }))
    }
}

struct TimeseriesStream {
    source: TimeseriesSource,
    next: u64,
    end: u64,
    task: TaskContext,
}

impl BlockStream for TimeseriesStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        if self.next >= self.end {
            return Ok(None);
        }
        // Batches end at absolute multiples, so that no block of the generator is made twice.
        let stop = ((self.next / BATCH_ROWS + 1) * BATCH_ROWS).min(self.end);
        let rows = usize::try_from(stop - self.next).map_err(|_| Error::internal("a batch of too many rows"))?;
        let batch = self.source.series.batch(&self.source.columns, self.next, rows);
        self.next = stop;
        self.task.metrics.add_rows_read(rows as u64);
        batch.map(|batch| Some(batch.into())).map_err(|error| Error::argument("timeseries", error))
    }
}
