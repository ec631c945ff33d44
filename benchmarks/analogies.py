"""Analogies: this library and gensim, on the same vectors and questions.

    python benchmarks/analogies.py                    # the embedded corpus
    python benchmarks/analogies.py --words 100000 --questions 2000

Without `--words`, the network of the book, 10,000 x 300, is trained on the
embedded corpus, and all questions are asked whose words it knows. With
`--words`, the vectors are invented: all words of the test set are known, and
the two words of each of its pairs differ by a step of their section, with
noise, so that a part of the answers is right.

Both programs answer the same file in the same process, by turns, with as many
threads as their matrix products take; reading the file is a part of it. The
figures of every section must be the same, or the benchmark stops. Gensim
cannot multiply here, so there is no second time for 3CosMul.

Measure on an idle machine: gensim makes many short products, whose threads
wait for each other, and other work on the machine slows it more than it slows
this library. OPENBLAS_NUM_THREADS=1 takes that away.
"""

import argparse
import json
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from gensim.models import KeyedVectors
from side_by_side import NAMES, show_times

from skipgram_lib import (
    SkipGram,
    WordVectors,
    count_pairs,
    load_sotu,
)
from skipgram_lib.vectors.analogies import evaluate_word_analogies
from skipgram_lib.vectors.test_sets import find_test_set, read_analogies


def trained():
    """Train the network of the book; return its vectors of both matrices."""
    counts = count_pairs(load_sotu(), max_size=10_000)
    return SkipGram(vector_size=300).fit(counts).word_vectors("sum")


def invented(questions, words, size, seed=0):
    """Return vectors of the test set's words, and of others up to `words`."""
    rng = np.random.default_rng(seed)
    listed = {w.lower(): None for q in questions for w in q.words}
    names = [*listed, *(f"w{i}" for i in range(words - len(listed)))]
    matrix = rng.standard_normal((len(names), size), dtype=np.float32)
    index = {name: i for i, name in enumerate(listed)}
    steps = rng.standard_normal((99, size), dtype=np.float32)
    for section, four in questions:
        _, _, c, d = (index[word.lower()] for word in four)
        noise = np.random.default_rng(d).standard_normal(size)
        matrix[d] = matrix[c] + steps[section] + 2.6 * noise
    order = rng.permutation(len(names))
    return WordVectors([names[i] for i in order], matrix[order])


def write_part(folder, questions, names, most):
    """Write the first questions of each section; about `most` in all."""
    lines, each = [], -(-most // len(names))
    for number, name in enumerate(names):
        part = [q.words for q in questions if q.section == number][:each]
        lines += [f": {name}", *(" ".join(words) for words in part)]
    path = Path(folder, "questions.txt")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def in_gensim(vectors):
    """Return gensim's object over the same matrix, its lengths computed."""
    theirs = KeyedVectors(vectors.vector_size, count=0)
    theirs.index_to_key = vectors.words
    theirs.key_to_index = {w: i for i, w in enumerate(vectors.words)}
    theirs.vectors = vectors.matrix
    theirs.fill_norms()
    return theirs


def section_figures(answer):
    """Right and asked questions of each section, of either program."""
    if isinstance(answer, tuple):
        return [
            (len(part["correct"]), len(part["correct"] + part["incorrect"]))
            for part in answer[1]
        ]
    return [
        (part.correct, part.asked)
        for part in [*answer.sections, answer.sums[-1]]
    ]


def compare(vectors, path, runs):
    """Time both programs by turns; stop if a figure differs."""
    theirs = in_gensim(vectors)
    programs = {
        "skipgram_lib": lambda: evaluate_word_analogies(vectors, path),
        "gensim": lambda: theirs.evaluate_word_analogies(str(path)),
    }
    times, answers = {name: [] for name in NAMES}, {}
    _ = vectors.lengths
    for _ in range(runs):
        for name in NAMES:
            start = perf_counter()
            answers[name] = programs[name]()
            times[name].append(perf_counter() - start)
    ours, gensims = (section_figures(answers[name]) for name in NAMES)
    if ours != gensims:
        raise SystemExit(f"the figures differ:\n{ours}\n{gensims}")
    scores = answers["skipgram_lib"]
    start = perf_counter()
    multiplied = evaluate_word_analogies(vectors, path, method="multiply")
    return {
        "test_set": str(find_test_set("google")),
        "words": len(vectors),
        "vector_size": vectors.vector_size,
        "questions": len(scores.items),
        "seconds": times,
        "accuracy": scores.accuracy,
        "multiply_seconds": perf_counter() - start,
        "multiply_accuracy": multiplied.accuracy,
    }


def show(result):
    """Print the table."""
    times = result["seconds"]
    print(result["test_set"])
    print(
        f"{result['questions']:,} questions, {result['words']:,} x "
        f"{result['vector_size']}, {len(times['gensim'])} runs each; the "
        f"same figures, {result['accuracy']:.3f}"
    )
    show_times(times)
    print(
        f"  3CosMul       {result['multiply_seconds']:7.3f} s   "
        f"{result['multiply_accuracy']:.3f}"
    )


def main():
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, help="invented vectors")
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--questions", type=int, help="about so many")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    google = find_test_set("google")
    names, questions = read_analogies(google)
    if options.words:
        vectors = invented(questions, options.words, options.size)
    else:
        vectors = trained()
    with tempfile.TemporaryDirectory() as folder:
        path = google.path
        if options.questions:
            path = write_part(folder, questions, names, options.questions)
        result = compare(vectors, path, options.runs)
    print(json.dumps(result)) if options.json else show(result)


if __name__ == "__main__":
    main()
