"""What users of other tools reported, tried here; see tests/reports.md."""

import errno
import json
import mmap
import multiprocessing
import os
import pickle
import re
import stat
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import ROOT, run_python
from pages import opened

from skipgram_lib import (
    Counts,
    NegativeSampling,
    Phrases,
    SkipGram,
    SkipgramError,
    TextFiles,
    UnknownWordError,
    Vocabulary,
    WordVectors,
    count_files,
    count_pairs,
    evaluate_word_analogies,
    evaluate_word_pairs,
    load_vectors,
)
from skipgram_lib.text.tokens import tokenize

TESTS = ROOT / "tests"
GERMAN = [
    "guten tag meine damen und herren",
    "guten tag meine damen und herren",
    "guten tag herr p",
    "ich wünsche ihnen einen guten tag",
    "ich wünsche ihnen einen schönen tag",
    "ich wünsche ihnen einen guten abend",
]
SMALL = {"vector_size": 4, "epochs": 2, "progress": False}


def random_vectors(V, D=20):
    """Return vectors that point anywhere, of words named by numbers."""
    rows = np.random.default_rng(0).normal(size=(V, D)).astype(np.float32)
    return WordVectors([f"w{i}" for i in range(V)], rows)


def rows_of_reports():
    """Return the cells of each row of the table."""
    page = (TESTS / "reports.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| [")]
    return [line.strip("| ").split(" | ") for line in lines]


def test_every_row_has_a_link_and_a_test_that_exists():
    rows = rows_of_reports()
    assert len(rows) >= 30
    links = [row[0] for row in rows]
    assert len(set(links)) == len(links)
    for link, *_, last in rows:
        assert re.match(r"\[[^]]+\]\(https://\S+\) .+$", link), link
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", last)
        assert named, link
        for file, name in named:
            code = (TESTS / file).read_text(encoding="utf-8")
            assert re.search(rf"^ *def {name}\(", code, re.MULTILINE), name


# --- Numbers -----------------------------------------------------------------


def test_counts_beyond_32_bits_are_trained_on(tmp_path):
    cells = np.array([[2**40, 3, 0], [3, 2**41, 1], [0, 1, 0]])
    words = Vocabulary(list("abc"), [2**40, 2**41, 1], 2**42)
    counts = Counts(sp.csr_array(cells), 1, np.ones(3), {}, words)
    counts.save(tmp_path / "counts")
    both = Counts.load(tmp_path / "counts") + counts
    assert (both.cells.toarray() == 2 * cells).all()
    history = SkipGram(**SMALL).fit(both).history
    assert history[1].epoch_loss < history[0].epoch_loss < np.log(3)


def test_counts_that_would_pass_64_bits_are_not_added():
    cells = sp.csr_array(np.full((2, 2), 2**62))
    words = Vocabulary(["a", "b"], [1, 1], 2)
    counts = Counts(cells, 1, np.ones(2), {}, words)
    with pytest.raises(SkipgramError):
        counts + counts


def test_a_loss_is_a_mean_that_does_not_fill_up(toy_counts):
    few, huge = (
        SkipGram(**SMALL, init="random", penalty=0)
        .fit(
            Counts(
                toy_counts.cells * factor,
                toy_counts.denominator,
                toy_counts.keep,
                {},
                toy_counts.vocabulary,
            )
        )
        .history
        for factor in (2**20, 2**40)
    )
    for one, other in zip(few, huge, strict=True):
        assert other.epoch_loss == pytest.approx(one.epoch_loss, rel=1e-5)


def test_shares_that_are_kept_follow_from_the_vocabulary_of_all(
    toy_documents,
):
    words = Vocabulary.from_tokens(toy_documents)
    one, two, both = (
        count_pairs(some, vocabulary=words, sample=0.05)
        for some in (toy_documents[:1], toy_documents[1:], toy_documents)
    )
    assert (both.keep < 1).any()
    assert ((one + two).matrix() != both.matrix()).nnz == 0


