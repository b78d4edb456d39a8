//! The task stream as it is sent: rectangles as numbers one after the other, a quarter of the size of objects.

use blockfold_watch::view::{Lanes, Rect};
use serde_json::{Value, json};

/// Numbers of a rectangle: start after the end of the one before, width, idle time in it, chain, task (-1 for
/// several), tasks, failed.
const NUMBERS: usize = 7;

/// `lanes` as JSON.
pub fn encode(lanes: &Lanes) -> Value {
    let all: Vec<Value> = lanes
        .lanes
        .iter()
        .map(|lane| json!({ "worker": lane.worker, "name": lane.name, "rects": numbers(&lane.rects) }))
        .collect();
    json!({ "from_us": lanes.from_us, "to_us": lanes.to_us, "lanes": all })
}

fn numbers(rects: &[Rect]) -> Vec<i64> {
    let mut numbers = Vec::with_capacity(rects.len() * NUMBERS);
    let mut before_us = 0;
    for rect in rects {
        let width_us = rect.end_us.saturating_sub(rect.start_us);
        numbers.extend([
            difference(rect.start_us, before_us),
            signed(width_us),
            signed(width_us.saturating_sub(rect.busy_us)),
            i64::from(rect.chain),
            rect.task.map_or(-1, signed),
            i64::from(rect.tasks),
            i64::from(rect.failed),
        ]);
        before_us = rect.end_us;
    }
    numbers
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn difference(a: u64, b: u64) -> i64 {
    signed(a).saturating_sub(signed(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_follow_each_other() {
        let one = Rect { start_us: 5, end_us: 9, busy_us: 4, chain: 1, task: Some(3), tasks: 1, failed: 1 };
        let many = Rect { start_us: 10, end_us: 20, busy_us: 7, chain: 0, task: None, tasks: 12, failed: 0 };
        assert_eq!(numbers(&[one, many]), [5, 4, 0, 1, 3, 1, 1, 1, 10, 3, 0, -1, 12, 0]);
    }
}
