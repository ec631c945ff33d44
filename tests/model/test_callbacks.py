"""Checkpoints: sealed files, held folders, and trainings that go on."""

import json
import os
import shutil
import signal
import threading
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from helpers import bits, host
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of
from safetensors.numpy import load_file

from skipgram_lib import (
    Counts,
    NegativeSampling,
    SkipGram,
    SkipgramError,
    Vocabulary,
    count_pairs,
)
from skipgram_lib.backend.base import Backend
from skipgram_lib.model import callbacks
from skipgram_lib.model.callbacks import (
    Checkpointing,
    Checkpoints,
    Interrupted,
    check_same,
    checkpoint_files,
    counts_checksum,
    defer_interrupt,
    differences,
)
from skipgram_lib.storage.files import checksum
from skipgram_lib.storage.folders import HeldFolder
from skipgram_lib.storage.sealed import DTYPES, read_sealed, write_sealed

EPOCHS, BATCH_ROWS = 3, 5
STEPS = 9  # 13 words, 5 rows a step, 3 epochs
FEW = {"W": np.array([[1, 2], [3, 4]], np.float32)}


def refused(act):
    """Return the sentence with which something is refused."""
    with pytest.raises(SkipgramError) as error:
        act()
    return str(error.value)


# Sealed files

tables = st.dictionaries(
    st.text('abW_. é"\\', min_size=1).filter(lambda n: n != "__metadata__"),
    st.sampled_from(list(DTYPES)).flatmap(
        lambda kind: arrays_of.arrays(
            kind, arrays_of.array_shapes(max_dims=3, min_side=0, max_side=4)
        )
    ),
    max_size=3,
)
abouts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text() | st.just("0" * 64),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)  # fmt: skip


@given(tables, abouts)
def test_what_was_sealed_is_read_bit_for_bit(arrays, about):
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        write_sealed(path, arrays, about)
        found, told = read_sealed(path)
        assert load_file(path).keys() == arrays.keys()
    assert told == about
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


@pytest.fixture(scope="module")
def whole_file(tmp_path_factory):
    """Return the bytes of a small sealed file."""
    path = tmp_path_factory.mktemp("sealed") / "x.safetensors"
    write_sealed(path, FEW, {"step": 12})
    return path.read_bytes()


@settings(max_examples=300)
@given(st.data())
def test_any_byte_that_changes_is_noticed(whole_file, data):
    spoiled = bytearray(whole_file)
    place = data.draw(st.integers(0, len(spoiled) - 1))
    spoiled[place] ^= data.draw(st.integers(1, 255))
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        path.write_bytes(spoiled)
        with pytest.raises(ValueError, match="checksum"):
            read_sealed(path)


@given(st.data())
def test_a_file_cut_short_or_long_is_noticed(whole_file, data):
    length = data.draw(st.integers(0, len(whole_file) - 1))
    more = data.draw(st.binary(min_size=1, max_size=9))
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        for content in (whole_file[:length], whole_file + more):
            path.write_bytes(content)
            with pytest.raises(ValueError, match="checksum"):
                read_sealed(path)


def test_the_seal_is_that_of_the_file_with_zeros_in_its_place(whole_file):
    place = whole_file.index(b'"sha256":"') + len(b'"sha256":"')
    digits = whole_file[place : place + 64]
    assert whole_file.count(digits) == 1
    zeros = whole_file.replace(digits, b"0" * 64)
    assert checksum([zeros]).encode() == digits
    assert int.from_bytes(whole_file[:8], "little") % 8 == 0


def test_a_failed_write_leaves_the_older_file(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    write_sealed(path, FEW, "old")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, full)
        with pytest.raises(OSError, match="No space"):
            write_sealed(path, FEW, "new")
        monkeypatch.undo()
        assert [p.name for p in tmp_path.iterdir()] == [path.name]
        assert read_sealed(path)[1] == "old"


