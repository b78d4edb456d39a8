//! A run as one file: the page with its data inside.

use std::collections::BTreeMap;

use blockfold_watch::view::{TaskQuery, Watched};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{assets, lanes};

/// Rectangles a lane; fewer of many lanes.
const PIXELS: usize = 16_384;
/// Rectangles of all lanes.
const RECTS: usize = 200_000;
const POINTS: usize = 2_000;
/// Tasks of each of the lists: the slowest, those that waited longest, the failed, the first.
const TASKS: usize = 500;

/// The page of `run` as one file of HTML that needs no server and no network, or nothing if there is no such run.
///
/// The task stream is as fine as a few hundred thousand rectangles allow; of the tasks, the slowest, those that
/// waited longest, the failed and the first are listed.
#[must_use]
pub fn report(watched: &dyn Watched, run: u64) -> Option<String> {
    let data = data(watched, run)?;
    // Within a script, `<` could end it.
    let data = data.to_string().replace('<', "\\u003c");
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">";
    let style = format!("{policy}<style>{}</style>", assets::CSS);
    let script = format!(
        "<script type=\"application/json\" id=\"recording\">{data}</script><script>{}</script>",
        assets::JS.replace("</script", "<\\/script")
    );
    Some(
        assets::HTML
            .replace("<link rel=\"stylesheet\" href=\"/page.css\">", &style)
            .replace("<script src=\"/page.js\" defer></script>", "")
            .replace("</body>", &format!("{script}</body>")),
    )
}

fn data(watched: &dyn Watched, run: u64) -> Option<Value> {
    let summary = watched.runs().into_iter().find(|summary| summary.id == run)?;
    let workers = usize::try_from(summary.threads).unwrap_or(1).max(1);
    let pixels = (RECTS / workers).clamp(512, PIXELS);
    Some(json!({
        "run": summary,
        "plan": watched.plan(run)?,
        "causes": watched.causes(run)?,
        "lanes": lanes::encode(&watched.lanes(run, 0, None, pixels)?),
        "series": watched.series(run, 0, None, POINTS)?,
        "tasks": tasks(watched, run)?,
        "flame": watched.flame(run)?,
        "system": watched.system(),
    }))
}

#[derive(Serialize)]
struct Tasks {
    tasks: u64,
    rows: Vec<Value>,
}

/// The tasks that one would look for.
fn tasks(watched: &dyn Watched, run: u64) -> Option<Tasks> {
    let mut rows = BTreeMap::new();
    let mut tasks = 0;
    for (state, sort) in [
        (Some(blockfold_watch::view::Standing::Failed), "start"),
        (None, "-elapsed"),
        (None, "-wait"),
        (None, "-permit_bytes"),
        (None, "start"),
    ] {
        let query = TaskQuery { state, sort: sort.to_owned(), limit: TASKS, ..TaskQuery::default() };
        let page = watched.tasks(run, &query)?;
        tasks = page.tasks;
        for row in page.rows {
            rows.insert((row.start_us, row.chain, row.task), serde_json::to_value(row).ok()?);
        }
    }
    Some(Tasks { tasks, rows: rows.into_values().collect() })
}
