//! What is told of the last chain of a run whose answer is handed on batch by batch.

use std::sync::Arc;
use std::time::{Duration, Instant};

use blockfold_core::Error;

use crate::events::{Event, RunEnd, Work};
use crate::report::{ChainReport, RunReport};
use crate::state::RunState;
use crate::teller::{Teller, Told, end_by};

/// Tells of the last chain of a run, whose tasks are taken up again and again, and of the run's end.
pub(crate) struct StreamTeller {
    teller: Teller,
    chain: usize,
    start: Instant,
    report: RunReport,
    of_chain: ChainReport,
    /// Rows and bytes that the chains before it read.
    before: (u64, u64),
    has_ended: bool,
}

impl StreamTeller {
    /// The chain starts, after others with this report.
    pub(crate) fn start(teller: Teller, state: &RunState, report: RunReport, of_chain: ChainReport, rows: Option<u64>) -> Self {
        let (run, chain, label) = (teller.run(), report.chains.len(), of_chain.label.as_str().into());
        teller.tell(Event::ChainStarted { run, chain, label, tasks: of_chain.tasks, rows });
        let before = (state.metrics.rows_read(), state.metrics.bytes_read());
        StreamTeller { teller, chain, start: Instant::now(), report, of_chain, before, has_ended: false }
    }

    pub(crate) fn told(&self) -> Told {
        self.teller.chain(self.chain, self.of_chain.tasks)
    }

    /// A task is taken up for the first time.
    pub(crate) fn permitted(&mut self, task: usize, permit_bytes: u64) {
        self.of_chain.task_bytes = self.of_chain.task_bytes.max(permit_bytes);
        let (run, chain, waited) = (self.teller.run(), self.chain, Duration::ZERO);
        self.teller.tell(Event::TaskPermitted { run, chain, task, permit_bytes, waited });
    }

    /// A part of a task's rows is there, or the last one.
    pub(crate) fn finished(&mut self, state: &RunState, task: usize, work: Work, rows: u64, is_last: bool) {
        self.of_chain.rows_out += rows;
        let chain = self.chain;
        let (rows_read, bytes_read) = (state.metrics.rows_read(), state.metrics.bytes_read());
        let promised_bytes = state.promised_bytes();
        self.of_chain.peak_bytes = self.of_chain.peak_bytes.max(promised_bytes);
        self.teller.tell(match is_last {
            true => Event::TaskFinished { chain, task, work, rows_read, bytes_read, promised_bytes },
            false => Event::PieceFinished { chain, work },
        });
    }

    pub(crate) fn failed(&mut self, state: &RunState, task: usize, work: Work, error: &Error) {
        self.teller.tell(Event::TaskFailed { chain: self.chain, task, work, error: error.to_string().into() });
        self.end(state, end_by(error));
    }

    /// The run is over, for whatever reason; only the first one counts.
    pub(crate) fn end(&mut self, state: &RunState, end: RunEnd) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let (run, elapsed) = (self.teller.run(), self.start.elapsed());
        let mut of_chain = std::mem::take(&mut self.of_chain);
        of_chain.rows = state.metrics.rows_read() - self.before.0;
        of_chain.rows_in = of_chain.rows;
        of_chain.read_bytes = state.metrics.bytes_read() - self.before.1;
        of_chain.elapsed = elapsed;
        self.teller.tell(Event::ChainFinished { run, chain: self.chain, elapsed, report: Arc::new(of_chain.clone()) });
        self.report.chains.push(of_chain);
        state.complete(&mut self.report, self.teller.elapsed());
        self.teller.end(end, std::mem::take(&mut self.report));
    }
}
