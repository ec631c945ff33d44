"""Commands that draw: map, explorer."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from skipgram_lib.apps.cli import shared
from skipgram_lib.apps.cli.options import (
    Answer,
    Command,
    Option,
    default_of,
    given,
    options,
    output,
    refuse,
    text_files,
)
from skipgram_lib.apps.cli.printing import report
from skipgram_lib.errors import SkipgramError, check_at_least

if TYPE_CHECKING:
    from skipgram_lib.counts.counts import Counts
    from skipgram_lib.model.skipgram import SkipGram

SAVE_MAP = "skipgram_lib.apps.maps:save_map"


def run_map(
    model: str,
    out: str,
    words: int | None,
    method: str | None,
    seed: int | None,
    vectors: Answer,
) -> Answer:
    """Answer `skipgram map`: draw the first words on a plane."""
    from skipgram_lib.apps.cli.inputs import read_vectors
    from skipgram_lib.apps.maps import map_path, save_map

    map_path(out)
    method = method or default_of(SAVE_MAP, "method")
    if method == "pca":
        refuse("PCA draws nothing at random", seed=seed)
    if words is None:
        words = default_of(SAVE_MAP, "words")
    check_at_least("words", words, 1)
    found = read_vectors(model, vectors)
    words = min(words, len(found))
    report(f"a map of {words:,} words, by {method}")
    save_map(found, out, words, method, **given(seed=seed))
    return {"model": model, "map": out, "words": words, "method": method}


def show_map(answer: Answer) -> str:
    """Return a line about what was drawn."""
    return "{map}: {words:,} words".format(**answer)


def read_trained_counts(
    trained: "SkipGram",
    model: str,
    files: Sequence[str],
    text: Answer,
    counts: str | None,
) -> "Counts":
    """Counts that a model was trained on, of the text that is named."""
    from skipgram_lib.apps.cli.inputs import named_documents, phrases_path
    from skipgram_lib.counts.counts import Counts, count_pairs
    from skipgram_lib.text.phrases import Phrases

    if counts is not None:
        return Counts.load(counts)
    documents = named_documents(files, text)
    phrases = phrases_path(Path(model))
    if phrases.is_file():
        documents = Phrases.load(phrases).stream(documents)
    names = ("window", "shrink_windows", "sample", "side")
    return count_pairs(
        documents,
        max_size=len(trained.vocabulary),
        **{name: trained.counted[name] for name in names},
    )


def run_explorer(
    model: str,
    out: str,
    files: Sequence[str],
    text: Answer,
    counts: str | None,
    snapshots: int | None,
) -> Answer:
    """Answer `skipgram explorer`: write the page of a model."""
    from skipgram_lib.apps.cli import inputs
    from skipgram_lib.apps.explorer.page import check_page, save_explorer

    begin = perf_counter()
    check_page(out)
    inputs.check_text(counts, files, text)
    if snapshots:
        check_at_least("snapshots", snapshots, 2)
    trained = inputs.read_model(model)
    found = read_trained_counts(trained, model, files, text, counts)
    V = len(trained.vocabulary)
    if not (
        files or counts or found.vocabulary.words == trained.vocabulary.words
    ):
        raise SkipgramError(
            f"{model} was not trained on the embedded corpus; name the files "
            "that it was trained on, or --counts"
        )
    report(f"a page for {V:,} x {trained.vector_size}, the map first")
    written = save_explorer(trained, found, out, **given(snapshots=snapshots))
    return {
        "model": model,
        "explorer": out,
        "words": V,
        "vector_size": trained.vector_size,
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


MAP = Command(
    "map",
    "draw the words on a plane",
    [
        "skipgram map out/model --out map.png",
        "skipgram map out/model --words 3000 --method pca --out map.html",
    ],
    [
        shared.SOURCE,
        *shared.VECTORS,
        output("--out FILE", ".png, .svg, or .html to search and zoom"),
        *options(
            {
                "--words N": "map the first N words",
                "--method tsne|pca": "how the dimensions become two",
                "--seed N": "of t-SNE",
            },
            SAVE_MAP,
        ),
    ],
    run_map,
    show_map,
)

EXPLORER = Command(
    "explorer",
    "write a page in which a reader asks a model",
    [
        "skipgram explorer out/model --out out/explorer",
        "skipgram explorer my_model book.txt more/ --out out/page "
        "--snapshots 0",
    ],
    [
        shared.MODEL,
        text_files("[FILE|DIR]...", "none: the embedded corpus"),
        *shared.TEXT,
        shared.COUNTS,
        output("--out DIR", "folder of a page; an older one is replaced"),
        Option(
            "--snapshots N",
            "snapshots to record while training again; 0: none",
            "skipgram_lib.apps.explorer.page:save_explorer",
        ),
    ],
    run_explorer,
    show_explorer,
)
