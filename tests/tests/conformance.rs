//! Every op of the registry: its answer does not depend on how rows are cut into blocks, on threads, on the
//! budget, or on the optimizer. An op without a plan here fails the suite.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use blockfold_core::{Budget, Cancel, Expr, Result, Scalar, col, len};
use blockfold_exec::{Executor, ScratchOptions};
use blockfold_io::memory::MemorySource;
use blockfold_io::parquet::sink::{ParquetSink, ParquetWriteOptions};
use blockfold_kernels::join::{AsofDirection, JoinKind};
use blockfold_ops::frame::{
    Aggregate, AsofArgs, CheckOrder, Coalesce, Concat, Divide, Explode, Filter, InOrder, Join, JoinArgs, JoinAsof,
    KeyBounds, MapPartitions, Measure, Partitions, RankMethod, Read, Rebalance, RowPosition, Rows, Select, Slice, Sort,
    SortKey, TopK, Window, WindowColumn, WindowFunc, Write, asc, desc,
};
use blockfold_ops::registry::OPS;
use blockfold_plan::{Lower, Plan, optimize};

/// 1,000 rows with nulls, NaN and repeated keys.
fn table() -> RecordBatch {
    let key: Int64Array = (0..1000i64).map(|i| (i % 11 != 3).then_some(i * 7919 % 23)).collect();
    let x: Float64Array =
        (0..1000).map(|i| (i % 13 != 5).then(|| if i % 97 == 0 { f64::NAN } else { f64::from(i) / 7.0 })).collect();
    let name: StringArray = (0..1000).map(|i| (i % 17 != 2).then(|| ["ann", "bob", "cy", ""][i * 31 % 4])).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![("key", Arc::new(key)), ("x", Arc::new(x)), ("name", Arc::new(name))];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// The table cut at these rows, with an empty partition at either end and in the middle.
fn source(cuts: &[usize]) -> Plan {
    let table = table();
    let mut partitions = vec![Vec::new()];
    let mut start = 0;
    for &end in cuts.iter().chain([&table.num_rows()]) {
        partitions.push(vec![table.slice(start, end - start)]);
        partitions.push(Vec::new());
        start = end;
    }
    Read::plan(Arc::new(MemorySource::new(partitions, table.schema()).unwrap())).unwrap()
}

const CUTS: [&[usize]; 4] = [&[], &[500], &[1, 2, 3, 700, 999], &[100, 200, 300, 400, 500, 600, 700, 800, 900]];

fn scalars(values: Vec<i64>) -> Vec<Scalar> {
    values.into_iter().map(Scalar::Int).collect()
}

/// Plans of an op over a source; whether sums of floats depend on where blocks are cut.
fn plans(op: &str, input: &Plan) -> Vec<(Plan, bool)> {
    let input = || input.clone();
    let exact = |plan: Result<Plan>| (plan.unwrap(), false);
    let rounded = |plan: Result<Plan>| (plan.unwrap(), true);
    let aggs = |column: &str| -> Vec<Expr> {
        let agg = |agg: Expr, name: &str| agg.alias(name);
        let x = || col(column);
        vec![
            agg(x().min(), "min"),
            agg(x().max(), "max"),
            agg(x().count(), "count"),
            agg(x().first(), "first"),
            agg(x().last(), "last"),
            agg(x().n_unique(), "n_unique"),
            len(),
        ]
    };
    match op {
        "read" => vec![exact(Ok(input()))],
        "select" => vec![exact(Select::plan(input(), vec![(col("x") * 2).alias("y"), col("name")]))],
        "filter" => vec![
            exact(Filter::plan(input(), col("x").gt(50.0).and(col("name").neq("bob")))),
            exact(Filter::plan(input(), col("x").gt(1e9))),
        ],
        "head" => [0, 1, 7, 5000].map(|n| exact(Slice::plan(input(), Rows::Head(n)))).to_vec(),
        "tail" => [0, 1, 7, 5000].map(|n| exact(Slice::plan(input(), Rows::Tail(n)))).to_vec(),
        "slice" => [(0, 10), (995, 10), (-3, 2), (-5000, 4003), (2000, 1), (10, 0)]
            .map(|(offset, len)| exact(Slice::plan(input(), Rows::Slice { offset, len })))
            .to_vec(),
        "aggregate" => {
            let sums = vec![col("x").sum().alias("sum"), col("x").mean().alias("mean"), col("x").std(1).alias("std")];
            // NaN is greater than every number.
            let filtered = || Filter::plan(input(), col("x").lt(1e300)).unwrap();
            vec![
                exact(Aggregate::plan(input(), vec![], aggs("x"))),
                exact(Aggregate::plan(input(), vec![col("key")], aggs("x"))),
                exact(Aggregate::plan(input(), vec![col("name"), col("key")], aggs("name"))),
                exact(Aggregate::plan(input(), vec![(col("key") % 3).alias("k")], vec![col("key").sum()])),
                rounded(Aggregate::plan(filtered(), vec![col("key")], sums.clone())),
                rounded(Aggregate::plan(filtered(), vec![], sums)),
            ]
        }
        "concat" => {
            let other = Filter::plan(input(), col("key").gt(10)).unwrap();
            let both = Concat::plan(vec![input(), other]).unwrap();
            vec![
                exact(Ok(both.clone())),
                exact(Select::plan(both.clone(), vec![col("x")])),
                exact(Aggregate::plan(both, vec![col("name")], vec![len()])),
            ]
        }
        "sort" => vec![
            exact(Sort::plan(input(), vec![asc("name"), desc("x")])),
            exact(Sort::plan(input(), vec![desc("key").nulls_first()])),
        ],
        "top_k" => [0, 3, 5000].map(|n| exact(TopK::plan(input(), vec![desc("x"), asc("key")], n))).to_vec(),
        "explode" => {
            let lists = Aggregate::plan(input(), vec![col("name")], vec![col("x").list().alias("xs"), len()]).unwrap();
            vec![exact(Explode::plan(lists, "xs"))]
        }
        // The numbers depend on how rows are cut into blocks; see `shuffles_and_samples`.
        "row_random" => Vec::new(),
        // Positions depend on how rows are cut into blocks; what they are for is `in_order`.
        "row_position" => Vec::new(),
        "in_order" => {
            let placed = || RowPosition::plan(input(), "at").unwrap();
            let back = |moved: Plan| {
                let names = ["key", "x", "name"].map(col).to_vec();
                exact(Select::plan(InOrder::plan(moved, "at", false).unwrap(), names))
            };
            let shuffled = Sort::plan(placed(), vec![desc("name"), asc("x")]).unwrap();
            vec![
                back(shuffled),
                back(placed()),
                exact(Select::plan(InOrder::plan(placed(), "at", true).unwrap(), vec![col("x")])),
            ]
        }
        "window" => {
            let column = |func: WindowFunc, input: Option<&str>, name: &str| WindowColumn {
                func,
                input: input.map(col),
                time: None,
                name: name.to_string(),
            };
            let columns = || {
                vec![
                    column(WindowFunc::CumSum, Some("key"), "sum"),
                    column(WindowFunc::CumMax, Some("x"), "max"),
                    column(WindowFunc::RowNumber, None, "number"),
                    column(WindowFunc::Shift(-2), Some("name"), "ahead"),
                    column(WindowFunc::FillBackward, Some("x"), "filled"),
                ]
            };
            let rank = || vec![column(WindowFunc::Rank(RankMethod::Average), Some("x"), "rank")];
            let keys = || vec![col("name"), col("key") % 3];
            let window = |keys: Vec<Expr>, order: Vec<SortKey>, columns: Vec<WindowColumn>| {
                exact(Window::plan(input(), keys, order, None, columns))
            };
            vec![
                window(keys(), Vec::new(), columns()),
                window(keys(), vec![desc("x")], columns()),
                window(keys(), vec![asc("x")], rank()),
                window(Vec::new(), Vec::new(), columns()),
                window(Vec::new(), vec![asc("x")], rank()),
            ]
        }
        "coalesce" => [1, 2, 100].map(|n| exact(Coalesce::plan(input(), n))).to_vec(),
        "join" => {
            let right = || {
                let few = Filter::plan(input(), (col("key") % 4).eq(1)).unwrap();
                Aggregate::plan(few, vec![col("key"), col("name")], vec![col("x").max().alias("most")]).unwrap()
            };
            let kinds =
                [JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full, JoinKind::Semi, JoinKind::Anti];
            // The order of pairs is not promised.
            let sorted = |plan: Plan| {
                let keys = plan.schema().fields().iter().map(|field| asc(col(field.name()))).collect();
                exact(Sort::plan(plan, keys))
            };
            let joined = |kind: JoinKind, on: &[&str], nulls: bool| {
                let mut args = JoinArgs::on(kind, on.iter().copied());
                args.null_equals_null = nulls;
                sorted(Join::plan(input(), right(), args).unwrap())
            };
            let mut plans: Vec<(Plan, bool)> =
                kinds.iter().map(|kind| joined(*kind, &["key", "name"], false)).collect();
            plans.extend(kinds.iter().map(|kind| joined(*kind, &["key"], true)));
            let few = Slice::plan(input(), Rows::Head(20)).unwrap();
            plans.push(sorted(Join::plan(few, right(), JoinArgs::on(JoinKind::Cross, Vec::<Expr>::new())).unwrap()));
            plans
        }
        "join_asof" => {
            let right = || {
                let few = Filter::plan(input(), (col("key") % 4).eq(1)).unwrap();
                Select::plan(few, vec![col("name"), col("x").alias("at"), (col("x") * 2.0).alias("twice")]).unwrap()
            };
            let joined = |args: AsofArgs| {
                let plan = JoinAsof::plan(input(), right(), col("x"), col("at"), args).unwrap();
                let keys = plan.schema().fields().iter().map(|field| asc(col(field.name()))).collect();
                exact(Sort::plan(plan, keys))
            };
            use AsofDirection::{Backward, Forward, Nearest};
            vec![
                joined(AsofArgs::new(Backward)),
                joined(AsofArgs::new(Forward).by(["name"])),
                joined(AsofArgs::new(Nearest).by(["name"]).tolerance(2).allow_exact_matches(false)),
            ]
        }
        "set_index" => [vec![0, 5, 10, 22], vec![0, 22], vec![-5, 7, 22, 22]]
            .map(|bounds| exact(Divide::plan(input(), "key", scalars(bounds), true)))
            .to_vec(),
        "divide" => vec![exact(Divide::plan(input(), "key", scalars(vec![0, 5, 10, 22]), false))],
        "rebalance" => {
            let few = Filter::plan(input(), col("x").gt(50.0)).unwrap();
            vec![
                exact(Rebalance::plan(input(), 1)),
                exact(Rebalance::plan(input(), 13)),
                exact(Rebalance::plan(few, 4)),
                exact(Rebalance::plan(input(), 3000)),
                exact(Partitions::plan(Rebalance::plan(input(), 7).unwrap(), 2..5)),
            ]
        }
        "partitions" => {
            let by_key = Divide::plan(input(), "key", scalars(vec![0, 5, 10, 22]), true).unwrap();
            let few = Filter::plan(by_key.clone(), col("x").gt(50.0)).unwrap();
            vec![
                exact(Partitions::plan(by_key.clone(), 1..3)),
                exact(Partitions::plan(few, 2..3)),
                exact(Partitions::runs(by_key, vec![0, 2, 3])),
            ]
        }
        "check_order" => {
            let by_key = Divide::plan(input(), "key", scalars(vec![0, 5, 10, 22]), true).unwrap();
            vec![exact(CheckOrder::plan(by_key, "key", scalars(vec![0, 5, 10, 22])))]
        }
        "measure" => {
            let even = || Rebalance::plan(input(), 9).unwrap();
            let by_key = Divide::plan(input(), "key", scalars(vec![0, 5, 10, 22]), true).unwrap();
            vec![
                exact(Measure::rows(even())),
                exact(Measure::ends(by_key, "key")),
                exact(Select::plan(Measure::bytes(even()).unwrap(), vec![col("partition"), col("rows")])),
            ]
        }
        // A table of this size is a sample of itself.
        "key_bounds" => vec![exact(KeyBounds::plan(input(), "key", 5)), exact(KeyBounds::plan(input(), "x", 40))],
        "map_partitions" => {
            let double = |batch: RecordBatch| Ok(concat_batches(&batch.schema(), [&batch])?);
            vec![exact(MapPartitions::plan(input(), Arc::new(double)))]
        }
        // What is written is read back by `written_files_read_back` below.
        "write" => Vec::new(),
        other => panic!("op '{other}' of the registry has no plan in the conformance suite"),
    }
}

fn run(plan: &Plan, threads: usize, budget_bytes: u64, optimized: bool) -> RecordBatch {
    let plan = if optimized { optimize(plan).unwrap() } else { plan.clone() };
    let executor = Executor::new(threads, Budget::new(budget_bytes), ScratchOptions::default()).unwrap();
    let outcome = executor.run(&Lower::graph(&plan, budget_bytes).unwrap(), Cancel::default()).unwrap();
    let batches: Vec<RecordBatch> = outcome.partitions.into_iter().flatten().collect();
    assert!(executor.budget().peak_bytes() <= budget_bytes);
    let schema = batches.first().map_or(outcome.schema, RecordBatch::schema);
    let whole = concat_batches(&schema, &batches).unwrap();
    drop(outcome.permits);
    assert_eq!(executor.budget().promised_bytes(), 0, "a permit was not given back");
    whole
}

/// Equal to the last bit, NaN included.
fn assert_same(left: &RecordBatch, right: &RecordBatch, what: &str) {
    assert_eq!(format!("{:?}", left.columns()), format!("{:?}", right.columns()), "{what}");
}

/// Equal within rounding.
fn assert_close(left: &RecordBatch, right: &RecordBatch, what: &str) {
    assert_eq!(left.num_rows(), right.num_rows(), "{what}");
    for (a, b) in left.columns().iter().zip(right.columns()) {
        let float = |array: &ArrayRef| arrow::compute::cast(array, &arrow::datatypes::DataType::Float64).unwrap();
        let (a, b) = (float(a), float(b));
        let (a, b) =
            (a.as_any().downcast_ref::<Float64Array>().unwrap(), b.as_any().downcast_ref::<Float64Array>().unwrap());
        for (a, b) in a.iter().zip(b.iter()) {
            let near = match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * a.abs().max(1.0),
                (a, b) => a == b,
            };
            assert!(near, "{what}: {a:?} and {b:?}");
        }
    }
}

