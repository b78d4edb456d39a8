//! The source itself: which columns, which rows, which row groups.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema};
use blockfold_core::{Columns, Divisions, Error, Expr, Form, Grid, Result, Scalar, SchemaRef};
use blockfold_plan::{BlockStream, PartitionEstimate, Source, TaskContext};

use super::meta::{Dataset, Group};
use super::stream::PartitionStream;
use super::{describe, open, ranges};
use crate::content::number;
use crate::paths::DataFile;

/// Rows of a batch unless asked for otherwise: few enough for a column of it to stay in the processor's cache.
pub const BATCH_ROWS: usize = 32 * 1024;

/// Parquet files read as one frame, one partition for each row group that has rows.
///
/// Files without rows give no partition; when no file has rows there is one empty partition.
///
/// # Memory
/// Row groups stream page by page: a partition holds a page of each column, its dictionary and a batch, however
/// large the row group is.
#[derive(Clone)]
pub struct ParquetSource {
    pub(super) data: Arc<Dataset>,
    pub(super) scan: Arc<Scan>,
}

/// What is wanted of the files.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// Columns of the result: index in the data set, and form.
    pub(super) columns: Vec<(usize, Form)>,
    /// The columns' schema.
    pub(super) schema: SchemaRef,
    /// Rows to keep.
    pub(super) filter: Option<Expr>,
    /// Rows that are enough.
    pub(super) limit: Option<u64>,
    /// Rows of a batch.
    pub(super) batch_rows: usize,
    /// Row groups, by statistics.
    pub(super) groups: ranges::Groups,
    /// The partitions, once they were asked for.
    grid: OnceLock<Grid>,
}

impl ParquetSource {
    /// Opens files that make one frame: reads the footers, in parallel, and nothing else.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a damaged footer, [`Error::SchemaMismatch`] when a file's columns are not those of
    /// the first one (their order does not matter), [`Error::Unsupported`] for columns that cannot be read.
    pub fn open(files: Vec<DataFile>) -> Result<Self> {
        let data = open::dataset(files)?;
        let columns: Vec<(usize, Form)> = (0..data.schema.fields().len()).map(|i| (i, Form::Values)).collect();
        let scan = Scan {
            columns,
            schema: data.schema.clone(),
            filter: None,
            limit: None,
            batch_rows: BATCH_ROWS,
            groups: ranges::Groups::all(),
            grid: OnceLock::new(),
        };
        Ok(ParquetSource { data: Arc::new(data), scan: Arc::new(scan) })
    }

    /// Names of the columns that pandas or Dask wrote as the index, as the first file says.
    pub fn index_columns(&self) -> &[String] {
        &self.data.index
    }

    /// This source with batches of at most so many rows.
    #[must_use]
    pub fn with_batch_rows(self, rows: usize) -> Self {
        self.with_scan(|scan| scan.batch_rows = rows.max(1))
    }

    pub(super) fn with_scan(&self, change: impl FnOnce(&mut Scan)) -> Self {
        let mut scan = Scan { grid: OnceLock::new(), ..self.scan.as_ref().clone() };
        change(&mut scan);
        ParquetSource { data: self.data.clone(), scan: Arc::new(scan) }
    }

    /// Index of a column of the result in the data set.
    fn find(&self, name: &str) -> Result<usize> {
        let found = self.scan.columns.iter().find(|(index, _)| self.field(*index).name() == name);
        found.map(|(index, _)| *index).ok_or_else(|| Error::ColumnNotFound {
            name: name.to_string(),
            have: self.scan.schema.fields().iter().map(|field| field.name().clone()).collect(),
        })
    }

    fn field(&self, index: usize) -> &Field {
        self.data.schema.field(index)
    }

    /// The row group of a partition; `None` for the empty partition of files without rows.
    pub(super) fn group(&self, partition: usize) -> Option<&Group> {
        self.data.groups.get(partition)
    }

