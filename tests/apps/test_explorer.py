"""The explorer: its data, its command, and its page in a real browser."""

import json
import re
import sys
from base64 import b64decode
from collections import Counter

import numpy as np
import pytest
import scipy.sparse as sp
from book_explorer import page_names
from helpers import random_network
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skipgram_lib import (
    Counts,
    NegativeSampling,
    SkipGram,
    SkipgramError,
    Vocabulary,
    count_pairs,
)
from skipgram_lib.apps.explorer.data import (
    as_block,
    counted_contexts,
    data_script,
    on_host,
    quantise,
    snapshot,
)
from skipgram_lib.apps.explorer.journey import (
    EachStep,
    record_journey,
    relative_distance,
    snapshot_steps,
    untrained_twin,
)
from skipgram_lib.apps.explorer.page import (
    ASSETS,
    DATA_FILES,
    ENTRY,
    check_page,
    check_trained_on,
    read_asset,
    save_explorer,
    write_page,
)
from skipgram_lib.errors import MissingPackageError
from skipgram_lib.model.network import Network, softmax
from skipgram_lib.vectors.search import unit_rows

SETTINGS = {"epochs": 3, "batch_rows": 50, "lr": 0.05, "progress": False}
# What a page may do in the time that a reader does not notice.
MILLISECONDS = 50


@pytest.fixture(scope="session")
def counts(sotu_documents):
    """Return counts of a part of the embedded corpus."""
    return count_pairs(sotu_documents[-30:], max_size=500)


@pytest.fixture(scope="session")
def model(counts):
    """Return a model of 500 words. Do not change it."""
    return SkipGram(vector_size=30, seed=1, **SETTINGS).fit(counts)


@pytest.fixture(scope="session")
def folder(model, counts, tmp_path_factory):
    """Write the explorer of the model; return its folder."""
    folder = tmp_path_factory.mktemp("explorer") / "page"
    told = save_explorer(model, counts, folder, progress=False)
    assert told["no_journey"] is None
    return folder


def read_block(block):
    """Return the array that `as_block` wrote."""
    dtype = np.dtype(block["dtype"])
    flat = np.frombuffer(b64decode(block["data"]), dtype.newbyteorder("<"))
    return flat.reshape(block["shape"]).astype(dtype)


def read_script(script):
    """Return the data that `data_script` wrote."""
    return json.loads(script.partition(b" = ")[2].rstrip(b";\n"))


def rounded(network):
    """What is left of a network on the host that was quantised."""
    W_in, W_out = (
        whole * scale[:, None]
        for whole, scale in map(quantise, (network.W_in, network.W_out))
    )
    return Network(W_in, W_out, np.asarray(network.bias, np.float32))


def read(folder, name):
    """Return the data of one file of an explorer."""
    stored = page_names(folder)[f"{name}.js"]
    return read_script((folder / stored).read_bytes())


# --- The numbers ----------------------------------------------------------


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 5), st.integers(1, 9)),
        elements=st.floats(-1e6, 1e6, width=32),
    )
)
def test_no_number_moves_by_more_than_half_a_step(matrix):
    whole, scale = quantise(matrix)
    assert whole.dtype == np.int8
    assert abs(whole.astype(int)).max() <= 127
    off = abs(whole * scale[:, None].astype(np.float64) - matrix)
    assert (off <= 0.5001 * scale[:, None] + 1e-40).all()


def test_a_row_of_zeros_stays_one():
    whole, scale = quantise(np.zeros((2, 3)))
    assert not whole.any()
    assert not scale.any()


@pytest.mark.parametrize(
    "kind", ["int8", "uint8", "uint16", "uint32", "float32"]
)
def test_a_block_comes_back(kind):
    array = np.arange(12).reshape(3, 4).astype(kind)
    back = read_block(json.loads(json.dumps(as_block(array))))
    assert back.dtype == array.dtype
    assert (back == array).all()


def test_a_script_holds_any_word():
    words = ["naïve", "</script>", "a'b", "\u2028", "\x00", "😀", '"']
    script = data_script("model", words)
    assert read_script(script) == words
    assert script.isascii()


def test_counted_contexts_are_those_of_the_counts(counts):
    N = counts.matrix()
    data = {k: read_block(v) for k, v in counted_contexts(N, 7).items()}
    share = data["share"] * data["scale"][:, None].astype(np.float64)
    dense = N.toarray()
    dense /= np.maximum(dense.sum(axis=1, keepdims=True), 1e-300)
    wanted = -np.sort(-dense, axis=1)[:, :7]
    np.testing.assert_allclose(share, wanted, atol=2e-5)
    found = np.take_along_axis(dense, data["ids"].astype(int), 1)
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert (data["contexts"] == (dense > 0).sum(axis=1)).all()


def test_few_contexts_leave_zeros():
    data = counted_contexts(sp.csr_array(np.diag([1.0, 0, 2])), 2)
    assert read_block(data["contexts"]).tolist() == [1, 0, 1]
    assert (read_block(data["share"])[:, 1] == 0).all()


