//! Values of the scalar functions; their types and lengths are the matter of `conformance`.

use std::sync::Arc;

use arrow::array::*;
use arrow::util::display::array_value_to_string;
use blockfold_core::cast::cast;
use blockfold_core::{DType, Error, Expr, Function, Scalar, TimeUnit, col, lit};

use super::ExprFunctions;
use crate::evaluate::{evaluate, evaluate_literal};

/// The values as text, nulls as `-`.
fn check(values: impl Array + 'static, expr: Expr, expected: &str) {
    let batch = RecordBatch::try_from_iter([("x", Arc::new(values) as ArrayRef)]).unwrap();
    let got = evaluate(&expr, &batch).unwrap();
    let nulls = got.logical_nulls();
    let text = |row: usize| match nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
        true => "-".to_string(),
        false => array_value_to_string(&got, row).unwrap(),
    };
    assert_eq!((0..got.len()).map(text).collect::<Vec<_>>().join(" "), expected, "{expr}");
}

fn folded(expr: Expr) -> Scalar {
    evaluate_literal(&expr).unwrap()
}

#[test]
fn numbers() {
    let ints = || Int8Array::from(vec![Some(-128), Some(-7), None, Some(0), Some(25)]);
    check(ints(), col("x").abs(), "-128 7 - 0 25");
    check(ints(), col("x").sign(), "-1 -1 - 0 1");
    check(ints(), col("x").clip(-5, 5), "-5 -5 - 0 5");
    check(ints(), col("x").clip(-6.5, 1000), "-6 -6 - 0 25");
    check(ints(), col("x").clip(Scalar::Null, 3), "-128 -7 - 0 3");
    check(ints(), col("x").round(-1), "-128 -10 - 0 20");
    check(ints(), col("x").round(2), "-128 -7 - 0 25");
    check(ints(), col("x").sqrt(), "NaN NaN - 0.0 5.0");
    check(ints(), col("x").pow(2), "16384.0 49.0 - 0.0 625.0");
    check(ints(), col("x").is_finite(), "true true - true true");
    let floats = || Float64Array::from(vec![Some(-2.5), None, Some(f64::NAN), Some(0.125), Some(f64::INFINITY)]);
    check(floats(), col("x").round(0), "-2.0 - NaN 0.0 inf");
    check(floats(), col("x").round(2), "-2.5 - NaN 0.12 inf");
    check(floats(), col("x").round(400), "-2.5 - NaN 0.125 inf");
    check(floats(), col("x").floor(), "-3.0 - NaN 0.0 inf");
    check(floats(), col("x").ceil(), "-2.0 - NaN 1.0 inf");
    check(floats(), col("x").trunc(), "-2.0 - NaN 0.0 inf");
    check(floats(), col("x").sign(), "-1.0 - NaN 1.0 1.0");
    check(floats(), col("x").clip(-1, 1), "-1.0 - NaN 0.125 1.0");
    check(floats(), col("x").is_nan(), "false - true false false");
    check(floats(), col("x").is_finite(), "true - false true false");
    check(floats(), col("x").coalesce([0.0]), "-2.5 0.0 NaN 0.125 inf");
    assert_eq!(folded(lit(100).log10()), Scalar::Float(2.0));
    assert_eq!(folded(lit(0).log()), Scalar::Float(f64::NEG_INFINITY));
    assert_eq!(folded(lit(1e-20).log1p()), Scalar::Float(1e-20));
    assert_eq!(folded(lit(1).arctan2(-1)), Scalar::Float(3.0 * std::f64::consts::FRAC_PI_4));
    assert_eq!(folded(lit(u64::MAX).clip(-1, 1)), Scalar::UInt(1));
}

#[test]
fn texts() {
    let words = || StringArray::from(vec![Some(" Äpfel "), None, Some("ab.ab"), Some("")]);
    check(words(), col("x").strip().upper(), "ÄPFEL - AB.AB ");
    check(words(), col("x").lower(), " äpfel  - ab.ab ");
    check(words(), col("x").len_chars(), "7 - 5 0");
    check(words(), col("x").len_bytes(), "8 - 5 0");
    check(words(), col("x").contains("b.a"), "false - true false");
    check(words(), col("x").contains("."), "false - true false");
    check(words(), col("x").contains(""), "true - true true");
    check(words(), col("x").starts_with("ab"), "false - true false");
    check(words(), col("x").ends_with("ab"), "false - true false");
    check(words(), col("x").replace("ab", "c"), " Äpfel  - c.c ");
    check(words(), col("x").slice(1, 2).concat("!"), "Äp! - b.! !");
    check(words(), col("x").slice(-2, 2), "l  - ab ");
    check(words(), col("x").contains(Scalar::Null), "- - - -");
    let codes: DictionaryArray<arrow::datatypes::Int8Type> =
        vec![Some("a"), None, Some("B"), Some("a")].into_iter().collect();
    check(codes, col("x").upper().eq("A"), "true - false true");
}

