"""The folder of an explorer: a page, its script and style, its numbers."""

import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from skipgram_lib.apps.explorer.data import (
    as_block,
    counted_contexts,
    data_script,
    on_host,
    quantise,
)
from skipgram_lib.apps.explorer.journey import record_journey
from skipgram_lib.apps.layout import (
    fit_square,
    require_scikit_learn,
    word_map_positions,
)
from skipgram_lib.counts.counts import Counts
from skipgram_lib.errors import SkipgramError, check_at_least, checked
from skipgram_lib.model.skipgram import SkipGram, check_counts
from skipgram_lib.storage.folders import FolderKind, check_folder, write_folder

ENTRY = "index.html"
ASSETS = ("explorer.css", "explorer.js")
DATA_FILES = ("model.js", "counted.js", "journey.js")
OLDER = ("lab.css", "lab.js")  # which pages of version 0.1 had
PAGE = FolderKind(
    "an explorer",
    ENTRY,
    (*ASSETS, *DATA_FILES, *OLDER),
    "write the page again",
)


def read_asset(name: str) -> bytes:
    """Return a file that is the same for every model."""
    folder = files("skipgram_lib.apps.explorer") / "assets"
    return (folder / name).read_bytes()


def entry_page(names: Mapping[str, str]) -> bytes:
    """Return index.html, in which the names of all other files stand."""
    page = read_asset(ENTRY).decode("utf-8")
    for file in ASSETS:
        page = page.replace(f'="{file}"', f'="{names[file]}"')
    table = escape(json.dumps(names))
    return page.replace('data-files="{}"', f'data-files="{table}"').encode()


def check_page(folder: str | Path) -> Path:
    """Return the path of a folder for an explorer, or refuse it.

    And refuse to write one at all where its map cannot be computed.
    """
    require_scikit_learn()
    return check_folder(folder, PAGE)


def write_page(data: Mapping[str, bytes], folder: str | Path) -> None:
    """Write a page: the assets of this library, and the data, by name."""
    assets = {name: read_asset(name) for name in ASSETS}
    with write_folder(folder, PAGE) as new:
        for name, content in (assets | dict(data)).items():
            new.add(name, [content])
        new.finish_with(entry_page(new.names()))


def model_data(model: SkipGram) -> dict[str, Any]:
    """Return what the page needs to answer for a model, as JSON."""
    network = on_host(model)
    vocabulary = model.vocabulary
    W_in, in_scale = quantise(network.W_in)
    W_out, out_scale = quantise(network.W_out)
    places = fit_square(word_map_positions(model.vectors, len(vocabulary)))
    return {
        "words": vocabulary.words,
        "frequencies": vocabulary.frequencies.tolist(),
        "tokens": vocabulary.total_tokens,
        "counted": model.counted,
        "runs": model.runs,
        "W_in": as_block(W_in),
        "in_scale": as_block(in_scale),
        "W_out": as_block(W_out),
        "out_scale": as_block(out_scale),
        "places": as_block(np.rint(places * 65_535).astype(np.uint16)),
        "bias": as_block(np.asarray(network.bias, np.float32)),
    }


def check_trained_on(model: SkipGram, counts: Counts) -> None:
    """Refuse counts that are not those a model was trained on.

    And a model that the page cannot show.
    """
    check_counts(counts, model.vocabulary, model.contexts)
    if model.contexts is not model.vocabulary:
        raise SkipgramError(
            "the page shows a network whose contexts are the same words as "
            f"its centres; this one has {len(model.contexts):,} others"
        )
    total = model.vocabulary.total_tokens
    if counts.vocabulary.total_tokens != total:
        raise SkipgramError(
            f"the model was trained on another text ({total:,} words) than "
            f"this one ({counts.vocabulary.total_tokens:,} words); take the "
            "text that it was trained on, or its counts"
        )
    for name, value in model.counted.items():
        if counts.settings.get(name) != value:
            raise SkipgramError(
                f"the model was trained on counts with {name} {value}, and "
                f"these have {name} {counts.settings.get(name)}; count again"
            )


def journey_or_reason(
    model: SkipGram, counts: Counts, snapshots: int, progress: bool | None
) -> tuple[dict[str, Any], str | None]:
    """Record a journey; or return an empty one, and why there is none."""
    if snapshots == 0:
        return {}, "none was asked for"
    try:
        return record_journey(model, counts, snapshots, progress), None
    except SkipgramError as error:
        return {}, str(error)


@checked
def save_explorer(
    model: SkipGram,
    counts: Counts,
    folder: str | Path,
    snapshots: int = 10,
    progress: bool | None = None,
) -> dict[str, Any]:
    """Write a page in which a reader asks a model, for any browser.

    Parameters
    ----------
    model : SkipGram
    counts : Counts
        Those that it was trained on.
    folder : str or Path
        Made if it is not there; an older explorer is replaced.
    snapshots : int
        Of the training, from initial to final weights: 2 or more; 0: none.
    progress : bool, optional
        Show a bar; by default where stderr is a terminal.

    Returns
    -------
    dict
        "bytes" of each data file, the number of "snapshots", and, as
        "no_journey", why there are none.

    Raises
    ------
    SkipgramError
        If the counts are others, or the folder cannot be written.
    """
    check_page(folder)
    check_trained_on(model, counts)
    if snapshots != 0:
        check_at_least("snapshots", snapshots, 2)
    journey, reason = journey_or_reason(model, counts, snapshots, progress)
    steps = journey.get("steps", [])
    data = {
        "model": model_data(model) | {"journey": steps},
        "counted": counted_contexts(counts.table()),
    }
    if journey:
        data["journey"] = journey
    contents = {
        f"{name}.js": data_script(name, part) for name, part in data.items()
    }
    write_page(contents, folder)
    return {
        "bytes": {name: len(part) for name, part in contents.items()},
        "snapshots": len(steps),
        "no_journey": reason,
    }
