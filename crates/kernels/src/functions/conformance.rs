//! What every scalar function must do, run over the whole registry: a function is covered once it is listed.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int32Array, NullArray, RecordBatch, StringArray};
use blockfold_core::{DType, Error, Expr, Function, Scalar, Schema, TimeUnit, col, lit};

use super::FUNCTIONS;
use crate::evaluate::{evaluate, evaluate_literal};

fn cast(array: &ArrayRef, dtype: &DType) -> blockfold_core::Result<ArrayRef> {
    blockfold_core::cast::cast(array, dtype, false)
}

/// A column of each type, without and with nulls and of a length above its dictionary's.
fn palette() -> Vec<ArrayRef> {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(2), Some(0), Some(1), Some(2)]));
    // Texts that are windows of time too, for `truncate`.
    let texts = StringArray::from(vec![Some("1d"), None, Some("15min"), Some("1mo"), Some("1d"), Some("1d")]);
    let texts: ArrayRef = Arc::new(texts);
    let mut columns: Vec<ArrayRef> = [
        DType::Int8,
        DType::Int16,
        DType::Int32,
        DType::Int64,
        DType::UInt8,
        DType::UInt16,
        DType::UInt32,
        DType::UInt64,
        DType::Float16,
        DType::Float32,
        DType::Float64,
        DType::Boolean,
        DType::Date32,
    ]
    .iter()
    .map(|dtype| cast(&numbers, dtype).unwrap())
    .collect();
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        columns.push(cast(&cast(&numbers, &DType::Int64).unwrap(), &DType::Duration(unit)).unwrap());
        for zone in [None, Some("UTC".into()), Some("-03:30".into())] {
            columns.push(cast(&cast(&numbers, &DType::Int64).unwrap(), &DType::Timestamp(unit, zone)).unwrap());
        }
    }
    columns.push(Arc::new(NullArray::new(6)));
    let dictionary = |values: DType| DType::Dictionary(Box::new(DType::Int16), Box::new(values));
    for dtype in [DType::Utf8, DType::LargeUtf8, DType::Utf8View, dictionary(DType::Utf8)] {
        columns.push(cast(&texts, &dtype).unwrap());
    }
    columns.push(cast(&numbers, &dictionary(DType::Int32)).unwrap());
    columns
}

/// Calls of the function that pass its type check: each type first, and for the rest the types that go with it.
fn accepted(function: &'static dyn Function, palette: &[ArrayRef]) -> Vec<(Expr, RecordBatch)> {
    let mut calls = Vec::new();
    for first in palette {
        for second in palette {
            for count in 1..=3 {
                let columns = [("a", first), ("b", second), ("c", second)];
                let batch = RecordBatch::try_from_iter(columns.map(|(name, array)| (name, array.clone()))).unwrap();
                let args = ["a", "b", "c"].into_iter().take(count).map(col).collect();
                let call = Expr::call(function, args);
                if call.dtype(batch.schema_ref()).is_ok() {
                    calls.push((call, batch));
                }
            }
        }
    }
    calls
}

/// The call with some of its arguments as literals of a row.
fn with_literals(call: &Expr, batch: &RecordBatch, row: usize, mask: usize) -> Expr {
    let Expr::Call { function, args } = call else { return call.clone() };
    let literal = |position: usize| {
        let array = batch.column(position);
        if *array.data_type() == DType::Null { lit(Scalar::Null) } else { lit(Scalar::from_array(array, row).unwrap()) }
    };
    let args = args.iter().enumerate();
    let args = args.map(|(position, arg)| if mask >> position & 1 == 1 { literal(position) } else { arg.clone() });
    Expr::Call { function: *function, args: args.collect() }
}

fn assert_promised(call: &Expr, batch: &RecordBatch) -> ArrayRef {
    let result = evaluate(call, batch).unwrap_or_else(|error| panic!("{call}: {error}"));
    assert_eq!(result.len(), batch.num_rows(), "{call}");
    assert_eq!(*result.data_type(), call.dtype(batch.schema_ref()).unwrap(), "{call}");
    result
}

#[test]
fn names_are_unique_and_found() {
    let names: HashSet<&str> = FUNCTIONS.iter().map(|function| function.name()).collect();
    assert_eq!(names.len(), FUNCTIONS.len());
    assert!(FUNCTIONS.iter().all(|function| super::find(function.name()) == Some(*function)));
}

#[test]
fn every_function_keeps_its_promises_on_columns() {
    let palette = palette();
    for &function in FUNCTIONS {
        let calls = accepted(function, &palette);
        assert!(!calls.is_empty(), "{} takes no type of the palette", function.name());
        for (call, batch) in calls {
            let whole = assert_promised(&call, &batch);
            for (start, rows) in [(0, 0), (1, 1), (0, 1), (2, 3), (5, 1), (1, 5)] {
                let part = assert_promised(&call, &batch.slice(start, rows));
                assert_eq!(&part, &whole.slice(start, rows), "{call} over {rows} rows from {start}");
            }
            if function.null_in_null_out() {
                assert!(whole.is_nullable() && whole.logical_nulls().is_some_and(|nulls| nulls.is_null(1)), "{call}");
            }
        }
    }
}

#[test]
fn every_function_takes_literals_for_any_argument() {
    let palette = palette();
    for &function in FUNCTIONS {
        for (call, batch) in accepted(function, &palette) {
            let columns = assert_promised(&call, &batch);
            let same = columns.data_type().clone();
            for mask in 1..8 {
                for row in [0, 1, 2] {
                    let literal = with_literals(&call, &batch, row, mask);
                    let Ok(dtype) = literal.dtype(batch.schema_ref()) else { continue };
                    let got = assert_promised(&literal, &batch);
                    assert_promised(&literal, &batch.slice(0, 0));
                    if dtype == same && !dtype.is_floating() {
                        assert_eq!(got.slice(row, 1).to_data(), columns.slice(row, 1).to_data(), "{literal} at {row}");
                    }
                }
            }
            let folded = with_literals(&call, &batch, 0, 7);
            if folded.dtype(&Schema::empty()).is_ok() {
                evaluate_literal(&folded).unwrap_or_else(|error| panic!("{folded}: {error}"));
            }
        }
    }
}

#[test]
fn every_function_refuses_by_name() {
    for function in FUNCTIONS {
        let list = DType::new_list(DType::Int8, true);
        for args in [vec![], vec![list.clone()], vec![list; 3], vec![DType::Int8; 9]] {
            let error = function.dtype(&args).unwrap_err();
            assert!(matches!(&error, Error::Type { op, .. } if op == function.name()), "{error}");
        }
    }
}
