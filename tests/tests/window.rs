//! Windows, transforms and top rows against a plain reference in memory, whatever has to wait in scratch.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::util::display::array_value_to_string;
use blockfold::prelude::*;
use blockfold::{ByteSize, GroupBy, Session, WindowExpr};

/// A row of the test's frames.
#[derive(Clone, Debug)]
struct Row {
    /// Half of the rows have 7.
    key: Option<i64>,
    name: Option<String>,
    /// With nulls and NaN.
    x: Option<f64>,
    /// Of few different values.
    n: Option<i64>,
    row: i64,
}

fn rows(count: i64, seed: u64) -> Vec<Row> {
    let mut state = seed;
    let mut random = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as i64
    };
    let row = |row: i64| {
        let r = random();
        let s = random();
        Row {
            key: (r % 101 != 0).then_some(if r % 2 == 0 { 7 } else { r % 3000 }),
            name: (s % 89 != 0).then(|| format!("name{}", s % 20)),
            x: (s % 7 != 0).then_some(if s % 50 == 0 { f64::NAN } else { (s % 1000) as f64 }),
            n: (r % 5 != 0).then_some(s % 4),
            row,
        }
    };
    (0..count).map(row).collect()
}

fn batch(rows: &[Row]) -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("key", Arc::new(rows.iter().map(|row| row.key).collect::<Int64Array>())),
        ("name", Arc::new(rows.iter().map(|row| row.name.clone()).collect::<StringArray>())),
        ("x", Arc::new(rows.iter().map(|row| row.x).collect::<Float64Array>())),
        ("n", Arc::new(rows.iter().map(|row| row.n).collect::<Int64Array>())),
        ("row", Arc::new(rows.iter().map(|row| row.row).collect::<Int64Array>())),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// The rows in partitions of uneven size, some of them empty or of one row.
fn partitions(rows: &[Row]) -> Vec<RecordBatch> {
    let shares = [1, 1, 2, 3, 4, 5, 6].map(|share| rows.len() * share / 7);
    let mut cuts: Vec<usize> = [0, 0, 1].into_iter().chain(shares).collect();
    cuts.retain(|cut| *cut <= rows.len());
    cuts.push(rows.len());
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| batch(&rows[cut[0]..cut[1]])).collect()
}

fn session(kib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize(kib << 10)).threads(threads).build().unwrap()
}

/// The columns of a frame as texts, row by row.
fn texts(frame: &LazyFrame) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for batch in frame.collect_partitions().unwrap() {
        let batch = batch.unwrap();
        let text = |column: &ArrayRef, row: usize| cell(column, row);
        rows.extend((0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| text(column, row)).collect()));
    }
    rows
}

fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) { "null".to_string() } else { array_value_to_string(column, row).unwrap() }
}

/// What is in scratch and in memory, from everything to hardly anything.
const BUDGETS: [(u64, usize); 4] = [(1 << 22, 2), (32 << 10, 2), (16 << 10, 3), (12 << 10, 1)];

/// As `BUDGETS`, for what is asked of the whole frame: its readings are open side by side.
const WIDE: [(u64, usize); 2] = [(1 << 22, 2), (128 << 10, 3)];

/// The frame that `plan` makes must have these columns beside the row's number, in the order of rows.
fn check(rows: &[Row], what: &str, plan: impl Fn(LazyFrame) -> LazyFrame, expected: &[ArrayRef]) {
    let budgets: &[(u64, usize)] = if what == "whole" { &WIDE } else { &BUDGETS };
    for &(kib, threads) in budgets {
        let session = session(kib, threads);
        let found = texts(&plan(session.from_batches(partitions(rows)).unwrap()));
        assert_eq!(session.promised_bytes(), 0, "{what}: a permit was not given back");
        assert_eq!(found.len(), rows.len(), "{what} at {kib} KiB");
        for (at, found) in found.iter().enumerate() {
            let expected: Vec<String> =
                [rows[at].row.to_string()].into_iter().chain(expected.iter().map(|column| cell(column, at))).collect();
            assert_eq!(*found, expected, "{what} at {kib} KiB, row {at}: {:?}", rows[at]);
        }
    }
}

