//! Parquet as written: read back by the Parquet library itself, and whole or not there at all.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::concat_batches;
use blockfold_core::{Block, Error, Result};
use blockfold_io::parquet::sink::{Compression, Dictionary, ParquetSink, ParquetWriteOptions, write_parquet_file};
use blockfold_plan::{BlockMeta, Sink, TaskContext};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;

fn everything(rows: std::ops::Range<i64>) -> RecordBatch {
    let numbers = || rows.clone().map(|row| (row % 7 != 3).then_some(row));
    let texts = || numbers().map(|n| n.map(|n| format!("text é {n}")));
    let names = StringArray::from_iter_values(["Alice", "Bob", "Ünal"]);
    let codes = Int8Array::from_iter(numbers().map(|n| n.map(|n| (n % 3) as i8)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from_iter(numbers().map(|n| n.map(|n| n % 2 == 0))))),
        ("i8", Arc::new(Int8Array::from_iter(numbers().map(|n| n.map(|n| n as i8))))),
        ("u16", Arc::new(UInt16Array::from_iter(numbers().map(|n| n.map(|n| n as u16))))),
        ("u64", Arc::new(UInt64Array::from_iter(numbers().map(|n| n.map(|n| n as u64 + (1 << 63)))))),
        ("sorted", Arc::new(Int64Array::from_iter_values(rows.clone()))),
        ("f32", Arc::new(Float32Array::from_iter(numbers().map(|n| n.map(|n| n as f32))))),
        ("f64", Arc::new(Float64Array::from_iter_values(rows.clone().map(|n| (n as f64).sin())))),
        ("utf8", Arc::new(StringArray::from_iter(texts()))),
        ("view", Arc::new(StringViewArray::from_iter(texts()))),
        ("date", Arc::new(Date32Array::from_iter(numbers().map(|n| n.map(|n| n as i32))))),
        ("seconds", Arc::new(TimestampSecondArray::from_iter(numbers()))),
        ("zoned", Arc::new(TimestampNanosecondArray::from_iter(numbers()).with_timezone("Europe/Berlin"))),
        ("span", Arc::new(DurationMillisecondArray::from_iter(numbers()))),
        ("name", Arc::new(DictionaryArray::new(codes, Arc::new(names)))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn write(folder: &Path, parts: &[Vec<RecordBatch>], options: ParquetWriteOptions) -> Result<()> {
    let schema = parts.iter().flatten().next().unwrap().schema();
    let sink = ParquetSink::new(folder, schema, parts.len(), options)?;
    sink.begin()?;
    let task = TaskContext::default();
    let mut bytes = 0;
    for (partition, batches) in parts.iter().enumerate() {
        let mut stream = batches.iter().map(|batch| Ok(Block::Frame(batch.clone())));
        bytes += sink.write(partition, &mut stream, &task)?.bytes;
    }
    assert_eq!(task.metrics.bytes_written(), bytes);
    sink.commit()
}

fn read(path: &Path) -> (RecordBatch, Arc<ParquetMetaData>) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let (schema, found) = (reader.schema().clone(), reader.metadata().clone());
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    (concat_batches(&schema, &batches).unwrap(), found)
}

#[test]
fn every_type_comes_back_whatever_the_options() {
    let root = tempfile::tempdir().unwrap();
    let every = ParquetWriteOptions::default;
    let options = [
        every(),
        every().compression(Compression::Zstd(1)).dictionary(Dictionary::Off).statistics(false),
        every().compression(Compression::Lz4).dictionary(Dictionary::On).page_index(false).bloom_filter("i8", 100),
        every()
            .column_compression("f64", Compression::Gzip(6))
            .row_group_rows(300)
            .with_memory_limit(1 << 20, &everything(0..0).schema()),
    ];
    for (at, options) in options.into_iter().enumerate() {
        let folder = root.path().join(at.to_string());
        let batches = vec![everything(0..500), everything(500..1200)];
        write(&folder, &[batches.clone(), vec![everything(0..0)], vec![]], options).unwrap();
        let (back, found) = read(&folder.join("part.0.parquet"));
        assert_eq!(back, concat_batches(&batches[0].schema(), &batches).unwrap());
        let statistics = found.row_groups()[0].columns()[4].statistics();
        assert_eq!(statistics.is_some(), at != 1);
        for empty in ["part.1.parquet", "part.2.parquet"] {
            let (back, _) = read(&folder.join(empty));
            assert_eq!((back.num_rows(), back.schema()), (0, batches[0].schema()));
        }
    }
}

#[test]
fn row_groups_end_by_rows_and_by_bytes() {
    let root = tempfile::tempdir().unwrap();
    let noise = |row: i64| (row.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64) >> 11) as f64;
    let values: ArrayRef = Arc::new(Float64Array::from_iter_values((0..400_000).map(noise)));
    let batch = RecordBatch::try_from_iter([("x", values)]).unwrap();
    let groups = |options: ParquetWriteOptions| {
        write(&root.path().join("x"), &[vec![batch.clone()]], options.overwrite(true)).unwrap();
        let (back, found) = read(&root.path().join("x/part.0.parquet"));
        assert_eq!(back, batch);
        found.row_groups().iter().map(|group| group.num_rows()).collect::<Vec<_>>()
    };
    assert_eq!(groups(ParquetWriteOptions::default()), [400_000]);
    assert_eq!(groups(ParquetWriteOptions::default().row_group_rows(150_000)), [150_000, 150_000, 100_000]);
    let small = ParquetWriteOptions::default().with_memory_limit(2 << 20, &batch.schema());
    let rows = groups(small.clone());
    assert!(rows.len() >= 3 && rows.iter().all(|rows| *rows <= 140_000), "{rows:?}");
    let sink = |options| ParquetSink::new("x", batch.schema(), 1, options).unwrap();
    let meta = BlockMeta { rows: 65_536, bytes: 512 << 10 };
    assert!(sink(small).peak_bytes(meta) <= 3 << 20);
    assert!(sink(ParquetWriteOptions::default()).peak_bytes(meta) >= 32 << 20);
}