def test_bytes_are_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    calls = []

    def watch(name):
        function = getattr(os, name)

        def watched(*arguments):
            calls.append(name)
            return function(*arguments)

        monkeypatch.setattr(os, name, watched)

    watch("fsync")
    watch("replace")
    write_sealed(tmp_path / "x", FEW, "new")
    assert (
        calls == ["fsync", "replace", "fsync"][: 2 if os.name == "nt" else 3]
    )


# Folders


def test_a_folder_belongs_to_one_run(tmp_path):
    with HeldFolder(tmp_path / "a" / "b"):
        assert refused(lambda: HeldFolder(tmp_path / "a" / "b")) == (
            f"another run is writing to {tmp_path / 'a' / 'b'}; wait for its "
            "end, or name another place"
        )
        HeldFolder(tmp_path / "c").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("own", [False, True])
def test_a_folder_that_was_there_stays_unless_it_is_the_runs_own(
    tmp_path, own
):
    (tmp_path / "mine").mkdir()
    HeldFolder(tmp_path / "mine", own).close()
    assert (tmp_path / "mine").exists() != own


def test_a_folder_with_contents_stays(tmp_path):
    with HeldFolder(tmp_path / "mine", own=True):
        (tmp_path / "mine" / "notes.txt").write_text("years of work")
    assert (tmp_path / "mine" / "notes.txt").exists()
    with HeldFolder(tmp_path / "mine"):
        pass


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert refused(lambda: HeldFolder(tmp_path / "file")) == (
        f"{tmp_path / 'file'} is a file; name a folder"
    )
    inside = tmp_path / "file" / "folder"
    assert f"cannot write to {inside}: " in refused(lambda: HeldFolder(inside))


def test_the_newest_and_the_one_before_are_kept(tmp_path):
    with Checkpoints(tmp_path / "box") as box:
        assert box.folder == tmp_path / "box"
        for step in range(12):
            box.write(FEW, step)
            found = [read_sealed(p)[1] for p in checkpoint_files(box.folder)]
            assert found == [step, step - 1][: step + 1]
        box.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_goes(tmp_path):
    with Checkpoints(tmp_path / "box") as box:
        box.write(FEW, 1)
    names = [
        "checkpoint-2.safetensors.part",  # of version 0.1
        ".0123abcd-0123456789abcdef.part",
    ]
    for name in names:
        (tmp_path / "box" / name).write_bytes(b"half")
    (tmp_path / "box" / "lock").touch()  # of version 0.1
    with Checkpoints(tmp_path / "box", own=True) as box:
        assert not any((tmp_path / "box" / name).exists() for name in names)
        assert not (tmp_path / "box" / "lock").exists()
        assert box.read()[1] == 1
        box.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_new_run_replaces_the_checkpoints_of_another(tmp_path):
    for run in range(2):
        with Checkpoints(tmp_path) as box:
            for step in range(3):
                box.write(FEW, [run, step])
                files = checkpoint_files(tmp_path)
                assert read_sealed(files[0])[1] == [run, step]
                assert len(files) == 1 + (step > 0)


def test_other_names_are_left_alone(tmp_path):
    names = ["checkpoint-x.safetensors", "checkpoint-3.txt", "notes.txt",
             "checkpoint-²3.safetensors"]  # fmt: skip
    for name in names:
        (tmp_path / name).write_text("mine")
    with Checkpoints(tmp_path) as box:
        for step in range(3):
            box.write(FEW, step)
        box.remove()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)


