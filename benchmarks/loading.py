"""Loading word vectors, side by side with gensim.

    python benchmarks/loading.py [--words 1000000] [--size 300]
                                 [--text-words 100000] [--runs 5] [--json]

Makes files of random vectors in a temporary folder (about 2.6 GB with the
default sizes; they are removed at the end) and measures

* word2vec binary: `load_vectors` against gensim's `load_word2vec_format`;
* word2vec text, fewer words: the same two;
* safetensors: opening, and what it adds to the memory of the process.

Each measurement is a fresh process, which loads one file and checks it. The
two libraries take turns, so that a slow minute of the machine meets both;
the files are read once before, so that they come from the page cache. Shown
are medians, the fastest and the slowest run, and the ratio of the medians
with the smallest and the largest ratio of two neighbouring runs. The
processor's time stands beside the clock's, because other programs on the
machine disturb it less; both libraries load in one thread. Imports are not
counted. Linux only: memory is read from /proc/self/status.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np


def memory(name):
    """Read a line of /proc/self/status, VmRSS or VmHWM (the peak), in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    return int(line.split()[1]) / 1024


def now():
    """Seconds of the clock and of the processor, as an array."""
    return np.array([time.perf_counter(), time.process_time()])


def load_ours(path):
    """Load with this library; the time is that of `load_vectors`."""
    from skipgram_lib import load_vectors

    before, start = memory("VmRSS"), now()
    vectors = load_vectors(path, progress=False)
    seconds = now() - start
    return vectors.words, vectors.matrix, seconds, memory("VmRSS") - before


def load_gensim(path):
    """Load with gensim; the time is that of `load_word2vec_format`."""
    from gensim.models import KeyedVectors

    before, start = memory("VmRSS"), now()
    binary = path.endswith(".bin")
    model = KeyedVectors.load_word2vec_format(path, binary=binary)
    seconds = now() - start
    grown = memory("VmRSS") - before
    return model.index_to_key, model.vectors, seconds, grown


def words_alone(path):
    """Make the words of a safetensors file and their index, no matrix."""
    from skipgram_lib.text.vocabulary import WordIndex

    with open(path, "rb") as f:
        size = int.from_bytes(f.read(8), "little")
        about = json.loads(f.read(size))
        parts = {}
        for name, dtype in [("offsets", "<i8"), ("words", "u1")]:
            f.seek(8 + size + about[name]["data_offsets"][0])
            count = about[name]["shape"][0]
            parts[name] = np.fromfile(f, dtype, count)
    text, ends = parts["words"].tobytes(), parts["offsets"].tolist()
    del parts
    before, start = memory("VmRSS"), now()
    words = [text[a:b].decode() for a, b in pairwise(ends)]
    index = WordIndex(words)
    seconds = now() - start
    del words
    grown = memory("VmRSS") - before
    return index.words, np.zeros((1, 1)), seconds, grown


PROGRAMS = {"ours": load_ours, "gensim": load_gensim, "words": words_alone}


def child(program, path):
    """Load one file in this process, and print what that took."""
    words, matrix, seconds, grown = PROGRAMS[program](path)
    peak = memory("VmHWM")
    last = matrix[-1].astype(np.float64).sum()
    print(
        json.dumps(
            {
                "seconds": seconds[0],
                "processor": seconds[1],
                "grown_mb": grown,
                "peak_mb": peak,
                "words": len(words),
                "last_word": words[-1],
                "last_sum": last,
            }
        )
    )


def measure(programs, path, runs):
    """Let programs take turns on a file; return their runs by name."""
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 24):
            pass
    found = {program: [] for program in programs}
    for _ in range(runs):
        for program in programs:
            command = [sys.executable, __file__, "--child", program, str(path)]
            result = subprocess.run(
                command, check=True, capture_output=True, text=True
            )
            found[program].append(json.loads(result.stdout))
    return found


def summary(runs):
    """Medians and range of some runs."""
    seconds = [run["seconds"] for run in runs]
    return {
        "seconds": statistics.median(seconds),
        "fastest": min(seconds),
        "slowest": max(seconds),
        "processor": statistics.median(run["processor"] for run in runs),
        "peak_mb": statistics.median(run["peak_mb"] for run in runs),
        "grown_mb": statistics.median(run["grown_mb"] for run in runs),
    }


