//! Work without the GIL, which Ctrl-C stops.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use blockfold::{Cancel, Error, answered_by, answering, cancellable, is_in_pool, standing_in};
use pyo3::prelude::*;

use crate::error::{Answer, Raised};

/// How long a signal may wait before it is looked at.
const LISTEN: Duration = Duration::from_millis(20);

/// How long a cancelled run is waited for. One that is inside of a long kernel, as a decomposition, ends by itself later,
/// and what it made is dropped.
const PATIENCE: Duration = Duration::from_millis(100);

/// Stack of the thread that plans and waits: plans are trees, and users make deep ones in loops.
const STACK_BYTES: usize = 256 << 20;

/// What `work` makes of a handle, from a thread of its own and without the GIL. Signals are looked at meanwhile: one that
/// raises, as Ctrl-C, cancels the runs that the work started.
///
/// # Errors
/// Those of the work; a panic in it as [`Error::Panicked`].
pub fn run<H, T>(
    py: Python<'_>,
    handle: &H,
    work: impl FnOnce(&H) -> blockfold::Result<T> + Send + 'static,
) -> Answer<T>
where
    H: Clone + Send + 'static,
    T: Send + 'static,
{
    run_under(py, &Cancel::default(), handle, work)
}

/// As [`run`], under a flag that outlives the call: of an answer that is taken piece by piece.
pub fn run_under<H, T>(
    py: Python<'_>,
    cancel: &Cancel,
    handle: &H,
    work: impl FnOnce(&H) -> blockfold::Result<T> + Send + 'static,
) -> Answer<T>
where
    H: Clone + Send + 'static,
    T: Send + 'static,
{
    let (own, scope) = (handle.clone(), cancel.clone());
    let (done, waits) = sync_channel(1);
    // A function of the user that starts a run inside of a run: its thread is one of those that the run would need.
    let stands_in = is_in_pool();
    let inner = answering();
    let body = move || {
        let work = || answered_by(inner, || cancellable(&scope, || work(&own)));
        let result = catch_unwind(AssertUnwindSafe(|| if stands_in { standing_in(work) } else { work() }));
        // What the work held is given back before its answer is there.
        drop(own);
        // Who was interrupted takes no answer.
        let _ = done.send(result.unwrap_or_else(|panic| Err(Error::of_panic(panic.as_ref()))));
    };
    py.detach(move || {
        let worker = thread::Builder::new().name("blockfold-run".into()).stack_size(STACK_BYTES);
        worker.spawn(body).map_err(|error| Error::io("thread", error))?;
        listen(&waits, cancel)
    })
}

/// The answer, or the signal that came before it.
fn listen<T>(waits: &Receiver<blockfold::Result<T>>, cancel: &Cancel) -> Answer<T> {
    let mut interrupted: Option<(PyErr, Instant)> = None;
    loop {
        let answer = waits.recv_timeout(LISTEN);
        if interrupted.is_none()
            && let Err(signal) = Python::attach(|py| py.check_signals())
        {
            cancel.cancel();
            interrupted = Some((signal, Instant::now()));
        }
        match (answer, interrupted.take()) {
            (Err(RecvTimeoutError::Timeout), None) => {}
            (Err(RecvTimeoutError::Timeout), Some((signal, since))) if since.elapsed() < PATIENCE => {
                interrupted = Some((signal, since));
            }
            (_, Some((signal, _))) => return Err(Raised::from(signal)),
            (Ok(result), None) => return Ok(result?),
            (Err(RecvTimeoutError::Disconnected), None) => {
                return Err(Error::internal("a run that ended without an answer").into());
            }
        }
    }
}
