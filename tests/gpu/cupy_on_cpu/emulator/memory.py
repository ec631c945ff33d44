"""Device memory: memory of the host, and a table of what is allocated."""

from __future__ import annotations

import bisect
import ctypes
import os
import sys

import numpy as np

TOTAL = 16 << 30
POISON = 0xFF  # as floats: NaN; as integers: -1, out of range as an index
_libc = ctypes.CDLL(None)
_libc.posix_memalign.argtypes = [
    ctypes.POINTER(ctypes.c_void_p),
    ctypes.c_size_t,
    ctypes.c_size_t,
]
_libc.free.argtypes = [ctypes.c_void_p]
# Addresses in order, and the bytes allocated at each.
_addresses: list[int] = []
_sizes: dict[int, int] = {}
_pool = None


def allocate_host(size: int) -> int:
    """Return the address of new memory, full of NaN, of the host itself."""
    found = ctypes.c_void_p()
    if _libc.posix_memalign(ctypes.byref(found), 512, max(1, size)):
        raise MemoryError(f"no {size:,} bytes")
    ctypes.memset(found, POISON, size)
    return found.value


def release_host(address: int) -> None:
    """Free memory that `allocate_host` gave."""
    _libc.free(address)


def allocate(size: int) -> int:
    """Return the address of new device memory, full of NaN."""
    address = allocate_host(size)
    bisect.insort(_addresses, address)
    _sizes[address] = size
    return address


def release(address: int) -> None:
    """Free device memory; 0 is none."""
    if not address:
        return
    if address not in _sizes:
        raise RuntimeError(f"nothing is allocated at {address:#x}")
    del _sizes[address]
    del _addresses[bisect.bisect_left(_addresses, address)]
    release_host(address)


def is_device(address: int) -> bool:
    """Whether an address lies in device memory."""
    place = bisect.bisect_right(_addresses, address) - 1
    if place < 0:
        return False
    start = _addresses[place]
    return address < start + _sizes[start]


def check_range(address: int, size: int) -> None:
    """Refuse a copy from or to what is not allocated on the device."""
    if size and not (is_device(address) and is_device(address + size - 1)):
        raise RuntimeError(
            f"{size:,} bytes at {address:#x}: not on the device"
        )


def held_bytes() -> int:
    """Bytes taken from the device, also those that CuPy's pool keeps."""
    return sum(_sizes.values())


def used_bytes() -> int:
    """Bytes in use by arrays."""
    return held_bytes() if _pool is None else _pool.used_bytes()


def install_allocator() -> None:
    """Poison each new array, also in recycled memory, and see the peak.

    Under a sanitizer each array has its own memory instead of a piece of
    the pool's, so that the end of an array is the end of an allocation.
    """
    global _pool
    import cupy

    from .counters import note_memory

    if os.environ.get("CUPY_ON_CPU_SANITIZE"):
        make = cupy.cuda.memory._malloc
    else:
        _pool = cupy.get_default_memory_pool()
        make = _pool.malloc

    def allocate_array(size: int):
        if used_bytes() + size > TOTAL:
            raise cupy.cuda.memory.OutOfMemoryError(size, used_bytes(), TOTAL)
        array = make(size)
        if size:
            ctypes.memset(array.ptr, POISON, size)
        note_memory()
        return array

    cupy.cuda.set_allocator(allocate_array)


def view(pointer, dtype, shape, strides=None) -> np.ndarray:
    """See device memory as a NumPy array, without a copy."""
    dtype, shape = np.dtype(dtype), tuple(shape)
    if 0 in shape:
        return np.empty(shape, dtype)
    first = np.frombuffer(
        (ctypes.c_char * dtype.itemsize).from_address(pointer), dtype
    )
    if strides is None:
        strides = np.cumprod((dtype.itemsize, *shape[:0:-1]))[::-1]
    return np.lib.stride_tricks.as_strided(first, shape, tuple(strides))


def host(array) -> np.ndarray:
    """See a CuPy array as a NumPy array: no copy, so none is counted."""
    return view(array.data.ptr, array.dtype, array.shape, array.strides)


def device(values: np.ndarray, order: str = "C"):
    """Put an array into new device memory: no copy is counted."""
    array = sys.modules["cupy"].empty(values.shape, values.dtype, order=order)
    host(array)[...] = values
    return array
