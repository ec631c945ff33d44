"""The real CuPy on a machine without a GPU.

`install()`, before `import cupy`, puts stand-ins in the place of the CUDA
runtime and of NVIDIA's libraries; all of CuPy's own code runs as it is, and
its kernels run on the processor. `record()` counts what they do. Neither
this import nor `reason_missing()` imports CuPy.
"""

from .boot import install, reason_missing
from .counters import Counts, counters, record
from .pointers import check_no_errors
from .sources import compile_for, compiled_sources

__all__ = [
    "Counts",
    "check_no_errors",
    "compile_for",
    "compiled_sources",
    "counters",
    "install",
    "reason_missing",
    "record",
]
