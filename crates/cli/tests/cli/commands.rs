//! What every command prints, as text and as JSON.

use std::io::Read;
use std::process::Stdio;

use serde_json::json;

use crate::program::Place;

#[test]
fn timeseries_writes_and_overwrites() {
    let place = Place::empty();
    let line = "timeseries --start 2000-01-01 --end 2000-01-03 --freq 1min --out deep/down/ts";
    let out = place.ok(line);
    assert!(out.starts_with("2,880 rows in 2 files written to 'deep/down/ts', "), "{out}");
    assert!(out.contains("peak memory") && out.contains("of a budget of"), "{out}");
    let document = place.json(&format!("{line} --overwrite --compression zstd:3"));
    assert_eq!((&document["files"], &document["run"]["rows_written"]), (&json!(2), &json!(2880)));
    assert_eq!(place.ok(&format!("{line} --overwrite --quiet")), "");
    assert_eq!(place.names(), ["deep"]);
}

#[test]
fn values_depend_on_the_seed_alone() {
    let place = Place::empty();
    let head = |args: &str| {
        place.ok(&format!("timeseries --end 2000-01-03 --freq 1min --out o --overwrite -q {args}"));
        place.json("head o -n 10000")["rows"].clone()
    };
    let first = head("--seed 1");
    assert_eq!(head("--seed 1 --partition-freq 6h --threads 1 --memory 32MiB"), first);
    assert_eq!(head("--seed 1 --format arrow --compression lz4"), first);
    assert_ne!(head("--seed 2"), first);
}