def test_a_document_is_not_cut_after_ten_thousand_tokens():
    tokens = [f"w{i % 500}" for i in range(30_000)]
    counts = count_pairs(
        [tokens], window=1, sample=0, max_size=None, shrink_windows=False
    )
    assert counts.matrix().sum() == 2 * 29_999


def test_no_word_is_thinned_out_while_words_are_counted(tmp_path):
    file = tmp_path / "text.txt"
    words = [f"{a}{b}{c}{d}" for a in "abcdefgh" for b in "abcdefgh"
             for c in "abcdefgh" for d in "abcdefghijklmnop"]  # fmt: skip
    file.write_text(" ".join(words))
    counts = count_files(TextFiles(file), tmp_path / "out", max_size=None)
    assert sorted(counts.vocabulary.words) == words


def test_documents_may_be_maps_and_a_missing_one_is_named():
    documents = [["A", "B"], ["B", "C"]]
    counts = count_pairs((map(str.lower, d) for d in documents), window=1)
    assert sorted(counts.vocabulary.words) == ["a", "b", "c"]
    for missing in (float("nan"), None, 7):
        with pytest.raises(SkipgramError, match=f"document 2 .*{missing}"):
            count_pairs([*documents, missing])
        with pytest.raises(SkipgramError, match=str(missing)):
            count_pairs([*documents, ["a", missing]])


# --- Vectors -----------------------------------------------------------------


def test_a_vector_is_no_word_and_its_own_word_is_an_answer():
    vectors = random_vectors(50)
    (word, cosine), *rest = vectors.most_similar(vectors["w3"], topn=5)
    assert word == "w3"
    assert cosine == pytest.approx(1, abs=1e-6)
    assert [w for w, _ in rest] == [
        w for w, _ in vectors.most_similar("w3", topn=4)
    ]


def test_more_answers_begin_with_the_fewer():
    vectors = random_vectors(1_000)
    assert vectors.most_similar("w3", topn=500)[:300] == vectors.most_similar(
        "w3", topn=300
    )
    assert len(vectors.most_similar("w3", topn=5_000)) == 999


@pytest.mark.parametrize("zeros", ["first", "many"])
def test_vectors_of_zeros_disturb_no_other(zeros):
    whole = random_vectors(200)
    rows = np.array(whole.matrix)
    rows[0 if zeros == "first" else slice(0, 200, 2)] = 0
    vectors = WordVectors(whole.words, rows)
    found = dict(vectors.most_similar("w1", topn=199))
    assert np.isfinite(list(found.values())).all()
    assert found["w0"] == vectors.similarity("w0", "w1") == 0
    assert found["w3"] == pytest.approx(whole.similarity("w1", "w3"), abs=1e-6)
    assert max(found, key=found.get) != "w0"


def test_a_word_is_as_near_to_itself_as_can_be():
    vectors = random_vectors(500)
    for word in vectors.words:
        assert 1 - 1e-6 < vectors.similarity(word, word) <= 1
        assert 0 <= vectors.distance(word, word) < 1e-6


def test_cosmul_obeys_restrict_vocab_and_takes_one_word():
    vectors = random_vectors(100)
    found = vectors.most_similar_cosmul("w1", "w2", restrict_vocab=10)
    assert {word for word, _ in found} == {
        f"w{i}" for i in range(10) if i not in (1, 2)
    }


def test_a_mapped_file_may_be_written_again(tmp_path):
    file = tmp_path / "v.safetensors"
    random_vectors(300).save(file)
    vectors = load_vectors(file)
    before = np.array(vectors.matrix)
    WordVectors(["x"], np.ones((1, 3))).save(file)
    vectors.save(file)
    assert (vectors.matrix == before).all()
    assert (load_vectors(file).matrix == before).all()


