"""Comparing what the program prints with what an oracle computes, value by value."""

import math
import re

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

UNITS = {"s": "s", "ms": "ms", "µs": "us", "us": "us", "ns": "ns"}


def short_type(dtype):
    """The program's name of a type."""
    if kinds.is_dictionary(dtype):
        return short_type(dtype.value_type)
    if kinds.is_boolean(dtype):
        return "bool"
    if kinds.is_integer(dtype) or kinds.is_floating(dtype):
        return str(dtype).replace("uint", "u").replace("int", "i").replace("halffloat", "f16").replace(
            "float", "f32").replace("double", "f64")
    if kinds.is_string(dtype) or kinds.is_large_string(dtype) or dtype == pa.string_view():
        return "str"
    if kinds.is_date32(dtype):
        return "date"
    unit = {"us": "µs"}.get(dtype.unit, dtype.unit)
    if kinds.is_timestamp(dtype):
        return f"timestamp[{unit}, {dtype.tz}]" if dtype.tz else f"timestamp[{unit}]"
    assert kinds.is_duration(dtype), dtype
    return f"duration[{unit}]"


NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def expected_values(column):
    """A column of an Arrow table as plain values; times and spans are numbers of nanoseconds."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if kinds.is_dictionary(column.type):
        column = column.dictionary_decode()
    if kinds.is_date32(column.type):
        column = column.cast(pa.int32())
    elif kinds.is_temporal(column.type):
        factor = NANOSECONDS[column.type.unit]
        return [None if ticks is None else ticks * factor for ticks in column.cast(pa.int64()).to_pylist()]
    return column.to_pylist()


def value(text, dtype):
    """A value of the program's JSON, as `expected_values` has it."""
    if text is None:
        return None
    if dtype in ("f16", "f32", "f64"):
        return float(text)
    if dtype == "date":
        return int(np.datetime64(text, "D").astype("int64"))
    found = re.fullmatch(r"timestamp\[(\w+)(, .*)?\]", dtype)
    if found:
        zoned = found.group(2) is not None
        assert text.endswith("Z") == zoned, f"{text} of {dtype}"
        unit = UNITS[found.group(1)]
        return int(np.datetime64(text.removesuffix("Z"), unit).astype("int64")) * NANOSECONDS[unit]
    found = re.fullmatch(r"duration\[(\w+)\]", dtype)
    if found:
        return text * NANOSECONDS[UNITS[found.group(1)]]
    return text


def same(left, right, tolerance):
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        return left == right or math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return left == right


def assert_rows(document, expected, tolerance=0.0, types=True):
    """The rows of the program are the rows of an Arrow table, in the same order."""
    names = [column["name"] for column in document["columns"]]
    assert names == expected.column_names
    dtypes = {column["name"]: column["type"] for column in document["columns"]}
    assert len(document["rows"]) == expected.num_rows
    for name in names:
        dtype = dtypes[name]
        if types:
            plain = re.sub(r"^dictionary\[(.*)\]$", r"\1", dtype)
            assert plain == short_type(expected.schema.field(name).type), f"type of {name}"
        values = [value(row[name], dtype) for row in document["rows"]]
        wanted = expected_values(expected[name])
        for i, (ours, theirs) in enumerate(zip(values, wanted, strict=True)):
            where = f"{name} of row {i}: {document['rows'][i]}"
            assert same(float32(ours, dtype), theirs, tolerance), f"{where}: {ours!r}, the oracle has {theirs!r}"


def float32(number, dtype):
    """The f32 that the shortest digits stand for."""
    return float(np.float32(number)) if dtype == "f32" and number is not None else number
