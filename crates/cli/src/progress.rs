//! Progress bars on stderr, one line for each chain of steps that runs.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use blockfold::{ByteSize, Event, Subscriber};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::text;

/// Characters of a chain's name.
const LABEL_WIDTH: usize = 36;

/// Draws the progress of runs.
#[derive(Debug, Default)]
pub struct Progress {
    bars: MultiProgress,
    state: Mutex<State>,
    /// The session's budget, once it is known.
    budget: OnceLock<ByteSize>,
}

impl Progress {
    /// Tells the budget that promised bytes are shown against.
    pub fn set_budget(&self, budget: ByteSize) {
        // Only the first one counts; there is one session.
        let _ = self.budget.set(budget);
    }
}

#[derive(Debug, Default)]
struct State {
    chains: HashMap<usize, Chain>,
    /// Rows read so far by all chains of the run.
    rows_read: u64,
    /// Bytes that the run wrote to scratch so far.
    spilled_bytes: u64,
}

#[derive(Debug)]
struct Chain {
    bar: ProgressBar,
    /// Rows that the chains before it read.
    rows_before: u64,
    /// Whether rows are counted, or tasks, as the rows to come are not known.
    counts_rows: bool,
}

impl Subscriber for Progress {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::ChainStarted { chain, label, tasks, rows, .. } => {
                if *chain == 0 {
                    (state.rows_read, state.spilled_bytes) = (0, 0);
                }
                let bar = self.bars.add(new_bar(label, rows.unwrap_or(*tasks as u64), rows.is_some()));
                let rows_before = state.rows_read;
                state.chains.insert(*chain, Chain { bar, rows_before, counts_rows: rows.is_some() });
            }
            Event::TaskFinished { chain, rows_read, promised_bytes, .. } => {
                state.rows_read = *rows_read;
                let spilled = match state.spilled_bytes {
                    0 => String::new(),
                    bytes => format!(", {} went to scratch", text::bytes(bytes)),
                };
                if let Some(chain) = state.chains.get(chain) {
                    let of = self.budget.get().map_or(String::new(), |budget| format!(" of {budget}"));
                    chain.advance(*rows_read, &format!("{}{of} promised{spilled}", text::bytes(*promised_bytes)));
                }
            }
            Event::Spilled { total, .. } => state.spilled_bytes = *total,
            Event::ChainFinished { chain, .. } => {
                if let Some(chain) = state.chains.remove(chain) {
                    chain.bar.finish_and_clear();
                    self.bars.remove(&chain.bar);
                }
            }
            _ => {}
        }
    }
}

impl Chain {
    fn advance(&self, rows_read: u64, promised: &str) {
        let rows = rows_read.saturating_sub(self.rows_before);
        let rate = text::rate(rows, self.bar.elapsed());
        self.bar.set_message(format!("{rate}, {promised}"));
        if self.counts_rows {
            self.bar.set_position(rows);
        } else {
            self.bar.inc(1);
        }
    }
}

fn new_bar(label: &str, length: u64, counts_rows: bool) -> ProgressBar {
    let unit = if counts_rows { "rows" } else { "tasks" };
    let template =
        format!("{{prefix}} {{bar:20}} {{human_pos}}/{{human_len}} {unit}  {{elapsed}}, {{eta}} left  {{msg}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(length).with_style(style.progress_chars("█░░"));
    bar.set_prefix(text::shortened(label, LABEL_WIDTH));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
