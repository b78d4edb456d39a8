//! What is pushed to pages: the state of what runs, computed once and sent to all of them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use blockfold_watch::view::{PlanView, RunSummary, Standing, Watched};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;
use tokio::sync::watch;

/// Time between two looks at whether something changed: half of what an event may take to the page.
const LOOK: Duration = Duration::from_millis(40);
/// A plan of more chains is left out, and asked for by pages that show it.
const MOST_CHAINS: usize = 100;

/// What a page is told.
#[derive(Serialize)]
pub struct Live {
    /// Which server this is: another one after a restart.
    session: String,
    /// Grows with every change.
    version: u64,
    /// Whether runs may still change.
    live: bool,
    /// Number of runs.
    runs: usize,
    /// Runs that run, and the newest one.
    changing: Vec<Changing>,
}

#[derive(Serialize)]
struct Changing {
    version: u64,
    run: RunSummary,
    plan: Option<PlanView>,
    causes: Vec<String>,
}

impl Live {
    /// The state of `watched` now.
    pub fn of(watched: &dyn Watched, session: &str) -> Self {
        let version = watched.version(None);
        let runs = watched.runs();
        let newest = runs.last().map(|run| run.id);
        let count = runs.len();
        let changes = |run: &RunSummary| run.state == Standing::Running || Some(run.id) == newest;
        let changing = runs.into_iter().filter(changes).map(|run| Changing::of(watched, run)).collect();
        Self { session: session.to_owned(), version, live: watched.is_live(), runs: count, changing }
    }
}

impl Changing {
    fn of(watched: &dyn Watched, run: RunSummary) -> Self {
        Self {
            version: watched.version(Some(run.id)),
            plan: watched.plan(run.id).filter(|plan| plan.chains.len() <= MOST_CHAINS),
            causes: watched.causes(run.id).unwrap_or_default(),
            run,
        }
    }
}

/// The last message, as JSON; empty as long as no page has asked.
pub type Message = Arc<str>;

/// Looks for changes as long as pages listen, and sends them. Does nothing while none does.
pub async fn poll(watched: Arc<dyn Watched>, session: String, sender: watch::Sender<Message>) {
    let mut sent = None;
    loop {
        if sender.receiver_count() <= 1 {
            sent = None;
        } else if sent != Some(watched.version(None)) {
            sent = Some(watched.version(None));
            let (watched, session) = (Arc::clone(&watched), session.clone());
            if let Ok(message) = tokio::task::spawn_blocking(move || json(&*watched, &session)).await {
                sender.send_replace(message.into());
            }
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The state of `watched` as JSON.
pub fn json(watched: &dyn Watched, session: &str) -> String {
    // Plain structs with names for keys are always JSON.
    serde_json::to_string(&Live::of(watched, session)).unwrap_or_default()
}

/// The messages to one page, `now` first. A page that is slow is sent the last message alone, never a backlog.
pub fn stream(now: String, receiver: watch::Receiver<Message>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = unfold((Some(now), receiver), |(first, mut receiver)| async move {
        let data = match first {
            Some(first) => first,
            None => {
                receiver.changed().await.ok()?;
                receiver.borrow_and_update().to_string()
            }
        };
        Some((Ok(Event::default().data(data)), (None, receiver)))
    });
    // An event, not the usual comment, which scripts do not see: a page that hears nothing takes the server for gone.
    let alive = Event::default().event("alive").data(".");
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(5)).event(alive))
}
