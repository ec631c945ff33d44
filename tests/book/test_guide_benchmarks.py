"""The page on benchmarks shows what was measured, computed once more here."""

import json
import re
from statistics import median

import check_notebooks
import pytest

TABLE = re.compile(r"<!-- (\S+) -->\n\n\*\*.+\*\*\n\n((?:\|.+\n)+)")
RANGE = re.compile(r"([\d.]+)(?: \(([\d.]+)–([\d.]+)\))?")


@pytest.fixture(scope="module")
def outputs(root):
    """Join all words that the notebook shows."""
    path = root / "notebooks" / "guide_benchmarks.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = [
        "".join(output["data"].get("text/markdown", ""))
        for cell in cells
        for output in cell.get("outputs", [])
    ]
    return [text for text in shown if text]


@pytest.fixture(scope="module")
def tables(outputs):
    """Part the tables into rows of cells: {name: rows}."""
    found = {}
    for text in outputs:
        for name, body in TABLE.findall(text.replace("\u2060", "")):
            lines = body.splitlines()
            rows = [line.strip("| ").split(" | ") for line in lines]
            found[name] = [rows[0], *rows[2:]]
    return found


@pytest.fixture(scope="module")
def results(root):
    """Read what was measured: {name: runs}."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["runs"]
        for path in (root / "benchmarks" / "results").glob("*.json")
    }


def numbers(cell):
    """Numbers of a cell: the median, and both ends if they are there."""
    found = RANGE.fullmatch(cell).groups()
    return [float(number) for number in found if number]


def shown(values, form):
    """What a cell has to show of some values."""
    found = [float(format(f(values), form)) for f in (median, min, max)]
    return found[:1] if len(set(found)) == 1 else found


def test_training_shows_medians_and_ratios_of_the_same_seed(tables, results):
    ours = {
        (run["corpus"], run["seed"]): run["seconds"]
        for run in results["training"]
        if run["peer"] == "ours"
    }
    rows = 0
    for corpus in {run["corpus"] for run in results["training"]}:
        for name, count, seconds, ratio, *scores in tables[
            f"training-{corpus}"
        ][1:]:
            runs = [
                run
                for run in results["training"]
                if (run["corpus"], run["label"])
                == (corpus, name.split(", ")[1])
                and run["peer"]
                == name.split(",")[0].lower().replace("skipgram_lib", "ours")
            ]
            times = [run["seconds"] for run in runs]
            ratios = [r["seconds"] / ours[corpus, r["seed"]] for r in runs]
            assert int(count) == len(runs) > 0
            assert numbers(seconds) == shown(times, ".1f")
            assert numbers(ratio) == shown(ratios, ".2f")
            for cell, key in zip(scores, runs[0]["scores"], strict=True):
                values = [run["scores"][key]["score"] for run in runs]
                assert numbers(cell) == shown(values, ".3f")
            rows += len(runs)
    assert rows == len(results["training"])


def test_a_bound_is_shown_as_one(tables, results):
    bounds = 0
    for number, run in enumerate(results["full_softmax"]):
        points = run["compare"]["passes"]
        rows = tables[f"softmax-{number}"][1:]
        for row, point in zip(rows, points, strict=True):
            found = point["torch"]
            is_bound = "measured" not in found
            time = found["bound"] if is_bound else found["measured"]
            assert row[0] == str(point["epoch"])
            assert row[3].startswith("> ") == is_bound
            assert row[5].startswith("> ") == is_bound
            assert float(row[3].strip("> ")) == pytest.approx(time, rel=0.01)
            ratio = time / point["seconds"]
            assert float(row[5].strip("> ")) == pytest.approx(ratio, abs=0.06)
            bounds += is_bound
    assert bounds


def test_a_pass_is_a_multiple_of_its_products(tables, results):
    for row, run in zip(tables["pass"][1:], results["pass_cost"], strict=True):
        work = 6 * run["V"] ** 2 * run["D"]
        for cell, peer in zip(row[3:5], ("square", "products"), strict=True):
            pairs = zip(run["pass_seconds"], run[peer], strict=True)
            ratios = [time / (work / speed) for time, speed in pairs]
            assert numbers(cell) == shown(ratios, ".2f")


def test_sizes_are_shown_in_order(tables, results):
    networks = [
        tuple(int(size.replace(",", "")) for size in row[0].split(" × "))
        for row in tables["scaling"][1:]
    ]
    assert networks == sorted((r["V"], r["D"]) for r in results["scaling"])


def test_features_are_shown_in_order_by_the_last_epoch(tables, results):
    rows = 0
    for setting in ("plain", "defaults"):
        table = tables[f"features-sotu-{setting}"][1:]
        runs = sorted(
            (r for r in results["features"] if r["setting"] == setting),
            key=lambda run: run["D"],
        )
        for row, run in zip(table, runs, strict=True):
            score = run["scores"]["google"]
            ends = f"{score['low']:.3f}–{score['high']:.3f}".replace("-", "−")
            assert row[0] == str(run["D"])
            assert float(row[2]) == round(run["held_out"][-1], 3)
            assert row[5] == f"{score['score']:.3f} ({ends})"
            rows += 1
    assert rows == len(results["features"])


def test_every_group_of_runs_names_its_machine_and_its_day(outputs, root):
    path = root / "notebooks" / "guide_benchmarks.ipynb"
    loads = re.findall(
        r'load\("(\w+)"\)', path.read_text("utf-8").replace("\\", "")
    )
    said = [text for text in outputs if "machine's load was" in text]
    assert len(said) == len(set(loads)) == 5
    for name, text in zip(loads, said, strict=True):
        file = root / "benchmarks" / "results" / f"{name}.json"
        found = json.loads(file.read_text(encoding="utf-8"))
        assert found["machine"]["cpu"] in text
        assert found["runs"][0]["commit"] in text
        assert found["runs"][0]["date"][:4] in text


def test_no_number_of_a_result_is_typed_by_hand(root, tables):
    path = root / "notebooks" / "guide_benchmarks.ipynb"
    prose = check_notebooks.prose_of(path)
    for rows in tables.values():
        for row in rows[1:]:
            for number in re.findall(r"\d+\.\d+", " ".join(row[2:])):
                assert number not in prose, number
