"""Word pairs, analogies, intervals: against gensim, SciPy, brute force."""

import gzip
import json
import sys
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, pearsonr, spearmanr
from threadpoolctl import threadpool_limits

from skipgram_lib import (
    SkipGram,
    SkipgramError,
    WordVectors,
    count_pairs,
)
from skipgram_lib.model.perplexity import held_out_perplexity
from skipgram_lib.model.softmax import network_loss
from skipgram_lib.vectors.analogies import (
    AnalogyScores,
    SectionScore,
    answer_analogies,
    evaluate_word_analogies,
    same_steps,
    section_sums,
)
from skipgram_lib.vectors.evaluation import (
    Spellings,
    WordPairScores,
    bootstrap_difference,
    bootstrap_interval,
    correlations,
    evaluate_word_pairs,
)
from skipgram_lib.vectors.test_sets import (
    find_test_set,
    published_test_sets,
    read_analogies,
    read_pairs,
)

seeds = st.integers(0, 1_000)


def published(name):
    """Return a published test set; skip where nothing has brought it."""
    pytest.importorskip("gensim", reason="gensim brings the test sets")
    return find_test_set(name)


def gensims(vectors):
    """Return the same vectors in gensim's form and type."""
    peer = pytest.importorskip("gensim.models", reason="gensim is the oracle")
    theirs = peer.KeyedVectors(vectors.vector_size, dtype=vectors.matrix.dtype)
    theirs.add_vectors(vectors.words, vectors.matrix)
    return theirs


def known_words(share, seed, cases=1):
    """Part of the words of the three test sets, in up to `cases` spellings."""
    rng = np.random.default_rng(seed)
    words = set()
    for name in ("wordsim353", "simlex999"):
        words |= {w for pair in read_pairs(published(name)) for w in pair[:2]}
    for question in read_analogies(published("google"))[1]:
        words |= set(question.words)
    spelt = [str.lower, str.upper, str.title, str.swapcase, str.capitalize]
    forms = {f(word) for word in sorted(words) for f in spelt[:cases]}
    chosen = [form for form in sorted(forms) if rng.random() < share]
    return [chosen[i] for i in rng.permutation(len(chosen))]


