//! A column as arrow-rs reads it: nested ones, rare encodings, types without a fast path.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::{ColumnReader, ColumnSource, Result};
use crate::parquet::file::ChunkFile;

/// A root column read by arrow-rs, batch by batch.
pub(super) struct FallbackColumn {
    reader: ParquetRecordBatchReader,
    dtype: DataType,
    /// What is left of the last batch.
    left: Option<ArrayRef>,
}

impl FallbackColumn {
    /// A reader of a column of the data set.
    pub(super) fn open(source: &ColumnSource, column: usize) -> Result<Self> {
        let layout = &source.layout;
        let missing = || ParquetError::General("no such column".into());
        let root = *layout.roots.get(column).ok_or_else(missing)?;
        let dtype = layout.fields.get(root).ok_or_else(missing)?.data_type().clone();
        let mask = ProjectionMask::roots(&layout.columns, [root]);
        let levels = parquet_to_arrow_field_levels(&layout.columns, mask, Some(&layout.fields))?;
        let rows = GroupRows { source };
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &rows, source.batch_rows, None)?;
        Ok(FallbackColumn { reader, dtype, left: None })
    }

    fn left(&mut self) -> Result<ArrayRef> {
        if let Some(left) = self.left.take().filter(|left| !left.is_empty()) {
            return Ok(left);
        }
        let batch: RecordBatch =
            self.reader.next().ok_or_else(|| ParquetError::EOF("it ends before its row group".into()))??;
        let array = batch.columns().first().ok_or_else(|| ParquetError::General("no such column".into()))?.clone();
        if array.is_empty() {
            return Err(ParquetError::EOF("it ends before its row group".into()));
        }
        Ok(array)
    }

    fn take(&mut self, rows: usize) -> Result<ArrayRef> {
        let left = self.left()?;
        let count = rows.min(left.len());
        self.left = Some(left.slice(count, left.len() - count));
        Ok(left.slice(0, count))
    }
}

impl ColumnReader for FallbackColumn {
    fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        let mut parts = vec![self.take(rows)?];
        let mut have: usize = parts.iter().map(|part| part.len()).sum();
        while have < rows {
            let part = self.take(rows - have)?;
            have += part.len();
            parts.push(part);
        }
        let array = match parts.as_slice() {
            [part] => part.clone(),
            _ => concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>())?,
        };
        if array.data_type() == &self.dtype { Ok(array) } else { Ok(arrow::compute::cast(&array, &self.dtype)?) }
    }

    fn skip(&mut self, mut rows: usize) -> Result<()> {
        while rows > 0 {
            rows -= self.take(rows)?.len();
        }
        Ok(())
    }

    fn ready(&mut self) -> Result<Option<usize>> {
        Ok(self.left.as_ref().map(|left| left.len()).filter(|left| *left > 0))
    }
}

/// One row group, as arrow-rs wants to be given it.
struct GroupRows<'a> {
    source: &'a ColumnSource,
}

impl RowGroups for GroupRows<'_> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.source.group.rows).unwrap_or(usize::MAX)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(OneChunk(Some(Box::new(self.source.pages(leaf)?)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.source.layout.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.source.layout.metadata
    }
}

struct OneChunk(Option<Box<dyn PageReader>>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for OneChunk {}

impl ColumnSource {
    /// The pages of a leaf column.
    pub(super) fn pages(&self, leaf: usize) -> Result<SerializedPageReader<ChunkFile>> {
        let missing = || ParquetError::General("no such column".into());
        let chunk = self.data.chunk(&self.group, leaf).ok_or_else(missing)?;
        let column = self.layout.columns.columns().get(leaf).ok_or_else(missing)?.clone();
        let file = Arc::new(ChunkFile::new(self.file.clone(), chunk.start, chunk.bytes));
        let rows = usize::try_from(self.group.rows)?;
        SerializedPageReader::new(file, &chunk.to_parquet(column)?, rows, None)
    }
}
