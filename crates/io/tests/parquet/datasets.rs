//! Data sets of several files: schemas, folders, estimates, cancelling.

use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Float64Array, Int8Array, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Int8Type};
use blockfold_core::{Cancel, Columns, Error, Scalar, col};
use blockfold_io::parquet::ParquetSource;
use blockfold_io::paths::DataFile;
use blockfold_plan::{Source, TaskContext};
use parquet::file::properties::WriterProperties;

use crate::support::{assert_same, batches, data_file, frame, join, open, read, write};
use crate::written::sample;

fn plain() -> WriterProperties {
    WriterProperties::default()
}

#[test]
fn columns_may_come_in_another_order() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.parquet"), folder.path().join("b.parquet"));
    let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["x", "y"]));
    write(&a, &frame(vec![("n", numbers.clone()), ("t", texts.clone())]), plain());
    write(&b, &frame(vec![("t", texts.clone()), ("n", numbers.clone())]), plain());
    let source = ParquetSource::open(vec![data_file(&a), data_file(&b)]).unwrap();
    let half = frame(vec![("n", numbers), ("t", texts)]);
    assert_same(&read(&source).unwrap(), &join(&half.schema(), &[half.clone(), half]), "order");
}

#[test]
fn schemas_must_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.parquet"), folder.path().join("b.parquet"));
    let ints: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    write(&a, &frame(vec![("n", ints.clone()), ("m", ints.clone())]), plain());
    let mismatch = |batch| {
        write(&b, &batch, plain());
        match ParquetSource::open(vec![data_file(&a), data_file(&b)]).unwrap_err() {
            Error::SchemaMismatch { path, column, expected, found, .. } => {
                assert_eq!(path, b);
                (column, expected, found)
            }
            other => panic!("{other}"),
        }
    };
    let texts = |a: &str, b: &str, c: &str| (a.to_string(), b.to_string(), c.to_string());
    let found = mismatch(frame(vec![("n", floats), ("m", ints.clone())]));
    assert_eq!(found, texts("n", "Int64", "Float64"));
    assert_eq!(mismatch(frame(vec![("n", ints.clone())])), texts("m", "Int64", "missing"));
    let more = frame(vec![("n", ints.clone()), ("m", ints.clone()), ("k", ints)]);
    assert_eq!(mismatch(more), texts("k", "missing", "Int64"));
}

#[test]
fn dictionaries_are_read_as_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let keys = Int8Array::from(vec![Some(0), None, Some(1), Some(0)]);
    let values = Arc::new(StringArray::from(vec!["a", "b"]));
    let coded: ArrayRef = Arc::new(DictionaryArray::<Int8Type>::try_new(keys, values).unwrap());
    write(&path, &frame(vec![("c", coded)]), plain());
    let source = open(&path).unwrap();
    assert_eq!(source.schema().field(0).data_type(), &DataType::Utf8);
    let expected = frame(vec![("c", Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("a")])) as _)]);
    assert_same(&read(&source).unwrap(), &expected, "values");
    let codes = source.with_columns(&Columns::codes(["c"])).unwrap().unwrap();
    let found = batches(codes.as_ref(), &TaskContext::default()).unwrap();
    assert!(matches!(found[0].column(0).data_type(), DataType::Dictionary(_, _)));
    assert_same(&read(codes.as_ref()).unwrap(), &expected, "codes");
}

#[test]
fn folders_give_columns() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<DataFile> = [Some("3"), None, Some("-1")]
        .into_iter()
        .enumerate()
        .map(|(i, value)| {
            let path = folder.path().join(format!("{i}.parquet"));
            write(&path, &frame(vec![("n", Arc::new(Int32Array::from(vec![i as i32; 3])) as _)]), plain());
            DataFile { path, hive: vec![("k".into(), value.map(str::to_string))] }
        })
        .collect();
    let source = ParquetSource::open(files).unwrap();
    assert_eq!(source.schema().field(1).data_type(), &DataType::Int64);
    assert_eq!(source.column_range("k"), Some((Scalar::Int(-1), Scalar::Int(3))));
    let all = read(&source).unwrap();
    let expected = [[Some(3); 3], [None; 3], [Some(-1); 3]].concat();
    assert_same(&all.project(&[1]).unwrap(), &frame(vec![("k", Arc::new(Int64Array::from(expected)) as _)]), "hive");
    let filtered = source.with_filter(&col("k").gt(0)).unwrap().unwrap();
    assert!(filtered.detail().contains("2 of 3 skipped"), "{}", filtered.detail());
    assert_eq!(read(filtered.as_ref()).unwrap().num_rows(), 3);
    let narrow = filtered.with_columns(&Columns::values(["n"])).unwrap().unwrap();
    assert_eq!(read(narrow.as_ref()).unwrap().num_rows(), 3);
}

#[test]
fn files_without_rows_give_one_empty_partition() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &sample(0, 0), plain());
    let source = open(&path).unwrap();
    assert_eq!((source.grid().blocks(), source.grid().total()), (1, Some(0)));
    assert_eq!(read(&source).unwrap().num_rows(), 0);
    assert_eq!(source.estimate(0).rows, Some(0));
    let filtered = source.with_filter(&col("i32").gt(1)).unwrap().unwrap();
    assert_eq!(read(filtered.as_ref()).unwrap().num_rows(), 0);
}

#[test]
fn estimates_hold_and_runs_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &sample(50_000, 5), plain());
    let source = open(&path).unwrap().with_batch_rows(1000);
    let estimate = source.estimate(0);
    let task = TaskContext::default();
    let found = batches(&source, &task).unwrap();
    assert!(found.iter().all(|batch| batch.num_rows() as u64 <= estimate.batch.rows));
    assert_eq!(task.metrics.rows_read(), 50_000);
    assert_eq!(task.metrics.bytes_read(), estimate.read_bytes);
    assert_eq!(source.token(), open(&path).unwrap().with_batch_rows(1000).token());
    assert_ne!(source.token(), source.with_limit(3).unwrap().token());

    let cancel = Cancel::default();
    let task = TaskContext { cancel: cancel.clone(), ..TaskContext::default() };
    let mut stream = source.open(0, &task).unwrap();
    assert!(stream.next().unwrap().is_some());
    cancel.cancel();
    assert!(matches!(stream.next(), Err(Error::Cancelled)));
}

#[test]
fn unknown_columns_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &sample(3, 0), plain());
    let source = open(&path).unwrap();
    let error = source.with_columns(&Columns::values(["nam"])).unwrap_err();
    assert!(error.to_string().contains("'name'"), "{error}");
    assert!(source.with_filter(&col("nope").gt(1)).is_err());
}

#[test]
fn many_small_files() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = {
        let path = folder.path().join("a.parquet");
        write(&path, &frame(vec![("n", Arc::new(Int64Array::from(vec![1, 2, 3])) as ArrayRef)]), plain());
        std::fs::read(&path).unwrap()
    };
    let files: Vec<DataFile> = (0..10_000)
        .map(|i| {
            let path = folder.path().join(format!("{i}.parquet"));
            std::fs::write(&path, &bytes).unwrap();
            data_file(path)
        })
        .collect();
    let source = ParquetSource::open(files).unwrap();
    assert_eq!((source.grid().blocks(), source.grid().total()), (10_000, Some(30_000)));
    assert_eq!(source.column_range("n"), Some((Scalar::Int(1), Scalar::Int(3))));
    assert_eq!(read(&source).unwrap().num_rows(), 30_000);
}