def random_vectors(words, seed=0, size=20, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return WordVectors(
        words, rng.normal(size=(len(words), size)).astype(dtype)
    )


# Where the test sets come from


def test_the_published_sets_are_whole_and_say_where_they_come_from():
    pytest.importorskip("gensim", reason="gensim brings the test sets")
    wordsim, simlex, google = published_test_sets()
    assert [s.kind for s in (wordsim, simlex, google)] == [
        "pairs", "pairs", "analogies"
    ]  # fmt: skip
    assert len(read_pairs(wordsim)) == 353
    assert len(read_pairs(simlex)) == 999
    sections, questions = read_analogies(google)
    assert (len(sections), len(questions)) == (14, 19_544)
    for test_set, author in [(wordsim, "Finkelstein"), (simlex, "Hill"),
                             (google, "Mikolov")]:  # fmt: skip
        assert author in str(test_set)
        assert "gensim 4" in str(test_set)
        assert test_set.path.name in str(test_set)


def test_finding_a_test_set_does_not_import_gensim(tmp_path, monkeypatch):
    folder = tmp_path / "gensim" / "test" / "test_data"
    folder.mkdir(parents=True)
    broken = tmp_path / "gensim" / "__init__.py"
    broken.write_text("raise RuntimeError('imported')")
    (folder / "wordsim353.tsv").write_text("a\tb\t1\n")
    for name in [name for name in sys.modules if name.startswith("gensim")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    found = find_test_set("wordsim353")
    assert found.path == folder / "wordsim353.tsv"
    with pytest.raises(SkipgramError, match="SimLex-999 comes with gensim"):
        find_test_set("simlex999")


def test_without_gensim_the_error_names_the_file_and_the_way_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(SkipgramError) as caught:
        published_test_sets()
    for part in ["WordSim-353", "gabrilovich.com", "folder=",
                 "pip install gensim", "own"]:  # fmt: skip
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("name", "file", "text"),
    [
        ("wordsim353", "combined.csv", "Word 1,Word 2,Human (mean)\na,b,1\n"),
        ("wordsim353", "wordsim353/combined.tab", "a\tb\t1\n"),
        ("wordsim353", "WordSim353.tsv", "a\tb\t1\n"),
        ("simlex999", "SimLex-999/SimLex-999.txt", "a\tb\t1\n"),
        ("google", "questions-words.txt", ": x\na b c d\n"),
    ],
)
def test_published_files_are_found_in_a_folder(
    tmp_path, monkeypatch, name, file, text
):
    monkeypatch.setitem(sys.modules, "gensim", None)
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    for folder in (tmp_path, str(tmp_path)):
        found = find_test_set(name, folder)
        assert found.path == path
        assert str(found).endswith(f"), from {path}")
    read = read_analogies if found.kind == "analogies" else read_pairs
    assert read(found)
    with pytest.raises(SkipgramError, match=r"is not in .* \(as .*fetch it"):
        find_test_set(name, tmp_path / "none")


def test_an_unknown_test_set_is_refused():
    with pytest.raises(SkipgramError, match=r"is called 'ws'.*google"):
        find_test_set("ws")


# Files of one's own


@pytest.mark.parametrize("mark", ["\t", ",", " ", "  ", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_pairs_are_divided_by_tabs_commas_or_spaces(tmp_path, mark, end):
    lines = ["# tax, navy 9", "", f"tax{mark}duty{mark}7.5",
             f"Navy{mark}army{mark}-1e1", "  "]  # fmt: skip
    file = tmp_path / "mine.txt"
    file.write_bytes(end.join(lines).encode())
    assert read_pairs(file) == [("tax", "duty", 7.5), ("Navy", "army", -10)]


def test_a_tab_or_comma_allows_words_of_two_words(tmp_path):
    file = tmp_path / "mine.tsv"
    file.write_text("new york\tcity, big\t5\nnew york,city,6\n")
    pairs = [("new york", "city, big", 5), ("new york", "city", 6)]
    assert read_pairs(file) == pairs


def test_a_heading_and_a_byte_order_mark_are_passed_over(tmp_path):
    file = tmp_path / "mine.csv.gz"
    text = "\ufeffWord 1,Word 2,Human (mean)\ntax,duty,7.5\n"
    file.write_bytes(gzip.compress(text.encode()))
    assert read_pairs(file) == [("tax", "duty", 7.5)]


TAX = ("tax", "duty", 7.5)
NAVY = ("Navy", "army", 3)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        # SimLex-999, WordSim-353 (combined, and with what each person said)
        ("word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\t"
         "Assoc(USF)\tSimAssoc333\tSD(SimLex)\n"
         "tax\tduty\tN\t7.5\t2.7\t2.8\t2\t7.2\t1\t0.4\n"
         "Navy\tarmy\tN\t3\t2.7\t2.8\t2\t7.2\t1\t0.4\n", None),
        ("Word 1,Word 2,Human (mean)\ntax,duty,7.5\nNavy,army,3\n", None),
        ("Word 1\tWord 2\tHuman (mean)\t1\t2\ntax\tduty\t7.5\t8\t7\n"
         "Navy\tarmy\t3\t2\t4\n", None),
        # A heading of any kind, three columns
        ("w_a\tw_b\tSimLex999\ntax\tduty\t7.5\nNavy\tarmy\t3\n", None),
        ("a,b,Human (mean of 13)\ntax,duty,7.5\nNavy,army,3\n", None),
        ("score,word1,word2\n7.5,tax,duty\n3,Navy,army\n", None),
        # MEN, MTurk, RG-65 with semicolons, YP-130
        ("tax duty 7.500000\nNavy army 3.000000\n", None),
        ("tax,duty,7.5\nNavy,army,3\n", None),
        ("tax;duty;7.5\nNavy;army;3\n", None),
        ("\ufefftax\t duty\t7.5\t\t\r\nNavy\tarmy\t3\t\t\r\n\r\n", None),
        # TR9856; what pandas and R write
        ("topic,term1,term2,score\nx y,tax,duty,7.5\nx,Navy,army,3\n", None),
        (",word1,word2,mean\n0,tax,duty,7.5\n1,Navy,army,3\n", None),
        ("\tword1\tword2\tmean\n0\ttax\tduty\t7.5\n1\tNavy\tarmy\t3\n",
         None),
        ('"word1" "word2" "x"\n"tax" "duty" 7.5\n"Navy" "army" 3\n', None),
        ('"tax","duty","7.5"\n"Navy","army","3"\n', None),
        # RW, SimVerb-3500, SCWS: the columns are named, or numbered
        ("tax\tduty\t7.5\t8\t7\nNavy\tarmy\t3\t2\t4\n", (1, 2, 3)),
        ("tax\tduty\tN\t7.5\tNONE\nNavy\tarmy\tN\t3\tNONE\n", [1, 2, 4]),
        ("1\ttax\tn\tduty\tn\ta <b>tax</b> ...\t7.5\t9\n"
         "2\tNavy\tn\tarmy\tn\tthe \"Navy\t3\t9\n", (2, 4, 7)),
        ("ID,Word 1,Word 2,A 1,A 2\n1,tax,duty,7.5,8\n2,Navy,army,3,2\n",
         ("Word 1", "Word 2", "A 1")),
        ("a,b,c\nduty,7.5,tax\narmy,3,Navy\n", ["c", 1, "b"]),
        # One column of numbers, the third
        ("tax\tduty\t7.5\tn\nNavy\tarmy\t3\tn\n", None),
    ],
)  # fmt: skip
def test_pairs_are_read_as_they_are_published(tmp_path, text, columns):
    file = tmp_path / "mine.txt"
    file.write_bytes(text.encode())
    assert read_pairs(file, columns) == [TAX, NAVY]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("word1", "word2", "x"), "columns must be three, of two words and a "
         r"score: .* or single names of \['word1', 'word2', 'mean', 'mean'\]"),
        (("word1", "word2", "mean"), "columns must be three"),
        ((1, 2), r"columns must be three, .* got \(1, 2\)"),
        ((1, 1, 2), "columns must be three"),
        ((0, 1, 2), r"columns must be three, .*, got \(0, 1, 2\)"),
        ((1, 2, True), "columns must be three"),
        ((1, 2, [3]), "columns must be three"),
        ("123", "columns must be a list or None, got '123'"),
        ({1, 2, 3}, "columns must be in an order"),
        (5, "columns must be a list or None, got 5"),
        ((1, 2, 9), "line 1: expected two words and a score"),
    ],
)  # fmt: skip
def test_columns_that_are_not_there_are_refused(tmp_path, columns, message):
    file = tmp_path / "mine.csv"
    file.write_text("word1,word2,mean,mean\na,b,1,2\nc,d,3,4\n")
    with pytest.raises(SkipgramError, match=message):
        read_pairs(file, columns)


