//! `verb`: one verb of the public interface over Parquet files, for oracle tests of what the command line does not offer.
//!
//! `verb NAME [--memory 24MiB] --out OUT.arrow INPUT [RIGHT] [key=value ...]` writes the answer's batches in order as one
//! Arrow IPC file, and prints how many partitions it had, their divisions, and how many bytes went to scratch.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fs::File;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::Float64Type;
use arrow::ipc::writer::FileWriter;
use blockfold::prelude::*;
use blockfold::{AsofOptions, AsofStrategy, CustomAgg, Event, Scalar, Subscriber, WindowExpr};
use window::{backward_fill, cum_count, cum_max, cum_sum, diff, forward_fill, rank, row_number, shift};

type Outcome<T> = std::result::Result<T, Box<dyn StdError>>;

fn main() -> Outcome<()> {
    let call = Call::parse(std::env::args().skip(1))?;
    let answer = call.frame()?;
    println!("partitions {}", answer.npartitions()?);
    println!("divisions {}", answer.divisions()?.map_or(0, |known| known.bounds.len()));
    let batches = answer.collect_partitions()?;
    let mut writer = FileWriter::try_new(File::create(&call.out)?, &batches.schema())?;
    for batch in batches {
        writer.write(&batch?)?;
    }
    writer.finish()?;
    println!("spilled {}", call.spilled.0.load(Ordering::Relaxed));
    Ok(())
}

/// Bytes that went to scratch.
#[derive(Debug, Default)]
struct Spilled(AtomicU64);

impl Subscriber for Spilled {
    fn event(&self, event: &Event) {
        if let Event::Spilled { bytes, .. } = event {
            self.0.fetch_add(*bytes, Ordering::Relaxed);
        }
    }
}

/// What the command line asks for.
struct Call {
    name: String,
    out: String,
    input: LazyFrame,
    right: Option<LazyFrame>,
    options: BTreeMap<String, String>,
    spilled: Arc<Spilled>,
}

impl Call {
    fn parse(mut args: impl Iterator<Item = String>) -> Outcome<Self> {
        let name = args.next().ok_or("say which verb")?;
        let (mut memory, mut out, mut options, mut inputs) = (ByteSize::gib(1), None, BTreeMap::new(), Vec::new());
        while let Some(arg) = args.next() {
            match (arg.as_str(), arg.split_once('=')) {
                ("--memory", _) => memory = args.next().ok_or("--memory needs a size")?.parse()?,
                ("--out", _) => out = args.next(),
                (_, Some((key, value))) => {
                    options.insert(key.to_string(), value.to_string());
                }
                _ => inputs.push(arg),
            }
        }
        let spilled = Arc::new(Spilled::default());
        let session = Session::builder().memory_budget(memory).threads(2).subscribe(spilled.clone()).build()?;
        let mut frames = inputs.iter().map(|folder| session.read_parquet(folder.as_str()));
        let input = frames.next().ok_or("say which folder to read")??;
        let right = frames.next().transpose()?;
        Ok(Call { name, out: out.ok_or("--out needs a file")?, input, right, options, spilled })
    }

