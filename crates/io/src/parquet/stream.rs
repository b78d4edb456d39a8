//! One partition as it streams: predicate columns first, then the others for the rows that are left.
//!
//! This is the border at which faults get the names of file and column, and at which a panic over damaged bytes
//! becomes an error.

use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::FilterBuilder;
use arrow::datatypes::{Field, Schema, SchemaRef};
use blockfold_core::{Block, Error, Expr, Result};
use blockfold_kernels::evaluate;
use blockfold_plan::{BlockStream, TaskContext};

use parquet::errors::ParquetError;

use super::columns::{ColumnReader, ColumnSource};
use super::describe::needed;
use super::fault;
use super::file::DataReader;
use super::prune;
use super::source::{ParquetSource, Scan};

/// Batches smaller than this part of a full one are not worth an aligned border.
const SMALL_PART: usize = 4;

/// Streams a partition.
pub(super) struct PartitionStream {
    path: PathBuf,
    task: TaskContext,
    rows: Option<Rows>,
}

impl PartitionStream {
    /// Opens the file of a partition.
    pub(super) fn open(source: &ParquetSource, partition: usize, task: &TaskContext) -> Result<Self> {
        let task = task.clone();
        let group = source.group(partition).filter(|_| source.rows(partition) > 0);
        let Some(group) = group else { return Ok(PartitionStream { path: PathBuf::new(), task, rows: None }) };
        let path = source.data.file(group).map(|file| file.path.clone()).unwrap_or_default();
        if source.scan.groups.is_skipped(partition) {
            task.metrics.add_groups_skipped(1);
            return Ok(PartitionStream { path, task, rows: None });
        }
        let rows = guard(&path, || Rows::open(source, partition, &task))?;
        if rows.is_none() {
            task.metrics.add_groups_skipped(1);
        }
        Ok(PartitionStream { path, task, rows })
    }
}

impl BlockStream for PartitionStream {
    fn next(&mut self) -> Result<Option<Block>> {
        let Some(rows) = self.rows.as_mut() else { return Ok(None) };
        let batch = self.task.cancel.check().and_then(|()| guard(&self.path, || rows.next(&self.task)));
        match &batch {
            Ok(Some(batch)) => self.task.metrics.add_rows_read(batch.num_rows() as u64),
            _ => self.rows = None,
        }
        Ok(batch?.map(Block::Frame))
    }
}

/// Runs `work`; a panic in it is the file's fault.
fn guard<T>(path: &Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Error::corrupt(path, fault::message(panic.as_ref()))))
}

/// The rows of a row group.
struct Rows {
    path: PathBuf,
    scan: Arc<Scan>,
    columns: Vec<Column>,
    hive: Vec<(usize, usize)>,
    source: ParquetSource,
    file: usize,
    /// Rows looked at.
    at: u64,
    /// Rows to look at: others are ruled out.
    kept: VecDeque<Range<u64>>,
    /// Rows not yet handed on, at most.
    wanted: u64,
}

/// A column that is read.
struct Column {
    index: usize,
    field: Arc<Field>,
    reader: Box<dyn ColumnReader>,
    is_of_filter: bool,
    /// Rows to leave out before the next read.
    behind: usize,
}

impl Column {
    fn catch_up(&mut self) -> super::columns::Result<()> {
        match std::mem::take(&mut self.behind) {
            0 => Ok(()),
            behind => self.reader.skip(behind),
        }
    }

    /// Rows up to the next border, when that matters.
    fn ready(&mut self, path: &Path) -> Result<Option<usize>> {
        let ready = self.catch_up().and_then(|()| self.reader.ready());
        ready.map_err(|error| self.fault(path, error))
    }

    fn fault(&self, path: &Path, error: ParquetError) -> Error {
        fault::corrupt(path, &format!("column '{}'", self.field.name()), error)
    }

    fn read(&mut self, rows: usize, path: &Path) -> Result<ArrayRef> {
        let array = self.catch_up().and_then(|()| self.reader.read(rows));
        let array = array.map_err(|error| self.fault(path, error))?;
        if array.len() != rows {
            return Err(Error::corrupt(path, format!("column '{}' has too few rows", self.field.name())));
        }
        Ok(array)
    }
}

impl Rows {
    fn open(source: &ParquetSource, partition: usize, task: &TaskContext) -> Result<Option<Self>> {
        let data = &source.data;
        let lost = || Error::internal("a partition without a row group");
        let group = source.group(partition).ok_or_else(lost)?;
        let layout = data.layout(group).ok_or_else(lost)?;
        let path = data.file(group).ok_or_else(lost)?.path.clone();
        let file = Arc::new(DataReader::open(&path, task.metrics.clone(), data.buffers.clone())?);
        let (data, layout, group) = (data.clone(), layout.clone(), *group);
        let chunks = ColumnSource { data, layout, group, file, batch_rows: source.scan.batch_rows };
        let (data, layout) = (&chunks.data, &chunks.layout);
        let Some(kept) = kept(source, partition, &chunks) else { return Ok(None) };
        let of_filter = source.scan.filter.as_ref().map(Expr::columns).unwrap_or_default();
        let (mut columns, mut hive) = (Vec::new(), Vec::new());
        for (index, form) in needed(source) {
            let field = Arc::new(data.schema.field(index).clone());
            match index.checked_sub(layout.fields.len()) {
                Some(key) => hive.push((index, key)),
                None => {
                    let reader = chunks
                        .open(index, form)
                        .map_err(|error| fault::corrupt(&path, &format!("column '{}'", field.name()), error))?;
                    let is_of_filter = of_filter.contains(field.name());
                    columns.push(Column { index, field, reader, is_of_filter, behind: 0 });
                }
            }
        }
        let wanted = source.rows(partition);
        let (scan, source, file) = (source.scan.clone(), source.clone(), group.file);
        Ok(Some(Rows { path, scan, columns, hive, source, file, at: 0, kept, wanted }))
    }

