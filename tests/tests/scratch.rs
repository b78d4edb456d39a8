//! What goes wrong while rows wait in scratch: one clear error, and nothing left behind.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blockfold::prelude::*;
use blockfold::{Cancel, Event, Subscriber};

fn series(session: &Session) -> LazyFrame {
    let options = datasets::options().start("2000-01-01").end("2000-01-15").partition_freq("1D").seed(1);
    datasets::timeseries(session, options).unwrap()
}

/// The error of a sort that needs more scratch than there is.
fn sort_fails(session: &Session, folder: &Path) -> Error {
    let sorted = series(session).sort([asc("x"), desc("y")]);
    let error = sorted.collect_partitions().and_then(|mut batches| batches.try_for_each(|batch| batch.map(|_| ())));
    let error = error.expect_err("scratch was enough");
    assert_eq!(session.promised_bytes(), 0, "{error}");
    assert_eq!(session.scratch_bytes(), 0, "{error}");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "{error}");
    error
}

#[test]
fn scratch_over_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Session::builder().memory_budget(ByteSize::mib(16)).threads(2);
    let session = builder.scratch(folder.path()).scratch_limit(ByteSize::mib(2)).build().unwrap();
    let error = sort_fails(&session, folder.path());
    assert!(matches!(error.root(), Error::ScratchLimit { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("range exchange") && text.contains("raise the scratch limit or the memory budget"), "{text}");
    assert!(text.contains(&folder.path().display().to_string()), "{text}");
    // What does not need scratch still runs, and so does persist of what fits.
    assert!(series(&session).sum().collect().is_ok());
    let error = series(&session).persist().expect_err("scratch was enough");
    assert!(matches!(error.root(), Error::ScratchLimit { .. }), "{error}");
    assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
    assert_eq!(series(&session).select([col("id")]).head(1000).persist().unwrap().len().unwrap(), 1000);
}

/// A file system that is unmounted when dropped.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).output();
    }
}

#[test]
fn scratch_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
    let mounted = Command::new("mount").args(args).arg(folder.path()).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this test may not mount a small file system");
        return;
    }
    let _mounted = Mounted(folder.path());
    let builder = Session::builder().memory_budget(ByteSize::mib(16)).threads(2);
    let session = builder.scratch(folder.path()).build().unwrap();
    let error = sort_fails(&session, folder.path());
    assert!(matches!(error.root(), Error::Io { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&folder.path().display().to_string()) && text.contains("No space left"), "{text}");
}

/// Cancels the run when rows go to scratch for the second time, and counts what it is told.
struct CancelWhenSpilling {
    cancel: Cancel,
    spilled: AtomicU64,
    told: AtomicU64,
}

impl Subscriber for CancelWhenSpilling {
    fn event(&self, event: &Event) {
        if let Event::Spilled { bytes, total, .. } = event {
            self.spilled.fetch_add(*bytes, Ordering::Relaxed);
            assert_eq!(self.spilled.load(Ordering::Relaxed), *total);
            if self.told.fetch_add(1, Ordering::Relaxed) == 1 {
                self.cancel.cancel();
            }
        }
    }
}

#[test]
fn a_cancelled_sort_gives_memory_and_scratch_back() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::default();
    let watch = CancelWhenSpilling { cancel: cancel.clone(), spilled: AtomicU64::new(0), told: AtomicU64::new(0) };
    let builder = Session::builder().memory_budget(ByteSize::mib(16)).threads(2).cancel(cancel);
    let session = builder.subscribe(Arc::new(watch)).scratch(folder.path()).build().unwrap();
    let error = sort_fails(&session, folder.path());
    assert!(matches!(error.root(), Error::Cancelled), "{error}");
}

/// Adds up what was dropped.
#[derive(Default)]
struct Drops(AtomicU64);

impl Subscriber for Drops {
    fn event(&self, event: &Event) {
        if let Event::Dropped { memory_bytes, scratch_bytes, .. } = event {
            self.0.fetch_add(memory_bytes + scratch_bytes, Ordering::Relaxed);
        }
    }
}

#[test]
fn analysis_says_what_was_spilled_and_why() {
    let drops = Arc::new(Drops::default());
    let builder = Session::builder().memory_budget(ByteSize::mib(16)).threads(2);
    let session = builder.subscribe(drops.clone()).build().unwrap();
    let analysis = series(&session).sort([asc("x")]).analyze().unwrap();
    let rows = series(&session).len().unwrap();
    let [sample, exchange, answer] = analysis.report.chains.as_slice() else { panic!("{analysis}") };
    assert_eq!((sample.rows_in, exchange.rows_in, exchange.rows_out), (rows, rows, rows), "{analysis}");
    assert_eq!((answer.rows_in, answer.rows_out), (rows, rows), "{analysis}");
    assert!(exchange.spilled_bytes > 0 && answer.unspilled_bytes >= exchange.spilled_bytes, "{analysis}");
    assert!(exchange.kept_bytes <= 16 << 20 && exchange.waiting_bytes > exchange.kept_bytes, "{analysis}");
    let text = analysis.to_string();
    assert!(
        text.contains("rows waiting for 'sort' took") && text.contains("two fifths of the budget are 6.4 MiB"),
        "{text}"
    );
    assert!(text.contains("read back") && text.contains("rows out"), "{text}");
    assert!(drops.0.load(Ordering::Relaxed) > 0);
    assert_eq!((session.promised_bytes(), session.scratch_bytes()), (0, 0));
    // Without need, nothing is said of scratch.
    let ample = Session::builder().memory_budget(ByteSize::gib(4)).threads(2).build().unwrap();
    let text = series(&ample).group_by(["name"]).agg([len()]).analyze().unwrap().to_string();
    assert!(!text.contains("spilled") && text.contains("kept"), "{text}");
}
