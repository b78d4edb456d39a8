//! Every op over arrays in the registry: its answer does not depend on chunks, threads, the budget or the optimizer. An op
//! without an array here fails the suite.

#![allow(clippy::unwrap_used, clippy::panic)]

use blockfold::array::Boundary;
use blockfold::prelude::*;
use blockfold_core::Tensor;
use blockfold_ops::registry::ARRAY_OPS;

/// Arrays of an op over one of shape (90, 70), whose chunks may be any; whether sums of floats depend on chunks.
fn arrays(op: &str, x: &Array) -> Vec<(Array, bool)> {
    let exact = |array: Array| (array, false);
    let rounded = |array: Array| (array, true);
    match op {
        "read" => vec![exact(x.clone())],
        "elementwise" => {
            vec![exact(x * 2.0 + x), exact(x - x.index([Index::At(3)])), exact(x.greater(0.5)), exact(x.sin())]
        }
        "complex" => {
            let z = Array::complex(x, &(x * 2.0));
            vec![exact((&z * z.conj()).real()), exact(z.abs()), exact((&z / (&z + 1.0)).imag())]
        }
        "bytes" => {
            vec![exact(x.bytes()), exact(x.greater(0.5).bytes()), exact(x.t().bytes().slice_axis(0, Some(13), None, 5))]
        }
        "broadcast_to" => vec![exact(x.index([Index::At(0)]).broadcast_to([3, 4, 70]))],
        "transpose" => vec![exact(x.t()), exact(x + x.t().t()), exact(x.t().slice_axis(0, Some(3), None, 2))],
        "slice" => vec![
            exact(x.index([Index::from(5..60), Index::Slice(None, None, -3)])),
            exact(x.slice_axis(1, Some(70), None, 1)),
        ],
        "take" => vec![exact(x.take(&[5, 5, -1, 0], 1)), exact(x.repeat(2, 0))],
        "take_along_axis" => {
            vec![exact(x.take_along_axis(&x.argsort(1), 1)), exact(x.take_along_axis(&x.argsort(0), 0))]
        }
        "reshape" => vec![
            exact(x.ravel()),
            exact(x.reshape([63, 100])),
            exact(x.t().reshape([10, 9, 70])),
            exact(x.expand_dims(1)),
        ],
        "rechunk" => vec![exact(x.rechunk([13, -1])), exact(x.rechunk(()))],
        "concatenate" => {
            vec![exact(Array::concatenate(&[x.clone(), x.index([Index::from(2..9)])], 0)), exact(x.roll(11, 1))]
        }
        "assign" => vec![exact(x.assign([Index::from(5..80), Index::Slice(None, None, 7)], 0.25))],
        "reduce" => vec![
            rounded(x.sum(0)),
            rounded(x.mean(1)),
            rounded(x.std(())),
            exact(x.max(0)),
            exact(x.argmin(())),
            exact(x.argmax(1)),
            rounded((x - x.mean(0)).var(1)),
        ],
        "lanes" => {
            vec![exact(x.sort(0)), exact(x.sort(1)), exact(x.cumsum(1)), exact(x.median(0)), exact(x.sort(1).t() + 1.0)]
        }
        "digitize" => vec![exact(x.digitize(&[0.1, 0.5, 0.9]))],
        "matmul" => vec![rounded(x.dot(&x.t())), rounded(x.t().dot(x)), rounded((x.dot(&x.t()) - x.mean(1)).std(()))],
        "triangle" => {
            let (q, r) = x.qr().unwrap();
            vec![rounded(q), rounded(r)]
        }
        "map_blocks" => vec![exact(x.map_blocks(&DType::Float64, |tile| {
            let doubled: Vec<f64> = tile.values.values::<f64>()?.iter().map(|value| value * 2.0).collect();
            Tensor::from_vec(DType::Float64, tile.values.shape().to_vec(), doubled)
        }))],
        "map_overlap" => vec![exact(x.map_overlap(&[0, 1], Boundary::Reflect, &DType::Float64, |tile| {
            let columns = tile.values.shape()[1];
            let from = tile.values.values::<f64>()?;
            let around = |at: usize| match at % columns {
                0 => 0.0,
                last if last + 1 == columns => 0.0,
                _ => from[at - 1] + from[at + 1],
            };
            Tensor::from_vec(
                DType::Float64,
                tile.values.shape().to_vec(),
                (0..from.len()).map(around).collect::<Vec<f64>>(),
            )
        }))],
        "to_frame" => {
            let names: Vec<String> = (0..70).map(|i| format!("c{i}")).collect();
            vec![exact(x.to_frame(names).select([col("c3") + col("c69")]).to_array().unwrap())]
        }
        "from_frame" => vec![exact(x.ravel().to_frame(["v"]).filter(col("v").gt(0.5)).to_array().unwrap())],
        other => panic!("op '{other}' of the registry has no array in the conformance suite"),
    }
}

