//! What a scalar function is.

use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

use crate::error::Result;

/// An elementwise function: one static per function, registered by name.
///
/// A function answers for whole columns: arguments have the frame's length, or length one when they are the
/// same for every row; [`Function::evaluate`] returns an array of `rows` elements, or of one element when every
/// argument has one.
pub trait Function: Send + Sync {
    /// The name, as in `explain` and in serialised plans.
    fn name(&self) -> &'static str;

    /// Type of the result for arguments of these types.
    ///
    /// # Errors
    /// [`crate::Error::Type`] when the function does not take them.
    fn dtype(&self, args: &[DataType]) -> Result<DataType>;

    /// Values of the result, of the type that [`Function::dtype`] said.
    ///
    /// # Nulls
    /// Null where any argument is null, unless the function says otherwise.
    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef>;

    /// Whether a null argument always gives a null result.
    fn null_in_null_out(&self) -> bool {
        true
    }
}

impl fmt::Debug for dyn Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for dyn Function {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Function {}

impl Hash for dyn Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}
