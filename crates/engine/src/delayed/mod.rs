//! Delayed calls and futures: ordinary functions that run later, with frames and arrays among their arguments.
//!
//! Calls run on threads of their own, since a function of the user may wait for what it likes, and inside the pool of
//! blocks nothing waits. They share the session's number of threads, its cancel flag, its subscribers and, for the frames
//! and arrays that they read and make, its memory budget.

mod array;
mod frame;
mod made;
mod watched;

use std::sync::{Arc, Once};

use blockfold_core::{RecordBatch, Result};
use blockfold_plan::Plan;
pub use blockfold_tasks::{
    Arg, AsCompleted, Bag, Callable, Client, Delayed, Event, Future, Later, Lock, LockGuard, Pool, Pure, Queue,
    Settings, Submit, TaskGraph, TaskInfo, Tokened, Until, Variable, Waited, Wanted, as_completed, compute_all,
    delayed, describe_with, explain_all, graph, graph_as_typed, try_delayed, wait,
};
/// Error of delayed calls, runs of them and clients.
pub type CallError = blockfold_tasks::Error;

pub use array::IntoTensor;
pub use frame::IntoBatches;
pub(crate) use watched::CallWatch;

use crate::array::NdArray;
use crate::collected::Frame;
use crate::session::Session;

impl Session {
    /// Settings of a client or a pool with as many threads as the session has, watched by the session's subscribers and
    /// stopped by its cancel flag.
    pub fn call_settings(&self) -> Settings {
        describe_shapes();
        let cancel = self.own_cancel();
        let settings = Settings::new().threads(self.threads()).stopped_by(move || cancel.is_cancelled());
        let settings = match self.blocking_threads() {
            Some(threads) => settings.blocking_threads(threads),
            None => settings,
        };
        match self.call_watch() {
            Some(watch) => settings.subscriber(watch.clone()),
            None => settings,
        }
    }

    /// A client in this process, whose `submit` and `map` start calls at once and give futures.
    ///
    /// # Errors
    /// The operating system refuses threads.
    ///
    /// # Examples
    /// ```
    /// use blockfold::prelude::*;
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let client = Session::builder().threads(2).build()?.client()?;
    /// let (inc, add) = (delayed(|x: &i64| x + 1), delayed(|a: &i64, b: &i64| a + b));
    /// let incs = client.map(&inc, 0..100)?;
    /// let sums = incs.windows(2).map(|pair| client.submit(&add.call(&pair[0], &pair[1])));
    /// let sums: Vec<_> = sums.collect::<std::result::Result<_, _>>()?;
    /// let total = delayed(|xs: &[std::sync::Arc<i64>]| xs.iter().map(|x| **x).sum::<i64>());
    /// assert_eq!(*client.submit(&total.call(sums))?.result()?, 9999);
    /// # Ok(())
    /// # }
    /// ```
    pub fn client(&self) -> Result<Client> {
        Ok(Client::new(self.call_settings())?)
    }

    /// Makes a delayed call, with all that it reads, on the session's threads for calls.
    ///
    /// # Errors
    /// The first failure of a function, naming the call and what its arguments were; nothing more is started then.
    ///
    /// # Examples
    /// ```
    /// use blockfold::prelude::*;
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().build()?;
    /// let week = datasets::timeseries(&session, datasets::options().start("2000-01-01").end("2000-01-08"))?;
    /// let rows = delayed(|frame: &Frame| frame.num_rows());
    /// // The frame is collected when the call is made, and dropped after its last reader.
    /// let names = rows.call(&week.group_by(["name"]).agg([len()]));
    /// assert_eq!(*session.compute(&names)?, 26);
    /// # Ok(())
    /// # }
    /// ```
    pub fn compute<T: Send + Sync + 'static>(&self, call: &Delayed<T>) -> Result<Arc<T>> {
        self.compute_calls((call,)).map(|(value,)| value)
    }

    /// Makes several delayed calls in one run: a slice of calls of one type, or a tuple of calls of any. What they share
    /// is made once.
    ///
    /// # Errors
    /// As [`Session::compute`].
    pub fn compute_calls<W: Wanted>(&self, calls: W) -> Result<W::Results> {
        let cancel = self.cancel();
        let pool = self.calls()?;
        let compute = || pool.compute_all_unless(calls, move || cancel.is_cancelled());
        Ok(match self.call_watch() {
            Some(watch) => watch.during(compute)?,
            None => compute()?,
        })
    }
}

/// A call of a function of a lazy value, which is one call for all values whose plan computes the same.
fn call_of_plan<V: Clone + Send + Sync + 'static, R: Send + Sync + 'static>(
    function: &Callable<fn(&V) -> R>,
    session: &Session,
    plan: Result<Plan>,
    value: &V,
) -> Delayed<R> {
    describe_shapes();
    let token = plan.map_or_else(|error| error.to_string(), |plan| plan.token().to_string());
    function.token((session.address(), token)).call(value.clone())
}

/// Has errors of calls say what frames and arrays they were given.
fn describe_shapes() {
    static ONCE: Once = Once::new();
    let table = |kind: &str, rows: usize, columns: usize| format!("{kind} of {rows} rows x {columns} columns");
    ONCE.call_once(|| {
        describe_with(move |frame: &Frame| table("frame", frame.num_rows(), frame.schema().fields().len()));
        describe_with(move |batch: &RecordBatch| table("batch", batch.num_rows(), batch.num_columns()));
        describe_with(|array: &NdArray| {
            format!("array of {} with shape {:?}", blockfold_core::tensor::type_name(array.dtype()), array.shape())
        });
    });
}
