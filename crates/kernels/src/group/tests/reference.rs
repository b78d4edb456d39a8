//! Aggregates by the book, one group at a time.

use std::collections::BTreeMap;

use blockfold_core::AggFunc;

/// A value that tests use, in the order of keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Int(i128),
    Float(f64),
    Text(String),
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
            Value::Null => (4, 0, String::new()),
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

/// Keys with aggregates, sorted by key.
pub(super) fn aggregate(keys: &[Vec<Value>], inputs: &[(AggFunc, Vec<Value>)], rows: usize) -> Vec<Vec<Value>> {
    let mut groups: BTreeMap<Vec<(u8, i128, String)>, Vec<usize>> = BTreeMap::new();
    for row in 0..rows {
        groups.entry(keys.iter().map(|key| key[row].rank()).collect()).or_default().push(row);
    }
    let result = groups.values().map(|rows| {
        let keys = keys.iter().map(|key| key[rows[0]].clone());
        let aggs = inputs.iter().map(|(func, input)| {
            let values: Vec<Value> = rows.iter().map(|row| input[*row].clone()).collect();
            one(*func, &values)
        });
        keys.chain(aggs).collect()
    });
    result.collect()
}

fn one(func: AggFunc, rows: &[Value]) -> Value {
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
            if values.len() <= usize::from(ddof) {
                return Value::Null;
            }
            let mean = mean();
            let squares: f64 = values.iter().map(|value| (value.float() - mean).powi(2)).sum();
            let variance = squares / (values.len() - usize::from(ddof)) as f64;
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
    }
}
