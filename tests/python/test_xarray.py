"""xarray over our arrays, found by the package's entry point."""

import numpy as np
import pytest

xr = pytest.importorskip("xarray")

import blockfold.array as da  # noqa: E402

pytestmark = pytest.mark.usefixtures("entry_points")


@pytest.fixture
def both():
    values = np.random.default_rng(0).normal(size=(6, 8))
    eager = xr.DataArray(values, dims=("time", "x"), coords={"time": np.arange(6), "x": np.arange(8)}, name="t")
    return eager, eager.chunk({"time": 2, "x": 4}, chunked_array_type="blockfold")


CASES = """
D + 1
D * D - D.mean("time")
D.mean()
D.sum("x")
D.std("time")
D.max(("time", "x"))
D.isel(x=3)
D.isel(time=slice(1, 5, 2))
D.sel(x=slice(2, 5))
D.transpose("x", "time")
D.where(D > 0)
D.where(D > 0, 0)
D.fillna(0)
xr.concat([D, D], dim="time")
np.sin(D)
D.cumsum("time")
D.diff("x")
D.clip(-1, 1)
D.astype("float32")
D.expand_dims("new")
D.isnull()
D.argmax("x")
D.mean("x")
xr.apply_ufunc(np.exp, D, dask="parallelized", output_dtypes=[float])
xr.dot(D, D, dim="x")
D.shift(time=1)
D.roll(x=2)
D.pad(x=1, constant_values=0.0)
""".strip().splitlines()


@pytest.mark.parametrize("case", CASES)
def test_as_without_chunks(case, both):
    eager, lazy = both
    got = eval(case, {"D": lazy, "xr": xr, "np": np})
    assert isinstance(got.data, da.Array)
    xr.testing.assert_allclose(got.compute(), eval(case, {"D": eager, "xr": xr, "np": np}))


def test_chunks_are_kept(both):
    eager, lazy = both
    assert lazy.chunks == ((2, 2, 2), (4, 4))
    assert lazy.chunk({"time": -1}, chunked_array_type="blockfold").chunks == ((6,), (4, 4))
    assert "blockfold.Array" in repr(lazy)
    xr.testing.assert_identical(lazy.load(), eager)


def test_boxes_are_read_as_they_are_needed():
    class Recording:
        shape, dtype, ndim = (100, 100), np.dtype("f8"), 2
        asked: list = []

        def __getitem__(self, key):
            self.asked.append(key)
            return np.ones(self.shape)[key]

    source = Recording()
    x = da.from_array(source, chunks=10)
    assert source.asked == []
    assert x[:10, :10].sum().compute() == 100
    assert all(one.stop <= 10 for key in source.asked for one in key)
    np.testing.assert_array_equal(x + x.T, np.full((100, 100), 2.0))
