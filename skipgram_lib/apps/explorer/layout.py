"""Positions of all words on a plane: t-SNE on a grid, in seconds."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2

from skipgram_lib.apps.neighbours import nearest_rows
from skipgram_lib.backend.base import Array
from skipgram_lib.vectors.search import unit_rows

# Words that t-SNE lays out; each further one goes to its neighbours.
MAX_WORDS = 20_000
ATTRACTED = 15  # neighbours that attract a word
AVERAGED = 8  # neighbours in whose middle a further word lies


class Grid:
    """A grid over positions (V, 2), to spread charges and read fields.

    Cells are at most `cell` wide; there are 40 to 400 of them a side. A
    position shares its charge among the four corners of its cell.
    """

    def __init__(self, positions: Array, cell: float = 0.7) -> None:
        self.low = positions.min(axis=0)
        span = max(float(np.ptp(positions, axis=0).max()), 1e-9)
        side = int(min(400, max(40, span / cell)))
        width = span / side
        self.n = next_fast_len(2 * side + 4, real=True)
        at = ((positions - self.low) / width).astype(np.int64)
        x, y = ((positions - self.low) / width - at).T
        self.share = np.stack(
            [(1 - x) * (1 - y), (1 - x) * y, x * (1 - y), x * y]
        )
        corner = at @ [self.n, 1]
        self.cells = corner + np.array([[0], [1], [self.n], [self.n + 1]])
        away = np.minimum(np.arange(self.n), self.n - np.arange(self.n))
        far = ((away * width) ** 2).astype(np.float32)
        self.kernel = 1 / (1 + far[:, None] + far)

    def spread(self, charge: Array | float) -> Array:
        """Transform of a charge at each position, shape (V,) or a number."""
        weights = (self.share * charge).ravel()
        flat = np.bincount(self.cells.ravel(), weights, self.n**2)
        return rfft2(flat.reshape(self.n, self.n).astype(np.float32))

    def read(self, transform: Array) -> Array:
        """Value of a transformed field at each position, shape (V,)."""
        field = irfft2(transform, (self.n, self.n)).ravel()
        return np.asarray((field[self.cells] * self.share).sum(axis=0))


def repulsion(positions: Array, cell: float = 0.7) -> Array:
    """Repulsion of each position by all others, shape (V, 2), as in t-SNE."""
    grid = Grid(positions, cell)
    once = rfft2(grid.kernel)
    twice = rfft2(grid.kernel**2)
    ones = grid.spread(1.0)
    own = positions - grid.low
    all_pairs = grid.read(ones * once).sum() - len(positions)
    drawn = [grid.read(grid.spread(column) * twice) for column in own.T]
    push = own * grid.read(ones * twice)[:, None] - np.stack(drawn, 1)
    return np.asarray(push / max(all_pairs, 1e-9))


def affinities(near: Array) -> sp.csr_array:
    """How much words attract each other, (V, V), sum 1, by neighbours (V, k).

    All neighbours of a word attract it equally.
    """
    V, k = near.shape
    ends = np.arange(0, V * k + 1, k)
    one = sp.csr_array((np.ones(V * k), near.ravel(), ends), (V, V))
    return sp.csr_array((one + one.T) / (2 * V * k))


def attraction(positions: Array, pulls: sp.csr_array) -> Array:
    """Attraction of each position by its neighbours, shape (V, 2)."""
    row = np.repeat(np.arange(len(positions)), np.diff(pulls.indptr))
    far = positions[row] - positions[pulls.indices]
    force = pulls.data / (1 + (far**2).sum(axis=1))
    forces = sp.csr_array((force, pulls.indices, pulls.indptr), pulls.shape)
    total = forces.sum(axis=1)[:, None]
    return np.asarray(total * positions - forces @ positions)


def lay_out(
    start: Array, pulls: sp.csr_array, steps: int = 500, early: int = 100
) -> NDArray[np.float64]:
    """Positions (V, 2) by t-SNE: gradient descent with momentum and gains.

    The attraction is exaggerated in the `early` steps.

    References
    ----------
    van der Maaten and Hinton 2008, "Visualizing Data using t-SNE".
    Linderman, Rachh, Hoskins, Steinerberger and Kluger 2019, "Fast
    interpolation-based t-SNE for improved visualization of single-cell
    RNA-seq data".
    """
    positions = np.array(start, np.float64)
    move = np.zeros_like(positions)
    gain = np.ones_like(positions)
    # V / (4 * early exaggeration), the largest rate that stays stable.
    rate = len(positions) / 48
    for step in range(steps):
        exaggeration, momentum = (12, 0.5) if step < early else (1, 0.8)
        pull = exaggeration * attraction(positions, pulls)
        slope = pull - repulsion(positions)
        # A gain grows where the slope keeps turning against the move.
        same = np.sign(slope) == np.sign(move)
        gain = np.maximum(np.where(same, 0.8 * gain, gain + 0.2), 0.01)
        move = momentum * move - rate * gain * 4 * slope
        positions += move
    return positions


def initial_positions(units: Array) -> NDArray[np.float64]:
    """Return the plane of largest variance, made small; shape (V, 2)."""
    centred = units - units.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    plane = np.zeros((len(units), 2))
    plane[:, : len(axes)] = centred @ axes[:, ::-1][:, :2]
    plane /= max(float(plane.std()), 1e-12)
    noise = np.random.default_rng(0).normal(0, 0.1, plane.shape)
    return np.asarray(1e-4 * (plane + noise))


def word_positions(
    rows: Array, max_words: int = MAX_WORDS
) -> NDArray[np.float64]:
    """Positions (V, 2) of words by their vectors (V, D), from 0 to 1."""
    units = unit_rows(np.asarray(rows, np.float32))
    first = units[:max_words]
    positions = initial_positions(first)
    if len(first) >= 50:  # of few words, all are neighbours of all
        near = nearest_rows(first, ATTRACTED)
        positions = lay_out(positions, affinities(near))
    if len(units) > max_words:
        near = nearest_rows(units, AVERAGED, max_words)[max_words:]
        further = positions[near].mean(axis=1)
        positions = np.concatenate([positions, further])
    low = positions.min(axis=0)
    high = positions.max(axis=0)
    extent = max(float((high - low).max()), 1e-12)
    return np.asarray((positions - (low + high) / 2) / extent + 0.5)
