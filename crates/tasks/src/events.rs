//! What happens in a pool, for those who watch.

use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Instant;

use crate::error::Error;

/// A call starts.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TaskStarted<'a> {
    /// Name of the call.
    pub name: &'a Arc<str>,
    /// The thread it runs on.
    pub thread: ThreadId,
    /// When it started.
    pub start: Instant,
}

/// A call is done, or has failed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TaskFinished<'a> {
    /// Name of the call.
    pub name: &'a Arc<str>,
    /// The thread it ran on.
    pub thread: ThreadId,
    /// When it started.
    pub start: Instant,
    /// When it ended.
    pub stop: Instant,
    /// Bytes of the result, for callables that are [`measured`](crate::Callable::measured).
    pub bytes: Option<u64>,
    /// Why it failed, if it did.
    pub error: Option<&'a Error>,
}

/// Somebody who watches calls. Called on the thread that makes the call, so that it should be quick.
/// Without a subscriber nothing is measured.
pub trait Subscriber: Send + Sync {
    /// Takes note that a call starts.
    fn started(&self, _event: &TaskStarted<'_>) {}
    /// Takes note that a call ended.
    fn finished(&self, _event: &TaskFinished<'_>) {}
}
