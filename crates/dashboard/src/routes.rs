//! The server's paths: the page's files, and JSON for each method of [`Watched`].

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use blockfold_watch::view::{TaskQuery, Watched};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::answers::Answers;
use crate::events::{self, Message};
use crate::guard::{self, Guard};
use crate::{assets, lanes};

/// What all requests share.
pub struct Shared {
    /// Whose runs are shown.
    pub watched: Arc<dyn Watched>,
    /// What was computed already.
    pub answers: Answers,
    /// What the poller sends.
    pub messages: watch::Receiver<Message>,
    /// Which server this is.
    pub session: String,
}

/// Between which times, and how finely.
#[derive(Deserialize)]
struct Window {
    #[serde(default)]
    from_us: u64,
    to_us: Option<u64>,
    /// Rectangles a lane, or points, at most.
    #[serde(default = "fine")]
    fineness: usize,
}

/// As fine as any screen.
const FINEST: usize = 8192;

fn fine() -> usize {
    1024
}

/// The paths, behind the guard.
pub fn router(shared: Arc<Shared>, guard: Arc<Guard>) -> Router {
    Router::new()
        .route("/api/live", get(live))
        .route("/api/runs", get(runs))
        .route("/api/system", get(system))
        .route("/api/runs/{run}/plan", get(plan))
        .route("/api/runs/{run}/lanes", get(stream))
        .route("/api/runs/{run}/series", get(series))
        .route("/api/runs/{run}/tasks", get(tasks))
        .route("/api/runs/{run}/flame", get(flame))
        .route("/api/runs/{run}/causes", get(causes))
        .fallback(|uri: Uri, headers: HeaderMap| async move { assets::file(uri.path(), &headers) })
        .layer(middleware::from_fn_with_state(guard, guard::check))
        .with_state(shared)
}

impl Shared {
    /// The answer to the question `uri` about `run`, or about all of them.
    async fn answer<T: Serialize>(
        &self,
        uri: &Uri,
        run: Option<u64>,
        compute: impl FnOnce(&dyn Watched) -> Option<T> + Send + 'static,
    ) -> Response {
        let watched = Arc::clone(&self.watched);
        let compute = move || serde_json::to_vec(&compute(&*watched)?).ok();
        response(self.answers.get(uri.to_string(), || self.watched.version(run), compute).await)
    }
}

fn response(body: Result<Bytes, StatusCode>) -> Response {
    match body {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, "there is no such run").into_response(),
        Err(status) => (status, "cannot compute this").into_response(),
    }
}

async fn live(State(shared): State<Arc<Shared>>) -> Response {
    let (watched, session) = (Arc::clone(&shared.watched), shared.session.clone());
    let mut messages = shared.messages.clone();
    messages.mark_unchanged();
    match tokio::task::spawn_blocking(move || events::json(&*watched, &session)).await {
        Ok(now) => events::stream(now, messages).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn runs(State(shared): State<Arc<Shared>>, uri: Uri) -> Response {
    shared.answer(&uri, None, |watched| Some(watched.runs())).await
}

async fn system(State(shared): State<Arc<Shared>>) -> Response {
    let watched = Arc::clone(&shared.watched);
    match tokio::task::spawn_blocking(move || watched.system()).await {
        Ok(system) => Json(system).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn plan(State(shared): State<Arc<Shared>>, Path(run): Path<u64>, uri: Uri) -> Response {
    shared.answer(&uri, Some(run), move |watched| watched.plan(run)).await
}

async fn stream(
    State(shared): State<Arc<Shared>>,
    Path(run): Path<u64>,
    Query(window): Query<Window>,
    uri: Uri,
) -> Response {
    let pixels = window.fineness.clamp(1, FINEST);
    let compute = move |watched: &dyn Watched| watched.lanes(run, window.from_us, window.to_us, pixels);
    shared.answer(&uri, Some(run), move |watched| Some(lanes::encode(&compute(watched)?))).await
}

async fn series(
    State(shared): State<Arc<Shared>>,
    Path(run): Path<u64>,
    Query(window): Query<Window>,
    uri: Uri,
) -> Response {
    let points = window.fineness.clamp(1, FINEST);
    shared.answer(&uri, Some(run), move |watched| watched.series(run, window.from_us, window.to_us, points)).await
}

async fn tasks(
    State(shared): State<Arc<Shared>>,
    Path(run): Path<u64>,
    Query(query): Query<TaskQuery>,
    uri: Uri,
) -> Response {
    shared.answer(&uri, Some(run), move |watched| watched.tasks(run, &query)).await
}

async fn flame(State(shared): State<Arc<Shared>>, Path(run): Path<u64>, uri: Uri) -> Response {
    shared.answer(&uri, Some(run), move |watched| watched.flame(run)).await
}

async fn causes(State(shared): State<Arc<Shared>>, Path(run): Path<u64>, uri: Uri) -> Response {
    shared.answer(&uri, Some(run), move |watched| watched.causes(run)).await
}
