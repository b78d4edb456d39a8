//! What can go wrong in a call, in a run and at a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error as a function may return it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why there is no result. Cheap to clone: a failure is handed to everything that depends on it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// A function returned an error.
    Failed {
        /// Name of the call.
        call: Arc<str>,
        /// Types of its arguments, separated by commas.
        arguments: Arc<str>,
        /// The function's own error.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A function panicked.
    Panicked {
        /// Name of the call.
        call: Arc<str>,
        /// Types of its arguments, separated by commas.
        arguments: Arc<str>,
        /// The message of the panic.
        message: Arc<str>,
    },
    /// The call was cancelled, or nobody held its future any more.
    Cancelled {
        /// Name of the call.
        call: Arc<str>,
    },
    /// The call ran longer than it was allowed to.
    TimedOut {
        /// Name of the call.
        call: Arc<str>,
        /// The time it had.
        limit: Duration,
    },
    /// Waiting was given up; the call goes on.
    NotYet {
        /// What was waited for.
        what: Arc<str>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The client or the pool is closed.
    Closed,
    /// The graph has more tasks or inputs than a run can number.
    TooLarge {
        /// The largest number of tasks in a run.
        limit: usize,
    },
    /// The threads of a pool could not be started.
    Threads {
        /// The operating system's error.
        source: Arc<std::io::Error>,
    },
    /// A fault of this crate.
    Internal {
        /// What should not have happened.
        what: &'static str,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Failed { call, arguments, source } => write!(f, "{call}({arguments}) failed: {source}"),
            Error::Panicked { call, arguments, message } => write!(f, "{call}({arguments}) panicked: {message}"),
            Error::Cancelled { call } => write!(f, "{call} was cancelled"),
            Error::TimedOut { call, limit } => write!(f, "{call} took longer than {limit:?}"),
            Error::NotYet { what, waited } => write!(f, "{what} was not ready after {waited:?}"),
            Error::Closed => f.write_str("the client is closed"),
            Error::TooLarge { limit } => write!(f, "the graph is too large for one run, which takes {limit} tasks"),
            Error::Threads { source } => write!(f, "threads could not be started: {source}"),
            Error::Internal { what } => write!(f, "fault of blockfold-tasks: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Failed { source, .. } => Some(&**source),
            Error::Threads { source } => Some(&**source),
            _ => None,
        }
    }
}

#[cfg(feature = "engine")]
impl From<Error> for blockfold_core::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Cancelled { .. } => blockfold_core::Error::Cancelled,
            error => blockfold_core::Error::External(Box::new(error)),
        }
    }
}
