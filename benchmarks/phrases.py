"""Phrases: this library and gensim, on the same text.

    python benchmarks/phrases.py                 # the embedded corpus
    python benchmarks/phrases.py --connectors    # with small words inside
    python benchmarks/phrases.py --documents my_texts/

Three tables: counting a text and finding the phrases with their scores,
joining them in the same text, and a second pass over the joined text. Both
programs take the same lists of tokens in the same process, by turns, and both
use one core. Gensim's first table has two times, because its Phrases counts,
and computes scores only when it is asked: without `export_phrases`, and with
it. Phrases and joined texts must be equal, or the benchmark stops.
"""

import argparse
import json
from time import perf_counter

from gensim.models.phrases import Phrases as GensimPhrases
from side_by_side import NAMES, show_times

from skipgram_lib import Phrases, TextFiles, load_sotu
from skipgram_lib.text.phrases import ENGLISH_CONNECTOR_WORDS

COUNT, FIND = "count, without scores", "count, and find the phrases"
JOIN, FROZEN = "join", "join, gensim frozen"
SECOND = "second pass: count, and join"


def timed(action):
    """Return what an action gives, and its seconds."""
    start = perf_counter()
    result = action()
    return result, perf_counter() - start


def check_equal(ours, theirs, what):
    """Stop if the two programs differ."""
    if ours != theirs:
        raise SystemExit(f"{what} differ")


def compare(documents, connectors, runs):
    """Time both programs by turns; stop if anything differs."""
    tables = [COUNT, FIND, JOIN, FROZEN, SECOND]
    seconds = {table: {name: [] for name in NAMES} for table in tables}

    def note(table, ours, theirs):
        for name, value in zip(NAMES, (ours, theirs), strict=True):
            seconds[table][name].append(value)

    for _ in range(runs):
        ours, a = timed(lambda: Phrases(documents, connector_words=connectors))
        theirs, b = timed(
            lambda: GensimPhrases(documents, connector_words=connectors)
        )
        exported, c = timed(theirs.export_phrases)
        note(COUNT, a, b)
        note(FIND, a, b + c)
        check_equal(ours.find_phrases(), exported, "phrases")
        frozen = theirs.freeze()
        joined, a = timed(lambda o=ours: list(o[documents]))
        other, b = timed(lambda t=theirs: list(t[documents]))
        third, c = timed(lambda f=frozen: list(f[documents]))
        note(JOIN, a, b)
        note(FROZEN, a, c)
        check_equal(joined, other, "joined texts")
        check_equal(joined, third, "joined texts")
        twice, a = timed(lambda j=joined: again(Phrases, j, connectors))
        other, b = timed(lambda j=joined: again(GensimPhrases, j, connectors))
        note(SECOND, a, b)
        check_equal(twice, other, "texts of the second pass")
    return {
        "tokens": sum(map(len, documents)),
        "phrases": len(exported),
        "seconds": seconds,
    }


def again(program, joined, connectors):
    """Count and join a text that has phrases in it."""
    return list(program(joined, connector_words=connectors)[joined])


def show(result, connectors):
    """Print the tables."""
    print(
        f"{result['tokens']:,} tokens, {len(connectors)} connector words, "
        f"{result['phrases']:,} phrases; scores and texts are equal"
    )
    for table, times in result["seconds"].items():
        print(f"{table}, {len(times['gensim'])} runs each")
        show_times(times)


def main():
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", help="a file or a folder of text")
    parser.add_argument("--connectors", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    path = options.documents
    documents = list(TextFiles(path)) if path else load_sotu()
    connectors = ENGLISH_CONNECTOR_WORDS if options.connectors else frozenset()
    result = compare(documents, connectors, options.runs)
    print(json.dumps(result)) if options.json else show(result, connectors)


if __name__ == "__main__":
    main()
