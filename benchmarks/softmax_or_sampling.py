r"""The full softmax and negative sampling: same counts, same size.

    python benchmarks/softmax_or_sampling.py            # V 1,000 to 10,000
    python benchmarks/softmax_or_sampling.py --corpus general \
        --words 20000 50000 100000

Each size of the vocabulary is counted once. On these counts both objectives
are trained, by turns, with both settings: `plain` is `PLAIN.model` (random
initial weights, no penalty, 10 epochs in batches of 500), `defaults` is what
`SkipGram` does unless told otherwise (initial weights from the counts, a
penalty, 4 epochs in batches of 1,000). Sampling has the learning rates that
`fit` chooses for it, in both settings.

Each run has a process of its own. Seconds are those of `fit`; memory is the
peak of the process while it trains, the counts included. The scores are those
of workshop 8: Spearman's correlation on WordSim-353 and SimLex-999, accuracy
on the Google analogies, and how many questions were answered, for the rows of
W_in and for W_in + W_out. `others` is the share of the machine that other
programs took while it trained: measure on an idle one.

Results go into a JSON file, each run as soon as it
ends; workshop 5 shows what is there. A run with the same corpus, size,
objective, setting, threads and seed takes the place of an earlier one.
"""

import argparse
import json
import os
import pickle
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from corpora import NAMES, documents
from measure import RESULTS, PeakMemory, read_results, run_and_keep
from training import score

from skipgram_lib import PLAIN, SkipGram, SkipgramError, count_pairs

OBJECTIVES = ("softmax", "negative-sampling")
SETTINGS = ("plain", "defaults")
KEY = (
    "corpus",
    "words",
    "vector_size",
    "objective",
    "setting",
    "threads",
    "seed",
)


def settings_of(task):
    """Arguments of `SkipGram`: one setting, for one objective."""
    settings = dict(PLAIN.model) if task["setting"] == "plain" else {}
    if task["objective"] != "softmax":
        settings |= {"lr": None, "lr_in": None}  # as `fit` chooses them
    names = "objective", "vector_size", "seed"
    return settings | {name: task[name] for name in names}


def seconds_at_work():
    """Processor seconds of the whole machine, and of this process."""
    line = Path("/proc/stat").read_text().partition("\n")[0]
    user, nice, system, _, _, *rest = map(int, line.split()[1:9])
    ticks = user + nice + system + sum(rest)
    return ticks / os.sysconf("SC_CLK_TCK"), sum(os.times()[:2])


def run_task(task):
    """Train once on stored counts; return seconds, memory and scores."""
    with Path(task["counts"]).open("rb") as file:  # written by `store`
        counts = pickle.load(file)
    memory, start = PeakMemory(), perf_counter()
    all_before, own_before = seconds_at_work()
    settings = settings_of(task) | {"backend": "numpy", "progress": False}
    model = SkipGram(**settings).fit(counts)
    seconds = perf_counter() - start
    all_after, own_after = seconds_at_work()
    others = all_after - all_before - (own_after - own_before)
    peak = memory.report()
    return {
        "seconds": seconds,
        "others": max(0.0, others / seconds / (os.cpu_count() or 1)),
        "epochs": len(model.history),
        "cells": int(counts.cells.nnz),
        "loss": model.history[-1].epoch_loss,
        "scores": score(model.vectors),
        "sum_scores": score(model.word_vectors("sum")),
    } | peak


def store(texts, words, path):
    """Count with a vocabulary of the most frequent words; write the counts."""
    start = perf_counter()
    counts = count_pairs(texts, max_size=words)
    with path.open("wb") as file:
        pickle.dump(counts, file)
    print(f"{perf_counter() - start:.1f} s, {counts}", flush=True)
    return len(counts.vocabulary)


def plan(given, words, tokens):
    """List the runs on some counts, in the order of their turns."""
    for seed in given.seeds:
        for setting in given.settings:
            for objective in given.objectives:
                yield {
                    "corpus": given.corpus,
                    "words": words,
                    "vector_size": given.vector_size,
                    "objective": objective,
                    "setting": setting,
                    "threads": given.threads,
                    "seed": seed,
                    "tokens": tokens,
                }


def show(run):
    """Print a line about a run."""
    scores = run["scores"]
    print(
        f"{run['corpus']:8}{run['words']:8,}  {run['objective']:18}"
        f"{run['setting']:11}seed {run['seed']}  {run['seconds']:7.1f} s  "
        f"{run['peak_mb']:6.0f} MB  "
        f"WordSim {scores['wordsim353']['score']:.3f}  "
        f"SimLex {scores['simlex999']['score']:.3f}  "
        f"analogies {scores['google']['score']:.3f} "
        f"of {scores['google']['asked']:,}  others {run['others']:.0%}",
        flush=True,
    )


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--corpus", choices=NAMES, default="sotu")
    sizes = [1_000, 2_000, 5_000, 10_000]
    add("--words", type=int, nargs="+", default=sizes)
    add("--vector-size", type=int, default=300)
    choices = {"nargs": "+", "metavar": "NAME"}
    add("--objectives", **choices, choices=OBJECTIVES, default=OBJECTIVES)
    add("--settings", **choices, choices=SETTINGS, default=SETTINGS)
    add("--seeds", type=int, nargs="+", default=[0])
    add("--threads", type=int, default=2)
    add("--out", type=Path, default=RESULTS / "softmax_or_sampling.json")
    add("--task", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Run the plan, or one task of it."""
    given = arguments()
    if given.task:
        print(json.dumps(run_task(given.task)))
        return
    read_results(given.out)  # before the first run, not after it
    texts = documents(given.corpus)
    tokens = sum(map(len, texts))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "counts.pickle")
        for size in given.words:
            words = store(texts, size, path)
            for task in plan(given, words, tokens):
                where = given.out, KEY
                show(run_and_keep(__file__, task, *where, counts=str(path)))


if __name__ == "__main__":
    try:
        main()
    except SkipgramError as error:
        sys.exit(f"{error}")