def test_named_columns_are_scored_and_tags_go_where_no_word_has_them(tmp_path):
    """MEN has sun-n; so have vectors of text with parts of speech."""
    file, bare = tmp_path / "men.txt", tmp_path / "bare.txt"
    rows = ["tax-n pay-v 5 1", "new-j tax-n 3 9", "pay-v new-j 4 2"]
    file.write_text("\n".join(rows))
    bare.write_text("\n".join(rows).replace("-n", "").replace("-v", "")
                    .replace("-j", ""))  # fmt: skip
    words = ["tax", "pay", "new"]
    plain = random_vectors(words)
    tagged = WordVectors(["tax-n", "pay-v", "new-j"], plain.matrix)
    for columns in [(1, 2, 3), (1, 2, 4)]:
        wanted = evaluate_word_pairs(plain, bare, columns=columns)
        for vectors in (plain, tagged):
            found = evaluate_word_pairs(vectors, file, columns=columns)
            assert found.pearson == wanted.pearson
    file.write_text("tax-n pay-v 5\nnew-j tax-n 3\npay-v new 4\n")
    with pytest.raises(SkipgramError, match="only 0 of the 3"):
        evaluate_word_pairs(plain, file)


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("a b c d\nA b c e\n", ["no section"]),
        ("a b c d\n: x\nA b c e\n", ["no section", "x"]),
        ("a,b,c,d\nA, b, c, e\n", ["no section"]),
        ('"a";"b";"c";"d"\nA;b;c;e\n', ["no section"]),
        ("\ufeffa\tb\tc\td\t\r\nA\tb\tc\te\r\n", ["no section"]),
        ("a b c d JJ_JJR\nA b c e VB_VBD\n", ["JJ_JJR", "VB_VBD"]),
        (": x\na b c d\n: y\n: x\nA b c e\n", ["x", "y", "x"]),
    ],
)
def test_questions_are_read_as_they_are_published(tmp_path, text, sections):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    names, questions = read_analogies(file)
    assert names == sections
    assert questions == [(0, list("abcd")), (len(names) - 1, list("Abce"))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b 1\ntax duty\n", "line 2: expected two words and a score, got "
         "['tax', 'duty']"),
        ("a\tb\t1\n# c\ntax\tduty\t\n", "line 3: expected two words and a"),
        ("a,,1", "line 1: expected two words and a score, got ['a', '', '1']"),
        ("a,b,1\na,b,1,2", "line 2 has 4 columns, ['a', 'b', '1', '2']; say "
         "which hold the two words and the score, such as columns=(1, 2, 3)"),
        ("a b 1\n\na b x\n", "line 3: the score 'x' is no number"),
        ("a,b,1\na,b,l.5", "line 2: the score 'l.5' is no number"),
        ("a;b;1\na;b;1,5", "line 2: the score '1,5' is no number"),
        ("a b 1\na b nan", "line 2: the score 'nan' is no number"),
        ("a b 1\na b 1_5", "line 2: the score '1_5' is no number"),
        ("a b inf\na b 1", "line 1: the score 'inf' is no number"),
        ("a b NA\na b 1", "line 1: the score 'NA' is no number"),
        ("a b 1\na b 1e308", "line 2: the score '1e308' is no number"),
        ("", "holds no pair"),
        ("# a b 1\n\n", "holds no pair"),
        ("one other score", "holds no pair"),
        # Two columns of numbers, or words that could be two others.
        ("a\tb\t5.5\t7\t4\n", "line 1 has 5 columns, ['a', 'b', '5.5', '7',"),
        ("take\tgo\tV\t6.8\tNONE\n", "such as columns=(1, 2, 4)"),
        ("t\ttiger\tcat\t7.3\n", "such as columns=(1, 2, 4)"),
        ("word1,word2,POS,mean,sd\na,b,N,1,2\n", "has 5 columns"),
        ("3\ta\tb\n4\ta\tc\n", "line 2: the score 'c' is no number"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_list_of_pairs_is_refused(tmp_path, text, message):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    with pytest.raises(SkipgramError) as caught:
        read_pairs(file)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (": x\na b c d\na b c\n", "line 3: expected four words, got 'a b c'"),
        ("city\tlondon/paris\n", "got 'city\\tlondon/paris'; two pairs make"),
        (": x\na b c d e\n", "line 2: expected four words"),
        ("", "holds no question"),
        (": x\n# a b c d\n", "holds no question"),
    ],
)  # fmt: skip
def test_a_file_that_holds_no_questions_is_refused(tmp_path, text, message):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    with pytest.raises(SkipgramError) as caught:
        read_analogies(file)
    assert message in str(caught.value)
    assert str(file) in str(caught.value)


def test_sections_hold_the_questions_below_their_line(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("# my own\n: one\na b c d\n\n:two\n: three\nE F g h\n")
    sections, questions = read_analogies(file)
    assert sections == ["one", "two", "three"]
    assert questions == [(0, list("abcd")), (2, list("EFgh"))]


@pytest.mark.parametrize("read", [read_pairs, read_analogies])
def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path, read):
    file = tmp_path / "mine.txt"
    with pytest.raises(SkipgramError, match=r"cannot read .*mine\.txt"):
        read(file)
    file.write_bytes(b"a b \xff")
    with pytest.raises(SkipgramError, match=r"mine\.txt is not UTF-8"):
        read(file)


# Which word is meant


