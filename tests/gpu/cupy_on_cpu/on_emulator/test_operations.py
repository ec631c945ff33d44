"""Operations of the real CuPy, executed, against NumPy's."""

import cupy
import cupyx
import numpy as np
import pytest
import scipy.sparse
from cupyx.scipy import sparse as device_sparse

rng = np.random.default_rng(0)
A = rng.standard_normal((7, 33)).astype(np.float32)
B = rng.standard_normal((7, 33)).astype(np.float32)
STACK = rng.standard_normal((2, 7, 5)).astype(np.float32)
IDS = np.array([0, 3, 3, 6, 0])
PLACES = rng.integers(0, 33, (7, 4))
UNIQUE = np.array([5, 0, 3])
COLUMNS = np.arange(7)
HALVES = np.array([0, 1e-8, 6e-8, 1e-5, 0.1, 1 / 3, 2049, 65519, 65520, -1e9])


def adds(xp, a, ids):
    a = a.copy()
    xp.add.at(a, ids, a[ids] * 2)
    return a


def sets(xp, a, ids):
    a = a.copy()
    a[ids, xp.arange(len(ids))] = -1
    a[ids[:1]] -= 2
    return a


def in_place(xp, a):
    a = a.copy()
    xp.divide(a, 3, out=a)
    xp.exp(a, out=a)
    a *= a.sum(axis=1, keepdims=True)
    return a


def writes_product(xp, a, b):
    out = xp.empty((7, 7), a.dtype)
    xp.matmul(a, b.T, out=out)
    return out


def log_softmax(xp, a):
    a = a - a.max(axis=1, keepdims=True)
    return a - xp.log(xp.exp(a).sum(axis=1, keepdims=True))


def best(xp, a):
    found = xp.argpartition(-a, 3, axis=1)[:, :3]
    return xp.sort(xp.take_along_axis(a, found, 1), axis=1)


# What is done, and with which arrays.
OPERATIONS = {
    "times a number": (lambda xp, a: a * 2, A),
    "two arrays": (lambda xp, a, b: a - b / 3, A, B),
    "turned": (lambda xp, a: a.T + 1, A),
    "negative strides": (lambda xp, a: a[::-1, ::2] * 1, A),
    "of float64": (lambda xp, a: a.astype(xp.float64) / 3, A),
    "to whole numbers": (lambda xp, a: (a * 9).astype(xp.int32), A),
    "to halves": (lambda xp, a: a.astype(xp.float16), HALVES),
    "from halves": (
        lambda xp, a: a.astype(xp.float32),
        HALVES[:-2].astype(np.float16),
    ),
    "exp": (lambda xp, a: xp.exp(a), A),
    "log": (lambda xp, a: xp.log(a * a), A),
    "log1p": (lambda xp, a: xp.log1p(abs(a)), A),
    "sqrt": (lambda xp, a: xp.sqrt(abs(a)), A),
    "maximum": (lambda xp, a, b: xp.maximum(a, b), A, B),
    "where": (lambda xp, a, b: xp.where(a > 0, a, b), A, B),
    "isfinite": (lambda xp, a: xp.isfinite(a / a[:1, :1]).all(), A),
    "in place": (in_place, A),
    "sum": (lambda xp, a: a.sum(), A),
    "sum of rows": (lambda xp, a: a.sum(axis=1), A),
    "sum of columns": (lambda xp, a: a.sum(axis=0), A),
    "sum in float64": (lambda xp, a: a.sum(dtype=xp.float64), A),
    "sum of whole numbers": (lambda xp, i: i.sum(), IDS),
    "mean": (lambda xp, a: a.mean(axis=1), A),
    "max": (lambda xp, a: a.max(axis=0), A),
    "argmax": (lambda xp, a: a.argmax(axis=1), A),
    "argmax of all": (lambda xp, a: a.argmax(), A),
    "cumsum": (lambda xp, a: xp.cumsum(a, axis=1), A),
    "norm": (lambda xp, a: xp.linalg.norm(a, axis=1), A),
    "log softmax": (log_softmax, A),
    "rows": (lambda xp, a, i: a[i], A, IDS),
    "take": (lambda xp, a, i: xp.take(a, i, axis=1), A, IDS),
    "take along": (lambda xp, a, i: xp.take_along_axis(a, i, 1), A, PLACES),
    "cells": (lambda xp, a, i, j: a[i, j], A, IDS, IDS + 2),
    "mask": (lambda xp, a: a[a > 1], A),
    "nonzero": (lambda xp, a: xp.nonzero(a > 0.5)[1], A),
    "add at": (adds, A, IDS),
    "set": (sets, A, UNIQUE),
    "arange": (lambda xp, a: xp.arange(5), A),
    "ones": (lambda xp, a: xp.ones(300, xp.float32) + xp.zeros(300), A),
    "concatenate": (lambda xp, a, b: xp.concatenate([a, b]), A, B),
    "stack": (lambda xp, a, b: xp.stack([a, b], axis=1), A, B),
    "repeat": (lambda xp, i: xp.repeat(i, 2), IDS),
    "bincount": (lambda xp, i: xp.bincount(i, minlength=9), IDS),
    "searchsorted": (
        lambda xp, a, b: xp.searchsorted(xp.sort(a[0]), b[0]),
        A,
        B,
    ),
    "sort": (lambda xp, a: xp.sort(a, axis=1), A),
    "argsort": (lambda xp, a: xp.argsort(a, axis=1), A),
    "lexsort": (lambda xp, a: xp.lexsort(a[:3]), A),
    "argpartition": (best, A),
    "unique": (lambda xp, i: xp.unique(i), IDS),
    "unique's places": (
        lambda xp, i: xp.unique(i, return_inverse=True)[1],
        IDS,
    ),
    "unique's counts": (
        lambda xp, i: xp.unique(i, return_counts=True)[1],
        IDS,
    ),
    "product": (lambda xp, a, b: a @ b.T, A, B),
    "product, turned": (lambda xp, a, b: a.T @ b, A, B),
    "product of float64": (
        lambda xp, a, b: a.astype(xp.float64) @ b.astype(xp.float64).T,
        A,
        B,
    ),
    "product, written": (writes_product, A, B),
    "product of batches": (lambda xp, s: s @ s.swapaxes(1, 2), STACK),
    "product with a vector": (lambda xp, a, b: a @ b[0], A, B),
    "product of vectors": (lambda xp, a, b: xp.dot(a[0], b[0]), A, B),
    "outer": (lambda xp, a, b: xp.outer(a[0], b[0]), A, B),
    "einsum of rows": (lambda xp, a, b: xp.einsum("ij,ij->i", a, b), A, B),
    "einsum of batches": (
        lambda xp, s, a: xp.einsum("kbd,bd->bk", s, a[:, :5]),
        STACK,
        A,
    ),
}
# Sums in another order, and other last digits of exp and log.
CLOSE = {"rtol": 2e-5, "atol": 2e-6}


