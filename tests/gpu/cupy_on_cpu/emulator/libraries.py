"""NumPy and SciPy in place of cuBLAS, Thrust and cuSPARSE."""

from __future__ import annotations

import sys
import types
import zlib

import numpy as np

from .counters import note_product
from .memory import device, host, view

# cudaDataType of a matrix.
_DTYPES = {0: "f4", 1: "f8", 2: "f2", 4: "c8", 5: "c16"}
_COMPUTE_TF32 = 77
_CONSTANTS = {
    "CUBLAS_OP_N": 0,
    "CUBLAS_OP_T": 1,
    "CUBLAS_OP_C": 2,
    "CUBLAS_POINTER_MODE_HOST": 0,
    "CUBLAS_POINTER_MODE_DEVICE": 1,
    "CUBLAS_COMPUTE_32F": 68,
    "CUBLAS_COMPUTE_32F_PEDANTIC": 69,
    "CUBLAS_COMPUTE_32F_FAST_TF32": _COMPUTE_TF32,
    "CUBLAS_COMPUTE_64F": 70,
    "CUBLAS_COMPUTE_64F_PEDANTIC": 71,
}


class _StandIn(types.ModuleType):
    """A module that has what it was given, and any constant."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name.isupper():
            return zlib.crc32(name.encode()) % 10_000
        raise NotImplementedError(f"{self.__name__}.{name} is not emulated")


def _put(name: str, **functions) -> types.ModuleType:
    """Let ``import name`` find these functions."""
    module = _StandIn(name)
    module.__dict__.update(functions)
    sys.modules[name] = module
    parent, leaf = name.rsplit(".", 1)
    setattr(sys.modules[parent], leaf, module)
    return module


# --- cuBLAS ---------------------------------------------------------------


def _scalar(pointer, dtype):
    return view(pointer, dtype, (1,))[0]


def _matrix(pointer, dtype, leading, transposed, rows, columns):
    """op(A), of `rows` and `columns`, where A is stored column by column."""
    if transposed:
        rows, columns = columns, rows
    item = np.dtype(dtype).itemsize
    a = view(pointer, dtype, (rows, columns), (item, leading * item))
    return a.T if transposed else a


def _tf32(x):
    """Round to ten bits of mantissa, as tensor cores read float32."""
    bits = np.ascontiguousarray(x, "f4").view("u4")
    return ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view("f4")


def _multiply(a, b, c, alpha, beta, compute):
    """``c = alpha * a @ b + beta * c``, in c's precision or in TF32."""
    a, b = a.astype(c.dtype), b.astype(c.dtype)
    if compute == _COMPUTE_TF32:
        a, b = _tf32(a), _tf32(b)
    product = alpha * (a @ b)
    # With beta 0, c is not read: it may hold NaN.
    c[...] = product if beta == 0 else product + beta * c


def _factor_dtype(c_type):
    return "f8" if c_type == 1 else "f4"


def _gemm(
    handle, ta, tb, m, n, k, alpha, a, a_type, lda, b, b_type, ldb, beta,
    c, c_type, ldc, compute=0, algorithm=0,
):  # fmt: skip
    note_product("gemm", m, n, k, compute)
    factor = _factor_dtype(c_type)
    _multiply(
        _matrix(a, _DTYPES[a_type], lda, ta, m, k),
        _matrix(b, _DTYPES[b_type], ldb, tb, k, n),
        _matrix(c, _DTYPES[c_type], ldc, 0, m, n),
        _scalar(alpha, factor),
        _scalar(beta, factor),
        compute,
    )


def _gemm_batched(
    handle, ta, tb, m, n, k, alpha, a, a_type, lda, a_step, b, b_type, ldb,
    b_step, beta, c, c_type, ldc, c_step, count, compute, algorithm,
):  # fmt: skip
    note_product("gemm_batched", count, m, n, k, compute)
    factor = _factor_dtype(c_type)
    a_step *= np.dtype(_DTYPES[a_type]).itemsize
    b_step *= np.dtype(_DTYPES[b_type]).itemsize
    c_step *= np.dtype(_DTYPES[c_type]).itemsize
    for i in range(count):
        _multiply(
            _matrix(a + i * a_step, _DTYPES[a_type], lda, ta, m, k),
            _matrix(b + i * b_step, _DTYPES[b_type], ldb, tb, k, n),
            _matrix(c + i * c_step, _DTYPES[c_type], ldc, 0, m, n),
            _scalar(alpha, factor),
            _scalar(beta, factor),
            compute,
        )


