//! One partition as it streams: predicate columns first, then the others for the rows that are left.
//!
//! This is the border at which faults get the names of file and column, and at which a panic over damaged bytes
//! becomes an error.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use blockfold_core::{Block, Error, Expr, Result};
use blockfold_kernels::evaluate;
use blockfold_plan::{BlockStream, TaskContext};

use super::columns::{ColumnReader, ColumnSource};
use super::describe::needed;
use super::fault;
use super::file::DataReader;
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
        Ok(PartitionStream { path, task, rows: Some(rows) })
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
fn guard<T>(path: &std::path::Path, work: impl FnOnce() -> Result<T>) -> Result<T> {
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
    /// Rows of the row group not yet looked at.
    left: u64,
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
    fn read(&mut self, rows: usize, path: &std::path::Path) -> Result<ArrayRef> {
        let behind = std::mem::take(&mut self.behind);
        let array = if behind > 0 { self.reader.skip(behind) } else { Ok(()) }.and_then(|()| self.reader.read(rows));
        let array = array.map_err(|error| fault::corrupt(path, &format!("column '{}'", self.field.name()), error))?;
        if array.len() != rows {
            return Err(Error::corrupt(path, format!("column '{}' has too few rows", self.field.name())));
        }
        Ok(array)
    }
}

impl Rows {
    fn open(source: &ParquetSource, partition: usize, task: &TaskContext) -> Result<Self> {
        let data = &source.data;
        let lost = || Error::internal("a partition without a row group");
        let group = source.group(partition).ok_or_else(lost)?;
        let layout = data.layout(group).ok_or_else(lost)?;
        let path = data.file(group).ok_or_else(lost)?.path.clone();
        let file = Arc::new(DataReader::open(&path, task.metrics.clone())?);
        let chunks = ColumnSource { data, layout, group, file: &file, batch_rows: source.scan.batch_rows };
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
        let (left, wanted) = (group.rows, source.rows(partition));
        let (scan, source, file) = (source.scan.clone(), source.clone(), group.file);
        Ok(Rows { path, scan, columns, hive, source, file, left, wanted })
    }

    fn next(&mut self, task: &TaskContext) -> Result<Option<RecordBatch>> {
        while self.left > 0 && self.wanted > 0 {
            task.cancel.check()?;
            let rows = self.batch_rows()?;
            self.left -= rows as u64;
            if let Some(batch) = self.read(rows)? {
                self.wanted -= batch.num_rows() as u64;
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Rows of the next batch: up to a border of pages where that saves copies.
    fn batch_rows(&mut self) -> Result<usize> {
        let full = self.scan.batch_rows;
        let mut most = self.left;
        if self.scan.filter.is_none() {
            most = most.min(self.wanted);
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if self.columns.is_empty() {
            return Ok(most);
        }
        let mut ready = most;
        let is_filtered = self.scan.filter.is_some();
        for column in
            self.columns.iter_mut().filter(|column| column.behind == 0 && (column.is_of_filter || !is_filtered))
        {
            let rows = column.reader.ready();
            let rows =
                rows.map_err(|error| fault::corrupt(&self.path, &format!("column '{}'", column.field.name()), error))?;
            ready = ready.min(rows.unwrap_or(most));
        }
        if ready <= full / SMALL_PART {
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
        if kept < rows {
            for (_, array) in &mut arrays {
                *array = arrow::compute::filter(array, &mask)?;
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
