//! A flat column that goes on as arrow-rs reads it once a page turns up that the fast path does not read.

use arrow::array::ArrayRef;

use super::fallback::FallbackColumn;
use super::flat::FlatColumn;
use super::page::is_for_fallback;
use super::{ColumnReader, ColumnSource, Result};

/// Reads fast as long as that is possible.
pub(super) struct SwitchColumn {
    source: ColumnSource,
    column: usize,
    /// Rows behind.
    at: usize,
    reader: Reader,
}

enum Reader {
    Fast(Box<FlatColumn>),
    Slow(Box<FallbackColumn>),
}

impl SwitchColumn {
    /// A column that begins on the fast path.
    pub(super) fn new(source: ColumnSource, column: usize, fast: FlatColumn) -> Self {
        SwitchColumn { source, column, at: 0, reader: Reader::Fast(Box::new(fast)) }
    }

    fn run<T>(&mut self, work: impl Fn(&mut dyn ColumnReader) -> Result<T>) -> Result<T> {
        let fast = match &mut self.reader {
            Reader::Slow(slow) => return work(slow.as_mut()),
            Reader::Fast(fast) => fast,
        };
        match work(fast.as_mut()) {
            Err(error) if is_for_fallback(&error) => {
                let mut slow = FallbackColumn::open(&self.source, self.column)?;
                slow.skip(self.at)?;
                let done = work(&mut slow);
                self.reader = Reader::Slow(Box::new(slow));
                done
            }
            done => done,
        }
    }
}

impl ColumnReader for SwitchColumn {
    fn read(&mut self, rows: usize) -> Result<ArrayRef> {
        let array = self.run(|reader| reader.read(rows))?;
        self.at += rows;
        Ok(array)
    }

    fn skip(&mut self, rows: usize) -> Result<()> {
        self.run(|reader| reader.skip(rows))?;
        self.at += rows;
        Ok(())
    }

    fn ready(&mut self) -> Result<Option<usize>> {
        self.run(|reader| reader.ready())
    }
}
