"""The benchmarks' own parts: corpora, plans, results.

Nothing is timed or downloaded here.
"""

import gzip
import json
import re
import struct
import sys
import zlib

import pytest
from helpers import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import corpora
import features
import full_softmax_torch
import measure
import regression
import training

from skipgram_lib import SkipgramError, Vocabulary
from skipgram_lib.counts.windows import training_pairs
from skipgram_lib.text.tokens import tokenize

# --- Corpora -----------------------------------------------------------------


def write_dictionary(root, name, text):
    folder = root / "usr/share/dictd"
    folder.mkdir(parents=True)
    data = gzip.compress(text.encode())
    (folder / f"{name}.dict.dz").write_bytes(data)


def test_webster_without_pronunciation_origin_and_sources(tmp_path):
    text = (
        "00-database-info\n   About.\n"
        'Affear \\Af*fear"\\, v. t. [OE. aferen, AS. [=a]f?ran. See\n'
        "   {Afeard}.]\n   To frighten. [Obs.] --Spenser.\n"
        "   [1913 Webster]\n\n"
        "Zebra\n   An {animal}.\n"
    )
    write_dictionary(tmp_path, "gcide", text)
    first, second = (" ".join(t.split()) for t in corpora.webster(tmp_path))
    assert first == "Affear , v. t. To frighten. --Spenser."
    assert second == "Zebra An animal."


def test_wordnet_gives_each_meaning_once(tmp_path):
    meaning = "a .22 caliber firearm [syn: {twenty-two}, {.22}]"
    text = (
        f".22\n    n 1: {meaning}\n"
        f"twenty-two\n    adj 1: being two more than 20\n    n 1: {meaning}\n"
    )
    write_dictionary(tmp_path, "wn", text)
    assert [t.strip() for t in corpora.wordnet(tmp_path)] == [
        "twenty-two, .22: a .22 caliber firearm",
        "twenty-two: being two more than 20",
    ]


def test_sword_blocks_are_put_together(tmp_path):
    blocks = [
        '<chapter n="1"/>In the <w lemma="x">beginning</w><note>a</note>',
        '<chapter n="2"/>Thus <i>the</i> heavens',
    ]
    data, index = b"", b""
    for block in blocks:
        part = zlib.compress(block.encode())
        index += struct.pack("<III", len(data), len(part), len(block))
        data += part
    (tmp_path / "ot.bzs").write_bytes(index)
    (tmp_path / "ot.bzz").write_bytes(data)
    found = [text for text in corpora.sword(tmp_path) if text]
    assert found == ["In the beginning", "Thus the heavens"]


def test_paragraphs_come_once_without_code_and_menus(tmp_path):
    same = "<p>One two three <b>four</b> &amp; five.</p>"
    page = f"<nav><p>a b c d e f</p></nav>{same}<pre>a b c d e f</pre>"
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    (tmp_path / "b.html").write_text(
        same + "<ul><li>six seven eight nine ten</li></ul>", encoding="utf-8"
    )
    assert list(corpora.paragraphs(tmp_path)) == [
        "One two three four & five.",
        "six seven eight nine ten",
    ]


def test_packages_have_checksums():
    for corpus in corpora.CORPORA.values():
        for package in corpus.packages:
            assert len(package.sha256) == len(corpus.sha256) == 64


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(corpora, "CACHE", tmp_path)
    return tmp_path


def test_package_of_another_version_is_refused(cache):
    package = corpora.CORPORA["general"].packages[0]
    (cache / f"{package.name}_1_all.deb").write_bytes(b"other")
    with pytest.raises(SkipgramError, match="is not version"):
        corpora.fetch(package)


def test_no_apt_is_said(cache, monkeypatch):
    monkeypatch.setattr(corpora, "which", lambda name: None)
    with pytest.raises(SkipgramError, match="no apt-get to download"):
        corpora.fetch(corpora.CORPORA["general"].packages[0])


def test_another_text_is_refused(cache):
    (cache / "general.txt").write_text("other\n", encoding="utf-8")
    with pytest.raises(SkipgramError, match="is not the text that was"):
        corpora.text_file("general")


def test_unknown_corpus_is_refused():
    with pytest.raises(SkipgramError, match="no corpus of packages"):
        corpora.text_file("sotu2")


# --- Plans and results -------------------------------------------------------


