"""Plans in fragments under budgets so small that rows are spread over parts: the same as here, bit for bit."""

import blockfold as bf
import numpy as np
import pytest
from blockfold._cluster.runs import elsewhere

pytest.importorskip("dask")
from fragments import Both, through_pickle  # noqa: E402


def days(end="2000-01-05", freq="2s"):
    return bf.datasets.timeseries(end=end, freq=freq, partition_freq="6h", seed=3)


LARGE = {
    "many groups": lambda df: df.assign(k=(df.x * 1e6).astype("int64")).groupby("k").agg({"y": "sum", "id": "max"}),
    "groups of two": lambda df: df.groupby(["id", "name"]).agg({"x": "mean", "y": "std"}),
    "join": lambda df: df.assign(k=(df.x * 5e4).astype("int64"))[["k", "y"]].merge(
        df.assign(k=(df.y * 5e4).astype("int64"))[["k", "x"]], on="k"
    ).groupby("k").agg({"x": "sum", "y": "sum"}),
    "sort": lambda df: df.sort_values(["name", "x"]),
    "median": lambda df: df.groupby("name").x.median(),
    "distinct": lambda df: df.assign(k=(df.x * 1e5).astype("int64"))[["k"]].drop_duplicates().sort_values("k"),
    "shuffle": lambda df: df.set_index("id").loc[950:1000],
    "of groups": lambda df: df.assign(k=(df.x * 1e6).astype("int64")).groupby("k").y.sum().reset_index().y.mean(),
    "joined groups": lambda df: df.merge(df.groupby("id").agg({"x": "mean"}).reset_index(), on="id").x_y.sum(),
}


@pytest.mark.parametrize("budget", ["12MiB", "24MiB", "128MiB"])
@pytest.mark.parametrize("name", LARGE)
def test_frames_that_do_not_fit(name, budget):
    with bf.Session(memory_budget=budget, threads=2):
        value = LARGE[name](days())
        with elsewhere(Both()):
            if hasattr(value, "batches"):
                for _ in value.batches():
                    pass
            else:
                value.compute()


def test_frames_of_which_statistics_leave_nothing(tmp_path):
    days().to_parquet(tmp_path / "days")
    none = bf.read_parquet(str(tmp_path / "days"))
    none = none[none.x > 10]
    with elsewhere(Both()):
        for value in (none.sort_values("x"), none.groupby("name").x.sum(), none.merge(none, on="id"), none.x.sum()):
            value.compute()
        assert len(none.head(3)) == 0


def test_parcels_go_through_pickle():
    import pickle

    from blockfold import _blockfold as core

    values = np.arange(24.0).reshape(4, 6)
    parcel = core.Parcel.of_buffer(values, [0, 0])
    for own in (through_pickle(parcel), pickle.loads(pickle.dumps(parcel, protocol=4))):
        ((start, block),) = own.arrays()
        assert start == [0, 0] and (np.asarray(block) == values).all()
    with pytest.raises(bf.Error):
        core.Parcel.from_buffers(b"\1\0\0\0\0\0\0\0", [b"nonsense"])


def test_bytes_of_something_else():
    from blockfold._cluster import worker

    for junk in (b"", b"junk", b"blockfold plan 1\n", b"blockfold fragment 0.1.0 5\n{}"):
        with pytest.raises(bf.Error):
            worker.run_fragment(junk, b"")