def flip(path, place=-1):
    """Flip a bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [flip, lambda p: p.write_bytes(b"")])
def test_the_older_one_is_taken_and_it_is_said(tmp_path, damage):
    told = []
    with Checkpoints(tmp_path, warn=told.append) as box:
        for step in range(3):
            box.write(FEW, step)
        newest, older = checkpoint_files(tmp_path)
        assert box.read()[1] == 2
        assert told == []
        damage(newest)
        arrays, about = box.read()
        assert (about, arrays["W"].tolist()) == (1, FEW["W"].tolist())
        assert told == [
            f"{newest} is damaged (its checksum is not that of its "
            f"contents); the older {older.name} is taken"
        ]
        # The good one stays until the next is there; the damaged one goes.
        box.write(FEW, 3)
        assert [read_sealed(p)[1] for p in checkpoint_files(tmp_path)] == [
            3, 1
        ]  # fmt: skip


def test_if_all_are_damaged_they_are_named(tmp_path):
    with Checkpoints(tmp_path) as box:
        box.write(FEW, 0)
        box.write(FEW, 1)
        files = checkpoint_files(tmp_path)
        for path in files:
            flip(path)
        sentence = refused(box.read)
    assert all(f"{path} is damaged" in sentence for path in files)
    assert sentence.endswith("; begin without resume=True")


def test_an_empty_folder_is_named(tmp_path):
    with Checkpoints(tmp_path) as box:
        assert refused(box.read) == (
            f"there is no checkpoint in {tmp_path}; begin without resume=True"
        )


@given(st.dictionaries(st.text(), st.integers(0, 2)),
       st.dictionaries(st.text(), st.integers(0, 2)))  # fmt: skip
def test_each_difference_is_named_with_both_values(now, then):
    found = differences(now, then)
    names = {n for n in now | then if now.get(n) != then.get(n)}
    assert len(found) == len(names)
    for name in names:
        assert (
            f"{name} is {now.get(name)}, and the checkpoint was made with "
            f"{then.get(name)}"
        ) in found
    if names:
        assert found[0] in refused(lambda: check_same(now, then, "folder"))
    else:
        check_same(now, then, "folder")


# Ctrl-C


def test_a_first_ctrl_c_is_deferred_and_a_second_comes_through():
    before = signal.getsignal(signal.SIGINT)
    with defer_interrupt() as deferred:
        signal.raise_signal(signal.SIGINT)
        assert len(deferred) == 1
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def ignoring():
    """Have Ctrl-C ignored, as a program in the background has."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ignoring")
def test_a_program_that_ignores_ctrl_c_goes_on_ignoring_it():
    with defer_interrupt() as deferred:
        signal.raise_signal(signal.SIGINT)
        assert deferred == []
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def test_another_thread_leaves_signals_alone():
    before, found = signal.getsignal(signal.SIGINT), []

    def look():
        with defer_interrupt():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [before]


# Trainings that go on


SIZES = {"epochs": EPOCHS, "batch_rows": BATCH_ROWS}


def untrained(**settings):
    """Return a model of 8 features."""
    return SkipGram(**{"vector_size": 8, "seed": 3} | settings)


def keeping(folder, every=0, resume=False):
    """Return the arguments with which checkpoints are kept."""
    return {"callbacks": [Checkpointing(folder, every, resume)]}


@pytest.fixture(scope="module")
def vocabulary(toy_counts):
    """Return the words of the toy documents."""
    return toy_counts.vocabulary


@pytest.fixture(scope="module")
def held_out(vocabulary):
    """Return counts of another text."""
    text = [["new", "york", "city"]]
    return count_pairs(text, vocabulary=vocabulary, window=2, sample=None)


PLANS = {
    "softmax": {},
    "random weights": {"init": "random", "penalty": 0.0},
    "negative sampling": {"objective": NegativeSampling(shared=5)},
}


@pytest.fixture(scope="module", params=PLANS)
def plan(request):
    """Return the settings of a training."""
    return SIZES | PLANS[request.param]


@pytest.fixture(scope="module")
def undisturbed(toy_counts, held_out, plan):
    """Return a model whose training was never stopped, and its losses."""
    model = untrained(**plan)
    records = list(model.fit_steps(toy_counts, held_out))
    assert len(records) == STEPS
    return model, [timeless(record) for record in records]


def timeless(record):
    """Return a record without the seconds, its loss on the host."""
    return replace(record, loss=float(record.loss), seconds=0)


def assert_as_undisturbed(model, undisturbed):
    assert bits(model.network) == bits(undisturbed[0].network)
    found, wanted = (m.history for m in (model, undisturbed[0]))
    assert [*map(timeless, found)] == [*map(timeless, wanted)]
    assert model.counted == undisturbed[0].counted
    seconds = [record.seconds for record in found]
    assert seconds == sorted(seconds)


