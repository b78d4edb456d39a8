//! Random data of every type, cut into batches and states at random.

use arrow::array::*;
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::*;
use blockfold_core::AggFunc::{self, *};
use blockfold_core::Interpolation;
use proptest::prelude::*;

use super::reference::{self, Value};
use super::*;

fn funcs() -> Vec<AggFunc> {
    let quantile = |q: f64, interpolation| Quantile { q: q.into(), interpolation };
    let between = [quantile(0.3, Interpolation::Linear), quantile(0.75, Interpolation::Linear)];
    let among = [quantile(0.4, Interpolation::Lower), quantile(0.4, Interpolation::Higher)];
    let near = [quantile(0.25, Interpolation::Nearest), quantile(0.25, Interpolation::Midpoint)];
    let ends = [TopK { k: 3, descending: true }, TopK { k: 2, descending: false }];
    let plain = [
        Sum,
        Mean,
        Min,
        Max,
        Count,
        NullCount,
        Len,
        Std { ddof: 1 },
        Var { ddof: 0 },
        First,
        Last,
        NUnique,
        Any,
        All,
        Median,
        Mode,
        List,
        Corr,
    ];
    plain.into_iter().chain(between).chain(among).chain(near).chain(ends).collect()
}

/// Where keys and inputs come from: numbers that each type makes its own value of.
#[derive(Clone, Debug)]
struct Case {
    keys: Vec<(DType, Vec<Option<i32>>)>,
    inputs: Vec<(AggFunc, DType, Vec<Option<i32>>)>,
    range: Option<(i128, i128)>,
    rows: usize,
    /// Ends of batches, and whether a new state starts there.
    cuts: Vec<(usize, bool)>,
    encodes: bool,
}

fn array(dtype: &DType, seeds: &[Option<i32>]) -> ArrayRef {
    let ints: Int64Array = seeds.iter().map(|seed| seed.map(i64::from)).collect();
    match dtype {
        DType::Float64 => Arc::new(seeds.iter().map(|seed| seed.map(float)).collect::<Float64Array>()),
        DType::Float32 => {
            Arc::new(seeds.iter().map(|seed| seed.map(|seed| float(seed) as f32)).collect::<Float32Array>())
        }
        DType::Boolean => Arc::new(seeds.iter().map(|seed| seed.map(|seed| seed % 2 == 0)).collect::<BooleanArray>()),
        DType::Utf8 | DType::LargeUtf8 | DType::Utf8View => {
            let texts: StringArray = seeds.iter().map(|seed| seed.map(text)).collect();
            cast(&texts, dtype).unwrap()
        }
        DType::Int8 | DType::UInt8 | DType::UInt16 => {
            let small: Int64Array = seeds.iter().map(|seed| seed.map(|seed| i64::from(seed.rem_euclid(100)))).collect();
            cast(&small, dtype).unwrap()
        }
        DType::UInt32 | DType::UInt64 => {
            let positive: Int64Array = seeds.iter().map(|seed| seed.map(|seed| i64::from(seed).abs())).collect();
            cast(&positive, dtype).unwrap()
        }
        _ => cast(&ints, dtype).or_else(|_| cast(&cast(&ints, &DType::Int32).unwrap(), dtype)).unwrap(),
    }
}

fn float(seed: i32) -> f64 {
    match seed % 7 {
        3 => f64::NAN,
        5 => -0.0,
        _ => f64::from(seed) / 4.0,
    }
}

fn text(seed: i32) -> String {
    let text = format!("text number {seed}");
    text[..text.len().min(8 + seed.unsigned_abs() as usize % 9)].to_string()
}

fn values(array: &ArrayRef) -> Vec<Value> {
    if let Some(lists) = array.as_list_opt::<i64>() {
        return lists.iter().map(|list| Value::List(self::values(&list.unwrap()))).collect();
    }
    let plain = match array.data_type() {
        DType::Float64 | DType::Float32 => cast(array, &DType::Float64).unwrap(),
        DType::Utf8 | DType::LargeUtf8 | DType::Utf8View => cast(array, &DType::Utf8).unwrap(),
        DType::UInt64 => cast(array, &DType::Decimal128(20, 0)).unwrap(),
        DType::Date32 => cast(&cast(array, &DType::Int32).unwrap(), &DType::Int64).unwrap(),
        _ => cast(array, &DType::Int64).unwrap(),
    };
    (0..plain.len())
        .map(|row| match plain.data_type() {
            _ if plain.is_null(row) => Value::Null,
            DType::Float64 => Value::Float(plain.as_primitive::<Float64Type>().value(row)),
            DType::Utf8 => Value::Text(plain.as_string::<i32>().value(row).into()),
            DType::Int64 => Value::Int(plain.as_primitive::<Int64Type>().value(row).into()),
            _ => Value::Int(plain.as_primitive::<Decimal128Type>().value(row)),
        })
        .collect()
}

