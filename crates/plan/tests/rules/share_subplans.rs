use blockfold_core::col;
use blockfold_ops::frame::{Aggregate, Concat};
use blockfold_plan::rules::ShareSubplans;
use blockfold_plan::{Lower, explain, optimize};

use crate::fake::table;

#[test]
fn equal_sub_plans_become_one_step() {
    let sums = || Aggregate::plan(table("t"), vec![col("a")], vec![col("b").sum()]).unwrap();
    let plan = Concat::plan(vec![sums(), sums()]).unwrap();
    assert!(!plan.op().inputs()[0].is_same(&plan.op().inputs()[1]));
    let shared = optimize::run(&ShareSubplans, &plan).unwrap();
    assert!(shared.op().inputs()[0].is_same(&shared.op().inputs()[1]));
    insta::assert_snapshot!(explain::steps(&Lower::graph(&shared, 1 << 30).unwrap()), @r#"
    0: Read t [a, b, c]  (2 blocks, 30 rows)
    1: Reduce [0] group [sum(b)] by [a]  (1 block)
    2: Map [1] merge groups  (1 block)
    3: Map [2 as 0..1, 2 as 1..2] concat  (2 blocks)
    "#);
}
