"""Text larger than memory: time and memory against the length of the text.

    python benchmarks/more_text.py                # 10 to 100 million tokens
    python benchmarks/more_text.py --million 1 2 --words 10000 --epochs 1

The text is made: words are drawn independently, the word of rank r with a
probability in proportion to 1 / r (Zipf). A million tokens have a seed of
their own, so a longer text begins with the shorter one, and every machine
makes the same bytes. For each length `skipgram count` runs in a process of
its own, with `--memory`; the longest is trained from its counts. Memory is
the most that a process had resident, as the system reports it at its end.
"""

import argparse
import itertools
import json
import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from measure import RESULTS, circumstances, keep_run

CHUNK = 1_000_000
KEY = ("kind", "tokens", "words", "memory", "workers")
LINE = 1_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"


# --- The text ----------------------------------------------------------------


def spell(rank):
    """Spell a rank with letters: 0 is a, 25 is z, 26 is aa."""
    word = ""
    rank += 1
    while rank:
        rank, letter = divmod(rank - 1, 26)
        word = LETTERS[letter] + word
    return word


def zipf_ids(words, tokens, seed):
    """Draw ranks from 0 to words - 1, rank r with weight 1 / (r + 1)."""
    total = np.cumsum(1 / np.arange(1, words + 1))
    draws = np.random.default_rng(seed).random(tokens) * total[-1]
    return np.searchsorted(total, draws, side="right")


def write_text(file, words, first, last):
    """Write the millions of tokens from `first` to `last` - 1 to a file."""
    spelt = np.array([spell(rank) for rank in range(words)], object)
    with open(file, "w", encoding="ascii") as f:
        for million in range(first, last):
            ids = zipf_ids(words, CHUNK, [words, million])
            for line in spelt[ids].reshape(-1, LINE):
                f.write(" ".join(line) + "\n")


def make_texts(folder, words, lengths):
    """Write files such that the first n of them hold each length."""
    marks = [0, *sorted(lengths)]
    for first, last in itertools.pairwise(marks):
        write_text(folder / f"{last:05d}.txt", words, first, last)


# --- Processes ---------------------------------------------------------------


def run_alone(command):
    """Run a process; return its seconds, its peak memory, what it prints."""
    read, write = os.pipe()
    begin = perf_counter()
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)],
    )
    os.close(write)
    with open(read, encoding="utf-8") as f:
        printed = f.read()
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"{' '.join(command)} ended with {status}")
    return {
        "seconds": perf_counter() - begin,
        "peak_mb": usage.ru_maxrss * 1024 / 1e6,
    } | json.loads(printed.splitlines()[-1])


def skipgram(*options):
    """Run the program with some options, as a process of its own."""
    program = [sys.executable, "-m", "skipgram_lib"]
    return run_alone([*program, *map(str, options), "--json"])


def count(texts, million, args, out):
    """Count a text of so many million tokens."""
    files = [
        file for file in sorted(texts.iterdir()) if int(file.stem) <= million
    ]
    workers = ["--workers", args.workers] if args.workers else []
    found = skipgram(
        "count", *files, "--document", "line", "--max-size", args.words,
        "--memory", args.memory, "--out", out, *workers,
    )  # fmt: skip
    return {
        "kind": "count",
        "text_bytes": sum(file.stat().st_size for file in files),
        "cells": found["cells"],
        "bytes": found["bytes"],
    } | {name: found[name] for name in ("seconds", "peak_mb")}


def train(args, counts, out):
    """Train from the counts."""
    found = skipgram(
        "train", "--counts", counts, "--out", out, "--backend", "numpy",
        "--vector-size", args.vector_size, "--epochs", args.epochs,
        "--batch-rows", args.batch_rows,
    )  # fmt: skip
    losses = {
        name: found[name]
        for name in found
        if name.startswith("loss_") and name != "loss_by_epoch"
    }
    return (
        {
            "kind": "train",
            "vector_size": args.vector_size,
            "epochs": args.epochs,
            "batch_rows": args.batch_rows,
            "loss": found["loss_by_epoch"][-1],
        }
        | {name: found[name] for name in ("seconds", "peak_mb")}
        | losses
    )


def report(run):
    """Print a line about a run."""
    million = run["tokens"] / 1e6
    print(
        f"{run['kind']:5}  {million:6.0f} M tokens  {run['seconds']:7.1f} s  "
        f"{run['tokens'] / run['seconds'] / 1e6:5.2f} M/s  "
        f"{run['peak_mb']:6.0f} MB at the peak  "
        + (f"{run['cells']:,} cells" if "cells" in run else
           f"loss {run['loss']:.3f}"),
        flush=True,
    )  # fmt: skip


def main():
    """Measure, print, and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--million", type=int, nargs="+", default=[10, 25, 50, 100])
    add("--words", type=int, default=100_000)
    add("--memory", default="1GB")
    add("--workers", type=int, default=0)
    add("--vector-size", type=int, default=100)
    add("--epochs", type=int, default=2, help="0: do not train")
    add("--batch-rows", type=int, default=250)
    add("--folder", type=Path, help="where texts and counts are made")
    add("--out", type=Path, default=RESULTS / "more_text.json")
    args = parser.parse_args()
    given = {"words": args.words, "memory": args.memory,
             "workers": args.workers}  # fmt: skip
    with TemporaryDirectory(dir=args.folder) as scratch:
        texts, counts = Path(scratch, "texts"), Path(scratch, "counts")
        texts.mkdir()
        make_texts(texts, args.words, args.million)
        for million in sorted(args.million):
            tokens = {"tokens": million * CHUNK}
            now = circumstances()
            run = given | tokens | now | count(texts, million, args, counts)
            report(run)
            keep_run(args.out, run, KEY)
        shutil.rmtree(texts)
        if args.epochs:
            now = circumstances()
            out = Path(scratch, "model")
            run = given | tokens | now | train(args, counts, out)
            report(run)
            keep_run(args.out, run, KEY)


if __name__ == "__main__":
    main()
