//! Arrays end to end.

#![allow(clippy::unwrap_used, clippy::panic)]

use blockfold::prelude::*;

fn session() -> Session {
    Session::builder().memory_budget(ByteSize::mib(256)).threads(2).build().unwrap()
}

#[test]
fn the_two_expressions() {
    let session = session();
    for chunk in [7, 50, 100] {
        let x = session.random(1).random([100, 100], chunk);
        let values = x.compute().unwrap().to_ndarray::<f64>().unwrap().into_dimensionality::<ndarray::Ix2>().unwrap();
        let mean = values.mean_axis(ndarray::Axis(0)).unwrap();
        let y = &values + &values.t() - &mean;
        let got = (&x + x.t() - x.mean(0)).compute().unwrap().to_ndarray::<f64>().unwrap();
        assert!(got.iter().zip(y.iter()).all(|(a, b)| (a - b).abs() < 1e-12), "{chunk}");
        let z = values.dot(&values.t()) - &mean;
        let std = z.std(0.0);
        let got = (x.dot(&x.t()) - x.mean(0)).std(()).compute().unwrap().item().unwrap();
        assert!((got - std).abs() < 1e-9, "{chunk}: {got} {std}");
    }
}

/// The largest difference of two arrays.
fn apart(a: &Array, b: &Array) -> f64 {
    (a - b).abs().max(()).compute().unwrap().item().unwrap()
}

#[test]
fn tall_matrices_are_decomposed() {
    let session = session();
    let a = session.random(3).normal(0.0, 1.0, [5000, 12], [700, 5]);
    let (q, r) = a.qr().unwrap();
    assert!(apart(&q.dot(&r), &a) < 1e-11);
    assert!(apart(&q.t().dot(&q), &session.eye(12, 12, 0, ())) < 1e-13);
    let (u, s, v) = a.svd().unwrap();
    assert!(apart(&(&u * &s.reshape([1, -1])).dot(&v), &a) < 1e-11);
    // A matrix of rank 3, and a little noise.
    let low = session.random(4).normal(0.0, 1.0, [900, 3], 200).dot(&session.random(5).normal(0.0, 1.0, [3, 400], 100));
    let (u, s, v) = low.svd_compressed(3, 1, 7).unwrap();
    assert!(apart(&(&u * &s.reshape([1, -1])).dot(&v), &low) < 1e-9);
    let twice = Array::concatenate(&[a.clone(), a.clone()], 1);
    assert!(twice.qr().unwrap_err().to_string().contains("depend on each other"));
}

#[test]
fn elements_are_assigned_and_mapped() {
    let session = session();
    let a = session.arange(0, 60, 1, 7).reshape([6, 10]);
    let b = a.assign([Index::from(1..4), Index::Slice(None, None, 3)], -1);
    let got = b.compute().unwrap().to_ndarray::<i64>().unwrap();
    for (at, value) in got.indexed_iter() {
        let (row, column) = (at[0], at[1]);
        let expected = if (1..4).contains(&row) && column % 3 == 0 { -1 } else { (row * 10 + column) as i64 };
        assert_eq!(*value, expected, "{row} {column}");
    }
    let row = session.arange(100, 110, 1, 3);
    let c = a.assign([Index::At(-1)], &row).index([Index::At(5)]).compute().unwrap();
    assert_eq!(c.to_vec().unwrap(), (100..110).map(f64::from).collect::<Vec<_>>());
    assert!(a.assign([Index::from(0..2)], session.ones([3, 10], ())).compute().is_err());

    let x = session.random(6).random([50, 70], 16);
    let doubled = x.map_blocks(&DType::Float64, |tile| {
        let values = tile.values.values::<f64>()?.iter().map(|value| value * 2.0).collect::<Vec<f64>>();
        blockfold_core::Tensor::from_vec(DType::Float64, tile.values.shape().to_vec(), values)
    });
    assert_eq!(apart(&doubled, &(&x * 2.0)), 0.0);
    let smooth = x.map_overlap(&[1, 1], blockfold::array::Boundary::Periodic, &DType::Float64, |tile| {
        let (rows, columns) = (tile.values.shape()[0], tile.values.shape()[1]);
        let from = tile.values.values::<f64>()?;
        let mut to = vec![0.0; from.len()];
        for row in 1..rows - 1 {
            for column in 1..columns - 1 {
                let at = row * columns + column;
                to[at] = from[at - 1] + from[at + 1] + from[at - columns] + from[at + columns];
            }
        }
        blockfold_core::Tensor::from_vec(DType::Float64, vec![rows, columns], to)
    });
    let rolled = x.roll(1, 0) + x.roll(-1, 0) + x.roll(1, 1) + x.roll(-1, 1);
    assert!(apart(&smooth, &rolled) < 1e-14);
    let wrong = x.map_blocks(&DType::Float32, |tile| Ok(tile.values.clone()));
    assert!(wrong.compute().unwrap_err().to_string().contains("not Float32 of that shape"));
    let panics = x.map_blocks(&DType::Float64, |_| panic!("on purpose"));
    assert!(panics.compute().unwrap_err().to_string().contains("on purpose"));
}

#[test]
fn arrays_and_frames_meet() {
    let session = session();
    let points = session.random(1).normal(0.0, 1.0, [10_000, 2], [999, 2]);
    let frame = points.to_frame(["x", "y"]);
    let near = frame.filter((col("x") * col("x") + col("y") * col("y")).lt(1.0));
    let inside = near.to_array().unwrap();
    let count = inside.shape().unwrap()[0];
    assert_eq!(count, near.len().unwrap());
    assert!((3500..4300).contains(&count));
    assert!(inside.square().sum(1).max(()).compute().unwrap().item().unwrap() < 1.0);
    let back = frame.to_array().unwrap();
    assert_eq!(apart(&back, &points), 0.0);
    let (counts, bounds) = points.histogram(10, -2.0, 2.0).unwrap();
    assert_eq!((counts.len(), bounds.len()), (10, 11));
    let outside = points.abs().greater(2.0).count_nonzero(()).compute().unwrap().item().unwrap();
    assert_eq!(counts.iter().sum::<u64>() as f64 + outside, 20_000.0);
    let text = session.from_batches(vec![
        frame.select([col("x"), col("x").gt(0.0).alias("flag")]).collect().unwrap().to_batch().unwrap(),
    ]);
    assert!(text.unwrap().to_array().is_err());
}

#[test]
fn plans_that_cannot_fit_are_refused_with_the_remedy() {
    let session = Session::builder().memory_budget(ByteSize::mib(2)).threads(2).build().unwrap();
    let x = session.ones([2000, 2000], 500);
    let error = x.compute().unwrap_err().to_string();
    assert!(error.contains("the answer needs") && error.contains("to_npy"), "{error}");
    let error = x.cholesky().map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("cholesky needs"), "{error}");
    // A sum over it is no trouble.
    assert_eq!(x.sum(()).compute().unwrap().item().unwrap(), 4e6);
    assert!(session.promised_bytes() == 0, "nothing stays promised");
}
