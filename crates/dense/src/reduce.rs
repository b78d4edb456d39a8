//! Reductions over axes: tiles are folded into a state, states of the same elements are merged.
//!
//! Sums go in eight lanes along rows; mean and variance are (n, mean, M2), taken in two passes over a tile that is still
//! in the cache and merged after Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
//! variances" (1979). Which tiles there are, and in which order they come, is the caller's to fix: the result depends on it.

mod loops;
mod numbers;
mod rows;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, UInt64Array};
use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};
use blockfold_core::region::Region;
use blockfold_core::tensor::{Tensor, Tile, complex_part, type_name};
use blockfold_core::{DType, Error, Result};

pub use numbers::floats;

use loops::{
    add_row, add_squares, are_equal_floats, beats, float_beats, greatest, join_floats, join_integers, join_naturals,
    known_max, known_min, least, max_row, min_row, square_row, sum_row,
};
use numbers::{integers, naturals, nonzero, of_floats, of_integers, of_naturals};
use rows::Rows;

/// What becomes of the elements along the reduced axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reduction {
    /// Their sum; 0 of none.
    Sum,
    /// Their product; 1 of none.
    Prod,
    /// Their mean; NaN of none.
    Mean,
    /// Their variance, its divisor `n - ddof`.
    Var {
        /// Degrees of freedom that are taken off.
        ddof: u32,
    },
    /// Their standard deviation, the divisor of its square `n - ddof`.
    Std {
        /// Degrees of freedom that are taken off.
        ddof: u32,
    },
    /// The least one; NaN if there is one.
    Min,
    /// The greatest one; NaN if there is one.
    Max,
    /// Where the least one is first.
    ArgMin,
    /// Where the greatest one is first.
    ArgMax,
    /// Whether one is not zero.
    Any,
    /// Whether none is zero.
    All,
    /// How many are not zero.
    CountNonzero,
    /// The square root of the sum of their squares.
    Norm,
}

impl Reduction {
    /// The name that users type.
    pub fn name(&self) -> &'static str {
        match self {
            Reduction::Sum => "sum",
            Reduction::Prod => "prod",
            Reduction::Mean => "mean",
            Reduction::Var { .. } => "var",
            Reduction::Std { .. } => "std",
            Reduction::Min => "min",
            Reduction::Max => "max",
            Reduction::ArgMin => "argmin",
            Reduction::ArgMax => "argmax",
            Reduction::Any => "any",
            Reduction::All => "all",
            Reduction::CountNonzero => "count_nonzero",
            Reduction::Norm => "norm",
        }
    }
}

/// A reduction of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// What becomes of the elements.
    pub reduction: Reduction,
    /// Whether NaN is left out.
    pub skip_nan: bool,
    /// Which axes are reduced.
    pub reduced: Vec<bool>,
    /// Type of the elements.
    pub dtype: DType,
    /// Length of the array along each axis.
    pub shape: Vec<u64>,
}

/// The type in which elements are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Float,
    Int,
    UInt,
}

impl Spec {
    /// # Errors
    /// A reduction that has no value over no elements, asked of an axis without any; one that the type does not have.
    pub fn check(&self) -> Result<()> {
        use Reduction::*;
        let name = self.reduction.name();
        if complex_part(&self.dtype).is_some() {
            let expected = "real numbers; take real, imag or abs of the array".into();
            return Err(Error::Type { op: name.into(), expected, got: type_name(&self.dtype) });
        }
        let is_empty = self.shape.iter().zip(&self.reduced).any(|(length, reduced)| *reduced && *length == 0);
        if is_empty && matches!(self.reduction, Min | Max | ArgMin | ArgMax) {
            let what =
                format!("an array of shape {:?} has no elements along a reduced axis, and so no {name}", self.shape);
            return Err(Error::argument(name, what));
        }
        let reduced = self.reduced.iter().filter(|reduced| **reduced).count();
        if matches!(self.reduction, ArgMin | ArgMax) && reduced != 1 && reduced != self.reduced.len() {
            return Err(Error::argument(name, "takes one axis, or all of them"));
        }
        Ok(())
    }

