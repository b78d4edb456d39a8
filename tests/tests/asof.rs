//! Joins to the nearest key agree with a scan of all rows, whatever the budget.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use blockfold::prelude::*;
use blockfold::{AsofOptions, AsofStrategy, Scalar};

#[derive(Clone, Debug)]
struct Row {
    on: Option<f64>,
    by: Option<i64>,
    id: i64,
}

/// Rows in random order, with nulls, NaN, many equal keys, and one `by` key that half of them have.
fn rows(seed: u64, count: i64, keys: i64, bys: i64) -> Vec<Row> {
    let mut state = seed;
    let mut random = move |below: i64| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        i64::try_from(state >> 33).unwrap() % below
    };
    let mut row = |id: i64| {
        let on = match random(50) {
            0 => None,
            1 => Some(f64::NAN),
            _ => Some(random(keys) as f64 / 2.0),
        };
        let by = match random(4) {
            0 | 1 => Some(0),
            _ => Some(random(bys)).filter(|by| *by != 3),
        };
        Row { on, by, id }
    };
    (0..count).map(&mut row).collect()
}

/// The rows in partitions of uneven size, one of them empty.
fn frame(session: &Session, rows: &[Row], on: &DataType, id: &str) -> LazyFrame {
    let batch = |rows: &[Row]| {
        let floats: Float64Array = rows.iter().map(|row| row.on).collect();
        let key: ArrayRef = match on {
            DataType::Float64 => Arc::new(floats),
            // Halves are whole in other types; NaN is null.
            other => {
                let whole: Int64Array =
                    rows.iter().map(|row| row.on.filter(|on| !on.is_nan()).map(|on| (on * 2.0) as i64)).collect();
                cast(&whole, other).unwrap()
            }
        };
        let by: StringArray = rows.iter().map(|row| row.by.map(|by| format!("by {by}"))).collect();
        let ids: Int64Array = rows.iter().map(|row| Some(row.id)).collect();
        let text: StringArray = rows.iter().map(|row| Some(format!("{:>20}", row.id))).collect();
        let columns: Vec<(&str, ArrayRef)> =
            vec![("on", key), ("by", Arc::new(by)), (id, Arc::new(ids)), ("text", Arc::new(text))];
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
    };
    let (first, rest) = rows.split_at(rows.len().min(1));
    let (second, third) = rest.split_at(rest.len() / 3);
    session.from_batches(vec![batch(first), batch(&[]), batch(second), batch(third)]).unwrap()
}

struct Case {
    strategy: AsofStrategy,
    tolerance: Option<f64>,
    exact: bool,
    has_by: bool,
}

impl Case {
    /// The right row of a left one, by a scan.
    fn expected(&self, left: &Row, right: &[Row]) -> Option<i64> {
        let key = left.on.filter(|on| !on.is_nan())?;
        let is_near = |other: f64| self.tolerance.is_none_or(|most| (other - key).abs() <= most);
        let fits = |row: &&Row| {
            let Some(on) = row.on.filter(|on| !on.is_nan()) else { return false };
            (!self.has_by || row.by == left.by) && (self.exact || on != key) && is_near(on)
        };
        let on = |row: &Row| row.on.unwrap_or_default();
        let (mut before, mut after): (Option<&Row>, Option<&Row>) = (None, None);
        for row in right.iter().filter(fits) {
            if on(row) <= key && before.is_none_or(|best| on(best) <= on(row)) {
                before = Some(row);
            }
            if on(row) >= key && after.is_none_or(|best| on(row) < on(best)) {
                after = Some(row);
            }
        }
        let found = match (self.strategy, before, after) {
            (AsofStrategy::Backward, before, _) => before,
            (AsofStrategy::Forward, _, after) => after,
            (AsofStrategy::Nearest, Some(a), Some(b)) => Some(if key - on(a) <= on(b) - key { a } else { b }),
            (AsofStrategy::Nearest, a, b) => a.or(b),
        };
        found.map(|row| row.id)
    }

