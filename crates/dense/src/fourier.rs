//! Discrete Fourier transforms of lanes.

use blockfold_core::tensor::{Tensor, complex_part};
use blockfold_core::{DType, Error, Result};
use rustfft::FftPlanner;
use rustfft::num_complex::Complex;

use crate::reduce::floats;

/// A transform of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fourier {
    /// What goes in and comes out.
    pub kind: FourierKind,
    /// What every number is multiplied with.
    pub scale: f64,
}

/// What goes into a transform and comes out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FourierKind {
    /// Complex numbers, transformed.
    Forward,
    /// Complex numbers, transformed back.
    Inverse,
    /// Real numbers; of their transform the first half, which says all.
    Real,
    /// The first half of a transform, transformed back to so many real numbers.
    RealInverse {
        /// Numbers that come out.
        length: u64,
    },
}

impl Fourier {
    /// The name in `explain`.
    pub fn name(&self) -> &'static str {
        match self.kind {
            FourierKind::Forward => "fft",
            FourierKind::Inverse => "ifft",
            FourierKind::Real => "rfft",
            FourierKind::RealInverse { .. } => "irfft",
        }
    }

    /// Numbers that a lane becomes.
    pub fn output_length(&self, length: u64) -> u64 {
        match self.kind {
            FourierKind::Forward | FourierKind::Inverse => length,
            FourierKind::Real => length / 2 + 1,
            FourierKind::RealInverse { length } => length,
        }
    }

    /// Type of the result.
    pub fn output_type(&self, dtype: &DType) -> DType {
        let part = complex_part(dtype).unwrap_or(dtype);
        let part = if *part == DType::Float32 { DType::Float32 } else { DType::Float64 };
        match self.kind {
            FourierKind::RealInverse { .. } => part,
            _ => blockfold_core::tensor::complex(&part),
        }
    }
}

/// The elements as complex doubles.
pub(crate) fn numbers(input: &Tensor) -> Result<Vec<Complex<f64>>> {
    if complex_part(input.dtype()).is_none() {
        return Ok(floats(input)?.iter().map(|x| Complex::new(*x, 0.0)).collect());
    }
    let parts = input.parts()?;
    let parts = floats(&parts)?;
    Ok(parts.chunks_exact(2).map(|pair| Complex::new(pair[0], pair[1])).collect())
}

/// Transforms lanes of one length.
pub(crate) struct Transform {
    kind: FourierKind,
    scale: f64,
    plan: std::sync::Arc<dyn rustfft::Fft<f64>>,
    work: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
}

impl Transform {
    /// A transform of lanes of `length` numbers.
    ///
    /// # Errors
    /// Lanes without numbers.
    pub(crate) fn new(fourier: &Fourier, length: usize) -> Result<Self> {
        let transformed = match fourier.kind {
            FourierKind::RealInverse { length } => usize::try_from(length).unwrap_or(usize::MAX),
            _ => length,
        };
        if transformed == 0 || length == 0 {
            return Err(Error::argument(fourier.name(), "a transform of no numbers; an axis has length 0"));
        }
        let mut planner = FftPlanner::new();
        let plan = match fourier.kind {
            FourierKind::Forward | FourierKind::Real => planner.plan_fft_forward(transformed),
            FourierKind::Inverse | FourierKind::RealInverse { .. } => planner.plan_fft_inverse(transformed),
        };
        let scratch = vec![Complex::default(); plan.get_inplace_scratch_len()];
        let work = vec![Complex::default(); transformed];
        Ok(Transform { kind: fourier.kind, scale: fourier.scale, plan, work, scratch })
    }

    /// The transform of a lane.
    pub(crate) fn run(&mut self, to: &mut [Complex<f64>], from: &[Complex<f64>]) {
        let length = self.work.len();
        match self.kind {
            FourierKind::RealInverse { .. } => {
                // The second half mirrors the first one; the first number and that in the middle are real.
                for (at, work) in self.work.iter_mut().enumerate() {
                    let mirrored = length - at;
                    *work = match (from.get(at), from.get(mirrored)) {
                        _ if at <= length / 2 => from.get(at).copied().unwrap_or_default(),
                        (_, Some(other)) => other.conj(),
                        _ => Complex::default(),
                    };
                }
                self.work[0].im = 0.0;
                if length.is_multiple_of(2) {
                    self.work[length / 2].im = 0.0;
                }
            }
            _ => self.work.copy_from_slice(from),
        }
        self.plan.process_with_scratch(&mut self.work, &mut self.scratch);
        for (to, work) in to.iter_mut().zip(&self.work) {
            *to = work * self.scale;
        }
    }
}
