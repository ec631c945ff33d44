"""What several test files compute with: networks, slow forms, oracles."""

import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy.special import log_softmax

from skipgram_lib.backend.select import backend_of
from skipgram_lib.model.network import Network
from skipgram_lib.text.files import cut_files, part_tokens

# The folder of the project, however deep a test stands.
ROOT = next(
    folder
    for folder in Path(__file__).resolve().parents
    if (folder / "pyproject.toml").exists()
)


def run_python(code, **environment):
    """Run some Python in a process of its own; return what it printed."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def random_network(V, D, seed=0, scale=0.5, C=None):
    """Return a float64 network without a weight or bias of zero."""
    rng = np.random.default_rng(seed)
    C = C or V
    shapes = [(V, D), (C, D), (C,)]
    return Network(*(rng.normal(0, scale, shape) for shape in shapes))


def host(array):
    """Return an array of either device as a NumPy array."""
    return backend_of(array).to_numpy(array)


def bits(network):
    """Return the weights as bytes: equal only if every bit is."""
    return [host(array).tobytes() for array in vars(network).values()]


def numeric_gradients(loss, network, step=1e-5):
    """Central differences of `loss(network)` for every single weight."""
    slopes = []
    for field in fields(Network):
        array = getattr(network, field.name)
        slope = np.zeros_like(array)
        for cell in np.ndindex(array.shape):
            value = array[cell]
            array[cell] = value + step
            above = loss(network)
            array[cell] = value - step
            slope[cell] = (above - loss(network)) / (2 * step)
            array[cell] = value
        slopes.append(slope)
    return Network(*slopes)


def assert_same_weights(got, wanted, tolerance=1e-10):
    """Compare three arrays of two networks, and their shapes."""
    for field in fields(Network):
        one, other = getattr(got, field.name), getattr(wanted, field.name)
        np.testing.assert_allclose(
            one, other, rtol=0, atol=tolerance, err_msg=field.name
        )


def near(i, length, window, side):
    """Positions that the obvious loop visits around position i."""
    first = i if side == "right" else max(0, i - window)
    last = i if side == "left" else min(length - 1, i + window)
    return [j for j in range(first, last + 1) if j != i]


def slow_cells(documents, words, window, side="both", shrink=False):
    """Count pairs one at a time, as fractions: {(centre, context): n}."""
    cells = defaultdict(Fraction)
    for document in documents:
        known = [token for token in document if token in words]
        for i, centre in enumerate(known):
            for j in near(i, len(known), window, side):
                distance = abs(i - j)
                weight = Fraction(window + 1 - distance, window)
                cells[centre, known[j]] += weight if shrink else 1
    return dict(cells)


def slow_loss(network, N, slab=500):
    """Mean cross-entropy in float64, by SciPy's softmax."""
    W_in, W_out, bias = (
        np.asarray(array, np.float64) for array in vars(network).values()
    )
    total = 0.0
    for i in range(0, len(W_in), slab):
        log_probs = log_softmax(W_in[i : i + slab] @ W_out.T + bias, axis=1)
        total -= (N[i : i + slab] * log_probs).sum()
    return total / N.sum()


def steady(value):
    """Say what a value is, the same in each process: without its address."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


def tokens_of_parts(files, size, block):
    """Tokens of files that are cut into parts, read a block at a time."""
    return [
        token
        for part in cut_files(files, size)
        for piece in part_tokens(part, files, block)
        if piece.inside
        for tokens in piece.documents
        for token in tokens
    ]
