"""Frames and arrays on a Dask cluster of two workers: the same results as here, bit for bit."""

import contextlib
import os
import pickle
import signal

import blockfold as bf
import blockfold.array as ba
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
from blockfold._cluster.runs import Scheduled, plan_of
from cluster import LIMIT, Cluster

cloudpickle = pytest.importorskip("cloudpickle")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


def days(end="2000-01-09", freq="1min"):
    return bf.datasets.timeseries(end=end, freq=freq, partition_freq="1D", seed=1)


FRAMES = {
    "groups": lambda df: df.groupby("name").agg({"x": "sum", "y": "mean", "id": "nunique"}),
    "filter": lambda df: df[df.x > 0.9][["id", "y"]],
    "column": lambda df: df.x * 2 + df.y,
    "total": lambda df: df.x.std(),
    "totals": lambda df: df[["x", "y"]].mean(),
    "sort": lambda df: df.sort_values("x").head(50, compute=False),
    "all in order": lambda df: df.sort_values(["name", "x"]),
    "join": lambda df: df.merge(df.groupby("id").y.max().reset_index(), on="id", suffixes=("", "_most")),
    "function": lambda df: df.map_partitions(lambda part: part.assign(z=part.x + 1)),
    "median": lambda df: df.groupby("name").x.median(),
    "last": lambda df: df.tail(5, compute=False),
    "counts": lambda df: df.name.value_counts(),
    "shuffled": lambda df: df.set_index("id").loc[990:1010],
    "distinct": lambda df: df[["name"]].drop_duplicates().sort_values("name"),
}


@pytest.fixture(params=["client", "current", "ours"])
def computed(request, cluster):
    """Three ways to compute on a cluster."""
    with distributed.Client(cluster, set_as_default=request.param == "current") as client:
        client.wait_for_workers(2, timeout=LIMIT)
        if request.param == "client":
            yield lambda value: value.compute(scheduler=client)
        elif request.param == "current":
            yield lambda value: dask.compute(value)[0]
        else:
            with bf.distributed.Client(cluster):
                yield lambda value: value.compute()


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name, computed):
    here = FRAMES[name](days()).compute()
    there = computed(FRAMES[name](days()))
    if isinstance(here, pd.DataFrame | pd.Series):
        kind = pd.testing.assert_frame_equal if isinstance(here, pd.DataFrame) else pd.testing.assert_series_equal
        kind(there, here, rtol=0, atol=0)
    else:
        assert there == here


ARRAYS = {
    "notebook": lambda x: (x.dot(x.T) - x.mean(axis=0)).std(),
    "mean": lambda x: x.mean(axis=0),
    "elements": lambda x: (x + x.T)[::2, 5:],
    "rows": lambda x: x.rechunk((300, 10)).sum(axis=1),
    "decomposed": lambda x: ba.linalg.qr(x[:, :20])[1],
    "sorted": lambda x: ba.sort(x, axis=1),
    "mapped": lambda x: x.map_blocks(lambda block: block[::-1]),
}


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name, computed):
    made = lambda: ARRAYS[name](ba.random.default_rng(1).random((300, 300), chunks=(100, 100)))
    here = made().compute()
    np.testing.assert_array_equal(computed(made()), here)


def test_several_values_at_once(client):
    df = days()
    total, most = dask.compute(df.x.sum(), df.y.max(), scheduler=client._backend.client)
    assert (total, most) == (df.x.sum().compute(), df.y.max().compute())
    with distributed.Client(client._backend.client.scheduler.address) as own:
        future = own.compute(df.groupby("name").x.sum())
        pd.testing.assert_series_equal(future.result(), df.groupby("name").x.sum().compute())
        kept = own.persist(df[df.x > 0])
        assert kept.y.count().compute() == df[df.x > 0].y.count().compute()