fn stamps(unit: TimeUnit, zone: Option<&str>) -> ArrayRef {
    let texts = ["1969-12-31T23:59:59", "2020-02-29T13:45:07", "2000-01-01T00:00:00"];
    let texts: ArrayRef = Arc::new(StringArray::from(texts.map(Some).into_iter().chain([None]).collect::<Vec<_>>()));
    cast(&texts, &DType::Timestamp(unit, zone.map(Into::into)), false).unwrap()
}

#[test]
fn parts_of_time() {
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        for zone in [None, Some("UTC"), Some("+05:30"), Some("-08:00")] {
            let check = |expr: Expr, expected: &str| check(stamps(unit, zone), expr, expected);
            check(col("x").year(), "1969 2020 2000 -");
            check(col("x").quarter(), "4 1 1 -");
            check(col("x").month(), "12 2 1 -");
            check(col("x").day(), "31 29 1 -");
            check(col("x").weekday(), "3 6 6 -");
            check(col("x").ordinal_day(), "365 60 1 -");
            check(col("x").hour(), "23 13 0 -");
            check(col("x").minute(), "59 45 0 -");
            check(col("x").second(), "59 7 0 -");
            check(col("x").millisecond(), "0 0 0 -");
        }
    }
    let micros = TimestampMicrosecondArray::from(vec![-1, 1_500_001]);
    check(micros, col("x").microsecond(), "999999 500001");
    check(TimestampMicrosecondArray::from(vec![-1, 1_500_001]), col("x").millisecond(), "999 500");
    check(Date32Array::from(vec![-1, 18_321]), col("x").day() + col("x").hour(), "31 29");
    let named = DType::Timestamp(TimeUnit::Second, Some("Europe/Paris".into()));
    let error = super::Hour.dtype(&[named]).unwrap_err();
    assert!(error.to_string().contains("hour in the time zone 'Europe/Paris'"), "{error}");
}

#[test]
fn windows_of_time() {
    let table = [
        ("10s", "1969-12-31T23:59:50 2020-02-29T13:45:00 2000-01-01T00:00:00 -"),
        ("15min", "1969-12-31T23:45:00 2020-02-29T13:45:00 2000-01-01T00:00:00 -"),
        ("1h", "1969-12-31T23:00:00 2020-02-29T13:00:00 2000-01-01T00:00:00 -"),
        ("1d", "1969-12-31T00:00:00 2020-02-29T00:00:00 2000-01-01T00:00:00 -"),
        ("1w", "1969-12-29T00:00:00 2020-02-24T00:00:00 1999-12-27T00:00:00 -"),
        ("1mo", "1969-12-01T00:00:00 2020-02-01T00:00:00 2000-01-01T00:00:00 -"),
        ("1q", "1969-10-01T00:00:00 2020-01-01T00:00:00 2000-01-01T00:00:00 -"),
        ("1y", "1969-01-01T00:00:00 2020-01-01T00:00:00 2000-01-01T00:00:00 -"),
        ("10y", "1960-01-01T00:00:00 2020-01-01T00:00:00 2000-01-01T00:00:00 -"),
    ];
    for (every, expected) in table {
        for unit in [TimeUnit::Second, TimeUnit::Nanosecond] {
            check(stamps(unit, None), col("x").truncate(every), expected);
            let local = expected.split(' ').map(|text| if text == "-" { "-".into() } else { format!("{text}-08:00") });
            let local = local.collect::<Vec<_>>().join(" ");
            check(stamps(unit, Some("-08:00")), col("x").truncate(every), &local);
        }
    }
    check(Date32Array::from(vec![Some(18_321), None]), col("x").truncate("1mo"), "2020-02-01 -");
    check(Date32Array::from(vec![Some(18_321), None]), col("x").truncate("1h"), "2020-02-29 -");
    for wrong in ["", "d", "0d", "1 day", "-1d", "99999999999999999999s"] {
        let error = evaluate_literal(&lit(Scalar::Date(0)).truncate(wrong)).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{wrong}: {error}");
    }
}