impl Case {
    fn spec(&self) -> Arc<GroupSpec> {
        let keys: Vec<DType> = self.keys.iter().map(|(dtype, _)| dtype.clone()).collect();
        let aggs: Vec<(AggFunc, DType)> =
            self.inputs.iter().map(|(func, dtype, _)| (func.clone(), dtype.clone())).collect();
        let mut spec = GroupSpec::clone(&spec(&keys, &aggs));
        spec.keys.iter_mut().for_each(|key| key.range = self.range);
        Arc::new(spec)
    }

    fn arrays(&self, encodes: bool) -> (Vec<ArrayRef>, Vec<Vec<ArrayRef>>) {
        let made = |dtype: &DType, seeds: &[Option<i32>]| {
            let plain = array(dtype, seeds);
            if encodes { encoded(&plain) } else { plain }
        };
        let keys = self.keys.iter().map(|(dtype, seeds)| made(dtype, seeds)).collect();
        let inputs = self.inputs.iter().map(|(func, dtype, seeds)| {
            let mut other = seeds.clone();
            other.rotate_left(seeds.len() / 2);
            [seeds, &other].iter().take(func.inputs()).map(|seeds| made(dtype, seeds)).collect()
        });
        let inputs = inputs.collect();
        (keys, inputs)
    }

    /// The result in batches and states, cut as the case says.
    fn run(&self) -> RecordBatch {
        let all = self.states().into_iter().reduce(|mut all, later| {
            all.merge(later).unwrap();
            all
        });
        all.unwrap().finish().unwrap()
    }

    /// The states of batches, cut as the case says.
    fn states(&self) -> Vec<GroupState> {
        let (keys, inputs) = self.arrays(self.encodes);
        let spec = self.spec();
        let mut states = vec![GroupState::new(Arc::clone(&spec)).unwrap()];
        let mut start = 0;
        for (end, starts_state) in self.cuts.iter().copied().chain([(self.rows, false)]) {
            let end = end.clamp(start, self.rows);
            let part = |array: &ArrayRef| array.slice(start, end - start);
            let keys: Vec<ArrayRef> = keys.iter().map(part).collect();
            let inputs: Vec<ArrayRef> = inputs.iter().flatten().map(part).collect();
            states.last_mut().unwrap().update(&keys, &inputs, end - start).unwrap();
            if starts_state {
                states.push(GroupState::new(Arc::clone(&spec)).unwrap());
            }
            start = end;
        }
        states
    }

    /// The result of drained states, absorbed one by one or joined and cut anew.
    fn drained(&self, joined: Option<usize>) -> (RecordBatch, RecordBatch) {
        let schema = GroupState::state_schema(&self.spec()).unwrap();
        let mut drained: Vec<RecordBatch> = self.states().iter_mut().map(|state| state.drain().unwrap()).collect();
        if let Some(rows) = joined {
            let all = written(&concat_batches(&schema, &drained).unwrap());
            drained =
                (0..all.num_rows()).step_by(rows).map(|at| all.slice(at, rows.min(all.num_rows() - at))).collect();
        }
        let finish = |finish: fn(GroupState) -> Result<RecordBatch>| {
            let mut state = GroupState::new(self.spec()).unwrap();
            drained.iter().for_each(|states| state.absorb(states).unwrap());
            finish(state).unwrap()
        };
        (finish(GroupState::finish), finish(GroupState::finish_unsorted))
    }

    fn expected(&self) -> Vec<Vec<Value>> {
        let (keys, inputs) = self.arrays(false);
        let keys: Vec<Vec<Value>> = keys.iter().map(values).collect();
        let inputs = self.inputs.iter().zip(&inputs);
        let inputs =
            inputs.map(|((func, dtype, _), inputs)| (func.clone(), dtype.clone(), inputs.iter().map(values).collect()));
        let inputs: Vec<reference::Input> = inputs.collect();
        reference::aggregate(&keys, &inputs, self.rows)
    }
}

