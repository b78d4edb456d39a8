//! The engine's scalar functions under the names that filters use.

use std::vec::IntoIter;

use blockfold::{Expr, ExprFunctions};

/// A function that filters can call.
pub(super) struct Callable {
    name: &'static str,
    /// Arguments after the first.
    args: &'static [&'static str],
    /// Whether the last argument may come again.
    repeats: bool,
    build: fn(Expr, &mut IntoIter<Expr>) -> Option<Expr>,
}

impl Callable {
    /// The call, unless the number of arguments is wrong.
    pub(super) fn call(&self, args: Vec<Expr>) -> Option<Expr> {
        let mut args = args.into_iter();
        let first = args.next()?;
        let call = (self.build)(first, &mut args)?;
        args.next().is_none().then_some(call)
    }

    /// How the function is called.
    pub(super) fn usage(&self) -> String {
        let args: String = self.args.iter().map(|arg| format!(", {arg}")).collect();
        format!("{}(value{args}{})", self.name, if self.repeats { ", ..." } else { "" })
    }
}

macro_rules! callables {
    ($($name:ident($($arg:ident),*))*) => {
        &[
            $(Callable {
                name: stringify!($name),
                args: &[$(stringify!($arg)),*],
                repeats: false,
                build: |first, _rest| {
                    $(let $arg = _rest.next()?;)*
                    Some(first.$name($($arg),*))
                },
            },)*
            Callable {
                name: "coalesce",
                args: &["other"],
                repeats: true,
                build: |first, rest| Some(first.coalesce([rest.next()?].into_iter().chain(rest))),
            },
        ]
    };
}

#[rustfmt::skip]
static CALLABLES: &[Callable] = callables! {
    abs() sign() clip(low, high) pow(exponent) is_nan() is_finite()
    floor() ceil() trunc() round(decimals)
    sqrt() cbrt() exp() expm1() log() log2() log10() log1p()
    sin() cos() tan() arcsin() arccos() arctan() arctan2(x) sinh() cosh() tanh() radians() degrees()
    len_chars() len_bytes() lower() upper() strip() contains(text) starts_with(text) ends_with(text)
    replace(from, to) slice(offset, length) concat(text)
    matches(pattern) count_matches(pattern) replace_matches(pattern, to) extract_match(pattern, group)
    split_part(separator, index) split_rest(separator, index)
    year() quarter() month() day() weekday() ordinal_day() hour() minute() second() millisecond() microsecond()
    truncate(every)
    fill_null(other)
};

/// The function of a name, in small or capital letters.
pub(super) fn find(name: &str) -> Option<&'static Callable> {
    CALLABLES.iter().find(|callable| callable.name.eq_ignore_ascii_case(name))
}

/// The names of all functions.
pub fn names() -> Vec<&'static str> {
    CALLABLES.iter().map(|callable| callable.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_engine_can_be_called() {
        for function in blockfold_kernels::functions::FUNCTIONS {
            let name = function.name();
            let callable = find(name).unwrap_or_else(|| panic!("filters cannot call '{name}'"));
            let args = vec![blockfold::col("c"); 1 + callable.args.len()];
            let call = callable.call(args).unwrap();
            assert!(matches!(call, Expr::Call { function, .. } if function.name() == name), "{name}");
        }
    }
}