    /// Type of the result, as in NumPy.
    pub fn output_type(&self) -> DType {
        use Reduction::*;
        let float = if self.dtype == DType::Float32 { DType::Float32 } else { DType::Float64 };
        match self.reduction {
            Sum | Prod => match self.class() {
                Class::Float => self.dtype.clone(),
                Class::Int => DType::Int64,
                Class::UInt => DType::UInt64,
            },
            Mean | Var { .. } | Std { .. } | Norm => float,
            Min | Max => self.dtype.clone(),
            ArgMin | ArgMax | CountNonzero => DType::Int64,
            Any | All => DType::Boolean,
        }
    }

    /// Lengths of the result, reduced axes kept with length 1.
    pub fn output_shape(&self) -> Vec<u64> {
        self.shape.iter().zip(&self.reduced).map(|(length, reduced)| if *reduced { 1 } else { *length }).collect()
    }

    /// The elements of the result that a box of the input goes into.
    pub fn output_region(&self, region: &Region) -> Region {
        let mut output = region.clone();
        for (axis, reduced) in self.reduced.iter().enumerate().filter(|(_, reduced)| **reduced) {
            let _ = reduced;
            (output.start[axis], output.shape[axis]) = (0, 1);
        }
        output
    }

    /// Bytes of a state for each element of the result.
    pub fn state_bytes(&self) -> u64 {
        match self.reduction {
            Reduction::Mean | Reduction::Var { .. } | Reduction::Std { .. } => 24,
            Reduction::ArgMin | Reduction::ArgMax => 16,
            _ => 8,
        }
    }

    fn class(&self) -> Class {
        match &self.dtype {
            DType::Float32 | DType::Float64 => Class::Float,
            dtype if dtype.is_unsigned_integer() => Class::UInt,
            _ => Class::Int,
        }
    }

    fn skips_nan(&self) -> bool {
        self.skip_nan && self.class() == Class::Float
    }

    /// How far apart elements along the axes count that a position is told along.
    fn place_strides(&self) -> Vec<u64> {
        let mut strides = vec![0; self.shape.len()];
        let is_flat = self.reduced.iter().all(|reduced| *reduced);
        let mut stride = 1u64;
        for axis in (0..self.shape.len()).rev() {
            if self.reduced[axis] {
                strides[axis] = stride;
                stride = if is_flat { stride.saturating_mul(self.shape[axis]) } else { stride };
            }
        }
        strides
    }
}

/// A reduction in the making: a value for each element of a box of the result.
#[derive(Clone, Debug)]
pub struct State {
    spec: Spec,
    region: Region,
    values: Values,
}

#[derive(Clone, Debug)]
enum Values {
    Float(Vec<f64>),
    Int(Vec<i64>),
    UInt(Vec<u64>),
    Moments(Moments),
    FloatPlace(Vec<f64>, Vec<u64>),
    IntPlace(Vec<i64>, Vec<u64>),
    UIntPlace(Vec<u64>, Vec<u64>),
}

#[derive(Clone, Debug)]
struct Moments {
    n: Vec<f64>,
    mean: Vec<f64>,
    m2: Vec<f64>,
}

/// No element yet.
const NOWHERE: u64 = u64::MAX;

impl State {
    /// Nothing folded yet into a box of the result.
    pub fn new(spec: &Spec, region: Region) -> Self {
        let n = region.elements();
        let (float, int, uint) = (
            |value| Values::Float(vec![value; n]),
            |value| Values::Int(vec![value; n]),
            |value| Values::UInt(vec![value; n]),
        );
        let class = spec.class();
        let values = match (spec.reduction, class) {
            (Reduction::Mean | Reduction::Var { .. } | Reduction::Std { .. }, _) => {
                Values::Moments(Moments { n: vec![0.0; n], mean: vec![0.0; n], m2: vec![0.0; n] })
            }
            (Reduction::ArgMin | Reduction::ArgMax, Class::Float) => Values::FloatPlace(vec![0.0; n], vec![NOWHERE; n]),
            (Reduction::ArgMin | Reduction::ArgMax, Class::Int) => Values::IntPlace(vec![0; n], vec![NOWHERE; n]),
            (Reduction::ArgMin | Reduction::ArgMax, Class::UInt) => Values::UIntPlace(vec![0; n], vec![NOWHERE; n]),
            (Reduction::Any | Reduction::CountNonzero, _) => uint(0),
            (Reduction::All, _) => uint(1),
            (Reduction::Norm, _) => float(0.0),
            (Reduction::Sum, Class::Float) => float(0.0),
            (Reduction::Sum, Class::Int) => int(0),
            (Reduction::Sum, Class::UInt) => uint(0),
            (Reduction::Prod, Class::Float) => float(1.0),
            (Reduction::Prod, Class::Int) => int(1),
            (Reduction::Prod, Class::UInt) => uint(1),
            (Reduction::Min | Reduction::Max, Class::Float) if spec.skip_nan => float(f64::NAN),
            (Reduction::Min, Class::Float) => float(f64::INFINITY),
            (Reduction::Max, Class::Float) => float(f64::NEG_INFINITY),
            (Reduction::Min, Class::Int) => int(i64::MAX),
            (Reduction::Max, Class::Int) => int(i64::MIN),
            (Reduction::Min, Class::UInt) => uint(u64::MAX),
            (Reduction::Max, Class::UInt) => uint(0),
        };
        State { spec: spec.clone(), region, values }
    }

