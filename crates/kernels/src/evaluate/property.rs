//! Random expressions: simplified they give the same, and so do slices and dictionaries.

use std::sync::Arc;

use arrow::array::*;
use blockfold_core::expr::simplify;
use blockfold_core::{BinaryOp, DType, Expr, Scalar, col, lit, when};
use proptest::prelude::*;

use super::evaluate;

fn numbers() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["i", "n", "u", "f", "x"]).prop_map(col),
        (-3i64..300).prop_map(lit),
        prop::sample::select(vec![0.0, -0.0, 1.0, 0.1, f64::NAN, f64::INFINITY]).prop_map(lit),
        Just(lit(Scalar::Null)),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        use BinaryOp::{Add, Div, Mul, Rem, Sub};
        let op = prop::sample::select(vec![Add, Sub, Mul, Div, Rem]);
        prop_oneof![
            4 => (op, inner.clone(), inner.clone()).prop_map(|(op, l, r)| binary(op, l, r)),
            1 => inner.clone().prop_map(|x| x.cast(DType::Int16)),
            1 => (inner.clone(), inner).prop_map(|(l, r)| when(l.clone().is_null()).then(r).otherwise(l)),
        ]
    })
}

fn predicates() -> impl Strategy<Value = Expr> {
    use BinaryOp::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    let compare = (prop::sample::select(vec![Eq, NotEq, Lt, LtEq, Gt, GtEq]), numbers(), numbers());
    let leaf = prop_oneof![
        4 => compare.prop_map(|(op, l, r)| binary(op, l, r)),
        1 => any::<bool>().prop_map(lit),
        1 => Just(col("b")),
        1 => (numbers(), prop::collection::vec(-2i64..200, 0..7)).prop_map(|(x, list)| x.is_in(list)),
        1 => prop::collection::vec(prop::sample::select(vec!["a", "b", ""]), 0..3).prop_map(|list| col("s").is_in(list)),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (prop::sample::select(vec![And, Or]), inner.clone(), inner.clone()).prop_map(|(op, l, r)| binary(op, l, r)),
            inner.prop_map(|p| !p),
        ]
    })
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary { op, left: Box::new(left), right: Box::new(right) }
}

fn batches() -> impl Strategy<Value = RecordBatch> {
    let float = prop::sample::select(vec![None, Some(0.0), Some(-0.0), Some(1.5), Some(f64::NAN), Some(-7.0)]);
    let text = prop::sample::select(vec![None, Some("a"), Some("b"), Some("")]);
    let row = (any::<Option<i8>>(), any::<Option<i64>>(), any::<Option<u64>>(), float, any::<Option<bool>>(), text);
    prop::collection::vec(row, 0..9).prop_map(|rows| {
        let columns: [(&str, ArrayRef); 7] = [
            ("i", Arc::new(rows.iter().map(|row| row.0).collect::<Int8Array>())),
            ("n", Arc::new(rows.iter().map(|row| row.1).collect::<Int64Array>())),
            ("u", Arc::new(rows.iter().map(|row| row.2).collect::<UInt64Array>())),
            ("f", Arc::new(rows.iter().map(|row| row.3.map(|x| x as f32)).collect::<Float32Array>())),
            ("x", Arc::new(rows.iter().map(|row| row.3).collect::<Float64Array>())),
            ("b", Arc::new(rows.iter().map(|row| row.4).collect::<BooleanArray>())),
            ("s", Arc::new(rows.iter().map(|row| row.5).collect::<StringArray>())),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    })
}

/// The batch with every column as a dictionary.
fn encoded(batch: &RecordBatch) -> RecordBatch {
    let columns = batch.schema_ref().fields().iter().zip(batch.columns()).map(|(field, column)| {
        let rows = i32::try_from(column.len()).unwrap();
        let keys = Int32Array::from_iter_values((0..rows).rev());
        let values = arrow::compute::take(column, &keys, None).unwrap();
        let array: ArrayRef = Arc::new(DictionaryArray::new(keys, values));
        (field.name().clone(), array)
    });
    RecordBatch::try_from_iter(columns).unwrap()
}

fn check(expr: &Expr, batch: &RecordBatch) -> Result<(), TestCaseError> {
    let Ok(dtype) = expr.dtype(batch.schema_ref()) else { return Ok(()) };
    // An implicit cast may overflow, as -1 beside a u64 in a choice.
    let Ok(whole) = evaluate(expr, batch) else { return Ok(()) };
    prop_assert_eq!(whole.data_type(), &dtype);
    let simple = simplify(expr, batch.schema_ref());
    prop_assert_eq!(&evaluate(&simple, batch).unwrap(), &whole, "{} simplified to {}", expr, simple);
    for start in 0..batch.num_rows() {
        let rows = batch.num_rows() - start;
        prop_assert_eq!(&evaluate(expr, &batch.slice(start, rows)).unwrap(), &whole.slice(start, rows), "{}", expr);
    }
    let by_dictionary = blockfold_core::cast::cast(&evaluate(expr, &encoded(batch)).unwrap(), &dtype, false).unwrap();
    prop_assert_eq!(&by_dictionary, &whole, "{}", expr);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_do_not_depend_on_layout(expr in numbers(), batch in batches()) {
        check(&expr, &batch)?;
    }

    #[test]
    fn predicates_do_not_depend_on_layout(expr in predicates(), batch in batches()) {
        check(&expr, &batch)?;
    }
}
