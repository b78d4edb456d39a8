//! The language of `blockfold array`: NumPy's expressions over named arrays.

mod eval;
mod lexer;
mod parser;

use std::collections::BTreeMap;
use std::fmt;

use blockfold::{Array, Session};

/// What can be written.
pub const GRAMMAR: &str = "\
Expressions are NumPy's: + - * / % ** @, comparisons, & | ~, x.T, x[2:10, ::-1, 0, None, [3, 1], mask], (1, 2), 2j, several
expressions as (x.mean(axis=0), x.std()), which are computed together, and these functions, which may follow an array as methods
too: sum prod mean std var min max argmin argmax any all count_nonzero norm and their nan- forms (axis=,
keepdims=, ddof=); abs sign sqrt cbrt exp expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh radians
degrees floor ceil trunc isnan isinf isfinite square reciprocal; where clip minimum maximum power astype isclose; dot outer transpose
reshape ravel squeeze expand_dims broadcast_to concatenate stack flip roll repeat tile take pad rechunk; sort argsort cumsum cumprod diff
median quantile percentile nanmedian unique bincount digitize take_along_axis flatnonzero; tensordot einsum trace diag cholesky lu
qr svd solve svdvals; fft ifft rfft irfft fft2 ifft2 fftfreq fftshift ifftshift; real imag conj angle; ones zeros full arange linspace eye.";

/// Where an expression is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    text: String,
    /// Characters before the place.
    at: usize,
    what: String,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {}^", " ".repeat(self.at))
    }
}

impl std::error::Error for SyntaxError {}

/// The array that an expression describes, or the arrays of several between parentheses.
///
/// # Errors
/// Text that is no expression, names and functions that are not there, arguments that a function does not take.
pub fn evaluate(text: &str, names: &BTreeMap<String, Array>, session: &Session) -> anyhow::Result<Vec<Array>> {
    let tree = parser::parse(text)?;
    eval::evaluate(&tree, names, session)
}
