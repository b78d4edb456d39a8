//! The accumulator of each aggregate and type.

use arrow::datatypes::*;
use blockfold_core::expr::plain_type;
use blockfold_core::{AggFunc, DType, Error, Interpolation, Result};

use super::co_moments::CoMoments;
use super::count::{Count, Len};
use super::custom::Custom;
use super::distinct::NUnique;
use super::edge::Edge;
use super::extreme::Extreme;
use super::list::List;
use super::mode::Mode;
use super::moments::Moments;
use super::product::{Exact, Product};
use super::quantile::Quantile;
use super::sum::{Mean, Sum};
use super::text::{Nothing, TextEdge, TextExtreme};
use super::top_k::TopK;
use super::totals::{FloatTotal, IntTotal};
use super::{Accumulator, carrier};
use crate::group::fixed::with_fixed;
use crate::group::spec::AggSpec;

/// The accumulator of an aggregate.
///
/// # Errors
/// [`Error::Type`] when the aggregate does not take the input's type, [`Error::Unsupported`] when nobody wrote it.
pub(in crate::group) fn accumulator(spec: &AggSpec) -> Result<Box<dyn Accumulator>> {
    let result = spec.dtype()?;
    let input = spec.inputs.first().map_or(DType::Null, plain_type);
    match &spec.func {
        AggFunc::Len => Ok(Box::new(Len::default())),
        AggFunc::Count => Ok(Box::new(Count::default())),
        AggFunc::NullCount => Ok(Box::new(Count::of_nulls())),
        AggFunc::Any => Ok(Box::new(Extreme::<UInt8Type, true>::new(result).or(0))),
        AggFunc::All => Ok(Box::new(Extreme::<UInt8Type, false>::new(result).or(1))),
        AggFunc::Product => product(spec, &input, result),
        AggFunc::Median => quantile(spec, 0.5, Interpolation::Linear, &input),
        AggFunc::Quantile { q, interpolation } => quantile(spec, q.get(), *interpolation, &input),
        AggFunc::Mode => Ok(Box::new(Mode::new(&spec.name, &input)?)),
        AggFunc::List => Ok(Box::new(List::new(&input))),
        AggFunc::TopK { k, descending } => top_k(spec, *k, *descending, &input),
        AggFunc::Custom(agg) => Ok(Box::new(Custom::new(agg.clone(), spec.inputs.iter().map(plain_type).collect()))),
        AggFunc::Corr => Ok(Box::new(CoMoments::correlation())),
        AggFunc::Cov { ddof } => Ok(Box::new(CoMoments::covariance(*ddof))),
        AggFunc::NUnique => Ok(Box::new(NUnique::new(&spec.name, &input)?)),
        AggFunc::Sum => sum(spec, &input, result),
        AggFunc::Mean => mean(spec, &input),
        AggFunc::Std { ddof } => moments(spec, &input, *ddof, true),
        AggFunc::Var { ddof } => moments(spec, &input, *ddof, false),
        AggFunc::Min | AggFunc::Max | AggFunc::First | AggFunc::Last => one_value(spec, result),
    }
}

macro_rules! with_number {
    ($dtype:expr, $float:ident($F:ident) => $float_body:expr, $signed:ident($S:ident) => $signed_body:expr,
     $unsigned:ident($U:ident) => $unsigned_body:expr, _ => $other:expr) => {
        match $dtype {
            DType::Float64 => {
                type $F = Float64Type;
                $float_body
            }
            DType::Float32 => {
                type $F = Float32Type;
                $float_body
            }
            DType::Int8 => {
                type $S = Int8Type;
                $signed_body
            }
            DType::Int16 => {
                type $S = Int16Type;
                $signed_body
            }
            DType::Int32 => {
                type $S = Int32Type;
                $signed_body
            }
            DType::Int64 => {
                type $S = Int64Type;
                $signed_body
            }
            DType::UInt8 | DType::Boolean => {
                type $U = UInt8Type;
                $unsigned_body
            }
            DType::UInt16 => {
                type $U = UInt16Type;
                $unsigned_body
            }
            DType::UInt32 => {
                type $U = UInt32Type;
                $unsigned_body
            }
            DType::UInt64 => {
                type $U = UInt64Type;
                $unsigned_body
            }
            _ => $other,
        }
    };
}

