//! What an argument is, in a few words, for errors: `i64`, `Vec<f64> of 1000`, `frame of 10 rows x 2 columns`.
//!
//! Types say nothing of shapes by themselves: those that have one are told to [`describe_with`].

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use crate::sync::statics::{LazyLock, RwLock};

type Describe = Arc<dyn Fn(&dyn Any) -> Option<String> + Send + Sync>;

static DESCRIBERS: LazyLock<RwLock<HashMap<TypeId, Describe>>> = LazyLock::new(|| RwLock::new(of_std()));

/// Has arguments of a type described by a function, in errors of the calls that take them.
///
/// # Examples
///
/// ```
/// use blockfold_tasks::{describe_with, try_delayed};
///
/// struct Table { rows: usize }
/// describe_with(|table: &Table| format!("table of {} rows", table.rows));
/// let check = try_delayed(|table: &Table| (table.rows > 9).then_some(()).ok_or("too few rows")).named("check");
/// let error = check.call(Table { rows: 3 }).compute().unwrap_err();
/// assert_eq!(error.to_string(), "check(table of 3 rows) failed: too few rows");
/// ```
pub fn describe_with<T: 'static>(describe: impl Fn(&T) -> String + Send + Sync + 'static) {
    DESCRIBERS.write().insert(TypeId::of::<T>(), describer(describe));
}

fn describer<T: 'static>(describe: impl Fn(&T) -> String + Send + Sync + 'static) -> Describe {
    Arc::new(move |value| value.downcast_ref::<T>().map(&describe))
}

/// What a value is.
pub fn describe<T: 'static>(value: &T) -> String {
    let known = DESCRIBERS.read().get(&TypeId::of::<T>()).cloned();
    known.and_then(|describe| describe(value)).unwrap_or_else(type_name::<T>)
}

/// Name of a type without the paths of its parts.
pub fn type_name<T>() -> String {
    let name = std::any::type_name::<T>();
    let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    name.split_inclusive(ends).map(|part| part.rsplit_once("::").map_or(part, |(_, last)| last)).collect()
}

/// Describers of vectors of the usual elements.
fn of_std() -> HashMap<TypeId, Describe> {
    macro_rules! vectors {
        ($($T:ty),*) => {
            HashMap::from([$((
                TypeId::of::<Vec<$T>>(),
                describer(|values: &Vec<$T>| format!("{} of {}", type_name::<Vec<$T>>(), values.len())),
            )),*])
        };
    }
    vectors!(bool, u8, u16, u32, u64, usize, i8, i16, i32, i64, isize, f32, f64, char, String)
}

#[cfg(test)]
mod tests {
    use super::{describe, type_name};

    #[test]
    fn names_without_paths() {
        assert_eq!(type_name::<Vec<Option<String>>>(), "Vec<Option<String>>");
        assert_eq!(type_name::<std::collections::HashMap<String, [u8; 4]>>(), "HashMap<String, [u8; 4]>");
        assert_eq!(describe(&vec![1.5, 2.5]), "Vec<f64> of 2");
        assert_eq!(describe(&7i64), "i64");
    }
}
