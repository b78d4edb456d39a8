//! Arrays in memory.

use std::fmt;

use arrow::datatypes::ArrowNativeType;
use blockfold_core::tensor::{complex_part, type_name};
use blockfold_core::{DType, Error, Permit, Result, Tensor};
use blockfold_exec::RunReport;
use ndarray::{ArrayD, ArrayViewD, IxDyn};

use crate::collected::WriteSummary;
use crate::comparison::Comparison;

/// A type that elements of arrays have in Rust.
pub trait Element: ArrowNativeType {
    /// The type's name in Arrow.
    const DTYPE: DType;
}

macro_rules! elements {
    ($($rust:ty => $dtype:ident),*) => {
        $(impl Element for $rust {
            const DTYPE: DType = DType::$dtype;
        })*
    };
}
elements!(f64 => Float64, f32 => Float32, i64 => Int64, i32 => Int32, i16 => Int16, i8 => Int8,
    u64 => UInt64, u32 => UInt32, u16 => UInt16, u8 => UInt8);

/// An array in memory: the answer of a run.
///
/// # Memory
/// Counts against the session's budget until it is dropped.
#[must_use]
pub struct NdArray {
    values: Tensor,
    _permit: Permit,
    summary: WriteSummary,
}

impl NdArray {
    pub(crate) fn new(values: Tensor, permit: Permit, summary: WriteSummary) -> Self {
        NdArray { values, _permit: permit, summary }
    }

    /// Length along each axis.
    pub fn shape(&self) -> &[usize] {
        self.values.shape()
    }

    /// Type of the elements.
    pub fn dtype(&self) -> &DType {
        self.values.dtype()
    }

    /// The elements, row by row. A Boolean is a byte.
    pub fn tensor(&self) -> &Tensor {
        &self.values
    }

    /// The elements as ndarray's view, without a copy; Booleans as `u8`.
    ///
    /// # Errors
    /// Elements of another type.
    pub fn view<T: Element>(&self) -> Result<ArrayViewD<'_, T>> {
        let is_own = *self.dtype() == T::DTYPE || (*self.dtype() == DType::Boolean && T::DTYPE == DType::UInt8);
        if !is_own {
            return Err(Error::Type {
                op: format!("view as {}", T::DTYPE),
                expected: format!("an array of {}; cast it with astype before it is computed", T::DTYPE),
                got: self.dtype().to_string(),
            });
        }
        let view = ArrayViewD::from_shape(IxDyn(self.shape()), self.values.values::<T>()?);
        view.map_err(|error| Error::internal(error.to_string()))
    }

    /// The elements as ndarray's own array.
    ///
    /// # Errors
    /// Elements of another type.
    pub fn to_ndarray<T: Element>(&self) -> Result<ArrayD<T>> {
        Ok(self.view()?.to_owned())
    }

    /// The elements as doubles, row by row.
    pub fn to_vec(&self) -> Result<Vec<f64>> {
        if complex_part(self.dtype()).is_some() {
            return Err(Error::Type {
                op: "to_vec".into(),
                expected: "real numbers; take to_complex, or real, imag or abs of the array".into(),
                got: type_name(self.dtype()),
            });
        }
        if *self.dtype() == DType::Boolean {
            return Ok(self.values.values::<u8>()?.iter().map(|flag| f64::from(*flag)).collect());
        }
        Ok(blockfold_dense::reduce::floats(&self.values)?.into_owned())
    }

    /// The elements as pairs of a real and an imaginary part, row by row.
    pub fn to_complex(&self) -> Result<Vec<[f64; 2]>> {
        if complex_part(self.dtype()).is_none() {
            return Ok(self.to_vec()?.into_iter().map(|re| [re, 0.0]).collect());
        }
        let parts = self.values.parts()?;
        Ok(blockfold_dense::reduce::floats(&parts)?.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
    }

    /// The only element, as a double.
    ///
    /// # Errors
    /// An array of more elements, or of none.
    pub fn item(&self) -> Result<f64> {
        match self.to_vec()?.as_slice() {
            [one] => Ok(*one),
            many => {
                let what = format!("the array has {} elements, shape {:?}; item needs one", many.len(), self.shape());
                Err(Error::argument("item", what))
            }
        }
    }

    /// What the run needed.
    pub fn report(&self) -> &RunReport {
        &self.summary.report
    }

    /// What the run was estimated to need, against what it needed.
    pub fn comparison(&self) -> Comparison<'_> {
        self.summary.comparison()
    }
}