@given(
    st.lists(st.text("aAbBßı", min_size=1, max_size=3), unique=True),
    st.booleans(), st.none() | st.integers(1, 9),
)  # fmt: skip
def test_the_first_spelling_counts(words, any_case, restrict):
    spellings = Spellings(words, restrict, any_case)
    known = words[:restrict]
    forms = [w.upper() if any_case else w for w in known]
    assert spellings.first.tolist() == [forms.index(form) for form in forms]
    for word in ["A", "a", "ab", "SS", "ß", *words]:
        form = word.upper() if any_case else word
        wanted = forms.index(form) if form in forms else -1
        assert spellings.find([word]).tolist() == [wanted]


@pytest.mark.parametrize("restrict", [0, -1, 2.5])
def test_restrict_vocab_is_a_number_of_words(restrict):
    with pytest.raises(SkipgramError, match="restrict_vocab must be a whole"):
        Spellings(["a"], restrict, True)


# Word pairs, against gensim


def same_pairs(ours, theirs, tolerance=1e-12):
    """Compare with gensim's figures.

    Gensim's cosines of a pair that the file holds twice may differ in the
    last digit, by where in memory the vectors lie. That parts two ranks
    by 1, which moves Spearman's correlation by at most 6 / n^2.
    """
    pearson, spearman, unknown = theirs
    tie = max(tolerance, 6 / ours.used**2)
    assert ours.spearman == pytest.approx(spearman.statistic, abs=tie)
    assert ours.spearman_p == pytest.approx(spearman.pvalue, rel=1e-2)
    assert ours.pearson == pytest.approx(pearson.statistic, abs=tolerance)
    assert ours.pearson_p == pytest.approx(pearson.pvalue, rel=1e-2)
    assert 100 * ours.out_of_vocabulary == pytest.approx(unknown, abs=1e-9)


@pytest.mark.parametrize("name", ["wordsim353", "simlex999"])
@pytest.mark.parametrize("cases", [1, 3])
@pytest.mark.parametrize("restrict", [None, 1_500, 3_000, 300_000])
@pytest.mark.parametrize("any_case", [True, False])
@pytest.mark.parametrize("dummy", [True, False])
def test_word_pairs_are_gensims(name, cases, restrict, any_case, dummy):
    test_set = published(name)
    vectors = random_vectors(known_words(0.7, cases, cases), cases)
    options = {"restrict_vocab": restrict, "case_insensitive": any_case,
               "dummy4unknown": dummy}  # fmt: skip
    ours = evaluate_word_pairs(vectors, test_set, **options)
    theirs = gensims(vectors).evaluate_word_pairs(test_set.path, **options)
    same_pairs(ours, theirs)
    assert 0 < ours.out_of_vocabulary < 1
    assert ours.used == (ours.pairs if dummy else len(ours.human))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_word_pairs_of_short_numbers_are_gensims_to_rounding(dtype):
    test_set = published("wordsim353")
    vectors = random_vectors(known_words(0.9, 5), 5, dtype=dtype)
    ours = evaluate_word_pairs(vectors, test_set)
    wide = WordVectors(vectors.words, vectors.matrix.astype(np.float32))
    same_pairs(ours, gensims(wide).evaluate_word_pairs(test_set.path), 1e-4)


def test_the_single_pairs_are_kept_in_the_order_of_the_file(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("a b 3\nx a 1\nB c 2\nc a 9\n")
    vectors = WordVectors(["a", "b", "c"], np.array([[2, 0], [1, 1], [0, 3]]))
    scores = evaluate_word_pairs(vectors, file)
    assert scores.items.tolist() == [0, 2, 3]
    assert scores.human.tolist() == [3, 2, 9]
    assert scores.cosine == pytest.approx([0.5**0.5, 0.5**0.5, 0])
    assert (scores.pairs, scores.used) == (4, 3)
    assert scores.out_of_vocabulary == 0.25
    assert scores.spearman == pytest.approx(-(0.75**0.5))


def test_a_word_without_a_direction_has_the_cosine_zero(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("a\tb\t3\nb\tc\t1\nc\ta\t2\n")
    vectors = WordVectors(
        ["a", "b", "c"], np.array([[0, 0], [1, 1], [0, 3.0]])
    )
    scores = evaluate_word_pairs(vectors, file)
    assert scores.cosine == pytest.approx([0, 0.5**0.5, 0])
    same_pairs(scores, gensims(vectors).evaluate_word_pairs(file))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x y 1\nz a 2\n", "only 0 of the 2 pairs of .* two known words"),
        ("a b 1\na c 2\nx y 3", "only 2 of the 3 pairs"),
        ("a b 1\na c 1\nc b 1", "all 3 pairs of .* the same score, 1;"),
        ("a a 1\nb b 2\nc c 3\n", "all 3 pairs of .* the same cosine, 1;"),
        ("a d 1\nd a 2\nd d 3\n", "all 3 pairs of .* the same cosine, 1;"),
        ("a b .3\na c .3\nb d .30000000000000004", "have the same score"),
    ],
)
def test_pairs_without_a_correlation_are_refused(tmp_path, text, message):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    rows = [[0.1, 0.7, 0], [0.7, -0.1, 0], [0, 0, 1], [0.3, 2.1, 0]]
    vectors = WordVectors(list("abcd"), np.array(rows))
    with pytest.raises(SkipgramError, match=message):
        evaluate_word_pairs(vectors, file)


