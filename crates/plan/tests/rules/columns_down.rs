use blockfold_core::col;
use blockfold_ops::frame::{Aggregate, Concat, Filter, Select};
use blockfold_plan::rules::ColumnsDown;

use crate::before_after;
use crate::fake::table;

#[test]
fn the_source_reads_only_what_groups_and_filters_need() {
    let filtered = Filter::plan(table("t"), col("c").eq("x")).unwrap();
    let plan = Aggregate::plan(filtered, vec![col("a")], vec![col("a").count().alias("n")]).unwrap();
    insta::assert_snapshot!(before_after(&ColumnsDown, &plan), @r#"
    aggregate [count(a) as n] by [a]
      filter (c == "x")
        read t [a, b, c]
    =>
    aggregate [count(a) as n] by [a]
      filter (c == "x")
        read t [a, c]
    "#);
}

#[test]
fn columns_that_nobody_takes_are_not_computed() {
    let wide = Select::plan(table("t"), vec![col("a"), (col("b") + 1).alias("d"), col("c")]).unwrap();
    let plan = Select::plan(wide, vec![col("a")]).unwrap();
    insta::assert_snapshot!(before_after(&ColumnsDown, &plan), @r#"
    select [a]
      select [a, (b + 1) as d, c]
        read t [a, b, c]
    =>
    select [a]
      select [a]
        read t [a]
    "#);
}

#[test]
fn a_count_needs_no_column() {
    let plan = Aggregate::plan(table("t"), vec![], vec![blockfold_core::len()]).unwrap();
    insta::assert_snapshot!(before_after(&ColumnsDown, &plan), @r#"
    aggregate [len()]
      read t [a, b, c]
    =>
    aggregate [len()]
      read t []
    "#);
}

#[test]
fn frames_of_a_concat_may_read_more_than_it_keeps() {
    let filtered = Filter::plan(table("u"), col("b").gt(1)).unwrap();
    let both = Concat::plan(vec![table("t"), filtered]).unwrap();
    let plan = Select::plan(both, vec![col("a")]).unwrap();
    insta::assert_snapshot!(before_after(&ColumnsDown, &plan), @r#"
    select [a]
      concat [a, b, c]
        read t [a, b, c]
        filter (b > 1)
          read u [a, b, c]
    =>
    select [a]
      concat [a]
        read t [a]
        filter (b > 1)
          read u [a, b]
    "#);
}
