//! Errors of the engine as Python exceptions.
//!
//! The classes live in `blockfold.exceptions`, where each is both a `blockfold.Error` and the built-in exception that a
//! user of pandas or NumPy expects: a missing column is a `KeyError`, a budget that is too small a `MemoryError`.

use blockfold::Error;
use blockfold::delayed::CallError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyType;

/// The module of the exception classes.
const EXCEPTIONS: &str = "blockfold.exceptions";

/// An engine's error on its way to Python: `?` makes one, and PyO3 raises it.
pub struct Raised(PyErr);

impl From<Error> for Raised {
    fn from(error: Error) -> Self {
        Raised(Python::attach(|py| exception(py, &error)))
    }
}

impl From<CallError> for Raised {
    fn from(error: CallError) -> Self {
        Raised(Python::attach(|py| crate::delayed::raised_of(py, &error)))
    }
}

impl From<PyErr> for Raised {
    fn from(error: PyErr) -> Self {
        Raised(error)
    }
}

impl From<Raised> for PyErr {
    fn from(raised: Raised) -> Self {
        raised.0
    }
}

/// Result of what Python calls.
pub type Answer<T> = Result<T, Raised>;

/// An exception of the package by the name of its class.
pub fn raised(py: Python<'_>, class: &str, message: impl ToString) -> PyErr {
    let found =
        py.import(EXCEPTIONS).and_then(|module| module.getattr(class)?.cast_into::<PyType>().map_err(PyErr::from));
    match found {
        Ok(class) => PyErr::from_type(class, message.to_string()),
        Err(_) => PyRuntimeError::new_err(message.to_string()),
    }
}

/// An argument that is not what it should be.
pub fn argument(py: Python<'_>, op: &str, what: impl ToString) -> PyErr {
    raised(py, "ArgumentError", format!("{op}: {}", what.to_string()))
}

fn exception(py: Python<'_>, error: &Error) -> PyErr {
    // What a user's own function raised comes back as it was, traceback and all.
    if let Error::External(inner) = error.root()
        && let Some(own) = inner.downcast_ref::<PyErr>()
    {
        return own.clone_ref(py);
    }
    if let Error::External(inner) = error.root()
        && let Some(call) = inner.downcast_ref::<CallError>()
    {
        return crate::delayed::raised_of(py, call);
    }
    raised(py, class_of(error.root()), error)
}

fn class_of(error: &Error) -> &'static str {
    match error {
        Error::ColumnNotFound { .. } => "ColumnNotFoundError",
        Error::Type { .. } => "DTypeError",
        Error::Shape { .. } => "ShapeError",
        Error::Argument { what, .. } if is_out_of_bounds(what) => "OutOfBoundsError",
        Error::Argument { .. } | Error::SchemaMismatch { .. } => "ArgumentError",
        Error::Unsupported { .. } => "UnsupportedError",
        Error::AlreadyExists { .. } => "AlreadyExistsError",
        Error::OverBudget { .. } => "OverBudgetError",
        Error::NotFound { .. } => "NotFoundError",
        Error::Corrupt { .. } => "CorruptFileError",
        Error::Overflow { .. } => "ArithmeticOverflowError",
        Error::Io { .. } | Error::ScratchLimit { .. } => "FileError",
        Error::Cancelled => "CancelledError",
        _ => "EngineError",
    }
}

/// Whether an argument's error is what Python calls an index out of range.
fn is_out_of_bounds(what: &str) -> bool {
    ["out of bounds", "out of range", "indices for an array"].iter().any(|said| what.contains(said))
}
