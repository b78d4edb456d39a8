//! Functions of whole lanes: the elements along one axis, in order.

use std::cmp::Ordering;

use arrow::datatypes::ArrowNativeType;
use blockfold_core::tensor::{Tensor, TensorMut, complex_part, type_name};
use blockfold_core::{DType, Error, Result};
use rustfft::num_complex::Complex;

use crate::fourier::{Fourier, FourierKind, Transform, numbers};
use crate::reduce::floats;

/// What becomes of a lane.
#[derive(Clone, Debug, PartialEq)]
pub enum LaneFn {
    /// Its elements in ascending order, NaN last.
    Sort,
    /// The places of its elements in ascending order, NaN last; equal ones keep their order.
    ArgSort,
    /// The sums of its elements up to each.
    CumSum,
    /// The products of its elements up to each.
    CumProd,
    /// Quantiles between 0 and 1, linear between neighbours; NaN where there is one, unless it is left out.
    Quantiles {
        /// Which ones.
        at: Vec<f64>,
        /// Whether NaN is left out.
        skip_nan: bool,
    },
    /// Its Fourier transform.
    Fourier(Fourier),
}

impl LaneFn {
    /// The name in `explain`.
    pub fn name(&self) -> &'static str {
        match self {
            LaneFn::Sort => "sort",
            LaneFn::ArgSort => "argsort",
            LaneFn::CumSum => "cumsum",
            LaneFn::CumProd => "cumprod",
            LaneFn::Quantiles { .. } => "quantile",
            LaneFn::Fourier(fourier) => fourier.name(),
        }
    }

    /// Elements that a lane of `length` elements becomes.
    pub fn output_length(&self, length: u64) -> u64 {
        match self {
            LaneFn::Quantiles { at, .. } => at.len() as u64,
            LaneFn::Fourier(fourier) => fourier.output_length(length),
            _ => length,
        }
    }

    /// Type of the result, as in NumPy.
    pub fn output_type(&self, dtype: &DType) -> DType {
        match (self, dtype) {
            (LaneFn::Fourier(fourier), dtype) => fourier.output_type(dtype),
            (LaneFn::Sort, dtype) => dtype.clone(),
            (LaneFn::ArgSort, _) => DType::Int64,
            (LaneFn::Quantiles { .. } | LaneFn::CumSum | LaneFn::CumProd, DType::Float32) => DType::Float32,
            (LaneFn::Quantiles { .. }, _) | (_, DType::Float64) => DType::Float64,
            (_, dtype) if dtype.is_unsigned_integer() => DType::UInt64,
            _ => DType::Int64,
        }
    }

    /// Bytes that an element of a lane takes while it is worked on, beside input and output.
    pub fn held_bytes(&self) -> u64 {
        match self {
            // The numbers as complex doubles before and after, and what the transform works in.
            LaneFn::Fourier(_) => 96,
            _ => 24,
        }
    }

    /// # Errors
    /// Quantiles outside of 0 to 1; complex numbers for what needs an order of them.
    pub fn check(&self, dtype: &DType) -> Result<()> {
        match self {
            LaneFn::Fourier(_) => Ok(()),
            _ if complex_part(dtype).is_some() => Err(Error::Type {
                op: self.name().into(),
                expected: "real numbers; take real, imag or abs of the array".into(),
                got: type_name(dtype),
            }),
            LaneFn::Quantiles { at, .. } if !at.iter().all(|q| (0.0..=1.0).contains(q)) => Err(Error::argument(
                "quantile",
                format!("{at:?}; quantiles are from 0 to 1, percentiles from 0 to 100"),
            )),
            _ => Ok(()),
        }
    }
}

