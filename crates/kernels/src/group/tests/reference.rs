//! Aggregates by the book, one group at a time.

use std::collections::BTreeMap;

use blockfold_core::{AggFunc, DType, Interpolation};

/// A value that tests use, in the order of keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    Null,
}

impl Value {
    pub(super) fn rank(&self) -> (u8, i128, String) {
        match self {
            Value::Int(value) => (0, *value, String::new()),
            Value::Float(value) if value.is_nan() => (2, 0, String::new()),
            Value::Float(value) => {
                let bits = (value + 0.0).to_bits().cast_signed();
                (1, i128::from(if bits < 0 { i64::MIN - bits } else { bits }), String::new())
            }
            Value::Text(text) => (3, 0, text.clone()),
            Value::List(_) | Value::Null => (4, 0, String::new()),
        }
    }

    fn float(&self) -> f64 {
        match self {
            Value::Int(value) => *value as f64,
            Value::Float(value) => *value,
            _ => f64::NAN,
        }
    }
}

/// An aggregate, the type of its inputs, and their values.
pub(super) type Input = (AggFunc, DType, Vec<Vec<Value>>);

/// Keys with aggregates, sorted by key.
pub(super) fn aggregate(keys: &[Vec<Value>], inputs: &[Input], rows: usize) -> Vec<Vec<Value>> {
    let mut groups: BTreeMap<Vec<(u8, i128, String)>, Vec<usize>> = BTreeMap::new();
    for row in 0..rows {
        groups.entry(keys.iter().map(|key| key[row].rank()).collect()).or_default().push(row);
    }
    let result = groups.values().map(|rows| {
        let keys = keys.iter().map(|key| key[rows[0]].clone());
        let aggs = inputs.iter().map(|(func, dtype, inputs)| {
            let of = |input: &Vec<Value>| rows.iter().map(|row| input[*row].clone()).collect();
            let values: Vec<Vec<Value>> = inputs.iter().map(of).collect();
            match values.as_slice() {
                [] => Value::Int(rows.len() as i128),
                [values] => one(func, dtype, values),
                [x, y, ..] => correlation(x, y),
            }
        });
        keys.chain(aggs).collect()
    });
    result.collect()
}

fn one(func: &AggFunc, dtype: &DType, rows: &[Value]) -> Value {
    let values: Vec<&Value> = rows.iter().filter(|value| **value != Value::Null).collect();
    let numbers = || values.iter().filter(|value| !matches!(value, Value::Float(x) if x.is_nan())).copied();
    let best = |best: Option<&Value>| best.or(values.first().copied()).cloned().unwrap_or(Value::Null);
    let mean = || values.iter().map(|value| value.float()).sum::<f64>() / values.len() as f64;
    match func {
        AggFunc::Sum if values.iter().any(|value| matches!(value, Value::Float(_))) => {
            Value::Float(values.iter().map(|value| value.float()).sum())
        }
        AggFunc::Sum => Value::Int(values.iter().map(|value| if let Value::Int(x) = value { *x } else { 0 }).sum()),
        AggFunc::Mean if values.is_empty() => Value::Null,
        AggFunc::Mean => Value::Float(mean()),
        AggFunc::Min => best(numbers().min_by_key(|value| value.rank())),
        AggFunc::Max => best(numbers().max_by_key(|value| value.rank())),
        AggFunc::Count => Value::Int(values.len() as i128),
        AggFunc::Len => Value::Int(rows.len() as i128),
        AggFunc::Std { ddof } | AggFunc::Var { ddof } => {
            if values.len() <= usize::from(*ddof) {
                return Value::Null;
            }
            let mean = mean();
            let squares: f64 = values.iter().map(|value| (value.float() - mean).powi(2)).sum();
            let variance = squares / (values.len() - usize::from(*ddof)) as f64;
            Value::Float(if matches!(func, AggFunc::Std { .. }) { variance.sqrt() } else { variance })
        }
        AggFunc::First => rows[0].clone(),
        AggFunc::Last => rows[rows.len() - 1].clone(),
        AggFunc::NUnique => {
            let mut ranks: Vec<_> = values.iter().map(|value| value.rank()).collect();
            ranks.sort();
            ranks.dedup();
            Value::Int(ranks.len() as i128)
        }
        AggFunc::NullCount => Value::Int((rows.len() - values.len()) as i128),
        AggFunc::Any => Value::Int(i128::from(values.iter().any(|value| **value == Value::Int(1)))),
        AggFunc::All => Value::Int(i128::from(values.iter().all(|value| **value == Value::Int(1)))),
        AggFunc::List => Value::List(rows.to_vec()),
        AggFunc::Median => quantile(&sorted(&values), 0.5, Interpolation::Linear, dtype.is_numeric()),
        AggFunc::Quantile { q, interpolation } => {
            quantile(&sorted(&values), q.get(), *interpolation, dtype.is_numeric())
        }
        AggFunc::Mode => mode(&sorted(&values)),
        AggFunc::TopK { k, descending } => {
            let mut best = sorted(&values);
            best.retain(|value| !matches!(value, Value::Float(x) if x.is_nan()));
            if *descending {
                best.reverse();
            }
            best.resize(values.len(), Value::Float(f64::NAN));
            best.truncate(*k);
            Value::List(best)
        }
        AggFunc::Product | AggFunc::Corr | AggFunc::Cov { .. } | AggFunc::Custom(_) => {
            unreachable!("has tests of its own")
        }
    }
}

