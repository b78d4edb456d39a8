"""The bandwidth of a mapped column: a plain loop over the batches of an Arrow IPC file, summing `x`."""

import pyarrow as pa


def ipc_sum(path):
    total = 0.0
    with pa.memory_map(path) as file:
        reader = pa.ipc.open_file(file)
        for batch in range(reader.num_record_batches):
            total += reader.get_batch(batch).column("x").to_numpy().sum()
    return pa.table({"x": [total]})
