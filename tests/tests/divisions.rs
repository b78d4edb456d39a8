//! Rows that know their place: divisions, slices by them, other partitions, joins that move nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use blockfold::prelude::*;
use blockfold::{ParquetWriteOptions, Scalar};

/// Rows in partitions of these lengths, with nulls, NaN, duplicates, and their number.
fn batches(lens: &[i64]) -> Vec<RecordBatch> {
    let mut state = 1u64;
    let mut random = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as i64
    };
    let (mut start, mut batches) = (0, Vec::new());
    for len in lens {
        let rows: Vec<i64> = (0..*len).map(|_| random()).collect();
        let key: Int64Array = rows.iter().map(|r| (r % 101 != 0).then(|| r % 5_000 - 700)).collect();
        let name: StringArray = rows.iter().map(|r| (r % 89 != 0).then(|| format!("id{:05}", r % 4_000))).collect();
        let x: Float64Array = rows
            .iter()
            .map(|r| (r % 97 != 0).then(|| if r % 53 == 0 { f64::NAN } else { (r % 1000) as f64 / 8.0 }))
            .collect();
        let row: Int64Array = (start..start + len).collect();
        start += len;
        let columns: Vec<(&str, ArrayRef)> =
            vec![("key", Arc::new(key)), ("name", Arc::new(name)), ("x", Arc::new(x)), ("row", Arc::new(row))];
        batches.push(RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap());
    }
    batches
}

const LENS: [i64; 6] = [1, 0, 7_000, 15_000, 30_000, 2_000];

/// Partitions of whole numbers, in order if they are.
fn numbers(partitions: &[&[i64]]) -> Vec<RecordBatch> {
    let batch = |values: &&[i64]| {
        let values: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        RecordBatch::try_from_iter_with_nullable([("n", values, true)]).unwrap()
    };
    partitions.iter().map(batch).collect()
}

fn session(mib: u64, threads: usize) -> Session {
    Session::builder().memory_budget(ByteSize::mib(mib)).threads(threads).build().unwrap()
}

/// The rows of a frame as texts, in order.
fn in_order(frame: &LazyFrame) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in frame.collect_partitions().unwrap() {
        let batch = batch.unwrap();
        let text = |column: &ArrayRef, row: usize| match column.is_null(row) {
            true => "null".to_string(),
            false => arrow::util::display::array_value_to_string(column, row).unwrap(),
        };
        rows.extend((0..batch.num_rows()).map(|row| {
            let texts: Vec<String> = batch.columns().iter().map(|column| text(column, row)).collect();
            texts.join("|")
        }));
    }
    rows
}

/// The rows at an ample budget, and the assertion that they are the same at a small one and on more threads.
fn same_at_all_budgets(plan: impl Fn(&Session) -> LazyFrame, small_mib: u64, what: &str) -> Vec<String> {
    let run = |mib: u64, threads: usize| {
        let session = session(mib, threads);
        let rows = in_order(&plan(&session));
        assert_eq!(session.promised_bytes(), 0, "{what}: a permit was not given back");
        rows
    };
    let ample = run(1024, 1);
    for (mib, threads) in [(1024, 4), (small_mib, 2)] {
        let other = run(mib, threads);
        let first = ample.iter().zip(&other).position(|(a, b)| a != b);
        let rows = first.map(|at| (&ample[at], &other[at]));
        assert_eq!((ample.len(), None), (other.len(), rows), "{what} at {mib} MiB, {threads} threads");
    }
    ample
}

fn bounds(frame: &LazyFrame) -> Vec<Scalar> {
    frame.divisions().unwrap().expect("divisions").bounds.to_vec()
}

fn ints(values: &[i64]) -> Vec<Scalar> {
    values.iter().copied().map(Scalar::Int).collect()
}

fn message(frame: &LazyFrame) -> String {
    frame.collect().unwrap_err().to_string()
}

