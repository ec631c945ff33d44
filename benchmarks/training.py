"""Training: this library, gensim and fastText, from token lists to vectors.

    python benchmarks/training.py                        # embedded corpus
    python benchmarks/training.py --corpus general --seeds 0 1 2
    python benchmarks/training.py --peers ours --model lr=0.05 --label fast

Each run has a process of its own, and the programs take turns: every program
runs once with the first seed, then once with the second, and so on. The clock
starts when the token lists are in memory, and stops when there is an array of
word vectors. Counting, building of vocabularies, and the file that fastText
reads are all inside. The peers are told which 10,000 words to keep, so that
all have the same vocabulary; for this library, finding them is inside, too.

All have 300 dimensions, window 5, subsampling at 1e-3, and the same number of
threads; the peers draw 5 negatives, and are otherwise as they come. Scores
are computed by this library, after the clock has stopped: Spearman's
correlation on WordSim-353 and SimLex-999, accuracy on the Google analogies.

Results go into a JSON file, each run as soon as it ends. A run with the same
corpus, program, label, threads and seed takes the place of an earlier one.
"""

import argparse
import json
import os
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from time import perf_counter

import numpy as np
from corpora import NAMES, documents
from measure import RESULTS, PeakMemory, read_results, run_and_keep

from skipgram_lib import (
    SkipGram,
    SkipgramError,
    Vocabulary,
    WordVectors,
    count_pairs,
    evaluate_word_analogies,
    evaluate_word_pairs,
    find_test_set,
)

V, D, WINDOW, SAMPLE, NEGATIVE = 10_000, 300, 5, 1e-3, 5
# Gensim passes over what follows the 10,000th token of a document.
GENSIM_LONGEST = 10_000
EPOCHS = {
    "sotu": {"ours": [None], "gensim": [5, 20], "fasttext": [5]},
    "general": {"ours": [None], "gensim": [5], "fasttext": [5]},
    "technical": {"ours": [None], "gensim": [5], "fasttext": [5]},
}
KEY = ("corpus", "peer", "label", "threads", "seed")


# --- One run -----------------------------------------------------------------


def train_ours(texts, task):
    """Vectors of this library; the settings not named are its own."""
    counting = {"max_size": V, "window": WINDOW, "sample": SAMPLE}
    counts = count_pairs(texts, **counting | task["count"])
    counted = perf_counter()
    settings = {"vector_size": D, "seed": task["seed"], "backend": "numpy"}
    if task["epochs"] is not None:
        settings["epochs"] = task["epochs"]
    model = SkipGram(**settings | task["model"]).fit(counts)
    vectors = model.vectors
    if task["matrix"]:
        vectors = model.word_vectors(task["matrix"])
    return vectors, {"counted": counted, "model": model}


def train_gensim(texts, task):
    """Vectors of gensim; documents are cut where it would stop reading."""
    from gensim.models import Word2Vec
    from gensim.utils import RULE_DISCARD, RULE_KEEP

    keep = set(task["words"])
    pieces = [
        text[i : i + GENSIM_LONGEST]
        for text in texts
        for i in range(0, len(text), GENSIM_LONGEST)
    ]
    model = Word2Vec(
        pieces,
        sg=1,
        hs=0,
        negative=NEGATIVE,
        vector_size=D,
        window=WINDOW,
        sample=SAMPLE,
        min_count=1,
        epochs=task["epochs"],
        workers=task["threads"],
        seed=task["seed"] + 1,
        trim_rule=lambda word, *_: RULE_KEEP if word in keep else RULE_DISCARD,
    )
    return WordVectors(model.wv.index_to_key, model.wv.vectors), {}


