//! Asof joins against a scan of all rows.

use arrow::array::{Float32Array, Float64Array, UInt32Array};
use arrow::compute::cast;
use arrow::datatypes::TimeUnit;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
struct Case {
    dtype: DType,
    left: Vec<(Option<i32>, Option<i32>)>,
    right: Vec<(Option<i32>, Option<i32>)>,
    has_by: bool,
    direction: AsofDirection,
    tolerance: Option<u8>,
    allow_exact_matches: bool,
}

fn on(dtype: &DType, rows: &[(Option<i32>, Option<i32>)]) -> ArrayRef {
    let ints: Int64Array = rows.iter().map(|(on, _)| on.map(i64::from)).collect();
    cast(&ints, dtype).or_else(|_| cast(&cast(&ints, &DType::Int32).unwrap(), dtype)).unwrap()
}

fn by(rows: &[(Option<i32>, Option<i32>)]) -> ArrayRef {
    Arc::new(rows.iter().map(|(_, by)| by.map(|by| format!("by {by}"))).collect::<StringArray>())
}

impl Case {
    fn options(&self) -> AsofOptions {
        let is_floating = self.dtype.is_floating();
        let tolerance =
            |most: u8| if is_floating { Tolerance::Float(most.into()) } else { Tolerance::Units(most.into()) };
        AsofOptions {
            direction: self.direction,
            tolerance: self.tolerance.map(tolerance),
            allow_exact_matches: self.allow_exact_matches,
        }
    }

    fn run(&self) -> UInt32Array {
        let bys = |rows| if self.has_by { vec![by(rows)] } else { Vec::new() };
        let right = Side::new(bys(&self.right), self.right.len());
        let table =
            AsofTable::new(right.rows, &on(&self.dtype, &self.right), &bys(&self.right), self.options()).unwrap();
        table.rows(&on(&self.dtype, &self.left), &bys(&self.left)).unwrap()
    }

    fn expected(&self, (key, by): (Option<i32>, Option<i32>)) -> Option<usize> {
        let key = key?;
        let near = |other: i32| self.tolerance.is_none_or(|most| key.abs_diff(other) <= most.into());
        let fits = |other: i32| (self.allow_exact_matches || other != key) && near(other);
        let rows = self.right.iter().enumerate().filter(|(_, row)| !self.has_by || row.1 == by);
        let rows: Vec<(usize, i32)> =
            rows.filter_map(|(at, row)| Some((at, row.0?))).filter(|row| fits(row.1)).collect();
        let backward = rows.iter().rev().find(|row| row.1 <= key).copied();
        let forward = rows.iter().find(|row| row.1 >= key).copied();
        let nearest = match (backward, forward) {
            (Some(a), Some(b)) if b.1.abs_diff(key) < a.1.abs_diff(key) => Some(b),
            (a, b) => a.or(b),
        };
        let row = match self.direction {
            AsofDirection::Backward => backward,
            AsofDirection::Forward => forward,
            AsofDirection::Nearest => nearest,
        };
        row.map(|(at, _)| at)
    }
}

