//! The one public error type, sorted by who must act: the caller, the data, the machine, or us.

use std::any::Any;
use std::path::{Path, PathBuf};

use crate::bytes::ByteSize;

/// Result of every fallible call of the workspace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong, with fields instead of prose.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    // ---- the caller can mend these
    /// A column that does not exist was named.
    #[error("column '{name}' not found{}", near_names(name, have))]
    ColumnNotFound {
        /// The name asked for.
        name: String,
        /// The names there are.
        have: Vec<String>,
    },
    /// An operation was given a type that it does not take.
    #[error("{op} does not take {got}; it takes {expected}")]
    Type {
        /// The operation with its column, as the user wrote it.
        op: String,
        /// What it would take.
        expected: String,
        /// What it was given.
        got: String,
    },
    /// Two operands whose lengths or shapes do not fit each other.
    #[error("{op}: shapes {left} and {right} do not fit")]
    Shape {
        /// The operation.
        op: String,
        /// Shape of the left operand.
        left: String,
        /// Shape of the right operand.
        right: String,
    },
    /// An argument outside of what the operation can do.
    #[error("{op}: {what}")]
    Argument {
        /// The operation or option.
        op: String,
        /// What is wrong, and what would be right.
        what: String,
    },
    /// A part of a format or an operation that is not supported, and what to do instead.
    #[error("{what} is not supported; {instead}")]
    Unsupported {
        /// What is not supported, with its file and column.
        what: String,
        /// What can be done instead.
        instead: String,
    },
    /// The output exists and overwriting was not asked for.
    #[error("'{}' already exists; ask for overwriting or choose another path", path.display())]
    AlreadyExists {
        /// The output's path.
        path: PathBuf,
    },
    /// A step needs more memory than the budget has.
    #[error("{step} needs {} but the memory budget is {}; {remedy}", ByteSize(*needed_bytes), ByteSize(*budget_bytes))]
    OverBudget {
        /// The step that does not fit.
        step: String,
        /// Bytes that it needs.
        needed_bytes: u64,
        /// Bytes that the session may use.
        budget_bytes: u64,
        /// What the user can do.
        remedy: String,
    },

    // ---- the data is at fault
    /// No file at a path, or no file that a pattern matches.
    #[error("no such file: '{}'{}", path.display(), detail(what))]
    NotFound {
        /// The path or pattern asked for.
        path: PathBuf,
        /// What was looked for, when it says more than the path.
        what: String,
    },
    /// Files of one data set that disagree on a column.
    #[error("'{}': column '{column}' is {found}, but {expected} in '{}'; read them apart and cast", path.display(), first.display())]
    SchemaMismatch {
        /// The file that differs.
        path: PathBuf,
        /// The first file of the data set, which sets the schema.
        first: PathBuf,
        /// The column.
        column: String,
        /// Its type in the first file.
        expected: String,
        /// Its type in the file that differs.
        found: String,
    },
    /// A file whose content is damaged.
    #[error("'{}' is damaged: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is damaged, as exactly as known.
        what: String,
    },
    /// A number that does not fit its type.
    #[error("{op} overflows {dtype}; cast the column to a wider type first")]
    Overflow {
        /// The operation with its column.
        op: String,
        /// The type that is too narrow.
        dtype: String,
    },

    // ---- the machine
    /// The system refused an operation on a file.
    #[error("'{}': {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Spilling would need more scratch than it may use.
    #[error("scratch in '{}' is used up: {} more are needed, of a limit of {}; raise the scratch limit or the memory budget", folder.display(), ByteSize(*needed_bytes), ByteSize(*limit_bytes))]
    ScratchLimit {
        /// The scratch folder.
        folder: PathBuf,
        /// Bytes that were to be written.
        needed_bytes: u64,
        /// Bytes that may be used in all.
        limit_bytes: u64,
    },
    /// The run was cancelled, by the user or by another task's failure.
    #[error("cancelled")]
    Cancelled,

    // ---- us, or a user's function
    /// A kernel or a user's function panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// An error of a library, boxed by the crate that knows it.
    #[error(transparent)]
    External(Box<dyn std::error::Error + Send + Sync>),
    /// An invariant of the engine does not hold: a bug.
    #[error("internal error (please report it): {what}")]
    Internal {
        /// Which invariant.
        what: String,
    },
    /// The first error of a lazy handle, returned by a later call.
    #[error(transparent)]
    Deferred(std::sync::Arc<Error>),
    /// An error with the place where it happened.
    #[error("{place}: {source}")]
    At {
        /// Op, step and block.
        place: String,
        /// The error itself.
        source: Box<Error>,
    },
}