#[test]
fn what_does_not_compress_is_stored_plain() {
    let root = tempfile::tempdir().unwrap();
    let batch = everything(0..9000);
    write(&root.path().join("x"), &[vec![batch]], ParquetWriteOptions::default()).unwrap();
    let (_, found) = read(&root.path().join("x/part.0.parquet"));
    let column = |name: &str| {
        found.row_groups()[0].columns().iter().find(|column| column.column_path().string() == name).unwrap().clone()
    };
    assert_eq!(column("f64").compression(), parquet::basic::Compression::UNCOMPRESSED);
    assert!(column("f64").dictionary_page_offset().is_none());
    assert!(column("name").dictionary_page_offset().is_some());
    assert!(column("sorted").uncompressed_size() < 9000);
    assert_eq!(column("utf8").compression(), parquet::basic::Compression::SNAPPY);
}

#[test]
fn names_sort_as_numbers_do() {
    let root = tempfile::tempdir().unwrap();
    let batch = everything(0..1);
    let parts: Vec<Vec<RecordBatch>> = (0..11).map(|_| vec![batch.clone()]).collect();
    write(&root.path().join("x"), &parts, ParquetWriteOptions::default()).unwrap();
    let mut names: Vec<_> =
        fs::read_dir(root.path().join("x")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!((names[1].to_str(), names[10].to_str()), (Some("part.01.parquet"), Some("part.10.parquet")));
}

#[test]
fn failures_leave_nothing() {
    let root = tempfile::tempdir().unwrap();
    let batch = everything(0..10);
    let folder = root.path().join("x");
    let options = ParquetWriteOptions::default;
    let unknown = ParquetSink::new(&folder, batch.schema(), 1, options().bloom_filter("nope", 1));
    assert!(matches!(unknown, Err(Error::ColumnNotFound { .. })));
    let level = ParquetSink::new(&folder, batch.schema(), 1, options().compression(Compression::Zstd(99)));
    assert!(matches!(level, Err(Error::Argument { .. })));
    let sink = ParquetSink::new(&folder, batch.schema(), 1, options()).unwrap();
    sink.begin().unwrap();
    let mut stream = [Ok(Block::Frame(batch.clone())), Err(Error::argument("x", "fails"))].into_iter();
    assert!(sink.write(0, &mut stream, &TaskContext::default()).is_err());
    let task = TaskContext::default();
    task.cancel.cancel();
    let mut stream = std::iter::once(Ok(Block::Frame(batch.clone())));
    assert!(matches!(sink.write(0, &mut stream, &task), Err(Error::Cancelled)));
    sink.abort();
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
}

#[test]
fn a_single_file() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.parquet");
    let batch = everything(0..10);
    let write = |options: ParquetWriteOptions| {
        let mut stream = std::iter::once(Ok(Block::Frame(batch.clone())));
        write_parquet_file(&path, &batch.schema(), &mut stream, &options, &TaskContext::default())
    };
    assert_eq!(write(ParquetWriteOptions::default()).unwrap().rows, 10);
    assert_eq!(read(&path).0, batch);
    assert!(matches!(write(ParquetWriteOptions::default()), Err(Error::AlreadyExists { .. })));
    let bytes = write(ParquetWriteOptions::default().overwrite(true)).unwrap().bytes;
    assert_eq!(bytes, fs::metadata(&path).unwrap().len());
}

/// Needs the right to mount a small file system; without it the test shows nothing.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_cleaned_up() {
    use std::process::Command;
    let root = tempfile::tempdir().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(root.path()).output();
    if !mount.is_ok_and(|done| done.status.success()) {
        return;
    }
    let folder = root.path().join("x");
    let result = write(&folder, &[vec![everything(0..200_000)]], ParquetWriteOptions::default());
    let left = fs::read_dir(root.path()).unwrap().count();
    let _ = Command::new("umount").arg(root.path()).output();
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::Io { path, .. } if *path == folder.join("part.0.parquet")), "{error}");
    assert_eq!(left, 0);
}