def test_kept_on_workers(client):
    df = days()
    kept = df[df.x > 0.5].persist()
    distributed.wait(distributed.futures_of(kept))
    assert "given" in kept.explain()
    names = kept.groupby("name").x.sum().compute()
    x = ba.arange(100, chunks=10).persist()
    assert (x + 1).sum().compute() == 5050
    assert (int(x[3:7].sum().compute()), int(x[::-1][0].compute())) == (3 + 4 + 5 + 6, 99)
    assert len(kept) == (df.x > 0.5).sum().compute() and not kept.empty
    assert kept.divisions == df.divisions
    assert len(kept.loc["2000-01-03"]) == len(df[df.x > 0.5].loc["2000-01-03"])
    client.close()
    pd.testing.assert_series_equal(names, df[df.x > 0.5].groupby("name").x.sum().compute())
    with pytest.raises(bf.Error, match="workers of a cluster"):
        kept.x.sum().compute()


def test_tasks_are_called_by_what_they_do(client):
    from dask.utils import key_split

    plan = days("2000-02-01").groupby("name").x.sum().__dask_graph__()
    names = {key_split(key) for key in plan}
    assert any(name.startswith("read-timeseries") for name in names), names
    assert "merge-groups-select" in names, names


def test_batches_are_fetched_one_by_one(client):
    import pyarrow as pa

    df = days()
    assert sum(batch.num_rows for batch in df.batches()) == len(df)
    assert pa.table(df).num_rows == len(df)
    assert bf.from_arrow(pa.table(df[["x"]])).x.max().compute() == df.x.max().compute()


def test_from_and_to_dask(client):
    pandas = pd.DataFrame({"k": list("abcabc"), "x": np.arange(6.0)})
    dd = pytest.importorskip("dask.dataframe")
    da = pytest.importorskip("dask.array")
    own = bf.from_dask(dd.from_pandas(pandas, npartitions=3))
    assert own.npartitions == 3
    assert own.groupby("k").x.sum().compute().to_dict() == {"a": 3.0, "b": 5.0, "c": 7.0}
    back = own[own.x > 1].to_dask()
    assert back.npartitions == 3
    assert back.x.sum().compute() == 14.0
    assert own.x.to_dask().max().compute() == 5.0
    x = bf.from_dask(da.arange(24, chunks=5).reshape(4, 6))
    assert int(x.sum().compute()) == 276
    assert int((x * 2).to_dask().sum().compute()) == 552
    ones = ba.ones((5, 7), chunks=3).to_dask()
    assert ones.chunks == ((3, 2), (3, 3, 1))
    np.testing.assert_array_equal(ones.compute(), np.ones((5, 7)))


def test_frames_of_delayed_calls(client):
    part = bf.delayed(lambda n: pd.DataFrame({"x": range(n)}))
    df = bf.from_delayed([part(2), part(3), part(4)], meta={"x": "int64"})
    assert df.x.sum().compute() == 0 + 1 + 3 + 6 - 0 - 0
    total = bf.delayed(lambda frame: len(frame))(df)
    assert total.compute() == 9


def running_in_a_worker():
    try:
        return distributed.get_worker() is not None
    except ValueError:
        return False


def test_a_worker_that_is_killed(tmp_path):
    """The run goes on with what is left of the cluster, and gives what it would have given."""
    df = days("2000-02-01", "10s")
    with Cluster(tmp_path, workers=2) as cluster, bf.distributed.Client(cluster.address) as client:
        client.wait_for_workers(2, timeout=LIMIT)

        def slow(part, killed):
            if running_in_a_worker() and not os.path.exists(killed):
                with open(killed, "w") as file:
                    file.write(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGKILL)
            return part

        made = df.map_partitions(slow, str(tmp_path / "killed"), meta=df.head(0))
        there = made.groupby("name").x.sum().compute()
        assert len(client.nthreads()) == 1
    assert int((tmp_path / "killed").read_text()) > 0
    pd.testing.assert_series_equal(there, made.groupby("name").x.sum().compute(), rtol=0, atol=0)


def files_of(folder):
    return {path.name: pd.read_parquet(path) for path in sorted(folder.iterdir())}