fn values(array: &Array) -> Vec<f64> {
    array.compute().unwrap().to_vec().unwrap()
}

fn session(threads: usize, budget: ByteSize) -> Session {
    Session::builder().threads(threads).memory_budget(budget).build().unwrap()
}

#[test]
fn answers_do_not_depend_on_how_they_are_computed() {
    let source = |session: &Session, chunks: [i64; 2]| session.random(11).random([90, 70], chunks);
    let ample = ByteSize::mib(256);
    for op in ARRAY_OPS {
        let reference: Vec<Vec<f64>> = {
            let session = session(1, ample);
            arrays(op.name, &source(&session, [-1, -1])).iter().map(|(array, _)| values(array)).collect()
        };
        for chunks in [[40, 30], [7, 70], [90, 1]] {
            let mut bits: Option<Vec<Vec<f64>>> = None;
            for (threads, budget) in [(1, ample), (2, ample), (7, ample), (2, ByteSize::mib(24))] {
                let session = session(threads, budget);
                let mut all = Vec::new();
                for (i, (array, is_rounded)) in arrays(op.name, &source(&session, chunks)).iter().enumerate() {
                    let what = format!("{} array {i}, chunks {chunks:?}, {threads} threads, {budget}", op.name);
                    let got = values(array);
                    assert_eq!(got.len(), reference[i].len(), "{what}");
                    let near =
                        |(a, b): (&f64, &f64)| a == b || (*is_rounded && (a - b).abs() <= 1e-11 * a.abs().max(1.0));
                    assert!(got.iter().zip(&reference[i]).all(near), "{what}");
                    all.push(got);
                }
                match &bits {
                    Some(bits) => assert_eq!(*bits, all, "{}: {threads} threads, {budget}", op.name),
                    None => bits = Some(all),
                }
            }
        }
    }
}

#[test]
fn plans_say_what_the_optimizer_made_of_them() {
    let session = session(2, ByteSize::mib(256));
    let x = session.random(1).random([10_000, 10_000], 1000);
    let optimized = |array: &Array| array.explain(Stage::Optimized).unwrap();
    let fused = |array: &Array| array.explain(Stage::Fused).unwrap();
    assert_eq!(optimized(&x.t().t()), optimized(&x), "a transpose of a transpose is nothing");
    let product = (x.dot(&x.t()) - x.mean(0)).std(());
    assert!(
        optimized(&product).contains("matmul (10000, 10000) x (10000, 10000), symmetric: one triangle is computed")
    );
    let chains = fused(&product);
    let is_folded = chains.contains("read random > matmul > ") && chains.contains("elementwise > reduce");
    assert!(is_folded && !chains.contains("exchange"), "the product is folded, not stored:\n{chains}");
    let chains = fused(&(&x + x.t() - x.mean(0)).sum(()));
    assert!(chains.contains("read random > transpose > reshape > elementwise > reduce"), "one chain:\n{chains}");
    assert!(!chains.contains("exchange"), "nothing is stored:\n{chains}");
    let few = fused(&x.slice_axis(0, None, Some(100), 1).sum(()));
    assert!(few.contains("10 blocks, 1000000 elements"), "ten chunks of a hundred:\n{few}");
    let same = x.sin() + x.sin();
    assert_eq!(optimized(&same).matches("read random").count(), 1, "equal parts are one:\n{}", optimized(&same));
    assert!(x.mean(()).estimate().unwrap().peak_bytes() < 8 << 20);
}

