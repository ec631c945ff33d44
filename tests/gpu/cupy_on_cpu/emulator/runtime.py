"""Stand-ins of the CUDA runtime: one device, whose memory is the host's."""

import ctypes
import itertools
from time import perf_counter

from . import memory
from .counters import note_copy
from .pointers import replace

CAPABILITY = (8, 0)
VERSION = 13_020
THREADS, GRID, SHARED = (1024, 1024, 64), (2**31 - 1, 65_535, 65_535), 49_152
PROPERTIES = {
    "name": b"CuPy on the CPU (emulated)",
    "major": CAPABILITY[0],
    "minor": CAPABILITY[1],
    "warpSize": 32,
    "multiProcessorCount": 4,
    "maxThreadsPerBlock": 1024,
    "maxThreadsPerMultiProcessor": 2048,
    "sharedMemPerBlock": SHARED,
    "totalGlobalMem": memory.TOTAL,
    "maxGridSize": GRID,
    "maxThreadsDim": THREADS,
    "regsPerBlock": 65_536,
}
# The numbers of cudaDeviceAttr; what is not here is 0.
_ATTRIBUTES = {
    1: 1024,  # threads in a block
    **dict(zip((2, 3, 4), THREADS, strict=True)),
    **dict(zip((5, 6, 7), GRID, strict=True)),
    8: SHARED,
    10: 32,  # threads in a warp
    12: 65_536,  # registers of a block
    16: 4,  # multiprocessors
    39: 2048,  # threads of a multiprocessor
    75: CAPABILITY[0],
    76: CAPABILITY[1],
    81: SHARED,  # of a multiprocessor
    82: 65_536,  # registers of a multiprocessor
    97: SHARED,  # of a block that asks for more
}
_TO_DEVICE, _TO_HOST, _ANYWHERE = 1, 2, 4
_handles = itertools.count(100)
_recorded: dict[int, float] = {}


def _nothing(*arguments):
    """All work is done when the call that asked for it returns."""


def _zero(*arguments):
    return 0


def _new_handle(*arguments):
    return next(_handles)


def _memcpy(target, source, size, kind, stream=0):
    if kind == _ANYWHERE:
        to, come = memory.is_device(target), memory.is_device(source)
        kind = {(1, 0): _TO_DEVICE, (0, 1): _TO_HOST}.get((to, come), 3)
    if kind != _TO_HOST:
        memory.check_range(target, size)
    if kind != _TO_DEVICE:
        memory.check_range(source, size)
    if kind == _TO_DEVICE:
        note_copy("host_to_device", size)
    elif kind == _TO_HOST:
        note_copy("device_to_host", size)
    ctypes.memmove(target, source, size)


def _memset(target, value, size, stream=0):
    memory.check_range(target, size)
    ctypes.memset(target, value, size)


def _record_event(event, stream):
    _recorded[event] = perf_counter()


def _milliseconds(start, end):
    return 1e3 * (_recorded[end] - _recorded[start])


_FUNCTIONS = {
    # The device.
    "getDeviceCount": lambda: 1,
    "getDevice": _zero,
    "setDevice": _nothing,
    "_ensure_context": _nothing,
    "deviceGetAttribute": lambda which, device: _ATTRIBUTES.get(which, 0),
    "getDeviceProperties": lambda device: dict(PROPERTIES),
    "runtimeGetVersion": lambda: VERSION,
    "driverGetVersion": lambda: VERSION,
    "deviceCanAccessPeer": _zero,
    "deviceSynchronize": _nothing,
    # Memory.
    "malloc": memory.allocate,
    "free": memory.release,
    "mallocAsync": lambda size, stream: memory.allocate(size),
    "freeAsync": lambda address, stream: memory.release(address),
    "hostAlloc": lambda size, flags: memory.allocate_host(size),
    "freeHost": memory.release_host,
    "memcpy": _memcpy,
    "memcpyAsync": _memcpy,
    "memset": _memset,
    "memsetAsync": _memset,
    "memGetInfo": lambda: (memory.TOTAL - memory.held_bytes(), memory.TOTAL),
    "pointerGetMemoryType": lambda pointer: 2,
    # Streams and events.
    "streamCreate": _new_handle,
    "streamCreateWithFlags": _new_handle,
    "streamCreateWithPriority": _new_handle,
    "streamDestroy": _nothing,
    "streamSynchronize": _nothing,
    "streamQuery": _zero,
    "streamIsCapturing": _zero,
    "streamWaitEvent": _nothing,
    "eventCreate": _new_handle,
    "eventCreateWithFlags": _new_handle,
    "eventDestroy": lambda event: _recorded.pop(event, None),
    "eventRecord": _record_event,
    "eventQuery": _zero,
    "eventSynchronize": _nothing,
    "eventElapsedTime": _milliseconds,
    "profilerStart": _nothing,
    "profilerStop": _nothing,
}


def install() -> None:
    """Replace the CUDA runtime; to be called before ``import cupy``."""
    import cupy_backends.cuda.api.runtime as module

    for name, function in _FUNCTIONS.items():
        replace(module, name, function)
