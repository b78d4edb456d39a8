//! Tests of evaluation: one table per kind of operation, over whole, sliced and empty batches.

use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;
use blockfold_core::{DType, Error, Expr, Scalar, TimeUnit, col, lit, when};

use super::*;

fn cast(array: &dyn Array, dtype: &DType) -> ArrayRef {
    blockfold_core::cast::cast(&arrow::array::make_array(array.to_data()), dtype, false).unwrap()
}

fn batch() -> RecordBatch {
    let words: DictionaryArray<Int8Type> = vec![Some("a"), None, Some("b"), Some("a"), Some("c")].into_iter().collect();
    let days = Date32Array::from(vec![Some(0), Some(18_262), None, Some(-1), Some(18_263)]);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("i", Arc::new(Int32Array::from(vec![Some(1), None, Some(-3), Some(0), Some(7)]))),
        ("j", Arc::new(Int32Array::from(vec![Some(2), Some(5), None, Some(0), Some(-4)]))),
        ("x", Arc::new(Float64Array::from(vec![Some(0.0), Some(f64::NAN), None, Some(-0.0), Some(1.5)]))),
        ("y", Arc::new(Float64Array::from(vec![Some(-0.0), Some(-f64::NAN), Some(1.0), Some(f64::NAN), None]))),
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false), Some(true), None]))),
        ("c", Arc::new(BooleanArray::from(vec![None, None, Some(true), Some(false), Some(true)]))),
        ("s", Arc::new(StringArray::from(vec![Some("a"), None, Some("b"), Some("ä"), Some("")]))),
        ("d", Arc::new(words)),
        ("day", Arc::new(days)),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

/// Evaluates over the whole batch, each slice and no rows; all agree, and have the type that was promised.
fn values(expr: &Expr, batch: &RecordBatch) -> ArrayRef {
    let whole = evaluate(expr, batch).unwrap();
    assert_eq!(whole.data_type(), &expr.dtype(batch.schema_ref()).unwrap(), "{expr}");
    assert_eq!(whole.len(), batch.num_rows(), "{expr}");
    for start in 0..=batch.num_rows() {
        for rows in 0..=batch.num_rows() - start {
            let part = evaluate(expr, &batch.slice(start, rows)).unwrap();
            assert_eq!(&part, &whole.slice(start, rows), "{expr} over {rows} rows from {start}");
        }
    }
    whole
}

/// The values as text, nulls as `-`.
fn check(expr: impl Into<Expr>, expected: &str) {
    check_in(&batch(), expr.into(), expected);
}

fn check_in(batch: &RecordBatch, expr: Expr, expected: &str) {
    let values = values(&expr, batch);
    assert_eq!(shown(&values), expected, "{expr}");
}

fn shown(values: &ArrayRef) -> String {
    let nulls = values.logical_nulls();
    let text = |row: usize| match nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
        true => "-".to_string(),
        false => arrow::util::display::array_value_to_string(values, row).unwrap(),
    };
    (0..values.len()).map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn arithmetic_of_columns_and_literals() {
    check(col("i") + col("j"), "3 - - 0 3");
    check(col("i") * 2 - 1, "1 - -7 -1 13");
    check(col("i") / col("j"), "0.5 - - NaN -1.75");
    check(col("i") / 0, "inf - -inf NaN inf");
    check(col("i") % 2, "1 - 1 0 1");
    check(col("i") % -2, "-1 - -1 0 -1");
    check(col("i") % col("j"), "1 - - - -1");
    check(lit(7) % col("j"), "1 2 - - -1");
    check(col("i") % 0, "- - - - -");
    check(col("i") + lit(Scalar::Null), "- - - - -");
    check(col("x") % 1.0, "0.0 NaN - 0.0 0.5");
    check(-col("i"), "-1 - 3 0 -7");
    check(lit(1) + lit(2), "3 3 3 3 3");
    check(col("b") + col("i"), "2 - -3 1 -");
}

#[test]
fn comparisons_take_nan_as_greatest_and_zeros_as_equal() {
    check(col("x").eq(0.0), "true false - true false");
    check(col("x").eq(f64::NAN), "false true - false false");
    check(col("x").lt(f64::NAN), "true false - true true");
    check(col("x").gt(1.0), "false true - false true");
    check(lit(1.0).lt(col("x")), "false true - false true");
    check(col("x").gt_eq(1.5), "false true - false true");
    check(col("x").eq(col("y")), "true true - false -");
    check(col("x").neq(col("y")), "false false - true -");
    check(col("x").lt(col("y")), "false false - true -");
    check(col("x").lt_eq(col("y")), "true true - true -");
    check(col("x").gt(col("y")), "false false - false -");
    check(col("x").gt_eq(col("y")), "true true - false -");
    check(col("i").lt(col("j")), "true - - false false");
    check(col("i").gt(0.5), "true - false false true");
    check(col("s").gt_eq("b"), "false - true true false");
    check(col("d").eq("a"), "true - false true false");
    check(col("d").eq(col("s")), "true - true false false");
    check(lit("b").lt(col("d")), "false - false false true");
    check(col("b").eq(true), "true - false true -");
    check(col("i").eq(Scalar::Null), "- - - - -");
}