@settings(max_examples=25)
@given(stops=st.lists(st.integers(1, STEPS), max_size=4))
def test_a_training_that_was_stopped_ends_as_one_that_was_not(
    toy_counts, held_out, plan, undisturbed, stops
):
    """Each run is another model, which is dropped after some steps."""
    seen = {}
    with TemporaryDirectory() as folder:
        for number, stop in enumerate([*sorted(stops), None]):
            model = untrained(**plan)
            keep = keeping(folder, resume=bool(number))
            steps = model.fit_steps(toy_counts, held_out, **keep)
            made = max(seen, default=0)
            for record in islice(steps, stop and stop - made):
                assert record.step not in seen
                seen[record.step] = timeless(record)
            steps.close()
        assert_as_undisturbed(model, undisturbed)
    assert [seen[step] for step in sorted(seen)] == undisturbed[1]


@pytest.mark.parametrize("stop", [1, 3, 4, STEPS])
def test_a_step_after_the_last_checkpoint_is_made_again(
    toy_counts, tmp_path, stop
):
    """Steps go on after the last checkpoint, then the process is gone."""
    wanted = untrained(**SIZES).fit(toy_counts)
    steps = untrained(**SIZES).fit_steps(toy_counts, **keeping(tmp_path))
    kept = {}
    for record in islice(steps, stop):
        (newest, *_) = checkpoint_files(tmp_path)
        kept[record.step] = newest.read_bytes()
    steps.close()
    for path in checkpoint_files(tmp_path):
        path.unlink()
    (tmp_path / "checkpoint-1.safetensors").write_bytes(kept[max(1, stop - 1)])
    resumed = keeping(tmp_path, resume=True)
    model = untrained(**SIZES).fit(toy_counts, **resumed)
    assert bits(model.network) == bits(wanted.network)


def test_checkpoints_change_nothing(toy_counts, tmp_path):
    models = [
        untrained(**SIZES).fit(toy_counts, **keep)
        for keep in ({}, keeping(str(tmp_path)), keeping(tmp_path, 1e9))
    ]
    assert len({tuple(bits(model.network)) for model in models}) == 1


class Copying(Backend):
    """A backend that counts what it brings to the host."""

    def __init__(self):
        self.copies = 0

    def to_numpy(self, array):
        """Count a copy."""
        self.copies += 1
        return super().to_numpy(array)


@pytest.mark.parametrize(("every", "copies"), [(1e9, 0), (0, 8)])
def test_a_step_copies_nothing_unless_a_checkpoint_is_due(
    toy_counts, tmp_path, every, copies
):
    backend, seen = Copying(), []
    model = untrained(epochs=2, backend=backend)
    for _ in model.fit_steps(toy_counts, **keeping(tmp_path, every)):
        seen.append(backend.copies)
    assert seen == [copies, 2 * copies]


def test_a_checkpoint_is_written_when_it_is_time(
    toy_counts, tmp_path, monkeypatch
):
    clock = iter(range(1_000))
    monkeypatch.setattr(callbacks, "perf_counter", lambda: next(clock))
    model, ages = untrained(epochs=4, batch_rows=1), []
    for record in model.fit_steps(toy_counts, **keeping(tmp_path, 10)):
        files = checkpoint_files(tmp_path)
        last = read_sealed(files[0])[1]["step"] if files else 0
        ages.append(record.step - last)
    assert max(ages) >= 3
    assert ages.count(0) == pytest.approx(len(ages) / (max(ages) + 1), abs=2)


def test_a_trained_model_that_is_resumed_is_returned(toy_counts, tmp_path):
    model = untrained(epochs=2).fit(toy_counts, **keeping(tmp_path))
    again = untrained(epochs=2)
    resumed = keeping(tmp_path, resume=True)
    assert list(again.fit_steps(toy_counts, **resumed)) == []
    assert bits(again.network) == bits(model.network)
    again.set_params(progress=True).fit(toy_counts, **resumed)
    assert again.history == model.history


