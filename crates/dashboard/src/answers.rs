//! Answers that are computed once for all who ask the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use tokio::sync::Mutex;

/// Time between two computations of the same answer about a run that changes.
const INTERVAL: Duration = Duration::from_millis(200);
/// Answers kept at once.
const KEPT: usize = 64;

/// What was answered to which question. A question is computed by one at a time; those who ask it meanwhile wait for
/// the same answer.
#[derive(Default)]
pub struct Answers {
    kept: Mutex<HashMap<String, Arc<Mutex<Option<Answer>>>>>,
}

type Body = Result<Bytes, StatusCode>;

struct Answer {
    version: u64,
    computed: Instant,
    body: Body,
}

impl Answers {
    /// The answer to `question` as of `version` or later, or that there is none; computed away from the server's own thread.
    pub async fn get(
        &self,
        question: String,
        version: impl Fn() -> u64,
        compute: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
    ) -> Body {
        let slot = self.slot(question).await;
        let mut answer = slot.lock().await;
        if let Some(answer) = answer.as_ref() {
            if answer.version == version() {
                return answer.body.clone();
            }
            tokio::time::sleep_until((answer.computed + INTERVAL).into()).await;
        }
        let version = version();
        let body = match tokio::task::spawn_blocking(compute).await {
            Ok(body) => body.map(Bytes::from).ok_or(StatusCode::NOT_FOUND),
            Err(_) => Err(StatusCode::INTERNAL_SERVER_ERROR),
        };
        *answer = Some(Answer { version, computed: Instant::now(), body: body.clone() });
        body
    }

    async fn slot(&self, question: String) -> Arc<Mutex<Option<Answer>>> {
        let mut kept = self.kept.lock().await;
        if kept.len() >= KEPT && !kept.contains_key(&question) {
            kept.clear();
        }
        Arc::clone(kept.entry(question).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn the_same_question_is_computed_once_a_version() {
        let answers = Answers::default();
        let (version, computed) = (AtomicU64::new(1), Arc::new(AtomicU64::new(0)));
        let ask = || {
            let computed = Arc::clone(&computed);
            let compute = move || Some(vec![u8::try_from(computed.fetch_add(1, Ordering::Relaxed)).unwrap()]);
            answers.get("question".to_owned(), || version.load(Ordering::Relaxed), compute)
        };
        let (one, two) = tokio::join!(ask(), ask());
        assert_eq!((one, two), (Ok(Bytes::from(vec![0])), Ok(Bytes::from(vec![0]))));
        version.store(2, Ordering::Relaxed);
        assert_eq!(ask().await, Ok(Bytes::from(vec![1])));
        assert_eq!(computed.load(Ordering::Relaxed), 2);
    }
}
