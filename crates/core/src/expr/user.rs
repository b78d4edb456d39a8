//! Functions of the user over columns.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;

use super::Expr;
use crate::error::{Error, Result};

type Body = dyn Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync;

/// A function of the user that makes a column of columns, value by value.
///
/// It is called with some of the rows at a time, from several threads; no function but itself is the same.
#[derive(Clone)]
pub struct UserFunction(Arc<Inner>);

struct Inner {
    name: String,
    /// Tells it from others of its name.
    id: u64,
    dtype: DataType,
    body: Box<Body>,
}

impl UserFunction {
    /// A function that gives values of type `dtype`, as many as each of its arguments has.
    pub fn new(
        name: &str,
        dtype: DataType,
        body: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
    ) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let id = COUNT.fetch_add(1, Ordering::Relaxed);
        UserFunction(Arc::new(Inner { name: name.to_owned(), id, dtype, body: Box::new(body) }))
    }

    /// The type of its values.
    pub fn dtype(&self) -> &DataType {
        &self.0.dtype
    }

    /// Its values for columns of `rows` rows.
    ///
    /// # Errors
    /// Its own, and [`Error::Argument`] or [`Error::Type`] for values that are too many, too few, or of another type.
    pub fn evaluate(&self, args: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let values = (self.0.body)(args)?;
        if values.len() != rows {
            let what =
                format!("the function gave {} values for {rows} rows; it has to give one for each", values.len());
            return Err(Error::argument(&self.0.name, what));
        }
        if *values.data_type() != self.0.dtype {
            let (expected, got) = (self.0.dtype.to_string(), values.data_type().to_string());
            return Err(Error::Type { op: self.0.name.clone(), expected, got });
        }
        Ok(values)
    }
}

impl Expr {
    /// A call of a function of the user; at least one argument says how many rows there are.
    ///
    /// # Examples
    /// ```
    /// use std::sync::Arc;
    /// use arrow::array::{Array, AsArray, Int64Array, StringArray};
    /// use arrow::datatypes::DataType;
    /// use blockfold_core::expr::{Expr, UserFunction};
    /// use blockfold_core::col;
    ///
    /// let length = UserFunction::new("length", DataType::Int64, |args| {
    ///     let texts = args[0].as_string::<i32>();
    ///     Ok(Arc::new(texts.iter().map(|text| text.map(|text| text.len() as i64)).collect::<Int64Array>()))
    /// });
    /// assert!(Expr::user(length, vec![col("name")]).to_string().starts_with("length#"));
    /// ```
    pub fn user(function: UserFunction, args: Vec<Expr>) -> Expr {
        Expr::User { function, args }
    }

    /// Whether a function of the user is called anywhere in it.
    pub fn calls_user(&self) -> bool {
        self.contains(&|expr| matches!(expr, Expr::User { .. }))
    }
}

impl fmt::Display for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The number makes texts of different functions different, by which equal plans are known.
        write!(f, "{}#{}", self.0.name, self.0.id)
    }
}

impl fmt::Debug for UserFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for UserFunction {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for UserFunction {}

impl Hash for UserFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}
