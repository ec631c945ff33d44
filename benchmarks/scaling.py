"""Time of a pass and peak memory, against V and against D.

    python benchmarks/scaling.py                  # 1,000 to 100,000; 50 to 600

Each point has a process of its own. Where a pass would take longer than
`--seconds`, only its first steps are run: all steps do the same work, so the
time of a pass is the time of a step times their number. The first step, which
also allocates, is left out of the time, not out of the memory. The memory is
that of training alone: the tokens are let go first, the counts are not.
"""

import argparse
import gc
import json
import sys
from pathlib import Path
from time import perf_counter

from corpora import NAMES, documents
from measure import RESULTS, PeakMemory, run_and_keep

from skipgram_lib import SkipGram, SkipgramError, count_pairs

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
FEATURES = (50, 100, 200, 300, 600)
KEY = ("V", "D", "threads", "corpus")


def counted(task):
    """Counts of a corpus; the tokens are let go."""
    texts = documents(task["corpus"])
    return count_pairs(texts, max_size=task["V"], window=5, sample=1e-3)


def run_task(task):
    """Train until the pass or the time is over."""
    counts = counted(task)
    gc.collect()
    memory, marks, epochs = PeakMemory(), [], 2
    model = SkipGram(vector_size=task["D"], epochs=epochs, backend="numpy")
    for record in model.fit_steps(counts):
        marks.append(perf_counter())
        per_pass = record.steps // epochs
        late = marks[-1] - marks[0] > task["seconds"] and len(marks) > 3
        if late or record.epoch == epochs:
            break
    step = (marks[-1] - marks[0]) / (len(marks) - 1)
    return {
        "V": len(counts.vocabulary),
        "pass_seconds": step * per_pass,
        "steps_timed": len(marks) - 1,
        "steps_of_a_pass": per_pass,
        "cells": int(counts.cells.nnz),
    } | memory.report()


def main():
    """Measure each point, print it, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--corpus", choices=NAMES, default="general")
    add("--sizes", type=int, nargs="*", default=SIZES, help="V, at D 300")
    add("--features", type=int, nargs="*", default=FEATURES, help="D, 10,000")
    add("--seconds", type=float, default=30)
    add("--threads", type=int, default=2)
    add("--out", type=Path, default=RESULTS / "scaling.json")
    add("--task", type=json.loads, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(json.dumps(run_task(given.task)))
        return
    points = [(V, 300) for V in given.sizes]
    points += [(10_000, D) for D in given.features]
    for V, D in dict.fromkeys(points):
        task = {"corpus": given.corpus, "V": V, "D": D}
        task |= {"seconds": given.seconds, "threads": given.threads}
        run = run_and_keep(__file__, task, given.out, KEY)
        print(
            f"V {run['V']:7,}  D {D:4}  {run['pass_seconds']:9.2f} s a pass  "
            f"{run['peak_mb'] - run['before_mb']:7.0f} MB more  "
            f"({run['steps_timed']} steps of {run['steps_of_a_pass']})",
            flush=True,
        )


if __name__ == "__main__":
    try:
        main()
    except SkipgramError as error:
        sys.exit(f"{error}")