WRITTEN = {
    "days": lambda df: df,
    "filter": lambda df: df[df.x > 0.9],
    "sorted": lambda df: df.sort_values("x")[["x", "name"]],
    "groups": lambda df: df.groupby("name").x.sum().to_frame(),
    "nothing": lambda df: df[df.x > 2],
    "categories": lambda df: bf.from_pandas(df.compute().astype({"name": "category"}), npartitions=3),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_workers_write(name, client, tmp_path):
    made = WRITTEN[name](days("2000-01-13", "10min"))
    there = made.to_parquet(tmp_path / "there")
    here = made.to_parquet(tmp_path / "here", scheduler="threads")
    assert (there["files"], there["rows_written"]) == (here["files"], here["rows_written"])
    own, other = files_of(tmp_path / "here"), files_of(tmp_path / "there")
    assert list(own) == list(other)
    for file, frame in own.items():
        pd.testing.assert_frame_equal(other[file], frame, rtol=0, atol=0)
        read = pyarrow.parquet.read_schema
        assert read(tmp_path / "there" / file).equals(read(tmp_path / "here" / file), check_metadata=True)
    assert sorted(os.listdir(tmp_path)) == ["here", "there"]


def test_workers_write_what_lies_on_them(client, tmp_path):
    df = days()
    kept = df[df.x > 0.5].persist()
    kept.to_parquet(tmp_path / "made" / "kept", compression="zstd", row_group_size=100, write_index=False)
    kept.to_ipc(tmp_path / "ipc")
    assert all(name.startswith("part.") and name.endswith(".arrow") for name in os.listdir(tmp_path / "ipc"))
    client.close()
    here = df[df.x > 0.5].compute()
    pd.testing.assert_frame_equal(bf.read_ipc(str(tmp_path / "ipc")).compute().set_index("timestamp"), here)
    there = bf.read_parquet(str(tmp_path / "made" / "kept")).compute()
    pd.testing.assert_frame_equal(there, here.reset_index(drop=True))


def test_workers_overwrite_what_was_asked_to(client, tmp_path):
    df = days()
    df.to_parquet(tmp_path / "days")
    with pytest.raises(FileExistsError, match="already exists"):
        df.to_parquet(tmp_path / "days")
    own = bf.read_parquet(str(tmp_path / "days"))
    own[own.x > 0].to_parquet(tmp_path / "days", overwrite=True)
    assert bf.read_parquet(str(tmp_path / "days")).x.min().compute() > 0
    (tmp_path / "days" / "notes.txt").touch()
    with pytest.raises(ValueError, match=r"notes\.txt.* no part of a data set"):
        df.to_parquet(tmp_path / "days", overwrite=True)
    (tmp_path / "empty").mkdir()
    df.to_parquet(tmp_path / "empty")
    assert sorted(os.listdir(tmp_path)) == ["days", "empty"]


def test_workers_leave_nothing_of_a_write_that_fails(client, tmp_path):
    df = days()
    with pytest.raises(ValueError, match="no compression is called 'none of them'"):
        df.to_parquet(tmp_path / "days", compression="none of them")

    def fails(part):
        if part.x.max() > 0:
            raise ZeroDivisionError("no")
        return part

    with pytest.raises(Exception, match="no"):
        df.map_partitions(fails, meta=df.head(0)).to_parquet(tmp_path / "some" / "folder" / "days")
    with pytest.raises(OSError, match="nowhere"):
        df.to_parquet("/proc/nowhere/days")
    assert not os.listdir(tmp_path)


def test_workers_that_do_not_see_the_folder(client, tmp_path):
    from blockfold._cluster import worker

    call = client.submit(
        worker.write_blocks, None, None, str(tmp_path / "gone" / ".x"), ["part.0"], "write_parquet", ()
    )
    with pytest.raises(OSError, match=r"worker tcp://127\.0\.0\.1:\d+ does not see the folder .*gone"):
        call.result(LIMIT)


def test_a_worker_that_is_killed_while_it_writes(tmp_path):
    df = days("2000-01-13", "1min")
    with Cluster(tmp_path, workers=2) as cluster, bf.distributed.Client(cluster.address) as client:
        client.wait_for_workers(2, timeout=LIMIT)

        def slow(part, killed):
            if running_in_a_worker() and not os.path.exists(killed):
                with open(killed, "w") as file:
                    file.write(str(os.getpid()))
                os.kill(os.getpid(), signal.SIGKILL)
            return part

        df.map_partitions(slow, str(tmp_path / "killed"), meta=df.head(0)).to_parquet(tmp_path / "out" / "days")
    assert os.listdir(tmp_path / "out") == ["days"] and len(os.listdir(tmp_path / "out" / "days")) == 12
    there = bf.read_parquet(str(tmp_path / "out" / "days")).compute().set_index("timestamp")
    pd.testing.assert_frame_equal(there, df.compute())


def test_arrays_write_here(client, tmp_path):
    x = ba.arange(100, chunks=10)
    x.to_npy(tmp_path / "x.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), np.arange(100))
    kept = x.reshape((10, 10)).persist()
    (kept + 1).to_zarr(tmp_path / "x.zarr")
    kept.T.to_npy(tmp_path / "y.npy")
    client.close()
    np.testing.assert_array_equal(ba.from_zarr(tmp_path / "x.zarr").compute(), np.arange(1, 101).reshape(10, 10))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), np.arange(100).reshape(10, 10).T)