def train_fasttext(texts, task):
    """Vectors of fastText, which reads a file; writing it is its part."""
    import fasttext

    # Its function for Python takes no seed, but passes this one on.
    fasttext.FastText.unsupervised_default["seed"] = task["seed"]
    keep = set(task["words"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tokens.txt")
        with path.open("w", encoding="utf-8") as file:
            for text in texts:
                file.write(" ".join(w for w in text if w in keep) + "\n")
        model = fasttext.train_unsupervised(
            str(path),
            model="skipgram",
            loss="ns",
            minn=0,
            maxn=0,
            dim=D,
            ws=WINDOW,
            neg=NEGATIVE,
            t=SAMPLE,
            minCount=1,
            epoch=task["epochs"],
            thread=task["threads"],
            verbose=0,
        )
    words = [word for word in model.words if word != "</s>"]
    matrix = np.array([model.get_word_vector(word) for word in words])
    return WordVectors(words, matrix), {}


TRAIN = {
    "ours": train_ours,
    "gensim": train_gensim,
    "fasttext": train_fasttext,
}
IMPORT = {
    "ours": "skipgram_lib",
    "gensim": "gensim.models",
    "fasttext": "fasttext",
}


def score(vectors):
    """Three scores, and how many items of each test set were asked."""
    scores = {}
    for name in ("wordsim353", "simlex999"):
        found = evaluate_word_pairs(vectors, find_test_set(name)).as_dict()
        names = {"spearman": "score", "used": "asked", "pairs": "of"}
        scores[name] = {names[key]: found[key] for key in names}
    found = evaluate_word_analogies(vectors, find_test_set("google")).as_dict()
    names = {"accuracy": "score", "asked": "asked", "questions": "of"}
    scores["google"] = {names[key]: found[key] for key in names}
    for part in found["sums"]:
        if part["name"] != "all":
            scores["google"][part["name"]] = part["accuracy"]
    return scores


def run_task(task):
    """Train once; return seconds, memory and scores."""
    import_module(IMPORT[task["peer"]])
    texts = documents(task["corpus"])
    if task["peer"] != "ours":
        task["words"] = Vocabulary.from_tokens(texts, max_size=V).words
    memory, cpu, start = PeakMemory(), sum(os.times()[:2]), perf_counter()
    vectors, more = TRAIN[task["peer"]](texts, task)
    seconds = perf_counter() - start
    run = {
        "seconds": seconds,
        "cpu_seconds": sum(os.times()[:2]) - cpu,
        "tokens": sum(map(len, texts)),
        "words": len(vectors),
    } | memory.report()
    if "counted" in more:
        run["counting_seconds"] = more["counted"] - start
    run["scores"] = score(vectors)
    if "model" in more:
        run["other_scores"] = {
            matrix: score(more["model"].word_vectors(matrix))
            for matrix in ("in", "sum")
        }
    return run


# --- All runs ----------------------------------------------------------------


def settings(pairs):
    """Read KEY=VALUE; values are JSON, or else text."""
    read = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise SkipgramError(f"expected KEY=VALUE, got {pair!r}")
        try:
            read[key] = json.loads(value)
        except json.JSONDecodeError:
            read[key] = value
    return read


def plan(given):
    """List the runs, in the order in which the programs take turns."""
    chosen = EPOCHS[given.corpus] | {
        peer: numbers if isinstance(numbers, list) else [numbers]
        for peer, numbers in settings(given.epochs).items()
    }
    ours = {
        "count": settings(given.count),
        "model": settings(given.model),
        "matrix": given.matrix,
    }
    for seed in given.seeds:
        for peer in given.peers:
            for epochs in chosen[peer]:
                label = f"epochs {epochs}" if epochs else "defaults"
                task = {"corpus": given.corpus, "peer": peer, "label": label}
                if peer == "ours":
                    task |= ours | {"label": given.label or label}
                task |= {"threads": given.threads, "seed": seed}
                yield task | {"epochs": epochs}


def show(run):
    """Print a line about a run."""
    scores = run["scores"]
    print(
        f"{run['corpus']:10}{run['peer']:9}{run['label']:18}"
        f"seed {run['seed']}  {run['seconds']:7.1f} s  "
        f"{run['peak_mb']:6.0f} MB  "
        f"WordSim {scores['wordsim353']['score']:.3f}  "
        f"SimLex {scores['simlex999']['score']:.3f}  "
        f"analogies {scores['google']['score']:.3f}",
        flush=True,
    )


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--corpus", choices=NAMES, default="sotu")
    add("--peers", default=",".join(TRAIN), help="in the order of their turns")
    add("--seeds", type=int, nargs="+", default=[0, 1, 2])
    add("--threads", type=int, default=2)
    add("--out", type=Path, default=RESULTS / "training.json")
    pair = {"nargs": "+", "default": [], "metavar": "KEY=VALUE"}
    add("--epochs", **pair, help="of a program: gensim=20, gensim=[5,20]")
    add("--label", help="what this library's settings are called")
    add("--count", **pair, help="for count_pairs")
    add("--model", **pair, help="for SkipGram")
    add("--matrix", choices=["in", "sum", "out"], help="for word_vectors")
    add("--task", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.peers = given.peers.split(",")
    if unknown := set(given.peers) - set(TRAIN):
        parser.error(f"no peer {sorted(unknown)}; there are {sorted(TRAIN)}")
    return given


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
