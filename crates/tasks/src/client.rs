//! A client in this process: calls are made as soon as they are submitted.

use std::sync::Arc;
use std::time::Duration;

use crate::callable::Callable;
use crate::delayed::Delayed;
use crate::error::{Error, Result};
use crate::future::Future;
use crate::held::Held;
use crate::node::Node;
use crate::param::{Arg, Param};
use crate::plan::Plan;
use crate::pool::{Job, Pool};
use crate::settings::Settings;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::task::CallOptions;

/// How a call is made: its priority, retries and limit of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Submit {
    options: CallOptions,
}

impl Submit {
    /// Priority 0, no retries and no limit.
    pub fn new() -> Self {
        Submit::default()
    }

    /// Sets the priority: higher ones start first.
    #[must_use]
    pub fn priority(mut self, priority: i32) -> Self {
        self.options.priority = priority;
        self
    }

    /// Sets how often a call that failed or panicked is made again.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.options.retries = retries;
        self
    }

    /// Sets how long each attempt may take, from its start. The function cannot be stopped: it ends in the
    /// background and its result is dropped. A call that took too long is not tried again.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }
}

/// Makes calls in the background and gives futures for them. Clones share one pool; when the last one is dropped,
/// the client closes and waits for the calls that are being made.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    is_closed: AtomicBool,
}

impl Client {
    /// Starts a pool.
    ///
    /// # Errors
    /// The operating system refuses threads.
    pub fn new(settings: Settings) -> Result<Self> {
        Ok(Client { inner: Arc::new(Inner { pool: Pool::new(settings)?, is_closed: AtomicBool::new(false) }) })
    }

    /// The pool, for runs that are waited for.
    pub fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    /// Starts a call, with all the calls it reads.
    ///
    /// # Errors
    /// The client is closed, or the graph is too large.
    ///
    /// # Examples
    ///
    /// ```
    /// use blockfold_tasks::{Client, Settings, delayed};
    ///
    /// let client = Client::new(Settings::new().threads(2))?;
    /// let add = delayed(|a: &i64, b: &i64| a + b);
    /// let three = client.submit(&add.call(1, 2))?;
    /// let seven = client.submit(&add.call(three, 4))?;
    /// assert_eq!(*seven.result()?, 7);
    /// # Ok::<(), blockfold_tasks::Error>(())
    /// ```
    pub fn submit<T>(&self, call: &Delayed<T>) -> Result<Future<T>> {
        self.submit_with(call, Submit::new())
    }

    /// Starts a call with a priority, retries or a limit of time.
    ///
    /// # Errors
    /// As [`Client::submit`].
    pub fn submit_with<T>(&self, call: &Delayed<T>, submit: Submit) -> Result<Future<T>> {
        let (held, ready) = self.prepare(Arc::clone(&call.node), submit)?;
        self.inner.pool.shared().push_all(submit.options.priority, ready.into_iter());
        Ok(Future::new(held))
    }

    /// Starts a call for each item and returns their futures in the order of the items.
    ///
    /// # Errors
    /// The client is closed.
    pub fn map<A, R, I>(&self, function: &Callable<fn(&A) -> R>, items: I) -> Result<Vec<Future<R>>>
    where
        A: Param + ?Sized,
        R: Send + Sync + 'static,
        I: IntoIterator<Item: Into<Arg<A>>>,
    {
        self.map_with(function, items, Submit::new())
    }

    /// Starts a call for each item with a priority, retries or a limit of time.
    ///
    /// # Errors
    /// The client is closed.
    pub fn map_with<A, R, I>(
        &self,
        function: &Callable<fn(&A) -> R>,
        items: I,
        submit: Submit,
    ) -> Result<Vec<Future<R>>>
    where
        A: Param + ?Sized,
        R: Send + Sync + 'static,
        I: IntoIterator<Item: Into<Arg<A>>>,
    {
        let (mut futures, mut jobs) = (Vec::new(), Vec::new());
        for item in items {
            let (held, ready) = self.prepare(function.call(item).node, submit)?;
            futures.push(Future::new(held));
            jobs.extend(ready);
        }
        self.inner.pool.shared().push_all(submit.options.priority, jobs.into_iter());
        Ok(futures)
    }

    /// Waits for all results and returns them in the order of the futures.
    ///
    /// # Errors
    /// That of the first future, in their order, that has one.
    pub fn gather<T: Send + Sync + 'static>(&self, futures: &[Future<T>]) -> Result<Vec<Arc<T>>> {
        // Backwards, since the last are likely to end last: then this thread sleeps once instead of once a future.
        for future in futures.iter().rev() {
            future.held.wait(None)?;
        }
        futures.iter().map(Future::result).collect()
    }

    /// A future for a value that is there already.
    ///
    /// # Errors
    /// The client is closed.
    pub fn scatter<T: Send + Sync + 'static>(&self, value: T) -> Result<Future<T>> {
        self.check_open()?;
        Ok(Future::new(Held::done(self.inner.pool.shared(), Arc::new(value))))
    }

    /// Cancels futures; see [`Future::cancel`].
    pub fn cancel<T>(&self, futures: &[Future<T>]) {
        futures.iter().for_each(Future::cancel);
    }

    /// Refuses calls from now on. Those that have not started fail with [`Error::Closed`]; those that are being made
    /// end as usual, and results that are there stay readable.
    pub fn close(&self) {
        self.inner.is_closed.store(true, Ordering::Release);
        self.inner.pool.close();
    }

    fn check_open(&self) -> Result<()> {
        if self.inner.is_closed.load(Ordering::Acquire) { Err(Error::Closed) } else { Ok(()) }
    }

    /// A task for `node`, and the job to queue if it waits for no future.
    fn prepare(&self, node: Arc<Node>, submit: Submit) -> Result<(Held, Option<Arc<dyn Job>>)> {
        self.check_open()?;
        let mut futures = Vec::new();
        if node.is_single() {
            node.for_each_future(|held| futures.push(held.clone()));
        } else {
            futures = Plan::new(std::slice::from_ref(&node))?.futures;
        }
        let held = Held::waiting(self.inner.pool.shared(), node, submit.options);
        let ready = held.watch_inputs(&futures);
        Ok((held, ready))
    }
}
