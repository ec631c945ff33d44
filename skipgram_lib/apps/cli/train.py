"""The command train: text, counts, a model, and a report about it."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Option,
    options,
    output,
    text_files,
)
from skipgram_lib.apps.cli.printing import bar, method_text


def rates_without(lr: float | None) -> list[tuple[float, float]]:
    """Rates of the library for both objectives, where some are not given."""
    from skipgram_lib.model.skipgram import find_rates

    goals = ("softmax", "negative-sampling")
    return [find_rates(lr, None, goal) for goal in goals]


def lr_text() -> str:
    """Default of the learning rate, for the help page."""
    (softmax, _), (sampling, _) = rates_without(None)
    return f"{softmax}; negative sampling: {sampling}"


def lr_in_text() -> str:
    """Default of the learning rate of W_in, for the help page."""
    (_, softmax), (_, sampling) = rates_without(1.0)
    return f"{softmax:.3g} lr; negative sampling: {sampling:g} lr"


SETTINGS = (
    *options(
        {
            "--vector-size N": "features of a word",
            "--objective softmax|negative-sampling": "what is minimised",
            "--init counts|random": "initial weights",
            "--penalty X": "L2 penalty on the vectors; 0: none",
            "--epochs N": "how often each row of the counts is visited",
            "--batch-rows N": "centre words a step",
            "--seed N": "of initial weights and order of the rows",
        },
        shared.SKIPGRAM,
        "settings",
    ),
    Option("--lr X", "learning rate", lr_text, "settings"),
    Option("--lr-in X", "learning rate of W_in", lr_in_text, "settings"),
)


def run_train(
    out: str,
    show: Sequence[str],
    checkpoint_every: float | None,
    resume: bool | None,
    plain: bool | None,
    settings: Answer,
    backend: str | None,
    tf32: bool | None,
    **source: Any,
) -> Answer:
    """Answer `skipgram train`: train, save, and report what was learned."""
    from skipgram_lib.apps.cli import training
    from skipgram_lib.apps.cli.inputs import TrainingText
    from skipgram_lib.vectors.formats.model_folder import check_model_folder

    begin = perf_counter()
    # What lies beside it lies beside the name that was given, not beside the
    # folder that this may be a link to.
    folder = Path(out)
    check_model_folder(folder)
    text = TrainingText(folder, plain=bool(plain), **source)
    text.check()
    model = training.make_model(settings, bool(plain), backend, tf32)
    answer = training.train(
        folder, text, model, show, bool(resume), checkpoint_every
    )
    return {"model": out, **answer, "seconds": perf_counter() - begin}


def loss_lines(answer: Answer) -> list[str]:
    """Losses as lines of text; bars show the distance to the floor."""
    losses = answer["loss_by_epoch"]
    floor = answer["loss_floor"]
    last = len(losses) - 1
    some = sorted({1 + round(last * i / 9) for i in range(10)})
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
        "loss, nats per pair",
        *loss_lines(answer),
    ]
    for word, near in answer["words"].items():
        likely = ", ".join(f"{w} {p:.3f}" for w, p in near["context"])
        alike = ", ".join(f"{w} {c:.2f}" for w, c in near["neighbours"])
        lines += ["", word, f"  nearby:  {likely}", f"  similar: {alike}"]
    written = f"written, {answer['seconds']:.1f} s in all"
    if not answer["trained"]:
        written = "was complete; without --resume it is trained again"
    lines += ["", f"{answer['model']} {written}"]
    if phrases := answer["phrases"]:
        lines.append(
            f"{phrases['file']} written: {phrases['found']:,} "
            f"phrases, passes: {phrases['passes']}"
        )
    return "\n".join(lines)


TRAIN = Command(
    "train",
    "train a model on text, save it",
    [
        "skipgram train --out out/model",
        "skipgram train book.txt more/ --max-size 20000 --out my_model",
        "skipgram train book.txt --phrases 2 --out phrased",
        "skipgram train --objective negative-sampling --out out/sampled",
        "skipgram train --plain --out out/tutorial",
        "skipgram train --out out/long --checkpoint-every 10",
        "skipgram train --counts out/counts --out out/large",
    ],
    [
        text_files("[FILE|DIR]...", "none: the embedded corpus"),
        *shared.TEXT,
        *shared.COUNTING,
        *SETTINGS,
        shared.COUNTS,
        output("--out DIR", "folder of a model; an older one is replaced"),
        *options(
            {
                "--phrases N": "join phrases, found in N passes",
                "--memory SIZE": "count on the disk, with so much memory",
                "--plain": "the tutorial's plain network, counts too; "
                "settings that are given hold",
                "--show WORD...": "words to show at the end",
                "--resume": "go on from the checkpoints in "
                "DIR.checkpoint; begin if there are none",
            }
        ),
        Option(
            "--checkpoint-every X",
            "seconds between checkpoints; 0: after each step",
            "skipgram_lib.model.callbacks:Checkpointing",
        ),
        Option("--backend auto|numpy|cupy", "where to train", shared.SKIPGRAM),
        shared.TF32,
    ],
    run_train,
    show_train,
)