def test_a_model_that_learned_before_learns_on_after_a_stop(
    toy_counts, tmp_path
):
    whole = untrained(epochs=2, batch_rows=4, warm_start=True)
    whole.fit(toy_counts).save(tmp_path / "model")
    whole.fit(toy_counts)
    begun = SkipGram.load(tmp_path / "model")
    steps = begun.fit_steps(toy_counts, **keeping(tmp_path / "box"))
    next(steps)
    steps.close()
    resumed = SkipGram.load(tmp_path / "model")
    resumed.fit(toy_counts, **keeping(tmp_path / "box", resume=True))
    assert bits(resumed.network) == bits(whole.network)
    assert len(resumed.history) == 4


CHANGES = {
    "epochs is 4, and the checkpoint was made with 3": {"epochs": 4},
    "batch_rows is 6, and the checkpoint was made with 5": {"batch_rows": 6},
    "lr is 0.5, and the checkpoint was made with 0.03": {"lr": 0.5},
    "penalty is 0, and the checkpoint was made with 0.02": {"penalty": 0},
    "init is random, and the checkpoint was made with counts": {
        "init": "random"
    },
    "and the checkpoint was made with softmax": {
        "objective": "negative-sampling"
    },
}


@pytest.fixture(scope="module")
def kept(toy_counts, tmp_path_factory):
    """Return a folder with checkpoints of an unfinished training."""
    folder = tmp_path_factory.mktemp("kept")
    steps = untrained(**SIZES).fit_steps(toy_counts, **keeping(folder))
    list(islice(steps, 5))
    steps.close()
    return folder


def resume(folder, counts, held_out=None, **changes):
    """Go on in a folder, with some settings changed."""
    model = untrained(**SIZES | changes)
    return model.fit(counts, held_out, **keeping(folder, resume=True))


@pytest.mark.parametrize("sentence", CHANGES)
def test_other_settings_are_refused_with_both_values(
    toy_counts, kept, sentence
):
    files = sorted(kept.iterdir())
    found = refused(lambda: resume(kept, toy_counts, **CHANGES[sentence]))
    assert found.startswith(f"cannot go on from {kept}: ")
    assert sentence in found
    assert sorted(kept.iterdir()) == files


def test_what_is_refused_leaves_the_model_as_it_was(toy_counts, kept):
    model = untrained(**SIZES, penalty=0.5).fit(toy_counts)
    before, history = bits(model.network), model.history
    for warm in (False, True):
        model.set_params(warm_start=warm)
        keep = keeping(kept, resume=True)
        assert "penalty is 0.5" in refused(
            partial(model.fit, toy_counts, **keep)
        )
        assert bits(model.network) == before
        assert model.history is history
        assert len(model.runs) == 1


def test_several_differences_are_all_named(toy_counts, kept):
    changes = {"vector_size": 9, "seed": 4, "epochs": 7}
    found = refused(lambda: resume(kept, toy_counts, **changes))
    for name, now, then in [
        ("vector_size", 9, 8), ("seed", 4, 3), ("epochs", 7, 3)
    ]:  # fmt: skip
        assert (
            f"{name} is {now}, and the checkpoint was made with {then}"
        ) in found


def test_other_text_is_refused(vocabulary, toy_documents, toy_counts, kept):
    ways = {"vocabulary": vocabulary, "window": 2, "sample": None}
    more = count_pairs([*toy_documents, ["new", "york"]], **ways)
    found = refused(lambda: resume(kept, more))
    assert "counts checksum is" in found
    assert "window is" not in found
    wider = count_pairs(toy_documents, **ways | {"window": 3})
    found = refused(lambda: resume(kept, wider))
    assert "window is 3, and the checkpoint was made with 2" in found
    found = refused(lambda: resume(kept, toy_counts, held_out=toy_counts))
    assert "held_out checksum is" in found


def test_other_words_are_refused(vocabulary, toy_documents, kept):
    turned = Vocabulary(
        vocabulary.words[::-1], vocabulary.frequencies, vocabulary.total_tokens
    )
    counts = count_pairs(
        toy_documents, vocabulary=turned, window=2, sample=None
    )
    assert "vocabulary is" in refused(lambda: resume(kept, counts))


