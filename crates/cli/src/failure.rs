//! How runs fail: one line on stderr, and an exit code.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use blockfold::Error;

use crate::signals;

/// Arguments that are wrong by themselves, whatever the data holds.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error that says arguments are wrong, for exit code 2.
pub fn usage(what: impl fmt::Display) -> anyhow::Error {
    Usage(what.to_string()).into()
}

/// The end of a run that did not succeed.
pub struct Failure {
    /// What to say; nothing for a reader that hung up.
    message: Option<String>,
    code: u8,
}

impl Failure {
    /// The failure of arguments that do not parse; none for `--help` and `--version`, which are printed.
    pub fn of_arguments(refusal: &clap::Error) -> Option<Failure> {
        if !refusal.use_stderr() {
            // Help that nobody reads to its end is no failure.
            let _ = refusal.print();
            return None;
        }
        let text = refusal.render().to_string();
        let message = text.trim_end().strip_prefix("error: ").unwrap_or(&text).to_string();
        Some(Failure { message: Some(message), code: 2 })
    }

    /// The failure of a run.
    pub fn of_run(error: &anyhow::Error) -> Failure {
        if is_broken_pipe(error) {
            return Failure { message: None, code: 0 };
        }
        if let Some(signal) = signals::received().filter(|_| is_cancelled(error)) {
            return Failure { message: Some("cancelled".to_string()), code: signal.exit_code() };
        }
        let code = if error.chain().any(|cause| cause.is::<Usage>()) { 2 } else { 1 };
        Failure { message: Some(told(error)), code }
    }

    /// Says what failed, and gives the exit code.
    pub fn report(&self, wants_json: bool) -> ExitCode {
        if let Some(message) = &self.message {
            // When nobody listens there is nothing left to do but end.
            let _ = writeln!(io::stderr(), "error: {message}");
            if wants_json {
                let message = message.split("\n\nFor more information").next();
                let document = serde_json::json!({ "error": message, "exit_code": self.code });
                let _ = writeln!(io::stdout(), "{document}");
            }
        }
        exit_code(self.code)
    }
}

/// The exit code of a process; a signal that came in time to cancel nothing changes nothing.
pub fn exit_code(code: u8) -> ExitCode {
    ExitCode::from(code)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(broken))
}

fn is_cancelled(error: &anyhow::Error) -> bool {
    let cancelled = |cause: &Error| matches!(cause.root(), Error::Cancelled);
    error.chain().any(|cause| cause.downcast_ref::<Error>().is_some_and(cancelled))
}

/// The error with its causes in one line, with the remedies that this program has.
fn told(error: &anyhow::Error) -> String {
    let exists = error.chain().find_map(|cause| match cause.downcast_ref::<Error>()?.root() {
        Error::AlreadyExists { path } => Some(path),
        _ => None,
    });
    match exists {
        Some(path) => format!("'{}' already exists; --overwrite replaces it", path.display()),
        None => chain(error),
    }
}

/// The error with its causes in one line; a cause that the error's own text tells already is not told again.
fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let own = cause.to_string();
        if text.is_empty() {
            text = own;
        } else if !text.contains(&own) {
            text = format!("{text}: {own}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn causes_are_told_once() {
        let inner = Error::argument("head", "n is negative").at("step 1");
        let error = anyhow::Error::from(inner).context("running");
        assert_eq!(chain(&error), "running: step 1: head: n is negative");
    }

    #[test]
    fn codes_follow_who_must_act() {
        assert_eq!(Failure::of_run(&usage("no")).code, 2);
        assert_eq!(Failure::of_run(&usage("no").context("--by")).code, 2);
        assert_eq!(Failure::of_run(&Error::Cancelled.into()).code, 1);
        let pipe = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("printing").unwrap_err();
        assert_eq!(Failure::of_run(&pipe).code, 0);
    }
}