/// Each partition's values are where its divisions say, nulls and NaN in the last one.
fn assert_divided(frame: &LazyFrame) {
    let known = frame.divisions().unwrap().expect("divisions");
    let partitions = known.bounds.len() - 1;
    assert_eq!(frame.npartitions().unwrap(), partitions);
    for partition in 0..partitions {
        let rows = frame.get_partition(partition).collect().unwrap().to_batch().unwrap();
        let column = rows.column_by_name(&known.column).unwrap();
        for row in 0..rows.num_rows() {
            let value = Scalar::from_array(column.as_ref(), row).unwrap();
            let is_nan = matches!(value, Scalar::Float(value) if value.is_nan());
            let is_last = partition + 1 == partitions;
            if value == Scalar::Null || is_nan {
                assert!(is_last, "{value} in partition {partition} of {partitions}");
                continue;
            }
            let (low, high) = (&known.bounds[partition], &known.bounds[partition + 1]);
            let (low, high) = (value.compare(low).unwrap(), value.compare(high).unwrap());
            assert!(low.is_ge() && (high.is_lt() || is_last && high.is_eq()), "{value} in partition {partition}");
        }
    }
}

#[test]
fn set_index_sorts_into_known_divisions() {
    for column in ["key", "name", "x"] {
        let sorted = same_at_all_budgets(|s| s.from_batches(batches(&LENS)).unwrap().sort([column]), 4, column);
        for partitions in [None, Some(1), Some(9), Some(400)] {
            let indexed = |s: &Session| {
                let options = partitions.map_or(SetIndexOptions::new(), |n| SetIndexOptions::new().npartitions(n));
                s.from_batches(batches(&LENS)).unwrap().set_index_with(column, options)
            };
            // A batch of a stored partition and its place in the order have to fit, however small the budget.
            let small_mib = if partitions.is_some_and(|n| n > 6) { 4 } else { 16 };
            let rows = same_at_all_budgets(indexed, small_mib, &format!("{column} in {partitions:?}"));
            assert_eq!(sorted, rows, "{column} in {partitions:?}");
            if partitions != Some(400) {
                assert_divided(&indexed(&session(256, 2)));
            }
        }
    }
}

#[test]
fn what_does_not_fit_in_memory_waits_in_scratch() {
    let spilled = |frame: LazyFrame| {
        let aggs = [col("row").sum(), col("x").max(), col("name").max(), col("key").max()];
        frame.agg(aggs).collect().unwrap().report().spilled_bytes
    };
    let s = session(4, 2);
    let frame = s.from_batches(batches(&LENS)).unwrap();
    assert!(spilled(frame.set_index_with("key", SetIndexOptions::new().npartitions(20))) > 0);
    assert!(spilled(frame.repartition(20)) > 0);
}

#[test]
fn set_index_by_given_divisions() {
    let frame = |s: &Session| s.from_batches(batches(&LENS)).unwrap();
    let given = |s: &Session| frame(s).set_index_with("key", SetIndexOptions::new().divisions([-700, 0, 17, 4_299]));
    let rows = same_at_all_budgets(given, 16, "given divisions");
    assert_eq!(rows, in_order(&frame(&session(256, 2)).sort(["key"])));
    assert_eq!(bounds(&given(&session(256, 1))), ints(&[-700, 0, 17, 4_299]));
    assert_divided(&given(&session(256, 2)));

    let s = session(64, 1);
    let with =
        |divisions: &[i64]| frame(&s).set_index_with("key", SetIndexOptions::new().divisions(divisions.to_vec()));
    let outside = message(&with(&[0, 10]));
    assert!(outside.contains("outside of the divisions, which go from 0 to 10; give divisions that span"), "{outside}");
    let order = message(&with(&[0, 10, 5]));
    assert_eq!(order, "set_index: divisions of 'key' must ascend, but 10 is followed by 5");
    let few = message(&with(&[0]));
    assert!(few.contains("at least two"), "{few}");
    let fraction = message(&frame(&s).set_index_with("key", SetIndexOptions::new().divisions([0.5, 9.0])));
    assert!(fraction.contains("the division 0.5 of 'key' is no value of type Int64"), "{fraction}");
    let null =
        message(&frame(&s).set_index_with("key", SetIndexOptions::new().divisions([Scalar::Null, Scalar::Int(1)])));
    assert!(null.contains("go to the last partition by themselves"), "{null}");
    let both = message(&frame(&s).set_index_with("key", SetIndexOptions::new().divisions([0, 1]).npartitions(2)));
    assert!(both.contains("give only one of them"), "{both}");
    let missing = message(&frame(&s).set_index("keys"));
    assert!(missing.contains("did you mean 'key'?"), "{missing}");
}

