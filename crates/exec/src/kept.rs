//! Rows that outlive the run that made them, as a source of later runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blockfold_core::{Block, Columns, Divisions, Error, Grid, Result, SchemaRef};
use blockfold_plan::{BlockMeta, BlockStream, PartitionEstimate, Source, TaskContext};

use crate::part::{BATCH_ROWS, PartStream};
use crate::store::Store;

/// Partitions that a session keeps: in memory as far as there is room, else in scratch.
///
/// # Memory
/// Memory and scratch are given back when the last source of these partitions is dropped.
#[derive(Clone)]
pub struct KeptSource {
    /// Unique for each set of partitions, for [`Source::token`].
    id: u64,
    store: Arc<Store>,
    schema: SchemaRef,
    /// Places of the columns that are read; all when there are none.
    columns: Option<Vec<usize>>,
    /// Rows of each partition that are read.
    lengths: Arc<[u64]>,
    divisions: Option<Divisions>,
}

impl KeptSource {
    pub(crate) fn new(store: Arc<Store>, divisions: Option<Divisions>) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let lengths: Arc<[u64]> = (0..store.parts()).map(|part| store.size(part).rows).collect();
        let divisions = divisions.filter(|known| known.bounds.len() == lengths.len() + 1);
        let (id, schema) = (IDS.fetch_add(1, Ordering::Relaxed), store.schema.clone());
        KeptSource { id, store, schema, columns: None, lengths, divisions }
    }

    fn column_list(&self) -> String {
        let names: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        if names.is_empty() { "no columns".to_string() } else { format!("columns {}", names.join(", ")) }
    }
}

impl fmt::Debug for KeptSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kept: {}", self.detail())
    }
}

impl Source for KeptSource {
    fn name(&self) -> &'static str {
        "kept"
    }

    fn detail(&self) -> String {
        let (count, s) = (self.lengths.len(), if self.lengths.len() == 1 { "" } else { "s" });
        format!("{count} partition{s}, {}", self.column_list())
    }

    fn token(&self) -> Option<String> {
        let rows: u64 = self.lengths.iter().sum();
        Some(format!("kept {} {rows} rows {}", self.id, self.column_list()))
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn grid(&self) -> Grid {
        Grid::known(self.lengths.clone()).with_divisions(self.divisions.clone())
    }

    /// Batches in memory are slices; those in scratch are read and decoded one at a time.
    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let Some(rows) = self.lengths.get(partition).copied() else { return PartitionEstimate::default() };
        let size = self.store.size(partition);
        let batch_rows = rows.min(2 * BATCH_ROWS as u64);
        let bytes = u128::from(size.bytes) * u128::from(batch_rows) / u128::from(size.rows.max(1));
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        PartitionEstimate {
            rows: Some(rows),
            batch: BlockMeta { rows: batch_rows, bytes },
            peak_bytes: bytes.saturating_mul(2),
            ..PartitionEstimate::default()
        }
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        let Columns::Some(names) = wanted else { return Ok(None) };
        if let Some(name) = names.keys().find(|name| self.schema.index_of(name).is_err()) {
            let have = self.schema.fields().iter().map(|field| field.name().clone()).collect();
            return Err(Error::ColumnNotFound { name: name.clone(), have });
        }
        let fields = self.schema.fields().iter().enumerate();
        let picked: Vec<usize> = fields.filter(|(_, field)| wanted.contains(field.name())).map(|(at, _)| at).collect();
        if picked.len() == self.schema.fields().len() {
            return Ok(None);
        }
        let schema = Arc::new(self.schema.project(&picked)?);
        let place = |at: &usize| self.columns.as_ref().map_or(Some(*at), |columns| columns.get(*at).copied());
        let columns = Some(picked.iter().filter_map(place).collect());
        let divisions = self.divisions.clone().filter(|known| schema.index_of(&known.column).is_ok());
        Ok(Some(Arc::new(KeptSource { schema, columns, divisions, ..self.clone() })))
    }

    fn with_limit(&self, rows: u64) -> Option<Arc<dyn Source>> {
        let (mut left, mut kept) = (rows, Vec::new());
        for length in self.lengths.iter() {
            if left == 0 && !kept.is_empty() {
                break;
            }
            kept.push(left.min(*length));
            left -= left.min(*length);
        }
        let bounds = |known: &Divisions| {
            let bounds = known.bounds.get(..=kept.len())?;
            Some(Divisions { column: known.column.clone(), bounds: bounds.into() })
        };
        let divisions = self.divisions.as_ref().and_then(bounds);
        Some(Arc::new(KeptSource { lengths: kept.into(), divisions, ..self.clone() }))
    }

    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        let left = self.lengths.get(partition).copied();
        let left = left.ok_or_else(|| Error::internal(format!("no partition {partition} is kept")))?;
        let stream = PartStream::new(self.store.clone(), partition, self.columns.clone(), task.metrics.clone())?;
        Ok(Box::new(KeptStream { stream, left, task: task.clone() }))
    }
}

/// The first rows of a partition.
struct KeptStream {
    stream: PartStream,
    left: u64,
    task: TaskContext,
}

impl BlockStream for KeptStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        if self.left == 0 {
            return Ok(None);
        }
        let Some(block) = self.stream.next()? else { return Ok(None) };
        let batch = block.frame()?;
        let rows = usize::try_from(self.left).unwrap_or(usize::MAX).min(batch.num_rows());
        self.left -= rows as u64;
        self.task.metrics.add_rows_read(rows as u64);
        Ok(Some(batch.slice(0, rows).into()))
    }
}
