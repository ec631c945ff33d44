"""A strict double of CuPy: NumPy that refuses what a GPU refuses.

`install()` puts it in the place of `cupy` and `cupyx`, `record()` counts
what crosses between host and device, `register_kernel()` gives a kernel
a twin in NumPy.
"""

import sys
from types import ModuleType
from typing import Self

from . import sparse as _sparse
from .array import RefusedError, ndarray
from .counters import Counts, counters, record
from .cuda import get_default_memory_pool, make_cuda
from .kernels import (
    ElementwiseKernel,
    ReductionKernel,
    forget_kernels,
    refuse_raw,
    register_kernel,
)
from .namespace import Namespace, make_cupy

__all__ = [
    "Counts",
    "Installed",
    "RefusedError",
    "counters",
    "cupy",
    "cupyx",
    "forget_kernels",
    "install",
    "ndarray",
    "record",
    "register_kernel",
]


def build() -> tuple[Namespace, Namespace]:
    """Return the doubles of `cupy` and of `cupyx`."""
    cupy = make_cupy()
    cupy.cuda = make_cuda()
    cupy.get_default_memory_pool = get_default_memory_pool
    cupy.ElementwiseKernel = ElementwiseKernel
    cupy.ReductionKernel = ReductionKernel
    cupy.RawKernel = cupy.RawModule = refuse_raw
    sparse = Namespace(
        "cupyx.scipy.sparse",
        csr_matrix=_sparse.csr_matrix,
        csc_matrix=_sparse.csc_matrix,
        issparse=_sparse.issparse,
    )
    return cupy, Namespace(
        "cupyx", scipy=Namespace("cupyx.scipy", sparse=sparse)
    )


cupy, cupyx = build()
MODULES: dict[str, ModuleType] = {
    module.__name__: module
    for module in (
        cupy,
        cupy.linalg,
        cupy.random,
        cupy.cuda,
        cupy.cuda.runtime,
        cupyx,
        cupyx.scipy,
        cupyx.scipy.sparse,
    )
}


def is_cupys(name: str) -> bool:
    """Return whether a module belongs to CuPy."""
    return name.partition(".")[0] in ("cupy", "cupyx", "cupy_backends")


class Installed:
    """The double in the place of CuPy, until `remove` or the block's end."""

    def __init__(self) -> None:
        self.before = {n: m for n, m in sys.modules.items() if is_cupys(n)}
        self.swap(MODULES)

    def swap(self, modules: dict[str, ModuleType]) -> None:
        """Let these modules be all that there is of CuPy."""
        for name in [name for name in sys.modules if is_cupys(name)]:
            del sys.modules[name]
        sys.modules.update(modules)

    def remove(self) -> None:
        """Put back what was there before."""
        self.swap(self.before)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def install() -> Installed:
    """Put the double in the place of `cupy` and `cupyx`."""
    return Installed()
