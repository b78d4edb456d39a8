use proptest::prelude::*;

use super::*;

fn reduce(
    reduction: Reduction,
    skip_nan: bool,
    reduced: &[bool],
    shape: &[usize],
    values: &[f64],
    tile: usize,
) -> Result<Vec<f64>> {
    let lengths: Vec<u64> = shape.iter().map(|n| *n as u64).collect();
    let spec = Spec { reduction, skip_nan, reduced: reduced.to_vec(), dtype: DType::Float64, shape: lengths.clone() };
    spec.check()?;
    let output = Region::whole(&spec.output_shape())?;
    let input = Tensor::from_vec(DType::Float64, shape.to_vec(), values.to_vec())?;
    let whole = Region::whole(&lengths)?;
    let (mut state, mut other) = (State::new(&spec, output.clone()), State::new(&spec, output));
    for (i, region) in whole.boxes_of(vec![tile; shape.len()]).enumerate() {
        let part = input.part(&region.offset_in(&whole), &region.shape)?;
        let state = if i % 2 == 0 { &mut state } else { &mut other };
        state.fold(&Tile { region, values: part })?;
    }
    state.merge(&other)?;
    Ok(floats(&state.finish()?)?.to_vec())
}

/// The elements that go to each element of the result, in order, with their place.
fn groups(reduced: &[bool], shape: &[usize], values: &[f64]) -> Vec<Vec<f64>> {
    let outputs: usize = shape.iter().zip(reduced).map(|(n, reduced)| if *reduced { 1 } else { *n }).product();
    let mut groups = vec![Vec::new(); outputs];
    for (flat, value) in values.iter().enumerate() {
        let (mut rest, mut output, mut stride) = (flat, 0, 1);
        for axis in (0..shape.len()).rev() {
            let at = rest % shape[axis];
            rest /= shape[axis];
            if !reduced[axis] {
                output += at * stride;
                stride *= shape[axis];
            }
        }
        groups[output].push(*value);
    }
    groups
}

fn plain(reduction: Reduction, skip_nan: bool, values: &[f64]) -> f64 {
    let all: Vec<f64> = values.iter().copied().filter(|x| !(skip_nan && x.is_nan())).collect();
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    let m2: f64 = all.iter().map(|x| (x - mean) * (x - mean)).sum();
    let has_nan = all.iter().any(|x| x.is_nan());
    match reduction {
        Reduction::Sum => all.iter().sum(),
        Reduction::Prod => all.iter().product(),
        Reduction::Mean => mean,
        Reduction::Var { ddof } => m2 / (n - f64::from(ddof)).max(0.0),
        Reduction::Std { ddof } => (m2 / (n - f64::from(ddof)).max(0.0)).sqrt(),
        Reduction::Min | Reduction::Max if has_nan || all.is_empty() => f64::NAN,
        Reduction::Min => all.iter().copied().fold(f64::INFINITY, f64::min),
        Reduction::Max => all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        Reduction::ArgMin | Reduction::ArgMax => {
            let sign = if reduction == Reduction::ArgMin { 1.0 } else { -1.0 };
            let best = (0..values.len()).filter(|i| !(skip_nan && values[*i].is_nan())).reduce(|a, b| {
                let (x, y) = (sign * values[a], sign * values[b]);
                if x.is_nan() || (!y.is_nan() && x <= y) { a } else { b }
            });
            best.unwrap() as f64
        }
        Reduction::Any => f64::from(u8::from(all.iter().any(|x| *x != 0.0))),
        Reduction::All => f64::from(u8::from(all.iter().all(|x| *x != 0.0))),
        Reduction::CountNonzero => all.iter().filter(|x| **x != 0.0).count() as f64,
        Reduction::Norm => all.iter().map(|x| x * x).sum::<f64>().sqrt(),
    }
}

const ALL: [Reduction; 13] = [
    Reduction::Sum,
    Reduction::Prod,
    Reduction::Mean,
    Reduction::Var { ddof: 0 },
    Reduction::Std { ddof: 1 },
    Reduction::Min,
    Reduction::Max,
    Reduction::ArgMin,
    Reduction::ArgMax,
    Reduction::Any,
    Reduction::All,
    Reduction::CountNonzero,
    Reduction::Norm,
];

proptest! {
    #[test]
    fn reductions_are_those_of_the_elements(
        shape in prop::collection::vec(1usize..9, 0..4),
        axes in 0u8..16,
        tile in 1usize..7,
        numbers in prop::collection::vec(prop_oneof![5 => (-4i32..5).prop_map(f64::from), 1 => Just(f64::NAN), 1 => Just(0.5)], 512),
        skip_nan in any::<bool>(),
    ) {
        let reduced: Vec<bool> = (0..shape.len()).map(|axis| axes >> axis & 1 == 1).collect();
        let n: usize = shape.iter().product();
        let values = &numbers[..n];
        for reduction in ALL {
            // NaN counts as not zero, left out or not.
            let is_flag = matches!(reduction, Reduction::Any | Reduction::All | Reduction::CountNonzero);
            let skip_nan = skip_nan && !is_flag;
            let single = reduced.iter().filter(|reduced| **reduced).count();
            if matches!(reduction, Reduction::ArgMin | Reduction::ArgMax) && single != 1 && single != reduced.len() {
                continue;
            }
            let groups = groups(&reduced, &shape, values);
            let is_nowhere = matches!(reduction, Reduction::ArgMin | Reduction::ArgMax)
                && groups.iter().any(|group| skip_nan && group.iter().all(|x| x.is_nan()));
            let got = reduce(reduction, skip_nan, &reduced, &shape, values, tile);
            if is_nowhere {
                prop_assert!(got.is_err());
                continue;
            }
            for (got, group) in got.unwrap().iter().zip(&groups) {
                let expected = plain(reduction, skip_nan, group);
                let is_same = got == &expected || (got.is_nan() && expected.is_nan()) || (got - expected).abs() <= 1e-9 * expected.abs().max(1.0);
                prop_assert!(is_same, "{reduction:?} {shape:?} {reduced:?} {skip_nan}: {got} != {expected}");
            }
        }
    }
}

#[test]
fn nothing_has_no_least_element() {
    assert!(reduce(Reduction::Min, false, &[true], &[0], &[], 1).is_err());
    assert_eq!(reduce(Reduction::Sum, false, &[true], &[0], &[], 1).unwrap(), [0.0]);
    assert!(reduce(Reduction::Mean, false, &[true], &[0], &[], 1).unwrap()[0].is_nan());
    assert_eq!(reduce(Reduction::Min, false, &[false, true], &[0, 3], &[], 1).unwrap(), [0.0; 0]);
}

#[test]
fn integers_keep_their_bits() {
    let values = vec![i64::MAX, i64::MAX - 1, 3];
    let spec =
        |reduction| Spec { reduction, skip_nan: false, reduced: vec![true], dtype: DType::Int64, shape: vec![3] };
    let region = Region::new([0], [3]);
    let tile = Tile { region, values: Tensor::from_vec(DType::Int64, vec![3], values).unwrap() };
    let of = |reduction| {
        let spec = spec(reduction);
        let mut state = State::new(&spec, Region::new([0], [1]));
        state.fold(&tile).unwrap();
        state.finish().unwrap().values::<i64>().unwrap()[0]
    };
    assert_eq!(of(Reduction::Max), i64::MAX);
    assert_eq!(of(Reduction::Min), 3);
    assert_eq!(of(Reduction::ArgMax), 0);
    assert_eq!(of(Reduction::Sum), i64::MAX.wrapping_add(i64::MAX - 1).wrapping_add(3));
}
