//! One partition of IPC files as it streams by.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use blockfold_core::{Block, Error, Result};
use blockfold_plan::{BlockStream, TaskContext};

use super::batches::{BATCH_ROWS, Piece};
use super::column::ColumnReader;
use super::decode::decode;
use super::dictionaries::{Values, number};
use super::guard::guarded;
use super::layout::Layout;
use super::source::{IpcSource, OpenFile, Origin, all_plain, path_of};

/// Batches of a partition's pieces, one after another.
pub(super) struct IpcStream {
    source: IpcSource,
    pieces: VecDeque<Piece>,
    current: Option<Current>,
    /// Ranges of `file` that the batch handed on last looks at.
    touched: Vec<Range<usize>>,
    file: usize,
    task: TaskContext,
}

/// The piece being read.
struct Current {
    rows: Range<usize>,
    columns: Vec<usize>,
    held: Held,
}

enum Held {
    /// Read in place.
    Mapped { layout: Layout, values: Arc<Values> },
    /// Decoded at the start of the piece.
    Decoded(RecordBatch),
}

impl IpcStream {
    pub(super) fn new(source: IpcSource, pieces: Vec<Piece>, task: TaskContext) -> Self {
        IpcStream { source, pieces: pieces.into(), current: None, touched: Vec::new(), file: 0, task }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            self.release();
            if let Some(current) = &mut self.current
                && !current.rows.is_empty()
            {
                let end = current.rows.end.min(current.rows.start + BATCH_ROWS);
                let rows = current.rows.start..end;
                current.rows.start = end;
                return self.read(rows).map(Some);
            }
            self.current = None;
            let Some(piece) = self.pieces.pop_front() else { return Ok(None) };
            self.file = piece.file;
            self.current = Some(self.open_piece(&piece)?);
        }
    }

    fn open_file(&self) -> Result<&OpenFile> {
        self.source.files.get(self.file).ok_or_else(|| Error::internal("an IPC file that is not open"))
    }

    fn open_piece(&self, piece: &Piece) -> Result<Current> {
        let missing = || Error::internal("a record batch that is not there");
        let (open, info) = self.source.piece(piece).ok_or_else(missing)?;
        let dictionaries = self.source.dictionaries.get(piece.file).ok_or_else(missing)?;
        let columns = self.source.file_columns(open);
        let held = guarded(path_of(open), || {
            let values = dictionaries.get(&open.file, &columns)?;
            if info.compressed || !all_plain(&open.file.schema, &columns) {
                let batch = decode(&open.file, info, &columns, &values)?;
                open.file.map.release(info.message.body.clone());
                return Ok(Held::Decoded(batch));
            }
            Ok(Held::Mapped { layout: open.file.layout(info)?.moved(info.message.body.start), values })
        })?;
        Ok(Current { rows: piece.rows.clone(), columns, held })
    }

    fn read(&mut self, rows: Range<usize>) -> Result<RecordBatch> {
        let mut touched = std::mem::take(&mut self.touched);
        let open = self.open_file()?;
        let read = guarded(path_of(open), || self.columns_of(open, &rows, &mut touched));
        self.task.metrics.add_bytes_read(touched.iter().map(|range| range.len() as u64).sum());
        self.task.metrics.add_rows_read(rows.len() as u64);
        self.touched = touched;
        read
    }

    fn columns_of(&self, open: &OpenFile, rows: &Range<usize>, touched: &mut Vec<Range<usize>>) -> Result<RecordBatch> {
        let Some(current) = &self.current else { return Err(Error::internal("no record batch is open")) };
        let mut from_file = 0..current.columns.len();
        let mut arrays = Vec::with_capacity(self.source.origins.len());
        for origin in self.source.origins.iter() {
            arrays.push(match origin {
                Origin::Hive(index) => self.source.hive_column(*index)?.array(self.file, rows.len())?,
                Origin::File(_) => {
                    let at = from_file.next().ok_or_else(|| Error::internal("more columns than were asked for"))?;
                    current.array(open, at, rows, touched)?
                }
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(self.source.schema.clone(), arrays, &options)
            .map_err(|error| Error::corrupt(path_of(open), error))
    }

    /// Gives back the pages of the batch before.
    fn release(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        if let Ok(open) = self.open_file() {
            touched.iter().for_each(|range| open.file.map.release(range.clone()));
        }
        self.touched = touched;
        self.touched.clear();
    }
}

impl Current {
    /// Rows of the wanted column `at`.
    fn array(
        &self,
        open: &OpenFile,
        at: usize,
        rows: &Range<usize>,
        touched: &mut Vec<Range<usize>>,
    ) -> Result<ArrayRef> {
        let missing = || Error::internal("a column that was not asked for");
        match &self.held {
            Held::Decoded(batch) => {
                let array = batch.columns().get(at).ok_or_else(missing)?;
                if rows.end > array.len() {
                    return Err(Error::corrupt(path_of(open), "a record batch has fewer rows than it says"));
                }
                Ok(array.slice(rows.start, rows.len()))
            }
            Held::Mapped { layout, values } => {
                let column = *self.columns.get(at).ok_or_else(missing)?;
                let dictionary = number(&open.file.schema, column).and_then(|number| values.get(&number));
                let layout = layout.columns.get(column).ok_or_else(missing)?;
                let field = open.file.schema.fields().get(column).ok_or_else(missing)?;
                let mut reader = ColumnReader { map: &open.file.map, layout, dictionary, touched };
                reader
                    .read(field.data_type(), rows.clone())
                    .map_err(|error| error.at(format!("column '{}'", field.name())))
            }
        }
    }
}

impl BlockStream for IpcStream {
    fn next(&mut self) -> Result<Option<Block>> {
        self.task.cancel.check()?;
        Ok(self.next_batch()?.map(Block::Frame))
    }
}

impl Drop for IpcStream {
    fn drop(&mut self) {
        self.release();
    }
}
