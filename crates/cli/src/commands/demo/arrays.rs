//! The demo's two expressions over a random array.

use std::time::Duration;

use anyhow::Result;
use blockfold::Array;

use crate::context::Context;
use crate::{resources, text};

/// Sides of the array that is added to its transpose, and of the one that is multiplied by it.
const SIDES: (u64, u64) = (8000, 2000);

/// Sides of their chunks.
const CHUNK: i64 = 1000;

/// An expression that was computed.
pub struct Computed {
    expression: &'static str,
    side: u64,
    value: f64,
    elapsed: Duration,
    peak_memory_bytes: Option<u64>,
}

impl Computed {
    fn of(expression: &'static str, side: u64, array: &Array) -> Result<Computed> {
        resources::reset_peak();
        let result = array.compute()?;
        let (value, elapsed) = (result.item()?, result.report().elapsed);
        Ok(Computed { expression, side, value, elapsed, peak_memory_bytes: resources::peak_memory_bytes() })
    }

    pub fn document(&self) -> serde_json::Value {
        serde_json::json!({
            "expression": self.expression,
            "side": self.side,
            "value": self.value,
            "elapsed_ms": self.elapsed.as_secs_f64() * 1e3,
            "peak_memory_bytes": self.peak_memory_bytes,
        })
    }

    fn line(&self) -> String {
        let peak = self.peak_memory_bytes.map_or("unknown".to_string(), text::bytes);
        let bytes = text::bytes(self.side * self.side * 8);
        format!(
            "   {} = {:.6}\n     x of {side} x {side}, {bytes}: {}, peak memory {peak}",
            self.expression,
            self.value,
            text::seconds(self.elapsed),
            side = self.side,
        )
    }
}

/// Computes both and tells of them.
pub fn run(context: &Context) -> Result<Vec<Computed>> {
    context.console.line("\n5. Arrays: x is random, made again wherever it is needed and never stored")?;
    let random = context.session.random(42);
    let x = random.random([SIDES.0, SIDES.0], CHUNK);
    let sum = (&x + x.t() - x.mean(0)).sum(());
    let first = Computed::of("(x + x.T - x.mean(axis=0)).sum()", SIDES.0, &sum)?;
    context.console.line(first.line())?;
    context.check()?;
    let x = random.random([SIDES.1, SIDES.1], CHUNK);
    let deviation = (x.dot(&x.t()) - x.mean(0)).std(());
    let second = Computed::of("(x.dot(x.T) - x.mean(axis=0)).std()", SIDES.1, &deviation)?;
    context.console.line(second.line())?;
    Ok(vec![first, second])
}