impl Error {
    /// What a panic ended with, as an [`Error::Panicked`].
    pub fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Error::Panicked { message: text.unwrap_or("without a message").to_owned() }
    }

    /// An [`Error::Io`] that names its file.
    pub fn io(path: impl AsRef<Path>, source: std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        if source.kind() == std::io::ErrorKind::NotFound {
            return Error::NotFound { path, what: String::new() };
        }
        Error::Io { path, source }
    }

    /// An [`Error::Corrupt`] that names its file.
    pub fn corrupt(path: impl AsRef<Path>, what: impl ToString) -> Self {
        Error::Corrupt { path: path.as_ref().to_path_buf(), what: what.to_string() }
    }

    /// An [`Error::Argument`] of an operation.
    pub fn argument(op: impl ToString, what: impl ToString) -> Self {
        Error::Argument { op: op.to_string(), what: what.to_string() }
    }

    /// An [`Error::Internal`].
    pub fn internal(what: impl ToString) -> Self {
        Error::Internal { what: what.to_string() }
    }

    /// This error with another operation's text, when it is an [`Error::Type`].
    pub fn of_op(self, op: impl ToString) -> Self {
        match self {
            Error::Type { expected, got, .. } => Error::Type { op: op.to_string(), expected, got },
            other => other,
        }
    }

    /// This error with the place where it happened; an error that has a place keeps it.
    pub fn at(self, place: impl ToString) -> Self {
        match self {
            Error::Cancelled | Error::At { .. } | Error::Deferred(_) => self,
            other => Error::At { place: place.to_string(), source: Box::new(other) },
        }
    }

    /// The error itself, without the places around it.
    pub fn root(&self) -> &Error {
        match self {
            Error::At { source, .. } => source.root(),
            Error::Deferred(error) => error.root(),
            other => other,
        }
    }
}

impl From<arrow::error::ArrowError> for Error {
    fn from(error: arrow::error::ArrowError) -> Self {
        match error {
            arrow::error::ArrowError::ExternalError(inner) => match inner.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(other) => Error::External(other),
            },
            other => Error::External(Box::new(other)),
        }
    }
}

fn detail(what: &str) -> String {
    if what.is_empty() { String::new() } else { format!(" ({what})") }
}

/// `; did you mean ...` for names within a small edit distance, else the list of names.
fn near_names(name: &str, have: &[String]) -> String {
    let mut near: Vec<(usize, &String)> = have
        .iter()
        .map(|candidate| (edit_distance(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .collect();
    near.sort();
    if near.is_empty() {
        let shown: Vec<&str> = have.iter().take(20).map(String::as_str).collect();
        let more = if have.len() > shown.len() { ", ..." } else { "" };
        return format!("; there are: {}{more}", shown.join(", "));
    }
    let shown: Vec<String> = near.iter().take(3).map(|(_, name)| format!("'{name}'")).collect();
    format!("; did you mean {}?", shown.join(" or "))
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_near_columns() {
        let have = vec!["timestamp".to_string(), "id".to_string()];
        let error = Error::ColumnNotFound { name: "timstamp".into(), have: have.clone() };
        assert_eq!(error.to_string(), "column 'timstamp' not found; did you mean 'timestamp'?");
        let error = Error::ColumnNotFound { name: "price".into(), have };
        assert_eq!(error.to_string(), "column 'price' not found; there are: timestamp, id");
    }

    #[test]
    fn keeps_the_innermost_place() {
        let error = Error::argument("head", "n is negative").at("step 1").at("run");
        assert_eq!(error.to_string(), "step 1: head: n is negative");
        assert!(matches!(error.root(), Error::Argument { .. }));
    }
}
