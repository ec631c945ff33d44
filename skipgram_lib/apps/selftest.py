"""A test of the reader's own machine: whether it agrees with NumPy."""

import platform
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skipgram_lib import __version__
from skipgram_lib.backend.base import Backend
from skipgram_lib.backend.select import get_backend
from skipgram_lib.counts.counts import Counts, count_pairs
from skipgram_lib.errors import as_list, check_at_least, checked
from skipgram_lib.model.network import initial_network
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.model.training import Run, TrainingPlan, make_steps

TOLERANCES = {"loss": 1e-5, "probability": 1e-5, "weight": 1e-3}
TF32_TOLERANCES = {"loss": 1e-3, "probability": 1e-3, "weight": 5e-2}


def describe_gpu(cupy: Any) -> dict[str, Any]:
    """Name, memory (GiB) and versions of the GPU that CuPy uses.

    Versions of CUDA are as NVIDIA numbers them.
    """
    runtime = cupy.cuda.runtime
    about = runtime.getDeviceProperties(runtime.getDevice())
    free, total = runtime.memGetInfo()
    return {
        "gpu": about["name"].decode(errors="replace"),
        "compute capability": f"{about['major']}.{about['minor']}",
        "memory (GiB)": round(total / 2**30, 1),
        "free (GiB)": round(free / 2**30, 1),
        "cupy": cupy.__version__,
        "cuda runtime": runtime.runtimeGetVersion(),
        "cuda driver": runtime.driverGetVersion(),
    }


def describe_machine(backend: Backend) -> dict[str, Any]:
    """Versions and device of a backend; see `describe_gpu`."""
    about = {
        "skipgram_lib": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": f"{platform.system()} {platform.machine()}",
        "backend": backend.name,
    }
    if backend.name == "cupy":
        about |= describe_gpu(backend.xp) | {"tf32": backend.tf32}
    return about


def zipf_shares(V: int) -> NDArray[np.float64]:
    """Shares of V words by Zipf's law, shape (V,); their sum is 1."""
    shares = 1 / np.arange(1, V + 1)
    return np.asarray(shares / shares.sum())


def random_text_counts(
    V: int = 300, documents: int = 20, length: int = 500, seed: int = 0
) -> Counts:
    """Draw documents of some length, of up to V words; count their pairs."""
    rng = np.random.default_rng(seed)
    ids = rng.choice(V, (documents, length), p=zipf_shares(V))
    text = [[f"word{i}" for i in document] for document in ids]
    return count_pairs(text, max_size=None, window=3)


def train_both(backend: Backend, objective: str) -> list[SkipGram]:
    """Train a small network on the host, and again on a backend."""
    counts = random_text_counts()
    model = partial(SkipGram, vector_size=16, epochs=2, progress=False)
    return [
        model(objective=objective, backend=device).fit(counts)
        for device in (get_backend("numpy"), backend)
    ]


def compare_models(models: Sequence[SkipGram]) -> dict[str, float]:
    """Largest differences of two trained networks of one vocabulary.

    Those of "loss" and "weight" are relative to the largest value of the
    first network.
    """
    words = models[0].vocabulary.words[:9]
    losses = np.array([[r.loss for r in m.history] for m in models])
    probs = [[*map(m.context_probabilities, words)] for m in models]
    weights = [model.vectors.matrix for model in models]
    largest = abs(weights[0]).max()
    return {
        "loss": float(abs(losses[1] / losses[0] - 1).max()),
        "probability": float(abs(np.diff(probs, axis=0)).max()),
        "weight": float(abs(weights[1] - weights[0]).max() / largest),
    }


def check_agreement(backend: Backend) -> list[dict[str, Any]]:
    """Compare a backend with NumPy, for both objectives.

    Each answer says what was compared, the difference, its tolerance, and
    whether it is within.
    """
    limits = TF32_TOLERANCES if backend.tf32 else TOLERANCES
    rows = []
    for objective in ("softmax", "negative-sampling"):
        found = compare_models(train_both(backend, objective))
        for what, difference in found.items():
            rows.append(
                {
                    "objective": objective,
                    "what": what,
                    "difference": difference,
                    "tolerance": limits[what],
                    "passed": difference <= limits[what],
                }
            )
    return rows


def random_counts(V: int, pairs: int, seed: int = 0) -> sp.csr_array:
    """Counts of random pairs, a sparse float64 array of shape (V, V)."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(V, (2, pairs), p=zipf_shares(V))
    places = np.concatenate([drawn, [np.arange(V)] * 2], axis=1)
    ones = np.ones(pairs + V)
    return sp.csr_array((ones, places), shape=(V, V))


def time_pass(
    backend: Backend, V: int, D: int = 300, B: int = 1_000, most: int = 10
) -> dict[str, Any]:
    """Time steps of one exact pass over V centres, B a step, D features.

    At most `most` steps are timed, after another one. The "seconds" of a
    whole pass are inferred from "timed" of "steps" steps; "tflops" counts
    the three matrix products, 6 V V D.
    """
    network = initial_network(V, D, 0, backend=backend)
    plan = TrainingPlan(most + 1, 0.01, B, 0, 0.01)
    run = Run.over(network, random_counts(V, 50 * V), plan, backend)
    steps = -(-V // B)
    timed = min(most, steps)
    made = make_steps(run)
    next(made)
    backend.wait()
    start = perf_counter()
    rows = sum(len(rows) for _, rows, _ in islice(made, timed))
    backend.wait()
    seconds = (perf_counter() - start) * V / rows
    return {
        "words": V,
        "features": D,
        "batch_rows": B,
        "steps": steps,
        "timed": timed,
        "seconds": seconds,
        "tflops": 6e-12 * V * V * D / seconds,
    }


@checked
def run_selftest(
    backend: str | Backend = "cupy",
    sizes: Iterable[int] = (10_000, 100_000),
    vector_size: int = 300,
) -> dict[str, Any]:
    """Test a backend on this machine; what `skipgram selftest` prints.

    Parameters
    ----------
    backend : str or Backend
        What is tested.
    sizes : list of int
        Numbers of words at which a pass is timed.
    vector_size : int
        Features of a word.

    Returns
    -------
    dict
        "machine", "agreement", "passes" and "passed".

    Raises
    ------
    SkipgramError
        If the backend cannot be used; the message says why.
    """
    backend = get_backend(backend)
    sizes = [check_at_least("sizes", V, 2) for V in as_list("sizes", sizes)]
    agreement = check_agreement(backend)
    return {
        "machine": describe_machine(backend),
        "agreement": agreement,
        "passes": [time_pass(backend, V, vector_size) for V in sizes],
        "passed": all(row["passed"] for row in agreement),
    }
