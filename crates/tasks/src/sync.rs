//! All synchronisation of this crate: locks, atomics, threads and the clock.
//!
//! These are those of `parking_lot` and of the standard library. Under the feature `shuttle` they are wrappers of the
//! same shape over shuttle's, so that the test `model` decides which thread goes on at each step.
//!
//! Reference counts are not among them, since shuttle has none of its own. Orderings weaker than `SeqCst` are not told
//! apart by shuttle either: it finds wrong interleavings, not missing fences.

#[cfg(not(feature = "shuttle"))]
pub use real::*;

#[cfg(feature = "shuttle")]
pub use model::*;

/// For statics. They outlive an execution of the model and are shared by executions on several threads, which
/// shuttle's locks cannot be; so they stay real. That is sound as long as nothing of the model is touched while they
/// are held, since a thread of the model that is suspended with a real lock would hold up all others.
pub mod statics {
    pub use std::sync::{LazyLock, OnceLock};

    pub use parking_lot::{Mutex, RwLock};
}

#[cfg(not(feature = "shuttle"))]
mod real {
    pub use std::hint::spin_loop;
    pub use std::sync::atomic;
    pub use std::thread;
    pub use std::thread_local;
    use std::time::Instant;

    pub use parking_lot::{Condvar, Mutex, MutexGuard};

    /// The time.
    #[inline(always)]
    pub fn now() -> Instant {
        Instant::now()
    }

    /// A limit as it is, or a smaller one for the model, whose graphs are small.
    pub const fn scaled(limit: usize, _in_model: usize) -> usize {
        limit
    }

    /// A static with a lock that is held while other locks are taken.
    macro_rules! static_lock {
        ($(#[$attr:meta])* static $name:ident: Mutex<$T:ty> = Mutex::new($value:expr);) => {
            $(#[$attr])*
            static $name: $crate::sync::Mutex<$T> = $crate::sync::Mutex::new($value);
        };
    }

    pub(crate) use static_lock;
}

#[cfg(feature = "shuttle")]
mod model {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::ops::{Deref, DerefMut};
    use std::sync::{Arc, LazyLock, PoisonError};
    use std::task::{Poll, Waker};
    use std::time::{Duration, Instant};

    use shuttle::future::block_on;
    use shuttle::rand::{RngCore, thread_rng};
    pub use shuttle::sync::atomic;
    use shuttle::sync::{Mutex as ModelMutex, MutexGuard as ModelGuard};
    pub use shuttle::thread_local;

    /// Waits up to a limit of this length may go on until they are woken; shorter ones always end, as those do that
    /// only look up now and then. So a wake-up that got lost is not made up for by a long limit.
    const LONG: Duration = Duration::from_secs(1);

    /// One of `choices` numbers, drawn as a part of the schedule.
    fn any_of(choices: usize) -> usize {
        (thread_rng().next_u64() % choices.max(1) as u64) as usize
    }

    /// Lets another thread go on, if the schedule wants it.
    fn switch() {
        thread::sleep(Duration::ZERO);
    }

    /// Nothing: what is spun on is an atomic, and those let other threads go on.
    pub fn spin_loop() {}

    /// A limit as it is, or a smaller one for the model, whose graphs are small.
    pub const fn scaled(_limit: usize, in_model: usize) -> usize {
        in_model
    }

    // All threads of an execution are one of the system.
    std::thread_local! {
        static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
        static REFUSES: Cell<usize> = const { Cell::new(0) };
    }

    /// Has one of so many threads for calls that block refused from now on, or none.
    pub fn refuse_threads(one_of: usize) {
        REFUSES.set(one_of);
    }

    fn pass(time: Duration) {
        ELAPSED.set(ELAPSED.get() + time);
    }

    /// The time, which goes on by more or less from one look to the next.
    pub fn now() -> Instant {
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        pass([0, 10, 100, 20_000].map(Duration::from_micros)[any_of(4)]);
        *START + ELAPSED.get()
    }

    /// Shuttle's threads.
    pub mod thread {
        use std::io;

        pub use shuttle::thread::{JoinHandle, sleep, yield_now};

        /// The name of a thread to be.
        #[derive(Default)]
        pub struct Builder(String);

        impl Builder {
            pub fn new() -> Self {
                Builder::default()
            }

            pub fn name(self, name: String) -> Self {
                Builder(name)
            }

            /// Starts a thread, or refuses it: only one for calls that block, which are made elsewhere then.
            pub fn spawn<T: Send + 'static>(self, f: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
                let refuses = super::REFUSES.get();
                if self.0 == "blockfold-waits" && refuses > 0 && super::any_of(refuses) == 0 {
                    return Err(io::Error::other("no more threads"));
                }
                shuttle::thread::Builder::new().name(self.0).spawn(f)
            }
        }
    }

    /// A static with a lock that is held while other locks are taken: one for each execution.
    macro_rules! static_lock {
        ($(#[$attr:meta])* static $name:ident: Mutex<$T:ty> = Mutex::new($value:expr);) => {
            shuttle::lazy_static! {
                $(#[$attr])*
                static ref $name: $crate::sync::Mutex<$T> = $crate::sync::Mutex::new($value);
            }
        };
    }

    pub(crate) use static_lock;

    /// Shuttle's lock, without poison.
    #[derive(Default)]
    pub struct Mutex<T: ?Sized>(ModelMutex<T>);

    /// Gives the lock back when dropped. Holds it, except while its thread waits.
    pub struct MutexGuard<'a, T: ?Sized> {
        mutex: &'a ModelMutex<T>,
        guard: Option<ModelGuard<'a, T>>,
    }

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Self {
            Mutex(ModelMutex::new(value))
        }
    }

    impl<T: ?Sized> Mutex<T> {
        pub fn lock(&self) -> MutexGuard<'_, T> {
            let guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            MutexGuard { mutex: &self.0, guard: Some(guard) }
        }
    }

