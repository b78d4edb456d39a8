"""The work of the tables benchmark: names, files, result columns. TABLES.md is the contract."""

from dataclasses import dataclass, replace
from pathlib import Path

THREADS = 2
# The right tables of a join with more rows than these are those of this size.
LARGEST_RIGHT = 10_000_000


@dataclass(frozen=True)
class Work:
    """One line of the table. `keys` tell the rows of the result apart, exactly; `values` are compared as floats."""

    source: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    sorted_by: tuple[str, ...] = ()
    function: str = ""
    parquet: bool = False


ROW = ("id1", "id2", "id3", "id4", "id5", "id6")
RESULTS = {
    "groupby_q1": Work("groupby", ("id1",), ("v1",)),
    "groupby_q2": Work("groupby", ("id1", "id2"), ("v1",)),
    "groupby_q3": Work("groupby", ("id3",), ("v1", "v3")),
    "groupby_q4": Work("groupby", ("id4",), ("v1", "v2", "v3")),
    "groupby_q5": Work("groupby", ("id6",), ("v1", "v2", "v3")),
    "groupby_q6": Work("groupby", ("id4", "id5"), ("median_v3", "sd_v3")),
    "groupby_q7": Work("groupby", ("id3",), ("range_v1_v2",)),
    "groupby_q8": Work("groupby", ("id6",), ("v3",)),
    "groupby_q9": Work("groupby", ("id2", "id4"), ("r2",)),
    "groupby_q10": Work("groupby", ROW, ("v3", "count")),
    "join_q1": Work("join", (*ROW, "right_id4"), ("v1", "v2")),
    "join_q2": Work("join", (*ROW, "right_id1", "right_id4", "right_id5"), ("v1", "v2")),
    "join_q3": Work("join", (*ROW, "right_id1", "right_id4", "right_id5"), ("v1", "v2")),
    "join_q4": Work("join", (*ROW, "right_id1", "right_id2", "right_id4"), ("v1", "v2")),
    "join_q5": Work(
        "join", (*ROW, "right_id1", "right_id2", "right_id4", "right_id5", "right_id6"), ("v1", "v2")
    ),
    "sort": Work("groupby", ROW, ("v1", "v2", "v3"), sorted_by=("id3", "v3")),
    "tpch_q1": Work(
        "tpch",
        ("l_returnflag", "l_linestatus"),
        ("sum_qty", "sum_base_price", "sum_disc_price", "sum_charge")
        + ("avg_qty", "avg_price", "avg_disc", "count_order"),
        sorted_by=("l_returnflag", "l_linestatus"),
    ),
    "tpch_q3": Work("tpch", ("l_orderkey", "o_orderdate", "o_shippriority"), ("revenue",)),
    "tpch_q5": Work("tpch", ("n_name",), ("revenue",)),
    "tpch_q6": Work("tpch", (), ("revenue",)),
    "tpch_q9": Work("tpch", ("nation", "o_year"), ("sum_profit",)),
    "tpch_q18": Work(
        "tpch", ("c_name", "c_custkey", "o_orderkey", "o_orderdate"), ("o_totalprice", "sum_quantity")
    ),
}
# These also write Parquet in place of holding the result in memory.
LARGE = ("groupby_q10", "join_q5", "sort")

WORK = {name: replace(work, function=name) for name, work in RESULTS.items()}
WORK |= {f"{name}_parquet": replace(WORK[name], parquet=True) for name in LARGE}


class Files:
    """Paths below the data folder, `size` being the rows of the left table (`1e7`) or TPC-H's scale factor."""

    def __init__(self, data: Path, size: str):
        self.data, self.size = data, size

    @property
    def groupby(self) -> str:
        return str(self.data / f"groupby_{self.size}" / "*.parquet")

    @property
    def left(self) -> str:
        return str(self.data / f"join_{self.size}" / "x" / "*.parquet")

    def right(self, name: str) -> str:
        """`small`, `medium` or `big`."""
        rows = min(int(float(self.size)), LARGEST_RIGHT)
        return str(self.data / f"join_{short(rows)}" / name / "*.parquet")

    def tpch(self, table: str) -> str:
        return str(self.data / f"tpch{self.size}" / f"{table}.parquet")

    def read_by(self, work: Work) -> list[Path]:
        """Files to have in the page cache."""
        folders = [f"{work.source}{self.size}"] if work.source == "tpch" else [f"{work.source}_{self.size}"]
        if work.source == "join":
            folders.append(Path(self.right("big")).parents[1].name)
        return sorted({file for folder in folders for file in (self.data / folder).rglob("*.parquet")})


def short(rows: int) -> str:
    """1e7 for 10,000,000."""
    digits = str(rows)
    assert digits.strip("0") in "123456789", "a digit and zeros"
    return f"{digits[0]}e{len(digits) - 1}"