def test_rounding_moves_the_answers_little(model):
    exact, near = on_host(model), rounded(on_host(model))
    rows = range(len(model.vocabulary))
    probs = [softmax(one.scores(rows)) for one in (exact, near)]
    units = [unit_rows(one.W_in) for one in (exact, near)]
    assert abs(probs[0] - probs[1]).max() < 0.01
    cosines = [unit @ unit.T for unit in units]
    assert abs(cosines[0] - cosines[1]).max() < 0.01


# --- The journey ----------------------------------------------------------


@given(st.integers(0, 400), st.integers(2, 20))
def test_stops_begin_at_nothing_and_end_at_the_end(steps, snapshots):
    stops = snapshot_steps(steps, snapshots)
    assert stops[0] == 0
    assert stops[-1] == steps
    assert stops == sorted(set(stops))
    assert len(stops) == min(snapshots, steps + 1)


def train_again(model, counts, action):
    """Train a model once more; call ``action(step, model)``."""
    again = untrained_twin(model, progress=False)
    watch = EachStep(lambda step: action(step, again))
    return again.fit(counts, callbacks=[watch])


def test_training_again_is_the_same_training(model, counts):
    steps = []
    again = train_again(model, counts, lambda step, _: steps.append(step))
    assert steps == [*range(model.history[-1].steps + 1)]
    assert relative_distance(on_host(again), on_host(model)) == 0


def test_the_first_stop_has_the_first_weights(model, counts):
    """The initial weights: a training whose rates are next to nothing."""
    found = {}

    def keep(step, again):
        found.setdefault(step, again.vectors.matrix.copy())

    train_again(model, counts, keep)
    settings = SETTINGS | {"lr": 1e-12, "penalty": 0.0}
    fresh = SkipGram(vector_size=30, seed=1, **settings).fit(counts)
    np.testing.assert_allclose(found[0], fresh.vectors.matrix, atol=1e-6)
    assert abs(found[0] - model.vectors.matrix).max() > 0.1


def test_a_sampled_model_can_be_trained_again(counts):
    goal = NegativeSampling(negative=3)
    model = SkipGram(vector_size=8, objective=goal, **SETTINGS).fit(counts)
    way = record_journey(model, counts, 3, progress=False)
    assert len(way["snapshots"]) == 2


def test_settings_changed_after_a_training_do_not_matter(counts):
    model = SkipGram(vector_size=8, **SETTINGS).fit(counts)
    model.set_params(vector_size=9, epochs=5, seed=7)
    assert (
        relative_distance(
            on_host(train_again(model, counts, lambda step, again: None)),
            on_host(model),
        )
        == 0
    )


def test_what_is_noted_is_saved(model, counts, tmp_path):
    model.save(tmp_path / "model")
    loaded = SkipGram.load(tmp_path / "model")
    assert loaded.runs == model.runs
    assert untrained_twin(loaded, None).epochs == 3
    way = record_journey(loaded, counts, 4, progress=False)
    assert len(way["steps"]) == 4


def test_a_snapshot_is_what_the_network_says(model):
    data = {k: read_block(v) for k, v in snapshot(model, rows=77).items()}
    row = model.vocabulary["war"]
    wanted = model.predict_context("war", 6)
    assert model.vocabulary.decode(data["likely"][row]) == [
        word for word, _ in wanted
    ]
    share = data["share"][row] * data["scale"][row]
    np.testing.assert_allclose(share, [p for _, p in wanted], atol=0.001)
    near = [word for word, _ in model.vectors.most_similar("war", topn=8)]
    assert model.vocabulary.decode(data["near"][row]) == near


def with_runs(model, runs):
    """Return a copy of a model that was trained in other runs."""
    other = SkipGram(**model.get_params())
    vars(other).update(vars(model), runs=runs)
    return other


def test_without_what_is_needed_there_is_no_journey(model, counts, tmp_path):
    told = save_explorer(with_runs(model, []), counts, tmp_path / "page")
    assert told["no_journey"] == "the model does not say how it was trained"
    assert "journey.js" not in page_names(tmp_path / "page")
    assert read(tmp_path / "page", "model")["journey"] == []


def test_a_model_trained_twice_has_no_journey(counts):
    model = SkipGram(vector_size=4, warm_start=True, **SETTINGS).fit(counts)
    model.fit(counts)
    with pytest.raises(SkipgramError, match="2 runs and 6 epochs"):
        record_journey(model, counts, progress=False)


def test_another_end_is_told(model, counts):
    other = with_runs(model, [model.runs[0] | {"lr": 0.2}])
    with pytest.raises(SkipgramError, match="ends at other weights"):
        record_journey(other, counts, 3, progress=False)


# --- The folder -----------------------------------------------------------


