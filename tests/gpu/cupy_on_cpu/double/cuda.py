"""The double's `cupy.cuda`: one GPU, always there, always finished."""

import time
from types import SimpleNamespace
from typing import Any, Self

from .namespace import Namespace

TOTAL = 8 * 1024**3  # bytes of memory that the device says it has


class CUDARuntimeError(RuntimeError):
    """CuPy's error from the CUDA runtime; the double never raises it."""


class Device:
    """The GPU."""

    def __init__(self, device: int = 0) -> None:
        if device not in (0, None):
            raise CUDARuntimeError("cudaErrorInvalidDevice: invalid ordinal")
        self.id = 0
        self.compute_capability = "75"
        self.mem_info = (TOTAL, TOTAL)

    def synchronize(self) -> None:
        """Wait; the double has nothing to wait for."""

    def use(self) -> None:
        """Make this device the current one; it is."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class Event:
    """A moment on the device."""

    def __init__(
        self,
        block: bool = False,
        disable_timing: bool = False,
        interprocess: bool = False,
    ) -> None:
        self._time: float | None = None

    @property
    def done(self) -> bool:
        """Whether the device has passed the moment."""
        return True

    def record(self, stream: Any = None) -> None:
        """Note the time."""
        self._time = time.perf_counter()

    def synchronize(self) -> None:
        """Wait for the moment."""


def get_elapsed_time(start_event: Event, end_event: Event) -> float:
    """Milliseconds between two events, both recorded."""
    if start_event._time is None or end_event._time is None:
        raise CUDARuntimeError("cudaErrorInvalidResourceHandle: not recorded")
    return (end_event._time - start_event._time) * 1e3


class Stream:
    """A queue of work, always empty."""

    null: "Stream"

    def synchronize(self) -> None:
        """Wait for the work in the queue."""


Stream.null = Stream()


def get_current_stream(device_id: int | None = None) -> Stream:
    """Return the only stream there is."""
    return Stream.null


class MemoryPool:
    """The memory that CuPy keeps; the double keeps none."""

    def free_bytes(self) -> int:
        """Bytes that were taken from the device, and no array lies in."""
        return 0

    def used_bytes(self) -> int:
        """Bytes that arrays lie in."""
        return 0

    def total_bytes(self) -> int:
        """Bytes that were taken from the device."""
        return 0

    def get_limit(self) -> int:
        """Bytes that may be taken; 0 is no limit."""
        return 0

    def free_all_blocks(self, stream: Any = None) -> None:
        """Give back what no array lies in."""


POOL = MemoryPool()


def get_default_memory_pool() -> MemoryPool:
    """Return the pool that CuPy takes memory from."""
    return POOL


def get_device_properties(device: int) -> dict[str, Any]:
    """Return what CUDA says of a device, as far as the library asks."""
    return {
        "name": b"double of a GPU",
        "totalGlobalMem": TOTAL,
        "multiProcessorCount": 1,
        "major": 7,
        "minor": 5,
    }


def make_cuda() -> Namespace:
    """Return the double of `cupy.cuda`."""
    runtime = Namespace(
        "cupy.cuda.runtime",
        getDeviceCount=lambda: 1,
        getDevice=lambda: 0,
        getDeviceProperties=get_device_properties,
        runtimeGetVersion=lambda: 13_000,
        driverGetVersion=lambda: 13_000,
        memGetInfo=lambda: (TOTAL, TOTAL),
        deviceSynchronize=lambda: None,
        CUDARuntimeError=CUDARuntimeError,
    )
    memory = SimpleNamespace(
        OutOfMemoryError=type("OutOfMemoryError", (MemoryError,), {})
    )
    return Namespace(
        "cupy.cuda",
        runtime=runtime,
        memory=memory,
        is_available=lambda: True,
        Device=Device,
        Event=Event,
        Stream=Stream,
        get_current_stream=get_current_stream,
        MemoryPool=MemoryPool,
        get_elapsed_time=get_elapsed_time,
    )
