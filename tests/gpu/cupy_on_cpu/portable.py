"""The library's CuPy backend without its kernels: NumPy's lines on a GPU."""

from skipgram_lib.backend.base import Backend
from skipgram_lib.backend.cupy import CuPyBackend


class PortableBackend(CuPyBackend):
    """What `Backend` writes with `self.xp`, carried out by CuPy.

    The searches and the counted cells of negative sampling are left out:
    on the host they are loops and threads.
    """

    hold_counts = Backend.hold_counts
    scale_softmax = Backend.scale_softmax
    scale_sigmoids = Backend.scale_sigmoids
    adam_step = Backend.adam_step
