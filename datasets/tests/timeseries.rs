//! The generator as its users see it.
#![allow(clippy::unwrap_used, missing_docs)]

use arrow::array::AsArray;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use blockfold_datasets::{ColumnKind, NAMES, Timeseries, TimeseriesError, TimeseriesOptions};

const ALL: [usize; 5] = [0, 1, 2, 3, 4];

fn small() -> Timeseries {
    TimeseriesOptions::new().end("2000-01-03").freq("7s").seed(42).build().unwrap()
}

fn whole(series: &Timeseries) -> RecordBatch {
    series.batch(&ALL, 0, series.rows() as usize).unwrap()
}

/// These values are part of the crate's behaviour: files and results of its users depend on them.
#[test]
fn values_never_change() {
    let rows = small().batch(&ALL, 4094, 4).unwrap();
    let times = rows.column(0).as_primitive::<TimestampMicrosecondType>();
    let names = rows.column(1).as_dictionary::<Int32Type>();
    let ids = rows.column(2).as_primitive::<Int64Type>();
    let xs = rows.column(3).as_primitive::<Float64Type>();
    let ys = rows.column(4).as_primitive::<Float64Type>();
    assert_eq!(times.values()[..], [946713458000000, 946713465000000, 946713472000000, 946713479000000]);
    assert_eq!(names.keys().values()[..], [3, 0, 2, 24]);
    assert_eq!(ids.values()[..], [1049, 1020, 1011, 1043]);
    assert_eq!(xs.values()[..], [-0.6104252259685494, 0.28435531830616556, -0.3051017038123467, 0.5130652327760266]);
    assert_eq!(
        ys.values()[..],
        [-0.28267260538850625, -0.031746261895285954, -0.10174192441366081, -0.33012291149229966]
    );
}

