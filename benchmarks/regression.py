"""An older checkout of the library against this one: what is slower.

    python benchmarks/regression.py OLD_CHECKOUT [--runs 7] [--only NAME ...]

Seven short benchmarks, each in processes of their own that take turns: the
old code, the new, the new, the old, and so on. PYTHONPATH selects the code,
and a benchmark uses public names alone, those of version 0.1 for a checkout
of it. The medians are printed with their ratio, new / old. One above 1.10 is
marked, and then the program ends with 1.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

import skipgram_lib
from skipgram_lib import (
    SkipGram,
    TextFiles,
    Vocabulary,
    WordVectors,
    count_pairs,
    evaluate_word_analogies,
    load_sotu,
    load_vectors,
)

HERE = Path(__file__).resolve()
MOST = 1.10
IS_0_1 = skipgram_lib.__version__.startswith("0.1.")


# --- The benchmarks ----------------------------------------------------------
# Each prepares its input and returns the function that is timed.


def count_sotu(max_size):
    """Return the vocabulary and the counts of the embedded corpus."""
    documents = load_sotu()
    vocabulary = Vocabulary.from_tokens(documents, max_size=max_size)
    return vocabulary, count_pairs(documents, vocabulary=vocabulary)


def train(vocabulary, counts, vector_size, **settings):
    """Train a network, silently."""
    if not IS_0_1:
        given = {"vector_size": vector_size, "progress": False}
        return SkipGram(**given, **settings).fit(counts)
    if "init" in settings:
        settings["start"] = settings.pop("init")
    model = SkipGram(vocabulary, vector_size)
    return model.fit(counts, progress=False, **settings)


def random_vectors(words, features):
    """Return vectors of random numbers, always the same."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((words, features), dtype=np.float32)
    return WordVectors([f"word{i}" for i in range(words)], matrix)


def counting(folder):
    """Ids to counts, window 5."""
    documents = load_sotu()
    vocabulary = Vocabulary.from_tokens(documents, max_size=10_000)
    ids = [vocabulary.encode(tokens) for tokens in documents]

    def run():
        for _ in range(8):
            count_pairs(ids, vocabulary=vocabulary, window=5)

    return run


def reading(folder):
    """A text file to a vocabulary and counts, window 1."""
    path = folder / "text.txt"
    lines = (" ".join(document) for document in load_sotu())
    path.write_text("\n".join(lines), encoding="utf-8")

    def count():
        if not IS_0_1:
            return count_pairs(TextFiles([path]), max_size=10_000, window=1)
        from skipgram_lib import encode_documents

        vocabulary, ids = encode_documents(TextFiles([path]), 10_000)
        return count_pairs(ids, vocabulary, window=1)

    def run():
        for _ in range(4):
            count()

    return run


def exact_pass(folder):
    """One pass over the counts, 10,000 x 200, from random weights."""
    text = count_sotu(10_000)
    return lambda: train(*text, 200, epochs=1, init="random")


def training(folder):
    """Four passes, 5,000 x 100, from weights that the counts give."""
    text = count_sotu(5_000)
    return lambda: train(*text, 100)


def neighbours(folder):
    """Searches over 50,000 x 100, one by one and together."""
    vectors = random_vectors(50_000, 100)
    words = [f"word{i}" for i in range(1_000)]

    def run():
        for word in words:
            vectors.most_similar(word, topn=10)
        for _ in range(3):
            vectors.most_similar_many(words, topn=10)

    return run


def loading(folder):
    """Files of 100,000 x 100, word2vec's format and safetensors."""
    vectors = random_vectors(100_000, 100)
    paths = [folder / "vectors.bin", folder / "vectors.safetensors"]
    for path in paths:
        vectors.save(path)

    def run():
        for _ in range(25):
            for path in paths:
                load_vectors(path)

    return run


def analogies(folder):
    """Four thousand questions over 10,000 x 300."""
    vectors = random_vectors(10_000, 300)
    rng = np.random.default_rng(1)
    path = folder / "questions.txt"
    rows = rng.integers(10_000, size=(4_000, 4))
    lines = [" ".join(f"word{i}" for i in row) for row in rows]
    path.write_text("\n".join([": random", *lines]), encoding="utf-8")
    return lambda: evaluate_word_analogies(vectors, path)


BENCHMARKS = {
    function.__name__: function
    for function in (
        counting,
        reading,
        exact_pass,
        training,
        neighbours,
        loading,
        analogies,
    )
}


# --- One run -----------------------------------------------------------------


def measure(name):
    """Run a benchmark here, twice; return the fewer seconds."""
    with tempfile.TemporaryDirectory() as folder:
        run = BENCHMARKS[name](Path(folder))
        seconds = []
        for _ in range(2):
            start = perf_counter()
            run()
            seconds.append(perf_counter() - start)
        return min(seconds)


def measure_checkout(name, checkout):
    """Run a benchmark in a process that has a checkout's code."""
    result = subprocess.run(
        [sys.executable, HERE, "--measure", name, checkout],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(result.stdout)
    used = Path(found["library"]).resolve()
    if not used.is_relative_to(checkout):
        sys.exit(f"regression.py: {checkout} was not used, but {used}")
    return found["seconds"]


def take_turns(name, checkouts, runs):
    """Measure each checkout so many times; they take turns, then swap."""
    seconds = {checkout: [] for checkout in checkouts}
    for i in range(runs):
        for checkout in checkouts[:: 1 if i % 2 == 0 else -1]:
            seconds[checkout].append(measure_checkout(name, checkout))
    return [seconds[checkout] for checkout in checkouts]


# --- All of them -------------------------------------------------------------


def compare(names, checkouts, runs):
    """Print a line for each benchmark; return the names of slower ones."""
    slower = []
    print(f"{'':12} {'old':>9} {'new':>9} {'new / old':>10}")
    for name in names:
        old, new = map(median, take_turns(name, checkouts, runs))
        ratio = new / old
        mark = f"  above {MOST:.2f}" if ratio > MOST else ""
        print(f"{name:12} {old:7.3f} s {new:7.3f} s {ratio:10.2f}{mark}")
        sys.stdout.flush()
        if mark:
            slower.append(name)
    return slower


def read_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("old", type=Path, help="a checkout of older code")
    parser.add_argument("--runs", type=int, default=7, help="of each (7)")
    parser.add_argument(
        "--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS)
    )
    parser.add_argument(
        "--new",
        type=Path,
        default=HERE.parents[1],
        help="a checkout of newer code (this one)",
    )
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    """Compare two checkouts; or, in a process of one, measure."""
    asked = read_arguments()
    if asked.measure:
        seconds = measure(asked.measure)
        found = {"seconds": seconds, "library": skipgram_lib.__file__}
        print(json.dumps(found))
        return
    checkouts = [asked.old.resolve(), asked.new.resolve()]
    for checkout in checkouts:
        if not (checkout / "skipgram_lib" / "__init__.py").is_file():
            sys.exit(f"regression.py: no skipgram_lib in {checkout}")
    if slower := compare(asked.only, checkouts, asked.runs):
        sys.exit(f"slower: {', '.join(slower)}")


if __name__ == "__main__":
    main()
