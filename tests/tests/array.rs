//! Arrays end to end.

#![allow(clippy::unwrap_used)]

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
