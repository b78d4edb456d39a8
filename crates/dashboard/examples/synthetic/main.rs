//! A dashboard over made runs: to work on the page, and for its tests in a browser.
//!
//! `synthetic [--address HOST:PORT] [--token TOKEN] [--seconds N] [--clock set] [--recording] [--report RUN]`
//!
//! The last run goes on with time, or with `--clock set` as lines of microseconds on the standard input say; each is
//! answered with the time since 1970 in milliseconds. Ends with its standard input.

use std::io::BufRead;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use blockfold_dashboard::{Dashboard, Options, report};

mod made;
mod watched;

use watched::{Clock, Synthetic};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let has = |name: &str| words.iter().any(|word| word == name);
    let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)).cloned();
    let clock = if has("--clock") { Clock::Set(AtomicU64::new(0)) } else { Clock::Real(Instant::now()) };
    let seconds = value("--seconds").map_or(Ok(60), |text| text.parse())?;
    let synthetic = Synthetic::new(clock, seconds);
    let synthetic = Arc::new(if has("--recording") { synthetic.recording() } else { synthetic });
    if let Some(run) = value("--report") {
        print!("{}", report(&*synthetic, run.parse()?).ok_or("there is no such run")?);
        return Ok(());
    }
    let mut options = Options::default();
    if let Some(token) = value("--token") {
        options = options.token(token);
    }
    let address = value("--address").unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let dashboard = Dashboard::start(&address, Arc::clone(&synthetic) as _, options)?;
    println!("{}", dashboard.url());
    for line in std::io::stdin().lock().lines() {
        synthetic.set_us(line?.trim().parse()?);
        println!("{}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros() as f64 / 1000.0);
    }
    Ok(())
}