#[test]
fn timeseries_takes_columns() {
    let place = Place::empty();
    place.ok("timeseries --end 2000-01-02 --freq 1h --columns who:category,n:int --out o");
    let document = place.json("schema o");
    let names: Vec<&str> =
        document["columns"].as_array().unwrap().iter().map(|column| column["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["timestamp", "who", "n"]);
}

#[test]
fn schema_shows_columns() {
    let place = Place::with_data();
    let out = place.ok("schema ts");
    assert!(out.contains("│ timestamp ┆ timestamp[µs] ┆"), "{out}");
    assert!(out.contains("5 columns, 25,920 rows, 3 partitions"), "{out}");
    assert!(out.contains("sorted by timestamp, from 2000-01-01T00:00:00 to"), "{out}");
    let document = place.json("schema ts");
    assert_eq!((&document["num_rows"], &document["partitions"]), (&json!(25920), &json!(3)));
    assert_eq!(document["columns"][3]["name"], "x");
    assert_eq!(document["columns"][3]["type"], "f64");
}

#[test]
fn head_shows_rows() {
    let place = Place::with_data();
    let out = place.ok("head ts -n 3");
    assert!(out.contains("2000-01-01T00:00:20") && !out.contains("2000-01-01T00:00:30"), "{out}");
    assert!(out.lines().last().unwrap().starts_with("3 rows; read "), "{out}");
    assert_eq!(place.ok("head ts -n 3 -q").lines().count(), 8);
    let document = place.json("head ts/part.1.parquet --rows 2");
    assert_eq!(document["rows"][1]["timestamp"], "2000-01-02T00:00:10");
    assert_eq!(document["rows"].as_array().unwrap().len(), 2);
    assert_eq!(place.json("head ts -n 0")["num_rows"], 0);
    assert_eq!(place.json("head 'ts/*.parquet' ts -n 60000")["num_rows"], 2 * 25920);
}

#[test]
fn groupby_prints_a_table() {
    let place = Place::with_data();
    let out = place.ok("groupby ts --by name --agg x:sum,y:mean,len --filter 'x > 0.5'");
    assert!(out.contains("x_sum") && out.contains("y_mean") && out.contains("len"), "{out}");
    assert!(out.contains("Alice") && out.contains("Tim") && !out.contains("Ursula"), "{out}");
    assert!(out.contains("the first 20 of 26 rows; --rows all prints all"), "{out}");
    let last = out.lines().last().unwrap();
    assert!(
        last.starts_with("26 rows; read ") && last.contains("; peak memory ") && last.contains(" rows/s)"),
        "{last}"
    );
    let all = place.ok("groupby ts --by name --agg len --rows all -q");
    assert!(all.contains("Zelda") && !all.contains("peak memory"), "{all}");
}

#[test]
fn groupby_gives_json() {
    let place = Place::with_data();
    let document = place.json("groupby ts --by name --agg x:sum,x:mean --agg len,id:n_unique --threads 1");
    assert_eq!(document["num_rows"], 26);
    let row = &document["rows"][0];
    assert_eq!(row["name"], "Alice");
    let (sum, mean, len) = (row["x_sum"].as_f64(), row["x_mean"].as_f64(), row["len"].as_f64());
    assert!((sum.unwrap() / len.unwrap() - mean.unwrap()).abs() < 1e-12, "{row}");
    let total: u64 = document["rows"].as_array().unwrap().iter().map(|row| row["len"].as_u64().unwrap()).sum();
    assert_eq!(total, 25920);
    let run = &document["run"];
    assert_eq!(run["rows_read"], 25920);
    assert_eq!(run["threads"], 1);
    assert!(run["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    assert_eq!(place.json("groupby ts --by name --agg len --rows 3")["rows"].as_array().unwrap().len(), 3);
}

#[test]
fn the_answer_does_not_depend_on_threads() {
    let place = Place::with_data();
    let rows = |threads: u32| {
        let line = format!("groupby ts --by id,name --agg x:sum,y:std --threads {threads}");
        place.json(&line)["rows"].clone()
    };
    assert!(rows(1) == rows(2) && rows(1) == rows(7));
}

#[test]
fn filters_speak_of_every_type() {
    let place = Place::with_data();
    let count = |filter: &str| {
        let args = ["groupby", "ts", "--by", "name", "--agg", "len", "--json", "--filter", filter];
        let ran = place.run_args(&args);
        assert_eq!(ran.code, 0, "{filter}: {ran:?}");
        let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        document["rows"].as_array().unwrap().iter().map(|row| row["len"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(count("true"), 25920);
    assert_eq!(count("x is null or false"), 0);
    assert_eq!(count("null"), 0);
    assert_eq!(count("timestamp < '2000-01-02'"), 8640);
    assert_eq!(count("timestamp between '2000-01-02' and '2000-01-02T00:00:50'"), 6);
    assert_eq!(count("day(timestamp) = 3"), 8640);
    assert_eq!(count("x > 0") + count("x <= 0"), 25920);
    assert_eq!(count("name in ('Alice', 'Bob')"), count("name = 'Alice'") + count("`name` == 'Bob'"));
    assert_eq!(count("starts_with(lower(name), 'a')"), count("name = 'Alice'"));
    assert_eq!(count("not (id between 900 and 1100)"), count("id < 900 or id > 1100"));
    assert_eq!(count("abs(x) * 2 >= 1 and id % 2 = 0"), count("(x >= 0.5 or -x >= 0.5) and id / 2 = floor(id / 2)"));
    let wide = vec!["x > 2"; 200].join(" or ");
    assert_eq!(count(&format!("{}{wide}{}", "(".repeat(60), ")".repeat(60))), 0);
}

#[test]
fn results_are_written_to_files() {
    let place = Place::with_data();
    let rows = place.json("groupby ts --by id --agg x:sum,len")["rows"].clone();
    for file in ["r.parquet", "r.arrow"] {
        let out = place.ok(&format!("groupby ts --by id --agg x:sum,len --out {file}"));
        assert!(out.contains(&format!("rows written to '{file}'")), "{out}");
        assert_eq!(place.json(&format!("head {file} -n 100000"))["rows"], rows);
    }
    place.ok("groupby ts --by id --agg x:sum,len --out r.json -q");
    let text = std::fs::read_to_string(place.join("r.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), rows);
    place.ok("groupby ts --by id --agg x:sum,len --out r.jsonl -q");
    let lines = std::fs::read_to_string(place.join("r.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lines), rows);
    let document = place.json("groupby ts --by name --agg len --out r.csv");
    assert_eq!((&document["out"]["path"], &document["out"]["rows"]), (&json!("r.csv"), &json!(26)));
    let csv = std::fs::read_to_string(place.join("r.csv")).unwrap();
    assert!(csv.starts_with("name,len\r\nAlice,") && csv.lines().count() == 27, "{csv}");
    place.ok("groupby ts --by name --agg len --out r.csv --overwrite --filter 'id > 9999'");
    assert_eq!(std::fs::read_to_string(place.join("r.csv")).unwrap(), "name,len\r\n");
    assert_eq!(place.names(), ["r.arrow", "r.csv", "r.json", "r.jsonl", "r.parquet", "ts"]);
}

#[test]
fn explain_shows_stages() {
    let place = Place::with_data();
    let query = "ts --by name --agg x:sum --filter 'x > 0.5'";
    let all = place.ok(&format!("explain {query}"));
    for part in ["logical\n  aggregate", "optimized\n", "steps\n", "fused\n  chain 0", "memory\n", "projected peak"] {
        assert!(all.contains(part), "{part} in {all}");
    }
    let optimized = place.ok(&format!("explain {query} --stage optimized"));
    assert!(optimized.contains("columns [name, x]"), "{optimized}");
    let document = place.json(&format!("explain {query} --stage fused"));
    assert!(document["stages"]["fused"].as_str().unwrap().starts_with("chain 0"));
    assert_eq!(document["stages"].as_object().unwrap().len(), 1);
}

#[test]
fn explain_says_what_statistics_skip() {
    let place = Place::with_data();
    let filter = "timestamp < '2000-01-02'";
    let ran = place.run_args(&["explain", "ts", "--by", "name", "--agg", "len", "--filter", filter]);
    assert!(ran.out.contains("2 of 3"), "{ran:?}");
}

#[test]
fn estimate_before_and_after() {
    let place = Place::with_data();
    let before = place.ok("estimate ts --by id --agg x:sum");
    assert!(before.contains("rows 25920, to read") && before.contains("of a budget of"), "{before}");
    let after = place.ok("estimate ts --by id --agg x:sum --run");
    assert!(after.contains("estimated") && after.contains("real") && after.contains("peak memory"), "{after}");
    let document = place.json("estimate ts --by id --agg x:sum --run");
    assert_eq!(document["estimate"]["rows"], 25920);
    assert_eq!(document["real"]["chains"][0]["rows"], 25920);
    assert_eq!(document["real"]["run"]["bytes_read"], document["estimate"]["read_bytes"]);
    assert!(place.json("estimate ts --by id --agg x:sum")["real"].is_null());
}

#[test]
fn memory_is_the_budget() {
    let place = Place::with_data();
    let document = place.json("groupby ts --by id --agg x:sum --memory 64MiB");
    assert_eq!(document["run"]["budget_bytes"], 64 << 20);
    assert!(document["run"]["peak_promised_bytes"].as_u64().unwrap() <= 64 << 20);
}

#[test]
fn help_is_complete() {
    let place = Place::empty();
    let help = place.ok("--help");
    for word in ["demo", "timeseries", "schema", "head", "groupby", "explain", "estimate", "--memory", "Exit codes"] {
        assert!(help.contains(word), "{word}");
    }
    let help = place.ok("groupby --help");
    for word in ["n_unique", "between 1 and 2", "--overwrite", "x_sum"] {
        assert!(help.contains(word), "{word}");
    }
    assert!(place.ok("--version").starts_with("blockfold 0."));
}

#[test]
fn a_reader_that_hangs_up_is_no_failure() {
    let place = Place::with_data();
    let args = ["groupby", "ts", "--by", "timestamp", "--agg", "x:sum", "--json"];
    let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut start = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}