fn sorted(values: &[&Value]) -> Vec<Value> {
    let mut sorted: Vec<Value> = values.iter().copied().cloned().collect();
    sorted.sort_by_key(Value::rank);
    sorted
}

fn mode(sorted: &[Value]) -> Value {
    let runs = sorted.chunk_by(|a, b| a.rank() == b.rank());
    runs.rev().max_by_key(|run| run.len()).map_or(Value::Null, |run| run[0].clone())
}

fn quantile(sorted: &[Value], q: f64, interpolation: Interpolation, is_number: bool) -> Value {
    if sorted.is_empty() {
        return Value::Null;
    }
    let rank = q * (sorted.len() - 1) as f64;
    let (low, high) = (&sorted[rank.floor() as usize], &sorted[rank.ceil() as usize]);
    let share = match interpolation {
        Interpolation::Linear => rank.fract(),
        Interpolation::Lower => 0.0,
        Interpolation::Higher => rank.fract().ceil(),
        Interpolation::Nearest => rank.round_ties_even() - rank.floor(),
        Interpolation::Midpoint => rank.fract().ceil() / 2.0,
    };
    match (low, high) {
        _ if share == 0.0 && is_number => Value::Float(low.float()),
        _ if share == 1.0 && is_number => Value::Float(high.float()),
        (Value::Int(low), Value::Int(high)) if !is_number => {
            let gap = (high - low) as f64;
            let step = if share < 0.5 { gap * share } else { gap - gap * (1.0 - share) };
            Value::Int(low + step.floor() as i128)
        }
        (low, high) => Value::Float(low.float() + (high.float() - low.float()) * share),
    }
}

fn correlation(x: &[Value], y: &[Value]) -> Value {
    let pairs = x.iter().zip(y).filter(|(x, y)| **x != Value::Null && **y != Value::Null);
    let pairs: Vec<(f64, f64)> = pairs.map(|(x, y)| (x.float(), y.float())).collect();
    if pairs.len() < 2 {
        return Value::Null;
    }
    let count = pairs.len() as f64;
    let mean_x = pairs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = pairs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let sum = |term: fn(f64, f64) -> f64| pairs.iter().map(|(x, y)| term(x - mean_x, y - mean_y)).sum::<f64>();
    Value::Float(sum(|x, y| x * y) / (sum(|x, _| x * x).sqrt() * sum(|_, y| y * y).sqrt()))
}
