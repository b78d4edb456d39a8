use blockfold_core::col;
use blockfold_ops::frame::{Concat, Filter, Rows, Select, Slice};
use blockfold_plan::rules::LimitsDown;

use crate::before_after;
use crate::fake::{plain, table};

#[test]
fn goes_through_select_into_the_source() {
    let select = Select::plan(table("t"), vec![(col("a") * 2).alias("a")]).unwrap();
    let plan = Slice::plan(select, Rows::Head(5)).unwrap();
    insta::assert_snapshot!(before_after(&LimitsDown, &plan), @r#"
    head 5
      select [(a * 2) as a]
        read t [a, b, c]
    =>
    head 5
      select [(a * 2) as a]
        read t [a, b, c] first 5
    "#);
}

#[test]
fn a_slice_needs_the_rows_before_it_and_a_filter_stops_it() {
    let slice = Slice::plan(table("t"), Rows::Slice { offset: 3, len: 4 }).unwrap();
    insta::assert_snapshot!(before_after(&LimitsDown, &slice), @r#"
    slice offset 3, 4 rows
      read t [a, b, c]
    =>
    slice offset 3, 4 rows
      read t [a, b, c] first 7
    "#);
    let filtered = Filter::plan(plain("t"), col("a").gt(1)).unwrap();
    let head = Slice::plan(filtered, Rows::Head(5)).unwrap();
    insta::assert_snapshot!(before_after(&LimitsDown, &head), @r#"
    head 5
      filter (a > 1)
        read t [a, b, c]
    =>
    head 5
      filter (a > 1)
        read t [a, b, c]
    "#);
}

#[test]
fn the_first_frame_of_a_concat_is_limited() {
    let both = Concat::plan(vec![table("t"), table("u")]).unwrap();
    let plan = Slice::plan(both, Rows::Head(5)).unwrap();
    insta::assert_snapshot!(before_after(&LimitsDown, &plan), @r#"
    head 5
      concat [a, b, c]
        read t [a, b, c]
        read u [a, b, c]
    =>
    head 5
      concat [a, b, c]
        read t [a, b, c] first 5
        read u [a, b, c]
    "#);
}

#[test]
fn a_tail_limits_nothing() {
    let plan = Slice::plan(table("t"), Rows::Tail(5)).unwrap();
    insta::assert_snapshot!(before_after(&LimitsDown, &plan), @r#"
    tail 5
      read t [a, b, c]
    =>
    tail 5
      read t [a, b, c]
    "#);
}
