"""Figures that chapters quote: those of the stored results."""

import json

import numpy as np
import pytest


@pytest.fixture
def runs(root):
    """Return the runs of `benchmarks/more_text.py`, as stored."""
    path = root / "benchmarks" / "results" / "more_text.json"
    return json.loads(path.read_text("utf-8"))["runs"]


@pytest.fixture
def cells(root):
    """Return the cells of the chapter about large text."""
    path = root / "notebooks" / "workshop_10_more_text.ipynb"
    return [
        "".join(cell["source"])
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]


def test_the_figure_of_counted_text_is_what_was_measured(runs, cells):
    (code,) = (cell for cell in cells if cell.startswith("tokens_counted"))
    names = {"np": np}
    exec(code.partition("million =")[0], names)  # four arrays
    counted = [run for run in runs if run["kind"] == "count"]
    for name, key, unit in [
        ("tokens_counted", "tokens", 1),
        ("seconds", "seconds", 1),
        ("peak_mb", "peak_mb", 1),
        ("disk_mb", "bytes", 1e6),
    ]:
        measured = [run[key] / unit for run in counted]
        assert np.allclose(names[name], measured, rtol=0.003), name


def test_the_training_from_disk_is_what_was_measured(runs, cells):
    (run,) = (run for run in runs if run["kind"] == "train")
    (text,) = (cell for cell in cells if "was trained from" in cell)
    assert (run["epochs"], run["vector_size"]) == (2, 100)
    assert f"{run['seconds']:.0f} s" in text
    assert f"{run['peak_mb'] / 1e3:.2f} GB" in text
