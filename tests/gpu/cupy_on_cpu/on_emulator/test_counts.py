"""What the emulator counts, and what its memory refuses."""

import cupy
import numpy as np
import pytest

from cupy_on_cpu.emulator import check_no_errors, counters, record

A = np.ones((4, 1000), np.float32)


def test_device_says_what_it_is():
    assert cupy.cuda.is_available()
    assert cupy.cuda.runtime.getDeviceCount() == 1
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    assert name == b"CuPy on the CPU (emulated)"
    free, total = cupy.cuda.runtime.memGetInfo()
    assert 0 < free <= total


def test_copies():
    with record() as counts:
        a = cupy.asarray(A)
        b = a.copy()
        float(b[0, 0])
        cupy.asnumpy(b)
    assert (counts.host_to_device, counts.device_to_host) == (1, 2)
    assert counts.host_to_device_bytes == A.nbytes
    assert counts.device_to_host_bytes == A.nbytes + 4


def test_indexing_by_a_host_array_is_a_copy():
    a = cupy.asarray(A)
    with record() as counts:
        a[:, np.arange(3)]
    assert counts.host_to_device == 1


def test_launches_have_names():
    a = cupy.asarray(A)
    with record() as counts:
        cupy.exp(a, out=a)
        a.sum(axis=1)
    assert counts.launches == ["cupy_exp__float32_float32", "cupy_sum"]


def test_products():
    a = cupy.asarray(A)
    with record() as counts:
        a @ a.T
        cupy.stack([a, a]) @ cupy.stack([a.T, a.T])
    names = [name for name, *_ in counts.products]
    assert names == ["gemm", "gemm_batched"]
    assert counts.products[0][1:4] == (4, 4, 1000)


def test_peak_is_of_arrays_that_live_together():
    a = cupy.asarray(A)
    with record() as one_at_a_time:
        for _ in range(3):
            a + 1  # freed at once; the pool gives the same memory again
    with record() as together:
        _kept = [a + 1 for _ in range(3)]
    assert A.nbytes <= one_at_a_time.peak_bytes < 1.1 * A.nbytes
    assert 3 * A.nbytes <= together.peak_bytes < 3.1 * A.nbytes


def test_blocks_nest_and_the_counters_go_on():
    counters.reset()
    with record() as outer:
        cupy.asarray(A)
        with record() as inner:
            cupy.asarray(A)
    cupy.asarray(A)
    found = [c.host_to_device for c in (inner, outer, counters)]
    assert found == [1, 2, 3]


def test_fresh_memory_is_no_number():
    for _ in range(2):  # also memory that was used before
        a = cupy.empty(1000, np.float32)
        assert np.isnan(a.get()).all()
        a[...] = 1
        del a


def test_too_large_an_array_is_refused():
    with pytest.raises(cupy.cuda.memory.OutOfMemoryError):
        cupy.empty(2**33, np.float32)


def test_copy_from_beyond_the_memory_is_found():
    target = np.empty(4, np.float32)
    host = target.ctypes.data
    cupy.cuda.runtime.malloc(16)
    with pytest.raises(RuntimeError, match="not on the device"):
        cupy.cuda.runtime.memcpy(host, host, 16, 2)


def test_pinned_memory_is_the_hosts():
    free, _ = cupy.cuda.runtime.memGetInfo()
    pinned = cupy.cuda.alloc_pinned_memory(2**20)
    assert cupy.cuda.runtime.memGetInfo()[0] == free
    with pytest.raises(RuntimeError, match="not on the device"):
        cupy.cuda.runtime.memset(pinned.ptr, 0, 4)


def test_an_error_inside_compiled_code_is_not_lost():
    host = cupy.cuda.UnownedMemory(A.ctypes.data, A.nbytes, None, 0)
    cupy.cuda.MemoryPointer(host, 0).memset(0, A.nbytes)
    assert A.all()
    with pytest.raises(RuntimeError, match="not on the device"):
        check_no_errors()
    check_no_errors()  # told once