    /// The values as columns, to cross to another process.
    pub fn to_columns(&self) -> Vec<ArrayRef> {
        let floats = |values: &Vec<f64>| Arc::new(Float64Array::from(values.clone())) as ArrayRef;
        let integers = |values: &Vec<i64>| Arc::new(Int64Array::from(values.clone())) as ArrayRef;
        let naturals = |values: &Vec<u64>| Arc::new(UInt64Array::from(values.clone())) as ArrayRef;
        match &self.values {
            Values::Float(values) => vec![floats(values)],
            Values::Int(values) => vec![integers(values)],
            Values::UInt(values) => vec![naturals(values)],
            Values::Moments(moments) => vec![floats(&moments.n), floats(&moments.mean), floats(&moments.m2)],
            Values::FloatPlace(values, places) => vec![floats(values), naturals(places)],
            Values::IntPlace(values, places) => vec![integers(values), naturals(places)],
            Values::UIntPlace(values, places) => vec![naturals(values), naturals(places)],
        }
    }

    /// The state of which [`State::to_columns`] gave these.
    ///
    /// # Errors
    /// Columns of another state.
    pub fn from_columns(spec: &Spec, region: Region, columns: &[ArrayRef]) -> Result<Self> {
        let mut state = State::new(spec, region);
        let elements = state.region.elements();
        let wrong = || Error::internal("columns of another state");
        let column = |at: usize| columns.get(at).filter(|column| column.len() == elements).ok_or_else(wrong);
        let floats =
            |at| Ok::<_, Error>(column(at)?.as_primitive_opt::<Float64Type>().ok_or_else(wrong)?.values().to_vec());
        let integers =
            |at| Ok::<_, Error>(column(at)?.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?.values().to_vec());
        let naturals =
            |at| Ok::<_, Error>(column(at)?.as_primitive_opt::<UInt64Type>().ok_or_else(wrong)?.values().to_vec());
        match &mut state.values {
            Values::Float(values) => *values = floats(0)?,
            Values::Int(values) => *values = integers(0)?,
            Values::UInt(values) => *values = naturals(0)?,
            Values::Moments(moments) => *moments = Moments { n: floats(0)?, mean: floats(1)?, m2: floats(2)? },
            Values::FloatPlace(values, places) => (*values, *places) = (floats(0)?, naturals(1)?),
            Values::IntPlace(values, places) => (*values, *places) = (integers(0)?, naturals(1)?),
            Values::UIntPlace(values, places) => (*values, *places) = (naturals(0)?, naturals(1)?),
        }
        Ok(state)
    }