def test_another_device_precision_or_format_is_refused(
    toy_counts, kept, tmp_path
):
    for name, then in [
        ("backend", "abacus"), ("dtype", "float16"), ("tf32", 1),
        ("checkpoint format", 9),
    ]:  # fmt: skip
        arrays, about = read_sealed(checkpoint_files(kept)[0])
        about["made from"][name] = then
        with Checkpoints(tmp_path / name) as box:
            box.write(arrays, about)
        found = refused(partial(resume, tmp_path / name, toy_counts))
        assert found.count("the checkpoint was made with") == 1
        assert f"the checkpoint was made with {then}" in found


def test_the_checksum_of_counts_tells_them_apart(
    vocabulary, toy_documents, toy_counts
):
    again = count_pairs(
        toy_documents, vocabulary=vocabulary, window=2, sample=None
    )
    assert counts_checksum(again) == counts_checksum(toy_counts)
    assert counts_checksum(None) is None
    parts = {
        name: getattr(toy_counts, name)
        for name in ("cells", "denominator", "keep", "settings", "vocabulary")
    }
    cells, keep = toy_counts.cells.copy(), toy_counts.keep.copy()
    cells.data[0] += 1
    keep[0] -= 1e-12
    apart = Vocabulary.from_dict(vocabulary.as_dict())
    changes = [
        {},
        {"cells": cells},
        {"keep": keep},
        {"denominator": 9},
        {"contexts": apart},
        {"contexts": apart, "keep_contexts": keep},
    ]
    sums = {counts_checksum(Counts(**parts | change)) for change in changes}
    assert len(sums) == 6


