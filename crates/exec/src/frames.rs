//! What each thread of the pool does just now, for those who take samples of it.
//!
//! A thread publishes the run, the chain and the innermost step whose own code it is in, with two plain stores: at the
//! start of a task, and around each batch or tile that a step makes. A sample is therefore a stack of run, chain and step;
//! what a step calls below itself (a kernel's functions, the decoder of a file) is part of the step.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use blockfold_plan::StepId;

/// What a thread does at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The run.
    pub run: u64,
    /// Index of the chain in the run.
    pub chain: usize,
    /// The innermost step; `None` between steps.
    pub step: Option<StepId>,
}

/// What the threads of a pool do.
pub struct Frames(Vec<Arc<Slot>>);

/// What one thread publishes. The fields are read one by one: a sample taken at the border of two tasks may mix them.
#[derive(Default)]
pub(crate) struct Slot {
    /// The run, 0 for none.
    run: AtomicU64,
    chain: AtomicU64,
    /// One more than the step, 0 for none.
    step: AtomicU64,
}

thread_local! {
    /// The slot of this thread of a pool, once it ran a task that is followed.
    static SLOT: OnceCell<Arc<Slot>> = const { OnceCell::new() };
}

impl Frames {
    pub(crate) fn new(threads: usize) -> Self {
        Frames((0..threads).map(|_| Arc::default()).collect())
    }

    /// What each thread of the pool does; `None` for one that is idle.
    pub fn now(&self) -> impl Iterator<Item = Option<Frame>> {
        self.0.iter().map(|slot| slot.frame())
    }

    /// Says that the thread works for a chain until the guard is dropped.
    pub(crate) fn enter(&self, worker: u32, run: u64, chain: usize) -> Option<Working> {
        let slot = self.0.get(worker as usize)?.clone();
        SLOT.with(|cell| {
            cell.get_or_init(|| slot.clone());
        });
        let before = slot.all();
        slot.set([run, chain as u64, 0]);
        Some(Working { slot, before })
    }
}

impl Slot {
    fn all(&self) -> [u64; 3] {
        [&self.run, &self.chain, &self.step].map(|field| field.load(Ordering::Relaxed))
    }

    fn set(&self, values: [u64; 3]) {
        let fields = [&self.run, &self.chain, &self.step];
        fields.iter().zip(values).for_each(|(field, value)| field.store(value, Ordering::Relaxed));
    }

    fn frame(&self) -> Option<Frame> {
        let [run, chain, step] = self.all();
        let step = usize::try_from(step).ok()?.checked_sub(1).map(StepId);
        Some(Frame { run, chain: usize::try_from(chain).ok()?, step }).filter(|frame| frame.run > 0)
    }
}

/// A task that a thread is in; dropped, what was there before is back.
pub(crate) struct Working {
    slot: Arc<Slot>,
    before: [u64; 3],
}

impl Drop for Working {
    fn drop(&mut self) {
        self.slot.set(self.before);
    }
}

/// What a function returns, with this thread in the code of a step while it runs; nothing is published on a thread whose
/// tasks nobody follows.
pub(crate) fn within<T>(step: StepId, f: impl FnOnce() -> T) -> T {
    let before = publish(step.0 as u64 + 1);
    let result = f();
    before.map(publish);
    result
}

/// Publishes a step of this thread, one more than its number; what was published before. Only this thread writes there.
fn publish(step: u64) -> Option<u64> {
    SLOT.with(|cell| {
        let slot = cell.get()?;
        let before = slot.step.load(Ordering::Relaxed);
        slot.step.store(step, Ordering::Relaxed);
        Some(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_within_a_step_is_the_innermost() {
        let frames = Frames::new(1);
        let now = || frames.now().next().flatten();
        assert_eq!(now(), None);
        let working = frames.enter(0, 7, 2);
        assert_eq!(now(), Some(Frame { run: 7, chain: 2, step: None }));
        within(StepId(0), || {
            within(StepId(4), || assert_eq!(now().and_then(|frame| frame.step), Some(StepId(4))));
            assert_eq!(now().and_then(|frame| frame.step), Some(StepId(0)));
        });
        drop(working);
        assert_eq!(now(), None);
    }
}