    fn options(&self, on: &DataType) -> AsofOptions {
        let mut options = AsofOptions::new(self.strategy).allow_exact_matches(self.exact);
        if self.has_by {
            options = options.by(["by"]);
        }
        match (self.tolerance, on) {
            (None, _) => options,
            (Some(most), DataType::Float64) => options.tolerance(most),
            (Some(most), DataType::Timestamp(unit, _)) => {
                options.tolerance(Scalar::Duration((most * 2.0) as i64, *unit))
            }
            (Some(most), _) => options.tolerance((most * 2.0) as i64),
        }
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for strategy in [AsofStrategy::Backward, AsofStrategy::Forward, AsofStrategy::Nearest] {
        for (tolerance, exact, has_by) in
            [(None, true, false), (None, false, true), (Some(1.5), true, true), (Some(2.0), false, false)]
        {
            cases.push(Case { strategy, tolerance, exact, has_by });
        }
    }
    cases
}

fn session(mib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(threads).build().unwrap()
}

/// Left and right ids of the result, by left id.
fn pairs(joined: &LazyFrame) -> Vec<(i64, Option<i64>)> {
    let mut pairs = Vec::new();
    for batch in joined.collect_partitions().unwrap() {
        let batch = batch.unwrap();
        let column = |name: &str| batch.column_by_name(name).unwrap().as_primitive::<Int64Type>().clone();
        let texts = batch.column_by_name("text_right").unwrap().as_string::<i32>();
        for (row, (left, right)) in column("left_id").iter().zip(column("right_id").iter()).enumerate() {
            pairs.push((left.unwrap(), right));
            assert_eq!(
                right.map(|right| format!("{right:>20}")).as_deref(),
                texts.is_valid(row).then(|| texts.value(row))
            );
        }
    }
    pairs.sort_unstable();
    pairs
}

fn check(left: &[Row], right: &[Row], case: &Case, on: &DataType, sessions: &[Session]) {
    let expected: Vec<(i64, Option<i64>)> = left.iter().map(|row| (row.id, case.expected(row, right))).collect();
    for session in sessions {
        let (left, right) = (frame(session, left, on, "left_id"), frame(session, right, on, "right_id"));
        let joined = left.join_asof(&right, "on", "on", case.options(on));
        let what = format!("{on} {joined:?} at {}", session.memory_budget());
        let got = pairs(&joined);
        assert_eq!(got.len(), expected.len(), "{what}");
        let wrong = got.iter().zip(&expected).find(|(got, expected)| got != expected);
        assert_eq!(wrong, None, "{what}");
        assert_eq!(session.promised_bytes(), 0, "{what}: a permit was not given back");
    }
}

#[test]
fn small_sides_agree_with_a_scan() {
    let sessions = [session(512, 1), session(512, 4)];
    let types = [DataType::Float64, DataType::Int32, DataType::Timestamp(TimeUnit::Millisecond, None)];
    for on in types {
        for case in cases() {
            check(&rows(1, 400, 300, 6), &rows(2, 150, 300, 6), &case, &on, &sessions);
            check(&rows(3, 400, 20, 6), &rows(4, 150, 20, 2), &case, &on, &sessions);
        }
    }
    for case in cases() {
        for (left, right) in [(0, 10), (10, 0), (1, 1), (0, 0), (100, 1)] {
            check(&rows(5, left, 10, 2), &rows(6, right, 10, 2), &case, &DataType::Float64, &sessions[..1]);
        }
    }
}

#[test]
fn rows_that_move_agree_with_a_scan() {
    let sessions = [session(512, 2), session(8, 1), session(8, 3)];
    let (left, right) = (rows(7, 500, 40_000, 9), rows(8, 40_000, 40_000, 9));
    for case in cases() {
        check(&left, &right, &case, &DataType::Float64, &sessions);
    }
    // Many equal keys, so that windows end within them.
    let (left, right) = (rows(9, 200, 12, 2), rows(10, 60_000, 12, 2));
    for case in cases() {
        check(&left, &right, &case, &DataType::Int64, &sessions);
    }
}

/// Too many rows for a scan: the answers at all budgets are the same.
#[test]
fn long_sides_agree_at_all_budgets() {
    let (left, right) = (rows(11, 200_000, 500_000, 40), rows(12, 150_000, 500_000, 40));
    for case in cases().iter().step_by(2) {
        let run = |mib: u64, threads: usize| {
            let session = session(mib, threads);
            let on = DataType::Timestamp(TimeUnit::Nanosecond, None);
            let (left, right) = (frame(&session, &left, &on, "left_id"), frame(&session, &right, &on, "right_id"));
            let joined = left.join_asof(&right, "on", "on", case.options(&on));
            let pairs = pairs(&joined);
            assert_eq!(session.promised_bytes(), 0);
            pairs
        };
        let ample = run(2048, 2);
        for (mib, threads) in [(32, 2), (12, 1)] {
            assert!(ample == run(mib, threads), "at {mib} MiB");
        }
    }
}

#[test]
fn columns_filters_and_names() {
    let session = session(64, 2);
    let (left, right) = (rows(1, 200, 50, 3), rows(2, 200, 50, 3));
    let left = frame(&session, &left, &DataType::Int64, "left_id");
    let right = frame(&session, &right, &DataType::Int64, "right_id").rename([("on", "at")]);
    let options = AsofOptions::default().by(["by"]).suffix("_2");
    let joined = left.join_asof(&right, "on", "at", options);
    let names: Vec<String> = joined.schema().unwrap().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["on", "by", "left_id", "text", "at", "right_id", "text_2"]);
    let filtered = joined.filter(col("left_id").lt(20)).select([col("left_id"), col("at")]);
    assert_eq!(filtered.len().unwrap(), 20);
    let text = filtered.explain(Stage::Optimized).unwrap();
    assert!(text.contains("backward on on to at, by = by"), "{text}");
    let (filter, join) = (text.find("filter").unwrap(), text.find("join_asof").unwrap());
    assert!(join < filter, "the filter moves below: {text}");
    let of_right = joined.filter(col("right_id").is_null()).len().unwrap();
    assert!(of_right > 0);
}

