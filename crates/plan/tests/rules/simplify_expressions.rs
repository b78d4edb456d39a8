use blockfold_core::{col, lit};
use blockfold_ops::frame::{Filter, Select};
use blockfold_plan::rules::SimplifyExpressions;

use crate::before_after;
use crate::fake::table;

#[test]
fn folds_constants_and_drops_neutral_operands() {
    let filtered = Filter::plan(table("t"), col("a").gt(lit(1) + 2).and(true)).unwrap();
    let plan = Select::plan(filtered, vec![(col("b") * 1).alias("b"), (!!col("a").lt(5)).alias("small")]).unwrap();
    insta::assert_snapshot!(before_after(&SimplifyExpressions, &plan), @r#"
    select [(b * 1) as b, not not (a < 5) as small]
      filter ((a > (1 + 2)) and true)
        read t [a, b, c]
    =>
    select [b as b, (a < 5) as small]
      filter (a > 3)
        read t [a, b, c]
    "#);
}

#[test]
fn has_nothing_to_say_about_plain_expressions() {
    let plan = Filter::plan(table("t"), col("a").gt(1)).unwrap();
    insta::assert_snapshot!(before_after(&SimplifyExpressions, &plan), @r#"
    filter (a > 1)
      read t [a, b, c]
    =>
    filter (a > 1)
      read t [a, b, c]
    "#);
}
