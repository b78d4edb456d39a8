//! Errors of the parquet crate, sorted by who must act.

use std::any::Any;
use std::path::Path;

use blockfold_core::Error;
use parquet::errors::ParquetError;

/// What the libraries put before their messages.
const PREFIXES: [&str; 4] = ["Parquet argument error: ", "Parquet error: ", "EOF: ", "External: "];

/// What went wrong in a part of a file; `what` names the part.
pub(super) fn corrupt(path: &Path, what: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => from_io(path, what, *source),
            Err(source) => from_text(path, what, &source.to_string()),
        },
        ParquetError::NYI(missing) => Error::Unsupported {
            what: format!("{missing} in '{}' ({what})", path.display()),
            instead: "leave the column out or write the file with other settings".into(),
        },
        ParquetError::General(text) | ParquetError::EOF(text) | ParquetError::ArrowError(text) => {
            from_text(path, what, &text)
        }
        other => from_text(path, what, &other.to_string()),
    }
}

fn from_text(path: &Path, what: &str, text: &str) -> Error {
    if text.contains("index overflow decoding") {
        return Error::Unsupported {
            what: format!("a batch of more than 2 GiB of text in '{}' ({what})", path.display()),
            instead: "read it in smaller batches, or leave the column out".into(),
        };
    }
    let mut text = text;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        text = rest;
    }
    Error::corrupt(path, format!("{what}: {text}"))
}

fn from_io(path: &Path, what: &str, source: std::io::Error) -> Error {
    if source.kind() == std::io::ErrorKind::UnexpectedEof {
        return Error::corrupt(path, format!("{what}: it ends before its data"));
    }
    match source.raw_os_error() {
        Some(_) => Error::io(path, source),
        None => Error::corrupt(path, format!("{what}: {source}")),
    }
}

/// The message of a panic.
pub(super) fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_string());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unreadable".into())
}
