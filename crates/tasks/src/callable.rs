//! Functions whose calls are put off.

use std::any::TypeId;
use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::delayed::Delayed;
use crate::error::BoxError;
use crate::function::{Deps, Failure, Function, guarded};
use crate::node::{Input, Inputs, Node, Value};
use crate::param::{Arg, Param};
use crate::pure::{Token, feed};

/// Puts off the calls of a function: its `call` gives a [`Delayed`].
///
/// The function takes up to eight arguments by shared reference: `&T`, `&str`, or a list `&[Arc<T>]`. One that
/// may fail goes through [`try_delayed`].
///
/// # Examples
///
/// ```
/// use blockfold_tasks::delayed;
///
/// let inc = delayed(|x: &i64| x + 1);
/// let add = delayed(|a: &i64, b: &i64| a + b);
/// let sum = add.call(inc.call(1), 40);
/// assert_eq!(*sum.compute()?, 42);
/// # Ok::<(), blockfold_tasks::Error>(())
/// ```
///
/// Arguments of another type do not compile:
///
/// ```compile_fail,E0277
/// use blockfold_tasks::delayed;
///
/// let inc = delayed(|x: &i64| x + 1);
/// let text = delayed(|x: &i64| x.to_string());
/// inc.call(text.call(1));
/// ```
pub fn delayed<S, F: DelayedFn<S>>(function: F) -> Callable<S> {
    function.into_callable()
}

/// Puts off the calls of a function that returns a `Result`; the calls give what is in its `Ok`.
///
/// # Examples
///
/// ```
/// use blockfold_tasks::try_delayed;
///
/// let parse = try_delayed(|text: &str| text.parse::<i64>()).named("parse");
/// assert_eq!(*parse.call("7").compute()?, 7);
/// let error = parse.call("seven").compute().unwrap_err();
/// assert_eq!(error.to_string(), "parse(str) failed: invalid digit found in string");
/// # Ok::<(), blockfold_tasks::Error>(())
/// ```
pub fn try_delayed<S, F: TryDelayedFn<S>>(function: F) -> Callable<S> {
    function.into_callable()
}

/// A function of up to eight arguments by reference whose signature, as a function pointer, is `S`.
pub trait DelayedFn<S> {
    /// The function with its calls put off.
    fn into_callable(self) -> Callable<S>;
}

/// A function that returns a `Result`; `S` is its signature with what is in the `Ok` as what it returns.
pub trait TryDelayedFn<S> {
    /// The function with its calls put off.
    fn into_callable(self) -> Callable<S>;
}

/// A function whose calls are put off, with signature `S`, such as `fn(&i64, &i64) -> i64`. Cheap to clone.
pub struct Callable<S> {
    function: Arc<Function>,
    signature: PhantomData<S>,
}

/// A callable of which equal calls share one task.
pub struct Pure<S>(Callable<S>);

/// A callable whose calls are told apart by a token alone.
pub struct Tokened<S> {
    callable: Callable<S>,
    token: Token,
}

impl<S> Clone for Callable<S> {
    fn clone(&self) -> Self {
        Callable::new(Arc::clone(&self.function))
    }
}

impl<S> Clone for Pure<S> {
    fn clone(&self) -> Self {
        Pure(self.0.clone())
    }
}

impl<S> fmt::Debug for Callable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callable({}: {})", self.function.name, std::any::type_name::<S>())
    }
}

impl<S> Callable<S> {
    fn new(function: Arc<Function>) -> Self {
        Callable { function, signature: PhantomData }
    }

    /// The callable of a function of type `F`.
    fn of<F: 'static>(
        body: impl Fn(&[Input], &mut dyn Deps) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Self {
        let mut function = Function::new(&short_name::<F>(), body);
        // One that holds nothing is the same function wherever it is wrapped.
        function.identity = (size_of::<F>() == 0).then(TypeId::of::<F>);
        Callable::new(Arc::new(function))
    }

    fn changed(self, change: impl FnOnce(&mut Function)) -> Self {
        let mut function = self.function.copied();
        change(&mut function);
        Callable::new(Arc::new(function))
    }

    /// The same function under another name; it is the name that errors, events and `explain` show.
    pub fn named(self, name: &str) -> Self {
        self.changed(|function| function.name = name.into())
    }

    /// Marks a function that sleeps or does input and output: its calls run on threads of their own, so that
    /// they hold up no computing.
    pub fn blocking(self) -> Self {
        self.changed(|function| function.is_blocking = true)
    }

    /// Marks a function that gives equal results for equal arguments: calls with arguments of equal hash share
    /// one task as long as one of them is held. Results of other calls count as equal when they are the same
    /// call. Clones share; so do callables made apart of one function, unless it is a closure that holds something:
    /// what a closure holds cannot be compared.
    pub fn pure(self) -> Pure<S> {
        Pure(self)
    }

    /// A callable whose calls share one task with all calls under an equal token. The token stands for all
    /// arguments: those of a later call are ignored as long as an earlier one is held.
    pub fn token(&self, token: impl Hash) -> Tokened<S> {
        Tokened { callable: self.clone(), token: Token::of(|state| token.hash(state)) }
    }

    /// Name of the calls.
    pub fn name(&self) -> &str {
        &self.function.name
    }