def compare(path, runs):
    """Measure both libraries on a file, and check that they agree."""
    found = measure(["ours", "gensim"], path, runs)
    for mine, theirs in zip(*found.values(), strict=True):
        for what in ("words", "last_word", "last_sum"):
            assert mine[what] == theirs[what], (what, mine, theirs)
    ratios = [
        theirs["seconds"] / mine["seconds"]
        for mine, theirs in zip(*found.values(), strict=True)
    ]
    result = {name: summary(each) for name, each in found.items()}
    result["ratio"] = result["gensim"]["seconds"] / result["ours"]["seconds"]
    result["ratios"] = [min(ratios), max(ratios)]
    result["processor_ratio"] = (
        result["gensim"]["processor"] / result["ours"]["processor"]
    )
    result["file_mb"] = path.stat().st_size / 1e6
    return result


def make_files(folder, words, size, text_words):
    """Write the three files; return their paths."""
    from skipgram_lib import WordVectors

    rng = np.random.default_rng(0)
    names = [f"w{i * 2654435761 % 2**32:x}" for i in range(words)]
    matrix = rng.standard_normal((words, size), np.float32)
    vectors = WordVectors(names, matrix)
    few = WordVectors(names[:text_words], matrix[:text_words])
    return {
        "binary": vectors.save(folder / "v.bin"),
        "text": few.save(folder / "v.txt"),
        "safetensors": vectors.save(folder / "v.safetensors"),
    }


def show(title, result):
    """Print the table of a comparison."""
    print(f"\n{title}, {result['file_mb']:,.0f} MB")
    heads = "median", "fastest", "slowest", "processor"
    print(f"{'':8}", *(f"{head:>9}" for head in heads), f"{'peak':>9}")
    for name in ("ours", "gensim"):
        row = result[name]
        print(
            f"{name:8} {row['seconds']:7.2f} s {row['fastest']:7.2f} s "
            f"{row['slowest']:7.2f} s {row['processor']:7.2f} s "
            f"{row['peak_mb']:6,.0f} MB"
        )
    low, high = result["ratios"]
    print(
        f"{result['ratio']:.1f} x faster (from {low:.1f} to {high:.1f} in "
        f"neighbouring runs); {result['processor_ratio']:.1f} x less of the "
        "processor's time"
    )


def show_opening(result):
    """Print what opening a safetensors file takes."""
    opened, words = result["opened"], result["words"]
    print(f"\nopening safetensors, {result['file_mb']:,.0f} MB")
    print(
        f"{opened['seconds']:.2f} s (from {opened['fastest']:.2f} to "
        f"{opened['slowest']:.2f}), memory grows by "
        f"{opened['grown_mb']:,.0f} MB"
    )
    print(
        f"the words and their index alone: {words['seconds']:.2f} s, "
        f"{words['grown_mb']:,.0f} MB; the rest: "
        f"{opened['grown_mb'] - words['grown_mb']:,.0f} MB"
    )


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--words", type=int, default=1_000_000)
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--text-words", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    sizes = arguments.words, arguments.size, arguments.text_words
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own, whose memory is given back.
        code = f"import loading, pathlib; loading.make_files(pathlib.Path({folder!r}), *{sizes})"  # noqa: E501
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            cwd=Path(__file__).parent,
        )
        paths = {
            name: Path(folder, f"v.{ending}")
            for name, ending in [
                ("binary", "bin"),
                ("text", "txt"),
                ("safetensors", "safetensors"),
            ]
        }
        result = {
            name: compare(paths[name], arguments.runs)
            for name in ("binary", "text")
        }
        found = measure(
            ["ours", "words"], paths["safetensors"], arguments.runs
        )
        result["opening"] = {
            "opened": summary(found["ours"]),
            "words": summary(found["words"]),
            "file_mb": paths["safetensors"].stat().st_size / 1e6,
        }
    if arguments.json:
        print(json.dumps(result, indent=2))
        return
    V, D, few = sizes
    show(f"word2vec binary, {V:,} x {D}", result["binary"])
    show(f"word2vec text, {few:,} x {D}", result["text"])
    show_opening(result["opening"])


if __name__ == "__main__":
    main()
