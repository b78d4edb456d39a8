//! Work without the GIL, which Ctrl-C stops.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use blockfold::{Cancel, Error, cancellable};
use pyo3::prelude::*;

use crate::error::{Answer, Raised};

/// How long a signal may wait before it is looked at.
const LISTEN: Duration = Duration::from_millis(20);

/// Stack of the thread that plans and waits: plans are trees, and users make deep ones in loops.
const STACK_BYTES: usize = 256 << 20;

/// What `work` returns, from a thread of its own and without the GIL. Signals are looked at meanwhile: one that raises, as
/// Ctrl-C, cancels the runs that the work started, and is raised once they have stopped.
///
/// # Errors
/// Those of the work; a panic in it as [`Error::Panicked`].
pub fn run<T: Send>(py: Python<'_>, work: impl FnOnce() -> blockfold::Result<T> + Send) -> Answer<T> {
    run_under(py, &Cancel::default(), work)
}

/// As [`run`], under a flag that outlives the call: of an answer that is taken piece by piece.
pub fn run_under<T: Send>(
    py: Python<'_>,
    cancel: &Cancel,
    work: impl FnOnce() -> blockfold::Result<T> + Send,
) -> Answer<T> {
    let (scope, mut interrupted) = (cancel.clone(), None);
    let result = py.detach(|| {
        thread::scope(|threads| {
            let (done, waits) = sync_channel::<()>(1);
            let own = move || {
                // Dropped at the end, whatever the end is.
                let _done = done;
                cancellable(&scope, work)
            };
            let worker = thread::Builder::new().name("blockfold-run".into()).stack_size(STACK_BYTES);
            let worker = worker.spawn_scoped(threads, own).map_err(|error| Error::io("thread", error))?;
            while let Err(RecvTimeoutError::Timeout) = waits.recv_timeout(LISTEN) {
                if interrupted.is_none() {
                    interrupted = Python::attach(|py| py.check_signals()).err();
                }
                if interrupted.is_some() {
                    cancel.cancel();
                }
            }
            worker.join().unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
        })
    });
    match interrupted {
        Some(signal) => Err(Raised::from(signal)),
        None => Ok(result?),
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    Error::Panicked { message: text.unwrap_or("without a message").to_string() }
}
