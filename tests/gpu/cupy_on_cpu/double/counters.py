"""Counts of what the double was asked to do."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Counts:
    """What would have crossed the bus, and what would have been slow.

    Attributes
    ----------
    host_to_device, device_to_host : copies; the second ones also wait
    calls : functions, methods, operators and indexings
    float64 : (what was called, shape) of each large float64 result
    float64_above : elements that a result must exceed to be recorded
    """

    host_to_device: int = 0
    device_to_host: int = 0
    calls: int = 0
    float64: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    float64_above: int = 1_000

    def reset(self) -> None:
        """Begin at zero again."""
        self.host_to_device = self.device_to_host = self.calls = 0
        self.float64.clear()


counters = Counts()
_active = [counters]
_lock = threading.Lock()


@contextmanager
def record(float64_above: int = 1_000) -> Iterator[Counts]:
    """Count within a `with` block only; blocks may be nested."""
    counts = Counts(float64_above=float64_above)
    _active.append(counts)
    try:
        yield counts
    finally:
        _active[:] = [one for one in _active if one is not counts]


def note(kind: str) -> None:
    """Add one to a counter, named as in `Counts`."""
    with _lock:
        for counts in _active:
            setattr(counts, kind, getattr(counts, kind) + 1)


def note_float64(name: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Record a result, if it is of float64 and large enough."""
    if dtype not in (np.float64, np.complex128) or not shape:
        return
    with _lock:
        for counts in _active:
            if int(np.prod(shape)) > counts.float64_above:
                counts.float64.append((name, shape))