    impl<T: ?Sized> MutexGuard<'_, T> {
        /// Gives the lock back while `f` runs.
        pub fn unlocked<R>(guard: &mut Self, f: impl FnOnce() -> R) -> R {
            drop(guard.guard.take());
            let result = f();
            guard.guard = Some(guard.mutex.lock().unwrap_or_else(PoisonError::into_inner));
            result
        }
    }

    impl<T: ?Sized> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            match &self.guard {
                Some(guard) => guard,
                None => unreachable!("`unlocked` borrows the guard"),
            }
        }
    }

    impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            match &mut self.guard {
                Some(guard) => guard,
                None => unreachable!("`unlocked` borrows the guard"),
            }
        }
    }

    /// Shuttle's own never wakes because of a limit of time; this one does.
    #[derive(Default)]
    pub struct Condvar {
        // A real lock: it is never held where another thread may go on.
        waiters: parking_lot::Mutex<Vec<Arc<Waiter>>>,
    }

    /// A thread that waits, or has been woken.
    #[derive(Default)]
    struct Waiter {
        state: parking_lot::Mutex<(bool, Option<Waker>)>,
    }

    impl Waiter {
        fn is_woken(&self) -> bool {
            self.state.lock().0
        }

        fn wake(&self) {
            let mut state = self.state.lock();
            state.0 = true;
            let waker = state.1.take();
            drop(state);
            waker.into_iter().for_each(Waker::wake);
        }

        fn wait(&self) {
            block_on(poll_fn(|context| {
                let mut state = self.state.lock();
                if state.0 {
                    return Poll::Ready(());
                }
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }));
        }
    }

    /// Whether a wait ended because its time was up.
    pub struct WaitTimeoutResult(bool);

    impl WaitTimeoutResult {
        pub fn timed_out(&self) -> bool {
            self.0
        }
    }

    impl Condvar {
        pub const fn new() -> Self {
            Condvar { waiters: parking_lot::Mutex::new(Vec::new()) }
        }

        fn add(&self) -> Arc<Waiter> {
            let waiter = Arc::new(Waiter::default());
            self.waiters.lock().push(Arc::clone(&waiter));
            waiter
        }

        pub fn wait<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>) {
            let waiter = self.add();
            MutexGuard::unlocked(guard, || waiter.wait());
        }

        pub fn wait_until<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, deadline: Instant) -> WaitTimeoutResult {
            self.wait_for(guard, deadline.saturating_duration_since(now()))
        }

        pub fn wait_for<T: ?Sized>(&self, guard: &mut MutexGuard<'_, T>, limit: Duration) -> WaitTimeoutResult {
            if limit >= LONG && any_of(2) == 0 {
                self.wait(guard);
                return WaitTimeoutResult(false);
            }
            let waiter = self.add();
            MutexGuard::unlocked(guard, || {
                while any_of(3) > 0 {
                    thread::yield_now();
                    if waiter.is_woken() {
                        return WaitTimeoutResult(false);
                    }
                }
                pass(limit);
                self.waiters.lock().retain(|other| !Arc::ptr_eq(other, &waiter));
                WaitTimeoutResult(!waiter.is_woken())
            })
        }

        pub fn notify_one(&self) {
            switch();
            let mut waiters = self.waiters.lock();
            if !waiters.is_empty() {
                let chosen = any_of(waiters.len());
                waiters.swap_remove(chosen).wake();
            }
        }

        pub fn notify_all(&self) {
            switch();
            std::mem::take(&mut *self.waiters.lock()).iter().for_each(|waiter| waiter.wake());
        }
    }
}
