//! The language of `--filter`: expressions over the columns of a frame.
//!
//! From loosest to tightest: `or`, `and`, `not`, comparisons with `is null`, `in` and `between`, `+ -`, `* / %`,
//! the minus sign, values. Types are the engine's business: a filter that parses can still be refused there.

mod functions;
mod lexer;
mod parser;

use std::fmt;

use blockfold::Expr;

pub use functions::names as function_names;

/// What `--help` says about the language.
pub const GRAMMAR: &str = "\
Filters: columns by name (`in backquotes` when the name is no plain word), numbers, 'strings', true, false, null;
+ - * / %; = == != <> < <= > >=; and, or, not; x is null, x is not null; x in (1, 2), x not in ('a');
x between 1 and 2; functions as sqrt(x), contains(name, 'ann'), year(timestamp). A string beside a date or a
timestamp is read as one: timestamp >= '2000-06-01'. Null counts as false.";

/// Where a filter stops making sense, and what was expected there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    text: String,
    /// Characters before the place.
    at: usize,
    expected: String,
}

impl SyntaxError {
    fn new(text: &str, at: usize, expected: impl Into<String>) -> Self {
        SyntaxError { text: text.to_string(), at, expected: expected.into() }
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        writeln!(f, "{}", self.expected)?;
        writeln!(f, "  {line}")?;
        write!(f, "  {:at$}^", "", at = self.at)
    }
}

impl std::error::Error for SyntaxError {}

/// The expression that a filter stands for.
///
/// # Errors
/// The place where the text stops making sense.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let tokens = lexer::tokens(text)?;
    parser::Parser::new(text, tokens).whole()
}

#[cfg(test)]
mod tests;
