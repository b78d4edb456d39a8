//! How pools and clients are made.

use std::sync::Arc;

use crate::events::Subscriber;

/// How a pool is made.
#[derive(Clone)]
pub struct Settings {
    pub(crate) threads: usize,
    pub(crate) blocking_threads: usize,
    pub(crate) subscriber: Option<Arc<dyn Subscriber>>,
    pub(crate) stopped_by: Option<Flag>,
    pub(crate) inside: Option<Inside>,
}

/// Calls the work that it is given inside of something that one thread, or few, may hold.
pub(crate) type Inside = Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>;

/// Asked whether runs are to stop.
pub(crate) type Flag = Arc<dyn Fn() -> bool + Send + Sync>;

impl Default for Settings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Settings { threads, blocking_threads: 256, subscriber: None, stopped_by: None, inside: None }
    }
}

impl Settings {
    /// One thread a core for computing and up to 256 for functions that block.
    pub fn new() -> Self {
        Settings::default()
    }

    /// Sets the number of threads that compute; at least one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Sets the largest number of threads for functions that block; at least one. They are started as they are
    /// needed and end when they have been idle for some seconds. Those that wait for a future inside a call are not
    /// counted meanwhile.
    #[must_use]
    pub fn blocking_threads(mut self, threads: usize) -> Self {
        self.blocking_threads = threads.max(1);
        self
    }

    /// Has runs end with [`Error::Cancelled`](crate::Error::Cancelled) once `flag` gives true, as a signal handler's flag
    /// does. It is asked before each call, so that it should be quick.
    #[must_use]
    pub fn stopped_by(mut self, flag: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.stopped_by = Some(Arc::new(flag));
        self
    }

    /// Has the threads that compute do so inside of `enter`, which calls what it is given: with an interpreter's lock held, say.
    /// It is entered once for many calls, by one thread after the other, so that only one ever waits for it; another one
    /// comes in when a call lets the lock go, because it sleeps, say.
    #[must_use]
    pub fn inside(mut self, enter: impl Fn(&mut dyn FnMut()) + Send + Sync + 'static) -> Self {
        self.inside = Some(Arc::new(enter));
        self
    }

    /// Has every call told to `subscriber`.
    #[must_use]
    pub fn subscriber(mut self, subscriber: Arc<dyn Subscriber>) -> Self {
        self.subscriber = Some(subscriber);
        self
    }
}