fn sum(spec: &AggSpec, input: &DType, result: DType) -> Result<Box<dyn Accumulator>> {
    let label = spec.label();
    Ok(with_number!(input,
        float(T) => Box::new(Sum::<T, FloatTotal>::new(label, result)),
        signed(T) => Box::new(Sum::<T, IntTotal<i64>>::new(label, result)),
        unsigned(T) => Box::new(Sum::<T, IntTotal<u64>>::new(label, result)),
        _ => match input {
            DType::Duration(TimeUnit::Second) => Box::new(Sum::<DurationSecondType, IntTotal<i64>>::new(label, result)),
            DType::Duration(TimeUnit::Millisecond) => Box::new(Sum::<DurationMillisecondType, IntTotal<i64>>::new(label, result)),
            DType::Duration(TimeUnit::Microsecond) => Box::new(Sum::<DurationMicrosecondType, IntTotal<i64>>::new(label, result)),
            DType::Duration(TimeUnit::Nanosecond) => Box::new(Sum::<DurationNanosecondType, IntTotal<i64>>::new(label, result)),
            _ => return Err(unsupported(spec)),
        }
    ))
}

fn product(spec: &AggSpec, input: &DType, result: DType) -> Result<Box<dyn Accumulator>> {
    let label = spec.label();
    Ok(with_number!(input,
        float(T) => Box::new(Product::<T, f64>::new(label, result)),
        signed(T) => Box::new(Product::<T, Exact>::new(label, result)),
        unsigned(T) => Box::new(Product::<T, Exact>::new(label, result)),
        _ => return Err(unsupported(spec))
    ))
}

fn quantile(spec: &AggSpec, q: f64, between: Interpolation, input: &DType) -> Result<Box<dyn Accumulator>> {
    Ok(with_fixed!(input, T => Box::new(Quantile::<T>::new(q, between, input.clone())), _ => {
        return Err(unsupported(spec));
    }))
}

fn top_k(spec: &AggSpec, k: usize, descending: bool, input: &DType) -> Result<Box<dyn Accumulator>> {
    Ok(with_fixed!(&carrier(input), T => Box::new(TopK::<T>::new(k, descending, input.clone())), _ => {
        return Err(unsupported(spec));
    }))
}

fn mean(spec: &AggSpec, input: &DType) -> Result<Box<dyn Accumulator>> {
    Ok(with_number!(input,
        float(T) => Box::new(Mean::<T, FloatTotal>::default()),
        signed(T) => Box::new(Mean::<T, IntTotal<i64>>::default()),
        unsigned(T) => Box::new(Mean::<T, IntTotal<u64>>::default()),
        _ => return Err(unsupported(spec))
    ))
}

fn moments(spec: &AggSpec, input: &DType, ddof: u8, is_std: bool) -> Result<Box<dyn Accumulator>> {
    Ok(with_number!(input,
        float(T) => Box::new(Moments::<T>::new(ddof, is_std)),
        signed(T) => Box::new(Moments::<T>::new(ddof, is_std)),
        unsigned(T) => Box::new(Moments::<T>::new(ddof, is_std)),
        _ => return Err(unsupported(spec))
    ))
}

/// Accumulators whose result is one of the values.
fn one_value(spec: &AggSpec, dtype: DType) -> Result<Box<dyn Accumulator>> {
    let func = &spec.func;
    if dtype == DType::Null {
        return Ok(Box::new(Nothing));
    }
    if dtype.is_string() {
        return Ok(match func {
            AggFunc::Min | AggFunc::Max => Box::new(TextExtreme::new(&spec.name, dtype, *func == AggFunc::Max)),
            _ => Box::new(TextEdge::new(&spec.name, dtype, *func == AggFunc::Last)),
        });
    }
    Ok(with_fixed!(&carrier(&dtype), T => match func {
        AggFunc::Min => Box::new(Extreme::<T, false>::new(dtype)),
        AggFunc::Max => Box::new(Extreme::<T, true>::new(dtype)),
        _ => Box::new(Edge::<T>::new(dtype, *func == AggFunc::Last)),
    }, _ => return Err(unsupported(spec))))
}

fn unsupported(spec: &AggSpec) -> Error {
    Error::Unsupported {
        what: format!("{} of {}", spec.label(), spec.inputs.first().unwrap_or(&DType::Null)),
        instead: "cast the column to a type such as Float64 or Int64".into(),
    }
}
