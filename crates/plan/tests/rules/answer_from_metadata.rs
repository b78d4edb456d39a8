use blockfold_core::{col, len};
use blockfold_ops::frame::{Aggregate, Filter, Select};
use blockfold_plan::rules::AnswerFromMetadata;

use crate::before_after;
use crate::fake::table;

#[test]
fn a_row_count_needs_no_run() {
    let select = Select::plan(table("t"), vec![(col("a") + 1).alias("a")]).unwrap();
    let plan = Aggregate::plan(select, vec![], vec![len()]).unwrap();
    insta::assert_snapshot!(before_after(&AnswerFromMetadata, &plan), @r#"
    aggregate [len()]
      select [(a + 1) as a]
        read t [a, b, c]
    =>
    read metadata len = 30
    "#);
}

#[test]
fn a_filtered_count_does() {
    let filtered = Filter::plan(table("t"), col("a").gt(1)).unwrap();
    let plan = Aggregate::plan(filtered, vec![], vec![len()]).unwrap();
    insta::assert_snapshot!(before_after(&AnswerFromMetadata, &plan), @r#"
    aggregate [len()]
      filter (a > 1)
        read t [a, b, c]
    =>
    aggregate [len()]
      filter (a > 1)
        read t [a, b, c]
    "#);
}
