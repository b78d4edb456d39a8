//! `--cluster ADDRESS`: a query that runs on a cluster, by way of the Python package, which knows how to reach one.
//!
//! The query goes to a Python process as JSON, as calls of the package's native layer; the answer comes back as an Arrow
//! stream and is printed or written as one of this process.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use arrow::ipc::reader::StreamReader;
use blockfold::{AggFunc, Error, Expr, RecordBatch, Scalar};
use serde_json::{Value, json};

use crate::args::Out;
use crate::commands::result;
use crate::context::Context;
use crate::{input, text};

/// The module that runs queries.
const MODULE: &str = "blockfold._cluster.program";

/// Time between two looks at whether the program is to end.
const WAIT: Duration = Duration::from_millis(50);

/// A frame as the calls that make it.
#[derive(Clone, Debug)]
pub struct Asked {
    read: &'static str,
    paths: Vec<String>,
    calls: Vec<Value>,
}

impl Asked {
    /// Files, of which a filter keeps rows.
    ///
    /// # Errors
    /// A path that is no text.
    pub fn of(paths: &[PathBuf], filter: Option<&Expr>) -> Result<Asked> {
        let read = input::reader(paths);
        let paths = paths.iter().map(|path| absolute(path)).collect::<Result<_>>()?;
        let read = Asked { read, paths, calls: Vec::new() };
        Ok(filter.map_or(read.clone(), |filter| read.call("filter", json!([expr(filter)]))))
    }

    /// A further call.
    pub fn call(mut self, name: &str, args: Value) -> Asked {
        self.calls.push(json!([name, args]));
        self
    }

    /// The frame as JSON.
    pub fn json(&self) -> Value {
        json!({ "read": self.read, "paths": self.paths, "calls": self.calls })
    }
}

/// A path as every process of this machine finds it.
fn absolute(path: &Path) -> Result<String> {
    let absolute = std::path::absolute(path).map_err(|error| Error::io(path, error))?;
    let text = absolute.to_str().map(str::to_string);
    Ok(text.ok_or_else(|| Error::argument("--cluster", format!("'{}' is no text", path.display())))?)
}

/// Runs a query on a cluster and prints or writes its rows.
///
/// # Errors
/// A Python or a package that is not there, a scheduler that does not answer, and whatever fails there.
pub fn give(command: &str, address: &str, asked: &Asked, out: &Out, context: &Context) -> Result<()> {
    let start = Instant::now();
    let budget = context.session.memory_budget().0;
    let query = json!({ "version": env!("CARGO_PKG_VERSION"), "budget": budget, "frame": asked.json() });
    let batches = answer(address, &query, context)?;
    context.ran_elsewhere(format!("on {address} in {}", text::seconds(start.elapsed())));
    result::give(command, &context.session.from_batches(batches)?, out, context)
}

fn answer(address: &str, query: &Value, context: &Context) -> Result<Vec<RecordBatch>> {
    let python = std::env::var("BLOCKFOLD_PYTHON").unwrap_or_else(|_| "python3".to_string());
    let mut process = Process::start(&python, address)?;
    let (stream, said) = process.ask(query)?;
    loop {
        // Dropping the process ends it.
        context.check()?;
        match stream.recv_timeout(WAIT) {
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => bail!(Error::internal("a thread that reads an answer ended")),
            Ok(read) => {
                let said = said.join().unwrap_or_default();
                let status = process.0.wait().context("--cluster")?;
                return if status.success() { Ok(read?) } else { Err(failure(&python, &said)) };
            }
        }
    }
}

/// What the stream held, or why it could not be read.
type Streamed = Receiver<Result<Vec<RecordBatch>, arrow::error::ArrowError>>;

/// A Python process, ended when it is dropped.
struct Process(Child);