/// A batch after it was written and read.
fn written(batch: &RecordBatch) -> RecordBatch {
    let mut writer = arrow::ipc::writer::StreamWriter::try_new(Vec::new(), batch.schema_ref()).unwrap();
    writer.write(batch).unwrap();
    let file = std::io::Cursor::new(writer.into_inner().unwrap());
    arrow::ipc::reader::StreamReader::try_new(file, None).unwrap().next().unwrap().unwrap()
}

fn is_same(got: &Value, expected: &Value) -> bool {
    match (got, expected) {
        (Value::Float(a), Value::Float(b)) => (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * b.abs().max(1.0),
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Float(a), Value::Int(0)) => *a == 0.0,
        (a, b) => a == b,
    }
}

fn key_types() -> impl Strategy<Value = DType> {
    prop::sample::select(vec![
        DType::Boolean,
        DType::Int8,
        DType::Int32,
        DType::Int64,
        DType::UInt8,
        DType::UInt64,
        DType::Float32,
        DType::Float64,
        DType::Utf8,
        DType::Utf8View,
        DType::Date32,
        DType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
    ])
}

fn input_types() -> impl Strategy<Value = DType> {
    prop_oneof![
        key_types(),
        prop::sample::select(vec![DType::UInt16, DType::LargeUtf8, DType::Duration(TimeUnit::Second), DType::Float64])
    ]
}

/// Seeds of few or many values, near or far from each other, with or without nulls.
fn seeds(rows: usize) -> impl Strategy<Value = Vec<Option<i32>>> {
    let values = prop_oneof![Just(0..4).boxed(), Just(-300..300).boxed(), Just(-30_000_000..30_000_000).boxed(),];
    (values, prop::sample::select(vec![0.001, 0.2, 0.999]))
        .prop_flat_map(move |(values, nulls)| prop::collection::vec(prop::option::weighted(1.0 - nulls, values), rows))
}

fn cases() -> impl Strategy<Value = Case> {
    (0usize..1500, 0usize..4, 1usize..4).prop_flat_map(|(rows, keys, inputs)| {
        (
            prop::collection::vec((key_types(), seeds(rows)), keys),
            prop::collection::vec((prop::sample::select(funcs()), input_types(), seeds(rows)), inputs),
            prop::option::of((-400i128..400, 0i128..500)),
            prop::collection::vec((0..rows + 1, any::<bool>()), 0..5),
            any::<bool>(),
        )
            .prop_map(move |(keys, mut inputs, range, mut cuts, encodes)| {
                inputs.retain(|(func, dtype, _)| func.dtype(&vec![dtype.clone(); func.inputs()]).is_ok());
                cuts.sort();
                Case { keys, inputs, range, rows, cuts, encodes }
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_reference(case in cases()) {
        let got = case.run();
        let expected = case.expected();
        if case.keys.is_empty() && case.rows == 0 {
            prop_assert_eq!(got.num_rows(), 1);
            return Ok(());
        }
        prop_assert_eq!(got.num_rows(), expected.len());
        prop_assert_eq!(got.schema(), case.spec().schema());
        for (at, column) in got.columns().iter().enumerate() {
            for (row, value) in values(column).iter().enumerate() {
                let expected = &expected[row][at];
                prop_assert!(is_same(value, expected), "column {} row {}: {:?} for {:?}", at, row, value, expected);
            }
        }
    }

    #[test]
    fn drained_states_are_merged_states(case in cases(), rows in 1usize..300) {
        let merged = format!("{:?}", case.run());
        prop_assert_eq!(&format!("{:?}", case.drained(None).0), &merged);
        prop_assert_eq!(&format!("{:?}", case.drained(Some(rows)).0), &merged);
        let all = case.states().into_iter().reduce(|mut all, later| {
            all.merge(later).unwrap();
            all
        });
        let unsorted = all.unwrap().finish_unsorted().unwrap();
        prop_assert_eq!(format!("{:?}", case.drained(None).1), format!("{unsorted:?}"));
    }

    #[test]
    fn repeats_bit_for_bit(case in cases()) {
        let (a, b) = (case.run(), case.run());
        prop_assert_eq!(format!("{a:?}"), format!("{b:?}"));
    }
}
