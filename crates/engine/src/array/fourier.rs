//! Fourier transforms.

use std::f64::consts::TAU;

use blockfold_core::tensor::complex;
use blockfold_core::{DType, Error, Result, Tensor};
use blockfold_dense::fourier::{Fourier, FourierKind};
use blockfold_dense::lanes::LaneFn;
use blockfold_ops::array::Lanes;

use super::reduce::axis_of;
use super::{Array, Boundary};
use crate::session::Session;

/// Bytes that a number takes while its lane is transformed.
const NUMBER_BYTES: u64 = 144;

/// Lanes that take more than this share of the budget are transformed in two passes over shorter ones.
const LONG_SHARE: u64 = 4;

impl Array {
    fn transformed(&self, axis: i64, kind: FourierKind, scale: f64) -> Array {
        self.then(|plan| {
            let axis = axis_of("fft", axis, self.ndim()?)?;
            Lanes::plan(plan, axis, LaneFn::Fourier(Fourier { kind, scale }))
        })
    }

    /// The discrete Fourier transform along an axis, of whatever chunks: `X[k] = sum of x[n] exp(-2 pi i k n / N)`, as
    /// `numpy.fft.fft`.
    ///
    /// # Memory
    /// A lane is transformed in memory, 144 bytes a number. A lane that takes more than a quarter of the budget is made a
    /// matrix and transformed along both of its axes (Bailey, "FFTs in external or hierarchical memory", 1990); what lies
    /// between is kept at once, in memory or in scratch. That needs a length with a divisor near its square root.
    ///
    /// # Errors
    /// No such axis, or one of length 0; a long lane whose length has no such divisor.
    pub fn fft(&self, axis: i64) -> Array {
        self.fourier(axis, false)
    }

    /// The transform back: [`Array::fft`] with the other sign, divided by the number of elements.
    pub fn ifft(&self, axis: i64) -> Array {
        self.fourier(axis, true)
    }

    /// Whether a lane is too long to be transformed in memory.
    fn is_long(&self, length: u64) -> bool {
        length.saturating_mul(NUMBER_BYTES) > self.session.memory_budget().0 / LONG_SHARE
    }

    /// Elements along an axis.
    fn lane(&self, axis: i64) -> Result<u64> {
        let shape = self.shape()?;
        Ok(shape[axis_of("fft", axis, shape.len())?])
    }

    fn fourier(&self, axis: i64, is_inverse: bool) -> Array {
        self.then(|_| {
            let shape = self.shape()?;
            let number = axis_of("fft", axis, shape.len())?;
            let length = shape[number];
            if self.is_long(length) {
                return self.long_fourier(number, length, is_inverse)?.plan();
            }
            let (kind, scale) = match is_inverse {
                true => (FourierKind::Inverse, 1.0 / length.max(1) as f64),
                false => (FourierKind::Forward, 1.0),
            };
            self.transformed(axis, kind, scale).plan()
        })
    }

    /// A transform of lanes that do not fit in memory: of the lane as a matrix of `rows * columns`, first along columns, then
    /// along rows.
    fn long_fourier(&self, axis: usize, length: u64, is_inverse: bool) -> Result<Array> {
        let rows = (1..=length.isqrt()).rev().find(|rows| length.is_multiple_of(*rows)).unwrap_or(1);
        let columns = length / rows;
        let most = self.session.memory_budget().0 / LONG_SHARE / NUMBER_BYTES;
        if columns > most {
            let what = format!(
                "an axis of {length} numbers, which do not fit in memory and are not a product of two lengths up to {most}; raise the memory budget, or pad the axis"
            );
            return Err(Error::argument("fft", what));
        }
        let last = self.ndim()? as i64 - 1;
        let lanes = self.moveaxis(axis as i64, -1);
        let outer: Vec<i64> = lanes.shape()?[..last as usize].iter().map(|length| length.cast_signed()).collect();
        let with = |tail: &[i64]| [outer.as_slice(), tail].concat();
        let (rows, columns) = (rows.cast_signed(), columns.cast_signed());
        let matrix = lanes.reshape(with(&[rows, columns]));
        let (kind, sign) = if is_inverse { (FourierKind::Inverse, 1.0) } else { (FourierKind::Forward, -1.0) };
        let first = matrix.transformed(-2, kind, 1.0) * self.session.turns(rows, columns, sign);
        let scale = if is_inverse { 1.0 / length as f64 } else { 1.0 };
        let second = first.persist()?.transformed(-1, kind, scale).persist()?;
        // Turned in a pass of its own, so that the lane lies in one piece.
        let turned = second.swapaxes(-1, -2).persist()?;
        Ok(turned.reshape(with(&[-1])).moveaxis(-1, axis as i64))
    }

