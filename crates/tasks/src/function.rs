//! A function with its types erased, and how one call of it is made.

use std::any::{Any, TypeId};
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::error::{BoxError, Error};
use crate::events::{Subscriber, TaskFinished, TaskStarted};
use crate::node::{Input, Node, Value};
use crate::pure::{Table, Token};
use crate::sync::now;
use crate::sync::statics::LazyLock;

/// Hands out the results a task depends on, in the order of its arguments.
pub trait Deps {
    fn next(&mut self) -> Result<Value, Failure>;
}

/// For calls that depend on no other node.
pub struct NoDeps;

impl Deps for NoDeps {
    fn next(&mut self) -> Result<Value, Failure> {
        Err(Failure::Upstream(Error::Internal { what: "a call asked for a result it does not depend on" }))
    }
}

/// Why a body gave no value.
pub enum Failure {
    /// The function's own error, and what its arguments were.
    Call(BoxError, String),
    /// The function's panic, and what its arguments were.
    Panic(Box<dyn Any + Send>, String),
    /// An argument could not be had.
    Upstream(Error),
}

type Body = dyn Fn(&[Input], &mut dyn Deps) -> Result<Value, Failure> + Send + Sync;
type Measure = dyn Fn(&Value) -> Option<u64> + Send + Sync;

/// What the calls of one callable share.
pub struct Function {
    pub name: Arc<str>,
    pub is_associative: bool,
    pub is_blocking: bool,
    body: Arc<Body>,
    measure: Option<Arc<Measure>>,
    /// What tells the function from all others, where that can be told.
    pub identity: Option<TypeId>,
    /// Calls that may be shared, of a function without an identity.
    table: Table,
}

impl Function {
    pub fn new(
        name: &str,
        body: impl Fn(&[Input], &mut dyn Deps) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Self {
        Function {
            name: name.into(),
            is_associative: false,
            is_blocking: false,
            body: Arc::new(body),
            measure: None,
            identity: None,
            table: Table::default(),
        }
    }

    /// The function that gives its argument.
    pub fn constant() -> Arc<Self> {
        static CONSTANT: LazyLock<Arc<Function>> = LazyLock::new(|| {
            Arc::new(Function::new("value", |inputs, deps| match inputs.first() {
                Some(Input::Value(value)) => Ok(Arc::clone(value)),
                Some(Input::Future(held)) => held.value().map_err(Failure::Upstream),
                _ => deps.next(),
            }))
        });
        Arc::clone(&CONSTANT)
    }

    /// A copy that shares no calls with this one.
    pub fn copied(&self) -> Self {
        Function {
            name: Arc::clone(&self.name),
            is_associative: self.is_associative,
            is_blocking: self.is_blocking,
            body: Arc::clone(&self.body),
            measure: self.measure.clone(),
            identity: self.identity,
            table: Table::default(),
        }
    }

    /// The living call with this token, or a new one.
    pub fn shared(&self, token: Token, make: impl FnOnce() -> Arc<Node>) -> Arc<Node> {
        static BY_IDENTITY: LazyLock<Table> = LazyLock::new(Table::default);
        match self.identity {
            None => self.table.shared(token, make),
            Some(identity) => {
                // What the calls show and where they run is a part of what they are.
                let flags = (&*self.name, self.is_associative, self.is_blocking, self.measure.is_some());
                BY_IDENTITY.shared(Token::of(|state| (identity, flags, token).hash(state)), make)
            }
        }
    }

    /// Tells how many bytes a result has.
    pub fn measured_by<R: Any + Send + Sync>(&mut self, bytes: impl Fn(&R) -> u64 + Send + Sync + 'static) {
        self.measure = Some(Arc::new(move |value: &Value| value.downcast_ref::<R>().map(&bytes)));
    }

    /// Bytes of a result, for functions that tell.
    pub fn bytes_of(&self, value: &Value) -> Option<u64> {
        let measure = self.measure.as_ref()?;
        catch_unwind(AssertUnwindSafe(|| measure(value))).ok().flatten()
    }

    fn failed(&self, failure: Failure) -> Error {
        let call = Arc::clone(&self.name);
        match failure {
            Failure::Upstream(error) => error,
            Failure::Call(source, arguments) => {
                Error::Failed { call, arguments: arguments.into(), source: Arc::from(source) }
            }
            Failure::Panic(payload, arguments) => {
                Error::Panicked { call, arguments: arguments.into(), message: message(&*payload).into() }
            }
        }
    }
}

/// Makes the call of `node` and tells `subscriber`, if there is one.
pub fn perform(node: &Node, deps: &mut dyn Deps, subscriber: Option<&dyn Subscriber>) -> Result<Value, Error> {
    match subscriber {
        None => call(node, deps),
        Some(subscriber) => call_watched(node, deps, subscriber),
    }
}

fn call(node: &Node, deps: &mut dyn Deps) -> Result<Value, Error> {
    // Arguments that are described or dropped, and errors that are boxed, are the user's code too.
    let made = catch_unwind(AssertUnwindSafe(|| (node.function.body)(node.inputs.as_slice(), deps)));
    let made = made.unwrap_or_else(|payload| Err(Failure::Panic(payload, String::new())));
    made.map_err(|failure| node.function.failed(failure))
}

/// Calls a function of the user, whose panics must not end a thread; `arguments` says what it was given.
pub fn guarded<R>(function: impl FnOnce() -> R, arguments: impl FnOnce() -> String) -> Result<R, Failure> {
    catch_unwind(AssertUnwindSafe(function)).map_err(|payload| Failure::Panic(payload, arguments()))
}

/// The text that a panic was given.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message")
}

fn call_watched(node: &Node, deps: &mut dyn Deps, subscriber: &dyn Subscriber) -> Result<Value, Error> {
    let function = &*node.function;
    let thread = std::thread::current().id();
    let start = now();
    let name = &function.name;
    shielded(|| subscriber.started(&TaskStarted { name, thread, start }));
    let result = call(node, deps);
    let stop = now();
    shielded(|| {
        let bytes = result.as_ref().ok().and_then(|value| function.bytes_of(value));
        let error = result.as_ref().err();
        subscriber.finished(&TaskFinished { name, thread, start, stop, bytes, error });
    });
    result
}

/// Calls somebody who watches, whose panics must not end a thread of the pool.
fn shielded(tell: impl FnOnce()) {
    // The panic has been reported by the hook; the call goes on.
    let _ = catch_unwind(AssertUnwindSafe(tell));
}
