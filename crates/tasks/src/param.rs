//! What a function may take, and what a call may be given for it.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::delayed::Delayed;
use crate::describe;
use crate::error::Error;
use crate::function::{Deps, Failure};
use crate::future::Future;
use crate::node::{Input, Value};

/// The type behind a reference that a function takes: any `T`, a list `[Arc<T>]`, or `str`.
///
/// A function takes its arguments by shared reference: `&T`, `&[Arc<T>]` or `&str`. It cannot be implemented
/// outside of this crate.
pub trait Param: Hold {}

impl<A: Hold + ?Sized> Param for A {}

/// How arguments are held while a call runs.
pub trait Hold: 'static {
    type Held;
    /// Fetches the argument.
    fn hold(input: Option<&Input>, deps: &mut dyn Deps) -> Result<Self::Held, Failure>;
    fn lend(held: &Self::Held) -> &Self;
    /// What the argument is, in a few words.
    fn describe(held: &Self::Held) -> String;
    /// Calls `each` with what `values` are as an argument, if they are one.
    fn with_values(values: Vec<Value>, each: impl FnMut(&Self));
}

fn fault(what: &'static str) -> Failure {
    Failure::Upstream(Error::Internal { what })
}

fn cast<T: Send + Sync + 'static>(value: Value) -> Result<Arc<T>, Failure> {
    value.downcast().map_err(|_| fault("an argument is of another type"))
}

fn fetch<T: Send + Sync + 'static>(input: &Input, deps: &mut dyn Deps) -> Result<Arc<T>, Failure> {
    match input {
        Input::Node(_) | Input::Hole => cast(deps.next()?),
        Input::Value(value) => cast(Arc::clone(value)),
        Input::Future(held) => cast(held.value().map_err(Failure::Upstream)?),
        Input::List(_) => Err(fault("a list was given for one value")),
    }
}

impl<T: Send + Sync + 'static> Hold for T {
    type Held = Arc<T>;

    fn hold(input: Option<&Input>, deps: &mut dyn Deps) -> Result<Arc<T>, Failure> {
        fetch(input.ok_or_else(|| fault("an argument is missing"))?, deps)
    }

    fn lend(held: &Arc<T>) -> &T {
        held
    }

    fn describe(held: &Arc<T>) -> String {
        describe::describe(&**held)
    }

    fn with_values(values: Vec<Value>, each: impl FnMut(&T)) {
        values.iter().filter_map(|value| value.downcast_ref::<T>()).for_each(each);
    }
}

impl<T: Send + Sync + 'static> Hold for [Arc<T>] {
    type Held = Vec<Arc<T>>;

    fn hold(input: Option<&Input>, deps: &mut dyn Deps) -> Result<Vec<Arc<T>>, Failure> {
        match input {
            Some(Input::List(items)) => items.iter().map(|item| fetch(item, deps)).collect(),
            _ => Err(fault("one value was given for a list")),
        }
    }

    fn lend(held: &Vec<Arc<T>>) -> &[Arc<T>] {
        held
    }

    fn describe(held: &Vec<Arc<T>>) -> String {
        let first = held.first().map_or_else(describe::type_name::<T>, |item| describe::describe(&**item));
        format!("list of {} x {first}", held.len())
    }

    fn with_values(values: Vec<Value>, mut each: impl FnMut(&[Arc<T>])) {
        let values: Vec<Arc<T>> = values.into_iter().filter_map(|value| value.downcast().ok()).collect();
        each(&values);
    }
}

impl Hold for str {
    type Held = Arc<String>;

    fn hold(input: Option<&Input>, deps: &mut dyn Deps) -> Result<Arc<String>, Failure> {
        String::hold(input, deps)
    }

    fn lend(held: &Arc<String>) -> &str {
        held
    }

    fn describe(_held: &Arc<String>) -> String {
        "str".to_owned()
    }

    fn with_values(values: Vec<Value>, mut each: impl FnMut(&str)) {
        String::with_values(values, |value| each(value));
    }
}

/// What a call is given for a parameter `&A`: a value, an `Arc` of one, a [`Delayed`] or a [`Future`]; for a
/// parameter `&[Arc<T>]` a list of them.
pub struct Arg<A: ?Sized> {
    pub(crate) input: Input,
    kind: PhantomData<fn(&A)>,
}