/// The lanes of a box along an axis, each made what the function says.
///
/// # Errors
/// No such axis, or a lane without elements that has no quantile.
pub fn apply(input: &Tensor, axis: usize, function: &LaneFn) -> Result<Tensor> {
    let shape = input.shape();
    let length = *shape.get(axis).ok_or_else(|| Error::internal("no such axis"))?;
    let lanes = Lanes {
        outer: shape[..axis].iter().product(),
        length,
        inner: shape[axis + 1..].iter().product(),
        output_length: usize::try_from(function.output_length(length as u64)).unwrap_or(0),
    };
    let mut output_shape = shape.to_vec();
    output_shape[axis] = lanes.output_length;
    let dtype = function.output_type(input.dtype());
    let mut output = TensorMut::zeros(dtype.clone(), output_shape)?;
    match function {
        LaneFn::Sort => sorted(input, &mut output, &lanes)?,
        LaneFn::ArgSort => argsorted(input, &mut output, &lanes)?,
        LaneFn::CumSum | LaneFn::CumProd => {
            let is_sum = *function == LaneFn::CumSum;
            match &dtype {
                DType::Float32 | DType::Float64 => {
                    let values = floats(input)?;
                    let running = |to: &mut [f64], from: &[f64]| {
                        let mut all = if is_sum { 0.0 } else { 1.0 };
                        for (to, x) in to.iter_mut().zip(from) {
                            all = if is_sum { all + x } else { all * x };
                            *to = all;
                        }
                    };
                    match dtype {
                        DType::Float64 => lanes.each(&values, output.values_mut()?, running),
                        _ => {
                            let mut wide = vec![0.0; lanes.outputs()];
                            lanes.each(&values, &mut wide, running);
                            output.values_mut::<f32>()?.iter_mut().zip(wide).for_each(|(to, x)| *to = x as f32);
                        }
                    }
                }
                DType::UInt64 => {
                    let values = whole(input, &dtype)?;
                    let running = |to: &mut [u64], from: &[u64]| {
                        let mut all = u64::from(!is_sum);
                        for (to, x) in to.iter_mut().zip(from) {
                            all = if is_sum { all.wrapping_add(*x) } else { all.wrapping_mul(*x) };
                            *to = all;
                        }
                    };
                    lanes.each(values.values()?, output.values_mut()?, running);
                }
                _ => {
                    let values = whole(input, &dtype)?;
                    let running = |to: &mut [i64], from: &[i64]| {
                        let mut all = i64::from(!is_sum);
                        for (to, x) in to.iter_mut().zip(from) {
                            all = if is_sum { all.wrapping_add(*x) } else { all.wrapping_mul(*x) };
                            *to = all;
                        }
                    };
                    lanes.each(values.values()?, output.values_mut()?, running);
                }
            }
        }
        LaneFn::Fourier(fourier) => transformed(input, &mut output, &lanes, fourier)?,
        LaneFn::Quantiles { at, skip_nan } => {
            let values = floats(input)?;
            let mut wide = vec![0.0; lanes.outputs()];
            let mut kept = Vec::with_capacity(length);
            lanes.each(&values, &mut wide, |to, from| {
                kept.clear();
                kept.extend(from.iter().filter(|x| !x.is_nan()));
                let has_nan = kept.len() < from.len();
                kept.sort_unstable_by(f64::total_cmp);
                for (to, q) in to.iter_mut().zip(at) {
                    *to = if (has_nan && !skip_nan) || kept.is_empty() { f64::NAN } else { quantile(&kept, *q) };
                }
            });
            match dtype {
                DType::Float32 => output.values_mut::<f32>()?.iter_mut().zip(wide).for_each(|(to, x)| *to = x as f32),
                _ => output.values_mut::<f64>()?.copy_from_slice(&wide),
            }
        }
    }
    Ok(output.freeze())
}

fn transformed(input: &Tensor, output: &mut TensorMut, lanes: &Lanes, fourier: &Fourier) -> Result<()> {
    if input.elements() == 0 {
        return Transform::new(fourier, lanes.length).map(drop);
    }
    let mut transform = Transform::new(fourier, lanes.length)?;
    let mut all = vec![Complex::default(); lanes.outputs()];
    lanes.each(&numbers(input)?, &mut all, |to, from| transform.run(to, from));
    let is_real = matches!(fourier.kind, FourierKind::RealInverse { .. });
    let parts = all.iter().flat_map(|x| [Some(x.re), (!is_real).then_some(x.im)]).flatten();
    match fourier.output_type(input.dtype()) {
        dtype if complex_part(&dtype).unwrap_or(&dtype) == &DType::Float32 => {
            output.floats_mut::<f32>().iter_mut().zip(parts).for_each(|(to, x)| *to = x as f32);
        }
        _ => output.floats_mut::<f64>().iter_mut().zip(parts).for_each(|(to, x)| *to = x),
    }
    Ok(())
}

/// Between the neighbours of a place in sorted numbers.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let below = place.floor();
    let (low, high) = (sorted[below as usize], sorted[place.ceil() as usize]);
    let share = place - below;
    // From the nearer side, as NumPy does, so that ends are exact.
    if share >= 0.5 { high - (high - low) * (1.0 - share) } else { low + (high - low) * share }
}

/// Elements as 64-bit whole numbers.
fn whole(input: &Tensor, dtype: &DType) -> Result<Tensor> {
    Tensor::from_column(input.shape().to_vec(), &blockfold_core::cast::cast(&input.to_column()?, dtype, false)?)
}

/// A box as lanes: `outer` times `inner` of them.
struct Lanes {
    outer: usize,
    length: usize,
    inner: usize,
    output_length: usize,
}

impl Lanes {
    fn outputs(&self) -> usize {
        self.outer * self.output_length * self.inner
    }

    /// Calls `f` with the place for each lane's result and the lane.
    fn each<A: Copy + Default, B: Copy + Default>(&self, from: &[A], to: &mut [B], mut f: impl FnMut(&mut [B], &[A])) {
        let mut lane = vec![A::default(); self.length];
        let mut result = vec![B::default(); self.output_length];
        for outer in 0..self.outer {
            let from = &from[outer * self.length * self.inner..][..self.length * self.inner];
            let to = &mut to[outer * self.output_length * self.inner..][..self.output_length * self.inner];
            if self.inner == 1 {
                f(to, from);
                continue;
            }
            for inner in 0..self.inner {
                lane.iter_mut().zip(from.iter().skip(inner).step_by(self.inner)).for_each(|(to, x)| *to = *x);
                f(&mut result, &lane);
                to.iter_mut().skip(inner).step_by(self.inner).zip(&result).for_each(|(to, x)| *to = *x);
            }
        }
    }
}