#[test]
fn reductions_of_one_array_take_one_pass() {
    let session = session(2, ByteSize::mib(64));
    let x = session.random(1).random([3000, 2000], 500);
    let y = (&x - x.mean(0)) / x.std(0);
    let fused = y.explain(Stage::Fused).unwrap();
    assert_eq!(fused.matches("> reduce together").count(), 1, "mean and deviation in one pass:\n{fused}");
    let all = session.compute_all(&[x.mean(0), x.std(1), x.argmax(()), x.greater(0.5).all(())]).unwrap();
    let apart = [x.mean(0), x.std(1), x.argmax(()), x.greater(0.5).all(())].map(|array| array.compute().unwrap());
    for (together, apart) in all.iter().zip(&apart) {
        assert_eq!((together.dtype(), together.shape()), (apart.dtype(), apart.shape()));
        assert_eq!(together.to_vec().unwrap(), apart.to_vec().unwrap(), "the same bits");
    }
    let mean = values(&y.mean(0));
    assert!(mean.iter().all(|mean| mean.abs() < 1e-12));
    assert!(session.compute_all(&[]).unwrap().is_empty());
    let two = session.compute_all(&[x.clone(), x.clone()]);
    assert!(matches!(two, Err(Error::OverBudget { .. })), "answers that do not fit are refused");
    assert_eq!(session.promised_bytes(), all.iter().chain(&apart).map(|answer| answer.tensor().bytes()).sum::<u64>());
}

#[test]
fn shared_parts_do_not_make_plans_grow() {
    let session = session(2, ByteSize::mib(64));
    let mut x = session.random(1).random([100], 50);
    for _ in 0..60 {
        x = &x * 0.5 + &x * 0.5;
    }
    // 2^60 paths through 120 ops: to be optimized each has to be looked at once.
    assert!(x.explain(Stage::Fused).unwrap().lines().count() < 200);
}

#[test]
fn kept_arrays_are_read_from_memory_or_scratch() {
    let session = session(2, ByteSize::mib(32));
    let x = session.random(1).random([2000, 1500], 500);
    let small = x.slice_axis(0, None, Some(10), 1).persist().unwrap();
    assert_eq!(session.scratch_bytes(), 0);
    let large = (&x + x.t().t()).persist().unwrap();
    assert_eq!(session.scratch_bytes(), 2000 * 1500 * 8);
    assert_eq!(values(&(&large - &x * 2.0).abs().max(())), [0.0]);
    assert_eq!(values(&small.sum(())), values(&x.slice_axis(0, None, Some(10), 1).sum(())));
    drop(large);
    assert_eq!(session.scratch_bytes(), 0);
    let bounded = Session::builder().memory_budget(ByteSize::mib(32)).scratch_limit(ByteSize::mib(1)).build().unwrap();
    let refused = bounded.random(1).random([2000, 1500], 500).persist();
    assert!(matches!(refused, Err(Error::ScratchLimit { .. })));
}

#[test]
fn choices_are_drawn() {
    let session = session(2, ByteSize::mib(64));
    let random = session.random(5);
    let some = values(&random.choice(1000, false, [500], 70));
    let mut sorted = some.clone();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    assert_eq!(sorted.len(), 500, "each at most once");
    assert!(sorted[0] >= 0.0 && sorted[499] < 1000.0 && some != sorted);
    let again = values(&random.choice(3, true, [10_000], 700));
    assert!([0.0, 1.0, 2.0].iter().all(|place| again.iter().filter(|x| *x == place).count() > 3000));
    let weighted = values(&random.choice_weighted(&[0.5, 0.0, 0.25, 0.25], [20_000], 3000));
    let share = |place: f64| weighted.iter().filter(|x| **x == place).count() as f64 / 20_000.0;
    assert!((share(0.0) - 0.5).abs() < 0.02 && share(1.0) == 0.0 && (share(3.0) - 0.25).abs() < 0.02);
    assert!(random.choice(3, false, [4], ()).compute().is_err());
    assert!(random.choice_weighted(&[0.5, 0.4], [4], ()).compute().is_err());
}