@pytest.mark.parametrize("name", OPERATIONS)
def test_numpy_agrees(name):
    operation, *arrays = OPERATIONS[name]
    with np.errstate(over="ignore"):  # halves end at 65504
        expected = np.asarray(operation(np, *arrays))
    found = operation(cupy, *map(cupy.asarray, arrays))
    assert isinstance(found, cupy.ndarray)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_allclose(found.get(), expected, **CLOSE)


def test_every_half_survives():
    every = np.arange(2**16, dtype=np.uint16).view(np.float16)
    every = every[~np.isnan(every)]
    device = cupy.asarray(every).astype(np.float32)
    np.testing.assert_array_equal(device.get(), every.astype(np.float32))
    np.testing.assert_array_equal(device.astype(np.float16).get(), every)


SPARSE = scipy.sparse.random(
    7, 7, 0.4, format="csr", dtype=np.float32, random_state=0
)
ON_SPARSE = {
    "times dense": lambda m, a: m @ a,
    "times a vector": lambda m, a: m @ a[:, 0],
    "turned, times dense": lambda m, a: m.T @ a,
    "turned, by rows": lambda m, a: m.T.tocsr() @ a,
    "sums of rows": lambda m, a: m.sum(axis=1).ravel(),
    "sums of columns": lambda m, a: m.sum(axis=0).ravel(),
    "to dense": lambda m, a: m.toarray(),
    "some rows": lambda m, a: m[2:5].toarray(),
    "to cells": lambda m, a: m.tocoo().row,
}


@pytest.mark.parametrize("name", ON_SPARSE)
def test_scipy_agrees(name):
    operation = ON_SPARSE[name]
    expected = np.asarray(operation(SPARSE, A))
    matrix = device_sparse.csr_matrix(SPARSE)
    found = operation(matrix, cupy.asarray(A)).get()
    np.testing.assert_allclose(found, expected.reshape(found.shape), **CLOSE)


def test_elementwise_kernel():
    kernel = cupy.ElementwiseKernel(
        "T x, T y", "T z", "z = x > 0 ? x * y : y", "gated"
    )
    found = kernel(cupy.asarray(A), cupy.asarray(B)).get()
    np.testing.assert_array_equal(found, np.where(A > 0, A * B, B))


def test_reduction_kernel(thread_order):
    kernel = cupy.ReductionKernel(
        "T x", "T y", "x * x", "a + b", "y = sqrt(a)", "0", "length"
    )
    found = kernel(cupy.asarray(A), axis=1).get()
    np.testing.assert_allclose(found, np.linalg.norm(A, axis=1), rtol=1e-5)


def test_scatter_add():
    expected = np.zeros(7, np.float32)
    np.add.at(expected, IDS, B[0, :5])
    found = cupy.zeros(7, np.float32)
    with pytest.warns(DeprecationWarning, match=r"use `cupy\.add\.at`"):
        cupyx.scatter_add(found, cupy.asarray(IDS), cupy.asarray(B[0, :5]))
    np.testing.assert_allclose(found.get(), expected, **CLOSE)


def test_fuse():
    @cupy.fuse()
    def fused(x, y):
        return cupy.exp(x) * y + 1

    found = fused(cupy.asarray(A), cupy.asarray(B)).get()
    np.testing.assert_allclose(found, np.exp(A) * B + 1, rtol=1e-5)


def test_tensor_cores_lose_digits():
    linalg = cupy._core._routines_linalg
    a = cupy.asarray(A)
    exact = A.astype(np.float64) @ A.T.astype(np.float64)
    full = abs((a @ a.T).get() - exact).max()
    linalg.set_compute_type(np.float32, linalg.COMPUTE_TYPE_TF32)
    try:
        rounded = abs((a @ a.T).get() - exact).max()
    finally:
        linalg.set_compute_type(np.float32, linalg.COMPUTE_TYPE_DEFAULT)
    assert full < 2e-5 < 2e-4 < rounded < 1e-1


def test_random_numbers_are_refused():
    with pytest.raises(NotImplementedError, match="Draw on the host"):
        cupy.random.default_rng(0)


def test_host_and_device_do_not_mix():
    a = cupy.asarray(A)
    with pytest.raises(TypeError, match="Unsupported type"):
        a + A
    with pytest.raises(TypeError, match="Implicit conversion"):
        np.asarray(a)


def test_benchmark_runs():
    from cupyx.profiler import benchmark

    a = cupy.asarray(A)
    found = benchmark(lambda: a + 1, n_repeat=2, n_warmup=1)
    assert found.gpu_times.shape == (1, 2)