@pytest.mark.parametrize("ending", [".bin", ".txt", ".npz", ".safetensors"])
def test_words_that_look_like_nothing_are_words(tmp_path, ending):
    words = ["nan", "NA", "null", "None", "inf", "1e5", '"', '""', "#", "-"]
    rows = np.random.default_rng(0).normal(size=(len(words), 3))
    file = tmp_path / f"v{ending}"
    WordVectors(words, rows.astype(np.float32)).save(file)
    vectors = load_vectors(file)
    assert vectors.words == words
    assert np.allclose(vectors.matrix, rows)


def test_the_error_names_the_word_in_lower_case():
    vectors = WordVectors(["paris", "real_estate"], np.eye(2))
    with pytest.raises(UnknownWordError, match="did you mean real_estate"):
        vectors["Real_Estate"]


# --- Evaluation --------------------------------------------------------------


@pytest.fixture
def cities():
    """Return vectors in which each capital is its country, shifted."""
    rng = np.random.default_rng(1)
    countries = rng.normal(size=(4, 8))
    rows = np.concatenate([countries, countries + rng.normal(size=8)])
    names = "france spain italy greece paris madrid rome athens"
    return WordVectors(names.split(), rows)


def test_questions_in_capitals_are_asked_and_change_nothing(tmp_path, cities):
    before = list(cities.words), np.array(cities.matrix)
    file = tmp_path / "questions.txt"
    file.write_text(
        ": s\nFrance Paris Spain Madrid\nfrance paris spain madrid\n"
    )
    scores = [
        evaluate_word_analogies(cities, file, case_insensitive=fold).sections
        for fold in (True, False)
    ]
    assert [(s.correct, s.asked, s.unknown) for (s,) in scores] == [
        (2, 2, 0), (1, 1, 1),
    ]  # fmt: skip
    assert cities.words == before[0]
    assert (cities.matrix == before[1]).all()
    assert "Paris" not in cities


def test_unknown_pairs_are_counted_the_same_with_and_without_a_dummy(
    tmp_path, cities
):
    file = tmp_path / "pairs.tsv"
    file.write_text(
        "Paris\tRome\t9\nspain\tMADRID\t8\ngreece\trome\t1\nparis\toslo\t0\n"
    )
    left_out = evaluate_word_pairs(cities, file)
    as_zero = evaluate_word_pairs(cities, file, dummy4unknown=True)
    assert left_out.out_of_vocabulary == as_zero.out_of_vocabulary == 0.25
    assert (left_out.used, as_zero.used) == (3, 4)


# --- Phrases -----------------------------------------------------------------


def test_npmi_is_at_most_one_in_every_pass():
    phrases = Phrases.learn(
        [text.split() for text in GERMAN], min_count=1, passes=3,
        scoring="npmi", threshold=-1,
    ).find_phrases()  # fmt: skip
    assert "meine_damen_und_herren" in phrases
    assert all(-1 <= score <= 1 + 1e-12 for score in phrases.values())


@pytest.mark.parametrize("scoring", ["default", "npmi"])
def test_min_count_holds_for_every_score(scoring):
    documents = [text.split() for text in GERMAN]
    found = Phrases.learn(
        documents, min_count=3, scoring=scoring, threshold=1e-9, passes=1
    ).find_phrases()
    joined = " ".join(GERMAN).split()
    pairs = list(pairwise(joined))
    assert found
    assert all(pairs.count(tuple(pair.split("_"))) >= 3 for pair in found)


def test_a_threshold_that_no_score_reaches_is_refused():
    with pytest.raises(SkipgramError, match="from -1 to 1 for npmi"):
        Phrases.learn([["a", "b"]], scoring="npmi", threshold=10)


def test_phrases_that_overlap_are_all_found():
    texts = [
        "i went to toys r us",
        "we are at babies r us",
        "where is babies r us",
        "do you mean toys r us",
    ]
    phrases = Phrases.learn(
        [text.split() for text in texts], min_count=1, threshold=2
    )
    assert {"r_us", "toys_r", "babies_r"} <= set(phrases.find_phrases())


