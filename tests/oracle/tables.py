"""Tables of made-up data."""

import datetime

import numpy as np
import pyarrow as pa

INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]

WORDS = ["", "a", "ab", "Zoë", "naïve", "日本", "with space", "it's", 'say "no"', "comma,", "x" * 300]


def with_nulls(values, random, dtype, share=0.1):
    mask = random.random(len(values)) < share
    return pa.array(values, type=dtype, mask=mask)


def every_type(rows, seed=1):
    """One column of each supported type: its name says the type."""
    random = np.random.default_rng(seed)
    columns = {"row": pa.array(np.arange(rows))}
    columns["bool"] = with_nulls(random.random(rows) < 0.5, random, pa.bool_())
    for name in INTEGERS:
        info = np.iinfo(name)
        values = random.integers(info.min, info.max, rows, dtype=name, endpoint=True)
        values[:2] = [info.min, info.max]
        columns[name] = with_nulls(values, random, pa.type_for_alias(name))
    small = random.integers(-5, 6, rows)
    columns["small"] = with_nulls(small, random, pa.int32())
    floats = random.normal(size=rows)
    floats[random.random(rows) < 0.05] = np.nan
    floats[:4] = [np.inf, -np.inf, -0.0, 0.0]
    columns["float32"] = with_nulls(floats.astype("float32"), random, pa.float32())
    columns["float64"] = with_nulls(floats, random, pa.float64())
    columns["plain"] = pa.array(random.uniform(-1, 1, rows))
    words = random.choice(np.array(WORDS, dtype=object), rows)
    columns["string"] = with_nulls(words, random, pa.string())
    columns["word"] = pa.array([f"key {i * 7919 % rows:06}" for i in range(rows)])
    columns["category"] = columns["string"].dictionary_encode()
    days = random.integers(-40_000, 40_000, rows).astype("int32")
    columns["date"] = pa.array(days, type=pa.int32(), mask=random.random(rows) < 0.1).cast(pa.date32())
    start = int(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC).timestamp())
    seconds = random.integers(-10**8, 10**8, rows) + start
    for unit, factor in [("ms", 10**3), ("us", 10**6), ("ns", 10**9)]:
        ticks = with_nulls(seconds * factor + random.integers(0, factor, rows), random, pa.int64())
        columns[f"time_{unit}"] = ticks.cast(pa.timestamp(unit))
        columns[f"zoned_{unit}"] = ticks.cast(pa.timestamp(unit, "Europe/Berlin"))
        columns[f"span_{unit}"] = ticks.cast(pa.duration(unit))
    return pa.table(columns)
