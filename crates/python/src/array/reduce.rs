//! Reductions, and what is done along an axis.

use blockfold::Array;
use blockfold::array::Axes;
use pyo3::prelude::*;

use super::{PyArray, whole};
use crate::arguments::axes;
use crate::error::{Answer, argument};

/// A function of an array along `A`, by its name.
type Named<A> = (&'static str, fn(&Array, A) -> Array);

const REDUCTIONS: &[Named<Axes>] = &[
    ("sum", |x, axes| x.sum(axes)),
    ("prod", |x, axes| x.prod(axes)),
    ("mean", |x, axes| x.mean(axes)),
    ("min", |x, axes| x.min(axes)),
    ("max", |x, axes| x.max(axes)),
    ("argmin", |x, axes| x.argmin(axes)),
    ("argmax", |x, axes| x.argmax(axes)),
    ("any", |x, axes| x.any(axes)),
    ("all", |x, axes| x.all(axes)),
    ("count_nonzero", |x, axes| x.count_nonzero(axes)),
    ("norm", |x, axes| x.norm(axes)),
    ("nansum", |x, axes| x.nansum(axes)),
    ("nanprod", |x, axes| x.nanprod(axes)),
    ("nanmean", |x, axes| x.nanmean(axes)),
    ("nanmin", |x, axes| x.nanmin(axes)),
    ("nanmax", |x, axes| x.nanmax(axes)),
    ("nanargmin", |x, axes| x.nanargmin(axes)),
    ("nanargmax", |x, axes| x.nanargmax(axes)),
];

const ALONG: &[Named<i64>] = &[
    ("sort", Array::sort),
    ("argsort", Array::argsort),
    ("cumsum", Array::cumsum),
    ("cumprod", Array::cumprod),
    ("diff", Array::diff),
    ("flip", Array::flip),
    ("fft", Array::fft),
    ("ifft", Array::ifft),
    ("rfft", Array::rfft),
    ("fftshift", Array::fftshift),
    ("ifftshift", Array::ifftshift),
    ("expand_dims", Array::expand_dims),
];

#[pymethods]
impl PyArray {
    /// A reduction by its name, over axes or over all.
    fn reduce(&self, py: Python<'_>, name: &str, over: Option<Vec<i64>>, keepdims: bool, ddof: u32) -> Answer<Self> {
        let (x, over) = (&self.0, axes(over, keepdims));
        if let Some((_, function)) = REDUCTIONS.iter().find(|(known, _)| *known == name) {
            return whole(function(x, over));
        }
        whole(match name {
            "std" => x.std_ddof(over, ddof),
            "var" => x.var_ddof(over, ddof),
            "nanstd" => x.nanstd_ddof(over, ddof),
            "nanvar" => x.nanvar_ddof(over, ddof),
            other => return Err(argument(py, other, "no such reduction").into()),
        })
    }

    fn quantile(&self, q: f64, over: Option<Vec<i64>>, keepdims: bool, skips_nan: bool) -> Answer<Self> {
        let over = axes(over, keepdims);
        whole(if skips_nan { self.0.nanquantile(q, over) } else { self.0.quantile(q, over) })
    }

    /// What is done along one axis, by its name.
    fn along(&self, py: Python<'_>, name: &str, axis: i64) -> Answer<Self> {
        match ALONG.iter().find(|(known, _)| *known == name) {
            Some((_, function)) => whole(function(&self.0, axis)),
            None => Err(argument(py, name, "no such function along an axis").into()),
        }
    }

    fn topk(&self, k: u64, axis: i64) -> Answer<Self> {
        whole(self.0.topk(k, axis))
    }
}