def test_the_folder_holds_the_page_and_the_numbers(folder, model):
    names = {path.name for path in folder.iterdir()}
    stored = page_names(folder)
    assert set(stored) == {*ASSETS, *DATA_FILES}
    assert names == {"index.html", *stored.values()}
    for name in ASSETS:
        assert (folder / stored[name]).read_bytes() == read_asset(name)
    data = read(folder, "model")
    assert data["words"] == model.vocabulary.words
    assert sum(data["frequencies"]) <= data["tokens"]
    back = read_block(data["W_out"]) * read_block(data["out_scale"])[:, None]
    assert (back == rounded(on_host(model)).W_out).all()
    assert data["journey"] == read(folder, "journey")["steps"]
    assert read_block(data["places"]).shape == (500, 2)


def test_an_older_page_is_replaced(model, counts, tmp_path):
    page = tmp_path / "deep" / "page"
    for snapshots in (3, 0):
        save_explorer(model, counts, page, snapshots, progress=False)
        (page / ".DS_Store").write_bytes(b"left by a file manager")
    first = page_names(page)
    assert "journey.js" not in first
    save_explorer(model, counts, page, 0, progress=False)
    assert page_names(page) == first, "equal contents keep their names"
    assert {path.name for path in page.iterdir()} == {
        ".DS_Store",
        "index.html",
        *first.values(),
    }
    assert [path.name for path in page.parent.iterdir()] == ["page"]


def test_a_page_of_version_0_1_is_replaced(model, counts, tmp_path):
    for name in (ENTRY, *ASSETS, *DATA_FILES):
        (tmp_path / name).write_text("of version 0.1")
    for _ in range(2):  # a writer removes what is left of the last one
        save_explorer(model, counts, tmp_path, 0, progress=False)
    names = page_names(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        ENTRY,
        *names.values(),
    }


def test_a_page_that_cannot_be_written_leaves_the_older_one(
    model, counts, tmp_path, monkeypatch
):
    page = tmp_path / "page"
    save_explorer(model, counts, page, 0, progress=False)
    before = {path.name: path.read_bytes() for path in page.iterdir()}
    failing = "skipgram_lib.apps.explorer.page.entry_page"

    def full(names):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(failing, full)
        with pytest.raises(SkipgramError, match="nothing was changed"):
            write_page({"model.js": b"other numbers"}, page)
    assert before == {path.name: path.read_bytes() for path in page.iterdir()}


def test_another_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(SkipgramError, match="other things than an explorer"):
        check_page(tmp_path)
    with pytest.raises(SkipgramError, match="is a file"):
        check_page(tmp_path / "thesis.doc")


def test_counts_of_another_kind_are_refused(model, sotu_documents):
    other = count_pairs(
        sotu_documents[-30:], vocabulary=model.vocabulary, window=2
    )
    with pytest.raises(SkipgramError, match="window 5, and these have window"):
        check_trained_on(model, other)


def test_another_text_is_refused(model, counts, sotu_documents):
    other = count_pairs([["new", "york"]])
    with pytest.raises(SkipgramError, match="another vocabulary"):
        check_trained_on(model, other)
    words = model.vocabulary
    more = Vocabulary(words.words, words.frequencies, words.total_tokens + 1)
    other = count_pairs(sotu_documents[-30:], vocabulary=more)
    with pytest.raises(SkipgramError, match="trained on another text"):
        check_trained_on(model, other)


