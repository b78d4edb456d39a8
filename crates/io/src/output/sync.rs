//! Syncs finished files in a thread of its own while others are still written.

use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use blockfold_core::{Error, Result};

/// Finished files that may wait for the disk, each an open file; more make their writers wait.
const WAITING: usize = 16;

/// Where files are sent, and the thread that syncs them.
type Worker = (SyncSender<(PathBuf, File)>, JoinHandle<Result<()>>);

/// Files on their way to the disk.
#[derive(Debug, Default)]
pub(super) struct Syncer {
    thread: Option<Worker>,
    failed: Option<Error>,
}

impl Syncer {
    /// Syncs a file, now if there is no thread to do it.
    pub(super) fn send(&mut self, path: PathBuf, file: File) {
        let mut unsent = Some((path, file));
        if let Some((queue, _)) = self.thread() {
            unsent = unsent.and_then(|job| queue.send(job).err()).map(|error| error.0);
        }
        if let Some((path, file)) = unsent
            && let Err(error) = sync_file(path, &file)
        {
            self.failed.get_or_insert(error);
        }
    }

    /// Waits until all files are on the disk; the first failure.
    pub(super) fn wait(&mut self) -> Result<()> {
        if let Some((queue, thread)) = self.thread.take() {
            drop(queue);
            thread.join().unwrap_or_else(|_| Err(Error::internal("the syncing thread panicked")))?;
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    fn thread(&mut self) -> Option<&Worker> {
        if self.thread.is_none() {
            let (queue, jobs) = sync_channel::<(PathBuf, File)>(WAITING);
            let work = move || {
                let mut result = Ok(());
                for (path, file) in jobs {
                    result = result.and(sync_file(path, &file));
                }
                result
            };
            let thread = std::thread::Builder::new().name("blockfold-sync".into()).spawn(work).ok()?;
            self.thread = Some((queue, thread));
        }
        self.thread.as_ref()
    }
}

fn sync_file(path: PathBuf, file: &File) -> Result<()> {
    file.sync_data().map_err(|error| Error::io(path, error))
}
