//! Writing Arrow IPC: one file a partition, in a folder that appears whole or not at all.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions as ArrowOptions};
use blockfold_core::{Error, Result, SchemaRef};
use blockfold_plan::{BlockMeta, BlockStream, Sink, TaskContext, Written};

use super::batches::BATCH_ROWS;
use super::joint::JointDictionary;
use crate::output::OutputFolder;

const WRITE_BUFFER_BYTES: usize = 256 << 10;

/// How the buffers of record batches are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpcCompression {
    /// Not at all: can be read in place.
    #[default]
    Uncompressed,
    /// LZ4 in frames.
    Lz4,
    /// Zstandard.
    Zstd,
}

/// Options of writing Arrow IPC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct IpcWriteOptions {
    compression: IpcCompression,
    overwrite: bool,
}

impl IpcWriteOptions {
    /// How buffers are compressed.
    pub fn compression(mut self, compression: IpcCompression) -> Self {
        self.compression = compression;
        self
    }

    /// Whether an existing data set may be replaced.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    fn arrow(self) -> Result<ArrowOptions> {
        let codec = match self.compression {
            IpcCompression::Uncompressed => None,
            IpcCompression::Lz4 => Some(CompressionType::LZ4_FRAME),
            IpcCompression::Zstd => Some(CompressionType::ZSTD),
        };
        let options = ArrowOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
        Ok(options.try_with_compression(codec)?)
    }
}

impl fmt::Display for IpcWriteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.compression {
            IpcCompression::Uncompressed => "uncompressed",
            IpcCompression::Lz4 => "compression lz4",
            IpcCompression::Zstd => "compression zstd",
        })
    }
}

/// Writes partition `i` to `part.{i}.arrow`.
///
/// A file has one dictionary for each dictionary column: where batches bring different ones, their values are joined
/// and codes translated. Then the dictionary grows by deltas, which not every reader knows (Polars does not).
#[derive(Debug)]
pub struct IpcSink {
    output: OutputFolder,
    schema: SchemaRef,
    partitions: usize,
    options: IpcWriteOptions,
}

impl IpcSink {
    /// A folder at `path` of `partitions` files with the columns of `schema`.
    pub fn new(path: impl Into<PathBuf>, schema: SchemaRef, partitions: usize, options: IpcWriteOptions) -> Self {
        IpcSink { output: OutputFolder::new(path, options.overwrite), schema, partitions, options }
    }

    fn file_name(&self, partition: usize) -> String {
        let digits = self.partitions.saturating_sub(1).to_string().len();
        format!("part.{partition:0digits$}.arrow")
    }
}

impl Sink for IpcSink {
    fn name(&self) -> &'static str {
        "ipc"
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
        let failed = |error| Error::io(&path, error);
        let file = File::create(&hidden).map_err(failed)?;
        let mut writer = PartitionWriter::new(file, &path, &self.schema, self.options)?;
        let mut rows = 0;
        while let Some(block) = stream.next()? {
            let batch = block.frame()?;
            for start in (0..batch.num_rows()).step_by(BATCH_ROWS) {
                task.cancel.check()?;
                writer.write(&batch.slice(start, BATCH_ROWS.min(batch.num_rows() - start)))?;
            }
            rows += batch.num_rows() as u64;
            task.metrics.add_rows_written(batch.num_rows() as u64);
        }
        let file = writer.finish()?;
        let bytes = file.metadata().map_err(failed)?.len();
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

    /// A batch, its encoded copy, and the write buffer.
    fn peak_bytes(&self, batch: BlockMeta) -> u64 {
        batch.bytes.saturating_mul(2).saturating_add(2 * WRITE_BUFFER_BYTES as u64)
    }
}

/// One file being written.
struct PartitionWriter<'a> {
    writer: FileWriter<BufWriter<File>>,
    path: &'a Path,
    schema: &'a SchemaRef,
    dictionaries: Vec<JointDictionary>,
}

impl<'a> PartitionWriter<'a> {
    fn new(file: File, path: &'a Path, schema: &'a SchemaRef, options: IpcWriteOptions) -> Result<Self> {
        let buffered = BufWriter::with_capacity(WRITE_BUFFER_BYTES, file);
        let writer = FileWriter::try_new_with_options(buffered, schema, options.arrow()?)
            .map_err(|error| write_error(path, error))?;
        let dictionaries = schema.fields().iter().map(|_| JointDictionary::default()).collect();
        Ok(PartitionWriter { writer, path, schema, dictionaries })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(batch.num_columns());
        let wanted = self.schema.fields().iter().zip(batch.columns()).zip(&mut self.dictionaries);
        for ((field, column), dictionary) in wanted {
            let place = || format!("writing '{}': column '{}'", self.path.display(), field.name());
            let same = column.data_type() == field.data_type();
            let column = if same { column.clone() } else { cast(column, field.data_type())? };
            columns.push(match field.data_type() {
                DataType::Dictionary(..) => dictionary.translate(&column).map_err(|error| error.at(place()))?,
                _ => column,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?;
        self.writer.write(&batch).map_err(|error| write_error(self.path, error))
    }

    fn finish(mut self) -> Result<File> {
        self.writer.finish().map_err(|error| write_error(self.path, error))?;
        let mut buffered = self.writer.into_inner().map_err(|error| write_error(self.path, error))?;
        buffered.flush().map_err(|error| Error::io(self.path, error))?;
        buffered.into_inner().map_err(|error| Error::io(self.path, error.into_error()))
    }
}

/// The system's own error where there is one, naming the file.
fn write_error(path: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, system) => Error::io(path, system),
        other => Error::from(other).at(format!("writing '{}'", path.display())),
    }
}
