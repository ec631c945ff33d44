"""Search for neighbours: this library and gensim, on the same vectors.

    python benchmarks/neighbours.py            # 1,000 queries, 100,000 x 300
    python benchmarks/neighbours.py --large    # one query, 1,000,000 x 300

Both answer the same questions in the same process, by turns, with as many
threads as their matrix products take. Their answers are compared. The time of
the first query of each, which computes the lengths of the vectors, is left
out of the first table and shown in the second.

`--large` starts a process for each program, and shows by how much one query
raises the highest memory of the process: a second copy of the matrix would
be 1.2 GB.
"""

import argparse
import json
import resource
import subprocess
import sys
from statistics import median
from time import perf_counter

import numpy as np
from gensim.models import KeyedVectors
from side_by_side import NAMES, show_times

from skipgram_lib import WordVectors


def random_table(words, size, seed=0):
    """Return words and a float32 matrix (words, size) of random numbers."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((words, size), dtype=np.float32)
    return [f"w{i}" for i in range(words)], matrix


def in_gensim(words, matrix):
    """Return gensim's object over a matrix, without a copy of it."""
    theirs = KeyedVectors(matrix.shape[1], count=0)
    theirs.index_to_key = words
    theirs.key_to_index = {word: i for i, word in enumerate(words)}
    theirs.vectors = matrix
    return theirs


def seconds(function, *arguments):
    """Return how long a call takes, and what it returns."""
    start = perf_counter()
    answer = function(*arguments)
    return perf_counter() - start, answer


def many_queries(words, size, queries, runs):
    """Time the same queries in both programs, by turns."""
    table = random_table(words, size)
    ours, theirs = WordVectors(*table), in_gensim(*table)
    asked = np.random.default_rng(1).choice(table[0], queries, replace=False)
    asked = asked.tolist()
    programs = {
        "skipgram_lib": lambda: ours.most_similar_many(asked, topn=10),
        "gensim": lambda: [theirs.most_similar(w, topn=10) for w in asked],
    }
    ours.most_similar(asked[0])
    theirs.most_similar(asked[0])
    times, answers = {name: [] for name in NAMES}, {}
    for _ in range(runs):
        for name in NAMES:
            took, answers[name] = seconds(programs[name])
            times[name].append(took)
    for one, other in zip(*answers.values(), strict=True):
        assert [w for w, _ in one] == [w for w, _ in other]
    return times


def highest_memory():
    """Return the highest memory of this process so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def one_query(name, words, size):
    """Ask one question twice; return the seconds and the rise of memory."""
    table = random_table(words, size)
    make = WordVectors if name == "skipgram_lib" else in_gensim
    vectors, before = make(*table), highest_memory()
    first, _ = seconds(vectors.most_similar, "w7")
    second, _ = seconds(vectors.most_similar, "w8")
    rise = highest_memory() - before
    return {"first": first, "second": second, "memory": rise}


def in_a_process(name, words, size):
    """Run `one_query` in a process of its own."""
    command = [sys.executable, __file__, "--one", name]
    command += ["--words", str(words), "--size", str(size)]
    result = subprocess.run(command, capture_output=True, check=True)
    return json.loads(result.stdout)


def show_many(times, options):
    """Print the table of many queries."""
    print(
        f"{options.queries:,} queries, {options.words:,} x {options.size}, "
        f"{options.runs} runs each"
    )
    show_times(times)


def show_large(results, options):
    """Print the table of one query."""
    print(f"one query, {options.words:,} x {options.size}")
    for name, runs in results.items():
        middle = {key: median(run[key] for run in runs) for key in runs[0]}
        print(
            f"  {name:13} first {middle['first']:.3f} s, second "
            f"{middle['second']:.3f} s, "
            f"memory + {middle['memory'] / 1e6:,.0f} MB"
        )


def main():
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--one", choices=NAMES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    large = options.large or options.one
    options.words = options.words or (1_000_000 if large else 100_000)
    size = options.words, options.size
    if options.one:
        print(json.dumps(one_query(options.one, *size)))
        return
    if options.large:
        runs = range(options.runs)
        results = {n: [in_a_process(n, *size) for _ in runs] for n in NAMES}
        show = show_large
    else:
        results = many_queries(*size, options.queries, options.runs)
        show = show_many
    print(json.dumps(results)) if options.json else show(results, options)


if __name__ == "__main__":
    main()