fn sides() -> impl Strategy<Value = Vec<(Option<i32>, Option<i32>)>> {
    let row = (prop::option::weighted(0.95, 0i32..120), prop::option::weighted(0.9, 0i32..4));
    prop::collection::vec(row, 0..80).prop_map(|mut rows| {
        // Nulls stay where they are; what is between them is sorted.
        let mut keys: Vec<i32> = rows.iter().filter_map(|row| row.0).collect();
        keys.sort_unstable();
        let mut keys = keys.into_iter();
        rows.iter_mut().for_each(|row| row.0 = row.0.and_then(|_| keys.next()));
        rows
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let types = prop::sample::select(vec![
        DType::Int8,
        DType::Int64,
        DType::UInt32,
        DType::Float32,
        DType::Float64,
        DType::Date32,
        DType::Timestamp(TimeUnit::Millisecond, None),
        DType::Duration(TimeUnit::Second),
    ]);
    let directions = [AsofDirection::Backward, AsofDirection::Forward, AsofDirection::Nearest];
    let shape = (any::<bool>(), prop::sample::select(directions.to_vec()), prop::option::of(0u8..20), any::<bool>());
    (types, sides(), sides(), shape).prop_map(|(dtype, left, right, shape)| {
        let (has_by, direction, tolerance, allow_exact_matches) = shape;
        Case { dtype, left, right, has_by, direction, tolerance, allow_exact_matches }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_a_scan(case in cases()) {
        let got = case.run();
        for (row, left) in case.left.iter().enumerate() {
            let got = got.is_valid(row).then(|| got.value(row) as usize);
            prop_assert_eq!(got, case.expected(*left), "row {}: {:?}", row, left);
        }
    }
}

fn table_of(keys: &[f64], options: AsofOptions) -> Result<AsofTable> {
    let on: ArrayRef = Arc::new(Float64Array::from(keys.to_vec()));
    AsofTable::new(Side::new(Vec::new(), keys.len()).rows, &on, &[], options)
}

#[test]
fn an_unsorted_right_side_is_named() {
    let error = table_of(&[1.0, 3.0, 2.0], AsofOptions::default()).unwrap_err().to_string();
    assert!(error.contains("right side must be sorted"), "{error}");
    let table = table_of(&[1.0, 2.0], AsofOptions::default()).unwrap();
    let left: ArrayRef = Arc::new(Float64Array::from(vec![1.0, f64::NAN, 0.5]));
    // The left side may be in any order.
    assert_eq!(table.rows(&left, &[]).unwrap(), UInt32Array::from(vec![Some(0), None, None]));
}

#[test]
fn nan_is_joined_to_nothing_and_infinity_to_itself() {
    let options = AsofOptions { tolerance: Some(Tolerance::Float(1.0)), ..AsofOptions::default() };
    let table = table_of(&[0.0, 5.0, f64::INFINITY, f64::NAN], options).unwrap();
    let left: ArrayRef = Arc::new(Float64Array::from(vec![-0.0, 7.0, f64::INFINITY, f64::NAN]));
    assert_eq!(table.rows(&left, &[]).unwrap(), UInt32Array::from(vec![Some(0), None, Some(2), None]));
}

#[test]
fn right_columns_come_beside_left_ones() {
    let table = table_of(&[1.0, 2.0], AsofOptions::default()).unwrap();
    let left = Side::new(Vec::new(), 3).rows;
    let on: ArrayRef = Arc::new(Float64Array::from(vec![0.0, 1.5, 9.0]));
    let schema: SchemaRef =
        Arc::new(Schema::new(vec![Field::new("left", DType::Int64, true), Field::new("right", DType::Int64, true)]));
    let columns = [OutputColumn::Probe(0), OutputColumn::Build(0)];
    let joined = table.join(&left, &on, &[], &schema, &columns).unwrap();
    let right: ArrayRef = Arc::new(Int64Array::from(vec![None, Some(0), Some(1)]));
    assert_eq!(joined.column(1), &right);
    assert!(table.join(&left, &on, &[], &schema, &[OutputColumn::Probe(0), OutputColumn::Build(7)]).is_err());
    assert!(table.rows(&on, std::slice::from_ref(&on)).is_err());
    let empty = table_of(&[], AsofOptions::default()).unwrap();
    assert_eq!(empty.join(&left, &on, &[], &schema, &columns).unwrap().column(1).null_count(), 3);
}

#[test]
fn keys_and_tolerances_of_other_kinds_are_refused() {
    let with = |tolerance| AsofOptions { tolerance: Some(tolerance), ..AsofOptions::default() };
    assert!(table_of(&[1.0], with(Tolerance::Units(1))).is_err());
    assert!(table_of(&[1.0], with(Tolerance::Float(f64::NAN))).is_err());
    let table = table_of(&[1.0], AsofOptions::default()).unwrap();
    let narrow: ArrayRef = Arc::new(Float32Array::from(vec![1.0]));
    assert!(table.rows(&narrow, &[]).is_err());
    assert!(AsofTable::new(Side::new(Vec::new(), 1).rows, &by(&[(None, None)]), &[], AsofOptions::default()).is_err());
}
