//! Functions of strings and regular expressions, as the crate `regex` has them: linear time, no looking around.
//!
//! Null gives null. A pattern that every row shares is compiled once.

use std::borrow::Cow;

use arrow::array::{ArrayRef, BooleanArray, Int64Array};
use blockfold_core::{DType, Error, Function, Result};
use regex::{NoExpand, Regex};

use super::args::{INTEGER, STRING, arg, as_i64, check, integer_at, shared};
use super::text::{Texts, first_type, try_make_texts};

/// The regular expression of each row, compiled anew only where it changes.
struct Patterns<'a> {
    op: &'static str,
    texts: Texts<'a>,
    last: Option<(&'a str, Regex)>,
}

impl<'a> Patterns<'a> {
    fn new(op: &'static str, args: &'a [ArrayRef], position: usize) -> Result<Self> {
        Ok(Patterns { op, texts: Texts::new(args, position)?, last: None })
    }

    /// The expression at a row, none for null.
    fn get(&mut self, row: usize) -> Result<Option<&Regex>> {
        let Some(pattern) = self.texts.get(row) else { return Ok(None) };
        if self.last.as_ref().is_none_or(|(known, _)| *known != pattern) {
            let compiled = Regex::new(pattern).map_err(|error| refused(self.op, pattern, &error))?;
            self.last = Some((pattern, compiled));
        }
        Ok(self.last.as_ref().map(|(_, regex)| regex))
    }
}

fn refused(op: &str, pattern: &str, error: &regex::Error) -> Error {
    let reason = error.to_string();
    let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
    let what = format!("{pattern:?} is no regular expression that is supported: {reason}");
    Error::Argument { op: op.to_string(), what }
}

/// Whether a regular expression matches somewhere in the string.
#[derive(Debug)]
pub struct Matches;

impl Function for Matches {
    fn name(&self) -> &'static str {
        "matches"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("matches", args, &[STRING; 2], "a string and a regular expression")?;
        Ok(DType::Boolean)
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (texts, mut patterns) = (Texts::new(args, 0)?, Patterns::new("matches", args, 1)?);
        let found = (0..rows).map(|row| {
            let (text, pattern) = (texts.get(row), patterns.get(row)?);
            Ok(text.zip(pattern).map(|(text, pattern)| pattern.is_match(text)))
        });
        shared(found.collect::<Result<BooleanArray>>()?)
    }
}

/// How often a regular expression matches in the string, matches not overlapping.
#[derive(Debug)]
pub struct CountMatches;

impl Function for CountMatches {
    fn name(&self) -> &'static str {
        "count_matches"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("count_matches", args, &[STRING; 2], "a string and a regular expression")?;
        Ok(DType::Int64)
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (texts, mut patterns) = (Texts::new(args, 0)?, Patterns::new("count_matches", args, 1)?);
        let counts = (0..rows).map(|row| {
            let (text, pattern) = (texts.get(row), patterns.get(row)?);
            Ok(text.zip(pattern).map(|(text, pattern)| pattern.find_iter(text).count() as i64))
        });
        shared(counts.collect::<Result<Int64Array>>()?)
    }
}

/// The string with every match of a regular expression replaced; `$1` and `${name}` stand for groups of the match.
#[derive(Debug)]
pub struct ReplaceMatches;

impl Function for ReplaceMatches {
    fn name(&self) -> &'static str {
        "replace_matches"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        let says = "three strings: replace_matches(text, pattern, to)";
        check("replace_matches", args, &[STRING; 3], says)?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (texts, to) = (Texts::new(args, 0)?, Texts::new(args, 2)?);
        let mut patterns = Patterns::new("replace_matches", args, 1)?;
        try_make_texts(args, rows, |row| {
            let (Some(text), Some(pattern), Some(to)) = (texts.get(row), patterns.get(row)?, to.get(row)) else {
                return Ok(None);
            };
            Ok(Some(if to.contains('$') {
                pattern.replace_all(text, to)
            } else {
                pattern.replace_all(text, NoExpand(to))
            }))
        })
    }
}

/// A group of the first match of a regular expression, 0 for all of the match; null where nothing matches or the group
/// took no part in the match.
#[derive(Debug)]
pub struct ExtractMatch;

impl Function for ExtractMatch {
    fn name(&self) -> &'static str {
        "extract_match"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        let says = "a string, a regular expression and the number of a group";
        check("extract_match", args, &[STRING, STRING, INTEGER], says)?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (texts, groups) = (Texts::new(args, 0)?, as_i64(arg(args, 2)?)?);
        let mut patterns = Patterns::new("extract_match", args, 1)?;
        try_make_texts(args, rows, |row| {
            let (Some(text), Some(group)) = (texts.get(row), integer_at(&groups, row)) else { return Ok(None) };
            let (Some(pattern), Ok(group)) = (patterns.get(row)?, usize::try_from(group)) else { return Ok(None) };
            let captures = pattern.captures(text);
            Ok(captures.and_then(|captures| captures.get(group)).map(|found| Cow::Borrowed(found.as_str())))
        })
    }
}