#[test]
fn small_and_empty_frames_get_divisions() {
    let s = session(64, 2);
    let one = s.from_batches(numbers(&[&[5]])).unwrap().set_index("n");
    assert_eq!((bounds(&one), in_order(&one)), (ints(&[5, 5]), vec!["5".to_string()]));
    let same = s.from_batches(numbers(&[&[7, 7], &[7]])).unwrap().set_index("n");
    assert_eq!((bounds(&same), in_order(&same).len()), (ints(&[7, 7]), 3));
    let none = s.from_batches(numbers(&[&[], &[]])).unwrap().set_index("n");
    assert_eq!((in_order(&none).len(), none.npartitions().unwrap()), (0, 1));
    assert_eq!(in_order(&none.loc(3..5)).len(), 0);
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![None, None]));
    let nulls = RecordBatch::try_from_iter_with_nullable([("n", nulls, true)]).unwrap();
    let nulls = s.from_batches(vec![nulls]).unwrap().set_index("n");
    assert_eq!((in_order(&nulls).len(), in_order(&nulls.loc(0..9)).len()), (2, 0));
    for sorted in [true, false] {
        let joined = nulls.set_index_with("n", SetIndexOptions::new().sorted(sorted));
        assert_eq!(in_order(&joined).len(), 2);
    }
}

#[test]
fn sorted_input_is_checked_and_not_moved() {
    let s = session(64, 2);
    let sorted = |partitions: &[&[i64]]| {
        let frame = s.from_batches(numbers(partitions)).unwrap();
        frame.set_index_with("n", SetIndexOptions::new().sorted(true))
    };
    let good = sorted(&[&[1, 2, 2], &[5, 9], &[10]]);
    assert_eq!(bounds(&good), ints(&[1, 5, 10, 10]));
    insta::assert_snapshot!(good.explain(Stage::Steps).unwrap(), @r#"
    0: Read memory 3 partitions, columns n  (3 blocks, 6 rows)
    1: Map [0] check n in order within divisions  (3 blocks, 6 rows)
    "#);
    assert_eq!(in_order(&good).join(" "), "1 2 2 5 9 10");
    // Partitions without values join those before.
    let gaps = sorted(&[&[], &[1, 2], &[], &[5, 9], &[]]);
    assert_eq!((bounds(&gaps), gaps.npartitions().unwrap()), (ints(&[1, 5, 9]), 2));
    assert_eq!(in_order(&gaps).join(" "), "1 2 5 9");
    assert_divided(&gaps);
    // A value in two partitions comes together in one.
    let shared = sorted(&[&[1, 5], &[5, 9], &[9, 9], &[9, 12]]);
    assert_eq!(bounds(&shared), ints(&[1, 5, 9, 12]));
    assert_divided(&shared);
    assert_eq!(in_order(&shared).join(" "), "1 5 5 9 9 9 9 12");

    let inside = message(&sorted(&[&[1, 2], &[4, 8, 6, 9]]));
    assert!(inside.contains("input told to be sorted that is not: 'n' is 6 after 8 in partition 1"), "{inside}");
    let border = message(&sorted(&[&[1, 7], &[5, 9]]));
    let expected = "'n' is 5 at the start of partition 1 after 7 in partition 0";
    assert!(border.contains("input told to be sorted that is not") && border.contains(expected), "{border}");

    let given = |partitions: &[&[i64]], divisions: &[i64]| {
        let options = SetIndexOptions::new().sorted(true).divisions(divisions.to_vec());
        s.from_batches(numbers(partitions)).unwrap().set_index_with("n", options)
    };
    assert_eq!(in_order(&given(&[&[1, 2], &[5]], &[0, 3, 9])).len(), 3);
    let late = message(&given(&[&[1, 2], &[4, 3]], &[0, 3, 9]));
    assert!(late.contains("'n' is 3 after 4 in partition 1"), "{late}");
    let beyond = message(&given(&[&[1, 3], &[4]], &[0, 3, 9]));
    assert!(beyond.contains("'n' is 3 in partition 0, whose divisions are 0 and 3"), "{beyond}");
    let unfit = message(&given(&[&[1, 3], &[4]], &[0, 9]));
    assert!(unfit.contains("2 divisions of sorted input do not fit its 2 partitions; give 3"), "{unfit}");
    let moved = s.from_batches(numbers(&[&[1]])).unwrap().sort(["n"]);
    let moved = message(&moved.set_index_with("n", SetIndexOptions::new().sorted(true)));
    assert!(moved.contains("persist it"), "{moved}");
}

fn series(session: &Session) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-02-22").freq("10min").partition_freq("1D").seed(7);
    datasets::timeseries(session, options).unwrap()
}