#[test]
fn bad_input_is_named() {
    let session = session(64, 1);
    let (left, right) = (rows(1, 10, 50, 3), rows(2, 10, 50, 3));
    let left = frame(&session, &left, &DataType::Timestamp(TimeUnit::Second, None), "left_id");
    let right = frame(&session, &right, &DataType::Int64, "right_id");
    let error = |frame: LazyFrame| frame.schema().unwrap_err().to_string();
    let all = AsofOptions::default;
    let mixed = error(left.join_asof(&right, "on", "by", all()));
    assert!(mixed.contains("cast one of them") && mixed.contains("Timestamp") && mixed.contains("Utf8"), "{mixed}");
    let texts = error(left.join_asof(&right, "by", "by", all()));
    assert!(texts.contains("numbers, dates, times") && texts.contains("Utf8"), "{texts}");
    let tolerance = error(left.join_asof(&left, "on", "on", all().tolerance(3)));
    assert!(tolerance.contains("a duration, since the on-key is Timestamp"), "{tolerance}");
    let negative = error(right.join_asof(&right, "on", "on", all().tolerance(-3)));
    assert!(negative.contains("-3 is negative"), "{negative}");
    let fraction = error(right.join_asof(&right, "on", "on", all().tolerance(0.5)));
    assert!(fraction.contains("an integer, since the on-key is Int64"), "{fraction}");
    let missing = error(right.join_asof(&right, "nowhere", "on", all()));
    assert!(missing.contains("nowhere") && missing.contains("left_id") | missing.contains("right_id"), "{missing}");
    let twice = error(right.join_asof(&right, "on", "on", all().suffix("")));
    assert!(twice.contains("choose another suffix"), "{twice}");
    let uneven = AsofOptions { left_by: vec![col("by")], ..all() };
    let uneven = error(right.join_asof(&right, "on", "on", uneven));
    assert!(uneven.contains("keys on the left"), "{uneven}");
}
