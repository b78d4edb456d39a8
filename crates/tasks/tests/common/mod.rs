//! What the tests share.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicIsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use blockfold_tasks::{Pool, Settings};

/// A value that counts how many of its kind are alive.
pub struct Counted {
    pub value: u64,
    count: Arc<Count>,
}

#[derive(Default)]
pub struct Count {
    alive: AtomicIsize,
    peak: AtomicIsize,
}

impl Count {
    pub fn value(self: &Arc<Self>, value: u64) -> Counted {
        let alive = self.alive.fetch_add(1, SeqCst) + 1;
        self.peak.fetch_max(alive, SeqCst);
        Counted { value, count: Arc::clone(self) }
    }

    pub fn alive(&self) -> isize {
        self.alive.load(SeqCst)
    }

    pub fn peak(&self) -> isize {
        self.peak.load(SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.count.alive.fetch_sub(1, SeqCst);
    }
}

pub fn pool(threads: usize) -> Pool {
    Pool::new(Settings::new().threads(threads)).unwrap()
}

/// Waits until `holds`, and fails after ten seconds.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "not in time: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Runs `work` and fails after `seconds`, so that a deadlock fails a test instead of holding it up.
pub fn within<T: Send + 'static>(seconds: u64, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || sender.send(work()));
    match receiver.recv_timeout(Duration::from_secs(seconds)) {
        Ok(result) => result,
        Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("a deadlock, or too slow"),
        Err(_) => {
            thread.join().unwrap().ok();
            unreachable!()
        }
    }
}
