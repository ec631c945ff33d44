"""The training of a model, once more, with snapshots on the way."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from tqdm import tqdm

from skipgram_lib.apps.explorer.data import on_host, snapshot
from skipgram_lib.counts.counts import Counts
from skipgram_lib.errors import SkipgramError
from skipgram_lib.model.network import Network
from skipgram_lib.model.sampling import NegativeSampling
from skipgram_lib.model.skipgram import SkipGram

MAX_WORDS = 20_000  # of a journey: a page is not made larger than this


def snapshot_steps(steps: int, snapshots: int = 10) -> list[int]:
    """Return the steps after which to take snapshots, from 0 to the last.

    They lie close together at the beginning, where most is learned.
    """
    taken: list[int] = []
    for share in np.linspace(0, 1, snapshots) ** 2:
        least = taken[-1] + 1 if taken else 0
        taken.append(min(max(round(float(share) * steps), least), steps))
    return sorted(set(taken))


def run_settings(model: SkipGram) -> dict[str, Any]:
    """Return the settings of `fit_steps` with which a model was trained.

    Raises a SkipgramError, with the reason, if it cannot be done again.
    """
    if not model.runs:
        raise SkipgramError("the model does not say how it was trained")
    if len(model.runs) > 1 or len(model.history) != model.runs[0]["epochs"]:
        raise SkipgramError(
            f"the model was trained in {len(model.runs)} runs and "
            f"{len(model.history)} epochs, not in one run to its end"
        )
    run = dict(model.runs[0])
    if run.pop("seed") != model.seed:
        raise SkipgramError("the seed of the model is not that of its run")
    if isinstance(run["objective"], dict):
        run["objective"] = NegativeSampling(**run["objective"])
    return run


def train_again(
    model: SkipGram, counts: Counts, steps: Iterable[int]
) -> Iterator[tuple[int, SkipGram]]:
    """Train a model again; yield it after some steps; 0 is before the first.

    The model itself stays as it is; the counts are those of its training.
    """
    wanted = set(steps)
    settings = run_settings(model)
    again = SkipGram(
        model.vocabulary, model.vector_size, model.seed, model.backend
    )
    records = again.fit_steps(counts, **settings)
    if 0 in wanted:
        yield 0, again
    for record in records:
        if record.step in wanted:
            yield record.step, again


def relative_distance(one: Network, other: Network) -> float:
    """Length of the difference of two networks, relative to the second."""
    a = np.concatenate([array.ravel() for array in vars(one).values()])
    b = np.concatenate([array.ravel() for array in vars(other).values()])
    length = max(float(np.linalg.norm(b)), 1e-30)
    return float(np.linalg.norm(a - b)) / length


def record_journey(
    model: SkipGram,
    counts: Counts,
    snapshots: int = 10,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Return the training of a model in some snapshots, as JSON.

    Raises a SkipgramError if the model is too large, cannot be trained again,
    or ends at other weights.
    """
    V = len(model.vocabulary)
    if V > MAX_WORDS:
        raise SkipgramError(
            f"{V:,} words are too many; up to {MAX_WORDS:,} fit"
        )
    settings = run_settings(model)
    each = -(-V // settings["batch_rows"])
    steps = snapshot_steps(settings["epochs"] * each, snapshots)
    taken = []
    hidden = None if progress is None else not progress
    with tqdm(desc="journey", total=steps[-1], disable=hidden) as bar:
        for step, again in train_again(model, counts, steps):
            bar.update(step - bar.n)
            if step < steps[-1]:
                taken.append(snapshot(on_host(again)))
    apart = relative_distance(on_host(again), on_host(model))
    if not apart < 0.01:
        raise SkipgramError(
            f"trained again, it ends at other weights ({apart:.1%} apart); "
            "is the text another, or how it is cut into documents?"
        )
    return {"steps": steps, "steps_an_epoch": each, "snapshots": taken}