    fn make<R, const N: usize>(&self, inputs: [Input; N]) -> Delayed<R> {
        Delayed::new(Node::new(Arc::clone(&self.function), Inputs::from_array(inputs)))
    }

    fn share<R, const N: usize>(&self, token: Token, inputs: [Input; N]) -> Delayed<R> {
        let make = || Node::new(Arc::clone(&self.function), Inputs::from_array(inputs));
        Delayed::new(self.function.shared(token, make))
    }
}

impl<T: Param> Callable<fn(&T, &T) -> T> {
    /// Marks a function for which `f(f(a, b), c)` equals `f(a, f(b, c))`: a chain of calls whose results in
    /// between nobody else reads is regrouped into a balanced tree before it runs. The order of the operands is
    /// kept, so that the function need not be commutative.
    pub fn associative(self) -> Self {
        self.changed(|function| function.is_associative = true)
    }
}

/// The last part of a path such as `app::steps::add`; closures keep the function they are written in.
fn short_name<F>() -> String {
    let mut parts: Vec<&str> = std::any::type_name::<F>().split("::").collect();
    let is_closure = parts.last().is_some_and(|part| part.starts_with('{'));
    let kept = if is_closure { 2 } else { 1 };
    parts.drain(..parts.len().saturating_sub(kept));
    parts.join("::")
}

macro_rules! arity {
    ($($A:ident $a:ident),*) => {
        impl<F, R, $($A: Param + ?Sized),*> DelayedFn<fn($(&$A),*) -> R> for F
        where
            F: Fn($(&$A),*) -> R + Send + Sync + 'static,
            R: Send + Sync + 'static,
        {
            #[allow(unused_mut, unused_variables)]
            fn into_callable(self) -> Callable<fn($(&$A),*) -> R> {
                let body = move |inputs: &[Input], deps: &mut dyn Deps| {
                    let mut inputs = inputs.iter();
                    $(let $a = $A::hold(inputs.next(), deps)?;)*
                    let arguments = || <[String]>::join(&[$($A::describe(&$a)),*], ", ");
                    guarded(|| self($($A::lend(&$a)),*), arguments).map(|value| Arc::new(value) as Value)
                };
                Callable::of::<F>(body)
            }
        }

        impl<F, R, E, $($A: Param + ?Sized),*> TryDelayedFn<fn($(&$A),*) -> R> for F
        where
            F: Fn($(&$A),*) -> Result<R, E> + Send + Sync + 'static,
            R: Send + Sync + 'static,
            E: Into<BoxError>,
        {
            #[allow(unused_mut, unused_variables)]
            fn into_callable(self) -> Callable<fn($(&$A),*) -> R> {
                let body = move |inputs: &[Input], deps: &mut dyn Deps| {
                    let mut inputs = inputs.iter();
                    $(let $a = $A::hold(inputs.next(), deps)?;)*
                    let arguments = || <[String]>::join(&[$($A::describe(&$a)),*], ", ");
                    match guarded(|| self($($A::lend(&$a)),*), arguments)? {
                        Ok(value) => Ok(Arc::new(value) as Value),
                        Err(error) => Err(Failure::Call(error.into(), arguments())),
                    }
                };
                Callable::of::<F>(body)
            }
        }

        impl<R: Send + Sync + 'static, $($A: Param + ?Sized),*> Callable<fn($(&$A),*) -> R> {
            /// A call that is made when its result is asked for.
            #[allow(clippy::too_many_arguments)]
            pub fn call(&self, $($a: impl Into<Arg<$A>>),*) -> Delayed<R> {
                self.make([$($a.into().input),*])
            }

            /// Has the bytes of each result told to the pool's subscriber.
            pub fn measured(self, bytes: impl Fn(&R) -> u64 + Send + Sync + 'static) -> Self {
                self.changed(|function| function.measured_by(bytes))
            }
        }

        impl<R: Send + Sync + 'static, $($A: Param + Hash + ?Sized),*> Pure<fn($(&$A),*) -> R> {
            /// A call that is made when its result is asked for, or the equal one there is.
            #[allow(clippy::too_many_arguments, unused_variables)]
            pub fn call(&self, $($a: impl Into<Arg<$A>>),*) -> Delayed<R> {
                $(let $a = $a.into().input;)*
                let token = Token::of(|state| {
                    $(feed::<$A>(&$a, state);)*
                });
                self.0.share(token, [$($a),*])
            }
        }

        impl<R: Send + Sync + 'static, $($A: Param + ?Sized),*> Tokened<fn($(&$A),*) -> R> {
            /// A call that is made when its result is asked for, or the one there is under this token.
            #[allow(clippy::too_many_arguments)]
            pub fn call(&self, $($a: impl Into<Arg<$A>>),*) -> Delayed<R> {
                self.callable.share(self.token, [$($a.into().input),*])
            }
        }
    };
}

arity!();
arity!(A a);
arity!(A a, B b);
arity!(A a, B b, C c);
arity!(A a, B b, C c, D d);
arity!(A a, B b, C c, D d, G g);
arity!(A a, B b, C c, D d, G g, H h);
arity!(A a, B b, C c, D d, G g, H h, I i);
arity!(A a, B b, C c, D d, G g, H h, I i, J j);
