use blockfold_core::col;
use blockfold_ops::frame::{Aggregate, Concat, Rows, Select, Slice};
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
    3: Exchange [2] in-place kept, since it is read more than once  (1 block)
    4: Map [3 as 0..1, 3 as 1..2] concat  (2 blocks)
    "#);
}

#[test]
fn what_is_cheap_is_read_again() {
    let doubled = || Select::plan(table("t"), vec![(col("a") * 2).alias("a")]).unwrap();
    let plan = Concat::plan(vec![doubled(), doubled()]).unwrap();
    let shared = optimize::run(&ShareSubplans, &plan).unwrap();
    assert!(!explain::steps(&Lower::graph(&shared, 1 << 30).unwrap()).contains("Exchange"));
}

#[test]
fn what_is_read_in_part_is_not_kept() {
    let sums = || Aggregate::plan(table("t"), vec![col("a")], vec![col("b").sum()]).unwrap();
    let head = |rows| Slice::plan(sums(), Rows::Head(rows)).unwrap();
    let plan = Concat::plan(vec![head(1), head(2)]).unwrap();
    let shared = optimize::run(&ShareSubplans, &plan).unwrap();
    assert!(!explain::steps(&Lower::graph(&shared, 1 << 30).unwrap()).contains("Exchange"));
    // One reader of all rows and one of a few: the whole is made once for either.
    let plan = Concat::plan(vec![head(1), sums(), sums()]).unwrap();
    let shared = optimize::run(&ShareSubplans, &plan).unwrap();
    assert_eq!(explain::steps(&Lower::graph(&shared, 1 << 30).unwrap()).matches("Exchange").count(), 1);
}
