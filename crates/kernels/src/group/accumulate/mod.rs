//! Accumulators: one per aggregate, one entry per group.

mod by_group;
mod co_moments;
mod count;
mod custom;
mod distinct;
mod edge;
mod extreme;
mod list;
mod mode;
mod moments;
mod product;
mod quantile;
mod slots;
mod sum;
mod text;
mod top_k;
mod totals;

use std::any::Any;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::*;
use blockfold_core::{AggFunc, DType, Error, Interpolation, Result};

use self::co_moments::CoMoments;
use self::count::{Count, Len};
use self::custom::Custom;
use self::distinct::NUnique;
use self::edge::Edge;
use self::extreme::Extreme;
use self::list::List;
use self::mode::Mode;
use self::moments::Moments;
use self::product::{Exact, Product};
use self::quantile::Quantile;
pub(super) use self::slots::Slots;
use self::sum::{Mean, Sum};
use self::text::{Nothing, TextEdge, TextExtreme};
use self::top_k::TopK;
use self::totals::{FloatTotal, IntTotal};
use super::fixed::with_fixed;
use super::spec::AggSpec;
use blockfold_core::expr::plain_type;

/// Rows of a batch with their groups.
pub(super) struct Batch<'a> {
    /// Group of each row.
    pub(super) rows: &'a [u32],
    /// Number of groups so far, those of this batch included.
    pub(super) groups: usize,
    /// Rows of this batch in each group, when there are few groups.
    pub(super) counts: Option<&'a [u32]>,
    /// Whether all rows are one group because there are no keys.
    pub(super) is_whole: bool,
}

/// Aggregates of every group. Entries are made for groups as batches bring them; a group that has no entry had
/// no rows.
pub(super) trait Accumulator: Any + Send {
    /// Takes a batch in.
    fn update(&mut self, batch: &Batch<'_>, inputs: &[ArrayRef]) -> Result<()>;
    /// Types of the columns that [`Accumulator::state`] makes.
    fn state_types(&self) -> Vec<DType>;
    /// The entries of the first `groups` groups as columns, one row each, for [`Accumulator::absorb`].
    fn state(self: Box<Self>, groups: usize) -> Result<Vec<ArrayRef>>;
    /// Takes entries of the rows after ours in.
    fn absorb(&mut self, states: &States<'_>) -> Result<()>;
    /// Takes an accumulator of the rows after ours in; its group `g` is our `mapping[g]`, and there are `groups` of
    /// ours then. The same as to absorb its state, for those that know a shorter way.
    fn merge(&mut self, later: Box<dyn Accumulator>, mapping: &[u32], groups: usize) -> Result<()> {
        let columns = later.state(mapping.len())?;
        self.absorb(&States { columns: &columns, rows: mapping, groups })
    }
    /// Bytes held.
    fn bytes(&self) -> u64;
    /// The results of groups.
    fn finish(self: Box<Self>, order: &[u32]) -> Result<ArrayRef>;
    /// Whether [`Batch::counts`] would save it work.
    fn wants_counts(&self) -> bool {
        false
    }
}

/// Entries of groups as columns. A group may have several rows, the earlier first.
pub(super) struct States<'a> {
    /// The columns that [`Accumulator::state`] made.
    pub(super) columns: &'a [ArrayRef],
    /// Our group of each row; new groups are numbered in the order of their first rows.
    pub(super) rows: &'a [u32],
    /// Number of our groups, those of these rows included.
    pub(super) groups: usize,
}

impl States<'_> {
    pub(super) fn array(&self, at: usize) -> Result<&ArrayRef> {
        self.columns.get(at).ok_or_else(other_spec)
    }

    pub(super) fn column<T: ArrowPrimitiveType>(&self, at: usize) -> Result<&PrimitiveArray<T>> {
        self.array(at)?.as_primitive_opt().ok_or_else(other_spec)
    }
}

fn other_spec() -> Error {
    Error::internal("states of different specs were merged")
}

/// An accumulator as what it is, to merge it with one of its own kind.
pub(super) fn same_kind<A: Accumulator>(other: Box<dyn Accumulator>) -> Result<Box<A>> {
    let other: Box<dyn Any> = other;
    other.downcast().map_err(|_| other_spec())
}

/// The input of an aggregate that has one.
pub(super) fn required(inputs: &[ArrayRef]) -> Result<&ArrayRef> {
    inputs.first().ok_or_else(|| Error::internal("an aggregate got no input"))
}

/// An entry of a group, its default when the group has none.
#[inline]
pub(super) fn entry<N: Copy + Default>(entries: &[N], group: u32) -> N {
    entries.get(group as usize).copied().unwrap_or_default()
}

/// The accumulator of an aggregate.
///
/// # Errors
/// [`Error::Type`] when the aggregate does not take the input's type, [`Error::Unsupported`] when nobody wrote it.
pub(super) fn accumulator(spec: &AggSpec) -> Result<Box<dyn Accumulator>> {
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

/// The type in which values of fixed width are held: a Boolean is a byte on its way through.
fn carrier(dtype: &DType) -> DType {
    if *dtype == DType::Boolean { DType::UInt8 } else { dtype.clone() }
}

fn unsupported(spec: &AggSpec) -> Error {
    Error::Unsupported {
        what: format!("{} of {}", spec.label(), spec.inputs.first().unwrap_or(&DType::Null)),
        instead: "cast the column to a type such as Float64 or Int64".into(),
    }
}
