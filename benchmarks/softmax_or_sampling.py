"""The full softmax and negative sampling: same counts, same size.

    python benchmarks/softmax_or_sampling.py          # V 1,000 to 10,000
    python benchmarks/softmax_or_sampling.py --text corpus.txt \
        --words 1000 10000 30000 100000 --vector-size 300

Without `--text`, the embedded corpus; a text file has a document a line. For
each size of the vocabulary the text is counted once, and both objectives are
trained on the counts, by turns, each in a process of its own, so that its
peak of memory is its own. The figures are those of `evaluation`: WordSim-353
and SimLex-999 (Spearman), Google analogies (accuracy), and the perplexity on
the counts that were trained on, which costs a pass of the full softmax, and
is left out above `--perplexity-up-to` words.

Writes benchmarks/softmax_or_sampling.json, which chapter 14 reads.
"""

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from skipgram_lib import (
    SkipGram,
    Vocabulary,
    count_pairs,
    evaluate_word_analogies,
    evaluate_word_pairs,
    load_sotu,
    tokenize,
)
from skipgram_lib.evaluation import find_test_set, held_out_perplexity

OUT = Path(__file__).with_suffix(".json")
OBJECTIVES = ("softmax", "negative-sampling")
TESTS = ("wordsim353", "simlex999", "google")


def read(path):
    """Return the documents of a text file, or of the embedded corpus."""
    if path is None:
        return load_sotu()
    with Path(path).open(encoding="utf-8") as lines:
        return [tokenize(line) for line in lines]


def score(vectors):
    """Return the figures of a set of vectors on the tests."""
    figures = {
        name: evaluate_word_pairs(vectors, find_test_set(name)).spearman
        for name in TESTS[:2]
    }
    google = evaluate_word_analogies(vectors, find_test_set("google"))
    return {**figures, "google": google.accuracy}


def train(path, settings):
    """Train one objective on stored counts; return what is to be reported."""
    with path.open("rb") as file:  # written by this script, just before
        vocabulary, counts = pickle.load(file)
    size, objective = settings["vector_size"], settings["objective"]
    model = SkipGram(vocabulary, size, seed=settings["seed"])
    lr = settings["lr"][objective]
    more = {} if lr is None else {"lr": lr}
    start = perf_counter()
    model.fit(counts, epochs=settings["epochs"], objective=objective, **more)
    seconds = perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    result = {
        "objective": objective,
        "words": len(vocabulary),
        "vector_size": size,
        "cells": counts.cells.nnz,
        "seconds": seconds,
        "peak_gigabytes": peak,
        **score(model.word_vectors("in")),
        "sum": score(model.word_vectors("sum")),
    }
    if len(vocabulary) <= settings["perplexity_up_to"]:
        result["perplexity"] = held_out_perplexity(model, counts)
    return result


def in_a_process(path, settings):
    """Call `train` in a process of its own."""
    command = [sys.executable, __file__, "--child", path, json.dumps(settings)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def measure(documents, words, options):
    """Count at one size; train both objectives by turns."""
    vocabulary = Vocabulary.from_tokens(documents, max_size=words)
    settings = {
        "vector_size": options.vector_size,
        "epochs": options.epochs,
        "seed": options.seed,
        "lr": {
            "softmax": options.softmax_lr,
            "negative-sampling": options.sampling_lr,
        },
        "perplexity_up_to": options.perplexity_up_to,
    }
    runs = {name: [] for name in OBJECTIVES}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "counts.pickle")
        with path.open("wb") as file:
            counts = count_pairs(documents, vocabulary, window=options.window)
            pickle.dump((vocabulary, counts), file)
        del counts
        for _ in range(options.runs):
            for name in OBJECTIVES:
                settings["objective"] = name
                runs[name].append(in_a_process(path, settings))
                show(runs[name][-1])
    for results in runs.values():
        times = [result["seconds"] for result in results]
        yield {**results[0], "seconds": median(times), "all_seconds": times}


def show(result):
    """Print a line of the table."""
    figures = "  ".join(f"{result[name]:.3f}" for name in TESTS)
    print(
        f"{result['words']:7,} words  {result['objective']:17}  "
        f"{result['seconds']:7.1f} s  {result['peak_gigabytes']:4.1f} GB  "
        f"{figures}  perplexity {result.get('perplexity', float('nan')):,.0f}",
        flush=True,
    )


def main():
    """Run what the options ask for."""
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(train(Path(sys.argv[2]), json.loads(sys.argv[3]))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", help="a text file, a document a line")
    sizes = [1_000, 2_000, 5_000, 10_000]
    parser.add_argument("--words", type=int, nargs="+", default=sizes)
    parser.add_argument("--vector-size", type=int, default=300)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--softmax-lr", type=float)
    parser.add_argument("--sampling-lr", type=float, default=0.1)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--perplexity-up-to", type=int, default=30_000)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    documents = read(options.text)
    result = {
        "text": Path(options.text).name if options.text else "sotu",
        "tokens": sum(map(len, documents)),
        "window": options.window,
        "epochs": options.epochs,
        "tests": TESTS,
        "runs": [],
    }
    for words in options.words:
        result["runs"] += measure(documents, words, options)
        text = json.dumps(result, indent=1) + "\n"
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
