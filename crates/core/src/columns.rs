//! Which columns a consumer needs, and in which form.

use std::collections::BTreeMap;

/// The form in which a consumer takes a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Plain values of the column's type only.
    Values,
    /// Values, or a dictionary of them with codes, whichever the source has at hand.
    Codes,
}

/// A set of needed columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Columns {
    /// Every column, as values.
    All,
    /// The named columns.
    Some(BTreeMap<String, Form>),
}

impl Columns {
    /// No column at all: only the number of rows matters.
    pub fn none() -> Self {
        Columns::Some(BTreeMap::new())
    }

    /// The named columns, as values.
    pub fn values<I: IntoIterator<Item = S>, S: Into<String>>(names: I) -> Self {
        Columns::Some(names.into_iter().map(|name| (name.into(), Form::Values)).collect())
    }

    /// The named columns, as values or codes.
    pub fn codes<I: IntoIterator<Item = S>, S: Into<String>>(names: I) -> Self {
        Columns::Some(names.into_iter().map(|name| (name.into(), Form::Codes)).collect())
    }

    /// Columns of either set; a column is taken as codes only when both sides take it so.
    pub fn union(self, other: Columns) -> Self {
        let (Columns::Some(mut mine), Columns::Some(theirs)) = (self, other) else {
            return Columns::All;
        };
        for (name, form) in theirs {
            mine.entry(name).and_modify(|have| *have = (*have).min(form)).or_insert(form);
        }
        Columns::Some(mine)
    }

    /// Whether the column is needed.
    pub fn contains(&self, name: &str) -> bool {
        self.form(name).is_some()
    }

    /// The form in which the column is needed, `None` when it is not.
    pub fn form(&self, name: &str) -> Option<Form> {
        match self {
            Columns::All => Some(Form::Values),
            Columns::Some(names) => names.get(name).copied(),
        }
    }
}