#: Calls that run something before they can say what they make: bounds, places, the shape, factors of small matrices.
WITH_RUNS = {
    "set_index": lambda df, x: df.set_index("id").loc[990:1010],
    "to_array": lambda df, x: df[["x", "y"]].to_array().sum(axis=0),
    "mask": lambda df, x: x[x > 0.9],
    "unique": lambda df, x: ba.unique((x * 10).astype("int64")),
    "svd": lambda df, x: ba.linalg.svd(x)[1],
    "svd_compressed": lambda df, x: ba.linalg.svd_compressed(x, 3, seed=1)[1],
    "overlap": lambda df, x: x.map_overlap(lambda block: block[::-1], depth=1, boundary="reflect"),
    "fft": lambda df, x: ba.fft.fft2(x),
    "quarters": lambda df, x: df.repartition(npartitions=3),
}


@pytest.mark.parametrize("name", WITH_RUNS)
def test_calls_that_run_something_first(name, client):
    def made(keep):
        x = ba.random.default_rng(1).random((120, 12), chunks=(40, 12))
        return WITH_RUNS[name](keep(days()), keep(x))

    there = made(lambda value: value.persist())
    answer = there.compute()
    before = made(lambda value: value).compute()
    client.close()
    here = made(lambda value: value)
    same = np.testing.assert_allclose if isinstance(answer, np.ndarray) else pd.testing.assert_frame_equal
    same(answer, here.compute())
    same(before, here.compute())


def test_what_was_kept_by_the_way_is_not_needed(client):
    """Values that nobody kept are made again where there is no cluster."""
    x = ba.from_array(np.arange(120.0).reshape(30, 4), chunks=(10, 4))
    made = [x[x > 50], ba.unique(x % 7), ba.argwhere(x > 110), days()[["id", "x"]].set_index("id").x.sum()]
    here = [np.asarray(one.compute(scheduler="threads")) for one in made]
    there = [np.asarray(one.compute()) for one in made]
    kept = x.persist()
    sent = pickle.dumps(kept[kept > 50])
    np.testing.assert_array_equal(pickle.loads(sent).compute(), here[0])
    sent = pickle.dumps(made)
    client.close()
    for one, read, own, other in zip(made, pickle.loads(sent), here, there, strict=True):
        np.testing.assert_allclose(other, own)
        np.testing.assert_allclose(np.asarray(one.compute()), own)
        np.testing.assert_allclose(np.asarray(read.compute()), own)


def test_an_interrupted_call_leaves_no_tasks(client):
    import time

    def slow(part):
        time.sleep(0.3)
        return part

    x = ba.ones((400, 4), chunks=(10, 4)).map_blocks(slow, dtype="float64")
    with interrupted_after(1.0), pytest.raises(KeyboardInterrupt):
        x[x > 0.5]
    end = time.monotonic() + LIMIT
    while any(client.processing().values()) or client._backend.client.futures:
        assert time.monotonic() < end, "the cluster goes on working"
        time.sleep(0.1)


