//! `blockfold array`: an expression over arrays.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, anyhow};
use blockfold::array::{AxisChunks, Chunking, ZarrFormat};
use blockfold::{Array, NdArray, Stage, type_name};
use serde::Serialize;

use crate::arrays;
use crate::context::Context;
use crate::failure::usage;
use crate::json::{self, RunDocument};
use crate::text;

/// Arguments of `array`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What to do with arrays.
#[derive(clap::Subcommand, Debug)]
enum Action {
    /// Compute an expression over arrays, as "(x @ x.T - x.mean(axis=0)).std()"
    Eval(Eval),
    /// Show type, shape and chunks of an .npy file or of an array in Zarr's format
    Info(Info),
}

/// An expression over arrays, and what its names stand for.
#[derive(clap::Args, Debug)]
#[command(after_help = arrays::GRAMMAR)]
pub struct Eval {
    /// The expression
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expr: String,
    /// A random array of doubles in [0, 1), as x=10000,10000
    #[arg(long, value_name = "NAME=SHAPE")]
    random: Vec<String>,
    /// A normally distributed random array, as x=10000,10000
    #[arg(long, value_name = "NAME=SHAPE")]
    normal: Vec<String>,
    /// An .npy file, mapped into memory, as x=FILE
    #[arg(long, value_name = "NAME=FILE")]
    npy: Vec<String>,
    /// An array in Zarr's format, version 2 or 3, as x=FOLDER
    #[arg(long, value_name = "NAME=FOLDER")]
    zarr: Vec<String>,
    /// Chunks of all arrays: a number for every axis, or one for each as 1000,500; -1 is a whole axis
    #[arg(long, value_name = "LENGTHS", allow_hyphen_values = true)]
    chunks: Option<String>,
    /// Seed of random arrays
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Where the result goes, block by block: an .npy file, or a folder FOLDER.zarr in Zarr's format
    #[arg(long, value_name = "FILE.npy")]
    out: Option<PathBuf>,
    /// Version of Zarr's format that is written
    #[arg(long, value_name = "2|3", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=3))]
    zarr_format: u8,
    /// Replace the output if it exists
    #[arg(long, requires = "out")]
    overwrite: bool,
    /// Show the plan, stage by stage, without running it
    #[arg(long)]
    explain: bool,
    /// Show what a run would need, without running it
    #[arg(long)]
    estimate: bool,
}

#[derive(clap::Args, Debug)]
struct Info {
    /// The file or folder
    #[arg(value_name = "FILE.npy")]
    file: PathBuf,
}

#[derive(Serialize)]
struct Document {
    command: &'static str,
    dtype: String,
    shape: Vec<u64>,
    chunks: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<RunDocument>,
}

/// Computes or describes.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    match &args.action {
        Action::Eval(eval) => self::eval(eval, context),
        Action::Info(info) => {
            let array = match info.file.is_dir() {
                true => context.session.open_zarr(&info.file, ()),
                false => context.session.open_npy(&info.file, ()),
            };
            let document = document("array info", &array)?;
            let line = format!(
                "'{}': {} of shape {:?}, {} in chunks {}",
                info.file.display(),
                document.dtype,
                document.shape,
                text::bytes(array.nbytes()?),
                document.chunks
            );
            context.console.document(&document)?;
            context.console.line(line)
        }
    }
}

fn document(command: &'static str, array: &Array) -> Result<Document> {
    let (dtype, shape, chunks) = (type_name(&array.dtype()?), array.shape()?, array.chunks()?.to_string());
    Ok(Document { command, dtype, shape, chunks, value: None, values: None, out: None, run: None })
}

/// Elements of a result that JSON gives.
const JSON_ELEMENTS: u64 = 1_000_000;

/// The arrays that an expression gives.
pub fn evaluated(args: &Eval, context: &Context) -> Result<Vec<Array>> {
    let names = names(args, context)?;
    let found = arrays::evaluate(&args.expr, &names, &context.session).map_err(|error| usage(format!("{error}")))?;
    found.iter().try_for_each(|array| array.shape().map(drop))?;
    Ok(found)
}

fn eval(args: &Eval, context: &Context) -> Result<()> {
    let found = evaluated(args, context)?;
    let [array] = found.as_slice() else { return several(args, &found, context) };
    if args.explain {
        for (name, stage) in Stage::ALL {
            context.console.line(format!("== {name}\n{}", array.explain(stage)?))?;
        }
        return Ok(());
    }
    if args.estimate {
        return context.console.line(array.estimate()?.to_string());
    }
    let mut document = document("array eval", array)?;
    if let Some(path) = &args.out {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        if extension.is_some_and(|extension| !["npy", "zarr"].contains(&extension.as_str())) {
            let what = format!("--out '{}': arrays are written as FILE.npy or FOLDER.zarr", path.display());
            return Err(usage(what));
        }
        let format = if args.zarr_format == 2 { ZarrFormat::V2 } else { ZarrFormat::V3 };
        let written = match path.extension().is_some_and(|extension| extension == "zarr") {
            true => array.to_zarr(path, format, args.overwrite)?,
            false => array.to_npy(path, args.overwrite)?,
        };
        document.out = Some(path.clone());
        document.run = Some(context.run_document(&written.report));
        let line = format!("wrote '{}': {} of shape {:?}", path.display(), document.dtype, document.shape);
        context.console.document(&document)?;
        context.console.line(line)?;
        return context.console.note(context.array_summary(&written.report));
    }
    let result = array.compute()?;
    document.run = Some(context.run_document(result.report()));
    if context.console.json {
        fill(&mut document, &result)?;
    }
    context.console.document(&document)?;
    context.console.line(result.to_string())?;
    context.console.note(context.array_summary(result.report()))
}

