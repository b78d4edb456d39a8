//! Does one workload of the peers benchmark; `benches/peers/README.md` has the contract.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use blockfold::Comparison;
use blockfold::prelude::*;
use blockfold_benches::tables::Files;

// What is measured allocates as the program does.
#[path = "../../../crates/cli/src/allocator.rs"]
mod allocator;

const USAGE: &str = "workload NAME --data DIR --repeat N --out PATH [--memory 256MiB]";

struct Args {
    name: String,
    data: PathBuf,
    repeat: usize,
    out: PathBuf,
    memory: Option<ByteSize>,
    threads: usize,
    /// Of the tables benchmark: rows or scale factor.
    size: String,
    temp: Option<PathBuf>,
}

/// What workloads of the first benchmark may use.
const MEMORY: ByteSize = ByteSize::mib(256);

impl Args {
    fn parse() -> Result<Args> {
        let mut words = std::env::args().skip(1);
        let mut args = Args {
            name: String::new(),
            data: PathBuf::new(),
            repeat: 1,
            out: PathBuf::new(),
            memory: None,
            threads: 2,
            size: String::new(),
            temp: None,
        };
        while let Some(option) = words.next() {
            if !option.starts_with("--") {
                args.name = option;
                continue;
            }
            let value = words.next().with_context(|| format!("{option} wants a value; {USAGE}"))?;
            match option.as_str() {
                "--data" => args.data = value.into(),
                "--repeat" => args.repeat = value.parse()?,
                "--out" => args.out = value.into(),
                "--memory" => args.memory = Some(value.parse()?),
                "--size" => args.size = value,
                "--temp" => args.temp = Some(value.into()),
                "--threads" => args.threads = value.parse()?,
                _ => bail!("unknown option {option}; {USAGE}"),
            }
        }
        Ok(args)
    }
}

fn main() -> Result<()> {
    allocator::keep_warm();
    let args = Args::parse()?;
    let mut settings = Session::builder().threads(args.threads);
    if let Some(memory) = args.memory.or(args.size.is_empty().then_some(MEMORY)) {
        settings = settings.memory_budget(memory);
    }
    if let Some(temp) = &args.temp {
        settings = settings.scratch(temp);
    }
    let session = settings.build()?;
    let mut seconds = Vec::with_capacity(args.repeat);
    let (mut cpu_seconds, mut result, mut needs) = (Vec::with_capacity(args.repeat), None, Needs::default());
    for _ in 0..args.repeat {
        drop(result.take());
        let (start, cpu) = (Instant::now(), cpu_now());
        (result, needs) = work(&session, &args)?;
        cpu_seconds.push(cpu_now() - cpu);
        seconds.push(start.elapsed().as_secs_f64());
    }
    let peak_rss_bytes = peak_rss_bytes();
    if let Some(frame) = &result {
        let file = File::create(&args.out).with_context(|| args.out.display().to_string())?;
        let mut writer = arrow::ipc::writer::FileWriter::try_new(file, &frame.schema())?;
        frame.batches().iter().try_for_each(|batch| writer.write(batch))?;
        writer.finish()?;
    }
    let line = serde_json::json!({
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "rows": result.map_or(0, |frame| frame.num_rows()),
        "result_path": args.out,
        "peak_rss_bytes": peak_rss_bytes,
        "peak_bytes": {"estimated": needs.peak_bytes.0, "real": needs.peak_bytes.1},
        "scratch_bytes": {"estimated": needs.scratch_bytes.0, "real": needs.scratch_bytes.1},
    });
    println!("{line}");
    Ok(())
}

/// What a run was estimated to need, and needed.
#[derive(Default)]
struct Needs {
    peak_bytes: (u64, u64),
    scratch_bytes: (u64, u64),
}

impl Needs {
    fn of(comparison: &Comparison<'_>) -> Needs {
        if std::env::var_os("BLOCKFOLD_REPORT").is_some() {
            eprintln!("{comparison}");
        }
        let Comparison { estimate, report } = comparison;
        Needs {
            peak_bytes: (estimate.peak_bytes(), report.peak_bytes),
            scratch_bytes: (estimate.scratch_bytes, report.spilled_bytes),
        }
    }
}

fn collected(frame: &LazyFrame) -> Result<(Option<Frame>, Needs)> {
    let answer = frame.collect()?;
    let needs = Needs::of(&answer.comparison());
    Ok((Some(answer), needs))
}

fn written(frame: &LazyFrame, out: &Path) -> Result<(Option<Frame>, Needs)> {
    let options = blockfold::ParquetWriteOptions::default().overwrite(true);
    let summary = frame.write_parquet(out, options)?;
    Ok((None, Needs::of(&summary.comparison())))
}

fn work(session: &Session, args: &Args) -> Result<(Option<Frame>, Needs)> {
    if !args.size.is_empty() {
        return table(session, args);
    }
    let parquet = |folder: &str| session.read_parquet(args.data.join(folder));
    let year = || datasets::options().start("2000-01-01").end("2000-12-30").partition_freq("7D").seed(42);
    let frame = match args.name.as_str() {
        "year_sum" => parquet("year")?.group_by(["id"]).agg([col("x").sum()]),
        "name_stats" => {
            let aggs = [col("x").mean().alias("x_mean"), col("y").std(1).alias("y_std")];
            parquet("year")?.group_by(["name"]).agg(aggs)
        }
        "filter_mean" => parquet("year")?.filter(col("x").gt(0.9)).group_by(["id"]).agg([col("y").mean()]),
        "ipc_sum" => session.read_ipc(args.data.join("year.arrow"))?.group_by(["id"]).agg([col("x").sum()]),
        "groups_sum" => parquet("groups")?.group_by(["id"]).agg(["v1", "v2", "v3"].map(|name| col(name).sum())),
        "ten_years_sum" => parquet("ten_years")?.group_by(["id"]).agg([col("x").sum()]),
        "generate_sum" => datasets::timeseries(session, year())?.group_by(["id"]).agg([col("x").sum()]),
        "generate_parquet" => return written(&datasets::timeseries(session, year())?, &args.out),
        other => bail!("unknown workload {other}"),
    };
    collected(&frame)
}

/// A workload of the tables benchmark.
fn table(session: &Session, args: &Args) -> Result<(Option<Frame>, Needs)> {
    let files = Files { session, data: &args.data, size: &args.size };
    match args.name.strip_suffix("_parquet") {
        Some(name) => written(&files.work(name)?, &args.out),
        None => collected(&files.work(&args.name)?),
    }
}

/// User and system time of this process so far, in seconds.
fn cpu_now() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

/// Peak resident bytes of this process.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