#[test]
fn the_schema_is_that_of_dask() {
    let names = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let expected = [
        ("timestamp", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("name", names),
        ("id", DataType::Int64),
        ("x", DataType::Float64),
        ("y", DataType::Float64),
    ];
    let schema = small().schema();
    for (field, (name, data_type)) in schema.fields().iter().zip(&expected) {
        assert_eq!((field.name().as_str(), field.data_type(), field.is_nullable()), (*name, data_type, false));
    }
    let batch = whole(&small());
    assert_eq!(batch.schema(), schema);
    let values = batch.column(1).as_dictionary::<Int32Type>().values().as_string::<i32>();
    assert_eq!(values.iter().flatten().collect::<Vec<_>>(), NAMES);
}

#[test]
fn batches_of_any_size_join_to_the_same_table() {
    let series = small();
    let expected = whole(&series);
    for rows_per_batch in [1000, 4096, 4097, 12_343] {
        let parts: Vec<RecordBatch> = (0..series.rows())
            .step_by(rows_per_batch)
            .map(|first| series.batch(&ALL, first, rows_per_batch.min((series.rows() - first) as usize)).unwrap())
            .collect();
        assert_eq!(concat_batches(&series.schema(), &parts).unwrap(), expected, "{rows_per_batch}");
    }
    for first in (0..series.rows() as usize - 3).step_by(997) {
        assert_eq!(series.batch(&ALL, first as u64, 3).unwrap(), expected.slice(first, 3), "{first}");
    }
}

#[test]
fn values_do_not_depend_on_partitions_or_other_columns() {
    let hourly = TimeseriesOptions::new().end("2000-01-03").freq("1s").partition_freq("1h").build().unwrap();
    let daily = TimeseriesOptions::new().end("2000-01-03").freq("1s").build().unwrap();
    assert_eq!((hourly.npartitions(), daily.npartitions()), (48, 2));
    assert_eq!(whole(&hourly), whole(&daily));

    let x_alone = TimeseriesOptions::new().end("2000-01-03").columns([("x", ColumnKind::Float)]).build().unwrap();
    assert_eq!(x_alone.batch(&[1], 10, 100).unwrap().column(0), daily.batch(&[3], 10, 100).unwrap().column(0));
}

#[test]
fn partitions_tile_the_rows() {
    for frequency in ["1D", "7h", "ME", "W", "100D"] {
        let series =
            TimeseriesOptions::new().end("2000-06-01").freq("11min").partition_freq(frequency).build().unwrap();
        let divisions: Vec<i64> = series.divisions().collect();
        let mut next_row = 0;
        for partition in 0..series.npartitions() {
            assert_eq!(series.partition_start_row(partition), next_row);
            let rows = series.partition_rows(partition) as usize;
            let batch = series.batch(&[0], next_row, rows).unwrap();
            let times = batch.column(0).as_primitive::<TimestampMicrosecondType>().values().to_vec();
            assert_eq!(times[0], divisions[partition]);
            assert!(times.is_sorted() && times[rows - 1] < divisions[partition + 1]);
            next_row += rows as u64;
        }
        assert_eq!((next_row, series.partition_rows(series.npartitions())), (series.rows(), 0));
        assert_eq!(series.partition_rows(usize::MAX), 0);
    }
}

#[test]
fn any_columns_in_any_order_or_none() {
    let series = small();
    let batch = series.batch(&[4, 0, 4], 5, 6).unwrap();
    let whole = whole(&series).slice(5, 6);
    assert_eq!(batch.columns(), [whole.column(4).clone(), whole.column(0).clone(), whole.column(4).clone()]);
    assert_eq!((series.batch(&[], 5, 6).unwrap().num_rows(), series.batch(&ALL, 9, 0).unwrap().num_rows()), (6, 0));
}

#[test]
fn ranges_are_known_for_integers_only() {
    let series = small();
    let (smallest, largest) = series.column_range(2).unwrap();
    assert!(smallest > 750 && largest < 1260);
    let batch = series.batch(&[2], 0, series.rows() as usize).unwrap();
    assert!(batch.column(0).as_primitive::<Int64Type>().values().iter().all(|id| (smallest..=largest).contains(id)));
    assert!([0, 1, 3, 4, 5].iter().all(|&column| series.column_range(column).is_none()));
}

#[test]
fn empty_spans_make_empty_series() {
    for end in ["2000-01-01", "2000-01-01T12:00"] {
        let series = TimeseriesOptions::new().end(end).build().unwrap();
        assert_eq!((series.npartitions(), series.rows(), series.divisions().len()), (0, 0, 0));
        assert_eq!(series.batch(&ALL, 0, 0).unwrap().num_rows(), 0);
        assert!(matches!(series.batch(&ALL, 0, 1), Err(TimeseriesError::RowsPastEnd { have: 0, .. })));
    }
}

#[test]
fn many_partitions_are_described_at_once() {
    let series = TimeseriesOptions::new().end("2100").freq("1min").partition_freq("7min").build().unwrap();
    assert_eq!(series.npartitions(), 7_513_714);
    assert_eq!(series.partition_start_row(7_000_000), 49_000_000);
}

#[test]
fn arguments_set_the_mean_of_one_column() {
    let series = TimeseriesOptions::new().argument("id_lam", 3.0).build().unwrap();
    assert_eq!(series.column_range(2).unwrap().0, 0);
    assert!(series.column_range(2).unwrap().1 < 40);
}

#[test]
fn kinds_are_read_as_dask_names_them() {
    assert_eq!("float".parse::<ColumnKind>().unwrap(), ColumnKind::Float);
    assert_eq!("int".parse::<ColumnKind>().unwrap(), ColumnKind::Int { mean: 1000.0 });
    for text in ["str", "string", "object", "category"] {
        assert_eq!(text.parse::<ColumnKind>().unwrap(), ColumnKind::Name);
    }
    assert!("int7".parse::<ColumnKind>().unwrap_err().to_string().starts_with("\"int7\" is not a kind of column"));
}

#[test]
fn every_unit_tells_the_same_times() {
    for (unit, per_second) in [
        (TimeUnit::Second, 1),
        (TimeUnit::Millisecond, 1000),
        (TimeUnit::Microsecond, 1_000_000),
        (TimeUnit::Nanosecond, 1_000_000_000),
    ] {
        let series = TimeseriesOptions::new().time_unit(unit).build().unwrap();
        assert_eq!(series.divisions().next(), Some(946_684_800 * per_second));
        assert_eq!(series.batch(&[0], 0, 2).unwrap().schema().field(0).data_type(), &DataType::Timestamp(unit, None));
    }
}

#[test]
fn errors_name_what_was_asked() {
    let message = |options: TimeseriesOptions| options.build().unwrap_err().to_string();
    let new = TimeseriesOptions::new;
    assert_eq!(
        message(new().end("1999-12-31")),
        "the end 1999-12-31 00:00:00 lies before the start 2000-01-01 00:00:00"
    );
    assert!(message(new().freq("1 week")).starts_with("\"1 week\" is not a frequency: its unit is not known."));
    assert!(message(new().freq("1ME")).starts_with("rows cannot follow the calendar frequency \"1ME\""));
    assert_eq!(message(new().freq("100ns")), "the frequency 100ns cannot be told in microseconds since 1970");
    assert!(message(new().end("3000").time_unit(TimeUnit::Nanosecond)).contains("3000-01-01 00:00:00"));
    assert!(message(new().start("soon")).contains("\"soon\""));
    let floats = |names: [&'static str; 2]| new().columns(names.map(|name| (name, ColumnKind::Float)));
    assert_eq!(message(floats(["x", "x"])), "there are two columns named \"x\"");
    assert_eq!(message(floats(["x", "timestamp"])), "there are two columns named \"timestamp\"");
    assert!(message(new().argument("id_lam", -1.0)).contains("column \"id\" cannot have the Poisson mean -1"));
    for argument in ["x_lam", "id_scale", "lam", "z_lam"] {
        assert!(message(new().argument(argument, 1.0)).ends_with("the columns are name, id, x, y"), "{argument}");
    }
}

#[test]
fn rows_and_columns_that_do_not_exist_are_refused() {
    let series = small();
    assert!(matches!(series.batch(&[5], 0, 1), Err(TimeseriesError::NoSuchColumn { column: 5, have: 5 })));
    assert!(matches!(series.batch(&[0], series.rows(), 1), Err(TimeseriesError::RowsPastEnd { .. })));
    assert!(matches!(series.batch(&[0], u64::MAX, 1), Err(TimeseriesError::RowsPastEnd { .. })));
}
