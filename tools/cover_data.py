"""Write what the cover page of the book shows of a trained network.

    python tools/cover_data.py MODEL OUT [--sentence TEXT]

MODEL is a folder that ``skipgram train`` wrote. OUT is a small script, for the
page to load beside ``book/_static/cover.js``; in the book it has the name
``book/_static/explorer_cover.js``. For each word of a sentence it holds the
words that the network expects nearby, with their probabilities, and a few
numbers of the word's row. Without that script the cover shows a drawing.
"""

import argparse
import json
import sys
from pathlib import Path

from skipgram_lib.errors import SkipgramError
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.text.tokens import tokenize

SENTENCE = "the soviet union and the united states met in new york"
NEARBY, NUMBERS = 6, 8


def cover_data(model, sentence=SENTENCE):
    """Return what the cover shows: plain lists and dictionaries.

    Parameters
    ----------
    model : SkipGram
    sentence : str, each word of it known to the model
    """
    tokens = tokenize(sentence, "ascii")
    if len(tokens) < 2:
        raise SkipgramError(
            f"the sentence needs two words or more, got {sentence!r:.60}"
        )
    words, network = model.vocabulary, model.network
    missing = sorted({token for token in tokens if token not in words})
    if missing:
        raise SkipgramError(
            f"the model does not know {', '.join(missing)}; take a model of "
            "the embedded corpus (skipgram train without files), or give a "
            "--sentence of words that it knows"
        )
    V, D = network.W_in.shape
    rows = model.device.to_numpy(network.W_in)
    about = {}
    for token in dict.fromkeys(tokens):
        near = model.predict_context(token, topn=NEARBY)
        row = rows[words[token]][:NUMBERS]
        about[token] = {
            "id": int(words[token]),
            "near": [[word, round(float(p), 5)] for word, p in near],
            "row": [round(float(number), 3) for number in row],
        }
    learned = {"V": V, "D": D, "window": model.counted.get("window", 0)}
    return {"tokens": tokens, "about": about, **learned}


def script(data):
    """Return the data as a script that sets one name."""
    return f"window.SKIPGRAM_COVER = {json.dumps(data)};\n"


def main(arguments=None):
    """Read the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Write what the cover of the book shows of a network."
    )
    parser.add_argument("model", help="folder that skipgram train wrote")
    parser.add_argument("out", type=Path, help="script to write")
    parser.add_argument("--sentence", default=SENTENCE)
    options = parser.parse_args(arguments)
    try:
        data = cover_data(SkipGram.load(options.model), options.sentence)
        options.out.write_text(script(data), encoding="utf-8")
    except (SkipgramError, OSError) as error:
        print(f"cover_data: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
