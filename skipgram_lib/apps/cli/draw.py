"""Commands that draw: map, explorer. They import what draws when they run."""

import argparse
from pathlib import Path
from time import perf_counter

from skipgram_lib.apps.cli.inputs import (
    named_documents,
    named_vectors,
    phrases_path,
    read_model,
)
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Parser,
    add_counts,
    add_text,
    add_vectors,
    completed_by_file,
    completed_by_folder,
)
from skipgram_lib.apps.cli.printing import report
from skipgram_lib.counts.counts import Counts, count_pairs
from skipgram_lib.counts.store import load_counts
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.text.phrases import Phrases
from skipgram_lib.text.vocabulary import encode_documents


def add_map_options(parser: Parser) -> None:
    """Add the options of `skipgram map`."""
    add_vectors(parser)
    add = parser.add_argument_group("map").add_argument
    completed_by_file(
        add(
            "--out",
            required=True,
            metavar="FILE",
            help=".png, .svg, or .html to search and zoom",
        )
    )
    add(
        "--words",
        type=int,
        default=1_000,
        metavar="N",
        help="map the first N words (%(default)s)",
    )
    add(
        "--method",
        choices=["tsne", "pca"],
        default="tsne",
        help="how 300 dimensions become two (%(default)s)",
    )
    add(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="of t-SNE (%(default)s)",
    )


def run_map(args: argparse.Namespace) -> Answer:
    """Answer `skipgram map`: draw the first words on a plane."""
    from skipgram_lib.apps.maps import map_path, save_map

    map_path(args.out)
    vectors = named_vectors(args, args.model)
    words = min(check_at_least("words", args.words, 1), len(vectors))
    report(f"a map of {words:,} words, by {args.method}")
    save_map(vectors, args.out, words, args.method, args.seed)
    return {
        "model": str(args.model),
        "map": str(args.out),
        "words": words,
        "method": args.method,
    }


def show_map(answer: Answer) -> str:
    """Return a line about what was drawn."""
    return "{map}: {words:,} words".format(**answer)


def add_explorer_options(parser: Parser) -> None:
    """Add the options of `skipgram explorer`."""
    completed_by_folder(
        parser.add_argument("model", metavar="MODEL", help="folder of a model")
    )
    add_text(
        parser, text="the text it was trained on; none: the embedded corpus"
    )
    add = add_counts(parser, "explorer")
    completed_by_folder(
        add(
            "--out",
            required=True,
            metavar="DIR",
            help="folder of the page; an older page in it is replaced",
        )
    )
    add(
        "--snapshots",
        type=int,
        default=10,
        metavar="N",
        help="snapshots to record while training again (%(default)s)",
    )
    add(
        "--no-journey",
        action="store_true",
        help="do not train again: no snapshots",
    )


def read_trained_counts(args: argparse.Namespace, model: SkipGram) -> Counts:
    """Counts that a model was trained on, of the text that is named."""
    from skipgram_lib.apps.explorer.page import check_text

    if args.counts:
        if args.files:
            raise SkipgramError(
                f"--counts {args.counts} replaces text input; leave out files"
            )
        return load_counts(args.counts)[1]
    documents = named_documents(args)
    phrases = phrases_path(Path(args.model))
    if phrases.is_file():
        documents = Phrases.load(phrases).stream(documents)
    vocabulary, ids = encode_documents(documents, len(model.vocabulary))
    check_text(model, vocabulary)
    settings = {
        name: value
        for name, value in model.counted.items()
        if name != "vocabulary"
    }
    return count_pairs(ids, vocabulary, **settings)


def run_explorer(args: argparse.Namespace) -> Answer:
    """Answer `skipgram explorer`: write the page of a model."""
    from skipgram_lib.apps.explorer.page import check_page, save_explorer

    begin = perf_counter()
    check_page(args.out)
    snapshots = 0
    if not args.no_journey:
        snapshots = check_at_least("snapshots", args.snapshots, 2)
    model = read_model(args.model)
    if not model.counted:
        raise SkipgramError(
            f"{args.model} was never trained; there is nothing to explore"
        )
    counts = read_trained_counts(args, model)
    report(
        f"a page for {len(model.vocabulary):,} x {model.vector_size}: the "
        "map first" + (", then the journey" if snapshots else "")
    )
    written = save_explorer(model, counts, args.out, snapshots)
    return {
        "model": str(args.model),
        "explorer": str(args.out),
        "words": len(model.vocabulary),
        "vector_size": model.vector_size,
        **written,
        "seconds": perf_counter() - begin,
    }


def show_explorer(answer: Answer) -> str:
    """Return lines about the page that was written."""
    size = sum(answer["bytes"].values()) / 1e6
    journey = (
        f"with {answer['snapshots']} snapshots of its training"
        if answer["snapshots"]
        else f"without the journey: {answer['no_journey']}"
    )
    return (
        f"{Path(answer['explorer'], 'index.html')}: "
        f"{answer['words']:,} words x {answer['vector_size']}, "
        f"{size:.1f} MB, {answer['seconds']:.1f} s in all\n{journey}"
    )


COMMANDS = (
    Command(
        "map",
        "draw the words on a plane",
        (
            "skipgram map out/model --out map.png",
            "skipgram map out/model --words 3000 --method pca --out map.html",
        ),
        add_map_options,
        run_map,
        show_map,
    ),
    Command(
        "explorer",
        "write a page in which a reader asks a model",
        (
            "skipgram explorer out/model --out out/explorer",
            "skipgram explorer my_model book.txt more/ --out out/page "
            "--no-journey",
        ),
        add_explorer_options,
        run_explorer,
        show_explorer,
    ),
)
