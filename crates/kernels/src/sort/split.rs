//! Where to cut a sorted sample into parts of even weight.

/// Consecutive distinct keys that share parts.
struct Stretch {
    /// First and last key plus one.
    keys: (usize, usize),
    weight: u64,
    parts: usize,
}

/// The distinct keys that begin a part, without the first, of keys in order with their weights.
///
/// A key that outweighs an even share is a part of its own, and the keys between such keys share the parts that are
/// left. There are at most `parts` parts, and fewer when there are fewer keys.
pub(super) fn cuts(weights: &[u64], parts: usize) -> Vec<usize> {
    let share = share(weights, parts);
    let mut stretches = stretches(weights, share);
    allot(&mut stretches, parts);
    let mut starts: Vec<usize> = stretches.iter().flat_map(|stretch| stretch.starts(weights)).collect();
    while starts.len() > parts.max(1) {
        join_lightest(&mut starts, weights);
    }
    starts.split_off(1.min(starts.len()))
}

/// The even share of a part, after keys that outweigh it have been set aside.
fn share(weights: &[u64], parts: usize) -> f64 {
    let mut share = f64::INFINITY;
    loop {
        let heavy = weights.iter().filter(|weight| **weight as f64 >= share).count();
        let light: u64 = weights.iter().filter(|weight| (**weight as f64) < share).sum();
        let next = light as f64 / parts.saturating_sub(heavy).max(1) as f64;
        if next >= share || light == 0 {
            return share;
        }
        share = next;
    }
}

fn stretches(weights: &[u64], share: f64) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut is_open = false;
    for (key, weight) in weights.iter().enumerate() {
        let is_heavy = *weight as f64 >= share;
        match stretches.last_mut() {
            Some(last) if is_open && !is_heavy => {
                last.keys.1 = key + 1;
                last.weight += weight;
            }
            _ => stretches.push(Stretch { keys: (key, key + 1), weight: *weight, parts: 1 }),
        }
        is_open = !is_heavy;
    }
    stretches
}

/// Gives parts that are left to the stretch whose parts are heaviest.
fn allot(stretches: &mut [Stretch], parts: usize) {
    for _ in stretches.len()..parts {
        let heaviest = stretches.iter_mut().filter(|stretch| stretch.parts < stretch.keys.1 - stretch.keys.0);
        let Some(stretch) = heaviest.max_by(|a, b| a.part_weight().total_cmp(&b.part_weight())) else { return };
        stretch.parts += 1;
    }
}

impl Stretch {
    fn part_weight(&self) -> f64 {
        self.weight as f64 / self.parts as f64
    }

    /// The first key of each part.
    fn starts(&self, weights: &[u64]) -> Vec<usize> {
        let mut starts = vec![self.keys.0];
        let mut before = 0;
        for key in self.keys.0..self.keys.1 {
            let weight = weights.get(key).copied().unwrap_or(0);
            let keys_left = self.keys.1 - key;
            let parts_left = self.parts - starts.len();
            let is_due = before as f64 + weight as f64 / 2.0 >= self.part_weight() * starts.len() as f64;
            if key > self.keys.0 && parts_left > 0 && (is_due || keys_left == parts_left) {
                starts.push(key);
            }
            before += weight;
        }
        starts
    }
}

/// Joins the two neighbouring parts that are lightest together.
fn join_lightest(starts: &mut Vec<usize>, weights: &[u64]) {
    let end_of = |part: usize| starts.get(part).copied().unwrap_or(weights.len());
    let both =
        |part: usize| weights.get(end_of(part - 1)..end_of(part + 1)).map_or(0, |weights| weights.iter().sum::<u64>());
    if let Some(lightest) = (1..starts.len()).min_by_key(|part| both(*part)) {
        starts.remove(lightest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_even_weight_are_shared_out() {
        assert_eq!(cuts(&[1; 12], 4), [3, 6, 9]);
        assert_eq!(cuts(&[1; 3], 8), [1, 2]);
        assert_eq!(cuts(&[5], 8), []);
        assert_eq!(cuts(&[], 8), []);
        assert_eq!(cuts(&[1; 10], 1), []);
        assert_eq!(cuts(&[1; 10], 0), []);
        assert_eq!(cuts(&[1; 5], 4).len(), 3);
    }

    #[test]
    fn a_heavy_key_is_a_part_of_its_own() {
        let mut weights = vec![1; 100];
        weights[50] = 100;
        assert_eq!(cuts(&weights, 5), [25, 50, 51, 75]);
        assert_eq!(cuts(&[100, 1, 1, 1, 1], 3), [1, 3]);
        assert_eq!(cuts(&[1, 1, 1, 1, 100], 3), [2, 4]);
    }

    #[test]
    fn never_more_parts_than_asked_for() {
        let weights: Vec<u64> = (0..100).map(|key| if key % 2 == 0 { 100 } else { 1 }).collect();
        for parts in 1..120 {
            assert!(cuts(&weights, parts).len() < parts.min(100));
        }
    }
}