def _geam(dtype):
    def geam(handle, ta, tb, m, n, alpha, a, lda, beta, b, ldb, c, ldc):
        total = np.zeros((m, n), dtype)
        for factor, x, leading, transposed in (
            (_scalar(alpha, dtype), a, lda, ta),
            (_scalar(beta, dtype), b, ldb, tb),
        ):
            if factor:
                total += factor * _matrix(x, dtype, leading, transposed, m, n)
        _matrix(c, dtype, ldc, 0, m, n)[...] = total

    return geam


def _vector(pointer, dtype, n, step):
    return view(pointer, dtype, (n,), (step * np.dtype(dtype).itemsize,))


def _gemv(dtype):
    def gemv(handle, trans, m, n, alpha, a, lda, x, x_step, beta, y, y_step):
        note_product("gemv", m, n)
        rows, columns = (n, m) if trans else (m, n)
        _multiply(
            _matrix(a, dtype, lda, trans, rows, columns),
            _vector(x, dtype, columns, x_step),
            _vector(y, dtype, rows, y_step),
            _scalar(alpha, dtype),
            _scalar(beta, dtype),
            0,
        )

    return gemv


def _dot(dtype):
    def dot(handle, n, x, x_step, y, y_step, result):
        note_product("dot", n)
        view(result, dtype, (1,))[0] = _vector(x, dtype, n, x_step) @ (
            _vector(y, dtype, n, y_step)
        )

    return dot


def _nothing(*arguments):
    """Handles, streams and modes mean nothing here."""


def _number(*arguments):
    return 11


def install_cublas() -> None:
    """Replace cuBLAS; to be called before ``import cupy``."""
    import cupy_backends.cuda.libs  # noqa: F401

    _put(
        "cupy_backends.cuda.libs.cublas",
        available=True,
        create=_number,
        destroy=_nothing,
        setStream=_nothing,
        getPointerMode=lambda handle: 0,
        setPointerMode=_nothing,
        setMathMode=_nothing,
        gemmEx=_gemm,
        sgemmEx=_gemm,
        gemmStridedBatchedEx=_gemm_batched,
        sgeam=_geam("f4"),
        dgeam=_geam("f8"),
        sgemv=_gemv("f4"),
        dgemv=_gemv("f8"),
        sdot=_dot("f4"),
        ddot=_dot("f8"),
        CUBLASError=type("CUBLASError", (RuntimeError,), {}),
    )


# --- Thrust ---------------------------------------------------------------


def _sort(dtype, data, keys, shape):
    view(data, dtype, shape).sort(axis=-1, kind="stable")


def _argsort(dtype, index, data, keys, shape):
    values = view(data, dtype, shape)
    view(index, "i8", shape)[...] = values.argsort(axis=-1, kind="stable")


def _lexsort(dtype, index, keys, n_keys, n):
    view(index, "i8", (n,))[...] = np.lexsort(view(keys, dtype, (n_keys, n)))


def _install_thrust() -> None:
    import cupy

    thrust = _put(
        "cupy.cuda.thrust",
        available=True,
        sort=_sort,
        argsort=_argsort,
        lexsort=_lexsort,
        get_build_version=lambda: 300102,
    )
    cupy.cuda.thrust = thrust
    import cupy._core._routines_sorting

    for name, module in list(sys.modules.items()):
        if name.startswith("cupy") and "thrust" in vars(module):
            module.thrust = thrust


# --- cuSPARSE -------------------------------------------------------------


def _scipy(matrix):
    """See a CSR or CSC matrix of the device as one of SciPy."""
    import scipy.sparse

    kind = {"csr": scipy.sparse.csr_matrix, "csc": scipy.sparse.csc_matrix}
    parts = (host(matrix.data), host(matrix.indices), host(matrix.indptr))
    return kind[matrix.format](parts, shape=matrix.shape, copy=False)


