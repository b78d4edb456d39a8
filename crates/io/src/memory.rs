//! Batches in memory as a source: what a user hands over, and frames that `persist` keeps.
//!
//! Nothing is copied: batches are handed on in slices, and a narrowed source shares its columns with the one it
//! was made from. Memory that a session's budget pays for stays paid for as long as the source lives.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{RecordBatch, RecordBatchOptions};
use blockfold_core::block::slice_bytes;
use blockfold_core::{Block, Columns, Divisions, Error, Field, Grid, Permit, Result, Schema, SchemaRef};
use blockfold_plan::{BlockMeta, BlockStream, PartitionEstimate, Source, TaskContext};

/// Rows of the batches handed on.
const BATCH_ROWS: usize = 64 * 1024;

/// Partitions held in memory.
#[derive(Clone)]
pub struct MemorySource {
    /// Unique for each set of partitions, for [`Source::token`].
    id: u64,
    schema: SchemaRef,
    partitions: Arc<[Vec<RecordBatch>]>,
    divisions: Option<Divisions>,
    permit: Option<Arc<Permit>>,
}

impl MemorySource {
    /// A source of these partitions, each a list of batches of `schema`.
    ///
    /// # Errors
    /// [`Error::Argument`] naming the column in which a batch differs from `schema`.
    pub fn new(partitions: Vec<Vec<RecordBatch>>, schema: SchemaRef) -> Result<Self> {
        static IDS: AtomicU64 = AtomicU64::new(0);
        let mut checked = Vec::with_capacity(partitions.len().max(1));
        for (index, batches) in partitions.into_iter().enumerate() {
            let place = format!("partition {index}");
            checked.push(batches.iter().map(|batch| conform(batch, &schema, &place)).collect::<Result<Vec<_>>>()?);
        }
        if checked.is_empty() {
            checked.push(Vec::new());
        }
        let id = IDS.fetch_add(1, Ordering::Relaxed);
        Ok(MemorySource { id, schema, partitions: checked.into(), divisions: None, permit: None })
    }

    /// A source of one partition a batch; the first batch sets names and types.
    ///
    /// # Errors
    /// [`Error::Argument`] without a batch, or naming the column in which batches differ.
    pub fn from_batches(batches: Vec<RecordBatch>) -> Result<Self> {
        let first = batches.first().ok_or_else(|| Error::argument("from_batches", "no batch, and so no schema"))?;
        let nullable = |index: usize| {
            let same = |batch: &RecordBatch| batch.schema().fields().get(index).is_some_and(|f| f.is_nullable());
            batches.iter().any(same)
        };
        let fields: Vec<Field> = (first.schema().fields().iter().enumerate())
            .map(|(index, field)| field.as_ref().clone().with_nullable(nullable(index)))
            .collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, first.schema().metadata().clone()));
        MemorySource::new(batches.into_iter().map(|batch| vec![batch]).collect(), schema)
    }

    /// This source with a permit that is given back when the last source of these partitions is dropped.
    pub fn with_permit(mut self, permit: Arc<Permit>) -> Self {
        self.permit = Some(permit);
        self
    }

    /// This source with bounds of its partitions, as known from where they came from.
    ///
    /// # Errors
    /// [`Error::Internal`] unless there is one more bound than there are partitions.
    pub fn with_divisions(mut self, divisions: Option<Divisions>) -> Result<Self> {
        if divisions.as_ref().is_some_and(|known| known.bounds.len() != self.partitions.len() + 1) {
            return Err(Error::internal("divisions that do not fit the partitions in memory"));
        }
        self.divisions = divisions;
        Ok(self)
    }

    /// The batches of all partitions.
    pub fn partitions(&self) -> &[Vec<RecordBatch>] {
        &self.partitions
    }

    fn project(&self, indices: &[usize]) -> Result<Self> {
        let project = |batches: &Vec<RecordBatch>| -> Result<Vec<RecordBatch>> {
            Ok(batches.iter().map(|batch| batch.project(indices)).collect::<Result<_, _>>()?)
        };
        let partitions = self.partitions.iter().map(project).collect::<Result<Vec<_>>>()?;
        let schema = Arc::new(self.schema.project(indices)?);
        let kept = |known: &Divisions| schema.index_of(&known.column).is_ok();
        let divisions = self.divisions.clone().filter(kept);
        Ok(MemorySource { schema, partitions: partitions.into(), divisions, ..self.clone() })
    }
}

