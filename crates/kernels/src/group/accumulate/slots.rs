//! Entries per group that rows are added to.

/// Copies of an entry when there are few groups.
const LANES: usize = 4;

/// Most groups whose lanes fit the nearest cache.
const MAX_GROUPS: usize = 512;

/// Rows a group that a batch must have for lanes to be worth folding.
const MIN_ROWS: usize = 16;

/// One entry for each group.
///
/// An addition must wait for the one before when both go to the same entry, through memory. With few groups that
/// is most of the time, so rows go to four copies in turn, which are folded at the end of the batch.
#[derive(Debug, Default)]
pub(in crate::group) struct Slots<A> {
    entries: Vec<A>,
    lanes: Vec<[A; LANES]>,
}

impl<A: Copy + Default> Slots<A> {
    /// Makes entries for new groups and prepares for a batch of so many rows, to be ended by [`Slots::end`].
    pub(in crate::group) fn begin(&mut self, groups: usize, rows: usize) {
        self.grow(groups);
        self.lanes.clear();
        if groups <= MAX_GROUPS && groups * MIN_ROWS <= rows {
            self.lanes.resize(groups, [A::default(); LANES]);
        }
    }

    /// Folds what the batch added with `add`, which adds its third argument to an entry of a group.
    pub(in crate::group) fn end(&mut self, mut add: impl FnMut(u32, &mut A, A)) {
        for ((group, entry), lanes) in (0u32..).zip(&mut self.entries).zip(&mut self.lanes) {
            let [a, b, c, d] = lanes;
            add(group, a, *b);
            add(group, c, *d);
            add(group, a, *c);
            add(group, entry, *a);
        }
        self.lanes.clear();
    }

    pub(in crate::group) fn grow(&mut self, groups: usize) {
        self.entries.resize(groups.max(self.entries.len()), A::default());
    }

    /// Forgets all groups.
    pub(in crate::group) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Calls `add` with each value, its group and the group's entry.
    #[inline]
    pub(in crate::group) fn add<N: Copy>(&mut self, rows: &[u32], values: &[N], mut add: impl FnMut(u32, &mut A, N)) {
        if self.lanes.is_empty() {
            for (group, value) in rows.iter().zip(values) {
                if let Some(entry) = self.entries.get_mut(*group as usize) {
                    add(*group, entry, *value);
                }
            }
            return;
        }
        let mut add_lane = |lane: usize, group: u32, value: N| {
            if let Some(lanes) = self.lanes.get_mut(group as usize) {
                add(group, &mut lanes[lane], value);
            }
        };
        let ((rows, last_rows), (values, last_values)) = (rows.as_chunks::<LANES>(), values.as_chunks::<LANES>());
        for (groups, values) in rows.iter().zip(values) {
            for lane in 0..LANES {
                add_lane(lane, groups[lane], values[lane]);
            }
        }
        for (lane, (group, value)) in last_rows.iter().zip(last_values).enumerate() {
            add_lane(lane, *group, *value);
        }
    }

    /// The entries of the first `groups` groups.
    pub(in crate::group) fn into_entries(mut self, groups: usize) -> Vec<A> {
        self.entries.resize(groups, A::default());
        self.entries
    }

    pub(in crate::group) fn entries(&self) -> &[A] {
        &self.entries
    }

    pub(in crate::group) fn entries_mut(&mut self) -> &mut [A] {
        &mut self.entries
    }

    /// The entry of a group, the default when it has none.
    #[inline]
    pub(in crate::group) fn of(&self, group: u32) -> A {
        super::entry(&self.entries, group)
    }

    pub(in crate::group) fn bytes(&self) -> u64 {
        let lanes = self.lanes.capacity() * LANES;
        ((self.entries.capacity() + lanes) * size_of::<A>()) as u64
    }
}
