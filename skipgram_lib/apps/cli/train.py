"""The command train: text, counts, a model, and a report about it."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from skipgram_lib.apps.cli.inputs import (
    CountedText,
    count_in_memory,
    count_on_disk,
    named_documents,
    named_files,
    path_beside,
    phrases_path,
    read_counts,
)
from skipgram_lib.apps.cli.options import (
    BACKENDS,
    Answer,
    Command,
    Counting,
    Parser,
    add_counting,
    add_counts,
    add_text,
    completed_by_folder,
    default_of,
)
from skipgram_lib.apps.cli.printing import bar, report, warn
from skipgram_lib.backend.select import get_backend
from skipgram_lib.counts.counts import Counts, entropy_floor, unigram_entropy
from skipgram_lib.counts.parts import parse_size
from skipgram_lib.counts.store import check_counts_folder
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.model.callbacks import (
    Checkpoints,
    Interrupted,
    checkpoint_files,
)
from skipgram_lib.model.skipgram import PLAIN, SkipGram, find_rates
from skipgram_lib.model.training import TrainingPlan
from skipgram_lib.text.phrases import Phrases
from skipgram_lib.text.vocabulary import Vocabulary
from skipgram_lib.vectors.formats.model_folder import check_model_folder

FIT: Answer = {
    name: signature(SkipGram.fit_steps).parameters[name].default
    for name in (
        "objective",
        "start",
        "penalty",
        "epochs",
        "batch_rows",
        "lr",
        "lr_in",
    )
}


def add_train_options(parser: Parser) -> None:
    """Add the options of `skipgram train`."""
    add_text(parser)
    add = add_counts(parser, "large text")
    add(
        "--memory",
        metavar="SIZE",
        help="count on the disk, with so much memory, such as 2GB",
    )
    add(
        "--phrases",
        type=int,
        default=0,
        metavar="N",
        help="join phrases, found in N passes over the text (%(default)s)",
    )
    add_counting(parser)
    add_model_options(parser)
    add_training_options(parser)
    add = parser.add_argument_group("output").add_argument
    completed_by_folder(
        add(
            "--out",
            required=True,
            metavar="DIR",
            help="folder of the model; an older model in it is replaced",
        )
    )
    add("--show", nargs="+", metavar="WORD", help="words to show at the end")
    add(
        "--checkpoint-every",
        type=float,
        default=default_of(SkipGram.fit_steps, "checkpoint_every"),
        metavar="SECONDS",
        help="keep what was trained in DIR.checkpoint until the model is "
        "written (%(default)s); 0: after each step",
    )
    add(
        "--resume",
        action="store_true",
        help="go on from DIR.checkpoint; all else as before",
    )


def add_model_options(parser: Parser) -> None:
    """Add the options of the network, and of where it is computed."""
    add = parser.add_argument_group("model").add_argument
    numbers = {
        "vector_size": "features of a word",
        "seed": "initial weights and order of the rows",
    }
    for name, text in numbers.items():
        add(
            f"--{name.replace('_', '-')}",
            type=int,
            default=default_of(SkipGram, name),
            metavar="N",
            help=f"{text} (%(default)s)",
        )
    add = parser.add_argument_group("device").add_argument
    add(
        "--backend",
        choices=BACKENDS,
        default=default_of(SkipGram, "backend"),
        help="where the network lives (%(default)s)",
    )
    add(
        "--tf32",
        action="store_true",
        help="on a GPU: faster products of rounded numbers",
    )


def add_training_options(parser: Parser) -> None:
    """Add the options of training; those not given are None."""
    add = parser.add_argument_group("training").add_argument
    add(
        "--objective",
        choices=["softmax", "negative-sampling"],
        help=f"what is minimised ({FIT['objective']})",
    )
    add(
        "--start",
        choices=["counts", "random"],
        help=f"initial weights ({FIT['start']})",
    )
    lr, _ = find_rates(None, None, "softmax")
    sampling_lr, _ = find_rates(None, None, "negative-sampling")
    numbers: dict[str, tuple[type, Any, str]] = {
        "--penalty": (
            float,
            FIT["penalty"],
            "L2 penalty on the vectors; 0: none",
        ),
        "--epochs": (
            int,
            FIT["epochs"],
            "how often each row of the counts is visited",
        ),
        "--batch-rows": (int, FIT["batch_rows"], "centre words a step"),
        "--lr": (
            float,
            f"{lr}; negative sampling: {sampling_lr}",
            "learning rate",
        ),
        "--lr-in": (
            float,
            "5/3 of lr; negative sampling: lr",
            "learning rate of W_in",
        ),
    }
    for name, (number, default, text) in numbers.items():
        add(name, type=number, metavar="N", help=f"{text} ({default})")
    add(
        "--plain",
        action="store_true",
        help="use the tutorial's settings; explicit options override them",
    )


def plain_settings(given: Answer) -> Answer:
    """PLAIN, with learning rates that fit to what is given beside it."""
    if given.get("objective", "softmax") != "softmax":
        return PLAIN | {"lr": None, "lr_in": None}
    return PLAIN | {"lr_in": given.get("lr", PLAIN["lr_in"])}


def fit_settings(args: argparse.Namespace) -> Answer:
    """Settings of `fit` that a command line asks for, checked."""
    given = {
        name: getattr(args, name)
        for name in FIT
        if getattr(args, name) is not None
    }
    settings = FIT | (plain_settings(given) if args.plain else {}) | given
    settings["lr"], settings["lr_in"] = find_rates(
        settings["lr"], settings["lr_in"], settings["objective"]
    )
    TrainingPlan(
        settings["epochs"],
        settings["lr"],
        settings["batch_rows"],
        args.seed,
        settings["lr_in"],
        settings["penalty"],
    )
    return settings


def method_text(settings: Answer) -> str:
    """Objective, initial weights and penalty, in words."""
    objectives = {
        "softmax": "full softmax",
        "negative-sampling": "negative sampling",
    }
    starts = {"counts": "from the counts", "random": "random"}
    penalty = settings["penalty"]
    return (
        f"{objectives[settings['objective']]}, "
        f"initial weights {starts[settings['start']]}, "
        f"{f'L2 penalty {penalty:g}' if penalty else 'no L2 penalty'}"
    )


def check_text_options(args: argparse.Namespace) -> None:
    """Refuse options of text and counts that exclude each other."""
    text = {
        "files": args.files,
        "--memory": args.memory is not None,
        "--phrases": args.phrases > 0,
    }
    if args.counts:
        for name, is_given in text.items():
            if is_given:
                raise SkipgramError(
                    f"--counts {args.counts} replaces text input; leave out "
                    f"{name}"
                )
    if args.memory and not args.files:
        raise SkipgramError(
            "--memory is for text of your own; name files or folders"
        )
    if args.memory and args.phrases:
        raise SkipgramError(
            "phrases are joined in memory; leave out --memory or --phrases"
        )


def counts_path(model: Path) -> Path:
    """Folder for the counts of a training that counts on the disk."""
    return path_beside(model, ".counts")


def read_training_text(
    args: argparse.Namespace, counting: Counting
) -> CountedText:
    """Read counts, or count: on the disk, or in memory."""
    if args.counts:
        return read_counts(args.counts, counting)
    if args.memory:
        folder = counts_path(Path(args.out))
        return count_on_disk(named_files(args), counting, folder, args.memory)
    return count_in_memory(named_documents(args), counting, args.phrases)


def words_to_show(vocabulary: Vocabulary, counts: Counts) -> list[str]:
    """Words to show after training: of our corpus, or frequent ones.

    Of another text, those that are not subsampled.
    """
    ours = ["soviet", "tax", "france", "york"]
    if all(word in vocabulary for word in ours):
        return ours
    whole = np.flatnonzero(counts.keep == 1)[:4]
    return vocabulary.decode(whole) or vocabulary.words[:4]


@contextmanager
def hold_checkpoints(out: Path, resume: bool) -> Iterator[Checkpoints]:
    """Hold the checkpoints of a model while it is trained.

    With `resume`, there must be one; without, it says that one is replaced.
    """
    folder = path_beside(out.absolute(), ".checkpoint")
    with Checkpoints(folder, own=True, warn=warn) as checkpoints:
        there = bool(checkpoint_files(folder))
        if resume and not there:
            raise SkipgramError(
                f"there is no checkpoint in {folder} to go "
                "on from; leave out --resume"
            )
        if there and not resume:
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


def run_train(args: argparse.Namespace) -> Answer:
    """Answer `skipgram train`: train, save, and report what was learned."""
    begin = perf_counter()
    # What lies beside it lies beside the name that was given, not beside the
    # folder that this may be a link to.
    out = Path(args.out)
    check_model_folder(out)
    check_at_least("phrases", args.phrases, 0)
    if args.phrases:
        phrases_path(out)
    check_at_least("vector size", args.vector_size, 1)
    counting = Counting.of(args)
    check_text_options(args)
    if args.memory:
        parse_size(args.memory)
        check_counts_folder(counts_path(out))
    settings = fit_settings(args)
    backend = get_backend(args.backend, args.tf32)
    with hold_checkpoints(out, args.resume) as checkpoints:
        text = read_training_text(args, counting)
        words = args.show or words_to_show(text.vocabulary, text.counts)
        for word in words:
            text.vocabulary[word]  # an unknown one stops here
        model = SkipGram(text.vocabulary, args.vector_size, args.seed, backend)
        report(
            f"training {len(text.vocabulary):,} x {args.vector_size}: "
            f"{method_text(settings)}"
        )
        model.fit(
            text.counts,
            **settings,
            checkpoint=checkpoints,
            checkpoint_every=args.checkpoint_every,
            resume=args.resume,
        )
        answer = {
            "model": args.out,
            "phrases": None,
            **describe_result(model, text.counts, settings),
            "words": describe_words(model, words),
        }
        model.save(out)
        if text.phrases:
            path = phrases_path(out)
            text.phrases.save(path)
            answer["phrases"] = describe_phrases(
                text.phrases, args.phrases, path
            )
        checkpoints.remove()
    return answer | {"seconds": perf_counter() - begin}


def describe_result(
    model: SkipGram, counts: Counts, settings: Answer
) -> Answer:
    """Numbers of what a model was trained on, how, and how well."""
    N = counts.matrix()
    vocabulary = model.vocabulary
    losses: dict[str, float | None] = {
        "loss_knowing_nothing": float(np.log(len(vocabulary))),
        "loss_knowing_frequencies": unigram_entropy(N),
        "loss_floor": entropy_floor(N),
    }
    if settings["objective"] != "softmax":  # it has other losses
        losses = dict.fromkeys(losses)
    return {
        "tokens": vocabulary.total_tokens,
        "vocabulary_size": len(vocabulary),
        "coverage": vocabulary.coverage,
        "vector_size": model.vector_size,
        "counts": counts.settings,
        "pairs": float(N.sum()),
        "cells": int(N.nnz),
        "training": settings,
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


def describe_phrases(phrases: Phrases, passes: int, path: Path) -> Answer:
    """How many phrases were found, and where they are."""
    return {
        "passes": passes,
        "found": len(phrases.find_phrases()),
        "file": str(path),
    }


def loss_lines(answer: Answer) -> list[str]:
    """Losses as lines of text; bars show the distance to the floor."""
    losses = answer["loss_by_epoch"]
    floor = answer["loss_floor"]
    some = np.unique(np.linspace(1, len(losses), 10).round().astype(int))
    marks = [(f"epoch {epoch}", losses[epoch - 1]) for epoch in some]
    if floor is None:
        floor = 0.0
    else:
        marks = [
            ("uniform guess (ln V)", answer["loss_knowing_nothing"]),
            ("unigram model", answer["loss_knowing_frequencies"]),
            *marks,
            ("floor (entropy)", floor),
        ]
    largest = max(marks[0][1] - floor, 1e-9)
    return [
        f"  {name:20}  {loss:.3f}  {bar(loss - floor, largest)}".rstrip()
        for name, loss in marks
    ]


def show_train(answer: Answer) -> str:
    """Return the report of `skipgram train` for people."""
    pairs = f"{answer['pairs']:,.{0 if answer['pairs'] > 100 else 2}f}"
    lines = [
        f"{pairs} pairs in {answer['cells']:,} cells",
        method_text(answer["training"]),
        "",
        "loss, nats a pair",
        *loss_lines(answer),
    ]
    for word, near in answer["words"].items():
        likely = ", ".join(f"{w} {p:.3f}" for w, p in near["context"])
        alike = ", ".join(f"{w} {c:.2f}" for w, c in near["neighbours"])
        lines += ["", word, f"  nearby:  {likely}", f"  similar: {alike}"]
    lines += [
        "",
        f"{answer['model']} written, {answer['seconds']:.1f} s in all",
    ]
    if phrases := answer["phrases"]:
        lines.append(
            f"{phrases['file']} written: {phrases['found']:,} "
            f"phrases, passes: {phrases['passes']}"
        )
    return "\n".join(lines)


COMMANDS = (
    Command(
        "train",
        "train a model on text, save it",
        (
            "skipgram train --out out/model",
            "skipgram train book.txt more/ --vocab-size 20000 --out my_model",
            "skipgram train book.txt --phrases 2 --out phrased",
            "skipgram train --objective negative-sampling --out out/sampled",
            "skipgram train --plain --full-windows --sample 0 "
            "--out out/tutorial",
            "skipgram train --out out/long --checkpoint-every 10",
            "skipgram train --counts out/counts --out out/large",
        ),
        add_train_options,
        run_train,
        show_train,
    ),
)
