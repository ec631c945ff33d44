"""What `skipgram train` does, from text or counts to a saved model."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from skipgram_lib.apps.cli import inputs, shared
from skipgram_lib.apps.cli.options import Answer, default_of, given
from skipgram_lib.apps.cli.printing import method_text, report, warn
from skipgram_lib.counts.counts import Counts, entropy_floor, unigram_entropy
from skipgram_lib.errors import SkipgramError
from skipgram_lib.model.callbacks import (
    Checkpointing,
    Checkpoints,
    Interrupted,
    checkpoint_files,
)
from skipgram_lib.model.skipgram import (
    PLAIN,
    FitSettings,
    SkipGram,
    find_rates,
)
from skipgram_lib.text.phrases import Phrases


def make_model(
    settings: Answer, plain: bool, backend: str | None, tf32: bool | None
) -> SkipGram:
    """Model with the settings of a command line, checked.

    `plain` puts those of the tutorial's plain network below them; its rates
    are those of the full softmax, one for the whole network.
    """
    if plain:
        rates = {"lr": None, "lr_in": None}
        if settings.get("objective", "softmax") == "softmax":
            rates = {"lr_in": settings.get("lr", PLAIN.model["lr_in"])}
        settings = {**PLAIN.model, **rates, **settings}
    model = SkipGram(**settings)
    FitSettings.of(model)
    backend = backend or default_of(shared.SKIPGRAM, "backend")
    return model.set_params(backend=inputs.find_backend(backend, tf32))


def training_settings(model: SkipGram) -> Answer:
    """How a model is trained, by the names of its settings."""
    lr, lr_in = find_rates(model.lr, model.lr_in, model.objective)
    names = ("objective", "init", "penalty", "epochs", "batch_rows")
    settings = {name: getattr(model, name) for name in names}
    return {**settings, "lr": lr, "lr_in": lr_in}


def words_to_show(counts: Counts) -> list[str]:
    """Words to show after training: of our corpus, or frequent ones.

    Of another text, those that are not subsampled.
    """
    ours = ["soviet", "tax", "france", "york"]
    vocabulary = counts.vocabulary
    if all(word in vocabulary for word in ours):
        return ours
    whole = np.flatnonzero(counts.keep == 1)[:4]
    return vocabulary.decode(whole) or vocabulary.words[:4]


@contextmanager
def hold_checkpoints(out: Path, resume: bool) -> Iterator[Checkpoints]:
    """Hold the checkpoints of a model while it is trained.

    Without `resume`, it says that one is replaced.
    """
    folder = inputs.path_beside(out.absolute(), ".checkpoint")
    with Checkpoints(folder, own=True, warn=warn) as checkpoints:
        if checkpoint_files(folder) and not resume:
            warn(
                f"the first checkpoint of this run replaces the one in "
                f"{folder}, from which --resume would go on"
            )
        try:
            yield checkpoints
        except KeyboardInterrupt as stop:
            if not checkpoint_files(folder):
                raise
            text = str(stop) or f"interrupted; a checkpoint is in {folder}"
            raise Interrupted(f"{text}; go on with --resume") from stop


def train(
    out: Path,
    text: inputs.TrainingText,
    model: SkipGram,
    show: Sequence[str],
    resume: bool,
    checkpoint_every: float | None,
) -> Answer:
    """Train a model, save it, and return what was learned."""
    with hold_checkpoints(out, resume) as checkpoints:
        every = given(every=checkpoint_every)
        begins = not (resume and checkpoint_files(checkpoints.folder))
        keeping = Checkpointing(checkpoints, resume=not begins, **every)
        counts, phrases = text.read()
        words = show or words_to_show(counts)
        for word in words:
            counts.vocabulary[word]  # an unknown one stops here
        complete = resume and begins and is_complete(out, model, counts)
        if complete:
            model = SkipGram.load(out, "numpy")
        else:
            if resume and begins:
                report(
                    f"no checkpoint in {checkpoints.folder}: a new training"
                )
            report(
                f"training {len(counts.vocabulary):,} x {model.vector_size}: "
                f"{method_text(training_settings(model))}"
            )
            model.fit(counts, callbacks=[keeping])
        answer = {
            "trained": not complete,
            "phrases": None,
            **describe_result(model, counts),
            "words": describe_words(model, words),
        }
        if not complete:
            model.save(out)
        if phrases:
            answer["phrases"] = save_phrases(phrases, out)
        elif (older := inputs.path_beside(out, ".phrases.json")).is_file():
            warn(
                f"{older} is not of this model, and `skipgram explorer` would "
                "join its phrases; remove it"
            )
        checkpoints.remove()
    return answer


def is_complete(out: Path, model: SkipGram, counts: Counts) -> bool:
    """Whether a training came to its end before: its model is there."""
    try:
        found = SkipGram.load(out, "numpy")
    except SkipgramError:  # nothing, or nothing that can be read
        return False
    words = counts.vocabulary
    return (
        found.runs == [FitSettings.of(model).describe()]
        and found.vector_size == model.vector_size
        and found.counted == counts.settings
        and found.vocabulary.words == words.words
        and bool((found.vocabulary.frequencies == words.frequencies).all())
    )


def describe_result(model: SkipGram, counts: Counts) -> Answer:
    """Numbers of what a model was trained on, how, and how well."""
    N = counts.table()
    vocabulary = model.vocabulary
    losses: dict[str, float | None] = {
        "loss_knowing_nothing": float(np.log(len(model.contexts))),
        "loss_knowing_frequencies": unigram_entropy(N),
        "loss_floor": entropy_floor(N),
    }
    if model.objective != "softmax":  # it has other losses
        losses = dict.fromkeys(losses)
    return {
        "tokens": vocabulary.total_tokens,
        "vocabulary_size": len(vocabulary),
        "coverage": vocabulary.coverage,
        "vector_size": model.vector_size,
        "counts": counts.settings,
        "pairs": float(N.sum(axis=1).sum()),
        "cells": int(N.nnz),
        "training": training_settings(model),
        "loss_by_epoch": [record.epoch_loss for record in model.history],
        **losses,
    }


def describe_words(model: SkipGram, words: Sequence[str]) -> Answer:
    """Contexts and neighbours of some words."""
    vectors = model.vectors
    return {
        word: {
            "context": model.predict_context(word, 8),
            "neighbours": vectors.most_similar(word, topn=8),
        }
        for word in words
    }


def save_phrases(phrases: Phrases, model: Path) -> Answer:
    """Write phrases beside a model; say how many, and where."""
    path = inputs.phrases_path(model)
    phrases.save(path)
    return {
        "passes": len(phrases.passes()),
        "found": len(phrases.find_phrases()),
        "file": str(path),
    }