    /// The frame that the verb gives.
    fn frame(&self) -> Outcome<LazyFrame> {
        let frame = &self.input;
        Ok(match self.name.as_str() {
            "windows" if self.list("over").is_empty() => frame.with_window(windows()),
            "windows" => frame.group_by(self.list("over")).with_window(windows()),
            "ordered_windows" => frame.group_by(self.list("over")).with_window(self.ordered_windows()),
            "transform" => frame.group_by(self.list("over")).transform([
                col("x").mean().alias("mean"),
                (col("n") - col("n").min()).alias("above"),
                len().alias("rows"),
            ]),
            "top_rows" => frame.group_by(self.list("over")).top_rows(self.number("n")?, self.keys("by")),
            "describe" => frame.describe(),
            "join" => frame.join_with(self.right()?, self.join_args(self.list("on"))?),
            "indexed_join" => {
                let indexed = |frame: &LazyFrame| self.indexed(frame);
                indexed(frame)?.join_with(&indexed(self.right()?)?, self.join_args(vec![self.text("index")?.into()])?)
            }
            "join_asof" => frame.join_asof(self.right()?, self.text("on")?, self.text("on")?, self.asof_options()?),
            "sort" => frame.sort(self.keys("by")),
            "top_k" => frame.top_k(self.number("n")?, self.keys("by")),
            "distinct" => frame.select(self.list("columns")).distinct(),
            "distinct_by" => frame.distinct_by(self.list("columns")),
            "value_counts" => frame.value_counts(self.text("column")?),
            "sample" => frame.sample(self.number("fraction")?, self.number("seed")?),
            "sample_n" => frame.sample_n(self.number("n")?, self.number("seed")?),
            "shuffle" => frame.shuffle(self.number("seed")?),
            "aggregate" if self.list("by").is_empty() => frame.agg(self.aggregates()),
            "aggregate" => frame.group_by(self.list("by")).agg(self.aggregates()),
            "set_index" => self.indexed(frame)?,
            "loc" => self.indexed(frame)?.loc(self.scalar("low")?..=self.scalar("high")?),
            "repartition" => frame.repartition(self.number("partitions")?),
            "repartition_bytes" => frame.repartition_bytes(self.number("bytes")?),
            "repartition_divisions" => self.indexed(frame)?.repartition_divisions(self.scalars("bounds")),
            "repartition_frequency" => self.indexed(frame)?.repartition_frequency(self.text("window")?),
            other => return Err(format!("no verb '{other}'").into()),
        })
    }

    // ---- parameters

    fn right(&self) -> Outcome<&LazyFrame> {
        Ok(self.right.as_ref().ok_or("needs two folders")?)
    }

    fn text(&self, option: &str) -> Outcome<&str> {
        let text = self.options.get(option).ok_or_else(|| format!("{} needs {option}=...", self.name))?;
        Ok(text)
    }

    fn number<T: FromStr>(&self, option: &str) -> Outcome<T> {
        let text = self.text(option)?;
        text.parse().map_err(|_| format!("{option}={text} is no number").into())
    }

    /// The parts of a list with commas, none when it is left out.
    fn list(&self, option: &str) -> Vec<String> {
        let text = self.options.get(option).map_or("", String::as_str);
        text.split(',').filter(|part| !part.is_empty()).map(str::to_string).collect()
    }

    /// Sort keys: `-x` descends, and nulls of `x^` come first.
    fn keys(&self, option: &str) -> Vec<SortKey> {
        let key = |text: &String| {
            let name = text.trim_start_matches('-').trim_end_matches('^');
            let key = if text.starts_with('-') { desc(name) } else { asc(name) };
            if text.ends_with('^') { key.nulls_first() } else { key }
        };
        self.list(option).iter().map(key).collect()
    }

    fn scalar(&self, option: &str) -> Outcome<Scalar> {
        Ok(scalar(self.text(option)?))
    }

    fn scalars(&self, option: &str) -> Vec<Scalar> {
        self.list(option).iter().map(|text| scalar(text)).collect()
    }

    fn join_args(&self, on: Vec<String>) -> Outcome<JoinArgs> {
        let kind = match self.text("how")? {
            "inner" => JoinKind::Inner,
            "left" => JoinKind::Left,
            "right" => JoinKind::Right,
            "full" => JoinKind::Full,
            "semi" => JoinKind::Semi,
            "anti" => JoinKind::Anti,
            "cross" => JoinKind::Cross,
            other => return Err(format!("no join '{other}'").into()),
        };
        let mut args = JoinArgs::on(kind, on);
        args.null_equals_null = self.options.get("nulls").is_some_and(|nulls| nulls == "equal");
        if let Some(suffix) = self.options.get("suffix") {
            args.suffix.clone_from(suffix);
        }
        Ok(args)
    }