    /// The box of the result.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.region.elements() as u64 * self.spec.state_bytes()
    }

    /// Takes in a box of the input whose elements go into this box of the result.
    ///
    /// # Errors
    /// A box of another type, or whose elements go elsewhere.
    pub fn fold(&mut self, tile: &Tile) -> Result<()> {
        if tile.values.elements() == 0 {
            return Ok(());
        }
        let output = self.spec.output_region(&tile.region);
        if output.intersection(&self.region).as_ref() != Some(&output) {
            return Err(Error::internal(format!("a tile {} folded into {}", tile.region, self.region)));
        }
        let rows = Rows::new(&self.spec, &tile.region, &output, &self.region);
        match self.spec.reduction {
            Reduction::Any | Reduction::All | Reduction::CountNonzero => {
                let flags = nonzero(&tile.values)?;
                let reduction = self.spec.reduction;
                let Values::UInt(values) = &mut self.values else {
                    return Err(Error::internal("a state of another kind"));
                };
                rows.each(&mut |row| {
                    let flags = &flags[row.start..row.start + row.len];
                    let update = |value: &mut u64, flag: u64| match reduction {
                        Reduction::Any => *value |= flag,
                        Reduction::All => *value &= flag,
                        _ => *value += flag,
                    };
                    if row.is_reduced {
                        let count: u64 = flags.iter().map(|flag| u64::from(*flag)).sum();
                        let flag = match reduction {
                            Reduction::Any => u64::from(count > 0),
                            Reduction::All => u64::from(count == row.len as u64),
                            _ => count,
                        };
                        update(&mut values[row.output], flag);
                    } else {
                        values[row.output..]
                            .iter_mut()
                            .zip(flags)
                            .for_each(|(value, flag)| update(value, u64::from(*flag)));
                    }
                });
                Ok(())
            }
            Reduction::Mean | Reduction::Var { .. } | Reduction::Std { .. } => {
                let values = floats(&tile.values)?;
                let needs_m2 = self.spec.reduction != Reduction::Mean;
                let skips = self.spec.skips_nan();
                let Values::Moments(moments) = &mut self.values else {
                    return Err(Error::internal("a state of another kind"));
                };
                moments.fold(&values, &rows, &output, needs_m2, skips, &self.region);
                Ok(())
            }
            _ => self.fold_values(&tile.values, &rows),
        }
    }

    fn fold_values(&mut self, tile: &Tensor, rows: &Rows) -> Result<()> {
        let (reduction, skips) = (self.spec.reduction, self.spec.skips_nan());
        let is_min = reduction == Reduction::ArgMin;
        match &mut self.values {
            Values::Float(values) => {
                let tile = floats(tile)?;
                match reduction {
                    Reduction::Sum if skips => rows.fold(
                        values,
                        &tile,
                        |row| row.iter().filter(|x| !x.is_nan()).sum(),
                        |a, b| if b.is_nan() { a } else { a + b },
                        |a, b| a + b,
                    ),
                    Reduction::Sum => rows.fold_by(values, &tile, sum_row, add_row, |a, b| a + b),
                    Reduction::Norm if skips => rows.fold(
                        values,
                        &tile,
                        |row| row.iter().filter(|x| !x.is_nan()).map(|x| x * x).sum(),
                        |a, b| if b.is_nan() { a } else { a + b * b },
                        |a, b| a + b,
                    ),
                    Reduction::Norm => {
                        rows.fold(values, &tile, |row| square_row(row, 0.0), |a, b| a + b * b, |a, b| a + b)
                    }
                    Reduction::Prod if skips => rows.fold(
                        values,
                        &tile,
                        |row| row.iter().filter(|x| !x.is_nan()).product(),
                        |a, b| if b.is_nan() { a } else { a * b },
                        |a, b| a * b,
                    ),
                    Reduction::Prod => rows.fold(values, &tile, |row| row.iter().product(), |a, b| a * b, |a, b| a * b),
                    Reduction::Min if skips => rows.fold(
                        values,
                        &tile,
                        |row| row.iter().fold(f64::NAN, |a, b| known_min(a, *b)),
                        known_min,
                        known_min,
                    ),
                    Reduction::Max if skips => rows.fold(
                        values,
                        &tile,
                        |row| row.iter().fold(f64::NAN, |a, b| known_max(a, *b)),
                        known_max,
                        known_max,
                    ),
                    Reduction::Min => rows.fold(values, &tile, min_row, least, least),
                    _ => rows.fold(values, &tile, max_row, greatest, greatest),
                }
            }
            Values::Int(values) => {
                let tile = integers(tile)?;
                let f = join_integers(reduction);
                rows.fold(values, &tile, |row| row.iter().copied().reduce(f).unwrap_or(0), f, f);
            }
            Values::UInt(values) => {
                let tile = naturals(tile)?;
                let f = join_naturals(reduction);
                rows.fold(values, &tile, |row| row.iter().copied().reduce(f).unwrap_or(0), f, f);
            }
            Values::FloatPlace(values, places) => {
                let tile = floats(tile)?;
                rows.place(values, places, &tile, |x| !(skips && x.is_nan()), float_beats(is_min), are_equal_floats);
            }
            Values::IntPlace(values, places) => {
                rows.place(values, places, &integers(tile)?, |_| true, beats(is_min), |a, b| a == b);
            }
            Values::UIntPlace(values, places) => {
                rows.place(values, places, &naturals(tile)?, |_| true, beats(is_min), |a, b| a == b);
            }
            Values::Moments(_) => return Err(Error::internal("a state of another kind")),
        }
        Ok(())
    }

    /// Takes in what other tiles gave for the same box of the result.
    ///
    /// # Errors
    /// States of other boxes or reductions.
    pub fn merge(&mut self, other: &State) -> Result<()> {
        if self.region != other.region || self.spec != other.spec {
            return Err(Error::internal(format!("states of {} and {} merged", self.region, other.region)));
        }
        let (reduction, skips) = (self.spec.reduction, self.spec.skips_nan());
        let is_min = reduction == Reduction::ArgMin;
        match (&mut self.values, &other.values) {
            (Values::Float(a), Values::Float(b)) => {
                let f = join_floats(reduction, skips);
                a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b));
            }
            (Values::Int(a), Values::Int(b)) => {
                let f = join_integers(reduction);
                a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b));
            }
            (Values::UInt(a), Values::UInt(b)) => {
                let f = join_naturals(reduction);
                a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b));
            }
            (Values::Moments(a), Values::Moments(b)) => {
                for i in 0..a.n.len() {
                    a.add(i, b.n[i], b.mean[i], b.m2[i]);
                }
            }
            (Values::FloatPlace(a, at), Values::FloatPlace(b, bt)) => {
                merge_places((a, at), (b, bt), float_beats(is_min), are_equal_floats);
            }
            (Values::IntPlace(a, at), Values::IntPlace(b, bt)) => {
                merge_places((a, at), (b, bt), beats(is_min), |a, b| a == b);
            }
            (Values::UIntPlace(a, at), Values::UIntPlace(b, bt)) => {
                merge_places((a, at), (b, bt), beats(is_min), |a, b| a == b);
            }
            _ => return Err(Error::internal("states of other kinds merged")),
        }
        Ok(())
    }

    /// The state as that of another reduction that comes of the same: the mean, of what a deviation keeps.
    pub fn of_reduction(mut self, spec: &Spec) -> State {
        self.spec = spec.clone();
        self
    }

    /// The box of the result.
    ///
    /// # Errors
    /// A place of nothing: all elements are NaN and those are left out.
    pub fn finish(self) -> Result<Tensor> {
        let (shape, dtype) = (self.region.shape.clone(), self.spec.output_type());
        match self.values {
            Values::Float(mut values) => {
                if self.spec.reduction == Reduction::Norm {
                    values.iter_mut().for_each(|value| *value = value.sqrt());
                }
                of_floats(dtype, shape, values)
            }
            Values::Int(values) => of_integers(dtype, shape, values),
            Values::UInt(values) if dtype == DType::Boolean => Tensor::from_vec(
                dtype,
                shape,
                values.into_iter().map(|value| u8::from(value != 0)).collect::<Vec<u8>>(),
            ),
            Values::UInt(values) => of_naturals(dtype, shape, values),
            Values::Moments(moments) => {
                let of = |i: usize| {
                    let (n, mean, m2) = (moments.n[i], moments.mean[i], moments.m2[i]);
                    match self.spec.reduction {
                        Reduction::Mean if n == 0.0 => f64::NAN,
                        Reduction::Mean => mean,
                        Reduction::Var { ddof } => variance(n, m2, ddof),
                        Reduction::Std { ddof } => variance(n, m2, ddof).sqrt(),
                        _ => f64::NAN,
                    }
                };
                of_floats(dtype, shape, (0..moments.n.len()).map(of).collect())
            }
            Values::FloatPlace(_, places) | Values::IntPlace(_, places) | Values::UIntPlace(_, places) => {
                if places.contains(&NOWHERE) {
                    return Err(Error::argument(
                        self.spec.reduction.name(),
                        "all elements along an axis are NaN; there is no place to tell",
                    ));
                }
                of_naturals(dtype, shape, places)
            }
        }
    }
}

