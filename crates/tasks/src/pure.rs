//! Calls that may be shared: equal tokens, one task.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Weak};

use crate::node::{Input, Node};
use crate::param::Param;
use crate::sync::statics::Mutex;

/// Tables smaller than this are not swept.
const SWEEP_ABOVE: usize = 64;

/// Two hashes of a call's arguments, 128 bits together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token([u64; 2]);

impl Token {
    /// Token of what `feed` writes.
    pub fn of(feed: impl Fn(&mut DefaultHasher)) -> Self {
        Token([1u8, 2].map(|seed| {
            let mut state = DefaultHasher::new();
            state.write_u8(seed);
            feed(&mut state);
            state.finish()
        }))
    }
}

/// Living calls by token. A dead one is forgotten when the table has doubled. Some are in statics; while the lock is
/// held a node is made or counted, and none is dropped.
#[derive(Default)]
pub struct Table {
    calls: Mutex<Calls>,
}

#[derive(Default)]
struct Calls {
    by_token: HashMap<Token, Weak<Node>>,
    sweep_at: usize,
}

impl Table {
    /// The living call with this token, or a new one.
    pub fn shared(&self, token: Token, make: impl FnOnce() -> Arc<Node>) -> Arc<Node> {
        let mut calls = self.calls.lock();
        if let Some(node) = calls.by_token.get(&token).and_then(Weak::upgrade) {
            drop(calls);
            return node;
        }
        let node = make();
        calls.by_token.insert(token, Arc::downgrade(&node));
        if calls.by_token.len() > calls.sweep_at.max(SWEEP_ABOVE) {
            calls.by_token.retain(|_, call| call.strong_count() > 0);
            calls.sweep_at = 2 * calls.by_token.len();
        }
        node
    }
}

/// Feeds an argument: values by their own hash, results of other calls by identity. Identity is enough, since a
/// living call keeps the calls it reads alive.
pub fn feed<A: Param + Hash + ?Sized>(input: &Input, state: &mut DefaultHasher) {
    let items = match input {
        Input::List(items) => items,
        single => std::slice::from_ref(single),
    };
    state.write_usize(items.len());
    let mut values = Vec::new();
    for (position, item) in items.iter().enumerate() {
        match item {
            Input::Value(value) => values.push(Arc::clone(value)),
            Input::Node(node) => (position, Arc::as_ptr(node).addr()).hash(state),
            Input::Future(held) => (position, held.addr()).hash(state),
            Input::List(_) | Input::Hole => {}
        }
    }
    A::with_values(values, |value| value.hash(state));
}