def test_other_contexts_than_centres_are_refused(counts, tmp_path):
    contexts = Vocabulary(
        [f"{word}?" for word in counts.vocabulary.words],
        counts.vocabulary.frequencies,
        counts.vocabulary.total_tokens,
    )
    kinds = {
        name: counts.settings[name]
        for name in ("window", "side", "shrink_windows", "sample")
    }
    other = Counts(
        counts.cells,
        counts.denominator,
        counts.keep,
        kinds,
        counts.vocabulary,
        contexts,
        counts.keep,
    )
    model = SkipGram(vector_size=4, **SETTINGS).fit(other)
    with pytest.raises(SkipgramError, match="same words as its centres"):
        save_explorer(model, other, tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_without_scikit_learn_no_work_is_begun(
    model, counts, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(MissingPackageError, match=r"pip install .\.\[plots\]"):
        save_explorer(model, counts, tmp_path / "page")
    with pytest.raises(MissingPackageError, match="need scikit-learn"):
        check_page(tmp_path / "page")


def test_all_files_of_the_page_are_listed_as_package_data(root):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())
    listed = project["tool"]["setuptools"]["package-data"]["skipgram_lib"]
    for ending in ("html", "css", "js"):
        assert f"apps/**/*.{ending}" in listed


# --- The page in a browser ------------------------------------------------

PHONE = {"width": 360, "height": 740}


class Page:
    """An explorer in a browser, and what went wrong in it."""

    def __init__(self, browser, address, **options):
        self.context = browser.new_context(**options)
        self.tab = self.context.new_page()
        self.trouble = []
        self.tab.on("console", self.note)
        self.tab.on("pageerror", lambda e: self.trouble.append(str(e)))
        self.tab.on("request", self.watch)
        self.tab.goto(address)
        self.tab.wait_for_selector("[data-ready=all]", timeout=60_000)

    def note(self, message):
        if message.type in ("error", "warning"):
            self.trouble.append(message.text)

    def watch(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.trouble.append(request.url)

    def ask(self, text):
        field = self.tab.get_by_role("combobox", name="A word")
        field.fill(text)
        field.press("Enter")

    def open(self, name):
        self.tab.get_by_role("tab", name=name).click()

    def rows(self, css, kind="network"):
        """Words and numbers of a list of bars."""
        return self.tab.eval_on_selector_all(
            f"{css} .sgx-bars li",
            """(rows, kind) => rows.map(row => [
                row.querySelector('button').textContent,
                row.querySelector(`.sgx-${kind} .sgx-number`)
                  ?.lastChild.textContent])""",
            kind,
        )

    def said(self):
        return self.tab.inner_text(".sgx-said")

    def run(self, script, *arguments):
        return self.tab.evaluate(script, *arguments)


@pytest.fixture(scope="session")
def address(folder):
    """Return the address of the page: a file."""
    return (folder / "index.html").as_uri()


@pytest.fixture
def page(browser, address):
    """Open the explorer; nothing may have gone wrong at the end."""
    page = Page(browser, address)
    yield page
    assert page.trouble == []
    page.context.close()


def as_number(text):
    """Return a number as the page writes it."""
    return float(text.replace("−", "-").removeprefix("< "))


@pytest.mark.parametrize("word", ["war", "people", "tax"])
def test_bars_are_those_of_the_library(page, model, counts, word):
    page.ask(word)
    bars = page.rows(".sgx-nearby .sgx-columns section:nth-child(1)")
    wanted = model.context_probabilities(word)
    top = {w for w, _ in model.predict_context(word, 10)}
    assert top <= {w for w, _ in bars}
    for other, number in bars:
        p = wanted[model.vocabulary[other]]
        assert as_number(number) == pytest.approx(p, abs=0.002)
    N = counts.matrix()
    row = N[[model.vocabulary[word]]].toarray()[0]
    counted = page.rows(
        ".sgx-nearby .sgx-columns section:nth-child(1)", "counted"
    )
    for other, number in counted:
        share = row[model.vocabulary[other]] / row.sum()
        if number.startswith("<"):
            assert share <= as_number(number) + 1e-3
        else:
            assert as_number(number) == pytest.approx(share, abs=6e-4)


def test_all_probabilities_agree(page, model):
    probs = page.run(
        """word => { const e = document.querySelector('.skipgram-explorer')
          .explorer; return [...e.network.probabilities(
          e.network.index.get(word))]; }""",
        "war",
    )
    wanted = model.context_probabilities("war")
    assert sum(probs) == pytest.approx(1)
    np.testing.assert_allclose(probs, wanted, atol=0.002)
    near = rounded(on_host(model))
    row = softmax(near.scores([model.vocabulary["war"]]).astype(float))[0]
    np.testing.assert_allclose(probs, row, rtol=1e-4)


@pytest.mark.parametrize("word", ["war", "children"])
def test_neighbours_are_those_of_the_library(page, model, word):
    page.ask(word)
    found = page.rows(".sgx-nearby .sgx-columns section:nth-child(2)")
    wanted = dict(model.vectors.most_similar(word, topn=500))
    for other, number in found:
        assert as_number(number) == pytest.approx(wanted[other], abs=0.006)
    best = [w for w, _ in model.vectors.most_similar(word, topn=10)]
    assert len({w for w, _ in found} & set(best)) >= 9


def test_an_analogy_is_that_of_the_library(page, model):
    page.open("Analogy")
    a, b, c = model.vocabulary.decode([100, 150, 200])
    for name, word in {"This": a, "is to": b, "as": c}.items():
        page.tab.get_by_label(name, exact=True).fill(word)
    page.tab.get_by_role("button", name="is to what?").click()
    found = page.rows(".sgx-analogy")
    wanted = dict(model.vectors.most_similar([b, c], [a], 500))
    assert len(found) == 10
    assert not {a, b, c} & {word for word, _ in found}
    for word, number in found:
        assert as_number(number) == pytest.approx(wanted[word], abs=0.006)


def test_the_journey_is_that_of_the_library(page, model, counts):
    page.ask("war")
    page.open("Journey")
    slider = page.tab.get_by_role("slider")
    slider.wait_for()
    stops = snapshot_steps(model.history[-1].steps)
    assert slider.get_attribute("max") == str(len(stops) - 1)
    shots = {}

    def keep(step, again):
        if step in stops:
            shots[step] = again.predict_context("war", 6)

    train_again(model, counts, keep)
    for k in (0, 4, len(stops) - 1):
        slider.fill(str(k))
        bars = page.rows(".sgx-journey .sgx-columns section:nth-child(1)")
        wanted = dict(shots[stops[k]])
        assert {word for word, _ in bars} == set(wanted)
        for word, number in bars:
            assert as_number(number) == pytest.approx(wanted[word], abs=0.002)
    assert "steps" in page.tab.inner_text(".sgx-stops output")


def test_places_of_the_journey_are_middles_of_neighbours(page, folder):
    data, way = read(folder, "model"), read(folder, "journey")
    page.open("Journey")
    page.tab.get_by_role("slider").wait_for()
    found = page.run(
        """() => { const e = document.querySelector('.skipgram-explorer')
          .explorer; return [e.journey.place(3, 7),
          e.journey.place(e.journey.steps.length - 1, 7)]; }"""
    )
    places = read_block(data["places"]) / 65535
    near = read_block(way["snapshots"][3]["near"])[7]
    np.testing.assert_allclose(found[0], places[near].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(found[1], places[7], atol=1e-6)


ODD = [
    ("", "Type a word"),
    ("   ", "Type a word"),
    ("\x00\x01", "Type a word"),
    ("😀", "no letter"),
    ("1914", "no letter"),
    ("wra", "war"),
    ("zzzzqqq", "out of vocabulary"),
    ("x" * 100_000, "the rarest of the 500 words occurs"),
    ("war and peace", "more than one word"),
    ("<b>war</b><img src=x onerror=alert(1)>", "more than one word"),
    ("日本", "Try another word"),
    ("\u202ewar\u0301", "out of vocabulary"),
]


@pytest.mark.parametrize(("typed", "line"), ODD)
def test_odd_input_gets_a_friendly_line(page, typed, line):
    page.run(
        """text => { const e = document.querySelector('.skipgram-explorer')
          .explorer; e.ask(text); }""",
        typed,
    )
    assert line in page.said()
    assert len(page.said()) < 300
    assert page.tab.locator(".sgx-said img, .sgx-said b").count() == 0
    assert page.tab.inner_text("[role=status].sgx-hidden") != ""


@pytest.mark.parametrize(
    "typed", ["WAR", "  war ", "War", "\u212aeep", "WAR!"]
)
def test_a_word_may_be_written_in_other_ways(page, model, typed):
    page.ask(typed)
    word = typed.strip(" !").replace("\u212a", "k").lower()
    if word not in model.vocabulary:
        pytest.skip(f"{word} is not among the 500 words")
    title = page.tab.inner_text(".sgx-nearby h2 >> nth=0")
    assert title == f"P(nearby | {word})"


def test_an_apostrophe_is_that_of_the_library(browser, tmp_path):
    documents = [["america's", "time", "is", "here"] * 9, ["time", "is"] * 5]
    counts = count_pairs(documents, sample=None)
    model = SkipGram(vector_size=4, epochs=2, progress=False).fit(counts)
    save_explorer(model, counts, tmp_path / "page", progress=False)
    page = Page(browser, (tmp_path / "page" / "index.html").as_uri())
    for typed in ("america\u2019s", "AMERICA\u02bcS"):
        page.ask("is")
        page.ask(typed)
        title = page.tab.inner_text(".sgx-nearby h2 >> nth=0")
        assert title == "P(nearby | america's)"
    assert page.trouble == []
    page.context.close()


def test_suggested_spellings_can_be_taken(page):
    page.ask("wra")
    page.tab.locator(".sgx-said").get_by_role("button", name="war").click()
    assert "war" in page.tab.inner_text(".sgx-nearby h2 >> nth=0")
    assert page.said() == ""


def test_the_old_answer_goes_when_a_word_is_not_known(page):
    page.ask("war")
    answer = page.tab.locator(".sgx-nearby")
    assert answer.is_visible()
    for typed in ("42", "zzzzqqq", ""):
        page.ask(typed)
        assert page.said() != ""
        assert not answer.is_visible()
        assert page.tab.locator(".sgx-said button").count() == 0
        page.open("Analogy")
        assert page.said() == ""
        page.open("Nearby")
        assert page.said() != ""
    page.ask("tax")
    assert page.said() == ""
    assert answer.is_visible()


def test_the_field_is_there_only_where_it_acts(page):
    field = page.tab.get_by_role("combobox", name="A word")
    for view in VIEWS:
        page.open(view)
        assert field.is_visible() == (view != "Analogy"), view
    page.open("Analogy")
    word = page.tab.locator(".sgx-analogy .sgx-bars button").first
    wanted = word.inner_text()
    word.click()
    assert f"nearby | {wanted})" in page.tab.inner_text(
        ".sgx-nearby h2 >> nth=0"
    )


def test_the_words_to_ask_about_follow_the_word(page):
    found = []
    for word in ("war", "tax"):
        page.ask(word)
        chips = page.tab.locator(".sgx-other .sgx-chips button")
        found.append(chips.all_inner_texts())
        assert word not in found[-1]
        chips.first.click()
        assert page.said() == ""
    assert found[0] != found[1]


def test_a_word_in_its_own_list_is_explained(page, model):
    own = page.tab.locator(".sgx-own")
    for word in model.vocabulary.words[100:110]:
        page.ask(word)
        bars = page.rows(".sgx-nearby .sgx-columns section:nth-child(1)")
        assert own.is_visible() == (word in dict(bars)), word


def test_the_page_names_its_network(page, model):
    said = page.tab.inner_text(".skipgram-explorer > .sgx-about")
    assert "500 words, 30 features" in said
    assert "near words weighted more" in said
    assert "subsampled (0.001)" in said
    assert "initial weights from the counts" in said
    assert f"{len(model.history)} epochs" in said


def test_no_label_lies_under_the_buttons(page):
    page.open("Map")
    page.tab.get_by_role("button", name="The whole map").click()
    page.tab.wait_for_timeout(200)
    under = page.run(
        """() => { const canvas = document.querySelector('.sgx-map canvas');
          const map = document.querySelector('.skipgram-explorer')
            .explorer.map;
          const zoom = map.element.lastChild;
          const boxes = [];
          const write = map.pen.fillText;
          map.pen.fillText = (text, x, y) => boxes.push(
            [x, x + map.pen.measureText(text).width, y]);
          for (const shift of [0, 90, 180, 270]) {
            map.shift = [shift, 0]; map.zoom = 1.5; map.paint(); }
          map.pen.fillText = write;
          return boxes.filter(([left, right, y]) =>
            right > zoom.offsetLeft && y < zoom.offsetTop
              + zoom.offsetHeight); }"""
    )
    assert under == []


def test_words_out_of_vocabulary_may_be_counted(browser, folder, tmp_path):
    entry = (folder / "index.html").read_text("utf-8")
    chips = (
        'data-skipgram-explorer data-chips="war tax ants" '
        "data-rare='{\"ants\": 2}'"
    )
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "index.html").write_text(
        entry.replace("data-skipgram-explorer", chips, 1), "utf-8"
    )
    page = Page(browser, (tmp_path / "index.html").as_uri())
    page.tab.get_by_role("button", name="ants").click()
    assert "“ants” is out of vocabulary: it occurs 2 times" in page.said()
    assert page.trouble == []
    page.context.close()


def test_the_keyboard_is_enough(page, model):
    field = page.tab.get_by_role("combobox", name="A word")
    field.focus()
    page.tab.keyboard.type("peo")
    assert field.get_attribute("aria-expanded") == "true"
    page.tab.keyboard.press("ArrowDown")
    chosen = field.get_attribute("aria-activedescendant")
    assert page.tab.locator(f"#{chosen}").inner_text() == "people"
    page.tab.keyboard.press("Enter")
    assert field.get_attribute("aria-expanded") == "false"
    assert "people" in page.tab.inner_text(".sgx-nearby h2 >> nth=0")
    live = page.tab.inner_text("p[role=status].sgx-hidden")
    assert live.startswith("people: nearby")
    field.press("ArrowDown")
    field.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    page.tab.get_by_role("tab", name="Nearby").focus()
    page.tab.keyboard.press("ArrowRight")
    canvas = page.tab.locator(".sgx-map canvas >> visible=true")
    canvas.focus()
    page.tab.keyboard.press("+")
    page.tab.keyboard.press("ArrowLeft")
    assert "In the middle" in page.tab.inner_text("p[role=status].sgx-hidden")
    page.tab.keyboard.press("Enter")
    word = field.input_value()
    assert word in model.vocabulary


def map_state(page):
    """Return zoom, shift and word of the map."""
    return page.run(
        """() => { const m = document.querySelector('.skipgram-explorer')
          .explorer.map; return [m.zoom, m.shift, m.word]; }"""
    )


def test_the_map_is_moved_by_mouse_and_buttons(page, model):
    page.open("Map")
    box = page.tab.locator(".sgx-map canvas").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    zoom, shift, _ = map_state(page)
    page.tab.mouse.move(x, y)
    page.tab.mouse.wheel(0, -30)
    page.tab.wait_for_timeout(100)
    assert map_state(page)[0] == zoom, "the wheel moves the page"
    page.tab.locator(".sgx-map canvas").focus()
    page.tab.mouse.wheel(0, -300)
    page.tab.wait_for_timeout(100)
    assert map_state(page)[0] > zoom
    page.tab.mouse.down()
    page.tab.mouse.move(x + 80, y + 30, steps=4)
    page.tab.mouse.up()
    assert map_state(page)[1] != shift
    page.tab.get_by_role("button", name="The whole map").click()
    assert map_state(page)[:2] == [1, [0, 0]]
    spot = page.run(
        """id => document.querySelector('.skipgram-explorer')
          .explorer.map.onScreen(id)""",
        model.vocabulary["economy"],
    )
    box = page.tab.locator(".sgx-map canvas").bounding_box()
    page.tab.mouse.click(box["x"] + spot[0], box["y"] + spot[1])
    field = page.tab.get_by_role("combobox", name="A word")
    assert field.input_value() == "economy"


def test_a_finger_is_enough(browser, address, model):
    page = Page(browser, address, viewport=PHONE, has_touch=True)
    page.tab.get_by_role("button", name="tax").first.tap()
    assert "tax" in page.tab.inner_text(".sgx-nearby h2 >> nth=0")
    page.tab.get_by_role("tab", name="Map").tap()
    page.tab.locator(".sgx-map canvas").evaluate(
        "canvas => canvas.scrollIntoView({ block: 'center' })"
    )
    box = page.tab.locator(".sgx-map canvas").bounding_box()
    spot = page.run(
        """id => { const m = document.querySelector('.skipgram-explorer')
          .explorer.map; m.goTo(id); return m.onScreen(id); }""",
        model.vocabulary["economy"],
    )
    page.tab.touchscreen.tap(box["x"] + spot[0], box["y"] + spot[1])
    field = page.tab.get_by_role("combobox", name="A word")
    assert field.input_value() == "economy"
    assert page.trouble == []
    page.context.close()


def test_two_fingers_zoom_the_map(browser, address):
    page = Page(browser, address, viewport=PHONE, has_touch=True)
    page.open("Map")
    before = map_state(page)[0]
    page.run(
        """() => { const c = document.querySelector('.sgx-map canvas');
          c.setPointerCapture = () => {};
          const box = c.getBoundingClientRect();
          const send = (kind, id, x) => c.dispatchEvent(new PointerEvent(kind,
            { pointerId: id, clientX: box.left + x, clientY: box.top + 90,
              pointerType: 'touch', bubbles: true }));
          send('pointerdown', 1, 100); send('pointerdown', 2, 140);
          send('pointermove', 2, 200); send('pointermove', 1, 60);
          send('pointerup', 1, 60); send('pointerup', 2, 200); }"""
    )
    assert map_state(page)[0] > 2 * before
    assert page.trouble == []
    page.context.close()


def test_an_address_opens_a_word_and_a_view(browser, address):
    page = Page(browser, f"{address}#word=people&view=map")
    tab = page.tab.get_by_role("tab", name="Map")
    assert tab.get_attribute("aria-selected") == "true"
    field = page.tab.get_by_role("combobox", name="A word")
    assert field.input_value() == "people"
    page.run("location.hash = '#word=war'")
    page.tab.wait_for_timeout(200)
    assert field.input_value() == "war"
    page.ask("tax")
    assert page.tab.url.endswith("#word=tax&view=map")
    page.run("location.hash = '#word=wra'")
    page.tab.wait_for_timeout(200)
    assert "out of vocabulary" in page.said()
    assert page.trouble == []
    page.context.close()


def violations(axe, page):
    """List what axe finds. It must not fetch style sheets by itself."""
    found = axe.run(page.tab, options={"preload": False}).response
    return [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]]


VIEWS = ["Nearby", "Map", "Analogy", "Journey"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_everybody_can_read_it(browser, address, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    size = {"width": width, "height": 800}
    page = Page(browser, address, viewport=size, color_scheme=scheme)
    for view in VIEWS:
        page.open(view)
        page.tab.wait_for_timeout(300)
        found = violations(axe, page)
        assert found == [], view
        wide = page.run("document.documentElement.scrollWidth")
        assert wide <= width, view
    page.open("Nearby")
    page.ask("wra")
    page.tab.get_by_role("combobox", name="A word").fill("peo")
    assert violations(axe, page) == []
    assert page.trouble == []
    page.context.close()


def test_without_numbers_the_page_says_so(browser, folder, tmp_path):
    for name in (ENTRY, *ASSETS):
        (tmp_path / name).write_bytes(read_asset(name))
    tab = browser.new_page()
    tab.goto((tmp_path / "index.html").as_uri())
    tab.wait_for_selector("text=was not built")
    assert "skipgram explorer" in tab.inner_text("main")
    tab.close()


def test_a_model_without_a_journey_has_no_such_tab(
    browser, model, counts, tmp_path
):
    save_explorer(model, counts, tmp_path / "page", 0)
    page = Page(browser, (tmp_path / "page" / "index.html").as_uri())
    names = page.tab.get_by_role("tab").all_inner_texts()
    assert "Journey" not in names
    assert "Map" in names
    assert page.trouble == []
    page.context.close()


# --- The network of the book ----------------------------------------------


@pytest.fixture(scope="module")
def book_page(browser, html):
    """Open the explorer of the built book."""
    folder = html / "_static" / "explorer"
    if not (folder / "model.js").exists():
        pytest.skip("no explorer in the built book: run `make book` first")
    page = Page(browser, (html / "book" / "explorer.html").as_uri())
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def book_model(root):
    """Return the network of the book."""
    folder = root / "out" / "book_model"
    if not (folder / "model.json").exists():
        pytest.skip("no network of the book: run `make book` first")
    return SkipGram.load(folder)


@pytest.mark.book
def test_the_book_answers_in_time(book_page):
    times = book_page.run(
        """() => { const e = document.querySelector('.skipgram-explorer')
          .explorer; const times = [];
          for (const word of e.network.words.slice(600, 620)) {
            const begin = performance.now(); e.ask(word);
            times.push(performance.now() - begin); }
          return times; }"""
    )
    print(f"median {np.median(times):.1f} ms, largest {max(times):.1f} ms")
    assert np.median(times) < MILLISECONDS


@pytest.mark.book
def test_the_book_answers_as_the_library(book_page, book_model):
    for word in ("soviet", "tax", "france"):
        book_page.ask(word)
        bars = book_page.rows(".sgx-nearby .sgx-columns section:nth-child(1)")
        wanted = book_model.context_probabilities(word)
        assert len(bars) == 12
        for other, number in bars:
            p = wanted[book_model.vocabulary[other]]
            assert as_number(number) == pytest.approx(p, abs=0.002)
        found = book_page.rows(".sgx-nearby .sgx-columns section:nth-child(2)")
        best = book_model.vectors.most_similar(word, topn=10)
        assert len({w for w, _ in found} & {w for w, _ in best}) >= 9
    assert book_page.trouble == []


@pytest.mark.book
def test_the_words_of_the_tutorial_are_answered(book_page, sotu_documents):
    root = book_page.tab.locator("[data-skipgram-explorer]")
    rare = json.loads(root.get_attribute("data-rare"))
    often = Counter(word for tokens in sotu_documents for word in tokens)
    assert {word: often[word] for word in rare} == rare
    for chip in root.get_attribute("data-chips").split():
        book_page.tab.locator(".sgx-ask button", has_text=chip).first.click()
        said = book_page.said()
        assert ("out of vocabulary: it " in said) == (chip in rare)


@pytest.mark.book
def test_the_rounded_network_of_the_book_is_near(book_model):
    exact = on_host(book_model)
    rows = np.arange(0, 10_000, 25)
    near = rounded(exact)
    probs = [softmax(net.scores(rows)) for net in (exact, near)]
    units = [unit_rows(net.W_in) for net in (exact, near)]
    cosines = [unit[rows] @ unit.T for unit in units]
    off = [abs(one - two).max() for one, two in (probs, cosines)]
    print("probabilities {:.5f}, cosines {:.5f}".format(*off))
    assert off[0] < 0.01
    assert off[1] < 0.01


@pytest.mark.book
def test_the_files_of_the_book_are_small(html):
    folder = html / "_static" / "explorer"
    if not folder.exists():
        pytest.skip("no explorer in the built book: run `make book` first")
    # tools/book_explorer.py copies them under plain names.
    sizes = {name: (folder / name).stat().st_size for name in DATA_FILES}
    assert sizes["model.js"] < 9e6
    assert sizes["counted.js"] < 2.5e6
    assert sizes["journey.js"] < 5e6


def test_the_book_makes_again_only_what_changed(tmp_path, monkeypatch):
    import book_explorer

    monkeypatch.setattr(book_explorer, "ROOT", tmp_path)
    monkeypatch.setattr(book_explorer, "MODEL", tmp_path / "model")
    source, made = tmp_path / "source.py", tmp_path / "page" / "made.txt"
    made.parent.mkdir()
    write = f"open({str(made)!r}, 'a').write('x')"
    for text, times in [("a", 1), ("a", 1), ("b", 2), ("b", 2)]:
        source.write_text(text)
        book_explorer.make(made, [source], sys.executable, "-c", write)
        assert made.read_text() == "x" * times
    made.unlink()
    book_explorer.make(made, [source], sys.executable, "-c", write)
    assert made.exists()


def test_the_page_is_copied_into_the_book_under_plain_names(
    tmp_path, monkeypatch
):
    import book_explorer

    monkeypatch.setattr(book_explorer, "EXPLORER", tmp_path / "out")
    monkeypatch.setattr(book_explorer, "PAGE", tmp_path / "book")
    write_page({"model.js": b"numbers"}, tmp_path / "out")
    book_explorer.copy_page()
    (tmp_path / "book" / "explorer.js").write_text("old")
    book_explorer.copy_page()
    found = {p.name: p.read_bytes() for p in (tmp_path / "book").iterdir()}
    assert found == {name: read_asset(name) for name in ASSETS} | {
        "model.js": b"numbers"
    }


def test_no_part_of_the_page_asks_the_network(root):
    apps = root / "skipgram_lib" / "apps"
    folders = [apps / "explorer" / "assets", apps / "map_page"]
    for file in sorted(
        file for folder in folders for file in folder.iterdir()
    ):
        found = re.findall(r"https?://\S+", file.read_text(encoding="utf-8"))
        assert [url for url in found if "w3.org" not in url] == [], file.name


def test_weights_apart_is_a_share(model):
    network = on_host(model)
    assert relative_distance(network, network) == 0
    other = random_network(500, 30)
    assert relative_distance(other, network) > 0.5
