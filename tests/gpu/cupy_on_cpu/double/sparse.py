"""The double's `cupyx.scipy.sparse`: what training could use of it."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from .array import NUMBERS, RefusedError, check_dtype, finish, ndarray
from .counters import note


class SparseMatrix:
    """A sparse matrix on the device, of either order."""

    is_sparse_double = True
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: Any) -> None:
        self._host = host

    shape = property(lambda self: self._host.shape)
    dtype = property(lambda self: self._host.dtype)
    ndim = property(lambda self: 2)
    nnz = property(lambda self: self._host.nnz)
    data = property(lambda self: ndarray(self._host.data))
    indices = property(lambda self: ndarray(self._host.indices))
    indptr = property(lambda self: ndarray(self._host.indptr))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise RefusedError(
            "Implicit conversion to a NumPy array is not allowed"
        )

    @property
    def T(self) -> "SparseMatrix":
        """The transposed matrix; csr becomes csc, nothing is copied."""
        return of_host(self._host.T)

    def transpose(self, axes: None = None, copy: bool = False) -> Any:
        """Return the transposed matrix."""
        return of_host(self._host.transpose(copy=copy))

    def tocsr(self, copy: bool = False) -> "SparseMatrix":
        """Return the matrix with its rows together."""
        return of_host(self._host.tocsr(copy=copy))

    def tocsc(self, copy: bool = False) -> "SparseMatrix":
        """Return the matrix with its columns together."""
        return of_host(self._host.tocsc(copy=copy))

    def toarray(self, order: Any = None, out: None = None) -> ndarray:
        """Return the matrix as a dense array on the device."""
        note("calls")
        return finish("toarray", (), None, self._host.toarray(order))

    def get(self, stream: Any = None) -> Any:
        """Copy to the host, as SciPy's matrix: three arrays."""
        for _ in range(3):
            note("device_to_host")
        return self._host.copy()

    def sum(
        self, axis: Any = None, dtype: Any = None, out: None = None
    ) -> Any:
        """Return the sum of all, or of rows or columns, as 2-d arrays."""
        note("calls")
        found = self._host.sum(axis=axis, dtype=check_dtype(dtype))
        return finish("sparse.sum", (), None, np.array(found))

    def __matmul__(self, other: Any) -> Any:
        note("calls")
        if isinstance(other, SparseMatrix):
            return of_host(self._host @ other._host)
        if not isinstance(other, ndarray):
            raise RefusedError(f"{type(other)} beside a sparse device matrix")
        return finish("sparse @", (), None, self._host @ other._host)

    def __rmatmul__(self, other: Any) -> Any:
        note("calls")
        if not isinstance(other, ndarray):
            raise RefusedError(f"{type(other)} beside a sparse device matrix")
        return finish("@ sparse", (), None, other._host @ self._host)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, NUMBERS):
            return self @ other  # a matrix product, as in old SciPy
        note("calls")
        return of_host(self._host * other)

    def dot(self, other: Any) -> Any:
        """Return the matrix product."""
        return self @ other


def of_host(host: Any) -> SparseMatrix:
    """Return a device matrix that has a SciPy matrix for its memory."""
    kind = csc_matrix if host.format == "csc" else csr_matrix
    found = kind.__new__(kind)
    SparseMatrix.__init__(found, host)
    return found


def read_parts(kind: Any, parts: Any, shape: Any) -> Any:
    """Make a SciPy matrix of (data, indices, indptr) of the device."""
    if len(parts) != 3 or not all(isinstance(p, ndarray) for p in parts):
        raise RefusedError("give (data, indices, indptr), all on the device")
    data, indices, indptr = (part._host for part in parts)
    if data.dtype.char not in "?fdFD":
        raise ValueError(
            "Only bool, float32, float64, complex64 and complex128"
        )
    along = None if shape is None else shape[kind is sp.csr_matrix]
    wrong = indices.size and along is not None and indices.max() >= along
    if wrong or (indices.size and indices.min() < 0):
        raise IndexError("an index lies outside the sparse matrix")
    return kind((data, indices, indptr), shape=shape)


def read_anything(kind: Any, source: Any, shape: Any) -> Any:
    """Make a SciPy matrix of whatever CuPy's constructors take."""
    if isinstance(source, SparseMatrix):
        return kind(source._host)
    if sp.issparse(source):
        for _ in range(3):
            note("host_to_device")
        return kind(source, copy=True)
    if isinstance(source, ndarray):
        return kind(source._host)
    if not isinstance(source, tuple):
        raise RefusedError(f"{type(source)} is not on the device")
    if all(isinstance(part, int) for part in source):
        return kind(source)
    return read_parts(kind, source, shape)


class csr_matrix(SparseMatrix):  # noqa: N801 (CuPy's name)
    """A matrix in compressed rows."""

    def __init__(
        self,
        arg1: Any,
        shape: Any = None,
        dtype: Any = None,
        copy: bool = False,
    ) -> None:
        note("calls")
        host = read_anything(sp.csr_matrix, arg1, shape)
        dtype = check_dtype(dtype)
        super().__init__(host if dtype is None else host.astype(dtype))


class csc_matrix(SparseMatrix):  # noqa: N801 (CuPy's name)
    """A matrix in compressed columns."""

    def __init__(
        self,
        arg1: Any,
        shape: Any = None,
        dtype: Any = None,
        copy: bool = False,
    ) -> None:
        note("calls")
        host = read_anything(sp.csc_matrix, arg1, shape)
        dtype = check_dtype(dtype)
        super().__init__(host if dtype is None else host.astype(dtype))


def issparse(x: Any) -> bool:
    """Return whether something is a sparse matrix on the device."""
    return isinstance(x, SparseMatrix)


for _class in (csr_matrix, csc_matrix):
    _class.__module__ = "cupyx.scipy.sparse"