/// Elements printed at each end of an axis that is longer than twice as many.
const EDGE: usize = 3;

impl fmt::Display for NdArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = self.shape();
        let is_long = self.values.elements() > 1000;
        let shown: Vec<Vec<Option<usize>>> = shape
            .iter()
            .map(|length| match is_long && *length > 2 * EDGE {
                true => (0..EDGE).map(Some).chain([None]).chain((length - EDGE..*length).map(Some)).collect(),
                false => (0..*length).map(Some).collect(),
            })
            .collect();
        let mut texts = Vec::new();
        self.texts(&shown, 0, 0, &mut texts).map_err(|_| fmt::Error)?;
        let width = texts.iter().map(String::len).max().unwrap_or(0);
        let mut texts = texts.into_iter();
        write_axis(f, &shown, 0, width, &mut texts)
    }
}

impl NdArray {
    /// The elements that are shown, as texts.
    fn texts(&self, shown: &[Vec<Option<usize>>], axis: usize, at: usize, texts: &mut Vec<String>) -> Result<()> {
        let Some(places) = shown.get(axis) else {
            let one = self.values.clone().reshaped(vec![self.values.elements()])?.part(&[at], &[1])?;
            if complex_part(one.dtype()).is_some() {
                let parts = one.parts()?;
                let parts = blockfold_dense::reduce::floats(&parts)?;
                let sign = if parts[1].is_sign_negative() { "" } else { "+" };
                texts.push(format!("{}{sign}{}j", number(parts[0]), number(parts[1])));
                return Ok(());
            }
            let column = one.to_column()?;
            texts.push(match blockfold_core::Scalar::from_array(column.as_ref(), 0)? {
                blockfold_core::Scalar::Float(value) => number(value),
                blockfold_core::Scalar::Bool(flag) => (if flag { "True" } else { "False" }).to_string(),
                other => other.to_string(),
            });
            return Ok(());
        };
        for place in places.iter().flatten() {
            self.texts(shown, axis + 1, at * self.shape()[axis] + place, texts)?;
        }
        Ok(())
    }
}

fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if value.is_nan() => "nan".into(),
        _ if value == 0.0 || (1e-4..1e8).contains(&size) => {
            let text = format!("{value:.8}");
            let text = text.trim_end_matches('0');
            text.to_string()
        }
        _ if value.is_infinite() => (if value > 0.0 { "inf" } else { "-inf" }).into(),
        _ => format!("{value:.8e}"),
    }
}

fn write_axis(
    f: &mut fmt::Formatter<'_>,
    shown: &[Vec<Option<usize>>],
    axis: usize,
    width: usize,
    texts: &mut impl Iterator<Item = String>,
) -> fmt::Result {
    let Some(places) = shown.get(axis) else {
        let text = texts.next().unwrap_or_default();
        return if axis == 0 { f.write_str(&text) } else { write!(f, "{text:>width$}") };
    };
    let is_last = axis + 1 == shown.len();
    f.write_str("[")?;
    for (i, place) in places.iter().enumerate() {
        if i > 0 && is_last {
            f.write_str(" ")?;
        } else if i > 0 {
            let gap = shown.len() - axis - 1;
            write!(f, "{}{}", "\n".repeat(gap), " ".repeat(axis + 1))?;
        }
        match place {
            None => f.write_str("...")?,
            Some(_) => write_axis(f, shown, axis + 1, width, texts)?,
        }
    }
    f.write_str("]")
}

impl fmt::Debug for NdArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "array of {}, shape {:?}", type_name(self.dtype()), self.shape())
    }
}
