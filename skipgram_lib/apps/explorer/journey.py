"""The training of a model, once more, with snapshots on the way."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from skipgram_lib.apps.explorer.data import on_host, snapshot
from skipgram_lib.counts.counts import Counts
from skipgram_lib.errors import SkipgramError
from skipgram_lib.model.network import Network
from skipgram_lib.model.sampling import NegativeSampling
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.model.training import Callback, Run, TrainingRecord

MAX_JOURNEY_WORDS = 20_000  # a page is not made larger than this


def snapshot_steps(steps: int, snapshots: int = 10) -> list[int]:
    """Return the steps after which to take snapshots, from 0 to the last.

    They lie close together at the beginning, where most is learned.
    """
    taken: list[int] = []
    for share in np.linspace(0, 1, min(snapshots, steps + 1)) ** 2:
        least = taken[-1] + 1 if taken else 0
        taken.append(min(max(round(float(share) * steps), least), steps))
    return sorted(set(taken))


def untrained_twin(model: SkipGram, progress: bool | None) -> SkipGram:
    """Return a model that `fit` will train as another one was trained.

    Raises a SkipgramError, with the reason, if it cannot be done again.
    """
    if not model.runs:
        raise SkipgramError("the model does not say how it was trained")
    settings = dict(model.runs[0])
    if len(model.runs) > 1 or len(model.history) != settings["epochs"]:
        raise SkipgramError(
            f"the model was trained in {len(model.runs)} runs and "
            f"{len(model.history)} epochs, not in one run to its end"
        )
    if isinstance(settings["objective"], dict):
        settings["objective"] = NegativeSampling(**settings["objective"])
    D = model.network.W_in.shape[1]
    return SkipGram(
        vector_size=D, backend=model.device, progress=progress, **settings
    )


@dataclass(frozen=True)
class EachStep(Callback):
    """Calls ``action(step)`` after each step; 0 is before the first."""

    action: Callable[[int], None]

    def begin(self, run: Run) -> None:
        """Call the action with the step that a run begins at."""
        self.action(run.step)

    def after_step(self, run: Run, record: TrainingRecord) -> None:
        """Call the action with the step that was made."""
        self.action(record.step)


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
    if V > MAX_JOURNEY_WORDS:
        raise SkipgramError(
            f"{V:,} words are too many; up to {MAX_JOURNEY_WORDS:,} fit"
        )
    again = untrained_twin(model, progress)
    each = -(-V // again.batch_rows)
    steps = snapshot_steps(again.epochs * each, snapshots)
    taken: list[dict[str, Any]] = []

    def take(step: int) -> None:
        if step in steps[:-1]:
            taken.append(snapshot(again))

    again.fit(counts, callbacks=[EachStep(take)])
    apart = relative_distance(on_host(again), on_host(model))
    if not apart < 0.01:
        raise SkipgramError(
            f"trained again, it ends at other weights ({apart:.1%} apart); "
            "is the text another, or how it is cut into documents?"
        )
    return {"steps": steps, "steps_an_epoch": each, "snapshots": taken}
