//! The demo's delayed calls: one sum as a chain and as a tree.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use blockfold::delayed::{Delayed, Pool, delayed};
use blockfold::visualize::{Background, Options, View, Visualize};

use crate::context::Context;
use crate::text;

/// How long each call sleeps.
const NAP: Duration = Duration::from_millis(200);

/// Threads that sleep.
const THREADS: usize = 8;

/// A way to sum that was run.
pub struct Summed {
    name: &'static str,
    total: i64,
    elapsed: Duration,
    picture: PathBuf,
}

impl Summed {
    fn of(name: &'static str, total: &Delayed<i64>, folder: &Path, context: &Context) -> Result<Summed> {
        let pool = Pool::new(context.session.call_settings().blocking_threads(THREADS))?;
        let start = Instant::now();
        let sum = *total.compute_on(&pool)?;
        let elapsed = start.elapsed();
        let picture = folder.join(format!("blockfold-demo-{name}.svg"));
        let options = Options { background: Background::White, ..Options::default() };
        total.visualize(&picture, View::Tasks, &options)?;
        Ok(Summed { name, total: sum, elapsed, picture })
    }

    pub fn document(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name,
            "total": self.total,
            "elapsed_ms": self.elapsed.as_secs_f64() * 1e3,
            "picture": self.picture,
        })
    }

    fn line(&self) -> String {
        let (elapsed, picture) = (text::seconds(self.elapsed), self.picture.display());
        format!("   {:<6} {} in {elapsed}, drawn in '{picture}'", self.name, self.total)
    }
}

/// Sums twice what follows each of eight numbers, one after the other or as `add` allows.
fn total(is_associative: bool) -> Delayed<i64> {
    let nap = || std::thread::sleep(NAP);
    let inc = delayed(move |x: &i64| (nap(), x + 1).1).named("inc").blocking();
    let double = delayed(move |x: &i64| (nap(), 2 * x).1).named("double").blocking();
    let add = delayed(move |a: &i64, b: &i64| (nap(), a + b).1).named("add").blocking();
    let add = if is_associative { add.associative() } else { add };
    let doubled = (1..=8).map(|x| double.call(inc.call(x)));
    doubled.reduce(|sum, x| add.call(sum, x)).unwrap_or(Delayed::value(0))
}

/// Runs both ways, draws them in `folder` and tells of them.
pub fn run(folder: &Path, context: &Context) -> Result<Vec<Summed>> {
    context.console.line(
        "\n6. Delayed calls: double(inc(x)) of eight numbers, summed; each call sleeps 0.2 s\n   \
         One after the other the 23 calls would take 4.6 s; eight threads may sleep at once.",
    )?;
    let (chain, tree) = (total(false), total(true));
    let chain = Summed::of("chain", &chain, folder, context)?;
    context.console.line(chain.line())?;
    context.check()?;
    let summed = Summed::of("tree", &tree, folder, context)?;
    context.console.line(summed.line())?;
    let plan = tree.explain()?;
    let regrouped = plan.lines().filter_map(|line| line.trim().strip_prefix("regrouped: "));
    context.console.line(format!(
        "   The calls are the same; the sum was declared associative, so that the optimizer may regroup it:\n   {}.",
        regrouped.collect::<Vec<_>>().join("\n   ")
    ))?;
    Ok(vec![chain, summed])
}
