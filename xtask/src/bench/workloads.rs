//! The table of workloads: who runs each, and how fast blockfold is to be.

/// Our own engine's name.
pub const BLOCKFOLD: &str = "blockfold";
/// The bandwidth line: no engine, and in no comparison.
pub const LOOP: &str = "loop";

const WEEK_ROWS: u64 = 7 * 24 * 60 * 60;
const PARQUET_ENGINES: &[&str] = &["dask", "polars", "duckdb", "datafusion", BLOCKFOLD];

/// What blockfold is to reach in a workload.
#[derive(Debug)]
pub enum Goal {
    /// At most `ratio` of the time of the best of the engines `of`.
    Time { ratio: f64, of: &'static [&'static str] },
    /// At most so many bytes of peak resident memory.
    PeakBytes(u64),
    /// At most `ratio` of its own time a row in the workload `than`.
    TimePerRow { ratio: f64, than: &'static str },
}

/// One line of the table. The Python side is `benches/peers/workloads.py`.
#[derive(Debug)]
pub struct Workload {
    /// As the programs know it.
    pub name: &'static str,
    /// What is done.
    pub title: &'static str,
    /// The file or folder under the data folder that it reads.
    pub source: Option<&'static str>,
    /// Rows read or generated.
    pub rows: u64,
    /// In the order of their turns.
    pub engines: &'static [&'static str],
    /// What blockfold is to reach.
    pub goals: &'static [Goal],
    /// Does the system bound blockfold's memory?
    pub bounded: bool,
    /// Is the result a folder of Parquet files, rather than a table in one file?
    pub result_is_folder: bool,
}

impl Workload {
    /// Does it read the ten years of data?
    pub fn ten_years(&self) -> bool {
        self.source == Some("ten_years")
    }

    /// Is the first repetition of a process left out? Long work needs no warming up.
    pub fn warm_up(&self) -> bool {
        self.source.is_some() && !self.ten_years()
    }

    /// Generated numbers differ from engine to engine by nature.
    pub fn comparable(&self, engine: &str) -> bool {
        self.source.is_some() && engine != LOOP
    }
}

const BASE: Workload = Workload {
    name: "",
    title: "",
    source: Some("year"),
    rows: 52 * WEEK_ROWS,
    engines: PARQUET_ENGINES,
    goals: &[],
    bounded: false,
    result_is_folder: false,
};

const BEST: &[&str] = &["duckdb", "polars"];

/// All workloads, in the order they run.
pub const WORKLOADS: &[Workload] = &[
    Workload {
        name: "year_sum",
        title: "groupby(id).x.sum, one year of Parquet",
        goals: &[
            Goal::Time { ratio: 0.45, of: BEST },
            Goal::Time { ratio: 0.1, of: &["dask"] },
            Goal::PeakBytes(150_000_000),
        ],
        ..BASE
    },
    Workload {
        name: "name_stats",
        title: "groupby(name): x mean, y std, one year of Parquet",
        goals: &[Goal::Time { ratio: 0.6, of: BEST }],
        ..BASE
    },
    Workload {
        name: "filter_mean",
        title: "filter x > 0.9, groupby(id).y.mean, one year of Parquet",
        goals: &[Goal::Time { ratio: 0.6, of: BEST }],
        ..BASE
    },
    Workload {
        name: "ipc_sum",
        title: "groupby(id).x.sum, the same year as one Arrow IPC file",
        source: Some("year.arrow"),
        engines: &["polars", "duckdb", LOOP, BLOCKFOLD],
        // Ours reads two columns where the loop reads one: half its rate is four times its time.
        goals: &[Goal::Time { ratio: 0.5, of: &["polars"] }, Goal::Time { ratio: 4.0, of: &[LOOP] }],
        ..BASE
    },
    Workload {
        name: "groups_sum",
        title: "three sums by an integer key, 10 M rows, 100 k groups, Parquet",
        source: Some("groups"),
        rows: 10_000_000,
        goals: &[Goal::Time { ratio: 1.0, of: BEST }],
        ..BASE
    },
    Workload {
        name: "ten_years_sum",
        title: "groupby(id).x.sum, ten years of Parquet",
        source: Some("ten_years"),
        rows: 521 * WEEK_ROWS,
        goals: &[Goal::TimePerRow { ratio: 1.2, than: "year_sum" }],
        bounded: true,
        ..BASE
    },
    Workload {
        name: "generate_sum",
        title: "generate one year, groupby(id).x.sum",
        source: None,
        engines: &["dask", BLOCKFOLD],
        goals: &[Goal::Time { ratio: 1.0 / 40.0, of: &["dask"] }],
        ..BASE
    },
    Workload {
        name: "generate_parquet",
        title: "generate one year, write it as Parquet",
        source: None,
        engines: &["dask", BLOCKFOLD],
        goals: &[Goal::Time { ratio: 1.0 / 8.0, of: &["dask"] }],
        result_is_folder: true,
        ..BASE
    },
];
