//! Writing, reading both ways, comparing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use blockfold_core::{Block, Result};
use blockfold_io::parquet::ParquetSource;
use blockfold_io::paths::DataFile;
use blockfold_plan::{Source, TaskContext};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

pub fn data_file(path: impl Into<PathBuf>) -> DataFile {
    DataFile { path: path.into(), hive: Vec::new() }
}

pub fn open(path: &Path) -> Result<ParquetSource> {
    ParquetSource::open(vec![data_file(path)])
}

pub fn write(path: &Path, batch: &RecordBatch, properties: WriterProperties) {
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Every batch of every partition.
pub fn batches(source: &dyn Source, task: &TaskContext) -> Result<Vec<RecordBatch>> {
    let mut all = Vec::new();
    for partition in 0..source.grid().blocks() {
        let estimate = source.estimate(partition);
        let mut rows = 0;
        let mut stream = source.open(partition, task)?;
        while let Some(block) = stream.next()? {
            let Block::Frame(batch) = block else { panic!("not a frame") };
            rows += batch.num_rows() as u64;
            all.push(batch);
        }
        if let Some(known) = source.grid().length(partition) {
            assert_eq!(rows, known, "length of partition {partition}");
        }
        assert!(rows <= estimate.rows.unwrap_or(u64::MAX));
    }
    Ok(all)
}

/// All rows as one batch of plain columns.
pub fn read(source: &dyn Source) -> Result<RecordBatch> {
    let batches = batches(source, &TaskContext::default())?;
    Ok(join(&source.schema(), &batches))
}

pub fn join(schema: &SchemaRef, batches: &[RecordBatch]) -> RecordBatch {
    let rows = batches.iter().map(RecordBatch::num_rows).sum();
    let columns = (0..schema.fields().len()).map(|i| {
        let dtype = schema.field(i).data_type();
        let mut parts: Vec<ArrayRef> = batches.iter().map(|batch| plain(batch.column(i), dtype)).collect();
        parts.push(arrow::array::new_empty_array(dtype));
        concat(&parts.iter().map(|part| part.as_ref()).collect::<Vec<_>>()).unwrap()
    });
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns.collect(), &options).unwrap()
}

fn plain(array: &ArrayRef, dtype: &DataType) -> ArrayRef {
    if let DataType::Dictionary(key, values) = array.data_type() {
        assert_eq!((key.as_ref(), values.as_ref()), (&DataType::Int32, dtype));
    }
    if array.data_type() == dtype { array.clone() } else { cast(array, dtype).unwrap() }
}

/// What arrow-rs reads, in the types of `schema`.
pub fn reference(path: &Path, schema: &SchemaRef) -> std::result::Result<RecordBatch, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).map_err(|error| text(&error))?;
    // Some files state no rows as a whole but have row groups with rows.
    let groups = (0..builder.metadata().num_row_groups()).collect();
    let reader = builder.with_batch_size(100_000).with_row_groups(groups).build().map_err(|error| text(&error))?;
    let batches: Vec<RecordBatch> = reader.collect::<std::result::Result<_, _>>().map_err(|error| text(&error))?;
    let cast_batch = |batch: &RecordBatch| {
        let columns: Vec<ArrayRef> = schema
            .fields()
            .iter()
            .map(|field| {
                let array = batch.column_by_name(field.name()).unwrap();
                if array.data_type() == field.data_type() {
                    array.clone()
                } else {
                    cast(array, field.data_type()).unwrap()
                }
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(schema.clone(), columns, &options).unwrap()
    };
    Ok(join(schema, &batches.iter().map(cast_batch).collect::<Vec<_>>()))
}

/// Equal bit for bit: floats by their bits, nulls by their places.
pub fn assert_same(left: &RecordBatch, right: &RecordBatch, what: &str) {
    assert_eq!(left.num_rows(), right.num_rows(), "{what}: rows");
    assert_eq!(left.num_columns(), right.num_columns(), "{what}: columns");
    for (i, field) in left.schema().fields().iter().enumerate() {
        let (l, r) = (left.column(i), right.column(i));
        assert_eq!(l.data_type(), r.data_type(), "{what}: type of {}", field.name());
        let nulls = |array: &ArrayRef| array.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        assert_eq!(nulls(l), nulls(r), "{what}: nulls of {}", field.name());
        assert!(l.to_data() == r.to_data() || bits(l) == bits(r), "{what}: column {} differs", field.name());
    }
}

fn bits(array: &ArrayRef) -> Vec<Option<u64>> {
    use arrow::array::AsArray;
    use arrow::datatypes::{Float32Type, Float64Type};
    match array.data_type() {
        DataType::Float64 => array.as_primitive::<Float64Type>().iter().map(|x| x.map(f64::to_bits)).collect(),
        DataType::Float32 => {
            array.as_primitive::<Float32Type>().iter().map(|x| x.map(|x| u64::from(x.to_bits()))).collect()
        }
        _ => {
            let text = format!("{array:?}");
            text.bytes().map(|byte| Some(byte.into())).collect()
        }
    }
}

pub fn frame(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}
