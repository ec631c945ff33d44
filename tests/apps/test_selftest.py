"""The test for GPU owners: it must see errors, and say what it saw."""

import json

import numpy as np
import pytest

from skipgram_lib import SkipgramError
from skipgram_lib.apps.cli.program import main
from skipgram_lib.apps.selftest import (
    check_agreement,
    compare_models,
    describe_gpu,
    random_counts,
    random_text_counts,
    run_selftest,
    time_pass,
    train_both,
)
from skipgram_lib.backend.base import Backend


class SlightlyWrong(Backend):
    """Loses the last digits of each array it is given."""

    def asarray(self, array, dtype=None):
        array = super().asarray(array, dtype)
        return array * (1 + 1e-3) if array.dtype.kind == "f" else array


class WrongRows(Backend):
    """Takes another row than the one asked for, now and then."""

    def asarray(self, array, dtype=None):
        array = super().asarray(array, dtype)
        if array.dtype.kind != "i" or array.ndim != 1:
            return array
        return np.where(array == 7, 8, array)


def test_numpy_agrees_with_itself():
    rows = check_agreement(Backend())
    assert len(rows) == 6
    assert all(row["passed"] and row["difference"] == 0 for row in rows)


@pytest.mark.parametrize("wrong", [SlightlyWrong(), WrongRows()])
def test_a_backend_that_is_wrong_is_found_out(wrong):
    answer = run_selftest(wrong, sizes=[])
    assert not answer["passed"]
    for objective in ["softmax", "negative-sampling"]:
        assert not all(
            row["passed"]
            for row in answer["agreement"]
            if row["objective"] == objective
        )


def test_differences_are_what_they_say():
    first, second = train_both(Backend(), "softmax")
    second.network.W_in[3, 2] += 0.5
    found = compare_models([first, second])
    assert found["loss"] == 0
    largest = abs(first.network.W_in).max()
    assert found["weight"] == pytest.approx(0.5 / largest, rel=1e-3)
    assert found["probability"] > 0


def test_the_text_is_the_same_each_time():
    one, other = random_text_counts(), random_text_counts()
    assert one.vocabulary.words == other.vocabulary.words
    assert (one.cells != other.cells).nnz == 0


def test_every_word_of_the_random_counts_occurs():
    N = random_counts(500, 2_000)
    assert N.sum() == 2_500
    assert N.sum(axis=1).min() >= 1
    assert N.sum(axis=0).min() >= 1


def test_a_pass_is_inferred_from_the_steps_that_were_timed(monkeypatch):
    clock = iter([10.0, 12.0])
    monkeypatch.setattr(
        "skipgram_lib.apps.selftest.perf_counter", clock.__next__
    )
    found = time_pass(Backend(), 600, 8, B=100, most=3)
    assert (found["steps"], found["timed"]) == (6, 3)
    assert found["seconds"] == pytest.approx(2.0 * 600 / 300)
    assert found["tflops"] == pytest.approx(6e-12 * 600**2 * 8 / 4.0)


def test_the_clock_waits_for_the_device():
    waits = []

    class Waiting(Backend):
        def wait(self):
            waits.append("waited")

    time_pass(Waiting(), 50, 4, B=10, most=2)
    assert len(waits) == 2


def test_a_gpu_is_described_with_all_versions():
    class Runtime:
        def getDevice(self):
            return 0

        def getDeviceProperties(self, device):
            return {"name": b"A card", "major": 9, "minor": 0}

        def memGetInfo(self):
            return 3 << 30, 8 << 30

        def runtimeGetVersion(self):
            return 13020

        def driverGetVersion(self):
            return 13010

    class CuPy:
        __version__ = "14.2.0"

        class cuda:  # noqa: N801
            runtime = Runtime()

    assert describe_gpu(CuPy) == {
        "gpu": "A card",
        "compute capability": "9.0",
        "memory (GiB)": 8.0,
        "free (GiB)": 3.0,
        "cupy": "14.2.0",
        "cuda runtime": 13020,
        "cuda driver": 13010,
    }


@pytest.mark.parametrize("sizes, wrong", [([1], "1"), ([10, 0], "0")])
def test_sizes_that_make_no_sense_are_refused(sizes, wrong):
    with pytest.raises(SkipgramError, match=f"sizes .*{wrong}"):
        run_selftest("numpy", sizes)


def test_the_command_reports_in_a_form_to_paste(capsys):
    line = [
        "selftest",
        "--backend",
        "numpy",
        "--sizes",
        "100",
        "200",
        "--vector-size",
        "8",
    ]
    assert main(line) == 0
    text = capsys.readouterr().out
    assert "100 x 8" in text
    assert "200 x 8" in text
    assert text.endswith("This backend agrees with NumPy.\n")
    assert main(["selftest", "--json", *line[1:]]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [found["words"] for found in answer["passes"]] == [100, 200]


def test_the_command_ends_with_1_where_the_numbers_differ(capsys, monkeypatch):
    monkeypatch.setattr(
        "skipgram_lib.apps.cli.inputs.get_backend",
        lambda name, tf32: SlightlyWrong(),
    )
    assert main(["selftest", "--sizes", "10"]) == 1
    text = capsys.readouterr().out
    assert "WRONG" in text
    assert "This backend does NOT agree with NumPy." in text


def test_without_a_gpu_the_command_says_so_in_one_line(capsys, monkeypatch):
    monkeypatch.setattr(
        "skipgram_lib.backend.select.why_no_cupy", lambda: "no GPU"
    )
    assert main(["selftest"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "skipgram: the cupy backend cannot be used: no GPU; or use backend "
        "'numpy'\n"
    )
