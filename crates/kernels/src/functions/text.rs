//! Functions from strings to strings. They keep the string type; positions count characters, not bytes.
//!
//! Null gives null. Letters are those of Unicode.

use std::borrow::Cow;

use arrow::array::{
    Array, ArrayRef, AsArray, LargeStringBuilder, StringBuilder, StringLikeArrayBuilder, StringViewBuilder,
};
use blockfold_core::{DType, Error, Function, Result};

use super::args::{INTEGER, STRING, arg, as_i64, check, integer_at, row_of, shared};

/// Strings of any layout, read by row.
pub(super) struct Texts<'a>(&'a ArrayRef);

impl<'a> Texts<'a> {
    pub(super) fn new(args: &'a [ArrayRef], position: usize) -> Result<Self> {
        arg(args, position).map(Texts)
    }

    /// The string at a row, none for null; an array of one element stands for every row.
    pub(super) fn get(&self, row: usize) -> Option<&'a str> {
        let row = row_of(self.0, row);
        if self.0.is_null(row) {
            return None;
        }
        match self.0.data_type() {
            DType::Utf8 => self.0.as_string_opt::<i32>().map(|texts| texts.value(row)),
            DType::LargeUtf8 => self.0.as_string_opt::<i64>().map(|texts| texts.value(row)),
            _ => self.0.as_string_view_opt().map(|texts| texts.value(row)),
        }
    }
}

/// Strings of the type of the first argument, made row by row.
fn make_texts<'a>(args: &[ArrayRef], rows: usize, make: impl Fn(usize) -> Option<Cow<'a, str>>) -> Result<ArrayRef> {
    try_make_texts(args, rows, |row| Ok(make(row)))
}

/// As [`make_texts`], of what may fail.
pub(super) fn try_make_texts<'a>(
    args: &[ArrayRef],
    rows: usize,
    make: impl FnMut(usize) -> Result<Option<Cow<'a, str>>>,
) -> Result<ArrayRef> {
    match arg(args, 0)?.data_type() {
        DType::Utf8 => shared(build(StringBuilder::new(), rows, make)?.finish()),
        DType::LargeUtf8 => shared(build(LargeStringBuilder::new(), rows, make)?.finish()),
        DType::Utf8View => shared(build(StringViewBuilder::new(), rows, make)?.finish()),
        other => Err(Error::internal(format!("{other} is no string"))),
    }
}

fn build<'a, B: StringLikeArrayBuilder>(
    mut builder: B,
    rows: usize,
    mut make: impl FnMut(usize) -> Result<Option<Cow<'a, str>>>,
) -> Result<B> {
    for row in 0..rows {
        match make(row)? {
            Some(text) => builder.append_value(&text),
            None => builder.append_null(),
        }
    }
    Ok(builder)
}

pub(super) fn first_type(args: &[DType]) -> DType {
    args.first().cloned().unwrap_or(DType::Utf8)
}

macro_rules! text_functions {
    ($($(#[$doc:meta])* $static:ident $name:literal $map:expr),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $static;

        impl Function for $static {
            fn name(&self) -> &'static str {
                $name
            }

            fn dtype(&self, args: &[DType]) -> Result<DType> {
                check($name, args, &[STRING], "one string")?;
                Ok(first_type(args))
            }

            fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
                let texts = Texts::new(args, 0)?;
                let map: fn(&str) -> Cow<str> = $map;
                make_texts(args, rows, |row| texts.get(row).map(map))
            }
        }
    )*};
}

text_functions! {
    /// The string in lower case.
    Lower "lower" |text| text.to_lowercase().into(),
    /// The string in upper case.
    Upper "upper" |text| text.to_uppercase().into(),
    /// The string without white space at its ends.
    Strip "strip" |text| text.trim().into(),
}

/// The string with every occurrence of one string replaced by another; neither is a pattern.
#[derive(Debug)]
pub struct Replace;

impl Function for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("replace", args, &[STRING; 3], "three strings: replace(text, from, to)")?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (texts, from, to) = (Texts::new(args, 0)?, Texts::new(args, 1)?, Texts::new(args, 2)?);
        make_texts(args, rows, |row| {
            let (text, from, to) = (texts.get(row)?, from.get(row)?, to.get(row)?);
            Some(if text.contains(from) { text.replace(from, to).into() } else { text.into() })
        })
    }
}

/// The part of the string from an offset on, of at most so many characters; a negative offset counts from the
/// end. What lies outside of the string is left out, and a negative length counts as 0.
#[derive(Debug)]
pub struct Slice;

impl Function for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        let says = "a string, an offset and a length: slice(text, offset, length)";
        check("slice", args, &[STRING, INTEGER, INTEGER], says)?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let texts = Texts::new(args, 0)?;
        let (offsets, lengths) = (as_i64(arg(args, 1)?)?, as_i64(arg(args, 2)?)?);
        make_texts(args, rows, |row| {
            let part = part_of(texts.get(row)?, integer_at(&offsets, row)?, integer_at(&lengths, row)?);
            Some(part.into())
        })
    }
}

/// The characters within `offset..offset + length`, the offset counted from the end when it is negative.
fn part_of(text: &str, offset: i64, length: i64) -> &str {
    let start = if offset < 0 { offset.saturating_add_unsigned(characters(text)) } else { offset };
    let end = start.saturating_add(length.max(0));
    let byte = |position: i64| match usize::try_from(position) {
        Ok(position) => text.char_indices().nth(position).map_or(text.len(), |(byte, _)| byte),
        Err(_) => 0,
    };
    text.get(byte(start)..byte(end)).unwrap_or_default()
}

fn characters(text: &str) -> u64 {
    text.chars().count() as u64
}

/// Two strings one after the other, of the first one's type.
#[derive(Debug)]
pub struct Concat;

impl Function for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn dtype(&self, args: &[DType]) -> Result<DType> {
        check("concat", args, &[STRING; 2], "two strings")?;
        Ok(first_type(args))
    }

    fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (first, second) = (Texts::new(args, 0)?, Texts::new(args, 1)?);
        make_texts(args, rows, |row| Some([first.get(row)?, second.get(row)?].concat().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::part_of;

    #[test]
    fn slices_by_characters() {
        let table = [
            (0, 2, "hé"),
            (1, 2, "éé"),
            (-2, 5, "lo"),
            (-9, 5, "h"),
            (-9, 2, ""),
            (5, 1, ""),
            (1, -1, ""),
            (i64::MIN, i64::MAX, "héél"),
            (0, i64::MAX, "héélo"),
            (i64::MAX, i64::MAX, ""),
        ];
        for (offset, length, expected) in table {
            assert_eq!(part_of("héélo", offset, length), expected, "{offset} {length}");
        }
    }
}