def test_an_interrupted_write_leaves_nothing(client, tmp_path):
    import time

    def slow(part):
        time.sleep(0.3)
        return part

    x = ba.ones((400, 4), chunks=(10, 4)).map_blocks(slow, dtype="float64").persist()
    with interrupted_after(1.0), pytest.raises(KeyboardInterrupt):
        (x + 1).to_zarr(tmp_path / "x.zarr")
    del x
    end = time.monotonic() + LIMIT
    while os.listdir(tmp_path) or any(client.processing().values()):
        assert time.monotonic() < end, "something goes on"
        time.sleep(0.1)


def test_what_is_kept_no_longer(cluster):
    with bf.distributed.Client(cluster):
        kept = days().persist()
    with bf.distributed.Client(cluster):
        for lost in (kept.x.sum().compute, lambda: kept.set_index("id"), lambda: len(kept)):
            with pytest.raises(bf.exceptions.CancelledError, match="its client was closed.*call persist"):
                lost()


def test_divisions_are_in_the_unit_of_their_column(client):
    df = days("2000-01-20", "1h")
    assert df.persist().repartition(freq="5D").divisions == df.repartition(freq="5D").divisions


def test_runs_inside_of_calls_are_made_once(client, tmp_path):
    df = days()[["id", "x"]]
    counted = lambda part: (tmp_path / f"{os.getpid()}-{os.urandom(4).hex()}").touch() or part
    by_id = df.map_partitions(counted, meta=df.head(0)).set_index("id")
    first = len(os.listdir(tmp_path))
    assert first >= df.npartitions  # The bounds were looked for.
    by_id.x.sum().compute()
    # Beside the partitions it is only called for the columns of its result.
    second = len(os.listdir(tmp_path)) - first
    assert df.npartitions <= second < 2 * df.npartitions
    read = pickle.loads(cloudpickle.dumps(by_id))
    assert len(os.listdir(tmp_path)) - first - second < df.npartitions and read.divisions == by_id.divisions


def test_files_that_are_written_anew(client, tmp_path):
    """Workers keep plans for a while, with the small tables that are joined."""
    small, out = tmp_path / "small.parquet", []
    for factor in (1, 2):
        names = pd.DataFrame({"id": np.arange(800, 1200), "weight": np.arange(400) * factor})
        names.to_parquet(tmp_path / "new.parquet")
        os.replace(tmp_path / "new.parquet", small)
        joined = days()[["id", "x"]].merge(bf.read_parquet(str(small)), on="id")
        out.append(joined.weight.sum().compute())
    assert out[1] == 2 * out[0] > 0
    for factor in (1, 2):
        for name, write in (("npy", ba.Array.to_npy), ("zarr", ba.Array.to_zarr)):
            write(ba.arange(1000, chunks=100) * factor, tmp_path / f"x.{name}", overwrite=True)
            x = ba.open_npy(tmp_path / "x.npy") if name == "npy" else ba.from_zarr(tmp_path / "x.zarr")
            assert int(x.sum().compute()) == 499500 * factor


def test_a_path_that_workers_do_not_see(client, tmp_path):
    days().to_parquet(tmp_path / "days")
    df = bf.read_parquet(str(tmp_path / "days"))
    assert df.x.count().compute() == len(days())
    plan = Scheduled(client._backend).plan(plan_of(df.y.sum()))
    (tmp_path / "days").rename(tmp_path / "moved")
    with pytest.raises(bf.Error, match=r"worker tcp://127\.0\.0\.1:\d+ .*days"):
        client._backend.run_graph(plan.graph, plan.keys)


def test_an_answer_that_is_too_large(client):
    with bf.Session(memory_budget="16MiB"):
        df = days("2000-01-20", "1s")
    with bf.Session(memory_budget="16MiB"), pytest.raises(bf.exceptions.OverBudgetError, match="MiB"):
        df.compute()


def test_what_cannot_be_sent(client):
    import threading

    def locked(part, lock=threading.Lock()):
        return part

    df = days()
    with pytest.raises(bf.Error, match="cannot be pickled"):
        df.map_partitions(locked, meta=df.head(0)).x.sum().compute()