# --- Words -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("co\u00adoperate", ["cooperate"]),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", 1),
        ("Fremdscha\u0308men", ["fremdsch\u00e4men"]),
        ("one\u200btwo", ["one", "two"]),
    ],
)
def test_invisible_signs_cut_no_word_in_two(text, words):
    found = tokenize(text, "unicode")
    assert found == words or len(found) == words


# --- The process around the library ------------------------------------------

EVERYTHING = """
import importlib, json, logging, os, pkgutil, random, signal, sys, warnings
import numpy as np, scipy.sparse, scipy.special
def state():
    return repr((
        np.geterr(), np.get_printoptions(), warnings.filters[:],
        logging.root.handlers, logging.root.level, random.getstate(),
        np.random.get_state(), sorted(os.environ.items()), sys.excepthook,
        signal.getsignal(signal.SIGINT), os.getcwd(),
    ))
before = state()
import skipgram_lib
from skipgram_lib import SkipGram, count_pairs
for module in pkgutil.walk_packages(skipgram_lib.__path__, "skipgram_lib."):
    if "__main__" not in module.name:
        importlib.import_module(module.name)
imported = state()
"""


def test_nothing_global_is_changed():
    printed = run_python(f"""{EVERYTHING}
counts = count_pairs([list("abcab")], window=1)
model = SkipGram(vector_size=2, epochs=1, progress=False).fit(counts)
model.vectors.most_similar("a")
used = state()
print(before == imported, imported == used)
""")
    assert printed.split() == ["True", "True"]


def test_nothing_that_is_deprecated_is_used():
    command = [sys.executable, "-X", "dev", "-W", "error", "-c"]
    code = (
        "import matplotlib, skipgram_lib, pkgutil, importlib\n"
        "rooms = pkgutil.walk_packages(skipgram_lib.__path__, 'skipgram_lib.')"
        "\nfor room in rooms:\n    "
        "'__main__' in room.name or importlib.import_module(room.name)"
    )
    subprocess.run([*command, code], check=True)


def test_the_result_does_not_depend_on_the_hashes_of_strings():
    code = """
import hashlib
from skipgram_lib import Phrases, SkipGram, count_pairs
texts = [[f"w{i * j % 26}" for j in range(99)] for i in range(9)]
counts = count_pairs(texts, window=2, max_size=None)
model = SkipGram(vector_size=4, epochs=1, progress=False).fit(counts)
found = Phrases.learn(texts, min_count=1, threshold=0.1).find_phrases()
print(model.vectors.words, list(found.items()))
print(hashlib.sha256(model.network.W_in.tobytes()).hexdigest())
"""
    one, *others = (
        run_python(code, PYTHONHASHSEED=seed) for seed in ("0", "1", "random")
    )
    assert others == [one, one]