    fn partitions(&self) -> &Grid {
        self.scan.grid.get_or_init(|| {
            let lengths = match self.scan.filter {
                Some(_) => Grid::unknown(self.data.groups.len().max(1)),
                None => Grid::known(self.lengths()),
            };
            let groups = self.data.groups.get(..lengths.blocks()).unwrap_or_default();
            let mut sorted = self.data.sorted_by.iter().filter_map(|name| self.find(name).ok());
            lengths.with_divisions(sorted.find_map(|index| ranges::divisions(&self.data, groups, index)))
        })
    }

    /// Rows of the partitions up to the limit; at least one partition.
    fn lengths(&self) -> Vec<u64> {
        let mut left = self.scan.limit.unwrap_or(u64::MAX);
        let mut lengths = Vec::with_capacity(self.data.groups.len());
        for group in self.data.groups.iter() {
            if left == 0 {
                break;
            }
            lengths.push(group.rows.min(left));
            left = left.saturating_sub(group.rows);
        }
        if lengths.is_empty() { vec![0] } else { lengths }
    }

    /// The most rows that a partition gives.
    pub(super) fn rows(&self, partition: usize) -> u64 {
        match self.partitions().length(partition) {
            Some(rows) => rows,
            None => self.group(partition).map_or(0, |group| group.rows).min(self.scan.limit.unwrap_or(u64::MAX)),
        }
    }
}

impl fmt::Debug for ParquetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "parquet: {}", describe::detail(self))
    }
}

impl Source for ParquetSource {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn detail(&self) -> String {
        describe::detail(self)
    }

    fn token(&self) -> Option<String> {
        Some(describe::token(self))
    }

    fn content(&self) -> u64 {
        number(self.data.files.iter().map(|file| file.content))
    }

    fn schema(&self) -> SchemaRef {
        self.scan.schema.clone()
    }

    fn grid(&self) -> Grid {
        self.partitions().clone()
    }

    fn estimate(&self, partition: usize) -> PartitionEstimate {
        describe::estimate(self, partition)
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        let forms: BTreeMap<usize, Form> = match wanted {
            Columns::All => return Ok(None),
            Columns::Some(names) => {
                names.iter().map(|(name, form)| Ok((self.find(name)?, *form))).collect::<Result<_>>()?
            }
        };
        let columns: Vec<(usize, Form)> =
            self.scan.columns.iter().filter_map(|(index, _)| Some((*index, *forms.get(index)?))).collect();
        if columns == self.scan.columns {
            return Ok(None);
        }
        let fields: Vec<_> = columns.iter().map(|(index, _)| self.field(*index).clone()).collect();
        let schema = Arc::new(Schema::new(fields));
        Ok(Some(Arc::new(self.with_scan(|scan| (scan.columns, scan.schema) = (columns, schema)))))
    }

    fn with_filter(&self, predicate: &Expr) -> Result<Option<Arc<dyn Source>>> {
        if !predicate.is_row_wise() || self.scan.limit.is_some() {
            return Ok(None);
        }
        if predicate.dtype(&self.scan.schema)? != DataType::Boolean {
            return Ok(None);
        }
        let filter = match &self.scan.filter {
            Some(before) => before.clone().and(predicate.clone()),
            None => predicate.clone(),
        };
        let groups = ranges::Groups::by_statistics(&self.data, &filter);
        Ok(Some(Arc::new(self.with_scan(|scan| (scan.filter, scan.groups) = (Some(filter), groups)))))
    }

    fn with_limit(&self, rows: u64) -> Option<Arc<dyn Source>> {
        if self.scan.limit.is_some_and(|limit| limit <= rows) {
            return None;
        }
        Some(Arc::new(self.with_scan(|scan| scan.limit = Some(rows))))
    }

    fn column_range(&self, column: &str) -> Option<(Scalar, Scalar)> {
        ranges::column_range(self, self.find(column).ok()?)
    }

    fn divisions_on(&self, column: &str) -> Option<Divisions> {
        let groups = self.data.groups.get(..self.partitions().blocks()).unwrap_or_default();
        ranges::divisions(&self.data, groups, self.find(column).ok()?)
    }

    fn open(&self, partition: usize, task: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Ok(Box::new(PartitionStream::open(self, partition, task)?))
    }
}
