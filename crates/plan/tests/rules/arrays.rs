//! Rules over arrays.

use blockfold_core::region::AxisSlice;
use blockfold_core::{Chunks, DType, Scalar};
use blockfold_ops::array::{ConcatAxis, Elementwise, Matmul, Permute, ReduceAxes, Slice, create, operand};
use blockfold_plan::Plan;
use blockfold_plan::rules::{MergeElementwise, SlicesDown, TransposesAway};

use crate::before_after;

fn array(value: f64, shape: [u64; 2]) -> Plan {
    create::full(&Scalar::Float(value), &DType::Float64, Chunks::regular(&shape, &[10, 10])).unwrap()
}

fn rows(plan: Plan, start: u64, len: u64) -> Plan {
    let columns = plan.meta().grid.chunks().unwrap().shape()[1];
    Slice::plan(plan, vec![AxisSlice { start, step: 1, len }, AxisSlice::all(columns)]).unwrap()
}

#[test]
fn a_slice_sinks_into_sources_through_what_lies_between() {
    let (x, y) = (array(1.0, [100, 50]), array(2.0, [1, 50]));
    let sum = Elementwise::plan(vec![x, y], operand(0) + operand(1)).unwrap();
    insta::assert_snapshot!(before_after(&SlicesDown, &rows(sum, 20, 5)), @r#"
    slice [20:25, 0:50]
      elementwise ($0 + $1)
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
        read full 2.0, Float64 of shape (1, 50), chunks (1, 5x10)
    =>
    elementwise ($0 + $1)
      read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10), elements [20:25, 0:50]
      read full 2.0, Float64 of shape (1, 50), chunks (1, 5x10)
    "#);
}

#[test]
fn a_slice_of_a_transpose_of_a_mean_reads_few_rows() {
    use blockfold_dense::reduce::Reduction;
    let mean = ReduceAxes::plan(array(1.0, [100, 50]), Reduction::Mean, &[1], false).unwrap();
    let turned = Permute::plan(mean, vec![1, 0]).unwrap();
    let few = Slice::plan(turned, vec![AxisSlice::all(1), AxisSlice { start: 3, step: 2, len: 4 }]).unwrap();
    insta::assert_snapshot!(before_after(&SlicesDown, &few), @r#"
    slice [0:1, 4 from 3 by 2]
      transpose [1, 0]
        reduce mean over axis 1
          read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
    =>
    transpose [1, 0]
      reduce mean over axis 1
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10), elements [4 from 3 by 2, 0:50]
    "#);
}