def test_files_that_lie_beside_the_text_are_not_imported(tmp_path):
    program = Path(sys.executable).with_name("skipgram")
    if not program.exists():
        pytest.skip("the program is not installed here")
    for name in ("random", "numbers", "numpy", "click", "skipgram_lib"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    (tmp_path / "v.txt").write_text("a 1 0\nb 0 1\n")
    words = [str(program), "similar", "v.txt", "a"]
    subprocess.run(words, cwd=tmp_path, check=True, stdout=subprocess.PIPE)


def test_few_files_may_be_open(tmp_path):
    for i in range(200):
        (tmp_path / f"{i}.txt").write_text(f"one two w{i}x three")
    assert run_python(f"""
import resource
from skipgram_lib import TextFiles, count_files
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
counts = count_files(TextFiles({str(tmp_path)!r}), {str(tmp_path / "out")!r})
print(counts.vocabulary.total_tokens)
""").split() == ["1000"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
@pytest.mark.parametrize("mask", [0o002, 0o022, 0o077])
def test_files_have_the_mode_that_others_have(tmp_path, mask):
    run_python(f"""
import os
from skipgram_lib import SkipGram, count_pairs
os.umask({mask})
os.chdir({str(tmp_path)!r})
counts = count_pairs([list("abcab")], window=1)
model = SkipGram(vector_size=2, epochs=1, progress=False).fit(counts)
for thing, name in ((counts, "counts"), (model, "model"),
                    (model.vectors, "v.safetensors"), (model.vectors, "v.bin"),
                    (counts.vocabulary, "words.json")):
    thing.save(name)
""")
    for path in tmp_path.rglob("*"):
        wanted = (0o777 if path.is_dir() else 0o666) & ~mask
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def lack(monkeypatch, module, name, error, hits=lambda *args: True):
    """Let a function of the system fail, as that of a network drive does."""
    real = getattr(module, name)

    def failing(*args, **kwargs):
        if hits(*args):
            raise OSError(error, os.strerror(error))
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, failing)


@pytest.mark.skipif(sys.platform == "win32", reason="calls of POSIX")
@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("fsync", errno.EINVAL),  # CIFS, of a folder
        ("fsync", errno.ENOTSUP),
        ("chmod", errno.EPERM),  # exFAT
        ("chmod", errno.ENOTSUP),
        ("flock", errno.ENOLCK),  # NFS
        ("flock", errno.ENOTSUP),
        ("flock", errno.ENOSYS),  # Lustre
        ("mmap", errno.ENODEV),  # mergerfs
        ("mmap", errno.EINVAL),
    ],
)
def test_a_drive_that_lacks_a_call_keeps_models(
    tmp_path, monkeypatch, toy_counts, toy_model, call, error
):
    import fcntl

    def save_and_load():
        toy_model.save(tmp_path / "model")
        toy_counts.save(tmp_path / "counts")
        toy_model.vectors.save(tmp_path / "v.safetensors")
        assert len(load_vectors(tmp_path / "v.safetensors")) == 13
        assert SkipGram.load(tmp_path / "model").network.bias.shape == (13,)
        assert Counts.load(tmp_path / "counts").cells.nnz == 64

    save_and_load()
    if call == "fsync":
        lack(
            monkeypatch,
            os,
            call,
            error,
            lambda n: stat.S_ISDIR(os.fstat(n)[0]),
        )
    elif call == "mmap":
        monkeypatch.setattr(mmap, "mmap", type("mmap", (mmap.mmap,), {}))
        lack(monkeypatch, mmap.mmap, "__new__", error)
    else:
        lack(monkeypatch, {"chmod": os, "flock": fcntl}[call], call, error)
    save_and_load()
    (tmp_path / "new").mkdir()
    toy_model.save(tmp_path / "new" / "model")
    left = {path.name for path in tmp_path.rglob("*") if "lock" in path.name}
    assert left == set()


def test_a_path_may_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    counts = count_pairs([list("abcab")], window=1)
    counts.save("~/counts")
    SkipGram(**SMALL).fit(counts).save(Path("~/model"))
    random_vectors(3).save("~/v.bin")
    assert not Path("~").exists()
    assert Counts.load("~/counts").vocabulary.words == list("abc")
    assert SkipGram.load("~/model").vector_size == 4
    assert len(load_vectors("~/v.bin")) == 3


@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_vectors_answer_in_other_processes(how):
    if how not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {how} here")
    vectors = random_vectors(50)
    with multiprocessing.get_context(how).Pool(1) as pool:
        (found,) = pool.map(vectors.most_similar, ["w1"])
    assert found == vectors.most_similar("w1")


def test_errors_come_back_from_other_processes():
    with pytest.raises(UnknownWordError) as caught:
        random_vectors(3)["w9"]
    copy = pickle.loads(pickle.dumps(caught.value))
    assert type(copy) is UnknownWordError
    assert str(copy) == str(caught.value)


def test_bars_need_no_widgets():
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "skipgram_lib").rglob("*.py")
    )
    assert set(re.findall(r"(?:from|import) (tqdm[.\w]*)", code)) == {"tqdm"}


