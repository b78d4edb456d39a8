//! Calls that are put off, and running them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::explain;
use crate::node::{Node, Value};
use crate::plan::Plan;
use crate::pool::{Pool, Shared};
use crate::run::{Asked, Run};

/// A call that is made when its result is asked for, with all the calls it reads. Cheap to clone.
#[must_use = "a delayed call does nothing until it is computed"]
pub struct Delayed<T> {
    pub(crate) node: Arc<Node>,
    result: PhantomData<fn() -> T>,
}

impl<T> Clone for Delayed<T> {
    fn clone(&self) -> Self {
        Delayed::new(Arc::clone(&self.node))
    }
}

impl<T> fmt::Debug for Delayed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Delayed({})", self.name())
    }
}

impl<T> Delayed<T> {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        Delayed { node, result: PhantomData }
    }

    /// Name of the call.
    pub fn name(&self) -> &str {
        &self.node.function.name
    }

    /// Whether both are the same call.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }

    /// What a run would do: tasks by name, the longest path, and the chains that are regrouped.
    ///
    /// # Errors
    /// The graph is too large for one run.
    pub fn explain(&self) -> Result<String> {
        Ok(explain::explain(&Plan::new(std::slice::from_ref(&self.node))?))
    }
}

impl<T: Send + Sync + 'static> Delayed<T> {
    /// A value that is there already.
    pub fn value(value: T) -> Self {
        Delayed::shared_value(Arc::new(value))
    }

    fn shared_value(value: Arc<T>) -> Self {
        Delayed::new(Node::constant(value))
    }

    /// Makes the call on the pool that all share, with all it reads, and returns its result.
    ///
    /// # Errors
    /// The first failure of a function; then nothing more is started, and what runs ends before this returns.
    pub fn compute(&self) -> Result<Arc<T>> {
        self.compute_on(Pool::global()?)
    }

    /// Makes the call on `pool`.
    ///
    /// # Errors
    /// See [`Delayed::compute`].
    pub fn compute_on(&self, pool: &Pool) -> Result<Arc<T>> {
        pool.compute_all((self,)).map(|(value,)| value)
    }

    /// Makes the call now; what reads the handle returned finds the result instead of making it again.
    ///
    /// # Memory
    /// The result lives as long as the handle or a graph that reads it.
    ///
    /// # Errors
    /// See [`Delayed::compute`].
    pub fn persist(&self) -> Result<Delayed<T>> {
        self.compute().map(Delayed::shared_value)
    }
}

/// Makes several calls in one run on the pool that all share: a slice, a `Vec` or an array of calls of one type, or
/// a tuple of references to calls of any types. What they share is made once.
///
/// # Errors
/// See [`Delayed::compute`].
pub fn compute_all<W: Wanted>(wanted: W) -> Result<W::Results> {
    Pool::global()?.compute_all(wanted)
}

/// What several calls would do in one run; see [`Delayed::explain`].
///
/// # Errors
/// The graph is too large for one run.
pub fn explain_all<W: Wanted>(wanted: W) -> Result<String> {
    Ok(explain::explain(&Plan::new(&wanted.nodes())?))
}

impl Pool {
    /// Makes several calls in one run; see [`compute_all`].
    ///
    /// # Errors
    /// See [`Delayed::compute`].
    pub fn compute_all<W: Wanted>(&self, wanted: W) -> Result<W::Results> {
        let values = run_nodes(self.shared(), &wanted.nodes(), Asked::default())?;
        W::results(values.into_iter())
    }

    /// Makes several calls in one run, which ends with [`Error::Cancelled`] once `flag` gives true. It is asked before each
    /// call, so that it should be quick.
    ///
    /// # Errors
    /// See [`Delayed::compute`].
    pub fn compute_all_unless<W: Wanted>(
        &self,
        wanted: W,
        flag: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<W::Results> {
        let asked = Asked { stopped_by: Some(Arc::new(flag)), ..Asked::default() };
        W::results(run_nodes(self.shared(), &wanted.nodes(), asked)?.into_iter())
    }
}

/// Runs nodes and waits for their results.
pub fn run_nodes(pool: &Arc<Shared>, nodes: &[Arc<Node>], asked: Asked) -> Result<Vec<Value>> {
    let plan = Plan::new(nodes)?;
    for held in &plan.futures {
        held.wait(None)?;
    }
    Run::start(pool, plan, asked).wait()
}

/// Calls that can be made in one run. It cannot be implemented outside of this crate.
pub trait Wanted: Targets {}

impl<W: Targets> Wanted for W {}

/// Calls, and how their results are typed again.
pub trait Targets {
    /// The results.
    type Results;
    fn nodes(&self) -> Vec<Arc<Node>>;
    fn results(values: impl Iterator<Item = Value>) -> Result<Self::Results>;
}

pub fn typed<T: Send + Sync + 'static>(value: Option<Value>) -> Result<Arc<T>> {
    let value = value.and_then(|value| value.downcast().ok());
    value.ok_or(Error::Internal { what: "a result is of another type" })
}

impl<T: Send + Sync + 'static> Targets for &[Delayed<T>] {
    type Results = Vec<Arc<T>>;

    fn nodes(&self) -> Vec<Arc<Node>> {
        self.iter().map(|delayed| Arc::clone(&delayed.node)).collect()
    }

    fn results(values: impl Iterator<Item = Value>) -> Result<Vec<Arc<T>>> {
        values.map(|value| typed(Some(value))).collect()
    }
}

impl<T: Send + Sync + 'static> Targets for &Vec<Delayed<T>> {
    type Results = Vec<Arc<T>>;

    fn nodes(&self) -> Vec<Arc<Node>> {
        self.as_slice().nodes()
    }

    fn results(values: impl Iterator<Item = Value>) -> Result<Vec<Arc<T>>> {
        <&[Delayed<T>]>::results(values)
    }
}

impl<T: Send + Sync + 'static, const N: usize> Targets for &[Delayed<T>; N] {
    type Results = Vec<Arc<T>>;

    fn nodes(&self) -> Vec<Arc<Node>> {
        self.as_slice().nodes()
    }

    fn results(values: impl Iterator<Item = Value>) -> Result<Vec<Arc<T>>> {
        <&[Delayed<T>]>::results(values)
    }
}

macro_rules! tuple_of_targets {
    ($($T:ident $t:ident),*) => {
        impl<$($T: Send + Sync + 'static),*> Targets for ($(&Delayed<$T>,)*) {
            type Results = ($(Arc<$T>,)*);

            fn nodes(&self) -> Vec<Arc<Node>> {
                let ($($t,)*) = self;
                vec![$(Arc::clone(&$t.node)),*]
            }

            fn results(mut values: impl Iterator<Item = Value>) -> Result<Self::Results> {
                Ok(($(typed::<$T>(values.next())?,)*))
            }
        }
    };
}

tuple_of_targets!(A a);
tuple_of_targets!(A a, B b);
tuple_of_targets!(A a, B b, C c);
tuple_of_targets!(A a, B b, C c, D d);
tuple_of_targets!(A a, B b, C c, D d, E e);
tuple_of_targets!(A a, B b, C c, D d, E e, F f);
tuple_of_targets!(A a, B b, C c, D d, E e, F f, G g);
tuple_of_targets!(A a, B b, C c, D d, E e, F f, G g, H h);
