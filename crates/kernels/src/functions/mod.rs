//! Scalar functions: one static each, found by name.

pub(crate) mod elementwise;

use blockfold_core::Function;

/// Every scalar function.
pub static FUNCTIONS: &[&dyn Function] = &[];

/// The function of a name.
pub fn find(name: &str) -> Option<&'static dyn Function> {
    FUNCTIONS.iter().copied().find(|function| function.name() == name)
}