#[test]
fn loc_reads_only_the_partitions_that_it_needs() {
    let s = session(64, 2);
    let (all, frame) = (in_order(&series(&s)), series(&s));
    assert_eq!(frame.npartitions().unwrap(), 52);
    let within = frame.loc("2000-01-04T12:00:00".."2000-01-06T00:00:00");
    insta::assert_snapshot!(within.explain(Stage::Logical).unwrap(), @r#"
    filter ((timestamp >= 2000-01-04T12:00:00) and (timestamp <= 2000-01-06T00:00:00))
      partitions 3 to 5 of 52
        read timeseries 7488 rows, columns [timestamp, name, id, x, y]
    "#);
    insta::assert_snapshot!(within.explain(Stage::Fused).unwrap(), @r#"
    chain 0: read timeseries > filter > partitions
      one task a block or run of small blocks: 3 blocks; handed to the caller
    "#);
    let answer = within.collect().unwrap();
    assert_eq!((answer.report().rows_read, answer.num_rows()), (3 * 144, 144 + 72 + 1));
    let expected: Vec<&String> =
        all.iter().filter(|row| ("2000-01-04T12".."2000-01-06T00:00:01").contains(&row.as_str())).collect();
    assert_eq!(in_order(&within).iter().collect::<Vec<_>>(), expected);
    // Both ends are included, whatever their spelling; open ends take all.
    let count = |frame: LazyFrame| frame.collect().unwrap().num_rows();
    assert_eq!(count(frame.loc("2000-01-04"..="2000-01-05")), 145);
    assert_eq!(count(frame.loc("2000-01-04".."2000-01-05")), 145);
    assert_eq!(count(frame.loc("2000-02-20"..)), 2 * 144);
    assert_eq!(count(frame.loc(.."2000-01-02")), 145);
    assert_eq!(count(frame.loc_value("2000-01-31T00:10:00")), 1);
    assert_eq!(frame.loc_value("2000-01-31").collect().unwrap().report().rows_read, 144);
    for (low, high) in [("1999-01-01", "1999-12-31"), ("2001-01-01", "2002-01-01"), ("2000-01-09", "2000-01-03")] {
        let none = frame.loc(low..high).collect().unwrap();
        assert_eq!((none.num_rows(), none.report().rows_read), (0, 0), "{low} to {high}");
    }
    // Slices keep divisions, as do filters and selections of the column.
    let kept = within.filter(col("x").gt(0.0)).select([col("timestamp"), col("x")]);
    assert_eq!(bounds(&kept).len(), 4);
    assert_eq!(
        count(kept.loc("2000-01-05".."2000-01-05")),
        count(frame.loc_value("2000-01-05").filter(col("x").gt(0.0)))
    );
    assert_eq!(within.drop(["timestamp"]).divisions().unwrap(), None);
    assert_eq!(within.rename([("timestamp", "t")]).divisions().unwrap(), None);
    assert_eq!(
        within.with_columns([(col("timestamp").cast(DType::Date32)).alias("timestamp")]).divisions().unwrap(),
        None
    );

    let unknown = message(&frame.sort(["x"]).loc(1..2));
    assert_eq!(unknown, "loc: the divisions of this frame are not known; call set_index first");
    let text = message(&frame.loc("yesterday"..));
    assert!(text.contains("loc: \"yesterday\""), "{text}");
    let number = message(&frame.loc(1.5..));
    assert!(number.contains("loc by 'timestamp'"), "{number}");
}

#[test]
fn loc_agrees_with_filter() {
    let s = session(256, 2);
    let indexed = |column: &str| {
        let frame = s.from_batches(batches(&[1, 0, 3_000, 2_000])).unwrap();
        frame.set_index_with(column, SetIndexOptions::new().npartitions(11))
    };
    let (frame, x) = (indexed("key"), indexed("x"));
    let known = bounds(&frame);
    let mut ends: Vec<Scalar> = ints(&[-9_999, -700, -1, 1_000, 4_299, 9_999]);
    ends.extend(known.iter().step_by(4).cloned());
    ends.push(Scalar::Float(17.5));
    for low in &ends {
        for high in ends.iter().step_by(3) {
            let wanted = col("key").gt_eq(low.clone()).and(col("key").lt_eq(high.clone()));
            assert_eq!(
                in_order(&frame.loc(low.clone()..high.clone())),
                in_order(&frame.filter(wanted)),
                "{low} {high}"
            );
        }
        assert_eq!(in_order(&frame.loc(low.clone()..)), in_order(&frame.filter(col("key").gt_eq(low.clone()))));
        assert_eq!(in_order(&x.loc(low.clone()..)), in_order(&x.filter(col("x").gt_eq(low.clone()))));
        assert_eq!(in_order(&x.loc(..low.clone())), in_order(&x.filter(col("x").lt_eq(low.clone()))));
    }
    assert_eq!(in_order(&frame.loc::<i64>(..)), in_order(&frame));
}

#[test]
fn partitions_by_number() {
    let s = session(64, 2);
    let frame = series(&s);
    let some = frame.partitions(3..5).collect().unwrap();
    assert_eq!((some.num_rows(), some.report().rows_read), (288, 288));
    assert_eq!(frame.partitions(3..5).len().unwrap(), 288);
    let whole: Vec<String> = (0..52).flat_map(|i| in_order(&frame.get_partition(i))).collect();
    assert_eq!(whole, in_order(&frame));
    assert_eq!(in_order(&frame.partitions(..)), whole);
    assert_eq!(in_order(&frame.get_partition(2).partitions(..=0)), in_order(&frame.get_partition(2)));
    let beyond = message(&frame.get_partition(52));
    assert_eq!(beyond, "partitions: 52..53 is no range of partitions of a frame that has 52 partitions");
    let empty = message(&frame.partitions(3..3));
    assert!(empty.contains("3..3 is no range"), "{empty}");
    let sorted = message(&frame.sort(["x"]).partitions(0..1));
    assert!(sorted.contains("how many partitions 'sort' gives follows from the size"), "{sorted}");
    assert_eq!(frame.sort(["x"]).persist().unwrap().get_partition(0).npartitions().unwrap(), 1);
    // What moved before is left out, too.
    let moved = frame.set_index_with("x", SetIndexOptions::new().npartitions(5));
    assert_eq!((0..5).flat_map(|i| in_order(&moved.get_partition(i))).collect::<Vec<_>>(), in_order(&moved));
}

#[test]
fn repartition_keeps_the_order_of_rows() {
    let frame = |s: &Session| s.from_batches(batches(&LENS)).unwrap();
    let rows = in_order(&frame(&session(256, 1)));
    for partitions in [1, 2, 5, 6, 7, 40, 300] {
        let moved = same_at_all_budgets(|s| frame(s).repartition(partitions), 4, &format!("{partitions} partitions"));
        assert_eq!(moved, rows, "{partitions} partitions");
        assert_eq!(frame(&session(64, 1)).repartition(partitions).npartitions().unwrap(), partitions);
        let few = |s: &Session| frame(s).filter(col("key").gt(2_000)).repartition(partitions + 6);
        assert_eq!(
            same_at_all_budgets(few, 4, "counted"),
            in_order(&frame(&session(256, 1)).filter(col("key").gt(2_000)))
        );
    }
    let s = session(256, 2);
    let even = frame(&s).repartition(10);
    assert!((0..10).all(|i| (5_400..5_401).contains(&(even.get_partition(i).len().unwrap() as i64)) || i == 0));
    let counted = frame(&s).filter(col("key").is_not_null()).repartition(8);
    let lens: Vec<usize> = (0..8).map(|i| counted.get_partition(i).collect().unwrap().num_rows()).collect();
    assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1, "{lens:?}");
    let sorted = frame(&s).sort(["x", "row"]);
    assert_eq!(in_order(&sorted.repartition(4)), in_order(&sorted));
    assert!(message(&frame(&s).repartition(0)).contains("0 partitions"));
    assert!(message(&frame(&s).repartition(1 << 20)).contains("ask for 1 to 65536"));
}

#[test]
fn repartition_by_bytes() {
    let s = session(256, 2);
    let frame = s.from_batches(batches(&[1_000; 30])).unwrap();
    let rows = in_order(&frame);
    let bytes: u64 = frame.collect().unwrap().batches().iter().map(blockfold_core::block::slice_bytes).sum();
    let joined = frame.repartition_bytes(ByteSize(bytes / 5));
    insta::assert_snapshot!(joined.explain(Stage::Logical).unwrap(), @r#"
    partitions 0 to 29 of 30, joined to 6
      read memory 30 partitions, columns key, name, x, row
    "#);
    assert_eq!((in_order(&joined), joined.npartitions().unwrap()), (rows.clone(), 6));
    let split = frame.repartition_bytes(ByteSize(bytes / 90));
    assert_eq!((in_order(&split), split.npartitions().unwrap()), (rows.clone(), 91));
    assert_eq!(in_order(&frame.repartition_bytes(ByteSize::gib(1))), rows);
    assert!(message(&frame.repartition_bytes(ByteSize(0))).contains("give a size above zero"));
}

#[test]
fn repartition_by_divisions() {
    let s = session(256, 2);
    let frame = s.from_batches(batches(&LENS)).unwrap();
    let frame = frame.set_index_with("key", SetIndexOptions::new().divisions([-700, 0, 100, 2_000, 4_299])).persist();
    let frame = frame.unwrap();
    let rows = in_order(&frame);
    let joined = frame.repartition_divisions([-700, 100, 4_299]);
    insta::assert_snapshot!(joined.explain(Stage::Logical).unwrap(), @r#"
    partitions 0 to 3 of 4, joined to 2
      read kept 4 partitions, columns key, name, x, row
    "#);
    let moved = frame.repartition_divisions([-1_000, 50, 100, 5_000]);
    insta::assert_snapshot!(moved.explain(Stage::Logical).unwrap(), @r#"
    divide by key, 3 partitions from -1000 to 5000
      read kept 4 partitions, columns key, name, x, row
    "#);
    let last = frame.repartition_divisions([-700, 4_299, 4_299]);
    for (divided, expected) in
        [(&joined, vec![-700, 100, 4_299]), (&moved, vec![-1_000, 50, 100, 5_000]), (&last, vec![-700, 4_299, 4_299])]
    {
        assert_eq!(bounds(divided), ints(&expected));
        assert_eq!(in_order(divided), rows);
        assert_divided(divided);
    }
    let narrow = message(&frame.repartition_divisions([0, 4_299]));
    assert_eq!(narrow, "repartition: the frame's divisions go from -700 to 4299; give divisions that span them");
    let unknown = message(&frame.sort(["x"]).repartition_divisions([0, 1]));
    assert!(unknown.contains("call set_index first"), "{unknown}");
}

#[test]
fn repartition_by_frequency() {
    let s = session(64, 2);
    let frame = series(&s);
    let rows = in_order(&frame);
    let starts = |frame: &LazyFrame| -> Vec<String> { bounds(frame).iter().map(ToString::to_string).collect() };
    let months = frame.repartition_frequency("1mo");
    assert_eq!(starts(&months), ["2000-01-01T00:00:00", "2000-02-01T00:00:00", "2000-02-22T00:00:00"]);
    insta::assert_snapshot!(months.explain(Stage::Logical).unwrap(), @r#"
    partitions 0 to 51 of 52, joined to 2
      read timeseries 7488 rows, columns [timestamp, name, id, x, y]
    "#);
    let weeks = frame.repartition_frequency("1w");
    assert_eq!(starts(&weeks)[1], "2000-01-03T00:00:00");
    let hours = frame.repartition_frequency("6h");
    assert_eq!(hours.npartitions().unwrap(), 4 * 52);
    for divided in [&months, &weeks, &hours, &frame.repartition_frequency("1D")] {
        assert_eq!(in_order(divided), rows);
    }
    assert_divided(&weeks);
    assert_eq!(hours.get_partition(7).collect().unwrap().num_rows(), 36);
    let dates: ArrayRef = Arc::new(Date32Array::from((0..400).collect::<Vec<i32>>()));
    let dates = s.from_batches(vec![RecordBatch::try_from_iter([("day", dates)]).unwrap()]).unwrap();
    let quarters = dates.set_index("day").repartition_frequency("QS");
    assert_eq!(starts(&quarters), ["1970-01-01", "1970-04-01", "1970-07-01", "1970-10-01", "1971-01-01", "1971-02-04"]);
    assert_divided(&quarters);
    let bad = message(&frame.repartition_frequency("fortnight"));
    assert!(bad.contains("'1fortnight' is no window of time"), "{bad}");
    let many = message(&frame.repartition_frequency("1s"));
    assert!(many.contains("more than 100000 partitions"), "{many}");
    let numbers = message(&s.from_batches(numbers(&[&[1, 2]])).unwrap().set_index("n").repartition_frequency("1D"));
    assert!(numbers.contains("divisions by a date or timestamp"), "{numbers}");
}

/// Rows as a set: the order of a join's pairs is not promised.
fn as_set(frame: &LazyFrame) -> Vec<String> {
    let mut rows = in_order(frame);
    rows.sort();
    rows
}

#[test]
fn joins_of_matching_divisions_move_nothing() {
    let kinds = [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];
    let sides = |s: &Session, is_divided: bool| {
        let right = s.from_batches(batches(&[3_000, 1, 0])).unwrap();
        let right = right.select([col("key"), col("name"), (col("x") * 2.0).alias("x"), col("row").alias("there")]);
        let left = s.from_batches(batches(&[100, 0, 9_000])).unwrap();
        let options = || SetIndexOptions::new().divisions([-700, 0, 17, 2_000, 4_299]);
        match is_divided {
            true => (left.set_index_with("key", options()), right.set_index_with("key", options())),
            false => (left, right),
        }
    };
    for kind in kinds {
        for (nulls, keys) in [(false, vec!["key"]), (true, vec!["key"]), (true, vec!["name", "key"])] {
            {
                let joined = |s: &Session, is_divided| {
                    let (left, right) = sides(s, is_divided);
                    let mut args = JoinArgs::on(kind, keys.clone());
                    args.null_equals_null = nulls;
                    left.join_with(&right, args)
                };
                let plain = as_set(&joined(&session(256, 2), false));
                for (mib, threads) in [(256, 3), (2, 2)] {
                    let s = session(mib, threads);
                    assert_eq!(as_set(&joined(&s, true)), plain, "{kind:?} {nulls} {keys:?} at {mib} MiB");
                    assert_eq!(s.promised_bytes(), 0);
                }
                let s = session(256, 2);
                assert_eq!(bounds(&joined(&s, true)), ints(&[-700, 0, 17, 2_000, 4_299]));
                assert_divided(&joined(&s, true));
            }
        }
    }
    let s = session(256, 2);
    let (left, right) = sides(&s, true);
    let (left, right) = (left.persist().unwrap(), right.persist().unwrap());
    insta::assert_snapshot!(left.join(&right, ["key"], JoinKind::Inner).explain(Stage::Steps).unwrap(), @r#"
    0: Read kept 4 partitions, columns key, name, x, row  (4 blocks, 9100 rows)
    1: Read kept 4 partitions, columns key, name, x, there  (4 blocks, 3001 rows)
    2: Map [0] check key within divisions  (4 blocks, 9100 rows)
    3: Map [1] check key within divisions  (4 blocks, 3001 rows)
    4: Map [2, 3] join inner on key = key, matching divisions, nothing moves -> key, name, x, row, name_right, x_right, there  (4 blocks)
    "#);
    let tight = sides(&session(2, 1), true);
    let tight = tight.0.join(&tight.1, ["key"], JoinKind::Full).explain(Stage::Steps).unwrap();
    assert_eq!(tight.matches("range by key, 4 partitions from -700 to 4299").count(), 4, "{tight}");
    let other = right.repartition_divisions([-700, 5, 4_299]);
    assert!(!left.join(&other, ["key"], JoinKind::Inner).explain(Stage::Logical).unwrap().contains("matching"));
    // A key of the right alone is null where the right has no row.
    let mut args = JoinArgs::on(JoinKind::Full, ["key"]);
    args.right_on = vec![col("place")];
    let renamed = right
        .rename([("key", "place")])
        .set_index_with("place", SetIndexOptions::new().divisions([-700, 0, 17, 2_000, 4_299]));
    let full = left.join_with(&renamed, args.clone());
    assert_eq!(full.divisions().unwrap(), None);
    args.kind = JoinKind::Left;
    assert_divided(&left.join_with(&renamed, args));
}

#[test]
fn divisions_survive_persist_and_files() {
    let folder = tempfile::tempdir().unwrap();
    let s = session(256, 2);
    let frame = s.from_batches(batches(&LENS)).unwrap().filter(col("key").is_not_null());
    let frame = frame.set_index_with("key", SetIndexOptions::new().npartitions(6));
    let rows = in_order(&frame);
    let kept = frame.persist().unwrap();
    assert_eq!((bounds(&kept), in_order(&kept)), (bounds(&frame), rows.clone()));
    frame.write_parquet(folder.path().join("out"), ParquetWriteOptions::default()).unwrap();
    let back = s.read_parquet(folder.path().join("out")).unwrap();
    assert_eq!(in_order(&back), rows);
    // Statistics tell divisions: no sample is taken, and nothing moves.
    let known = back.set_index("key");
    assert!(!known.explain(Stage::Steps).unwrap().contains("Exchange"), "{}", known.explain(Stage::Steps).unwrap());
    assert_eq!((bounds(&known), in_order(&known)), (bounds(&frame), rows.clone()));
    let said = back.set_index_with("key", SetIndexOptions::new().sorted(true));
    assert!(!said.explain(Stage::Steps).unwrap().contains("sort"), "{}", said.explain(Stage::Steps).unwrap());
    assert_eq!(in_order(&said), rows);
    let few = said.loc(0..10).collect().unwrap();
    assert!(few.report().rows_read < rows.len() as u64 / 2, "{}", few.report().rows_read);
    // Rows that are not in order inside a partition are sorted, or refused when they are said to be.
    let turned = frame.sort([desc("key"), asc("row")]).repartition(1).with_columns([(-col("key")).alias("key")]);
    let turned = turned.filter(col("key").neq(5)).repartition(3);
    turned.write_parquet(folder.path().join("turned"), ParquetWriteOptions::default()).unwrap();
    let turned = s.read_parquet(folder.path().join("turned")).unwrap();
    assert_divided(&turned.set_index("key"));
    let name = back.set_index_with("name", SetIndexOptions::new().sorted(true));
    assert!(message(&name).contains("input told to be sorted that is not: 'name' is"), "{}", message(&name));
    // A tiny budget cannot hold a partition: rows go through the store, to the same divisions.
    let tiny = session(2, 1).read_parquet(folder.path().join("out")).unwrap().set_index("key");
    assert_eq!((bounds(&tiny), in_order(&tiny)), (bounds(&frame), rows));
}
