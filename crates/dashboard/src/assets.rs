//! The page as it is built into the program, compressed when the first dashboard starts.

use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The page without its script and style, which it names.
pub const HTML: &str = include_str!("../page/dist/page.html");
/// Its style.
pub const CSS: &str = include_str!("../page/dist/page.css");
/// Its script.
pub const JS: &str = include_str!("../page/dist/page.js");
const LICENSES: &str = include_str!("../page/dist/LICENSES.txt");

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        Asset::new("/", "text/html; charset=utf-8", HTML),
        Asset::new("/page.css", "text/css; charset=utf-8", CSS),
        Asset::new("/page.js", "text/javascript; charset=utf-8", JS),
        Asset::new("/LICENSES.txt", "text/plain; charset=utf-8", LICENSES),
    ]
});

struct Asset {
    path: &'static str,
    kind: &'static str,
    plain: &'static str,
    compressed: Bytes,
}

impl Asset {
    fn new(path: &'static str, kind: &'static str, plain: &'static str) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        // Writing to a vector does not fail; were it to, the empty one would be passed over below.
        let compressed = encoder.write_all(plain.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
        Self { path, kind, plain, compressed: compressed.into() }
    }

    fn response(&self, headers: &HeaderMap) -> Response {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, self.kind)];
        if accepted.contains("gzip") && !self.compressed.is_empty() {
            (kind, [(header::CONTENT_ENCODING, "gzip")], self.compressed.clone()).into_response()
        } else {
            (kind, self.plain).into_response()
        }
    }
}

/// Compresses the page, if no dashboard has before.
pub fn prepare() {
    LazyLock::force(&ASSETS);
}

/// The file at `path`.
pub fn file(path: &str, headers: &HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => asset.response(headers),
        None => (StatusCode::NOT_FOUND, "there is nothing here").into_response(),
    }
}
