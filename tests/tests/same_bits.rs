//! The same query at 1, 2 and 7 threads, bit for bit, generated and from files.

#![allow(clippy::unwrap_used, clippy::panic)]

use blockfold::ParquetWriteOptions;
use blockfold::prelude::*;

fn series(session: &Session, partition: &str) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-01-15").partition_freq(partition).seed(7);
    datasets::timeseries(session, options).unwrap()
}

fn session(threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(128)).threads(threads).build().unwrap()
}

fn queries(frame: &LazyFrame) -> Vec<LazyFrame> {
    vec![
        frame.group_by(["id"]).agg([col("x").sum(), col("y").mean(), col("y").std(1).alias("s")]),
        frame.group_by(["name", "id"]).agg([col("x").sum(), len()]),
        frame.filter(col("x").gt(0.9)).group_by(["name"]).agg([col("y").var(1)]),
        frame.filter(col("x").gt(0.5)).group_by(["name"]).agg([
            col("x").median(),
            col("x").quantile(0.9).alias("most"),
            col("y").top_k(3),
            col("id").mode(),
            corr("x", "y").alias("r"),
            cov("x", "y", 0).alias("c"),
        ]),
        frame.drop(["timestamp", "name"]).sum(),
        frame.filter(col("y").lt(-0.99)).tail(10),
    ]
}

fn answers(frame: &LazyFrame) -> Vec<String> {
    queries(frame).iter().map(|query| format!("{:?}", query.collect().unwrap().to_batch().unwrap().columns())).collect()
}

#[test]
fn threads_do_not_show() {
    let folder = tempfile::tempdir().unwrap();
    series(&session(2), "1D").write_parquet(folder.path().join("days"), ParquetWriteOptions::default()).unwrap();
    let generated = answers(&series(&session(1), "1D"));
    let read = |session: &Session| session.read_parquet(folder.path().join("days")).unwrap();
    let stored = answers(&read(&session(1)));
    for threads in [2, 7] {
        assert_eq!(generated, answers(&series(&session(threads), "1D")), "{threads} threads, generated");
        assert_eq!(stored, answers(&read(&session(threads))), "{threads} threads, from files");
    }
}

#[test]
fn values_do_not_depend_on_partitions() {
    let session = session(2);
    let rows = |partition| {
        let frame = series(&session, partition).head(100_000).collect().unwrap();
        format!("{:?}", frame.to_batch().unwrap().columns())
    };
    assert_eq!(rows("1D"), rows("7h"));
}
