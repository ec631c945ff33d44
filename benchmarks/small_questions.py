"""Questions about a few words: this library and gensim, on the same vectors.

    python benchmarks/small_questions.py       # 1,000 a run, 100,000 x 300

Both answer the same questions in the same process, by turns, and their answers
are compared. None of these questions needs the whole table. So nothing is
asked before the clock starts: what a first question costs counts, such as the
lengths of all vectors, which gensim computes for some of them. The last rows
open a file without reading it, and ask once.
"""

import argparse
import json
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from neighbours import in_gensim, random_table
from side_by_side import NAMES

from skipgram_lib import WordVectors, load_vectors

QUESTIONS = {
    "v[word]": lambda v, a, b, few: v[a],
    "similarity(word, other)": lambda v, a, b, few: v.similarity(a, b),
    "distance(word, other)": lambda v, a, b, few: v.distance(a, b),
    "n_similarity(5 words, 5 words)": lambda v, a, b, few: v.n_similarity(
        few[:5], few[5:]
    ),
    "distances(word, 10 words)": lambda v, a, b, few: v.distances(a, few),
    "rank_by_centrality(10 words)": lambda v, a, b, few: v.rank_by_centrality(
        few
    ),
    "doesnt_match(10 words)": lambda v, a, b, few: v.doesnt_match(few),
    "get_mean_vector(10 words)": lambda v, a, b, few: v.get_mean_vector(few),
}


def agree(one, other):
    """Whether two answers are the same, but for rounding."""
    if isinstance(one, str):
        return one == other
    if isinstance(one, list):
        one, other = ([number for number, _ in a] for a in (one, other))
    return np.allclose(one, other, atol=1e-5)


def seconds_of(ask, vectors, asked):
    """Return the seconds of a question, asked with each group of words."""
    start = perf_counter()
    for words in asked:
        ask(vectors, words[0], words[1], words[2:])
    return (perf_counter() - start) / len(asked)


def small_questions(words, size, times, runs):
    """Return the seconds a question takes, by question and program."""
    table = random_table(words, size)
    rng = np.random.default_rng(1)
    asked = [
        [table[0][i] for i in rng.choice(words, 12, replace=False)]
        for _ in range(times)
    ]
    found = {}
    for name, ask in QUESTIONS.items():
        found[name] = {program: [] for program in NAMES}
        for _ in range(runs):
            tables = WordVectors(*table), in_gensim(*table)
            a, b, *few = asked[0]
            for program, vectors in zip(NAMES, tables, strict=True):
                took = seconds_of(ask, vectors, asked)
                found[name][program].append(took)
            assert agree(*(ask(v, a, b, few) for v in tables)), name
    return found


def first_question(words, size, runs):
    """Return the seconds from a safetensors file to one similarity."""
    vectors = WordVectors(*random_table(words, size))
    with TemporaryDirectory() as folder:
        path = vectors.save(f"{folder}/v.safetensors", progress=False)
        found = []
        for _ in range(runs):
            opened = load_vectors(path, progress=False)
            start = perf_counter()
            opened.similarity("w0", "w1")
            found.append(perf_counter() - start)
        del opened
    return found


def show(found, first, options):
    """Print the table: medians, and how many times gensim's ours is."""
    print(
        f"{options.times:,} of each, {options.words:,} x {options.size}, "
        f"{options.runs} runs each; microseconds"
    )
    for name, times in found.items():
        ours, theirs = (1e6 * median(times[program]) for program in NAMES)
        print(f"  {name:32} {ours:8.1f}   gensim {theirs:8.1f}", end="")
        print(f"   ratio {theirs / ours:6.2f}")
    print(f"  the first similarity of a file {1e6 * median(first):10.1f}")


def main():
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=100_000)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = small_questions(
        options.words, options.size, options.times, options.runs
    )
    first = first_question(options.words, options.size, options.runs)
    if options.json:
        print(json.dumps({"questions": found, "first": first}))
    else:
        show(found, first, options)


if __name__ == "__main__":
    main()