def test_resume_needs_a_checkpoint(toy_counts, tmp_path):
    box = tmp_path / "box"
    found = refused(lambda: resume(box, toy_counts))
    assert (
        found == f"there is no checkpoint in {box}; begin without resume=True"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("every", [-1, float("nan"), -(10**40)])
def test_the_seconds_are_checked(tmp_path, every):
    assert refused(lambda: Checkpointing(tmp_path / "box", every)) == (
        f"every must be 0 seconds or more, got {every!r}"
    )


def test_a_folder_that_cannot_be_written_is_refused_before_training(
    toy_counts, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    model = untrained()
    for place in (tmp_path / "file", tmp_path / "file" / "box"):
        found = refused(partial(model.fit, toy_counts, **keeping(place)))
        assert str(place) in found
    assert not model.__sklearn_is_fitted__()


def test_two_trainings_cannot_share_a_folder(toy_counts, tmp_path):
    keep = keeping(tmp_path)
    first = untrained(epochs=2).fit_steps(toy_counts, **keep)
    next(first)
    second = untrained(epochs=2)
    assert "another run is writing to" in refused(
        lambda: second.fit(toy_counts, **keeping(tmp_path))
    )
    assert not second.__sklearn_is_fitted__()
    assert len(list(first)) == 1
    second.fit(toy_counts, **keep)  # the same callback, once more


def test_a_full_disk_stops_the_training_and_leaves_the_checkpoint(
    toy_counts, tmp_path, monkeypatch
):
    sizes = {"epochs": 5, "batch_rows": 4}
    steps = untrained(**sizes).fit_steps(toy_counts, **keeping(tmp_path))
    next(steps)
    (file,) = checkpoint_files(tmp_path)
    before = file.read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refused(lambda: list(steps)) == (
        f"cannot write a checkpoint to {tmp_path}: No space left on device; "
        f"{file.name} is untouched; make room, and go on with resume=True"
    )
    monkeypatch.undo()
    assert file.read_bytes() == before
    resumed = resume(tmp_path, toy_counts, **sizes)
    whole = untrained(**sizes).fit(toy_counts)
    assert bits(resumed.network) == bits(whole.network)


@pytest.mark.parametrize("stop", [1, 2, STEPS])
@pytest.mark.parametrize("every", [0, 1e9])
def test_ctrl_c_ends_the_step_and_writes_a_checkpoint(
    toy_counts, tmp_path, stop, every
):
    before = signal.getsignal(signal.SIGINT)
    model = untrained(**SIZES)
    with pytest.raises(Interrupted) as error:
        for record in model.fit_steps(toy_counts, **keeping(tmp_path, every)):
            if record.step == stop:
                signal.raise_signal(signal.SIGINT)
    assert str(error.value) == (
        f"interrupted after step {stop} of {STEPS}; the checkpoint is in "
        f"{tmp_path}"
    )
    assert signal.getsignal(signal.SIGINT) is before
    assert read_sealed(checkpoint_files(tmp_path)[0])[1]["step"] == stop
    # The very model that was interrupted may go on, as a notebook has it.
    model.fit(toy_counts, **keeping(tmp_path, every, resume=True))
    whole = untrained(**SIZES).fit(toy_counts)
    assert bits(model.network) == bits(whole.network)
    assert len(model.history) == EPOCHS


def test_without_checkpoints_ctrl_c_is_as_ever(toy_counts):
    steps = untrained().fit_steps(toy_counts)
    next(steps)
    with pytest.raises(KeyboardInterrupt) as error:
        signal.raise_signal(signal.SIGINT)
    assert not isinstance(error.value, Interrupted)


def test_what_a_checkpoint_holds(kept, vocabulary):
    arrays, about = read_sealed(checkpoint_files(kept)[0])
    V = len(vocabulary)
    assert {name: array.shape for name, array in arrays.items()} == {
        "W_in.weights": (V, 8), "W_in.square": (V, 8),
        "W_out.weights": (V, 8), "W_out.mean": (V, 8),
        "W_out.square": (V, 8), "bias.weights": (V,),
        "bias.mean": (V,), "bias.square": (V,),
    }  # fmt: skip
    assert about["step"] == 5
    assert about["sums"] > 0
    assert [record["epoch"] for record in about["history"]] == [1]
    assert json.dumps(about["made from"])


def test_a_run_that_begins_again_takes_the_place_of_another(
    vocabulary, toy_counts, tmp_path
):
    keep = keeping(tmp_path)
    old = untrained(seed=1, epochs=9).fit(toy_counts, **keep)
    new = untrained(seed=2, epochs=2).fit(toy_counts, **keep)
    again = untrained(seed=2, epochs=2)
    again.fit(toy_counts, **keeping(tmp_path, resume=True))
    assert bits(again.network) == bits(new.network) != bits(old.network)
    assert host(again.network.bias).shape == (len(vocabulary),)


# Checkpoints of version 0.1


def counts_of_0_1():
    """Counts of the trainings in tests/data/v0.1."""
    lines = [
        "new york is a city and new york is a state",
        "new jersey is a state near new york",
        "the kangaroo is not in new york",
    ]
    return count_pairs([line.split() for line in lines * 2], window=3)


@pytest.mark.parametrize(
    ("name", "objective"),
    [("softmax", "softmax"), ("sampling", "negative-sampling")],
)
def test_a_training_that_0_1_began_ends_as_one_that_was_never_stopped(
    root, tmp_path, name, objective
):
    stored = root / "tests" / "data" / "v0.1"
    shutil.copytree(stored / f"{name}-checkpoint", tmp_path / "box")
    counts = counts_of_0_1()
    plan = {"epochs": 6, "batch_rows": 4, "objective": objective}

    def fit(**keep):
        return untrained(**plan, backend="numpy").fit(counts, counts, **keep)

    resumed, whole = fit(**keeping(tmp_path / "box", resume=True)), fit()
    assert bits(resumed.network) == bits(whole.network)
    end = SkipGram.load(stored / f"{name}-end", backend="numpy")
    for model in (resumed, whole):
        for key, array in vars(end.network).items():
            found = getattr(model.network, key)
            np.testing.assert_allclose(found, array, atol=1e-6)
        assert model.runs == end.runs
        assert [record.step for record in model.history] == [
            record.step for record in end.history
        ]
        losses, wanted = (
            [(r.loss, r.epoch_loss, r.held_out_loss) for r in m.history]
            for m in (model, end)
        )
        np.testing.assert_allclose(losses, wanted, atol=1e-6)