#[test]
fn answers_do_not_depend_on_how_they_are_computed() {
    for op in OPS {
        let reference: Vec<RecordBatch> =
            plans(op.name, &source(CUTS[0])).iter().map(|(plan, _)| run(plan, 1, 1 << 30, false)).collect();
        for (c, cuts) in CUTS.iter().enumerate() {
            for (p, (plan, is_rounded)) in plans(op.name, &source(cuts)).iter().enumerate() {
                let what = format!("{} plan {p}, cuts {c}: {plan:?}", op.name);
                let one = run(plan, 1, 1 << 30, true);
                if *is_rounded {
                    assert_close(&reference[p], &one, &what);
                } else {
                    assert_same(&reference[p], &one, &what);
                }
                for (threads, budget, optimized) in
                    [(2, 1 << 30, true), (7, 1 << 30, true), (2, 4 << 20, true), (7, 1 << 30, false)]
                {
                    assert_same(&one, &run(plan, threads, budget, optimized), &what);
                }
            }
        }
    }
}

#[test]
fn written_files_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for (c, cuts) in CUTS.iter().enumerate() {
        let input = source(cuts);
        let out = folder.path().join(format!("out{c}"));
        let options = ParquetWriteOptions::default();
        let partitions = input.meta().grid.blocks();
        let sink = ParquetSink::new(&out, input.schema().clone(), partitions, options).unwrap();
        let plan = Write::plan(input.clone(), Arc::new(sink)).unwrap();
        let executor = Executor::new(2, Budget::new(1 << 28), ScratchOptions::default()).unwrap();
        executor.run(&Lower::graph(&plan, 1 << 28).unwrap(), Cancel::default()).unwrap();
        let session = blockfold::Session::builder().threads(2).build().unwrap();
        let back = session.read_parquet(out.as_path()).unwrap().collect().unwrap().to_batch().unwrap();
        assert_same(&run(&input, 1, 1 << 30, false), &back, &format!("cuts {c}"));
    }
}