    fn asof_options(&self) -> Outcome<AsofOptions> {
        let strategy = match self.text("strategy")? {
            "backward" => AsofStrategy::Backward,
            "forward" => AsofStrategy::Forward,
            _ => AsofStrategy::Nearest,
        };
        let mut options = AsofOptions::new(strategy).by(self.list("by"));
        options.allow_exact_matches = self.options.get("exact").is_none_or(|exact| exact == "yes");
        Ok(match self.options.contains_key("tolerance") {
            true => options.tolerance(self.scalar("tolerance")?),
            false => options,
        })
    }

    /// The frame by its index, in a number of partitions or with divisions where they are given.
    fn indexed(&self, frame: &LazyFrame) -> Outcome<LazyFrame> {
        let mut options = SetIndexOptions::new();
        if self.options.contains_key("partitions") {
            options = options.npartitions(self.number("partitions")?);
        }
        if self.options.contains_key("divisions") {
            options = options.divisions(self.scalars("divisions"));
        }
        Ok(frame.set_index_with(self.text("index")?, options))
    }

    fn ordered_windows(&self) -> Vec<WindowExpr> {
        let windows = [
            cum_sum("n").alias("cum_sum"),
            cum_max("x").alias("cum_max"),
            row_number().alias("row_number"),
            shift("x", 1).alias("shift"),
            diff("n", 1).alias("diff"),
        ];
        windows.into_iter().map(|window| window.order_by(self.keys("by"))).collect()
    }

    /// All aggregates, or those that `only` names.
    fn aggregates(&self) -> Vec<Expr> {
        let only = self.list("only");
        let all = [
            col("x").median().alias("median"),
            col("x").quantile(0.3).alias("quantile"),
            col("x").n_unique().alias("n_unique"),
            col("n").mode().alias("mode"),
            col("row").list().alias("list"),
            col("x").top_k(3).alias("top_k"),
            corr("y", "z").alias("corr"),
            cov("y", "z", 1).alias("cov"),
            col("x").first().alias("first"),
            col("x").last().alias("last"),
            col("sign").product().alias("product"),
            col("flag").any().alias("any"),
            col("flag").all().alias("all"),
            col("x").null_count().alias("null_count"),
            squares().of(["y"]).alias("squares"),
        ];
        all.into_iter().filter(|agg| only.is_empty() || only.contains(&agg.output_name().to_string())).collect()
    }
}

fn scalar(text: &str) -> Scalar {
    let number = text.parse::<i64>().map(Scalar::from).or_else(|_| text.parse::<f64>().map(Scalar::from));
    number.unwrap_or_else(|_| Scalar::from(text))
}

fn windows() -> Vec<WindowExpr> {
    vec![
        cum_sum("n").alias("cum_sum"),
        cum_max("x").alias("cum_max"),
        cum_count("x").alias("cum_count"),
        row_number().alias("row_number"),
        shift("name", 1).alias("before"),
        shift("x", -2).alias("after"),
        diff("n", 1).alias("diff"),
        forward_fill("x").alias("forward_fill"),
        backward_fill("name").alias("backward_fill"),
        rank("x", RankMethod::Average).alias("average"),
        rank("x", RankMethod::Min).alias("min"),
        rank("x", RankMethod::Max).descending().alias("max_descending"),
        rank("n", RankMethod::Dense).alias("dense"),
        rank("x", RankMethod::Ordinal).alias("ordinal"),
    ]
}

/// The sum of squares, as a user writes an aggregate.
fn squares() -> CustomAgg {
    let one = |sum: f64| -> Vec<ArrayRef> { vec![Arc::new(Float64Array::from(vec![sum]))] };
    CustomAgg::new(
        "squares",
        [DType::Float64],
        DType::Float64,
        move |values| {
            Ok(one(values[0].as_primitive::<Float64Type>().iter().flatten().map(|value| value * value).sum()))
        },
        move |states| Ok(one(states[0].as_primitive::<Float64Type>().iter().flatten().sum())),
        |states| Ok(states[0].clone()),
    )
}