/// An element that can be sorted.
trait Sorts: ArrowNativeType {
    fn compare(&self, other: &Self) -> Ordering;
}

macro_rules! whole_numbers_sort {
    ($($type:ty)*) => {
        $(impl Sorts for $type {
            fn compare(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
        })*
    };
}
whole_numbers_sort!(i8 i16 i32 i64 u8 u16 u32 u64);

macro_rules! floats_sort {
    ($($type:ty)*) => {
        $(impl Sorts for $type {
            /// NaN last, -0.0 as 0.0.
            fn compare(&self, other: &Self) -> Ordering {
                self.partial_cmp(other).unwrap_or_else(|| self.is_nan().cmp(&other.is_nan()))
            }
        })*
    };
}
floats_sort!(f32 f64);

macro_rules! with_native {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::Boolean | DType::UInt8 => {
                type $t = u8;
                $body
            }
            DType::Int8 => {
                type $t = i8;
                $body
            }
            DType::Int16 => {
                type $t = i16;
                $body
            }
            DType::Int32 => {
                type $t = i32;
                $body
            }
            DType::Int64 => {
                type $t = i64;
                $body
            }
            DType::UInt16 => {
                type $t = u16;
                $body
            }
            DType::UInt32 => {
                type $t = u32;
                $body
            }
            DType::UInt64 => {
                type $t = u64;
                $body
            }
            DType::Float32 => {
                type $t = f32;
                $body
            }
            DType::Float64 => {
                type $t = f64;
                $body
            }
            other => return Err(Error::internal(format!("lanes of {other}"))),
        }
    };
}

fn sorted(input: &Tensor, output: &mut TensorMut, lanes: &Lanes) -> Result<()> {
    with_native!(input.dtype(), T => lanes.each(input.values::<T>()?, output.values_mut::<T>()?, |to, from| {
        to.copy_from_slice(from);
        to.sort_unstable_by(T::compare);
    }));
    Ok(())
}

fn argsorted(input: &Tensor, output: &mut TensorMut, lanes: &Lanes) -> Result<()> {
    with_native!(input.dtype(), T => lanes.each(input.values::<T>()?, output.values_mut::<i64>()?, |to, from| {
        to.iter_mut().zip(0i64..).for_each(|(to, place)| *to = place);
        // Places come from the line above.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        to.sort_by(|a, b| from[*a as usize].compare(&from[*b as usize]));
    }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> Tensor {
        Tensor::from_vec(DType::Float64, vec![2, 3], vec![3.0, f64::NAN, 1.0, -1.0, 5.0, 0.5]).unwrap()
    }

    fn of(function: &LaneFn, axis: usize) -> Vec<f64> {
        floats(&apply(&matrix(), axis, function).unwrap()).unwrap().to_vec()
    }

    #[test]
    fn lanes_are_sorted_with_nan_last() {
        let rows = of(&LaneFn::Sort, 1);
        assert_eq!(rows[..2], [1.0, 3.0]);
        assert!(rows[2].is_nan());
        assert_eq!(rows[3..], [-1.0, 0.5, 5.0]);
        assert_eq!(of(&LaneFn::ArgSort, 1), [2.0, 0.0, 1.0, 0.0, 2.0, 1.0]);
        assert_eq!(of(&LaneFn::ArgSort, 0), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        let function = LaneFn::Quantiles { at: vec![0.0, 0.5, 1.0], skip_nan: true };
        assert_eq!(of(&function, 1), [1.0, 2.0, 3.0, -1.0, 0.5, 5.0]);
        let function = LaneFn::Quantiles { at: vec![0.5], skip_nan: false };
        assert!(of(&function, 1)[0].is_nan());
        assert!(LaneFn::Quantiles { at: vec![1.5], skip_nan: false }.check(&DType::Float64).is_err());
    }

    #[test]
    fn lanes_may_be_empty() {
        let empty = Tensor::from_vec(DType::Float64, vec![0, 2], Vec::<f64>::new()).unwrap();
        let median = apply(&empty, 0, &LaneFn::Quantiles { at: vec![0.5], skip_nan: false }).unwrap();
        assert!(median.values::<f64>().unwrap().iter().all(|x| x.is_nan()) && median.shape() == [1, 2]);
        assert_eq!(apply(&empty, 0, &LaneFn::Sort).unwrap().shape(), [0, 2]);
        assert_eq!(apply(&empty, 1, &LaneFn::CumSum).unwrap().shape(), [0, 2]);
    }

    #[test]
    fn running_sums_go_along_an_axis() {
        assert_eq!(of(&LaneFn::CumSum, 0)[3..4], [2.0]);
        let flags = Tensor::from_vec(DType::Boolean, vec![4], vec![1u8, 0, 1, 1]).unwrap();
        let sums = apply(&flags, 0, &LaneFn::CumSum).unwrap();
        assert_eq!((sums.dtype(), sums.values::<i64>().unwrap()), (&DType::Int64, &[1, 1, 2, 3][..]));
    }
}