def test_fragments_of_another_version(client):
    from blockfold._cluster import worker

    df = days()
    graph = dict(df.x.sum().__dask_graph__())
    key = next(key for key in graph if str(key).startswith("plan-"))
    plan = graph[key]()
    other = bytes(plan).replace(f"plan {bf.__version__} ".encode(), b"plan 99.0.0 ", 1)
    with pytest.raises(bf.Error, match=rf"99\.0\.0.*{bf.__version__}"):
        worker.decoded("plan", other)


def test_workers_keep_to_their_memory(tmp_path):
    """A sort of more than a worker's memory goes to its scratch; no worker is restarted for its memory."""
    df = days("2000-01-15", "1s")
    with Cluster(tmp_path, workers=2, worker_options=["--memory-limit", "400MiB"]) as cluster:
        with bf.distributed.Client(cluster.address) as client:
            client.wait_for_workers(2, timeout=LIMIT)
            before = set(client.nthreads())
            largest = df.sort_values("x").tail(3, compute=False).compute()
            assert set(client.nthreads()) == before
    here = df.sort_values("x").tail(3, compute=False).compute()
    pd.testing.assert_frame_equal(largest, here)


def test_a_column_and_a_frame_of_it_at_once(client):
    """Their plan is the same, but the one is a series and the other a frame."""
    df = days()
    column, frame = dask.compute(df.x, df[["x"]], scheduler=client._backend.client)
    assert (type(column), type(frame)) == (pd.Series, pd.DataFrame)
    token = dask.base.tokenize
    assert token(days().x) == token(df.x) != token(df[["x"]])


def test_errors_of_workers_keep_their_type(client):
    def fails(kind, text):
        raise kind(text)

    kinds = [one for one in vars(bf.exceptions).values() if isinstance(one, type) and issubclass(one, bf.Error)]
    for kind in kinds:
        with pytest.raises(kind, match="too much") as failure:
            client.submit(fails, kind, "too much").result()
        assert failure.type is kind


def test_plans_of_large_data_are_not_kept(client):
    """A worker keeps the newest, which holds the data that it reads, and not the ones before it, too."""
    df = bf.from_dict({"x": np.arange(1_500_000.0), "y": np.arange(1_500_000.0)}, npartitions=2)
    for number in range(4):
        (df.x + df.y + number).sum().compute()

    def kept():
        from blockfold._cluster import worker

        return [kept.size for kept in worker._plans.values()]

    for sizes in client.run(kept).values():
        assert sum(sizes[:-1]) <= 32 << 20, sizes


@contextlib.contextmanager
def interrupted_after(seconds):
    """As by Ctrl-C."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_interrupted_run_leaves_no_tasks(client, tmp_path):
    """Not even while somebody keeps the exception."""
    import time

    def slow(part):
        time.sleep(0.3)
        return part

    df = days("2000-02-01")
    made = df.map_partitions(slow, meta=df.head(0))
    with interrupted_after(1.0), pytest.raises(KeyboardInterrupt) as held:
        made.x.sum().compute()
    end = time.monotonic() + LIMIT
    while any(client.processing().values()):
        assert time.monotonic() < end, "the cluster goes on working"
        time.sleep(0.1)
    assert held.value is not None


def test_without_a_cluster():
    """Dask's own schedulers leave results in this process, where later runs read them."""
    df = days()
    (kept,) = dask.persist(df[df.x > 0.5], scheduler="threads")
    assert "given" not in kept.explain()
    assert kept.npartitions == df.npartitions
    assert kept.x.sum().compute() == df[df.x > 0.5].x.sum().compute()
    pd.testing.assert_frame_equal(kept.compute(), df[df.x > 0.5].compute())
    (none,) = dask.persist(df[df.x > 5], scheduler="threads")
    assert len(none) == 0
    (x,) = dask.persist(ba.arange(10, chunks=3) + 1, scheduler="threads")
    assert x.chunks == ((3, 3, 3, 1),)
    assert int(x[2:4].sum().compute()) == 7
    (column, y) = dask.optimize(df.x, ba.arange(10, chunks=3))
    assert (column.max().compute(), int(y.sum().compute())) == (df.x.max().compute(), 45)