/// As NumPy: without enough elements not a number, or infinite where they differ.
fn variance(n: f64, m2: f64, ddof: u32) -> f64 {
    let divisor = (n - f64::from(ddof)).max(0.0);
    if n == 0.0 { f64::NAN } else { m2 / divisor }
}

impl Moments {
    fn add(&mut self, i: usize, n: f64, mean: f64, m2: f64) {
        if n == 0.0 {
            return;
        }
        let all = self.n[i] + n;
        let delta = mean - self.mean[i];
        if self.n[i] > 0.0 && !delta.is_finite() {
            // Infinite means add up as infinite sums do; around them nothing has a distance.
            (self.n[i], self.mean[i], self.m2[i]) = (all, self.mean[i] + mean, f64::NAN);
            return;
        }
        self.m2[i] += m2 + delta * delta * self.n[i] * (n / all);
        self.mean[i] += delta * (n / all);
        self.n[i] = all;
    }

    fn fold(&mut self, tile: &[f64], rows: &Rows, output: &Region, needs_m2: bool, skips: bool, region: &Region) {
        let outputs = output.elements();
        let own = rows.within(output);
        let mut sums = vec![0.0; outputs];
        let mut counts = vec![(tile.len() / outputs) as f64; outputs];
        if skips {
            counts.fill(0.0);
            own.fold(
                &mut counts,
                tile,
                |row| row.iter().filter(|x| !x.is_nan()).count() as f64,
                |a, b| a + f64::from(u8::from(!b.is_nan())),
                |a, b| a + b,
            );
            own.fold(
                &mut sums,
                tile,
                |row| row.iter().filter(|x| !x.is_nan()).sum(),
                |a, b| if b.is_nan() { a } else { a + b },
                |a, b| a + b,
            );
        } else {
            own.fold_by(&mut sums, tile, sum_row, add_row, |a, b| a + b);
        }
        let means: Vec<f64> = sums.iter().zip(&counts).map(|(sum, n)| if *n == 0.0 { 0.0 } else { sum / n }).collect();
        let mut squares = vec![0.0; outputs];
        if needs_m2 {
            own.each(&mut |row| {
                let values = &tile[row.start..row.start + row.len];
                match (row.is_reduced, skips) {
                    (true, false) => squares[row.output] += square_row(values, means[row.output]),
                    (true, true) => {
                        let mean = means[row.output];
                        squares[row.output] +=
                            values.iter().filter(|x| !x.is_nan()).map(|x| (x - mean) * (x - mean)).sum::<f64>();
                    }
                    (false, false) => add_squares(
                        &mut squares[row.output..row.output + row.len],
                        values,
                        &means[row.output..row.output + row.len],
                    ),
                    (false, true) => {
                        let known = values.iter().zip(&means[row.output..]).zip(&mut squares[row.output..]);
                        known
                            .filter(|((x, _), _)| !x.is_nan())
                            .for_each(|((x, mean), sum)| *sum += (x - mean) * (x - mean));
                    }
                }
            });
        }
        // Where the box of the tile is in this state's.
        let whole = rows.within(region);
        let mut at = 0;
        whole.outputs(output, &mut |start, len| {
            for i in 0..len {
                self.add(start + i, counts[at + i], means[at + i], squares[at + i]);
            }
            at += len;
        });
    }
}

fn merge_places<T: Copy>(
    (a, at): (&mut [T], &mut [u64]),
    (b, bt): (&[T], &[u64]),
    beats: impl Fn(T, T) -> bool,
    equals: impl Fn(T, T) -> bool,
) {
    for i in 0..at.len() {
        if bt[i] != NOWHERE && (at[i] == NOWHERE || beats(b[i], a[i]) || (bt[i] < at[i] && equals(a[i], b[i]))) {
            (a[i], at[i]) = (b[i], bt[i]);
        }
    }
}

#[cfg(test)]
mod tests;