def test_json_is_json_whatever_the_settings(tmp_path, capsys):
    from skipgram_lib.apps.cli.program import main

    def refuse(constant):
        raise AssertionError(constant)

    file = tmp_path / "zeros.txt"
    file.write_text("a 0 0\nb 0 0\nc 1 0\n")
    for words in (["similar", "a", "b"], ["odd", "a", "b", "c"]):
        assert main([words[0], str(file), *words[1:], "--json"]) == 0
        json.loads(capsys.readouterr().out, parse_constant=refuse)


def test_rates_that_blow_up_are_named(toy_counts):
    for epochs in (1, 3):
        model = SkipGram(vector_size=4, epochs=epochs, lr=1e30, progress=False)
        with pytest.raises(SkipgramError, match="learning rate"):
            model.fit(toy_counts)


def test_a_further_fit_begins_with_the_full_rate(toy_counts):
    model = SkipGram(**SMALL, warm_start=True).fit(toy_counts)
    before = np.array(model.network.W_in)
    model.fit(toy_counts)
    assert np.abs(model.network.W_in - before).max() > 1e-3
    assert [record.epoch for record in model.history] == [1, 2, 1, 2]


@pytest.mark.parametrize("power", [-1, float("nan"), "x", None])
def test_an_exponent_of_the_noise_is_a_number_from_0(toy_counts, power):
    with pytest.raises(SkipgramError, match="power must be"):
        SkipGram(objective=NegativeSampling(power=power)).fit(toy_counts)


# --- The book ----------------------------------------------------------------

PROMPT = re.compile(r"^\s*(?:\$ |>>> |In \[\d*\]:)", re.MULTILINE)


def notebooks():
    """Yield the name of each notebook, and what it holds."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        yield path.name, json.loads(path.read_text(encoding="utf-8"))


def test_what_is_copied_has_no_prompt():
    for path in [*(ROOT / "book").rglob("*.md"), ROOT / "README.md"]:
        assert not PROMPT.search(path.read_text(encoding="utf-8")), path
    for name, notebook in notebooks():
        for cell in notebook["cells"]:
            assert not PROMPT.search("".join(cell["source"])), name


def test_no_notebook_shows_warnings_or_widgets():
    for name, notebook in notebooks():
        for cell in notebook["cells"]:
            for output in cell.get("outputs", []):
                assert output.get("name") != "stderr", name
                assert "widget" not in repr(output.get("data", {}).keys())


def test_pictures_in_notebooks_bring_their_white_ground():
    grounds = [
        re.search(r'id="patch_1">.*?fill: (#?\w+)', "".join(svg), re.DOTALL)
        for _, notebook in notebooks()
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if (svg := output.get("data", {}).get("image/svg+xml"))
    ]
    assert len(grounds) > 20
    assert {ground and ground[1] for ground in grounds} == {"#ffffff"}


GROUND = """() => {
  const picture = document.querySelector(".bd-article img");
  return getComputedStyle(picture).backgroundColor;
}"""
INK = "() => getComputedStyle(document.querySelector('.bd-article p')).color"


def brightness(colour):
    """Return the mean of red, green and blue of a colour as CSS says it."""
    return np.mean([float(n) for n in re.findall(r"[\d.]+", colour)[:3]])


@pytest.mark.book
@pytest.mark.slow
def test_in_the_dark_pictures_are_on_white_and_paper_gets_dark_ink(
    html, browser
):
    address = html / "notebooks" / "04_output.html"
    with opened(browser, address, color_scheme="dark") as page:
        assert brightness(page.evaluate(GROUND)) > 250
        assert brightness(page.evaluate(INK)) > 150
        page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
        assert brightness(page.evaluate(INK)) < 100
        page.evaluate("() => dispatchEvent(new Event('afterprint'))")
        assert brightness(page.evaluate(INK)) > 150
