"""Runs plans twice, here and in fragments, and compares the results."""

import pickle

import numpy as np
import pyarrow as pa
from blockfold._cluster import graph
from blockfold._cluster.runs import Scheduled
from blockfold._recipes import run_here
from blockfold.session import current
from dask._task_spec import DataNode

#: Far less than a cluster's fragments have, so that there are several.
FRAGMENT_BYTES = 1 << 10


def through_pickle(value):
    """A value as it comes out of another process, its buffers sent apart."""
    buffers = []
    data = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    return pickle.loads(data, buffers=[bytearray(buffer) for buffer in buffers])


class Pickling:
    """Runs a graph's tasks one after the other; each gets what others made through pickle."""

    def run_graph(self, dsk, keys):
        done = {}

        def result(key):
            stack = [key]
            while stack:
                at = stack[-1]
                missing = [one for one in dsk[at].dependencies if one not in done]
                if at in done or missing:
                    stack.extend(missing) if at not in done else stack.pop()
                    continue
                made = dsk[stack.pop()]({one: done[one] for one in dsk[at].dependencies})
                done[at] = made if isinstance(made, bytes) else through_pickle(made)
            return done[key]

        return [result(key) for key in keys]

    def each_result(self, dsk, keys):
        yield from self.run_graph(dsk, keys)

    def persist_graph(self, dsk, keys):
        return [DataNode(key, made) for key, made in zip(keys, self.run_graph(dsk, keys), strict=True)]


class Both(Scheduled):
    """Runs plans here and in fragments, and refuses results that differ; in fragments alone what was kept by them."""

    def __init__(self):
        super().__init__(Pickling())

    def plan(self, native):
        return graph.Plan(native, graph.Cut(current().memory_budget_bytes, 2, FRAGMENT_BYTES))

    def _here(self, call, native):
        return run_here(native, call)

    def collect(self, native):
        if graph.has_blocks(native):
            return super().collect(native)
        here = self._here("collect", native)
        _same_tables(pa.table(here), pa.table(super().collect(native)))
        return here

    def compute(self, native):
        if graph.has_blocks(native):
            return super().compute(native)
        here = self._here("compute", native)
        apart = super().compute(native)
        assert np.asarray(here).tobytes() == apart.tobytes(), (np.asarray(here), apart)
        return here

    def batches(self, native):
        if graph.has_blocks(native):
            return super().batches(native)
        here, apart = (pa.table(batches) for batches in (self._here("batches", native), super().batches(native)))
        _same_tables(here, apart)
        return self._here("batches", native)

    def persist(self, native):
        return self._here("persist", native)


def _same_tables(here, apart):
    assert here.schema.names == apart.schema.names
    for name in here.schema.names:
        own, other = (_plain(table.column(name)) for table in (here, apart))
        assert own.equals(other) or _bits(own) == _bits(other), (name, own, other)


def _plain(column):
    column = column.combine_chunks()
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _bits(column):
    return [float(value).hex() if isinstance(value, float) else value for value in column.to_pylist()]