/// The batch under `schema`'s name for its columns.
///
/// # Errors
/// The column in which it differs.
pub fn conform(batch: &RecordBatch, schema: &SchemaRef, place: &str) -> Result<RecordBatch> {
    let differs = |what: String| Error::argument("batches in memory", format!("{place}: {what}"));
    let found = batch.schema();
    for (want, have) in schema.fields().iter().zip(found.fields()) {
        if want.name() != have.name() {
            return Err(differs(format!("column '{}' stands where '{}' is expected", have.name(), want.name())));
        }
        if want.data_type() != have.data_type() {
            let (name, have, want) = (want.name(), have.data_type(), want.data_type());
            return Err(differs(format!("column '{name}' is {have}, but {want} is expected")));
        }
    }
    let (want, have) = (schema.fields().len(), found.fields().len());
    if want != have {
        let extra = found.fields().get(want).or(schema.fields().get(have)).map(|field| field.name().as_str());
        let kind = if have > want { "unexpected" } else { "missing" };
        return Err(differs(format!("column '{}' is {kind}", extra.unwrap_or_default())));
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), batch.columns().to_vec(), &options)
        .map_err(|error| differs(error.to_string()))
}

/// Indices of the wanted columns in the schema's order, `None` when that is all of them.
///
/// # Errors
/// [`Error::ColumnNotFound`] for a column that the schema does not have.
pub(crate) fn wanted_indices(schema: &Schema, wanted: &Columns) -> Result<Option<Vec<usize>>> {
    let Columns::Some(names) = wanted else { return Ok(None) };
    if let Some(name) = names.keys().find(|name| schema.index_of(name).is_err()) {
        let have = schema.fields().iter().map(|field| field.name().clone()).collect();
        return Err(Error::ColumnNotFound { name: name.clone(), have });
    }
    let fields = schema.fields().iter().enumerate();
    let indices: Vec<usize> = fields.filter(|(_, field)| wanted.contains(field.name())).map(|(at, _)| at).collect();
    Ok((indices.len() < schema.fields().len()).then_some(indices))
}

/// Names of all columns, for `detail`.
pub(crate) fn column_list(schema: &Schema) -> String {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    if names.is_empty() { "no columns".to_string() } else { format!("columns {}", names.join(", ")) }
}

fn rows_of(batches: &[RecordBatch]) -> u64 {
    batches.iter().map(|batch| batch.num_rows() as u64).sum()
}

/// The first `limit` rows.
fn truncate(batches: &[RecordBatch], limit: u64) -> Vec<RecordBatch> {
    let mut left = limit;
    let mut kept = Vec::new();
    for batch in batches {
        let rows = left.min(batch.num_rows() as u64);
        if rows == 0 {
            break;
        }
        kept.push(batch.slice(0, rows as usize));
        left -= rows;
    }
    kept
}

impl fmt::Debug for MemorySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory: {}", self.detail())
    }
}

impl Source for MemorySource {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn detail(&self) -> String {
        let (count, s) = (self.partitions.len(), if self.partitions.len() == 1 { "" } else { "s" });
        format!("{count} partition{s}, {}", column_list(&self.schema))
    }

    fn token(&self) -> Option<String> {
        let rows: u64 = self.partitions.iter().map(|batches| rows_of(batches)).sum();
        Some(format!("memory {} {rows} rows {}", self.id, column_list(&self.schema)))
    }

    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn grid(&self) -> Grid {
        let lengths: Vec<u64> = self.partitions.iter().map(|batches| rows_of(batches)).collect();
        Grid::known(lengths).with_divisions(self.divisions.clone())
    }

    /// The batches are in memory already: streaming them takes none.
    fn estimate(&self, partition: usize) -> PartitionEstimate {
        let Some(batches) = self.partitions.get(partition) else { return PartitionEstimate::default() };
        let largest = |batch: &RecordBatch| {
            let rows = batch.num_rows().min(BATCH_ROWS) as u64;
            let bytes = u128::from(slice_bytes(batch)) * u128::from(rows);
            BlockMeta { rows, bytes: bytes.div_ceil(batch.num_rows().max(1) as u128) as u64 }
        };
        let mut batch = BlockMeta::default();
        for one in batches.iter().map(largest) {
            batch = BlockMeta { rows: batch.rows.max(one.rows), bytes: batch.bytes.max(one.bytes) };
        }
        PartitionEstimate { rows: Some(rows_of(batches)), batch, ..PartitionEstimate::default() }
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        match wanted_indices(&self.schema, wanted)? {
            Some(indices) => Ok(Some(Arc::new(self.project(&indices)?))),
            None => Ok(None),
        }
    }

    fn with_limit(&self, rows: u64) -> Option<Arc<dyn Source>> {
        let mut left = rows;
        let mut kept = Vec::new();
        for batches in self.partitions.iter() {
            if left == 0 && !kept.is_empty() {
                break;
            }
            let partition = truncate(batches, left);
            left -= rows_of(&partition);
            kept.push(partition);
        }
        let bounds = |known: &Divisions| {
            let bounds = known.bounds.get(..=kept.len())?;
            Some(Divisions { column: known.column.clone(), bounds: bounds.into() })
        };
        let divisions = self.divisions.as_ref().and_then(bounds);
        Some(Arc::new(MemorySource { partitions: kept.into(), divisions, ..self.clone() }))
    }

    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        let batches = self.partitions.get(partition);
        let batches = batches.ok_or_else(|| Error::internal(format!("no partition {partition} in memory")))?;
        let stream = MemoryStream { batches: batches.clone(), batch: 0, row: 0, task: task.clone() };
        Ok(Box::new(stream))
    }
}