#[test]
fn logic_is_three_valued() {
    check(col("b").and(col("c")), "- - false false -");
    check(col("b").or(col("c")), "true - true true true");
    check(!col("b"), "false - true false -");
    check(col("b").and(false), "false false false false false");
    check(col("b").and(Scalar::Null), "- - false - -");
    check(col("b").or(Scalar::Null), "true - - true -");
    check(col("b").or(true), "true true true true true");
    check(lit(true).and(col("b")), "true - false true -");
    check(col("b").is_null(), "false true false false true");
    check(col("d").is_null(), "false true false false false");
    check(col("d").is_not_null(), "true false true true true");
}

#[test]
fn choices_and_lists() {
    check(when(col("i").gt(0)).then(col("i")).otherwise(-1), "1 -1 -1 -1 7");
    check(when(col("i").gt(0)).then("up").when(col("i").lt(0)).then("down"), "up - down - up");
    check(when(col("b")).then(col("d")).otherwise("z"), "a z z a z");
    check(when(lit(true)).then(1).otherwise(col("i")), "1 1 1 1 1");
    check(when(lit(false)).then(col("x")).otherwise(0), "0.0 0.0 0.0 0.0 0.0");
    check(when(col("b")).then(Scalar::Null), "- - - - -");
    check(col("i").fill_null(9), "1 9 -3 0 7");
    check(col("i").is_in([1, 7]), "true - false false true");
    check(col("i").is_in([1, 7, 8, 9, 10]), "true - false false true");
    check(col("x").is_in([0.0, f64::NAN]), "true true - true false");
    check(col("x").is_in([0.0, f64::NAN, 2.0, 3.0, 4.0]), "true true - true false");
    check(col("d").is_in(["a", "c"]), "true - false true true");
    check(col("s").is_in(["a", "b", "c", "e", "f", ""]), "true - true false true");
    check(col("s").is_in(Vec::<&str>::new()), "false - false false false");
    check(col("i").is_in([Scalar::Null, 1.into()]), "true - false false false");
    check(col("day").is_in(["1970-01-01", "1969-12-31"]), "true false - true false");
    check(col("i").between(0, 5), "true - false true false");
}

#[test]
fn casts_give_null_or_fail() {
    check(col("i").cast(DType::Int8), "1 - -3 0 7");
    check(col("i").cast(DType::UInt8), "1 - - 0 7");
    check(col("s").cast(DType::Int32), "- - - - -");
    check(col("d").cast(DType::LargeUtf8), "a - b a c");
    check(col("x").cast(DType::Int64), "0 - - 0 1");
    let error = evaluate(&col("i").cast_strict(DType::UInt8), &batch()).unwrap_err();
    assert!(matches!(&error, Error::Argument { op, .. } if op == "cast(i as UInt8)"), "{error}");
    let dictionary = DType::Dictionary(Box::new(DType::Int16), Box::new(DType::Utf8));
    check(col("s").cast(dictionary), "a - b ä ");
}

#[test]
fn dictionaries_stay_only_as_bare_columns() {
    let batch = batch();
    assert!(matches!(evaluate(&col("d"), &batch).unwrap().data_type(), DType::Dictionary(..)));
    assert!(matches!(evaluate(&col("d").alias("e"), &batch).unwrap().data_type(), DType::Dictionary(..)));
    check(when(col("d").is_not_null()).then(col("d")), "a - b a c");
}

#[test]
fn time_compares_and_subtracts() {
    check(col("day").gt_eq("2020-01-01"), "false true - false true");
    check(col("day") - col("day"), "P0D P0D - P0D P0D");
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        for zone in [None, Some("UTC".into()), Some("+02:00".into())] {
            let stamps = cast(&batch().column(8).clone(), &DType::Timestamp(unit, zone.clone()));
            let batch = RecordBatch::try_from_iter([("t", stamps)]).unwrap();
            let day = Scalar::Duration(86_400_000, TimeUnit::Millisecond);
            let later = (col("t") + lit(day.clone())).dtype(batch.schema_ref()).unwrap();
            assert_eq!(later, DType::Timestamp(unit, zone));
            check_in(&batch, (col("t") + lit(day.clone())).gt("2020-01-01"), "false true - false true");
            check_in(&batch, col("t").lt(Scalar::Date(18_263)), "true true - true false");
            check_in(&batch, (col("t") - col("t")) / lit(day.clone()), "0.0 0.0 - 0.0 0.0");
            check_in(
                &batch,
                (lit(day) * 2).eq(Scalar::Duration(172_800, TimeUnit::Second)),
                "true true true true true",
            );
        }
    }
    let far = RecordBatch::try_from_iter([("t", Arc::new(TimestampSecondArray::from(vec![i64::MAX])) as ArrayRef)]);
    let error = evaluate(&(col("t") + lit(Scalar::Duration(1, TimeUnit::Second))), &far.unwrap()).unwrap_err();
    assert!(matches!(error, Error::Overflow { .. }), "{error}");
}

