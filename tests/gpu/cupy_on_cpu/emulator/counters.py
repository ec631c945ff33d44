"""Counts of what the emulated GPU was asked to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import memory


@dataclass
class Counts:
    """What a GPU would have been asked to do.

    Attributes
    ----------
    host_to_device, device_to_host : copies; the second ones also wait
    host_to_device_bytes, device_to_host_bytes : how much they copied
    launches : names of the kernels, in order
    products : calls of cuBLAS and cuSPARSE, (name, sizes...) each
    peak_bytes : most device memory, above what was in use at the beginning
    used_before : bytes that were in use at the beginning
    """

    host_to_device: int = 0
    device_to_host: int = 0
    host_to_device_bytes: int = 0
    device_to_host_bytes: int = 0
    launches: list[str] = field(default_factory=list)
    products: list[tuple] = field(default_factory=list)
    peak_bytes: int = 0
    used_before: int = field(default_factory=memory.used_bytes)

    def reset(self) -> None:
        """Begin at zero again."""
        self.__init__()


counters = Counts()
_active = [counters]


@contextmanager
def record() -> Iterator[Counts]:
    """Count within a `with` block only; blocks may be nested."""
    counts = Counts()
    _active.append(counts)
    try:
        yield counts
    finally:
        _active[:] = [one for one in _active if one is not counts]


def note_copy(kind: str, size: int) -> None:
    """Add a copy of some bytes, named as in `Counts`."""
    for counts in _active:
        setattr(counts, kind, getattr(counts, kind) + 1)
        total = f"{kind}_bytes"
        setattr(counts, total, getattr(counts, total) + size)


def note_launch(name: str) -> None:
    """Add the launch of a kernel."""
    for counts in _active:
        counts.launches.append(name)


def note_product(name: str, *sizes: int) -> None:
    """Add a call of a library of products."""
    for counts in _active:
        counts.products.append((name, *sizes))


def note_memory() -> None:
    """Take down the peak: after every allocation."""
    used = memory.used_bytes()
    for counts in _active:
        counts.peak_bytes = max(counts.peak_bytes, used - counts.used_before)
