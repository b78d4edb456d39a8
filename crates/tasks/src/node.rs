//! Nodes of a graph: a function and its inputs.
//!
//! A node knows what it reads, never who reads it, so that graphs are shared freely and freed from the top. It
//! holds no state of a run but a mark that planning uses as its index.

use std::any::Any;
use std::sync::Arc;

use crate::function::Function;
use crate::held::Held;
use crate::sync::atomic::AtomicU64;

/// A result of any type.
pub type Value = Arc<dyn Any + Send + Sync>;

/// Where one argument comes from.
pub enum Input {
    /// A value given with the call.
    Value(Value),
    /// The result of another call of the same graph.
    Node(Arc<Node>),
    /// The result of a call at a client.
    Future(Held),
    /// Several of them, as one argument.
    List(Box<[Input]>),
    /// The run knows: the next result among those the task depends on.
    Hole,
}

/// The arguments of a call; one or two are kept in place.
pub enum Inputs {
    None,
    One([Input; 1]),
    Two([Input; 2]),
    Many(Box<[Input]>),
}

/// A call that has not been made yet.
pub struct Node {
    /// Run stamp and index, written while a run is planned.
    pub mark: AtomicU64,
    pub function: Arc<Function>,
    pub inputs: Inputs,
}

impl Inputs {
    pub fn from_array<const N: usize>(inputs: [Input; N]) -> Self {
        let mut rest = inputs.into_iter();
        match (rest.next(), rest.next(), rest.next()) {
            (Some(a), Some(b), Some(c)) => Inputs::Many([a, b, c].into_iter().chain(rest).collect()),
            (Some(a), Some(b), None) => Inputs::Two([a, b]),
            (Some(a), None, _) => Inputs::One([a]),
            (None, ..) => Inputs::None,
        }
    }

    pub fn as_slice(&self) -> &[Input] {
        match self {
            Inputs::None => &[],
            Inputs::One(inputs) => inputs,
            Inputs::Two(inputs) => inputs,
            Inputs::Many(inputs) => inputs,
        }
    }

    fn as_mut_slice(&mut self) -> &mut [Input] {
        match self {
            Inputs::None => &mut [],
            Inputs::One(inputs) => inputs,
            Inputs::Two(inputs) => inputs,
            Inputs::Many(inputs) => inputs,
        }
    }
}

impl Node {
    pub fn new(function: Arc<Function>, inputs: Inputs) -> Arc<Self> {
        Arc::new(Node { mark: AtomicU64::new(0), function, inputs })
    }

    /// A node whose result is there already.
    pub fn constant(value: Value) -> Arc<Self> {
        Node::new(Function::constant(), Inputs::One([Input::Value(value)]))
    }

    /// Gives a value that is there already.
    pub fn is_constant(&self) -> bool {
        Arc::ptr_eq(&self.function, &Function::constant())
    }

    /// Calls `each` with every node read, in the order of the arguments.
    pub fn for_each_node<'a>(&'a self, mut each: impl FnMut(&'a Arc<Node>)) {
        for input in self.inputs.as_slice() {
            match input {
                Input::Node(node) => each(node),
                Input::List(items) => {
                    for item in items {
                        if let Input::Node(node) = item {
                            each(node);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Calls `each` with every future read.
    pub fn for_each_future<'a>(&'a self, mut each: impl FnMut(&'a Held)) {
        for input in self.inputs.as_slice() {
            match input {
                Input::Future(held) => each(held),
                Input::List(items) => {
                    for item in items {
                        if let Input::Future(held) = item {
                            each(held);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads no other node.
    pub fn is_single(&self) -> bool {
        let mut single = true;
        self.for_each_node(|_| single = false);
        single
    }
}

/// Moves the nodes among `inputs` to `nodes`.
fn take_nodes(inputs: &mut [Input], nodes: &mut Vec<Arc<Node>>) {
    for input in inputs {
        match input {
            Input::Node(_) => {
                if let Input::Node(node) = std::mem::replace(input, Input::Hole) {
                    nodes.push(node);
                }
            }
            Input::List(items) => take_nodes(items, nodes),
            _ => {}
        }
    }
}

/// Frees what only this node holds, in a loop, since a graph may be a chain of millions.
impl Drop for Node {
    fn drop(&mut self) {
        let mut nodes = Vec::new();
        take_nodes(self.inputs.as_mut_slice(), &mut nodes);
        while let Some(node) = nodes.pop() {
            if let Some(mut node) = Arc::into_inner(node) {
                take_nodes(node.inputs.as_mut_slice(), &mut nodes);
            }
        }
    }
}
