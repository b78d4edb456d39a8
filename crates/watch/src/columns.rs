//! Bars as columns of small numbers, for recordings: starts and tasks as steps from those before, so that they compress.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::lanes::Bar;

#[derive(Default, Serialize, Deserialize)]
struct Columns {
    /// Time from the end of the bar before to the start.
    gaps_ns: Vec<u64>,
    widths_ns: Vec<u64>,
    /// Time of the width that was not work.
    idle_ns: Vec<u64>,
    chains: Vec<u32>,
    /// The distance from the task before, where a bar is of one task.
    tasks_from_last: Vec<Option<i64>>,
    tasks: Vec<u32>,
    failed: Vec<u32>,
}

/// Writes bars as columns.
pub fn serialize<S: Serializer>(bars: &[Bar], serializer: S) -> Result<S::Ok, S::Error> {
    let mut columns = Columns::default();
    let (mut end_ns, mut last_task) = (0u64, 0u64);
    for bar in bars {
        let width_ns = bar.end_ns.saturating_sub(bar.start_ns);
        columns.gaps_ns.push(bar.start_ns.saturating_sub(end_ns));
        columns.widths_ns.push(width_ns);
        columns.idle_ns.push(width_ns.saturating_sub(bar.busy_ns));
        columns.chains.push(bar.chain);
        columns.tasks_from_last.push(bar.task.map(|task| task.wrapping_sub(last_task).cast_signed()));
        columns.tasks.push(bar.tasks);
        columns.failed.push(bar.failed);
        (end_ns, last_task) = (bar.end_ns, bar.task.unwrap_or(last_task));
    }
    columns.serialize(serializer)
}

/// Reads bars from columns; where one is shorter than others, bars end there.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Bar>, D::Error> {
    let columns = Columns::deserialize(deserializer)?;
    let (mut end_ns, mut last_task) = (0u64, 0u64);
    let times = columns.gaps_ns.into_iter().zip(columns.widths_ns).zip(columns.idle_ns);
    let counts = columns.chains.into_iter().zip(columns.tasks_from_last).zip(columns.tasks).zip(columns.failed);
    let bars = times.zip(counts).map(|(((gap_ns, width_ns), idle_ns), (((chain, from_last), tasks), failed))| {
        let start_ns = end_ns.saturating_add(gap_ns);
        end_ns = start_ns.saturating_add(width_ns);
        let task = from_last.map(|from_last| last_task.wrapping_add(from_last.cast_unsigned()));
        last_task = task.unwrap_or(last_task);
        Bar { start_ns, end_ns, busy_ns: width_ns.saturating_sub(idle_ns), chain, task, tasks, failed }
    });
    Ok(bars.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "crate::columns")] Vec<Bar>);

    #[test]
    fn bars_come_back() {
        let bar = |start_ns, task| Bar { start_ns, end_ns: start_ns + 9, busy_ns: 4, chain: 1, task, tasks: 1, failed: 0 };
        let bars = vec![bar(10, Some(7)), bar(19, None), bar(300, Some(3)), bar(400, Some(u64::MAX))];
        let bytes = postcard::to_stdvec(&Wrapped(bars.clone())).unwrap();
        assert_eq!(postcard::from_bytes::<Wrapped>(&bytes).unwrap().0, bars);
    }
}