def test_settings_are_json_or_text():
    found = training.settings(
        ["lr=0.05", "epochs=[5,20]", "objective=softmax"]
    )
    assert found == {"lr": 0.05, "epochs": [5, 20], "objective": "softmax"}
    with pytest.raises(SkipgramError, match="KEY=VALUE"):
        training.settings(["lr"])


def test_programs_take_turns(monkeypatch):
    line = "training.py --seeds 4 5 --peers ours,gensim --epochs gensim=[1,2]"
    monkeypatch.setattr(sys, "argv", line.split())
    plan = [
        (task["seed"], task["peer"], task["label"])
        for task in training.plan(training.arguments())
    ]
    turn = [
        ("ours", "defaults"),
        ("gensim", "epochs 1"),
        ("gensim", "epochs 2"),
    ]
    assert plan == [(seed, *run) for seed in (4, 5) for run in turn]


def test_a_run_takes_the_place_of_its_like(tmp_path):
    path = tmp_path / "deep" / "runs.json"
    for seed, value in [(0, 1), (1, 2), (0, 3)]:
        measure.keep_run(path, {"seed": seed, "value": value}, ["seed"])
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    assert [(run["seed"], run["value"]) for run in runs] == [(1, 2), (0, 3)]


def test_results_of_another_machine_are_not_mixed(tmp_path):
    path = tmp_path / "runs.json"
    other = {"machine": {"cpu": "abacus"}, "runs": []}
    path.write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(SkipgramError, match=r"another machine \(abacus\)"):
        measure.read_results(path)


def curve(*losses):
    return [
        {"seconds": 10.0 * i, "loss": loss} for i, loss in enumerate(losses)
    ]


def test_time_to_a_loss_is_measured_or_bounded():
    falling = curve(9, 8, 7.5, 7.25, 7.0)
    time_to = full_softmax_torch.time_to
    assert time_to(falling, 7.5) == {"measured": 20.0}
    # From 30 s to 40 s it fell by 0.25: another 0.5 takes 20 s.
    assert time_to(falling, 6.5) == {"bound": 40.0, "estimate": 60.0}
    assert time_to(curve(7, 7, 7, 7), 6) == {"bound": 30.0}


def test_pairs_of_the_peer_are_the_pairs_of_the_book():
    text = tokenize("the quick brown fox jumps over the lazy dog")
    vocabulary = Vocabulary.from_tokens([text])
    found = full_softmax_torch.all_pairs([text], vocabulary)
    ids = [vocabulary[word] for word in text]
    expected = training_pairs(ids, window=full_softmax_torch.WINDOW)
    pairs = sorted(zip(*(part.tolist() for part in found), strict=True))
    assert pairs == sorted(map(tuple, expected))


def test_one_document_of_every_so_many_is_held_out():
    texts = [[str(i)] for i in range(1, 26)]
    seen, held_out = features.split(texts, 10)
    assert held_out == [["10"], ["20"]]
    assert sorted(seen + held_out) == sorted(texts)
    with pytest.raises(SkipgramError, match=r"of every 10 .* only 9"):
        features.split(texts[:9], 10)


# --- An older checkout -------------------------------------------------------


def test_two_checkouts_take_turns_and_slower_code_is_marked(
    monkeypatch, capsys
):
    asked = []

    def pretend(name, checkout):
        asked.append(checkout)
        return {"old": 1.0, "new": 1.2}[checkout] if name == "loading" else 1.0

    monkeypatch.setattr(regression, "measure_checkout", pretend)
    names = ["counting", "loading"]
    assert regression.compare(names, ["old", "new"], 3) == ["loading"]
    assert asked[:6] == ["old", "new", "new", "old", "old", "new"]
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert first == "counting       1.000 s   1.000 s       1.00"
    assert second == "loading        1.000 s   1.200 s       1.20  above 1.10"


def test_the_code_that_is_measured_is_the_checkouts(tmp_path):
    # A checkout without a library: this project's would be measured instead.
    with pytest.raises(SystemExit, match="was not used, but"):
        regression.measure_checkout("loading", tmp_path)


def test_regression_needs_public_names_alone():
    source = (ROOT / "benchmarks" / "regression.py").read_text("utf-8")
    assert re.findall(r"skipgram_lib\.(?!__(?:file|version)__)", source) == []