    /// The first `N / 2 + 1` numbers of the transform of real ones along an axis; the others mirror them.
    pub fn rfft(&self, axis: i64) -> Array {
        if self.is_complex() {
            let expected = "real numbers; take fft".to_string();
            let got = self.dtype().map(|dtype| blockfold_core::tensor::type_name(&dtype));
            return self.then(|_| Err(Error::Type { op: "rfft".into(), expected, got: got? }));
        }
        self.then(|_| {
            let length = self.lane(axis)?;
            if self.is_long(length) {
                return self.fft(axis).slice_axis(axis, None, Some((length / 2 + 1).cast_signed()), 1).plan();
            }
            self.transformed(axis, FourierKind::Real, 1.0).plan()
        })
    }

    /// The real numbers, `length` of them, of which [`Array::rfft`] gives this; `2 * (n - 1)` of them are usual.
    pub fn irfft(&self, length: u64, axis: i64) -> Array {
        self.then(|_| {
            if self.is_long(length) {
                // The second half mirrors the first one.
                let mirrored =
                    self.slice_axis(axis, Some(1), Some(length.div_ceil(2).cast_signed()), 1).flip(axis).conj();
                return Array::concatenate(&[self.clone(), mirrored], axis).ifft(axis).real().plan();
            }
            self.transformed(axis, FourierKind::RealInverse { length }, 1.0 / length.max(1) as f64).plan()
        })
    }

    /// [`Array::fft`] along several axes, the last one first.
    pub fn fftn(&self, axes: &[i64]) -> Array {
        axes.iter().rev().fold(self.clone(), |array, axis| array.fft(*axis))
    }

    /// [`Array::ifft`] along several axes, the last one first.
    pub fn ifftn(&self, axes: &[i64]) -> Array {
        axes.iter().rev().fold(self.clone(), |array, axis| array.ifft(*axis))
    }

    /// An axis cut or filled with zeros at its end to a length, before a transform of so many numbers.
    pub fn resized(&self, length: u64, axis: i64) -> Array {
        self.then(|_| {
            let own = self.shape()?[axis_of("fft", axis, self.ndim()?)?];
            if length <= own {
                return self.slice_axis(axis, None, Some(length.cast_signed()), 1).plan();
            }
            let zeros = |array: &Array| array.pad(axis, 0, length - own, Boundary::Constant(0.0));
            if self.is_complex() {
                return Array::complex(&zeros(&self.real()), &zeros(&self.imag())).plan();
            }
            zeros(self).plan()
        })
    }

    /// An axis with its middle moved to the front by [`Array::ifftshift`], or back to the middle by this.
    pub fn fftshift(&self, axis: i64) -> Array {
        self.shifted(axis, |length| length / 2)
    }

    /// The reverse of [`Array::fftshift`].
    pub fn ifftshift(&self, axis: i64) -> Array {
        self.shifted(axis, |length| length - length / 2)
    }

    fn shifted(&self, axis: i64, by: impl Fn(u64) -> u64) -> Array {
        self.then(|_| {
            let length = self.shape()?[axis_of("fftshift", axis, self.ndim()?)?];
            self.roll(by(length).cast_signed(), axis).plan()
        })
    }
}

impl Session {
    /// The frequencies of the numbers of a transform of `length` samples that are `step` apart, in cycles for a unit of it.
    pub fn fftfreq(&self, length: u64, step: f64) -> Array {
        let (n, half) = (length.cast_signed(), length.div_ceil(2).cast_signed());
        let parts = [self.arange(0, half, 1, ()), self.arange(half - n, 0, 1, ())];
        Array::concatenate(&parts, 0) / (length as f64 * step)
    }

    /// `exp(sign 2 pi i r c / (rows columns))` at row `r` and column `c`.
    fn turns(&self, rows: i64, columns: i64, sign: f64) -> Array {
        let dtype = complex(&DType::Float64);
        let all = rows.unsigned_abs().saturating_mul(columns.unsigned_abs());
        let of = dtype.clone();
        self.from_fn([rows.unsigned_abs(), columns.unsigned_abs()], &dtype, (), move |region| {
            let mut values = Vec::with_capacity(region.elements() * 2);
            for row in region.start[0]..region.end(0) {
                for column in region.start[1]..region.end(1) {
                    let share = (u128::from(row) * u128::from(column) % u128::from(all)) as f64 / all as f64;
                    let (sin, cos) = (sign * TAU * share).sin_cos();
                    values.extend([cos, sin]);
                }
            }
            Tensor::from_vec(of.clone(), region.shape.clone(), values)
        })
    }
}