def _scaled_product(a, b, out, alpha, beta, transposed):
    matrix = _scipy(a).T if transposed else _scipy(a)
    product = np.asarray(alpha * (matrix @ b))
    product = product.astype(np.result_type(a.dtype, b.dtype))
    if out is None:
        return device(product, order="F")
    host(out)[...] = product if beta == 0 else product + beta * host(out)
    return out


def _spmm(a, b, c=None, alpha=1, beta=0, transa=False, transb=False):
    dense = host(b).T if transb else host(b)
    note_product("spmm", *a.shape, dense.shape[1])
    return _scaled_product(a, dense, c, alpha, beta, transa)


def _spmv(a, x, y=None, alpha=1, beta=0, transa=False):
    note_product("spmv", *a.shape)
    return _scaled_product(a, host(x), y, alpha, beta, transa)


def _todevice(matrix, kind):
    parts = (matrix.data, matrix.indices, matrix.indptr)
    return kind(tuple(device(part) for part in parts), shape=matrix.shape)


def _dense_to_csr(x):
    import scipy.sparse
    from cupyx.scipy import sparse

    return _todevice(scipy.sparse.csr_matrix(host(x)), sparse.csr_matrix)


def _csc_to_csr(x):
    from cupyx.scipy import sparse

    return _todevice(_scipy(x).tocsr(), sparse.csr_matrix)


def _csr_to_csc(x):
    from cupyx.scipy import sparse

    return _todevice(_scipy(x).tocsc(), sparse.csc_matrix)


def _sort_coo(x, sort_by="r"):
    row, column = host(x.row), host(x.col)
    keys = (column, row) if sort_by == "r" else (row, column)
    order = np.lexsort(keys)
    for part in (row, column, host(x.data)):
        part[...] = part[order]


def _coo_to_csr(x):
    from cupyx.scipy import sparse

    counts = np.bincount(host(x.row), minlength=x.shape[0])
    indptr = np.concatenate([[0], counts.cumsum()]).astype(x.row.dtype)
    return sparse.csr_matrix((x.data, x.col, device(indptr)), shape=x.shape)


def _csr_to_coo(x, data, indices):
    from cupyx.scipy import sparse

    per_row = np.diff(host(x.indptr))
    row = np.arange(x.shape[0], dtype=indices.dtype).repeat(per_row)
    return sparse.coo_matrix((data, (device(row), indices)), shape=x.shape)


def _sort_csr(x):
    # Views of the device's memory: SciPy sorts them in place.
    matrix = _scipy(x)
    matrix.has_sorted_indices = False
    matrix.sort_indices()


def _to_dense(x, out=None):
    dense = _scipy(x).toarray()
    if out is None:
        return device(dense, order="F")
    host(out)[...] = dense
    return out


_SPARSE = {
    "spmm": _spmm,
    "spmv": _spmv,
    "dense2csr": _dense_to_csr,
    "csc2csr": _csc_to_csr,
    "csr2csc": _csr_to_csc,
    "coosort": _sort_coo,
    "coo2csr": _coo_to_csr,
    "csr2coo": _csr_to_coo,
    "csrsort": _sort_csr,
    "sparseToDense": _to_dense,
}


def _install_cusparse() -> None:
    _put(
        "cupy_backends.cuda.libs.cusparse",
        available=True,
        create=_number,
        destroy=_nothing,
        setStream=_nothing,
        get_build_version=lambda: 12700,
        getVersion=lambda handle: 12700,
        createMatDescr=_number,
        destroyMatDescr=_nothing,
        setMatType=_nothing,
        setMatIndexBase=_nothing,
        setMatDiagType=_nothing,
        setMatFillMode=_nothing,
        get_current_stream=0,
    )
    import cupyx.cusparse as cusparse

    cusparse.check_availability = _SPARSE.__contains__
    for name, function in _SPARSE.items():
        setattr(cusparse, name, function)


# --- cuRAND ---------------------------------------------------------------


def _no_random(*arguments, **keywords):
    raise NotImplementedError(
        "cupy.random is not emulated: its kernels are machine code of the "
        "GPU. Draw on the host with NumPy, so that both devices see the same."
    )


def install() -> None:
    """Replace the other libraries; to be called after ``import cupy``."""
    import cupy

    _install_thrust()
    _install_cusparse()
    cupy.random.default_rng = _no_random
