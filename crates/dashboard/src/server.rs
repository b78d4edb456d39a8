//! The server: a thread of its own, which ends with the handle.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::serve::ListenerExt;
use blockfold_watch::view::Watched;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};

use crate::address::Bound;
use crate::answers::Answers;
use crate::error::{Error, Result};
use crate::guard::{self, Guard};
use crate::options::Options;
use crate::routes::{self, Shared};
use crate::{assets, events};

/// Threads that compute answers: one for a long question, one for the poller meanwhile.
const COMPUTING: usize = 2;
/// How long an answer under way may hold up the end.
const END: Duration = Duration::from_millis(200);

/// A page that is being served. Dropping it stops the server.
///
/// # Examples
///
/// ```no_run
/// use std::sync::Arc;
/// use blockfold_dashboard::{Dashboard, Options, Watched};
///
/// fn serve(watched: Arc<dyn Watched>) -> blockfold_dashboard::Result<Dashboard> {
///     let dashboard = Dashboard::start("127.0.0.1:8787", watched, Options::default())?;
///     println!("open {}", dashboard.url());
///     Ok(dashboard)
/// }
/// ```
#[derive(Debug)]
pub struct Dashboard {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Dashboard {
    /// Serves the page of `watched` on `address`: a host and a port (0 for any free one), or a port of this machine alone.
    ///
    /// Where other machines can connect, a token is asked for that [`Dashboard::url`] contains.
    ///
    /// # Errors
    ///
    /// The address is none, or is taken, or the system refuses to listen there.
    pub fn start(address: &str, watched: Arc<dyn Watched>, options: Options) -> Result<Self> {
        let bound = Bound::listen(address, options.next_free)?;
        let token = match options.token {
            None if !bound.is_loopback() => Some(guard::random_token()?),
            token => token,
        };
        let url = match &token {
            Some(token) => format!("{}?token={token}", bound.url()),
            None => bound.url(),
        };
        let guard = Guard { host: bound.host.clone(), port: bound.address.port(), token };
        let session = guard::random_token()?;
        let runtime = runtime().map_err(|source| Error::Start { source })?;
        let (stop, stopped) = oneshot::channel();
        let run = move || {
            assets::prepare();
            runtime.block_on(async {
                tokio::select! {
                    _ = serve(bound, watched, guard, session) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(END);
        };
        let thread = std::thread::Builder::new().name("blockfold-dashboard".to_owned()).spawn(run);
        Ok(Self { url, stop: Some(stop), thread: Some(thread.map_err(|source| Error::Start { source })?) })
    }

    /// What to open in a browser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported already, and there is nothing left to stop.
            let _ = thread.join();
        }
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().max_blocking_threads(COMPUTING).build()
}

async fn serve(bound: Bound, watched: Arc<dyn Watched>, guard: Guard, session: String) -> io::Result<()> {
    let (sender, messages) = watch::channel(Arc::from(""));
    tokio::spawn(events::poll(Arc::clone(&watched), session.clone(), sender));
    let shared = Shared { watched, answers: Answers::default(), messages, session };
    let listener = tokio::net::TcpListener::from_std(bound.listener)?.tap_io(|stream| {
        // Events are small and should leave at once; where the system refuses, they are only later.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes::router(Arc::new(shared), Arc::new(guard))).await
}
