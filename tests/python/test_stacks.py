"""Functions of matrices against NumPy: of one, of stacks of them, of real and complex numbers."""

import numpy as np
import pytest

import blockfold.array as da

LINALG = da.linalg
RANDOM = np.random.default_rng(3)


def matrices(shape, dtype):
    made = RANDOM.normal(size=shape)
    if np.dtype(dtype).kind == "c":
        made = made + 1j * RANDOM.normal(size=shape)
    return made.astype(dtype)


def both(shape, dtype="float64", symmetric=False):
    values = matrices(shape, dtype)
    if symmetric:
        values = values @ np.swapaxes(values, -1, -2).conj() + shape[-1] * np.eye(shape[-1], dtype=dtype)
    return values, da.from_array(values, chunks=2)


SHAPES = [(4, 4), (3, 4, 4), (2, 3, 4, 4)]


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["inv", "det", "pinv", "matrix_rank", "svdvals"])
def test_functions_of_square_matrices(name, shape, dtype):
    values, x = both(shape, dtype)
    made, expected = getattr(LINALG, name)(x), getattr(np.linalg, name)(values)
    assert made.shape == expected.shape
    np.testing.assert_allclose(made.compute(), expected, rtol=2e-3 if dtype == "float32" else 1e-8)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("shape", SHAPES)
def test_decompositions_give_the_matrices_back(shape, dtype):
    values, x = both(shape, dtype, symmetric=True)

    def close(made):
        np.testing.assert_allclose(made, values, atol=1e-8)

    q, r = LINALG.qr(x)
    close((q @ r).compute())
    u, s, v = LINALG.svd(x)
    close(u.compute() * s.compute()[..., None, :] @ v.compute())
    lower = LINALG.cholesky(x).compute()
    close(lower @ np.swapaxes(lower, -1, -2).conj())
    upper = LINALG.cholesky(x, upper=True).compute()
    close(np.swapaxes(upper, -1, -2).conj() @ upper)
    found = LINALG.eigh(x)
    np.testing.assert_allclose(found.eigenvalues.compute(), np.linalg.eigvalsh(values))
    np.testing.assert_allclose(LINALG.eigvalsh(x).compute(), np.linalg.eigvalsh(values))
    vectors = found.eigenvectors.compute()
    close(vectors * found.eigenvalues.compute()[..., None, :] @ np.swapaxes(vectors, -1, -2).conj())
    sign, logarithm = LINALG.slogdet(x)
    np.testing.assert_allclose(sign.compute() * np.exp(logarithm.compute()), np.linalg.det(values))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (2, 5, 3), (2, 3, 5)])
def test_decompositions_of_tall_and_wide_ones(shape):
    values, x = both(shape)
    for full in (False, True):
        u, s, v = LINALG.svd(x, full_matrices=full)
        expected = np.linalg.svd(values, full_matrices=full)
        assert [one.shape for one in (u, s, v)] == [one.shape for one in expected]
        np.testing.assert_allclose(s.compute(), expected[1])
    q, r = LINALG.qr(x, mode="complete")
    assert (q.shape[-2:], r.shape[-2:]) == ((shape[-2], shape[-2]), shape[-2:])
    np.testing.assert_allclose((q @ r).compute(), values, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_eigenvalues_of_general_matrices(shape):
    values, x = both(shape)
    found = LINALG.eig(x)
    w, v = found.eigenvalues.compute(), found.eigenvectors.compute()
    np.testing.assert_allclose(values @ v, w[..., None, :] * v, atol=1e-9)
    assert w.dtype == v.dtype == np.complex128
    np.testing.assert_allclose(np.sort_complex(LINALG.eigvals(x).compute()), np.sort_complex(w))


def test_solutions():
    for shape, right in [((4, 4), (4,)), ((3, 4, 4), (3, 4, 2)), ((3, 4, 4), (4, 2)), ((3, 4, 4), (4,))]:
        values, x = both(shape)
        b = RANDOM.normal(size=right)
        made = LINALG.solve(x, da.from_array(b, chunks=2))
        np.testing.assert_allclose(made.compute(), np.linalg.solve(values, b))


def test_powers():
    for shape in SHAPES:
        values, x = both(shape)
        for n in (-2, 0, 1, 5):
            np.testing.assert_allclose(LINALG.matrix_power(x, n).compute(), np.linalg.matrix_power(values, n), rtol=1e-6)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(ValueError, match="square"):
        LINALG.inv(da.ones((2, 3)))
    with pytest.raises(ValueError, match="no matrix"):
        LINALG.eigh(da.ones(3))
    with pytest.raises(np.linalg.LinAlgError):
        LINALG.inv(da.zeros((2, 3, 3))).compute()
