//! Files of extreme shape: one very large row group, and very many very small files.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use blockfold::prelude::*;
use blockfold::{Event, Subscriber};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

const LARGE_ROWS: i64 = 5_000_000;

fn batch(first: i64, rows: i64) -> RecordBatch {
    let id: ArrayRef = Arc::new((first..first + rows).map(|i| i % 300).collect::<Int64Array>());
    let x: ArrayRef = Arc::new((first..first + rows).map(|i| (i as f64) * 0.25).collect::<Float64Array>());
    let name: ArrayRef =
        Arc::new((first..first + rows).map(|i| Some(["ann", "bob", "cy"][(i % 3) as usize])).collect::<StringArray>());
    RecordBatch::try_from_iter([("id", id), ("x", x), ("name", name)]).unwrap()
}

#[test]
fn a_row_group_of_five_million_rows_fits_64_mib() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.parquet");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(LARGE_ROWS as usize)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch(0, 1).schema(), Some(properties)).unwrap();
    for first in (0..LARGE_ROWS).step_by(100_000) {
        writer.write(&batch(first, 100_000)).unwrap();
    }
    assert_eq!(writer.close().unwrap().num_row_groups(), 1);

    let session = Session::builder().memory_budget(ByteSize::mib(64)).threads(2).build().unwrap();
    let frame = session.read_parquet(&*path).unwrap();
    assert_eq!(frame.len().unwrap(), LARGE_ROWS as u64);
    let groups = frame.group_by(["id", "name"]).agg([col("x").sum(), len()]).collect().unwrap();
    assert_eq!(groups.num_rows(), 300);
    assert!(groups.report().peak_bytes <= 64 << 20);
    let total = frame.sum().collect().unwrap().scalar("x").unwrap();
    assert_eq!(total, blockfold::Scalar::Float(0.25 * (LARGE_ROWS * (LARGE_ROWS - 1) / 2) as f64));
    let rows: usize = frame.collect_partitions().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, LARGE_ROWS as usize);
}

#[derive(Default)]
struct CountTasks(std::sync::atomic::AtomicUsize);

impl Subscriber for CountTasks {
    fn event(&self, event: &Event) {
        if matches!(event, Event::TaskPermitted { .. }) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

#[test]
fn ten_thousand_tiny_files_share_tasks() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..10_000 {
        let file = File::create(folder.path().join(format!("part.{i}.parquet"))).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch(0, 1).schema(), None).unwrap();
        writer.write(&batch(i * 3, 3)).unwrap();
        writer.close().unwrap();
    }
    let tasks = Arc::new(CountTasks::default());
    let builder = Session::builder().memory_budget(ByteSize::mib(64)).threads(2);
    let session = builder.subscribe(tasks.clone()).build().unwrap();
    let frame = session.read_parquet(folder.path()).unwrap();
    assert_eq!((frame.npartitions().unwrap(), frame.len().unwrap()), (10_000, 30_000));
    let groups = frame.group_by(["id"]).agg([len()]).collect().unwrap();
    assert_eq!(groups.num_rows(), 300);
    assert!(tasks.0.load(std::sync::atomic::Ordering::Relaxed) < 100);
    let first = frame.head(4).collect().unwrap().to_batch().unwrap();
    assert_eq!(first, batch(0, 4).project(&[0, 1, 2]).unwrap().with_schema(first.schema()).unwrap());
}