impl<A: ?Sized> Arg<A> {
    pub(crate) fn new(input: Input) -> Self {
        Arg { input, kind: PhantomData }
    }

    fn list<T>(items: impl IntoIterator<Item = T>) -> Self
    where
        T: Into<Input>,
    {
        Arg::new(Input::List(items.into_iter().map(Into::into).collect()))
    }
}

impl<T> From<Delayed<T>> for Input {
    fn from(delayed: Delayed<T>) -> Self {
        Input::Node(delayed.node)
    }
}

impl<T> From<&Delayed<T>> for Input {
    fn from(delayed: &Delayed<T>) -> Self {
        Input::Node(Arc::clone(&delayed.node))
    }
}

impl<T> From<Future<T>> for Input {
    fn from(future: Future<T>) -> Self {
        Input::Future(future.held)
    }
}

impl<T> From<&Future<T>> for Input {
    fn from(future: &Future<T>) -> Self {
        Input::Future(future.held.clone())
    }
}

impl<T: Send + Sync + 'static> From<T> for Arg<T> {
    fn from(value: T) -> Self {
        Arg::new(Input::Value(Arc::new(value)))
    }
}

impl<T: Send + Sync + 'static> From<Arc<T>> for Arg<T> {
    fn from(value: Arc<T>) -> Self {
        Arg::new(Input::Value(value))
    }
}

impl From<&str> for Arg<str> {
    fn from(value: &str) -> Self {
        Arg::new(Input::Value(Arc::new(value.to_owned())))
    }
}

impl From<String> for Arg<str> {
    fn from(value: String) -> Self {
        Arg::new(Input::Value(Arc::new(value)))
    }
}

impl<T: Send + Sync + 'static> From<Vec<Arc<T>>> for Arg<[Arc<T>]> {
    fn from(values: Vec<Arc<T>>) -> Self {
        Arg::new(Input::List(values.into_iter().map(|value| Input::Value(value)).collect()))
    }
}

/// A result that is there, or will be: what a list of arguments of several kinds is made of.
pub enum Later<T> {
    /// A value.
    Value(Arc<T>),
    /// A call.
    Delayed(Delayed<T>),
    /// A call at a client.
    Future(Future<T>),
}

impl<T: Send + Sync + 'static> From<Later<T>> for Input {
    fn from(later: Later<T>) -> Self {
        match later {
            Later::Value(value) => Input::Value(value),
            Later::Delayed(delayed) => delayed.into(),
            Later::Future(future) => future.into(),
        }
    }
}

impl<T: Send + Sync + 'static> From<Vec<Later<T>>> for Arg<[Arc<T>]> {
    fn from(items: Vec<Later<T>>) -> Self {
        Arg::list(items)
    }
}

macro_rules! lazy_args {
    ($($lazy:ident),*) => {$(
        impl<T> From<$lazy<T>> for Arg<T> {
            fn from(lazy: $lazy<T>) -> Self {
                Arg::new(lazy.into())
            }
        }

        impl<T> From<&$lazy<T>> for Arg<T> {
            fn from(lazy: &$lazy<T>) -> Self {
                Arg::new(lazy.into())
            }
        }

        impl From<$lazy<String>> for Arg<str> {
            fn from(lazy: $lazy<String>) -> Self {
                Arg::new(lazy.into())
            }
        }

        impl From<&$lazy<String>> for Arg<str> {
            fn from(lazy: &$lazy<String>) -> Self {
                Arg::new(lazy.into())
            }
        }

        impl<T> From<Vec<$lazy<T>>> for Arg<[Arc<T>]> {
            fn from(items: Vec<$lazy<T>>) -> Self {
                Arg::list(items)
            }
        }

        impl<T> From<&Vec<$lazy<T>>> for Arg<[Arc<T>]> {
            fn from(items: &Vec<$lazy<T>>) -> Self {
                Arg::list(items)
            }
        }

        impl<T> From<&[$lazy<T>]> for Arg<[Arc<T>]> {
            fn from(items: &[$lazy<T>]) -> Self {
                Arg::list(items)
            }
        }

        impl<T, const N: usize> From<[$lazy<T>; N]> for Arg<[Arc<T>]> {
            fn from(items: [$lazy<T>; N]) -> Self {
                Arg::list(items)
            }
        }
    )*};
}

lazy_args!(Delayed, Future);