impl Process {
    fn start(python: &str, address: &str) -> Result<Process> {
        let mut command = Command::new(python);
        command.args(["-m", MODULE, address]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = command.spawn().map_err(|error| {
            anyhow!(
                "--cluster runs Python, and '{python}' could not be started: {error}; BLOCKFOLD_PYTHON names an interpreter \
                 that has the package: pip install 'blockfold[cluster]'"
            )
        });
        Ok(Process(started?))
    }

    /// Hands the query over, and reads what comes meanwhile: the answer, and what is said about it.
    fn ask(&mut self, query: &Value) -> Result<(Streamed, thread::JoinHandle<String>)> {
        let missing = || Error::internal("a process without pipes");
        let stdin = self.0.stdin.take().ok_or_else(missing)?;
        let stdout = self.0.stdout.take().ok_or_else(missing)?;
        let stderr = self.0.stderr.take().ok_or_else(missing)?;
        let said = thread::spawn(move || read_all(stderr));
        let (sender, stream) = channel();
        thread::spawn(move || {
            let read = StreamReader::try_new(stdout, None).and_then(|reader| {
                let schema = reader.schema();
                let mut batches = reader.collect::<Result<Vec<_>, _>>()?;
                if batches.is_empty() {
                    batches.push(RecordBatch::new_empty(schema));
                }
                Ok(batches)
            });
            // Nobody waits any longer once the run was cancelled.
            let _ = sender.send(read);
        });
        // A process that ended early says why.
        let _ = { stdin }.write_all(query.to_string().as_bytes());
        Ok((stream, said))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already cannot be ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read_all(mut stderr: ChildStderr) -> String {
    let mut said = Vec::new();
    // What was read until an error is what there is.
    let _ = stderr.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

/// Why the process failed: by its own word, else by the last line that it wrote.
fn failure(python: &str, said: &str) -> anyhow::Error {
    let own = |line: &str| serde_json::from_str::<Value>(line).ok()?["error"].as_str().map(str::to_string);
    if let Some(message) = said.lines().rev().find_map(own) {
        return anyhow!(message);
    }
    if said.contains("No module named") && said.contains("blockfold") {
        return anyhow!(
            "--cluster needs the Python package, which '{python}' has not; pip install 'blockfold[cluster]', or have \
             BLOCKFOLD_PYTHON name the interpreter of an environment that has it"
        );
    }
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    anyhow!("--cluster: '{}' failed: {last}", Path::new(python).display())
}

// ---- expressions as JSON

/// An expression as a list: its kind, then its parts.
pub fn expr(of: &Expr) -> Value {
    match of {
        Expr::Column(name) => json!(["column", name.as_ref()]),
        Expr::Literal(value) => json!(["literal", scalar(value)]),
        Expr::Binary { op, left, right } => json!(["binary", op.to_string(), expr(left), expr(right)]),
        Expr::Not(input) => json!(["not", expr(input)]),
        Expr::IsNull(input) => json!(["is_null", expr(input)]),
        Expr::IsIn { input, list } => {
            json!(["is_in", expr(input), list.iter().map(scalar).collect::<Vec<_>>()])
        }
        Expr::Case { branches, otherwise } => {
            let branches: Vec<Value> = branches.iter().map(|(when, then)| json!([expr(when), expr(then)])).collect();
            json!(["case", branches, otherwise.as_deref().map(expr)])
        }
        Expr::Call { function, args } => {
            json!(["call", function.name(), args.iter().map(expr).collect::<Vec<_>>()])
        }
        Expr::Agg { func: AggFunc::Len, .. } => json!(["len"]),
        Expr::Agg { func, inputs } => json!(["aggregate", func.name(), inputs.iter().map(expr).collect::<Vec<_>>()]),
        Expr::Alias { input, name } => json!(["alias", expr(input), name.as_ref()]),
        // Arguments make no others; where they do, Python names what it does not know.
        other => json!(["unknown", other.to_string()]),
    }
}

/// A value; floats are strings, since JSON has not got all of them.
fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => json!(value),
        Scalar::Int(value) => json!(value),
        Scalar::UInt(value) => json!(value),
        Scalar::Float(value) => json!({ "float": format!("{value:?}") }),
        Scalar::Utf8(text) => json!(text.as_ref()),
        // Filters write points in time as texts.
        other => json!(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter;

    #[test]
    fn filters_are_lists() {
        let shown = |text: &str| expr(&filter::parse(text).unwrap()).to_string();
        assert_eq!(shown("x > 0.5"), r#"["binary",">",["column","x"],["literal",{"float":"0.5"}]]"#);
        assert_eq!(shown("not x is null"), r#"["not",["is_null",["column","x"]]]"#);
        assert_eq!(shown("n in ('a', null)"), r#"["is_in",["column","n"],["a",null]]"#);
        let largest = r#"["binary","==",["call","sqrt",[["column","x"]]],["literal",18446744073709551615]]"#;
        assert_eq!(shown("sqrt(x) = 18446744073709551615"), largest);
    }

    #[test]
    fn reasons_are_found() {
        let told = |said: &str| failure("py", said).to_string();
        assert_eq!(told("warned\n{\"error\": \"no scheduler\"}\nlater\n"), "no scheduler");
        assert!(told("py: No module named 'blockfold'").contains("pip install 'blockfold[cluster]'"));
        assert_eq!(told("some\nKilled\n\n"), "--cluster: 'py' failed: Killed");
        assert_eq!(told(""), "--cluster: 'py' failed: it said nothing");
    }
}