#[test]
fn every_number_type_computes() {
    let source = Int32Array::from(vec![Some(7), None, Some(3), Some(0)]);
    let integers = [
        DType::Int8,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::UInt8,
        DType::UInt16,
        DType::UInt32,
        DType::UInt64,
    ];
    for dtype in integers.iter().chain(&[DType::Float16, DType::Float32, DType::Float64]) {
        let batch = RecordBatch::try_from_iter([("n", cast(&source, dtype))]).unwrap();
        let text = |ints: &str| match dtype.is_integer() || *dtype == DType::Float16 {
            true => ints.to_string(),
            false => ints
                .split(' ')
                .map(|n| if n == "-" { n.into() } else { format!("{n}.0") })
                .collect::<Vec<_>>()
                .join(" "),
        };
        check_in(&batch, col("n") + 1, &text("8 - 4 1"));
        check_in(&batch, col("n") * col("n"), &text("49 - 9 0"));
        check_in(&batch, col("n") % 4, &text("3 - 3 0"));
        check_in(&batch, (col("n") / 2).gt(1.5), "true - false false");
        check_in(&batch, col("n").gt_eq(3), "true - true false");
        check_in(&batch, col("n").is_in([0, 3, 4, 5, 6, 7]), "true - true true");
        assert_eq!((col("n") + 1).dtype(batch.schema_ref()).unwrap(), *dtype);
    }
    let wide = RecordBatch::try_from_iter([
        ("i", Arc::new(Int64Array::from(vec![-1, i64::MAX])) as ArrayRef),
        ("u", Arc::new(UInt64Array::from(vec![u64::MAX, 1 << 63])) as ArrayRef),
    ])
    .unwrap();
    check_in(&wide, col("i").lt(col("u")), "true true");
    check_in(&wide, col("i").eq(col("u")), "false false");
    check_in(&wide, col("i").eq(1u64 << 63), "false false");
    check_in(&wide, col("u").is_in([-1i64, 5]), "false false");
    check_in(&wide, col("i") - 1, "-2 9223372036854775806");
    check_in(&wide, col("i") + 1, "0 -9223372036854775808");
}

#[test]
fn every_string_type_compares() {
    let source = StringArray::from(vec![Some("ab"), None, Some("a long string beyond twelve"), Some("")]);
    let dictionary = DType::Dictionary(Box::new(DType::UInt32), Box::new(DType::LargeUtf8));
    for dtype in [DType::Utf8, DType::LargeUtf8, DType::Utf8View, dictionary] {
        let batch = RecordBatch::try_from_iter([("s", cast(&source, &dtype))]).unwrap();
        check_in(&batch, col("s").eq("ab"), "true - false false");
        check_in(&batch, col("s").lt_eq(col("s")), "true - true true");
        check_in(&batch, col("s").is_in(["ab", "x", "y", "z", ""]), "true - false true");
        check_in(&batch, col("s").fill_null("none").eq("none"), "false true false false");
    }
}

#[test]
fn masks_and_filters_drop_nulls() {
    let batch = batch();
    let mask = predicate_mask(&col("b"), &batch).unwrap();
    assert_eq!(mask, BooleanArray::from(vec![true, false, false, true, false]));
    assert_eq!(mask.null_count(), 0);
    assert_eq!(predicate_mask(&lit(Scalar::Null), &batch).unwrap().true_count(), 0);
    assert_eq!(filter(&col("i").gt(0), &batch).unwrap().num_rows(), 2);
    assert_eq!(filter(&lit(true), &batch).unwrap(), batch);
    assert_eq!(filter(&lit(true), &batch.slice(0, 0)).unwrap().num_rows(), 0);
    assert!(matches!(predicate_mask(&col("i"), &batch), Err(Error::Type { .. })));
}

#[test]
fn literals_fold() {
    let half = evaluate_literal(&(lit(1) / 2)).unwrap();
    assert_eq!(half, Scalar::Float(0.5));
    assert_eq!(evaluate_literal(&lit("a").is_in(["a", "b"])).unwrap(), Scalar::Bool(true));
    assert_eq!(evaluate_literal(&lit(Scalar::Null).cast(DType::Int8)).unwrap(), Scalar::Null);
    assert!(matches!(evaluate_literal(&col("x")), Err(Error::ColumnNotFound { .. })));
    assert!(matches!(evaluate(&col("i").sum(), &batch()), Err(Error::Argument { .. })));
}
