"""Delayed calls, futures and graphs on Ray."""

import os
import time

import blockfold as bf
import blockfold.array as ba
import numpy as np
import pandas as pd
import pytest
from blockfold import _cluster
from blockfold.distributed import Client, as_completed, wait
from cluster import PACKAGE

LIMIT = 120


def add(x, y):
    return x + y


def inc(x):
    return x + 1


def where(*_):
    return os.getpid()


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray", reason="ray is not installed")
    path = os.pathsep.join([str(PACKAGE), os.path.dirname(__file__)])
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        log_to_driver=False,
        object_store_memory=256 * 1024 * 1024,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
    )
    yield ray
    ray.shutdown()


@pytest.fixture
def client(ray):
    with Client("ray") as client:
        yield client


def test_calls_run_on_workers(client):
    incs = client.map(inc, range(10))
    decs = client.map(lambda x: x - 1, range(10))
    sums = client.map(add, incs, decs)
    total = client.submit(sum, sums)
    assert total.result(LIMIT) == 2 * sum(range(10))
    assert client.gather({"a": incs[:2], "b": (decs[1], 7)}) == {"a": [1, 2], "b": (0, 7)}
    assert sorted(future.result() for future in as_completed(incs)) == list(range(1, 11))
    done = wait(incs, timeout=LIMIT)
    assert len(done.done) == 10 and not done.not_done
    assert client.submit(where).result(LIMIT) != os.getpid()
    assert total.status == "finished" and total.key.startswith("sum-") and total.done() and not total.cancelled()


def test_arguments_may_be_anything_lazy(client):
    three = client.submit(inc, 2)
    assert client.submit(add, three, bf.delayed(add)(three, 1)).result(LIMIT) == 7
    assert client.submit(lambda d: d["a"][0] + d["b"], {"a": [three], "b": bf.delayed(4)}).result(LIMIT) == 7
    df = bf.from_dict({"x": [1, 2, 3]})
    assert client.submit(lambda table: table.x.sum(), df).result(LIMIT) == 6
    [scattered] = client.scatter([[1, 2]])
    assert client.submit(sum, scattered).result(LIMIT) == 3


def test_delayed_values(client):
    call = bf.delayed(inc)
    total = call(1) + call(2) * 10
    assert total.compute() == 32 and bf.compute(total, [call(5)]) == (32, [6])
    kept = total.persist()
    assert (kept + kept).compute() == 64 and kept.compute(scheduler="threads") == 32
    assert client.compute(total).result(LIMIT) == 32
    value = bf.delayed(0)
    for _ in range(200):
        value = call(value)
    assert value.compute() == 200


def test_failures_retries_limits_and_cancelling(client, tmp_path):
    def flaky(path):
        with open(path, "a+") as file:
            file.write("x")
            file.seek(0)
            tries = len(file.read())
        if tries < 3:
            raise OSError("not yet")
        return tries

    assert client.submit(flaky, str(tmp_path / "tries"), retries=5).result(LIMIT) == 3
    failed = client.submit(lambda: 1 / 0)
    assert type(failed.exception(LIMIT)) is ZeroDivisionError and failed.status == "error"
    with pytest.raises(ZeroDivisionError):
        client.submit(add, failed, 1).result(LIMIT)
    with pytest.raises(TimeoutError, match="had not ended"):
        client.submit(time.sleep, 20, timeout=0.2).result(LIMIT)
    waits = client.submit(lambda: [time.sleep(0.05) for _ in range(400)])
    with pytest.raises(TimeoutError):
        waits.result(timeout=0.2)
    waits.cancel()
    assert isinstance(waits.exception(LIMIT), bf.exceptions.CancelledError) and waits.status == "cancelled"


def test_results_that_are_too_large(client):
    with bf.Session(memory_budget="16MiB"):
        large = client.submit(np.ones, 3 * 1024 * 1024)
        with pytest.raises(bf.exceptions.OverBudgetError, match=r"24\.0 MiB.*16\.0 MiB"):
            large.result(LIMIT)
        assert client.submit(np.sum, large).result(LIMIT) == 3 * 1024 * 1024


def test_graphs(client, ray):
    from dask.task_spec import Task, TaskRef

    backend = _cluster.current()
    graph = {"a-1": Task("a-1", inc, 1), "b-1": Task("b-1", add, TaskRef("a-1"), 10)}
    assert backend.run_graph(graph, ["b-1", "a-1"]) == [12, 2]
    [kept] = backend.persist_graph(graph, ["b-1"])
    assert isinstance(kept, ray.ObjectRef)
    graph = {"b-1": kept, "c-1": Task("c-1", add, TaskRef("b-1"), 1)}
    assert backend.run_graph(graph, ["c-1", "b-1"]) == [13, 12]


