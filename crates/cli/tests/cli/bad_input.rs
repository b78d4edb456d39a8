//! One clear error for each kind of bad input, and nothing left behind.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::ipc::writer::FileWriter;

use crate::program::{Place, Ran};

fn write_arrow(path: &Path, column: &str, values: Vec<i64>) {
    let column = [(column, Arc::new(Int64Array::from(values)) as ArrayRef)];
    let batch = RecordBatch::try_from_iter(column).unwrap();
    let mut writer = FileWriter::try_new(File::create(path).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
}

#[test]
fn missing_files() {
    let place = Place::with_data();
    fs::create_dir(place.join("empty")).unwrap();
    place.fails("schema nowhere", 1, "no such file: 'nowhere'");
    place.fails("head nowhere.parquet", 1, "nowhere.parquet");
    place.fails("head nowhere.arrow", 1, "nowhere.arrow");
    place.fails("groupby 'ts/*.pq' --by id --agg len", 1, "ts/*.pq");
    place.fails("groupby empty --by id --agg len", 1, "empty");
    place.fails("estimate ts nowhere --by id --agg len", 1, "nowhere");
}

#[test]
fn damaged_parquet() {
    let place = Place::with_data();
    let whole = fs::read(place.join("ts/part.1.parquet")).unwrap();
    fs::write(place.join("half.parquet"), &whole[..whole.len() / 2]).unwrap();
    fs::write(place.join("empty.parquet"), b"").unwrap();
    fs::write(place.join("text.parquet"), "a,b\n1,2\n".repeat(100)).unwrap();
    let mut footer = whole.clone();
    let at = footer.len() - 100;
    footer[at..at + 60].fill(0xff);
    fs::write(place.join("footer.parquet"), footer).unwrap();
    for file in ["half", "empty", "text", "footer"] {
        place.fails(&format!("schema {file}.parquet"), 1, &format!("{file}.parquet"));
    }
    let mut pages = whole;
    let middle = pages.len() / 2;
    pages[4..middle].fill(0xa5);
    fs::write(place.join("pages.parquet"), pages).unwrap();
    place.fails("groupby pages.parquet --by name --agg x:sum,id:sum --out o.parquet", 1, "pages.parquet");
}

#[test]
fn damaged_arrow() {
    let place = Place::empty();
    write_arrow(&place.join("a.arrow"), "x", (0..1000).collect());
    let whole = fs::read(place.join("a.arrow")).unwrap();
    fs::write(place.join("half.arrow"), &whole[..whole.len() / 2]).unwrap();
    fs::write(place.join("text.arrow"), "x\n1\n".repeat(100)).unwrap();
    for file in ["half", "text"] {
        place.fails(&format!("head {file}.arrow"), 1, &format!("{file}.arrow"));
    }
}

#[test]
fn schemas_that_differ() {
    let place = Place::empty();
    place.ok("timeseries --end 2000-01-02 --freq 1h --columns x:float --out a");
    place.ok("timeseries --end 2000-01-02 --freq 1h --columns x:int --out b");
    place.fails("schema a b", 1, "column 'x' is");
    place.fails("groupby a b --by x --agg len", 1, "b/part.0.parquet");
}

#[test]
fn columns_and_types() {
    let place = Place::with_data();
    place.fails("groupby ts --by nam --agg len", 1, "column 'nam' not found; did you mean 'name'?");
    place.fails(
        "groupby ts --by id --agg price:sum",
        1,
        "column 'price' not found; there are: timestamp, name, id, x, y",
    );
    place.fails("explain ts --by id --agg len --filter 'yy > 1'", 1, "did you mean 'y'");
    place.fails("groupby ts --by id --agg name:sum", 1, "sum(name) does not take Utf8");
    place.fails("groupby ts --by id --agg timestamp:mean", 1, "mean(timestamp) does not take");
    place.fails("groupby ts --by id --agg len --filter 'name > 5'", 1, "name");
    place.fails("groupby ts --by id --agg len --filter 'x + 1'", 1, "filter");
    place.fails("groupby ts --by id --agg len --filter 'sqrt(name) > 1'", 1, "sqrt(name)");
}

#[test]
fn overflow() {
    let place = Place::empty();
    write_arrow(&place.join("a.arrow"), "x", vec![i64::MAX, 1]);
    place.fails("groupby a.arrow --by x --agg x:sum,x:sum", 2, "comes twice");
    write_arrow(&place.join("b.arrow"), "x", vec![i64::MAX; 3]);
    place.fails("groupby b.arrow --by x --agg x:sum --out r.csv", 1, "overflows");
}

#[test]
fn too_little_memory() {
    let place = Place::with_data();
    place.ok("timeseries --end 2000-01-02 --freq 1s --out wide");
    place.fails("groupby wide --by name,id --agg x:sum,y:sum --memory 1MiB", 1, "raise the memory budget");
    place.fails("groupby ts --by name --agg x:sum --memory 10", 2, "at least 1.0 MiB");
    place.fails(
        "groupby wide --by timestamp --agg x:sum,y:sum,id:sum --memory 4MiB --threads 1 --out r.csv",
        1,
        "budget",
    );
}

#[test]
fn outputs_that_exist() {
    let place = Place::with_data();
    place.fails("timeseries --out ts", 1, "'ts' already exists; --overwrite replaces it");
    fs::write(place.join("r.csv"), "mine").unwrap();
    place.fails("groupby ts --by name --agg len --out r.csv", 1, "'r.csv' already exists; --overwrite replaces it");
    assert_eq!(fs::read_to_string(place.join("r.csv")).unwrap(), "mine");
    fs::create_dir(place.join("d.csv")).unwrap();
    place.fails("groupby ts --by name --agg len --out d.csv --overwrite", 1, "is a folder");
    fs::create_dir(place.join("home")).unwrap();
    fs::write(place.join("home/letter.txt"), "dear").unwrap();
    place.fails("timeseries --end 2000-01-02 --freq 1h --out home --overwrite", 1, "home");
    assert!(place.join("home/letter.txt").exists());
}

#[test]
fn outputs_that_cannot_be_written() {
    let place = Place::with_data();
    fs::write(place.join("file"), "").unwrap();
    place.fails("timeseries --end 2000-01-02 --freq 1h --out file/ts", 1, "file");
    place.fails("groupby ts --by name --agg len --out file/r.csv", 1, "file");
    place.fails("groupby ts --by name --agg len --out nowhere/r.parquet", 1, "nowhere");
    place.fails("demo --days 1 --dir nowhere", 1, "nowhere");
}

/// A limit on the size of files stands for a full disk: the system refuses to write on.
#[cfg(unix)]
#[test]
fn a_full_disk() {
    let place = Place::with_data();
    let limited = |line: &str| {
        let program = env!("CARGO_BIN_EXE_blockfold");
        let script = format!("trap '' XFSZ; ulimit -f 16; exec '{program}' {line}");
        let mut command = std::process::Command::new("sh");
        let output = command.args(["-c", &script]).current_dir(place.path()).env("TMPDIR", place.path()).output();
        Ran::of(&output.unwrap())
    };
    for line in [
        "timeseries --end 2000-01-03 --freq 1s --out full",
        "timeseries --end 2000-01-03 --freq 1s --format arrow --out full",
        "groupby ts --by timestamp --agg x:sum --out full.parquet",
        "groupby ts --by timestamp --agg x:sum --out full.arrow",
        "groupby ts --by timestamp --agg x:sum --out full.csv",
        "demo --days 1",
    ] {
        let ran = limited(line);
        assert_eq!(ran.code, 1, "{line}: {ran:?}");
        assert!(ran.err.contains("File too large"), "{line}: {ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{line}: {ran:?}");
        if !line.starts_with("demo") {
            assert!(ran.err.contains("full"), "the error of '{line}' names no file: {ran:?}");
        }
        assert_eq!(place.names(), ["ts"], "{line}");
    }
}

#[test]
fn wrong_arguments() {
    let place = Place::with_data();
    place.fails("groupby ts --agg len", 2, "--by");
    place.fails("groupby ts --by id", 2, "--agg");
    place.fails("groupby --by id --agg len", 2, "PATH");
    place.fails("groupby ts --by id --agg x:middle", 2, "the aggregates are sum, product, mean");
    place.fails("groupby ts --by id, --agg len", 2, "a column's name is missing");
    place.fails("groupby ts --by id --agg len --out r.xlsx", 2, "end it in .parquet");
    place.fails("groupby ts --by id --agg len --overwrite", 2, "--out");
    place.fails("groupby ts --by id --agg len --rows many", 2, "a number, or all");
    place.fails("explain ts --by id --agg len --stage magic", 2, "optimized");
    place.fails("head ts --memory lots", 2, "write for example 256MiB");
    place.fails("head ts --threads 0", 2, "--threads");
    place.fails("timeseries --freq 1fortnight --out o", 2, "fortnight");
    place.fails("timeseries --start 2001-01-01 --end 2000-01-01 --out o", 2, "2001-01-01");
    place.fails("timeseries --compression zstd:99 --out o", 2, "levels from 1 to 22");
    place.fails("timeseries --format arrow --compression gzip --out o", 2, "none, lz4 and zstd");
    place.fails("timeseries --columns x:double --out o", 2, "double");
    place.fails("demo --days 0", 2, "--days");
    place.fails("fold", 2, "fold");
    place.fails("groupby ts --by id --agg len --filter 'x > '", 2, "expected a value, found the end");
    let ran = place.run("groupby ts --by id --agg len --filter 'x > > 1'");
    assert!(ran.err.contains("\n  x > > 1\n      ^"), "{}", ran.err);
}
