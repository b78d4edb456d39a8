//! Arrow IPC files: what is written is read back, in place, and damaged files are refused.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::*;
use arrow::compute::concat_batches;
use arrow::datatypes::*;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions as ArrowOptions, StreamWriter};
use blockfold_core::{Block, Columns, Error, Result};
use blockfold_io::ipc::{IpcCompression, IpcSink, IpcSource, IpcWriteOptions};
use blockfold_plan::{Sink, Source, TaskContext};

/// Every type that frames have, with nulls.
fn everything(rows: std::ops::Range<i64>) -> RecordBatch {
    let some = |row: &i64| row % 7 != 3;
    let numbers = || rows.clone().map(move |row| some(&row).then_some(row));
    let texts = || rows.clone().map(move |row| some(&row).then(|| format!("text é {row}")));
    let days = Arc::new(Date32Array::from_iter(numbers().map(|n| n.map(|n| n as i32))));
    let zoned = TimestampMicrosecondArray::from_iter(numbers()).with_timezone("Europe/Berlin");
    let names = StringArray::from_iter_values(["Alice", "Bob", "Ünal"]);
    let codes = Int8Array::from_iter(numbers().map(|n| n.map(|n| (n % 3) as i8)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("bool", Arc::new(BooleanArray::from_iter(numbers().map(|n| n.map(|n| n % 2 == 0))))),
        ("i8", Arc::new(Int8Array::from_iter(numbers().map(|n| n.map(|n| n as i8))))),
        ("u16", Arc::new(UInt16Array::from_iter(numbers().map(|n| n.map(|n| n as u16))))),
        ("i32", Arc::new(Int32Array::from_iter(numbers().map(|n| n.map(|n| n as i32))))),
        ("u64", Arc::new(UInt64Array::from_iter(numbers().map(|n| n.map(|n| n as u64))))),
        ("f32", Arc::new(Float32Array::from_iter(numbers().map(|n| n.map(|n| n as f32))))),
        ("f64", Arc::new(Float64Array::from_iter_values(rows.clone().map(|n| n as f64 / 3.0)))),
        ("utf8", Arc::new(StringArray::from_iter(texts()))),
        ("large", Arc::new(LargeStringArray::from_iter(texts()))),
        ("view", Arc::new(StringViewArray::from_iter(texts()))),
        ("bytes", Arc::new(BinaryArray::from_iter(texts()))),
        ("date", days),
        ("zoned", Arc::new(zoned)),
        ("span", Arc::new(DurationMillisecondArray::from_iter(numbers()))),
        ("name", Arc::new(DictionaryArray::new(codes, Arc::new(names)))),
        ("decimal", Arc::new(Decimal128Array::from_iter(numbers().map(|n| n.map(i128::from))))),
        (
            "fixed",
            Arc::new(
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(rows.clone().map(|_| Some(b"abc")), 3).unwrap(),
            ),
        ),
        ("null", Arc::new(NullArray::new(rows.clone().count()))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

fn write_file(path: &Path, batches: &[RecordBatch], options: ArrowOptions) {
    let file = fs::File::create(path).unwrap();
    let mut writer = FileWriter::try_new_with_options(file, &batches[0].schema(), options).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

fn read_partition(source: &dyn Source, partition: usize) -> Result<Vec<RecordBatch>> {
    let mut stream = source.open(partition, &TaskContext::default())?;
    let mut batches = Vec::new();
    while let Some(block) = stream.next()? {
        batches.push(block.frame()?.clone());
    }
    Ok(batches)
}

fn read(source: &dyn Source) -> Result<RecordBatch> {
    let mut batches = Vec::new();
    for partition in 0..source.grid().blocks() {
        batches.extend(read_partition(source, partition)?);
    }
    Ok(concat_batches(&source.schema(), &batches)?)
}

fn write_parts(folder: &Path, parts: &[Vec<RecordBatch>], options: IpcWriteOptions) -> Result<()> {
    let sink = IpcSink::new(folder, parts[0][0].schema(), parts.len(), options);
    sink.begin()?;
    for (partition, batches) in parts.iter().enumerate() {
        let mut stream = batches.iter().map(|batch| Ok(Block::Frame(batch.clone())));
        let written = sink.write(partition, &mut stream, &TaskContext::default())?;
        assert_eq!(written.rows, batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>());
    }
    sink.commit()
}

#[test]
fn every_type_comes_back() {
    let root = tempfile::tempdir().unwrap();
    for compression in [IpcCompression::Uncompressed, IpcCompression::Lz4, IpcCompression::Zstd] {
        let folder = root.path().join(format!("{compression:?}"));
        let options = IpcWriteOptions::default().compression(compression);
        let parts = [vec![everything(0..1000), everything(1000..1001)], vec![everything(0..0)], vec![everything(5..9)]];
        write_parts(&folder, &parts, options).unwrap();
        let source = IpcSource::open(folder.as_path()).unwrap();
        assert_eq!(source.grid().blocks(), 3);
        let all: Vec<RecordBatch> = parts.iter().flatten().cloned().collect();
        assert_eq!(read(&source).unwrap(), concat_batches(&all[0].schema(), &all).unwrap());
        assert!(matches!(write_parts(&folder, &parts, options), Err(Error::AlreadyExists { .. })));
        write_parts(&folder, &parts[2..], options.overwrite(true)).unwrap();
        assert_eq!(read(&IpcSource::open(folder.as_path()).unwrap()).unwrap(), everything(5..9));
    }
}

#[test]
fn one_large_batch_is_read_in_parts() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.arrow");
    let rows = 2_300_001;
    let ids = Int64Array::from_iter(0..rows);
    let texts = StringArray::from_iter((0..rows).map(|row| (row % 5 != 0).then(|| (row % 1000).to_string())));
    let flags = BooleanArray::from_iter((0..rows).map(|row| Some(row % 3 == 0)));
    let columns: [(&str, ArrayRef); 3] = [("id", Arc::new(ids)), ("text", Arc::new(texts)), ("flag", Arc::new(flags))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let options = ArrowOptions::try_new(8, false, arrow::ipc::MetadataVersion::V5).unwrap();
    write_file(&path, std::slice::from_ref(&batch), options);
    let source = IpcSource::open(path.as_path()).unwrap();
    assert_eq!(source.grid().blocks(), 3);
    assert_eq!(source.grid().total(), Some(rows as u64));
    assert_eq!(read(&source).unwrap(), batch);
    for (partition, batches) in (0..3).map(|partition| (partition, read_partition(&source, partition).unwrap())) {
        let estimate = source.estimate(partition);
        assert_eq!(estimate.rows, Some(batches.iter().map(|batch| batch.num_rows() as u64).sum()));
        assert!(batches.iter().all(|batch| batch.num_rows() <= 65_536));
        assert!(estimate.peak_bytes < 8 << 20);
    }
    let narrow = source.with_columns(&Columns::values(["flag", "id"])).unwrap().unwrap();
    assert_eq!(read(narrow.as_ref()).unwrap(), batch.project(&[0, 2]).unwrap());
    assert!(narrow.estimate(0).read_bytes < source.estimate(0).read_bytes);
    let few = narrow.with_limit(1_500_000).unwrap();
    assert_eq!(read(few.as_ref()).unwrap(), batch.project(&[0, 2]).unwrap().slice(0, 1_500_000));
    let none = source.with_columns(&Columns::none()).unwrap().unwrap();
    assert_eq!(none.grid().total(), Some(rows as u64));
    assert_eq!(read_partition(none.as_ref(), 2).unwrap().iter().map(RecordBatch::num_rows).max(), Some(65_536));
    assert!(matches!(source.with_columns(&Columns::values(["ids"])), Err(Error::ColumnNotFound { .. })));
}

#[test]
fn small_batches_are_read_together_and_nested_ones_decoded() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.arrow");
    let lists = |rows: std::ops::Range<i32>| -> RecordBatch {
        let mut list = ListBuilder::new(Int32Builder::new());
        for row in rows.clone() {
            list.append_value((0..row % 4).map(Some));
        }
        let ids: ArrayRef = Arc::new(Int32Array::from_iter(rows));
        RecordBatch::try_from_iter([("list", Arc::new(list.finish()) as ArrayRef), ("id", ids)]).unwrap()
    };
    let batches: Vec<RecordBatch> = (0..50).map(|at| lists(at * 10..at * 10 + 10)).collect();
    write_file(&path, &batches, ArrowOptions::default());
    let source = IpcSource::open(path.as_path()).unwrap();
    assert_eq!(source.grid().blocks(), 1);
    let all = concat_batches(&batches[0].schema(), &batches).unwrap();
    assert_eq!(read(&source).unwrap(), all);
    let ids = source.with_columns(&Columns::values(["id"])).unwrap().unwrap();
    assert_eq!(read(ids.as_ref()).unwrap(), all.project(&[1]).unwrap());
}

#[test]
fn folders_name_columns_and_files_must_agree() {
    let root = tempfile::tempdir().unwrap();
    for (folder, rows) in [("y=2024/c=a", 0..3), ("y=2023/c=b", 3..5)] {
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).unwrap();
        write_file(&folder.join("1.arrow"), &[everything(rows)], ArrowOptions::default());
    }
    let source = IpcSource::open(root.path()).unwrap();
    let narrow = source.with_columns(&Columns::values(["y", "i32", "c"])).unwrap().unwrap();
    let batch = read(narrow.as_ref()).unwrap();
    assert_eq!(
        batch.schema().fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>(),
        ["i32", "y", "c"]
    );
    assert_eq!(batch.column(1).as_primitive::<Int64Type>().values(), &[2023, 2023, 2024, 2024, 2024]);
    assert_eq!(batch.column(2).as_string::<i32>().value(0), "b");
    let other = RecordBatch::try_from_iter([("i8", Arc::new(Int64Array::from(vec![1])) as ArrayRef)]).unwrap();
    let odd = root.path().join("y=2024/c=a/2.arrow");
    write_file(&odd, &[other], ArrowOptions::default());
    let error = IpcSource::open(root.path()).unwrap_err();
    assert!(
        matches!(&error, Error::SchemaMismatch { path, column, .. } if *path == odd && column == "bool"),
        "{error}"
    );
}

#[test]
fn dictionaries_that_differ_are_joined() {
    let root = tempfile::tempdir().unwrap();
    let column = |values: &[&str]| -> RecordBatch {
        let array: DictionaryArray<Int32Type> = values.iter().copied().collect();
        RecordBatch::try_from_iter([("c", Arc::new(array) as ArrayRef)]).unwrap()
    };
    let parts = [vec![column(&["a", "b"]), column(&["c", "b"]), column(&["b", "d"])], vec![column(&["z"])]];
    let folder = root.path().join("x");
    write_parts(&folder, &parts, IpcWriteOptions::default()).unwrap();
    let batch = read(&IpcSource::open(folder.as_path()).unwrap()).unwrap();
    let plain = arrow::compute::cast(batch.column(0), &DataType::Utf8).unwrap();
    let texts: Vec<&str> = plain.as_string::<i32>().iter().flatten().collect();
    assert_eq!(texts, ["a", "b", "c", "b", "b", "d", "z"]);
}

#[test]
fn what_is_no_ipc_file_is_named() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.arrow");
    let mut stream = StreamWriter::try_new(Vec::new(), &everything(0..2).schema()).unwrap();
    stream.write(&everything(0..2)).unwrap();
    let stream = stream.into_inner().unwrap();
    let cases: [(&[u8], &str); 5] = [
        (b"", "it is empty"),
        (b"PAR1xxxxPAR1", "does not start as"),
        (b"ARROW1", "cut short"),
        (b"FEA1xxxxFEA1", "Feather version 1"),
        (&stream, "as a stream"),
    ];
    for (content, want) in cases {
        fs::write(&path, content).unwrap();
        let error = IpcSource::open(path.as_path()).unwrap_err().to_string();
        assert!(error.contains(want) && error.contains("x.arrow"), "{error}");
    }
    assert!(matches!(IpcSource::open(root.path().join("none.arrow")), Err(Error::NotFound { .. })));
}

/// Opens and reads damaged bytes; whatever happens must be an error or rows, never a panic.
fn survives(path: &Path, bytes: &[u8]) -> bool {
    fs::write(path, bytes).unwrap();
    let result = IpcSource::open(path).and_then(|source| {
        let _: Vec<_> = (0..source.grid().blocks()).map(|partition| source.estimate(partition)).collect();
        let batches: Vec<RecordBatch> = (0..source.grid().blocks())
            .map(|partition| read_partition(&source, partition))
            .collect::<Result<Vec<_>>>()?
            .concat();
        // Looking at every value makes a broken invariant show.
        Ok(batches.iter().map(|batch| format!("{batch:?}").len()).sum::<usize>())
    });
    match result.as_ref().map_err(|error| error.root()) {
        Err(Error::Corrupt { path: named, .. }) => assert_eq!(named, path),
        Err(Error::Unsupported { .. } | Error::Overflow { .. } | Error::Argument { .. }) => {}
        Err(other) => panic!("{other}"),
        Ok(_) => {}
    }
    result.is_ok()
}

#[test]
fn truncated_files_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.arrow");
    write_file(&path, &[everything(0..20), everything(20..40)], ArrowOptions::default());
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(61).chain(whole.len().saturating_sub(400)..whole.len()) {
        assert!(!survives(&path, &whole[..length]), "{length} of {} bytes", whole.len());
    }
}

#[test]
fn flipped_bytes_never_panic() {
    std::panic::set_hook(Box::new(|_| {}));
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("x.arrow");
    for codec in [None, Some(arrow::ipc::CompressionType::LZ4_FRAME), Some(arrow::ipc::CompressionType::ZSTD)] {
        let options = ArrowOptions::default().try_with_compression(codec).unwrap();
        write_file(&path, &[everything(0..9), everything(9..17)], options);
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(13) {
            for flip in [0xff, 0x01] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                survives(&path, &bytes);
            }
        }
    }
    let _ = std::panic::take_hook();
}