/// Slices of a partition's batches.
struct MemoryStream {
    batches: Vec<RecordBatch>,
    batch: usize,
    row: usize,
    task: TaskContext,
}

impl BlockStream for MemoryStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        while let Some(batch) = self.batches.get(self.batch) {
            let rows = BATCH_ROWS.min(batch.num_rows() - self.row);
            if rows == 0 {
                (self.batch, self.row) = (self.batch + 1, 0);
                continue;
            }
            let slice = batch.slice(self.row, rows);
            self.row += rows;
            self.task.metrics.add_rows_read(rows as u64);
            return Ok(Some(Block::Frame(slice)));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use blockfold_core::{Budget, Scalar};

    fn batch(rows: std::ops::Range<i64>) -> RecordBatch {
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(rows.clone().map(|row| format!("n{row}"))));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(rows));
        RecordBatch::try_from_iter([("a", numbers), ("b", names)]).unwrap()
    }

    fn lengths(source: &dyn Source) -> Vec<Vec<u64>> {
        let open = |partition| {
            let mut stream = source.open(partition, &TaskContext::default()).unwrap();
            std::iter::from_fn(move || stream.next().unwrap()).map(|block| block.rows()).collect()
        };
        (0..source.grid().blocks()).map(open).collect()
    }

    #[test]
    fn streams_slices_and_narrows() {
        let source = MemorySource::from_batches(vec![batch(0..70_000), batch(0..0), batch(5..8)]).unwrap();
        assert_eq!(lengths(&source), [vec![65_536, 4_464], vec![], vec![3]]);
        assert_eq!(source.grid().total(), Some(70_003));
        assert_eq!(source.estimate(0).batch.rows, 65_536);
        let narrow = source.with_columns(&Columns::values(["b"])).unwrap().unwrap();
        assert_eq!(narrow.schema().fields().len(), 1);
        let none = source.with_columns(&Columns::none()).unwrap().unwrap();
        assert_eq!(lengths(none.as_ref())[2], [3]);
        assert!(matches!(source.with_columns(&Columns::values(["c"])), Err(Error::ColumnNotFound { .. })));
        assert_eq!(lengths(source.with_limit(70_001).unwrap().as_ref()), [vec![65_536, 4_464], vec![], vec![1]]);
        assert_eq!(lengths(source.with_limit(0).unwrap().as_ref()), [Vec::<u64>::new()]);
        assert_ne!(source.token(), narrow.token());
        assert_ne!(source.token(), source.with_limit(1).unwrap().token());
    }

    #[test]
    fn a_batch_that_differs_names_its_column() {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1]));
        let other = RecordBatch::try_from_iter([("a", numbers.clone()), ("b", numbers.clone())]).unwrap();
        let error = MemorySource::from_batches(vec![batch(0..1), other]).unwrap_err().to_string();
        assert!(error.contains("partition 1: column 'b' is Int64, but Utf8"), "{error}");
        let short = RecordBatch::try_from_iter([("a", numbers)]).unwrap();
        let error = MemorySource::from_batches(vec![batch(0..1), short]).unwrap_err().to_string();
        assert!(error.contains("column 'b' is missing"), "{error}");
        assert!(MemorySource::from_batches(vec![]).is_err());
    }

    #[test]
    fn keeps_permit_and_divisions() {
        let budget = Budget::new(100);
        let permit = Arc::new(budget.try_permit(60).unwrap());
        let bounds = [0, 2, 4].map(Scalar::Int);
        let divisions = Divisions { column: "a".into(), bounds: Arc::new(bounds) };
        let source = MemorySource::from_batches(vec![batch(0..2), batch(2..5)]).unwrap().with_permit(permit);
        let source = source.with_divisions(Some(divisions.clone())).unwrap();
        assert_eq!(source.grid().divisions(), Some(&divisions));
        let one = source.with_limit(1).unwrap();
        assert_eq!(one.grid().divisions().map(|known| known.bounds.len()), Some(2));
        let narrow = source.with_columns(&Columns::values(["b"])).unwrap().unwrap();
        assert_eq!(narrow.grid().divisions(), None);
        drop((source, one));
        assert_eq!(budget.promised_bytes(), 60);
        drop(narrow);
        assert_eq!(budget.promised_bytes(), 0);
        let wrong = MemorySource::from_batches(vec![batch(0..2)]).unwrap();
        assert!(wrong.with_divisions(Some(divisions)).is_err());
    }
}
