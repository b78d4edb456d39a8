//! Reductions over axes.

use blockfold_core::{Error, Result};
use blockfold_dense::reduce::Reduction;
use blockfold_ops::array::{ReduceAxes, Reshape};
use blockfold_plan::Plan;

use super::Array;

/// Axes of a reduction: none given for all of them, negative ones counted from the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axes {
    axes: Option<Vec<i64>>,
    keepdims: bool,
}

impl Axes {
    /// These axes.
    pub fn of(axes: impl Into<Axes>) -> Self {
        axes.into()
    }

    /// The reduced axes stay, with length 1, so that the result broadcasts against the array.
    #[must_use]
    pub fn keepdims(mut self) -> Self {
        self.keepdims = true;
        self
    }

    /// Whether reduced axes stay.
    pub(super) fn keeps(&self) -> bool {
        self.keepdims
    }

    /// Numbers of the axes of an array, each counted from the front.
    ///
    /// # Errors
    /// An axis that is not there, or named twice.
    pub(super) fn numbers(&self, op: &str, ndim: usize) -> Result<Vec<usize>> {
        let Some(axes) = &self.axes else { return Ok((0..ndim).collect()) };
        let mut numbers = Vec::with_capacity(axes.len());
        for axis in axes {
            let number = axis_of(op, *axis, ndim)?;
            if numbers.contains(&number) {
                return Err(Error::argument(op, format!("axis {axis} is named twice")));
            }
            numbers.push(number);
        }
        Ok(numbers)
    }
}

/// An axis counted from the front.
///
/// # Errors
/// An axis that is not there.
pub(super) fn axis_of(op: &str, axis: i64, ndim: usize) -> Result<usize> {
    let counted = if axis < 0 { axis.saturating_add(ndim as i64) } else { axis };
    let number = usize::try_from(counted).ok().filter(|axis| *axis < ndim);
    number.ok_or_else(|| Error::argument(op, format!("axis {axis} is out of range for an array of {ndim} axes")))
}

impl From<()> for Axes {
    fn from((): ()) -> Self {
        Axes::default()
    }
}

impl From<i64> for Axes {
    fn from(axis: i64) -> Self {
        Axes { axes: Some(vec![axis]), keepdims: false }
    }
}

impl From<i32> for Axes {
    fn from(axis: i32) -> Self {
        i64::from(axis).into()
    }
}

impl<const N: usize> From<[i64; N]> for Axes {
    fn from(axes: [i64; N]) -> Self {
        Axes { axes: Some(axes.to_vec()), keepdims: false }
    }
}

impl From<Vec<i64>> for Axes {
    fn from(axes: Vec<i64>) -> Self {
        Axes { axes: Some(axes), keepdims: false }
    }
}

impl Array {
    /// The array reduced over axes; NaN is left out when `skip_nan`.
    pub fn reduce(&self, reduction: Reduction, axes: impl Into<Axes>, skip_nan: bool) -> Array {
        let axes = axes.into();
        let of_part = |part: &Array| part.reduce(reduction, axes.clone(), skip_nan);
        if let Some(found) = self.complex_reduction(reduction.name(), &axes, &of_part) {
            return found;
        }
        self.then(|plan| {
            let shape = self.shape()?;
            let numbers = axes.numbers(reduction.name(), shape.len())?;
            let reduced = ReduceAxes::plan(plan, reduction, &numbers, skip_nan)?;
            without(reduced, &shape, if axes.keepdims { &[] } else { &numbers }, &numbers)
        })
    }
}

/// A result whose reduced axes have length 1, without those that are dropped.
fn without(reduced: Plan, shape: &[u64], dropped: &[usize], numbers: &[usize]) -> Result<Plan> {
    let length = |axis: usize| if numbers.contains(&axis) { 1 } else { shape[axis] };
    Reshape::plan(reduced, (0..shape.len()).filter(|axis| !dropped.contains(axis)).map(length).collect())
}

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident ($($arg:ident: $type:ty),*) $reduction:expr, $skip_nan:literal;)*) => {
        impl Array {
            $(
                $(#[$doc])*
                pub fn $name(&self, axes: impl Into<Axes> $(, $arg: $type)*) -> Array {
                    self.reduce($reduction, axes, $skip_nan)
                }
            )*
        }
    };
}
reductions! {
    /// The sum of the elements along axes; of whole numbers in 64 bits.
    sum() Reduction::Sum, false;
    /// The product of the elements along axes.
    prod() Reduction::Prod, false;
    /// The mean of the elements along axes.
    mean() Reduction::Mean, false;
    /// The variance of the elements along axes.
    var() Reduction::Var { ddof: 0 }, false;
    /// The standard deviation of the elements along axes.
    std() Reduction::Std { ddof: 0 }, false;
    /// The variance, divided by `n - ddof`.
    var_ddof(ddof: u32) Reduction::Var { ddof }, false;
    /// The standard deviation, its square divided by `n - ddof`.
    std_ddof(ddof: u32) Reduction::Std { ddof }, false;
    /// The least element along axes; NaN if there is one.
    min() Reduction::Min, false;
    /// The greatest element along axes; NaN if there is one.
    max() Reduction::Max, false;
    /// Where the least element is first, along one axis or counted row by row.
    argmin() Reduction::ArgMin, false;
    /// Where the greatest element is first, along one axis or counted row by row.
    argmax() Reduction::ArgMax, false;
    /// Whether an element is not zero.
    any() Reduction::Any, false;
    /// Whether no element is zero.
    all() Reduction::All, false;
    /// How many elements are not zero.
    count_nonzero() Reduction::CountNonzero, false;
    /// The square root of the sum of squares.
    norm() Reduction::Norm, false;
    /// [`Array::sum`] without NaN.
    nansum() Reduction::Sum, true;
    /// [`Array::prod`] without NaN.
    nanprod() Reduction::Prod, true;
    /// [`Array::mean`] without NaN.
    nanmean() Reduction::Mean, true;
    /// [`Array::var`] without NaN.
    nanvar() Reduction::Var { ddof: 0 }, true;
    /// [`Array::std`] without NaN.
    nanstd() Reduction::Std { ddof: 0 }, true;
    /// [`Array::var_ddof`] without NaN.
    nanvar_ddof(ddof: u32) Reduction::Var { ddof }, true;
    /// [`Array::std_ddof`] without NaN.
    nanstd_ddof(ddof: u32) Reduction::Std { ddof }, true;
    /// [`Array::min`] without NaN; NaN where there is nothing else.
    nanmin() Reduction::Min, true;
    /// [`Array::max`] without NaN; NaN where there is nothing else.
    nanmax() Reduction::Max, true;
    /// [`Array::argmin`] without NaN; an error where there is nothing else.
    nanargmin() Reduction::ArgMin, true;
    /// [`Array::argmax`] without NaN; an error where there is nothing else.
    nanargmax() Reduction::ArgMax, true;
}