def test_a_vector_that_is_not_finite_is_named_as_such(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("a b 1\na c 2\nc b 3")
    matrix = np.eye(4)
    matrix[1, 1] = np.nan
    with pytest.raises(SkipgramError, match="not finite"):
        evaluate_word_pairs(WordVectors(list("abcd"), matrix), file)
    # In analogies, a word that is not asked for answers, too.
    for text in (": x\na b c a\n", ": x\na c d a\n"):
        file.write_text(text)
        with pytest.raises(SkipgramError, match="not finite"):
            evaluate_word_analogies(WordVectors(list("abcd"), matrix), file)


# Analogies, against gensim and brute force


def slow_answer(cosines, given, first, method):
    """Gensim's rule for one question, word by word; -1 if there is none."""
    a, b, c = given
    if method == "add":
        score = cosines[b] + cosines[c] - cosines[a]
    else:
        near = (1 + cosines) / 2
        score = near[b] * near[c] / (near[a] + 1e-6)
    order = [i for i in np.argsort(-score, kind="stable") if i not in given]
    others = {first[a], first[b], first[c]}
    answer = -1
    for answer in order[:5]:
        if first[answer] not in others:
            break
    return answer


@given(
    seeds, st.integers(1, 9), st.integers(1, 14),
    st.sampled_from(["add", "multiply"]), st.integers(1, 20),
)  # fmt: skip
def test_answers_are_those_of_the_slow_rule(seed, V, forms, method, block):
    rng = np.random.default_rng(seed)
    V += 3
    vectors = random_vectors([str(i) for i in range(V)], seed, 4)
    form = rng.integers(0, forms, V)
    first = np.array([form.tolist().index(f) for f in form])
    questions = rng.choice(np.unique(first), (9, 3))
    unit = vectors.matrix / vectors.lengths[:, None]
    found = answer_analogies(vectors, questions, first, method, block)
    for question, answer in zip(questions, found, strict=True):
        wanted = slow_answer(unit @ unit.T, question, first, method)
        assert answer == wanted


@pytest.mark.parametrize("block", [1, 2, 3, 99])
@pytest.mark.parametrize("method", ["add", "multiply"])
def test_of_equally_good_answers_the_first_is_taken(block, method):
    rows = np.array([[1, 0], [0, 1], [1, 1], [1, -1], [0, 2], [0, 4.0]])
    vectors = WordVectors(list("abcdef"), rows)
    questions = np.array([[0, 1, 2], [0, 2, 1]])
    found = answer_analogies(vectors, questions, np.arange(6), method, block)
    assert found.tolist() == [4, 4]


@given(st.lists(st.integers(0, 1), max_size=40), st.integers(1, 9))
def test_questions_go_together_while_their_step_is_the_same(steps, most):
    questions = np.array([(0, b, 5) for b in steps]).reshape(-1, 3)
    runs = same_steps(questions, most)
    assert [i for begin, end in runs for i in range(begin, end)] == list(
        range(len(steps))
    )
    for begin, end in runs:
        assert 1 <= end - begin <= most
        assert len(set(steps[begin:end])) == 1


def same_sections(ours, theirs):
    """Compare with gensim's lists, section by section, and the total."""
    accuracy, sections = theirs
    parts = [*ours.sections, ours.sums[-1]]
    assert [(p.correct, p.asked - p.correct) for p in parts] == [
        (len(s["correct"]), len(s["incorrect"])) for s in sections
    ]
    assert [part.name for part in ours.sections] == [
        section["section"] for section in sections[:-1]
    ]
    assert ours.accuracy == pytest.approx(accuracy, abs=1e-15)


@pytest.fixture(scope="module")
def some_questions(tmp_path_factory):
    """Write every fifth question of the Google set to a file."""
    names, questions = read_analogies(published("google"))
    file = tmp_path_factory.mktemp("google") / "fifth.txt"
    lines = []
    for section, asked in groupby(questions[::5], key=lambda q: q.section):
        lines.append(f": {names[section]}")
        lines += [" ".join(question.words) for question in asked]
    file.write_text("\n".join(lines))
    return file


def clustered(words, seed, dtype=np.float32):
    """Vectors in which analogies partly work, whatever the spelling."""
    rng = np.random.default_rng(seed)
    groups = {word: rng.normal(size=24) for word in sorted({w.upper()
              for w in words})}  # fmt: skip
    for section in read_analogies(published("google"))[1][::40]:
        a, b, c, d = (word.upper() for word in section.words)
        if {a, b, c, d} <= set(groups):
            groups[d] = groups[c] + groups[b] - groups[a]
    noise = rng.normal(0, 0.3, (len(words), 24))
    rows = np.array([groups[word.upper()] for word in words]) + noise
    return WordVectors(words, rows.astype(dtype))


@pytest.mark.parametrize("cases", [1, 5])
@pytest.mark.parametrize("restrict", [None, 3_000, 300_000])
@pytest.mark.parametrize("any_case", [True, False])
@pytest.mark.parametrize("dummy", [True, False])
def test_analogies_are_gensims(
    some_questions, cases, restrict, any_case, dummy
):
    vectors = clustered(known_words(0.8, cases, cases), cases)
    options = {"restrict_vocab": restrict, "case_insensitive": any_case,
               "dummy4unknown": dummy}  # fmt: skip
    ours = evaluate_word_analogies(vectors, some_questions, **options)
    theirs = gensims(vectors)
    same_sections(
        ours, theirs.evaluate_word_analogies(some_questions, **options)
    )
    assert 0 < ours.out_of_vocabulary < 1
    assert ours.accuracy > 0


def test_five_other_spellings_hide_an_answer_as_in_gensim(tmp_path):
    """King, KING, ... fill all five places that gensim looks at."""
    words = ["man", "woman", "king", "queen", "x", "King", "KING", "kinG",
             "kiNg", "kINg"]  # fmt: skip
    rows = np.zeros((len(words), 4))
    rows[:4] = [[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0.5, 1, 1, 0]]
    rows[4:] = [0.3, 1, 1, 0.3]
    rows[4] = [-1, 0, 0, 1]
    rows[4:] += np.arange(6)[:, None] * [0, 0, 0.01, 0]
    file = tmp_path / "mine.txt"
    file.write_text(": x\nman woman king queen\n")
    results = []
    for n in (9, 10):
        vectors = WordVectors(words[:n], rows[:n].astype(np.float32))
        ours = evaluate_word_analogies(vectors, file)
        same_sections(ours, gensims(vectors).evaluate_word_analogies(file))
        results.append(ours.accuracy)
    rows[3] = [0, 1, 1, 0.0]
    rows[5:] = [0.3, 1, 1, 0.0]
    for n in (9, 10):
        vectors = WordVectors(words[:n], rows[:n].astype(np.float32))
        ours = evaluate_word_analogies(vectors, file)
        same_sections(ours, gensims(vectors).evaluate_word_analogies(file))
        results.append(ours.accuracy)
    assert set(results) == {0, 1}, "the case has both outcomes"


@pytest.mark.slow
def test_all_analogies_of_a_trained_network_are_gensims(trained):
    google = published("google")
    ours = evaluate_word_analogies(trained, google)
    with threadpool_limits(1):  # many short products: threads only wait
        theirs = gensims(trained).evaluate_word_analogies(google.path)
    same_sections(ours, theirs)
    assert len(ours.items) > 3_000
    assert ours.accuracy > 0.01


@pytest.fixture(scope="module")
def trained(sotu_counts):
    """Return small vectors of the embedded corpus, trained in seconds."""
    model = SkipGram(vector_size=50, epochs=3).fit(sotu_counts)
    return model.word_vectors("sum")


@pytest.mark.filterwarnings("ignore:Call to deprecated:DeprecationWarning")
def test_products_are_gensims_cosmul(some_questions):
    vectors = clustered(known_words(0.6, 3, 2), 3)
    restrict = 1_400
    ours = evaluate_word_analogies(
        vectors, some_questions, restrict, method="multiply"
    )
    kept = WordVectors(vectors.words[:restrict], vectors.matrix[:restrict])
    theirs, forms = gensims(kept), {}
    for word in kept.words:
        forms.setdefault(word.upper(), word)
    right, asked = 0, 0
    for question in read_analogies(some_questions)[1]:
        given = [word.upper() for word in question.words]
        if all(form in forms for form in given):
            a, b, c, d = (forms[form] for form in given)
            near = [w.upper() for w, _ in theirs.most_similar_cosmul(
                positive=[b, c], negative=[a], topn=5)]  # fmt: skip
            best = [w for w in near if w not in given[:3]] or near[-1:]
            right, asked = right + (best[0] == d.upper()), asked + 1
    assert (ours.sums[-1].correct, len(ours.items)) == (right, asked)
    assert asked > 100
    assert right > 0


def test_adding_and_multiplying_are_two_methods(some_questions):
    vectors = clustered(known_words(1, 3), 3)
    added, multiplied = (
        evaluate_word_analogies(vectors, some_questions, method=method)
        for method in ("add", "multiply")
    )
    assert (added.correct != multiplied.correct).any()
    with pytest.raises(
        SkipgramError, match="'add' or 'multiply', got 'cosmul'"
    ):
        evaluate_word_analogies(vectors, some_questions, method="cosmul")


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_other_types_of_numbers_give_the_same_answers(some_questions, dtype):
    vectors = clustered(known_words(0.7, 2), 2, np.float16)
    wanted = evaluate_word_analogies(
        WordVectors(vectors.words, vectors.matrix.astype(np.float32)),
        some_questions,
    )
    found = evaluate_word_analogies(
        WordVectors(vectors.words, vectors.matrix.astype(dtype)),
        some_questions,
    )
    assert (wanted.correct == found.correct).mean() > 0.999


def test_a_memory_map_is_read_and_not_changed(tmp_path, some_questions):
    vectors = clustered(known_words(0.7, 2), 2)
    np.save(tmp_path / "m.npy", vectors.matrix)
    mapped = np.load(tmp_path / "m.npy", mmap_mode="r")
    found = evaluate_word_analogies(
        WordVectors(vectors.words, mapped), some_questions
    )
    assert found.accuracy == pytest.approx(
        evaluate_word_analogies(vectors, some_questions).accuracy
    )


def test_a_word_without_a_direction_is_no_answer(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(": x\na b c d\na b c e\n")
    rows = np.array([[1, 0.1], [0, 1], [0.1, 1], [0, 0], [-1, -1]])
    scores = evaluate_word_analogies(WordVectors(list("abcde"), rows), file)
    assert scores.correct.tolist() == [False, True]


def test_if_no_question_can_be_asked_the_error_says_so(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(": x\na b c z\nz a b c\n")
    vectors = WordVectors(list("abc"), np.eye(3))
    for dummy in (True, False):
        with pytest.raises(SkipgramError, match="none of the 2 questions of"):
            evaluate_word_analogies(vectors, file, dummy4unknown=dummy)


def test_a_question_with_no_word_left_to_answer_is_wrong(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(": x\na b c a\na b c c\n")
    vectors = WordVectors(list("abc"), np.eye(3, dtype=np.float32))
    scores = evaluate_word_analogies(vectors, file)
    assert scores.accuracy == 0
    same_sections(scores, gensims(vectors).evaluate_word_analogies(file))


# What is told


def test_sections_are_summed_by_meaning_and_grammar(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(": family\na b c d\na b c e\n: gram1\na b c z\n"
                    ": gram2\na b c d\n: none\n")  # fmt: skip
    rows = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1], [-1, -1]])
    scores = evaluate_word_analogies(WordVectors(list("abcde"), rows), file)
    assert scores.sections == [
        SectionScore("family", 1, 2, 0), SectionScore("gram1", 0, 0, 1),
        SectionScore("gram2", 1, 1, 0), SectionScore("none", 0, 0, 0),
    ]  # fmt: skip
    assert scores.sums == [
        SectionScore("semantic", 1, 2, 0), SectionScore("syntactic", 1, 1, 1),
        SectionScore("all", 2, 3, 1),
    ]  # fmt: skip
    assert scores.out_of_vocabulary == 0.25
    assert scores.sections[1].accuracy is None
    # Sections of one kind, or of names of their own, are summed as all.
    assert section_sums(scores.sections[1:3]) == [
        SectionScore("all", 1, 1, 1)
    ]  # fmt: skip
    answer = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert answer["test_set"] == str(file)
    assert answer["sections"][0] == {
        "name": "family", "correct": 1, "asked": 2, "unknown": 0,
        "accuracy": 0.5,
    }  # fmt: skip
    assert answer["accuracy"] == pytest.approx(2 / 3)


def test_word_pairs_are_given_as_plain_numbers():
    simlex = published("simlex999")
    scores = evaluate_word_pairs(random_vectors(known_words(0.5, 1)), simlex)
    answer = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert answer["spearman"] == scores.spearman
    assert (answer["pairs"], answer["used"]) == (999, scores.used)
    assert answer["test_set"] == str(simlex)
    assert not {"items", "human", "cosine"} & set(answer)


# Intervals


def pair_scores(n, rho=0.4, seed=0, items=None):
    rng = np.random.default_rng(seed)
    human = rng.normal(size=n)
    cosine = rho * human + (1 - rho**2) ** 0.5 * rng.normal(size=n)
    return WordPairScores(
        "mine", n, n, 0.0, **correlations(human, cosine),
        items=np.arange(n) if items is None else items,
        human=human, cosine=cosine,
    )  # fmt: skip


def test_correlations_are_scipys():
    scores = pair_scores(40)
    rank = spearmanr(scores.human, scores.cosine)
    linear = pearsonr(scores.human, scores.cosine)
    assert (scores.spearman, scores.spearman_p) == tuple(rank)
    assert (scores.pearson, scores.pearson_p) == tuple(linear)


@given(seeds)
def test_a_draw_has_the_spearman_of_the_pairs_drawn(seed):
    scores = pair_scores(30, seed=seed)
    draws = np.random.default_rng(seed).integers(0, 30, (4, 30))
    found = scores.sample(scores.items).statistic(draws)
    wanted = [spearmanr(scores.human[d], scores.cosine[d]).statistic
              for d in draws]  # fmt: skip
    assert found == pytest.approx(wanted, abs=1e-12)


def test_a_draw_of_one_pair_alone_counts_as_no_correlation():
    scores = pair_scores(12)
    draws = np.zeros((1, 12), int)
    assert scores.sample(scores.items).statistic(draws).tolist() == [0]


def test_the_interval_is_scipys_percentile_interval():
    scores = pair_scores(200)
    ours = bootstrap_interval(scores, level=0.9, resamples=4_000)
    theirs = bootstrap(
        (scores.human, scores.cosine), lambda x, y: spearmanr(x, y).statistic,
        paired=True, vectorized=False, n_resamples=2_000, method="percentile",
        confidence_level=0.9, random_state=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert ours.low == pytest.approx(theirs.low, abs=0.015)
    assert ours.high == pytest.approx(theirs.high, abs=0.015)
    assert ours.value == pytest.approx(scores.spearman, abs=1e-12)
    inside = ((ours.low <= ours.drawn) & (ours.drawn <= ours.high)).mean()
    assert inside == pytest.approx(0.9, abs=0.001)
    assert (len(ours.drawn), ours.units) == (4_000, 200)


def test_intervals_follow_from_the_seed_and_can_be_told():
    scores = pair_scores(50)
    one, again, other = (
        bootstrap_interval(scores, resamples=250, seed=s) for s in (0, 0, 1)
    )
    assert (one.drawn == again.drawn).all()
    assert (one.drawn != other.drawn).any()
    assert len(one.drawn) == 250
    answer = json.loads(json.dumps(one.as_dict()))
    assert answer == {
        "value": one.value, "low": one.low, "high": one.high, "level": 0.95,
        "units": 50,
    }  # fmt: skip
    assert str(one) == f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def test_intervals_hold_the_truth_as_often_as_they_say():
    truth = 6 / np.pi * np.arcsin(0.4 / 2)
    held = 0
    for seed in range(200):
        found = bootstrap_interval(
            pair_scores(100, seed=seed), 0.8, resamples=200
        )
        held += found.low < truth < found.high
    assert 0.7 < held / 200 < 0.9


def test_a_paired_difference_is_far_narrower_than_two_intervals():
    one = pair_scores(300)
    noise = np.random.default_rng(1).normal(0, 0.2, 300)
    other = replace(one, cosine=one.cosine - 0.15 * one.human + noise)
    found = bootstrap_difference(one, other)
    first, second = bootstrap_interval(one), bootstrap_interval(other)
    assert first.low < second.high, "side by side they overlap"
    assert found.low > 0, "and yet one is better"
    assert found.value == pytest.approx(first.value - second.value, abs=1e-12)
    back = bootstrap_difference(other, one)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    same = bootstrap_difference(one, one)
    assert (same.low, same.high) == (0, 0)


def test_a_difference_is_of_the_pairs_that_both_know():
    one = pair_scores(40)
    part = np.arange(5, 35)
    other = replace(one, items=part, human=one.human[part],
                    cosine=-one.cosine[part])  # fmt: skip
    found = bootstrap_difference(one, other)
    rho = spearmanr(one.human[part], one.cosine[part]).statistic
    assert found.value == pytest.approx(2 * rho, abs=1e-12)
    assert found.units == 30


def analogy_scores(pairs, rng, sections=1):
    """Ask every pair of a section with every other; half are right."""
    units = np.array([
        (p + s * pairs, q + s * pairs) for s in range(sections)
        for p in range(pairs) for q in range(pairs) if p != q
    ])  # fmt: skip
    correct = rng.random(len(units)) < 0.5
    return AnalogyScores("mine", "add", len(units), [],
                         np.arange(len(units)), correct, units)  # fmt: skip


@given(seeds)
def test_a_question_counts_as_often_as_its_two_pairs_are_drawn(seed):
    rng = np.random.default_rng(seed)
    scores = analogy_scores(4, rng, 3)
    draws = rng.integers(0, 12, (3, 12))
    found = scores.sample(scores.items).statistic(draws)
    for draw, share in zip(draws.tolist(), found, strict=True):
        drawn = [
            right for (p, q), right in zip(
                scores.units.tolist(), scores.correct, strict=True)
            for _ in range(draw.count(p) * draw.count(q))
        ]  # fmt: skip
        assert share == pytest.approx(np.mean(drawn) if drawn else 0)


def test_questions_that_fail_together_make_the_interval_wider():
    rng = np.random.default_rng(0)
    free = analogy_scores(30, rng)
    bad = rng.random(30) < 0.3
    bound = replace(free, correct=~bad[free.units].any(axis=1))
    naive = 1.96 * (free.accuracy * (1 - free.accuracy) / 870) ** 0.5
    one, other = bootstrap_interval(free), bootstrap_interval(bound)
    assert 1 < (one.high - one.low) / (2 * naive) < 2.5
    assert (other.high - other.low) / (2 * naive) > 3
    assert one.value == pytest.approx(free.accuracy)


def test_the_pairs_of_a_question_do_not_depend_on_the_options(tmp_path):
    """So that the same draw means the same pairs for both of two scores."""
    file = tmp_path / "mine.txt"
    file.write_text(": x\nA b C d\nC d a B\na b e f\n: y\nA b C d\n")
    words = ["f", "a", "A", "b", "B", "C", "d", "e"]
    one, other = (
        evaluate_word_analogies(
            random_vectors(words), file, case_insensitive=any_case
        ) for any_case in (True, False)
    )  # fmt: skip
    assert (one.units == other.units).all()
    assert one.units[0, 1] == one.units[1, 0]
    assert one.units[0, 0] not in (one.units[2, 0], one.units[3, 0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 1}, "level must be between 0 and 1, got 1"),
        ({"level": 0.0}, "level must be between 0 and 1, got 0.0"),
        ({"resamples": 99}, "resamples must be a whole number of at least"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
    ],
)
def test_settings_that_give_no_interval_are_refused(options, message):
    with pytest.raises(SkipgramError, match=message):
        bootstrap_interval(pair_scores(20), **options)


def test_an_interval_from_a_handful_is_refused():
    with pytest.raises(SkipgramError, match=r"needs 10 word pairs.*got 9"):
        bootstrap_interval(pair_scores(9))
    one, other = pair_scores(20), pair_scores(20, items=np.arange(15, 35))
    with pytest.raises(SkipgramError, match=r"needs 10 word pairs.*got 5"):
        bootstrap_difference(one, other)


def test_scores_of_two_tests_have_no_difference():
    one = pair_scores(20)
    for other in [replace(one, test_set="yours"),
                  analogy_scores(5, np.random.default_rng(0))]:  # fmt: skip
        with pytest.raises(SkipgramError, match="one and the same test, got"):
            bootstrap_difference(one, other)


# Held-out text


def test_perplexity_is_the_exponential_of_the_loss(toy_model, toy_documents):
    words = toy_model.vocabulary
    counts = count_pairs(toy_documents[1:], vocabulary=words, window=2)
    found = held_out_perplexity(toy_model, counts)
    loss = network_loss(toy_model.network, counts.matrix())
    assert found == pytest.approx(np.exp(loss), rel=1e-14)
    assert type(found) is float


def test_perplexity_of_a_model_that_knows_nothing_is_the_number_of_words(
    toy_counts,
):
    words = toy_counts.vocabulary
    model = SkipGram(vector_size=4, epochs=1).fit(toy_counts)
    for array in vars(model.network).values():
        array[:] = 0
    found = held_out_perplexity(model, toy_counts)
    assert found == pytest.approx(len(words), rel=1e-6)
    model.network.bias[0] = 5_000
    assert held_out_perplexity(model, toy_counts) == np.inf


def test_counts_of_another_vocabulary_have_no_perplexity(toy_model):
    counts = count_pairs([["a", "b"]])
    with pytest.raises(SkipgramError, match="of another vocabulary"):
        held_out_perplexity(toy_model, counts)
