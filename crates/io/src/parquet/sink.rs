//! Writing Parquet: one file a partition, in a folder that appears whole or not at all.
//!
//! Values are written as what they are, with the Arrow schema beside them, so that every reader finds plain Parquet
//! types and Arrow readers find dictionaries, units and time zones again. Unless told otherwise, each file's first
//! rows decide the encoding of its columns (see [`encoding`]): what does not compress is not compressed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use blockfold_core::{Error, Result, SchemaRef};
use blockfold_plan::{BlockMeta, BlockStream, Sink, TaskContext, Written};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

mod encoding;
mod options;

pub use options::{Compression, Dictionary, ParquetWriteOptions};

use crate::output::{OutputFile, OutputFolder};

/// Rows handed to the encoder at once, so that a row group's size is looked at often enough.
const SLICE_ROWS: usize = 64 * 1024;

/// Writes partition `i` to `part.{i}.parquet`.
#[derive(Debug)]
pub struct ParquetSink {
    output: OutputFolder,
    schema: SchemaRef,
    partitions: usize,
    options: ParquetWriteOptions,
}

impl ParquetSink {
    /// A folder at `path` of `partitions` files with the columns of `schema`.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`] for a column that only the options name; [`Error::Unsupported`] for a type that
    /// Parquet does not have.
    pub fn new(
        path: impl Into<PathBuf>,
        schema: SchemaRef,
        partitions: usize,
        options: ParquetWriteOptions,
    ) -> Result<Self> {
        options.check(&schema)?;
        let output = OutputFolder::new(path, options.overwrite);
        Ok(ParquetSink { output, schema, partitions, options })
    }

    /// This sink with row groups and pages small enough to hold about `bytes` for each partition being written.
    pub fn with_memory_limit(mut self, bytes: u64) -> Self {
        self.options = self.options.with_memory_limit(bytes, &self.schema);
        self
    }

    /// The name of a partition's file, padded with zeros so that names sort as numbers do.
    fn file_name(&self, partition: usize) -> String {
        let digits = self.partitions.saturating_sub(1).to_string().len();
        format!("part.{partition:0digits$}.parquet")
    }
}

impl Sink for ParquetSink {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn detail(&self) -> String {
        let s = if self.partitions == 1 { "" } else { "s" };
        format!("{}, {} file{s}, {}", self.output.path().display(), self.partitions, self.options)
    }

    fn begin(&self) -> Result<()> {
        self.output.begin()
    }

    fn write(&self, partition: usize, stream: &mut dyn BlockStream, task: &TaskContext) -> Result<Written> {
        let name = self.file_name(partition);
        let (hidden, path) = (self.output.file(&name)?, self.output.final_path(&name));
        let file = File::create(&hidden).map_err(|error| Error::io(&path, error))?;
        let (file, rows) = write_blocks(file, &path, &self.schema, &self.options, stream, task)?;
        let bytes = file.metadata().map_err(|error| Error::io(&path, error))?.len();
        task.metrics.add_bytes_written(bytes);
        self.output.finished(path.clone(), file);
        Ok(Written { rows, bytes, path })
    }

    fn commit(&self) -> Result<()> {
        self.output.commit()
    }

    fn abort(&self) {
        self.output.abort();
    }

    fn peak_bytes(&self, batch: BlockMeta) -> u64 {
        self.options.peak_bytes(&self.schema, batch)
    }
}

/// Writes one file that appears whole or not at all.
///
/// # Errors
/// [`Error::AlreadyExists`] unless overwriting was asked for, [`Error::Io`] naming the file.
pub fn write_parquet_file(
    path: impl Into<PathBuf>,
    schema: &SchemaRef,
    stream: &mut dyn BlockStream,
    options: &ParquetWriteOptions,
    task: &TaskContext,
) -> Result<Written> {
    options.check(schema)?;
    let output = OutputFile::create(path, options.overwrite)?;
    let path = output.path().to_path_buf();
    let (mut output, rows) = write_blocks(output, &path, schema, options, stream, task)?;
    let bytes = output.bytes()?;
    io::Write::flush(&mut output).map_err(|error| Error::io(&path, error))?;
    output.commit()?;
    task.metrics.add_bytes_written(bytes);
    Ok(Written { rows, bytes, path })
}

/// Writes a stream to `file`, which errors call `path`, and gives it back with the number of rows.
fn write_blocks<W: io::Write + Send>(
    file: W,
    path: &Path,
    schema: &SchemaRef,
    options: &ParquetWriteOptions,
    stream: &mut dyn BlockStream,
    task: &TaskContext,
) -> Result<(W, u64)> {
    let failed = |error: ParquetError| write_error(path, error);
    let first = stream.next()?;
    let sample = first.as_ref().map(|block| block.frame()).transpose()?;
    let properties = options.properties(schema, sample)?;
    let mut writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(failed)?;
    let mut rows = 0;
    let mut next = first;
    while let Some(block) = next {
        let batch = block.frame()?;
        for start in (0..batch.num_rows()).step_by(SLICE_ROWS) {
            task.cancel.check()?;
            let slice = batch.slice(start, SLICE_ROWS.min(batch.num_rows() - start));
            write_slice(&mut writer, slice).map_err(failed)?;
        }
        rows += batch.num_rows() as u64;
        task.metrics.add_rows_written(batch.num_rows() as u64);
        drop(block);
        next = stream.next()?;
    }
    let file = writer.into_inner().map_err(failed)?;
    Ok((file, rows))
}

fn write_slice<W: io::Write + Send>(writer: &mut ArrowWriter<W>, slice: RecordBatch) -> Result<(), ParquetError> {
    writer.write(&slice)
}

/// The system's own error where there is one, naming the file.
fn write_error(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(system) => Error::io(path, *system),
            Err(other) => Error::External(other).at(format!("writing '{}'", path.display())),
        },
        other => Error::External(Box::new(other)).at(format!("writing '{}'", path.display())),
    }
}
