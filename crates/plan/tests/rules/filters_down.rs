use blockfold_core::{col, lit};
use blockfold_ops::frame::{Aggregate, Concat, Filter, Rows, Select, Slice};
use blockfold_plan::rules::FiltersDown;

use crate::before_after;
use crate::fake::{plain, table};

#[test]
fn goes_through_select_into_the_source() {
    let select = Select::plan(table("t"), vec![col("a"), (col("b") + 1).alias("next")]).unwrap();
    let plan = Filter::plan(select, col("next").gt(3).and(col("a").lt(2))).unwrap();
    insta::assert_snapshot!(before_after(&FiltersDown, &plan), @r#"
    filter ((next > 3) and (a < 2))
      select [a, (b + 1) as next]
        read t [a, b, c]
    =>
    select [a, (b + 1) as next]
      read t [a, b, c] where (((b + 1) > 3) and (a < 2))
    "#);
}

#[test]
fn two_filters_become_one_above_a_source_that_cannot_filter() {
    let first = Filter::plan(plain("t"), col("a").gt(1)).unwrap();
    let plan = Filter::plan(first, col("b").lt(2)).unwrap();
    insta::assert_snapshot!(before_after(&FiltersDown, &plan), @r#"
    filter (b < 2)
      filter (a > 1)
        read t [a, b, c]
    =>
    filter ((a > 1) and (b < 2))
      read t [a, b, c]
    "#);
}

#[test]
fn only_predicates_on_keys_pass_an_aggregate() {
    let grouped = Aggregate::plan(table("t"), vec![col("a")], vec![col("b").sum()]).unwrap();
    let plan = Filter::plan(grouped, col("a").gt(1).and(col("b").gt(10))).unwrap();
    insta::assert_snapshot!(before_after(&FiltersDown, &plan), @r#"
    filter ((a > 1) and (b > 10))
      aggregate [sum(b)] by [a]
        read t [a, b, c]
    =>
    filter (b > 10)
      aggregate [sum(b)] by [a]
        read t [a, b, c] where (a > 1)
    "#);
}

#[test]
fn reaches_every_frame_of_a_concat() {
    let both = Concat::plan(vec![table("t"), plain("u")]).unwrap();
    let plan = Filter::plan(both, col("c").eq("x")).unwrap();
    insta::assert_snapshot!(before_after(&FiltersDown, &plan), @r#"
    filter (c == "x")
      concat [a, b, c]
        read t [a, b, c]
        read u [a, b, c]
    =>
    concat [a, b, c]
      read t [a, b, c] where (c == "x")
      filter (c == "x")
        read u [a, b, c]
    "#);
}

#[test]
fn stays_above_a_head() {
    let plan = Filter::plan(Slice::plan(table("t"), Rows::Head(5)).unwrap(), col("a").gt(lit(1))).unwrap();
    insta::assert_snapshot!(before_after(&FiltersDown, &plan), @r#"
    filter (a > 1)
      head 5
        read t [a, b, c]
    =>
    filter (a > 1)
      head 5
        read t [a, b, c]
    "#);
}