    fn next(&mut self, task: &TaskContext) -> Result<Option<RecordBatch>> {
        while let Some(range) = self.kept.front().cloned().filter(|_| self.wanted > 0) {
            task.cancel.check()?;
            if self.at < range.start {
                let gap = usize::try_from(range.start - self.at).unwrap_or(usize::MAX);
                self.columns.iter_mut().for_each(|column| column.behind += gap);
                self.at = range.start;
            }
            let rows = self.batch_rows(range.end - range.start)?;
            self.at += rows as u64;
            match self.kept.front_mut().filter(|range| range.end > self.at) {
                Some(range) => range.start = self.at,
                None => drop(self.kept.pop_front()),
            }
            if let Some(batch) = self.read(rows)? {
                self.wanted -= batch.num_rows() as u64;
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Rows of the next batch, `most` at most: up to a border of pages where that saves copies.
    fn batch_rows(&mut self, most: u64) -> Result<usize> {
        let full = self.scan.batch_rows;
        let is_filtered = self.scan.filter.is_some();
        let most = if is_filtered { most } else { most.min(self.wanted) };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if self.columns.is_empty() {
            return Ok(if is_filtered { most.min(full) } else { most });
        }
        let mut ready = most;
        for column in self.columns.iter_mut().filter(|column| column.is_of_filter || !is_filtered) {
            ready = ready.min(column.ready(&self.path)?.unwrap_or(most));
        }
        if ready < most && ready <= full / SMALL_PART {
            return Ok(most.min(full));
        }
        Ok(ready.div_ceil(ready.div_ceil(full)))
    }

    /// The next `rows` rows that the filter keeps, `None` when it keeps none.
    fn read(&mut self, rows: usize) -> Result<Option<RecordBatch>> {
        let mut arrays: Vec<(usize, ArrayRef)> = Vec::with_capacity(self.columns.len() + self.hive.len());
        for (index, key) in &self.hive {
            let Some(column) = self.source.data.hive.get(*key) else { continue };
            arrays.push((*index, column.array(self.file, rows)?));
        }
        let Some(filter) = self.scan.filter.clone() else {
            for column in &mut self.columns {
                arrays.push((column.index, column.read(rows, &self.path)?));
            }
            return self.batch(&arrays, rows).map(Some);
        };
        for column in self.columns.iter_mut().filter(|column| column.is_of_filter) {
            arrays.push((column.index, column.read(rows, &self.path)?));
        }
        let mask = self.mask(&filter, &arrays, rows)?;
        let kept = mask.true_count();
        let others = self.columns.iter_mut().filter(|column| !column.is_of_filter);
        if kept == 0 {
            others.for_each(|column| column.behind += rows);
            return Ok(None);
        }
        for column in others {
            arrays.push((column.index, column.read(rows, &self.path)?));
        }
        arrays.retain(|(index, _)| self.scan.columns.iter().any(|(column, _)| column == index));
        if kept < rows {
            // Which rows are kept is found once, not for each column.
            let mut rows = FilterBuilder::new(&mask);
            if arrays.len() > 1 {
                rows = rows.optimize();
            }
            let rows = rows.build();
            for (_, array) in &mut arrays {
                *array = rows.filter(array)?;
            }
        }
        self.batch(&arrays, kept).map(Some)
    }

    fn mask(&self, filter: &Expr, arrays: &[(usize, ArrayRef)], rows: usize) -> Result<BooleanArray> {
        let fields: Vec<Field> = arrays
            .iter()
            .map(|(index, array)| {
                Field::new(self.source.data.schema.field(*index).name(), array.data_type().clone(), true)
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let arrays = arrays.iter().map(|(_, array)| array.clone()).collect();
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)?;
        evaluate::predicate_mask(filter, &batch)
    }

    /// The columns of the result in their order, no more rows than are wanted.
    fn batch(&self, arrays: &[(usize, ArrayRef)], rows: usize) -> Result<RecordBatch> {
        let mut columns = Vec::with_capacity(self.scan.columns.len());
        for (index, _) in &self.scan.columns {
            let array = arrays.iter().find(|(column, _)| column == index);
            columns.push(array.ok_or_else(|| Error::internal("a column was not read"))?.1.clone());
        }
        let schema = schema_of(&self.scan.schema, &columns);
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options)?;
        let wanted = usize::try_from(self.wanted).unwrap_or(usize::MAX);
        Ok(if batch.num_rows() > wanted { batch.slice(0, wanted) } else { batch })
    }
}

/// Rows that bloom filters and page indexes leave, `None` when they leave none.
fn kept(source: &ParquetSource, partition: usize, chunks: &ColumnSource) -> Option<VecDeque<Range<u64>>> {
    let rows = source.group(partition).map_or(0, |group| group.rows);
    let Some(test) = source.scan.groups.test.as_deref() else {
        return Some(VecDeque::from_iter(std::iter::once(0..rows)));
    };
    if !prune::may_match(test, chunks) {
        return None;
    }
    let kept = prune::kept_ranges(test, chunks);
    (!kept.is_empty()).then(|| kept.into())
}

/// The schema of a batch, which differs from the source's where a column arrives as codes.
fn schema_of(schema: &SchemaRef, columns: &[ArrayRef]) -> SchemaRef {
    let same = schema.fields().iter().zip(columns).all(|(field, array)| field.data_type() == array.data_type());
    if same {
        return schema.clone();
    }
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(columns)
        .map(|(field, array)| field.as_ref().clone().with_data_type(array.data_type().clone()))
        .collect();
    Arc::new(Schema::new(fields))
}