def test_the_schedulers_of_ray_and_dask_take_delayed_values(client):
    import dask
    from ray.util.dask import ray_dask_get

    total = bf.delayed(add)(bf.delayed(inc)(1), 2)
    assert dask.compute(total, scheduler=ray_dask_get) == (4,)
    assert total.compute(scheduler=ray_dask_get) == 4
    kept = total.persist(scheduler=ray_dask_get)
    assert kept.compute(scheduler="threads") == 4


def days():
    return bf.datasets.timeseries(end="2000-01-05", freq="1min", partition_freq="1D", seed=1)


FRAMES = {
    "groups": lambda df: df.groupby("name").x.sum(),
    "filter": lambda df: df[df.x > 0.9][["id", "y"]],
    "sort": lambda df: df.sort_values(["name", "x"]),
    "function": lambda df: df.map_partitions(lambda part: part.assign(z=part.x + 1)),
}

ARRAYS = {
    "notebook": lambda x: (x.dot(x.T) - x.mean(axis=0)).std(),
    "mapped": lambda x: x.map_blocks(lambda block: block[::-1]).sum(axis=1),
}


def squares():
    return ba.random.default_rng(1).random((200, 200), chunks=(100, 100))


def assert_same(there, here):
    if isinstance(here, pd.DataFrame):
        pd.testing.assert_frame_equal(there, here, rtol=0, atol=0)
    elif isinstance(here, pd.Series):
        pd.testing.assert_series_equal(there, here, rtol=0, atol=0)
    else:
        np.testing.assert_array_equal(there, here)


@pytest.mark.parametrize("name", FRAMES)
def test_frames(name, client):
    made = FRAMES[name](days())
    assert_same(made.compute(), made.compute(scheduler="threads"))


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name, client):
    made = ARRAYS[name](squares())
    assert_same(made.compute(), made.compute(scheduler="threads"))


def test_frames_and_arrays_that_stay_on_workers(client, ray):
    df = days()
    kept = df[df.x > 0.5].persist()
    assert any(isinstance(one, ray.ObjectRef) for one in kept._native._blocks.graph.values())
    here = df[df.x > 0.5].groupby("name").x.sum().compute(scheduler="threads")
    assert_same(kept.groupby("name").x.sum().compute(), here)
    assert_same(kept[kept.y > 0].persist().y.count().compute(), len(df[(df.x > 0.5) & (df.y > 0)]))
    x = ba.arange(100, chunks=10).persist()
    assert (x + 1).sum().compute() == 5050


def test_rays_scheduler_for_dask_takes_frames_and_arrays(ray):
    import dask
    from ray.util.dask import ray_dask_get

    for made in (FRAMES["groups"](days()), ARRAYS["notebook"](squares())):
        here = made.compute()
        assert_same(made.compute(scheduler=ray_dask_get), here)
        assert_same(dask.compute(made, scheduler=ray_dask_get)[0], here)


def test_processes_share_the_memory_of_their_node(client, ray):
    from blockfold._cluster import graph, worker

    def told():
        own = worker.session()
        return own.memory_budget_bytes, own.threads, worker.here()

    budget, threads, name = client.submit(told, pure=False).result(LIMIT)
    [node] = ray.nodes()
    assert budget == int(int(node["Resources"]["memory"]) // 2 * worker.SHARE)
    assert threads == 1
    assert name.startswith("Ray's worker ") and name.endswith(" on " + node["NodeManagerAddress"])
    assert worker.here() == "this process"
    assert graph.Cut.of_backend(client._backend).budget_bytes == budget
    assert graph.Cut.here().threads == 2


def test_paths_that_workers_do_not_see(client, tmp_path):
    from blockfold._cluster.runs import Scheduled, plan_of

    days().to_parquet(tmp_path / "days")
    df = bf.read_parquet(str(tmp_path / "days"))
    assert df.x.count().compute() == len(days())
    plan = Scheduled(client._backend).plan(plan_of(df.y.sum()))
    (tmp_path / "days").rename(tmp_path / "moved")
    with pytest.raises(bf.Error, match=r"Ray's worker \w+ on .*days"):
        client._backend.run_graph(plan.graph, plan.keys)


def test_what_there_is(client):
    assert sum(client.ncores().values()) == 2
    assert repr(client) == "<Client: Ray, 1 nodes, 2 cores>"
    assert len(client.scheduler_info()["workers"]) == 1
    assert _cluster.current() is client._backend
    with Client("ray:auto") as inner:
        assert _cluster.current() is inner._backend
    assert client.submit(inc, 1).result(LIMIT) == 2


def test_nodes_of_another_version(ray, monkeypatch):
    from blockfold import _blockfold

    monkeypatch.setattr(_blockfold, "__version__", "0.0.1")
    with pytest.raises(bf.exceptions.VersionError, match=r"the client has blockfold 0\.0\.1, and \S+ has"):
        Client("ray")
    assert ray.is_initialized() and _cluster.current() is None


def test_ray_is_needed(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(bf.exceptions.MissingPackageError, match=r"blockfold\[ray\]"):
        Client("ray://127.0.0.1:10001")