/// Several results of one run.
fn several(args: &Eval, arrays: &[Array], context: &Context) -> Result<()> {
    if args.out.is_some() || args.explain || args.estimate {
        return Err(usage("--out, --explain and --estimate are for one result; write one expression".to_string()));
    }
    let results = context.session.compute_all(arrays)?;
    let mut documents = Vec::new();
    for (array, result) in arrays.iter().zip(&results) {
        let mut document = document("array eval", array)?;
        document.run = Some(context.run_document(result.report()));
        if context.console.json {
            fill(&mut document, result)?;
        }
        documents.push(document);
    }
    context.console.document(&documents)?;
    for result in &results {
        context.console.line(result.to_string())?;
    }
    match results.first() {
        Some(first) => context.console.note(context.array_summary(first.report())),
        None => Ok(()),
    }
}

fn fill(document: &mut Document, result: &NdArray) -> Result<()> {
    let elements: u64 = document.shape.iter().product();
    if document.dtype.starts_with("complex") && elements <= JSON_ELEMENTS {
        // A complex number is a list of its parts.
        let pair = |[re, im]: [f64; 2]| serde_json::Value::Array(vec![json::number(re), json::number(im)]);
        let mut values: Vec<serde_json::Value> = result.to_complex()?.into_iter().map(pair).collect();
        match document.shape.is_empty() {
            true => document.value = values.pop(),
            false => document.values = Some(values),
        }
        return Ok(());
    }
    if document.shape.is_empty() {
        document.value = Some(json::number(result.item()?));
    } else if elements <= JSON_ELEMENTS {
        document.values = Some(result.to_vec()?.into_iter().map(json::number).collect());
    } else {
        return Err(anyhow!("a result of {elements} elements is too large for JSON; write it with --out FILE.npy"));
    }
    Ok(())
}

/// The named arrays.
fn names(args: &Eval, context: &Context) -> Result<BTreeMap<String, Array>> {
    let (session, mut names) = (&context.session, BTreeMap::new());
    let random = session.random(args.seed);
    let chunks = |axes: usize| args.chunks.as_deref().map_or(Ok(Chunking::Auto), |text| chunking(text, axes));
    let shaped = |text: &str| -> Result<(String, Vec<u64>)> {
        let (name, shape) = named(text)?;
        let lengths: Result<Vec<u64>, _> = shape.split(',').map(|length| u64::from_str(length.trim())).collect();
        Ok((name, lengths.map_err(|_| usage(format!("'{shape}' is no shape; write it as 10000,10000")))?))
    };
    for text in &args.random {
        let (name, shape) = shaped(text)?;
        names.insert(name, random.random(&shape, chunks(shape.len())?));
    }
    for text in &args.normal {
        let (name, shape) = shaped(text)?;
        names.insert(name, random.normal(0.0, 1.0, &shape, chunks(shape.len())?));
    }
    for text in &args.npy {
        let (name, path) = named(text)?;
        let opened = session.open_npy(path, ());
        let axes = opened.ndim()?;
        names.insert(name, session.open_npy(path, chunks(axes)?));
    }
    for text in &args.zarr {
        let (name, path) = named(text)?;
        let opened = session.open_zarr(path, ());
        let axes = opened.ndim()?;
        names.insert(name, if args.chunks.is_some() { opened.rechunk(chunks(axes)?) } else { opened });
    }
    Ok(names)
}

fn named(text: &str) -> Result<(String, &str)> {
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    match text.split_once('=') {
        Some((name, rest)) if is_name(&name) => Ok((name.to_string(), rest)),
        _ => Err(usage(format!("'{text}' should be a name, '=', and what it names, as x=10000,10000"))),
    }
}

fn chunking(text: &str, axes: usize) -> Result<Chunking> {
    let axis = |part: &str| match part.trim() {
        "auto" => Ok(AxisChunks::Auto),
        part => i64::from_str(part)
            .map(AxisChunks::from)
            .map_err(|_| usage(format!("--chunks '{text}': write numbers, as 1000 or 1000,500; -1 is a whole axis"))),
    };
    let parts: Vec<AxisChunks> = text.split(',').map(axis).collect::<Result<_>>()?;
    match parts.as_slice() {
        [one] => Ok(Chunking::Every(one.clone())),
        // Those of the last axes, as shapes broadcast.
        many if many.len() >= axes => Ok(Chunking::Axes(many[many.len() - axes..].to_vec())),
        many => Err(usage(format!("--chunks gives {} lengths for an array of {axes} axes", many.len()))),
    }
}
