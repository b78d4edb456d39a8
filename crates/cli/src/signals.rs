//! Ctrl-C and friends: the first one cancels the run, which cleans up after itself; the second ends at once.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use blockfold::Cancel;

/// Number of the first signal, 0 before.
static RECEIVED: AtomicI32 = AtomicI32::new(0);

/// Folders to remove when the program ends at once.
static DOOMED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A signal that asked the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(i32);

impl Signal {
    /// 128 and the signal's number, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
    pub fn exit_code(self) -> u8 {
        u8::try_from(128 + self.0).unwrap_or(u8::MAX)
    }
}

/// The first signal, if there was one.
pub fn received() -> Option<Signal> {
    match RECEIVED.load(Ordering::Acquire) {
        0 => None,
        number => Some(Signal(number)),
    }
}

/// Removes a folder when it is dropped, and when a second signal ends the program.
#[derive(Debug)]
pub struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    /// Takes charge of a folder that exists.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        doomed().push(folder.clone());
        TemporaryFolder(folder)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves the folder to the user.
    pub fn keep(self) {
        doomed().retain(|folder| *folder != self.0);
        std::mem::forget(self);
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed now cannot be removed by trying again.
        let _ = std::fs::remove_dir_all(&self.0);
        doomed().retain(|folder| *folder != self.0);
    }
}

fn doomed() -> MutexGuard<'static, Vec<PathBuf>> {
    DOOMED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to do about a signal.
fn arrived(signal: Signal, cancel: &Cancel) {
    let is_first = RECEIVED.compare_exchange(0, signal.0, Ordering::AcqRel, Ordering::Acquire).is_ok();
    cancel.cancel();
    if !is_first {
        doomed().iter().for_each(|folder| drop(std::fs::remove_dir_all(folder)));
        std::process::exit(i32::from(signal.exit_code()));
    }
}

/// From now on signals cancel. To be called before any other thread starts.
///
/// Signals are held back in all threads and waited for in one, which may do what a handler may not.
#[cfg(unix)]
pub fn install(cancel: &Cancel) -> Result<()> {
    use nix::sys::signal::{SigSet, Signal as Number};
    let mut awaited = SigSet::empty();
    let ending = [Number::SIGINT, Number::SIGTERM, Number::SIGHUP];
    ending.into_iter().filter(|number| !is_ignored(*number as i32)).for_each(|number| awaited.add(number));
    awaited.thread_block().context("holding signals back")?;
    let cancel = cancel.clone();
    let wait = move || {
        while let Ok(number) = awaited.wait() {
            arrived(Signal(number as i32), &cancel);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).context("starting a thread for signals")?;
    Ok(())
}

/// Whether whoever started the program wants it to ignore a signal, as `nohup` does; waiting would undo that.
#[cfg(unix)]
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (number - 1) & 1 == 1
}

/// From now on Ctrl-C cancels.
#[cfg(not(unix))]
pub fn install(cancel: &Cancel) -> Result<()> {
    const CTRL_C: i32 = 2;
    let cancel = cancel.clone();
    ctrlc::set_handler(move || arrived(Signal(CTRL_C), &cancel)).context("listening for Ctrl-C")
}