/// A key's text, so that null and NaN are keys, too.
type KeyOf = fn(&Row) -> String;

const BY_KEY: KeyOf = |row| format!("{:?}", row.key);
const BY_BOTH: KeyOf = |row| format!("{:?} {:?}", row.name, row.n);
const WHOLE: KeyOf = |_| String::new();

/// For each row what `f` makes of its group's rows, which are sorted by `order` first.
fn per_group<T: Clone + Default>(
    rows: &[Row],
    key: KeyOf,
    order: fn(&Row, &Row) -> std::cmp::Ordering,
    f: impl Fn(&[&Row]) -> Vec<T>,
) -> Vec<T> {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| groups.entry(key(row)).or_default().push(row));
    let mut results = vec![T::default(); rows.len()];
    for mut group in groups.into_values() {
        group.sort_by(|a, b| order(a, b));
        for (row, value) in group.iter().zip(f(&group)) {
            results[row.row as usize] = value;
        }
    }
    results
}

fn as_they_come(_: &Row, _: &Row) -> std::cmp::Ordering {
    std::cmp::Ordering::Equal
}

fn floats(values: Vec<Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

fn ints(values: Vec<Option<i64>>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

fn counts(values: Vec<Option<u64>>) -> ArrayRef {
    Arc::new(UInt64Array::from(values))
}

/// Running values: null where the value is null.
fn running<T: Copy, U: Copy>(
    value: impl Fn(&Row) -> Option<T>,
    step: impl Fn(Option<U>, T) -> U,
) -> impl Fn(&[&Row]) -> Vec<Option<U>> {
    move |group| {
        let mut so_far = None;
        let next = |row: &&Row| {
            let value = value(row)?;
            so_far = Some(step(so_far, value));
            so_far
        };
        group.iter().map(next).collect()
    }
}

fn shifted<T: Clone>(value: impl Fn(&Row) -> Option<T>, by: i64) -> impl Fn(&[&Row]) -> Vec<Option<T>> {
    move |group| {
        let other =
            |at: usize| usize::try_from(at as i64 - by).ok().and_then(|at| group.get(at)).and_then(|r| value(r));
        (0..group.len()).map(other).collect()
    }
}

fn filled(group: &[&Row], backward: bool) -> Vec<Option<i64>> {
    let mut last = None;
    let mut values: Vec<Option<i64>> = group.iter().map(|row| row.n).collect();
    if backward {
        values.reverse();
    }
    for value in &mut values {
        last = value.or(last);
        *value = last;
    }
    if backward {
        values.reverse();
    }
    values
}

/// The greater of two numbers, NaN only when there is nothing else.
fn max(best: Option<f64>, value: f64) -> f64 {
    best.map_or(value, |best| best.max(value))
}

fn sum(sum: Option<i64>, value: i64) -> i64 {
    sum.unwrap_or(0) + value
}

#[test]
fn running_functions() {
    for (count, seed) in [(8_000, 1), (3, 2), (0, 3)] {
        let rows = rows(count, seed);
        let windows = || {
            [
                window::cum_sum("n").alias("sum"),
                window::cum_sum("x").alias("float_sum"),
                window::cum_max("x").alias("max"),
                window::cum_min("n").alias("min"),
                window::cum_prod(col("n") - 1).alias("product"),
                window::cum_count("x").alias("count"),
                window::row_number(),
                window::forward_fill("n").alias("forward"),
                window::backward_fill("n").alias("backward"),
                window::cum_min("name").alias("least_name"),
            ]
        };
        let names =
            ["sum", "float_sum", "max", "min", "product", "count", "row_number", "forward", "backward", "least_name"];
        let pick = |frame: LazyFrame| frame.select(["row"].iter().chain(&names).map(col));
        let expected = |key: KeyOf| -> Vec<ArrayRef> {
            let count = |group: &[&Row]| {
                let mut count = 0;
                let next = |row: &&Row| {
                    count += u64::from(row.x.is_some());
                    Some(count)
                };
                group.iter().map(next).collect()
            };
            let names = |group: &[&Row]| -> Vec<Option<String>> {
                let mut least: Option<String> = None;
                let next = |row: &&Row| {
                    let name = row.name.clone()?;
                    least = Some(least.take().map_or(name.clone(), |least| least.min(name)));
                    least.clone()
                };
                group.iter().map(next).collect()
            };
            let number = |group: &[&Row]| (1..=group.len() as u64).map(Some).collect();
            let least_names: StringArray = per_group(&rows, key, as_they_come, names).into_iter().collect();
            vec![
                ints(per_group(&rows, key, as_they_come, running(|row| row.n, sum))),
                floats(per_group(&rows, key, as_they_come, running(|row| row.x, |a, b| a.unwrap_or(0.0) + b))),
                floats(per_group(&rows, key, as_they_come, running(|row| row.x, max))),
                ints(per_group(
                    &rows,
                    key,
                    as_they_come,
                    running(|r| r.n, |a: Option<i64>, b| a.map_or(b, |a| a.min(b))),
                )),
                ints(per_group(
                    &rows,
                    key,
                    as_they_come,
                    running(|r| r.n, |a, b: i64| a.unwrap_or(1i64).wrapping_mul(b - 1)),
                )),
                counts(per_group(&rows, key, as_they_come, count)),
                counts(per_group(&rows, key, as_they_come, number)),
                ints(per_group(&rows, key, as_they_come, |group| filled(group, false))),
                ints(per_group(&rows, key, as_they_come, |group| filled(group, true))),
                Arc::new(least_names),
            ]
        };
        // Products of 2, 1, 0 and -1 may overflow: none of these groups gets that far before its first 0.
        check(&rows, "by key", |frame| pick(frame.group_by(["key"]).with_window(windows())), &expected(BY_KEY));
        check(&rows, "by both", |frame| pick(frame.group_by(["name", "n"]).with_window(windows_of_both())), &{
            let sums = ints(per_group(&rows, BY_BOTH, as_they_come, running(|row| row.n, sum)));
            let mut all = expected(BY_BOTH);
            all[4] = sums;
            all
        });
        check(&rows, "whole", |frame| pick(frame.with_window(windows())), &expected(WHOLE));
    }
}

/// As the others, but without products, which would overflow in groups of one value.
fn windows_of_both() -> Vec<WindowExpr> {
    vec![
        window::cum_sum("n").alias("sum"),
        window::cum_sum("x").alias("float_sum"),
        window::cum_max("x").alias("max"),
        window::cum_min("n").alias("min"),
        window::cum_sum("n").alias("product"),
        window::cum_count("x").alias("count"),
        window::row_number(),
        window::forward_fill("n").alias("forward"),
        window::backward_fill("n").alias("backward"),
        window::cum_min("name").alias("least_name"),
    ]
}

#[test]
fn shifts() {
    let rows = rows(12_000, 5);
    let by = [0, 1, -1, 3, -250, 5000, -5000, 1_000_000, i64::MIN, i64::MAX];
    let windows = || {
        let shifts = by.iter().map(|by| window::shift("name", *by).alias(format!("by {by}")));
        shifts.chain([window::diff("n", 1), window::diff("n", -2).alias("ahead"), window::pct_change("x", 1)])
    };
    for (what, key, keys) in [("by key", BY_KEY, vec!["key"]), ("whole", WHOLE, vec![])] {
        let mut expected: Vec<ArrayRef> = Vec::new();
        for by in by {
            // Far beyond any group, and without overflow.
            let by = by.clamp(-10_000_000, 10_000_000);
            let names: StringArray =
                per_group(&rows, key, as_they_come, shifted(|row| row.name.clone(), by)).into_iter().collect();
            expected.push(Arc::new(names));
        }
        for by in [1, -2] {
            let others = per_group(&rows, key, as_they_come, shifted(|row| row.n, by));
            let pairs = rows.iter().zip(others);
            expected.push(ints(pairs.map(|(row, other)| row.n.zip(other).map(|(a, b)| a - b)).collect()));
        }
        let others = per_group(&rows, key, as_they_come, shifted(|row| row.x, 1));
        let pairs = rows.iter().zip(others);
        expected.push(floats(pairs.map(|(row, other)| row.x.zip(other).map(|(a, b)| a / b - 1.0)).collect()));
        let plan =
            |frame: LazyFrame| frame.group_by(keys.clone()).with_window(windows()).drop(["key", "name", "x", "n"]);
        check(&rows, what, plan, &expected);
    }
}

/// Ascending with nulls last, and NaN the greatest number.
fn compare(a: Option<f64>, b: Option<f64>) -> std::cmp::Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

fn ranks(group: &[&Row], value: fn(&Row) -> Option<f64>, method: RankMethod) -> Vec<Option<f64>> {
    let same = |a: &Row, b: &Row| compare(value(a), value(b)).is_eq();
    let of = |at: usize| {
        value(group[at])?;
        if method == RankMethod::Ordinal {
            return Some(at as f64 + 1.0);
        }
        let before = group.iter().take_while(|other| !same(other, group[at])).count();
        let equal = group.iter().filter(|other| same(other, group[at])).count();
        let mut different: Vec<&&Row> = group[..before].iter().collect();
        different.dedup_by(|a, b| same(a, b));
        Some(match method {
            RankMethod::Average => before as f64 + (equal as f64 + 1.0) / 2.0,
            RankMethod::Min => before as f64 + 1.0,
            RankMethod::Max => (before + equal) as f64,
            RankMethod::Dense => different.len() as f64 + 1.0,
            RankMethod::Ordinal => unreachable!(),
        })
    };
    // Ranks of equal values are worked out once.
    let mut known: Vec<Option<f64>> = Vec::new();
    for at in 0..group.len() {
        let repeats = at > 0 && method != RankMethod::Ordinal && same(group[at - 1], group[at]);
        known.push(if repeats { known[at - 1] } else { of(at) });
    }
    known
}

#[test]
fn ranks_of_values() {
    use RankMethod::*;
    let rows = rows(6_000, 9);
    let whole = |values: Vec<Option<f64>>| counts(values.into_iter().map(|v| v.map(|v| v as u64)).collect());
    let by_x = |a: &Row, b: &Row| compare(a.x, b.x);
    let by_n = |a: &Row, b: &Row| compare(a.n.map(|n| n as f64), b.n.map(|n| n as f64));
    let by_n_down = |a: &Row, b: &Row| compare(a.n.map(|n| -n as f64), b.n.map(|n| -n as f64));
    for (what, key, keys) in [("by key", BY_KEY, vec!["key"]), ("whole", WHOLE, vec![])] {
        let mut expected = vec![floats(per_group(&rows, key, by_x, |group| ranks(group, |row| row.x, Average)))];
        for method in [Min, Max, Dense, Ordinal] {
            expected.push(whole(per_group(&rows, key, by_x, |group| ranks(group, |row| row.x, method))));
        }
        // Ties of a quarter of all rows.
        let n = |row: &Row| row.n.map(|n| n as f64);
        expected.push(floats(per_group(&rows, key, by_n, |group| ranks(group, n, Average))));
        let down = |row: &Row| row.n.map(|n| -n as f64);
        expected.push(whole(per_group(&rows, key, by_n_down, |group| ranks(group, down, Max))));
        expected.push(ints(per_group(&rows, key, as_they_come, running(|row| row.n, sum))));
        expected.push(ints(per_group(&rows, key, by_x, running(|row| row.n, sum))));
        let plan = |frame: LazyFrame| {
            let of_x = [Average, Min, Max, Dense, Ordinal]
                .map(|method| window::rank("x", method).alias(format!("{method:?}")));
            let others = [
                window::rank("n", Average),
                window::rank("n", Max).descending().alias("down"),
                window::cum_sum("n"),
                window::cum_sum("n").order_by(["x"]).alias("by x"),
            ];
            frame.group_by(keys.clone()).with_window(of_x.into_iter().chain(others)).drop(["key", "name", "x", "n"])
        };
        check(&rows, what, plan, &expected);
    }
}

#[test]
fn transforms() {
    for (count, seed) in [(12_000, 11), (2, 12), (0, 13)] {
        let rows = rows(count, seed);
        let sums = |group: &[&Row]| vec![Some(group.iter().filter_map(|row| row.n).sum::<i64>()); group.len()];
        let means = |group: &[&Row]| {
            let values: Vec<i64> = group.iter().filter_map(|row| row.n).collect();
            let mean = (!values.is_empty()).then(|| values.iter().sum::<i64>() as f64 / values.len() as f64);
            group.iter().map(|row| row.n.zip(mean).map(|(n, mean)| n as f64 - mean)).collect()
        };
        let lens = |group: &[&Row]| vec![Some(group.len() as u64); group.len()];
        for (what, key, keys) in
            [("by key", BY_KEY, vec!["key"]), ("both", BY_BOTH, vec!["name", "n"]), ("whole", WHOLE, vec![])]
        {
            let expected = [
                ints(per_group(&rows, key, as_they_come, sums)),
                floats(per_group(&rows, key, as_they_come, means)),
                counts(per_group(&rows, key, as_they_come, lens)),
            ];
            let plan = |frame: LazyFrame| {
                let exprs = [col("n").sum().alias("s"), (col("n") - col("n").mean()).alias("d"), len()];
                frame.group_by(keys.clone()).transform(exprs).drop(["key", "name", "x", "n"])
            };
            check(&rows, what, plan, &expected);
        }
    }
}

/// Each row a group of its own, nearly: groups as many as rows, which no table holds at a small budget.
#[test]
fn transforms_of_many_groups() {
    let rows = rows(24_000, 21);
    let key = |row: &Row| format!("{}", row.row / 2);
    let sums = |group: &[&Row]| vec![Some(group.iter().filter_map(|row| row.n).sum::<i64>()); group.len()];
    let expected = [ints(per_group(&rows, key, as_they_come, sums))];
    let plan = |frame: LazyFrame| {
        let key = when((col("row") % 2).eq(1)).then(col("row") - 1).otherwise(col("row"));
        frame.group_by([key]).transform([col("n").sum().alias("s")]).select([col("row"), col("s")])
    };
    check(&rows, "many", plan, &expected);
}

#[test]
fn top_rows_of_groups() {
    let rows = rows(24_000, 17);
    let by_x_down = |a: &Row, b: &Row| {
        compare(a.x.map(|x| -x), b.x.map(|x| -x)).then(compare(a.n.map(|n| n as f64), b.n.map(|n| n as f64)))
    };
    // The reference has NaN first, as the greatest number.
    let clean: Vec<Row> = rows.iter().cloned().map(|row| Row { x: row.x.filter(|x| !x.is_nan()), ..row }).collect();
    let kept = |order: fn(&Row, &Row) -> std::cmp::Ordering, key: KeyOf, n: usize| -> Vec<String> {
        let kept = per_group(&clean, key, order, |group| (0..group.len()).map(|at| at < n).collect());
        clean.iter().zip(kept).filter(|(_, kept)| *kept).map(|(row, _)| row.row.to_string()).collect()
    };
    for (kib, threads) in BUDGETS {
        let session = session(kib, threads);
        let frame = session.from_batches(partitions(&clean)).unwrap();
        let numbers = |frame: LazyFrame| -> Vec<String> {
            assert_eq!(frame.schema().unwrap().fields().len(), 5);
            texts(&frame.select(["row"])).into_iter().flatten().collect()
        };
        assert_eq!(numbers(frame.group_by(["key"]).head(2)), kept(as_they_come, BY_KEY, 2), "head at {kib}");
        let top = frame.group_by(["key"]).top_rows(3, [desc("x"), asc("n")]);
        assert_eq!(numbers(top), kept(by_x_down, BY_KEY, 3), "top at {kib}");
        let mut unordered = numbers(frame.group_by(["key"]).unordered().top_rows(3, [desc("x"), asc("n")]));
        unordered.sort_by_key(|row| row.parse::<i64>().unwrap());
        assert_eq!(unordered, kept(by_x_down, BY_KEY, 3), "unordered top at {kib}");
        assert_eq!(numbers(frame.group_by(["key"]).head(0)).len(), 0);
    }
}

#[test]
fn unordered_results_have_the_same_rows() {
    let rows = rows(12_000, 31);
    let plans: [fn(GroupBy) -> LazyFrame; 2] = [
        |groups| groups.with_window([window::cum_sum("n"), window::rank("x", RankMethod::Max), window::shift("x", -1)]),
        |groups| groups.transform([col("x").max().alias("most"), len()]),
    ];
    for plan in plans {
        let run = |kib: u64, threads: usize, is_ordered: bool| {
            let session = session(kib, threads);
            let groups = session.from_batches(partitions(&rows)).unwrap().group_by(["key"]);
            let mut rows = texts(&plan(if is_ordered { groups } else { groups.unordered() }));
            rows.sort();
            rows
        };
        let ordered = run(1 << 22, 1, true);
        for (kib, threads) in [(1 << 22, 3), (32 << 10, 2)] {
            assert_eq!(ordered, run(kib, threads, false), "{kib} KiB");
        }
    }
}

/// Filters on keys move below windows; others must not.
#[test]
fn filters_of_windows() {
    let rows = rows(5_000, 41);
    let session = session(1 << 22, 2);
    let frame = session.from_batches(partitions(&rows)).unwrap();
    let sums = frame.group_by(["key"]).with_window([window::cum_sum("n").alias("s")]);
    let by_key = sums.filter(col("key").eq(7));
    let plan = by_key.explain(Stage::Optimized).unwrap();
    assert!(plan.find("window").unwrap() < plan.find("= 7").unwrap(), "{plan}");
    let apart = texts(&by_key);
    let all: Vec<Vec<String>> = texts(&sums);
    let expected: Vec<Vec<String>> = all.iter().filter(|row| row[0] == "7").cloned().collect();
    assert_eq!(apart, expected);
    let late = texts(&sums.filter(col("row").gt_eq(2_500)));
    assert_eq!(late, all[2_500..].to_vec());
    assert_eq!(texts(&sums.head(10)), all[..10].to_vec());
    // Columns that nobody reads are not computed, and computed ones replace others in place.
    let narrow = frame.group_by(["key"]).with_window([window::cum_sum("n").alias("s"), window::row_number()]);
    assert_eq!(texts(&narrow.select(["row"])), texts(&frame.select(["row"])));
    let replaced = frame.group_by(["key"]).with_window([window::cum_sum("n").alias("n")]);
    assert_eq!(replaced.schema().unwrap().fields().len(), 5);
    assert_eq!(texts(&replaced.select(["n"])), texts(&sums.select(["s"])));
}

#[test]
fn keys_that_are_equal() {
    let keys: Float64Array = [0.0, -0.0, f64::NAN, -f64::NAN].into_iter().map(Some).chain([None, None]).collect();
    let u: UInt32Array = (0..6).map(|i| (i != 2).then_some(5 - i)).collect();
    let batch =
        RecordBatch::try_from_iter_with_nullable([("k", Arc::new(keys) as ArrayRef, true), ("u", Arc::new(u), true)]);
    let frame = session(1 << 20, 2).from_batches(vec![batch.unwrap()]).unwrap();
    let numbers = frame.group_by(["k"]).with_window([window::row_number(), window::diff("u", 1)]);
    let found = texts(&numbers.select(["row_number", "u_diff"]));
    let expected = [["1", "null"], ["2", "-1"], ["1", "null"], ["2", "null"], ["1", "null"], ["2", "-1"]];
    assert_eq!(found, expected.map(|row| row.map(String::from).to_vec()));
    let lens = texts(&frame.group_by(["k"]).transform([len()]).select(["len"]));
    assert_eq!(lens.into_iter().flatten().collect::<Vec<_>>(), vec!["2"; 6]);
}

#[test]
fn bad_windows_are_refused() {
    let session = session(1 << 20, 1);
    let frame = session.from_batches(vec![batch(&rows(10, 1))]).unwrap();
    let error = |frame: LazyFrame| frame.collect().unwrap_err().to_string();
    let by_key = frame.group_by(["key"]);
    let cases = [
        (by_key.with_window([window::cum_sum("name")]), "cum_sum(name)"),
        (by_key.with_window([window::cum_sum("missing")]), "'missing' not found"),
        (by_key.with_window([window::cum_sum(col("x").sum())]), "windows take values of rows, see transform"),
        (by_key.with_window([window::cum_sum("x"), window::cum_sum("x")]), "two columns would be called 'x_cum_sum'"),
        (by_key.with_window([]), "needs at least one window"),
        (by_key.with_window([window::cum_sum("x").descending()]), "give order_by a key made by desc"),
        (by_key.with_window([window::rank("x", RankMethod::Min).order_by(["n"])]), "leave order_by out"),
        (frame.group_by(["missing"]).with_window([window::row_number()]), "'missing' not found"),
        (frame.group_by([col("x").sum()]).with_window([window::row_number()]), "group by columns of a row"),
        (by_key.transform([col("x") + 1]), "use with_columns for values of rows"),
        (by_key.transform([col("name").mean()]), "name"),
        (by_key.top_rows(1, ["missing"]), "'missing' not found"),
        (frame.with_window([window::cum_prod(col("row") + 1_000_000)]), "overflows Int64"),
    ];
    for (frame, expected) in cases {
        let message = error(frame);
        assert!(message.contains(expected), "{message}\nlacks: {expected}");
    }
}

#[test]
fn descriptions() {
    let x: Float64Array = [Some(1.0), None, Some(2.0), Some(4.0), Some(5.0)].into_iter().collect();
    let flag: arrow::array::BooleanArray =
        [Some(true), Some(false), None, Some(true), Some(true)].into_iter().collect();
    let name: StringArray = [Some("b"), Some("a"), Some("c"), None, None].into_iter().collect();
    let columns: Vec<(&str, ArrayRef)> = vec![("x", Arc::new(x)), ("flag", Arc::new(flag)), ("name", Arc::new(name))];
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let session = session(1 << 20, 2);
    let frame = session.from_batches(vec![batch.slice(0, 2), batch.slice(2, 0), batch.slice(2, 3)]).unwrap();
    let found = texts(&frame.describe());
    let std = (10.0f64 / 3.0).sqrt().to_string();
    let expected = [
        ["count", "4.0", "4.0", "3"],
        ["null_count", "1.0", "1.0", "2"],
        ["mean", "3.0", "0.75", "null"],
        ["std", &std, "0.5", "null"],
        ["min", "1.0", "0.0", "a"],
        ["25%", "1.75", "null", "null"],
        ["50%", "3.0", "null", "null"],
        ["75%", "4.25", "null", "null"],
        ["max", "5.0", "1.0", "c"],
    ];
    assert_eq!(found, expected.map(|row| row.map(String::from).to_vec()));
    let empty = texts(&frame.filter(col("x").gt(100.0)).describe());
    assert_eq!(empty[0], ["count", "0.0", "0.0", "0"]);
    assert_eq!(empty[2], ["mean", "null", "null", "null"]);
    let taken = frame.rename([("x", "statistic")]).describe().collect().unwrap_err().to_string();
    assert!(taken.contains("none of them called 'statistic'"), "{taken}");
}

#[test]
fn rows_wait_in_scratch() {
    let session = session(8 << 10, 2);
    let frame = session.from_batches(partitions(&rows(60_000, 1))).unwrap();
    let sums =
        frame.group_by(["key"]).with_window([window::cum_sum("n").alias("s"), window::rank("x", RankMethod::Max)]);
    let most =
        sums.agg([col("s").max().alias("s"), col("x_rank").max().alias("r"), col("name").max()]).collect().unwrap();
    assert!(most.report().spilled_bytes > 0);
}