/// The part of the string at a place between separators, which are no patterns; null where there are fewer parts.
#[derive(Debug)]
pub struct SplitPart;

impl Function for SplitPart {
    fn name(&self) -> &'static str {
        "split_part"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("split_part", args, &[STRING, STRING, INTEGER], "a string, a separator and the place of a part")?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        split(args, rows, |text, separator, place| text.split(separator).nth(place))
    }
}

/// What is left of the string after so many separators; null where there are fewer.
#[derive(Debug)]
pub struct SplitRest;

impl Function for SplitRest {
    fn name(&self) -> &'static str {
        "split_rest"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("split_rest", args, &[STRING, STRING, INTEGER], "a string, a separator and how many to pass")?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        split(args, rows, |text, separator, place| text.splitn(place.saturating_add(1), separator).nth(place))
    }
}

fn split(
    args: &[ArrayRef],
    rows: usize,
    part: impl for<'t> Fn(&'t str, &str, usize) -> Option<&'t str>,
) -> Result<ArrayRef> {
    let (texts, separators) = (Texts::new(args, 0)?, Texts::new(args, 1)?);
    let places = as_i64(arg(args, 2)?)?;
    try_make_texts(args, rows, |row| {
        let (Some(text), Some(separator)) = (texts.get(row), separators.get(row)) else { return Ok(None) };
        let place = integer_at(&places, row).and_then(|place| usize::try_from(place).ok());
        Ok(place.and_then(|place| part(text, separator, place)).map(Cow::Borrowed))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, AsArray, StringArray};

    use super::*;

    fn texts(values: &[Option<&str>]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn check_texts(function: &dyn Function, args: &[ArrayRef], expected: &[Option<&str>]) {
        let rows = args[0].len();
        let got = function.evaluate(args, rows).unwrap();
        let got: Vec<Option<&str>> = got.as_string::<i32>().iter().collect();
        assert_eq!(got, expected, "{}", function.name());
    }

    #[test]
    fn extracts_groups_that_took_part() {
        let values = texts(&[Some("a1b22"), None, Some("zz"), Some("a7")]);
        let pattern = texts(&[Some(r"a(\d)(b\d+)?")]);
        let group = |number: i64| -> ArrayRef { Arc::new(Int64Array::from(vec![number])) };
        let args = |number| [values.clone(), pattern.clone(), group(number)];
        check_texts(&ExtractMatch, &args(0), &[Some("a1b22"), None, None, Some("a7")]);
        check_texts(&ExtractMatch, &args(2), &[Some("b22"), None, None, None]);
        check_texts(&ExtractMatch, &args(9), &[None; 4]);
        check_texts(&ExtractMatch, &args(-1), &[None; 4]);
    }

    #[test]
    fn replaces_with_groups_and_plain_texts() {
        let values = texts(&[Some("a1b2"), Some(""), None]);
        let pattern = texts(&[Some("([a-z])")]);
        let to = |text| texts(&[Some(text)]);
        check_texts(
            &ReplaceMatches,
            &[values.clone(), pattern.clone(), to("<$1>")],
            &[Some("<a>1<b>2"), Some(""), None],
        );
        check_texts(&ReplaceMatches, &[values, pattern, to("")], &[Some("12"), Some(""), None]);
    }

    #[test]
    fn splits_at_separators() {
        let values = texts(&[Some("a-b-c"), Some("a"), Some(""), None]);
        let args = |place: i64| -> [ArrayRef; 3] {
            [values.clone(), texts(&[Some("-")]), Arc::new(Int64Array::from(vec![place]))]
        };
        check_texts(&SplitPart, &args(1), &[Some("b"), None, None, None]);
        check_texts(&SplitRest, &args(1), &[Some("b-c"), None, None, None]);
        check_texts(&SplitRest, &args(0), &[Some("a-b-c"), Some("a"), Some(""), None]);
        check_texts(&SplitPart, &args(i64::MAX), &[None; 4]);
    }

    #[test]
    fn counts_and_matches_with_a_pattern_of_each_row() {
        let values = texts(&[Some("aXa"), Some("bb"), None, Some("c")]);
        let patterns = texts(&[Some("a"), Some("^b$"), Some("x"), None]);
        let found = Matches.evaluate(&[values.clone(), patterns.clone()], 4).unwrap();
        assert_eq!(found.as_boolean().iter().collect::<Vec<_>>(), [Some(true), Some(false), None, None]);
        let counts = CountMatches.evaluate(&[values, patterns], 4).unwrap();
        let counts = counts.as_primitive::<arrow::datatypes::Int64Type>();
        assert_eq!(counts.iter().collect::<Vec<_>>(), [Some(2), Some(0), None, None]);
    }

    #[test]
    fn refuses_what_is_no_pattern() {
        let args = [texts(&[Some("a")]), texts(&[Some("(?<=a)b")])];
        let error = Matches.evaluate(&args, 1).unwrap_err();
        assert!(matches!(&error, Error::Argument { op, .. } if op == "matches"), "{error}");
    }
}
