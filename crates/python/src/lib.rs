//! The native module of the Python package: sessions, expressions, lazy frames and arrays as Python classes.
//!
//! It is what `python/blockfold` is written on, not what users call: names and arguments are checked there and passed on
//! as they are. Three rules hold here. Work that may take time goes through [`run`], which lets go of the GIL and listens
//! for Ctrl-C. Errors become the exceptions of `blockfold.exceptions` ([`error`]). Memory crosses the border without a
//! copy: frames by the Arrow PyCapsule interface ([`capsule`]), arrays by NumPy's array interface ([`buffer`]).

mod allocator;
mod arguments;
mod array;
mod buffer;
mod callback;
mod capsule;
mod delayed;
mod dtype;
mod error;
mod expr;
mod fragments;
mod frame;
mod group;
mod inner;
mod joins;
mod made;
mod making;
mod output;
mod pictures;
mod run;
mod scalar;
mod session;
mod table;
mod watched;
mod window;

use pyo3::prelude::*;

/// The native module of the package `blockfold`.
#[pymodule(gil_used = false)]
mod _blockfold {
    #[pymodule_export]
    use crate::array::PyArray;
    #[pymodule_export]
    use crate::array::{concatenate, einsum, stack};
    #[pymodule_export]
    use crate::buffer::PyNdArray;
    #[pymodule_export]
    use crate::delayed::{PyClient, PyDelayed, PyDelayedFunction, PyFuture};
    #[pymodule_export]
    use crate::delayed::{compute_delayed, delayed_value};
    #[pymodule_export]
    use crate::expr::PyExpr;
    #[pymodule_export]
    use crate::fragments::{PyFragments, PyParcel};
    #[pymodule_export]
    use crate::frame::PyLazyFrame;
    #[pymodule_export]
    use crate::frame::concat;
    #[pymodule_export]
    use crate::inner::answered;
    #[pymodule_export]
    use crate::output::PyOutput;
    #[pymodule_export]
    use crate::session::PySession;
    #[pymodule_export]
    use crate::table::{PyBatches, PyTable};
    #[pymodule_export]
    use crate::window::PyWindow;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::allocator::keep_warm();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