#[test]
fn slices_of_products_and_of_arrays_put_together() {
    let product = Matmul::plan(array(1.0, [100, 50]), array(2.0, [50, 30])).unwrap();
    insta::assert_snapshot!(before_after(&SlicesDown, &rows(product, 0, 7)), @r#"
    slice [0:7, 0:30]
      matmul (100, 50) x (50, 30)
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
        read full 2.0, Float64 of shape (50, 30), chunks (5x10, 3x10)
    =>
    matmul (7, 50) x (50, 30)
      read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10), elements [0:7, 0:50]
      read full 2.0, Float64 of shape (50, 30), chunks (5x10, 3x10)
    "#);
    let both = ConcatAxis::plan(vec![array(1.0, [20, 5]), array(2.0, [20, 5]), array(3.0, [20, 5])], 0).unwrap();
    insta::assert_snapshot!(before_after(&SlicesDown, &rows(both, 15, 10)), @r#"
    slice [15:25, 0:5]
      concatenate 3 arrays along axis 0
        read full 1.0, Float64 of shape (20, 5), chunks (2x10, 5)
        read full 2.0, Float64 of shape (20, 5), chunks (2x10, 5)
        read full 3.0, Float64 of shape (20, 5), chunks (2x10, 5)
    =>
    concatenate 2 arrays along axis 0
      read full 1.0, Float64 of shape (20, 5), chunks (2x10, 5), elements [15:20, 0:5]
      read full 2.0, Float64 of shape (20, 5), chunks (2x10, 5), elements [0:5, 0:5]
    "#);
}

#[test]
fn what_others_read_too_is_not_sliced() {
    let x = array(1.0, [100, 50]);
    let root = Elementwise::plan(vec![x.clone(), rows(x, 3, 1)], operand(0) - operand(1)).unwrap();
    insta::assert_snapshot!(before_after(&SlicesDown, &root), @r#"
    elementwise ($0 - $1)
      read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
      slice [3:4, 0:50]
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
    =>
    elementwise ($0 - $1)
      read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
      slice [3:4, 0:50]
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
    "#);
}

#[test]
fn a_reduction_takes_the_other_axis_of_what_was_transposed() {
    use blockfold_dense::reduce::Reduction;
    let turned = Permute::plan(array(1.0, [100, 50]), vec![1, 0]).unwrap();
    let sum = ReduceAxes::plan(turned.clone(), Reduction::Sum, &[0], false).unwrap();
    insta::assert_snapshot!(before_after(&TransposesAway, &sum), @r#"
    reduce sum over axis 0
      transpose [1, 0]
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
    =>
    transpose [1, 0]
      reduce sum over axis 1
        read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
    "#);
    // Which of equal elements is first depends on the order.
    let first = ReduceAxes::plan(turned, Reduction::ArgMax, &[0, 1], false).unwrap();
    let text = before_after(&TransposesAway, &first);
    let (before, after) = text.split_once("\n=>\n").unwrap();
    assert_eq!(before, after);
}

#[test]
fn elementwise_ops_become_one_expression() {
    let (x, mean) = (array(1.0, [100, 50]), array(2.0, [1, 50]));
    let square = Elementwise::plan(vec![x.clone()], operand(0) * operand(0)).unwrap();
    let scaled = Elementwise::plan(vec![mean], operand(0) * 2.0).unwrap();
    let less = Elementwise::plan(vec![square, scaled], operand(0) - operand(1)).unwrap();
    let root = Elementwise::plan(vec![less, x], (operand(0) + operand(1)).gt(0.5)).unwrap();
    // What is repeated along an axis stays apart: it would be computed for each repetition.
    insta::assert_snapshot!(before_after(&MergeElementwise, &root), @r#"
    elementwise (($0 + $1) > 0.5)
      elementwise ($0 - $1)
        elementwise ($0 * $0)
          read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
        elementwise ($0 * 2.0)
          read full 2.0, Float64 of shape (1, 50), chunks (1, 5x10)
      read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
    =>
    elementwise (((($0 * $0) - $1) + $0) > 0.5)
      read full 1.0, Float64 of shape (100, 50), chunks (10x10, 5x10)
      elementwise ($0 * 2.0)
        read full 2.0, Float64 of shape (1, 50), chunks (1, 5x10)
    "#);
}

#[test]
fn what_is_read_twice_or_may_be_null_stays_apart() {
    let x = array(1.0, [100, 50]);
    let unchanged = |plan: &Plan| {
        let text = before_after(&MergeElementwise, plan);
        let (before, after) = text.split_once("\n=>\n").unwrap();
        assert_eq!(before, after);
    };
    let root = Elementwise::plan(vec![x.clone()], operand(0) + 1.0).unwrap();
    unchanged(&Elementwise::plan(vec![root.clone()], operand(0) * operand(0)).unwrap());
    let whole = Elementwise::plan(vec![x], operand(0).cast(DType::Int64)).unwrap();
    let rest = Elementwise::plan(vec![whole], operand(0) % 3).unwrap();
    let text = before_after(&MergeElementwise, &Elementwise::plan(vec![rest], operand(0) + 1).unwrap());
    assert!(text.contains("=>\nelementwise ($0 + 1)\n  elementwise "), "{text}");
}
