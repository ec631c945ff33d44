"""Every way text is read: scripts, tokens, compression, encodings, pipes."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import threading
import unicodedata

import pytest
from helpers import tokens_of_parts
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import SkipgramError, TextFiles, count_files, count_pairs
from skipgram_lib.counts import cluster, parts
from skipgram_lib.storage import inputs


def write(folder, text, name="text.txt", encoding="utf-8"):
    data = text if isinstance(text, bytes) else text.encode(encoding)
    (folder / name).write_bytes(data)
    return folder / name


def read(path, **how):
    return [token for tokens in TextFiles(path, **how) for token in tokens]


def message(path, **how):
    with pytest.raises(SkipgramError) as error:
        read(path, **how)
    return str(error.value)


# Scripts

SPACED = {
    "German": ("Der Bär läuft", "der bär läuft"),
    "Greek": ("ΟΔΥΣΣΕΥΣ σας", "οδυσσευς σας"),
    "Turkish": ("İstanbul ılık", "istanbul ılık"),
    "Vietnamese": ("Tiếng Việt", "tiếng việt"),
    "Hindi": ("हिन्दी भाषा।", "हिन्दी भाषा"),
    "Tamil": ("தமிழ் மொழி", "தமிழ் மொழி"),
    "Arabic": ("اللُّغَة العربية،", "اللُّغَة العربية"),
    "Hebrew": ("שָׁלוֹם עולם", "שָׁלוֹם עולם"),
    "Persian": ("می\u200cخواهم رفت", "می\u200cخواهم رفت"),
    "Malayalam": ("അവന്\u200d വന്നു", "അവന്\u200d വന്നു"),
    "Korean": ("대한민국은 나라이다", "대한민국은 나라이다"),
    "a soft hyphen": ("co\u00adoperate", "cooperate"),
    "a joiner at the end": ("heart\u200d\u2764", "heart"),
    "a name of China": ("in 北京大学 " + "they study " * 9,) * 2,
    "Chinese, cut": ("我 喜欢 学习 自然 语言 处理 " * 9,) * 2,
    "Japanese, cut": ("私 は コンピュータ の 学生 です " * 9,) * 2,
    "Thai, cut": ("ประเทศ ไทย มี ประชากร กรุงเทพมหานคร " * 9,) * 2,
}


@pytest.mark.parametrize("name", SPACED)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_words_of_scripts_with_spaces_are_kept_whole(tmp_path, name, form):
    text, words = SPACED[name]
    path = write(tmp_path, unicodedata.normalize(form, text))
    wanted = unicodedata.normalize("NFC", words).split()
    assert read(path) == wanted
    assert len(read(path, document="line", keep_case=True)) == len(wanted)


UNSPACED = {
    "Chinese": "我喜欢学习自然语言处理，因为它很有意思。我每天都读书。",
    "verse": "床前明月光，疑是地上霜。举头望明月，低头思故乡。",
    "Japanese": "私は学生です。毎日大学で日本語を勉強しています。",
    "Thai": "ประเทศไทยมีประชากรประมาณหกสิบหกล้านคน",
    "Lao": "ປະເທດລາວເປັນປະເທດທີ່ບໍ່ມີທາງອອກສູ່ທະເລ",
    "Khmer": "ព្រះរាជាណាចក្រកម្ពុជាគឺជាប្រទេសមួយនៅអាស៊ីអាគ្នេយ៍",
    "Burmese": "မြန်မာနိုင်ငံသည်အရှေ့တောင်အာရှတွင်တည်ရှိသည်။",
    "Tibetan": "བོད་ཡིག་ནི་བོད་པའི་ཡི་གེ་ཡིན། བོད་ཀྱི་སྐད།",
}


@pytest.mark.parametrize("name", UNSPACED)
@pytest.mark.parametrize("document", ["file", "line"])
def test_scripts_without_spaces_need_a_tokenizer(tmp_path, name, document):
    path = write(tmp_path, UNSPACED[name])
    said = message(path, document=document)
    assert said.startswith(f"{path} is ")
    assert "tokens='whitespace'" in said and "tokenizer" in said
    script = "Chinese or Japanese" if name in ("Chinese", "verse") else name
    assert script in said
    assert read(path, tokens=signs_of) == [
        s for s in UNSPACED[name] if s != " "
    ]
    assert read(path, tokens="whitespace") == UNSPACED[name].split()


def signs_of(line):
    """Cut a line into its signs, as the plainest tokenizer does."""
    return [sign for sign in line if sign != " "]


# Tokens

LINE = "new_york C++ covid-19 2019 U.S. h2o\0h2so4"


def test_tokens_can_be_taken_as_they_are(tmp_path):
    path = write(tmp_path, LINE)
    words = LINE.replace("\0", " ").split()
    how = {"tokens": "whitespace"}
    assert read(path, **how, keep_case=True) == words
    assert read(path, **how) == [word.lower() for word in words]
    assert read(path, keep_case=True)[2:5] == ["C", "covid", "U"]
    assert read(path, letters="ascii", keep_case=True)[2:4] == ["C", "covid"]


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda line: None, "must be a list, got None"),
        (str.upper, "must be a list, got 'A B'"),
        (lambda line: [1], "must be strings, got 1 at place 0"),
        (lambda line: line.split("a"), "must not be empty, got ['', ' b']"),
        (set, "must be in an order"),
        (lambda line: 1 / 0, "fails: division by zero"),
    ],
)
def test_what_a_tokenizer_returns_is_checked(tmp_path, function, reason):
    path = write(tmp_path, "a b\n")
    said = message(path, tokens=function)
    assert f"tokens of a line of {path} " in said
    assert reason in said


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"tokens": "letters"}, "tokens must be 'words' or 'whitespace', got"),
        ({"tokens": 5}, "tokens must be a string or a function, got 5"),
        (
            {"tokens": signs_of, "letters": "ascii"},
            "letters='ascii' is for token",
        ),
        ({"keep_case": 1}, "keep_case must be True or False, got 1"),
        ({"encoding": "latin-one"}, "encoding 'latin-one' is none that"),
        ({"encoding": "hex"}, "encoding 'hex' is none that Python knows"),
        ({"encoding": None}, "encoding must be a string, got None"),
    ],
)
def test_settings_of_reading_are_checked_at_once(how, wanted):
    with pytest.raises(SkipgramError) as error:
        TextFiles("a.txt", **how)
    assert str(error.value).startswith(wanted)


SIGNS = st.sampled_from(
    [*"aB-'_. \t\n\r\v\f\0", "\r\n", "\x85", "\u2028", "Σ", "é", "e\u0301"]
)
WAYS = [
    {"tokens": "whitespace"},
    {"tokens": "whitespace", "keep_case": True, "document": "line"},
    {"tokens": str.split},
    {"tokens": signs_of, "document": "line"},
    {"keep_case": True},
]


@given(
    st.lists(SIGNS, max_size=50).map("".join),
    st.sampled_from(WAYS),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_tokens_are_the_same_however_a_file_is_cut(
    tmp_path_factory, text, how, size, block
):
    path = write(tmp_path_factory.getbasetemp(), "The end\n" + text)
    files = TextFiles(path, **how)
    found = tokens_of_parts(files, size, block)
    assert found == read(path, **how)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("size", [7, 2**20])
def test_counts_on_the_disk_are_those_in_memory(
    tmp_path, monkeypatch, how, size
):
    for module in (parts, cluster):
        monkeypatch.setattr(module, "PART_BYTES", size)
    path = write(tmp_path, "The U.S. and  the e\u0301tat\r\nThe U.S.\n" * 3)
    files = TextFiles(path, **how)
    on_disk = count_files(files, tmp_path / "counts", progress=False)
    in_memory = count_pairs(files)
    assert on_disk.vocabulary == in_memory.vocabulary
    assert (on_disk.cells != in_memory.cells).nnz == 0


# Compression and encodings

WORDS = ["über", "läuft", "war"] * 20
TEXT = " ".join(WORDS)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("name", ["a.GZ", "a.txt", "a"])
def test_compressed_text_is_read_whatever_its_name(tmp_path, pack, name):
    path = write(tmp_path, pack(TEXT.encode()), name)
    assert read(path) == read(f"file://{path}") == WORDS
    counts = count_files(TextFiles(path), tmp_path / "c", progress=False)
    assert counts.vocabulary.total_tokens == len(WORDS)


def test_a_name_of_compressed_text_does_not_make_it_so(tmp_path):
    assert read(write(tmp_path, TEXT, "text.gz")) == WORDS


def test_utf_16_without_its_mark_is_asked_for_the_order_of_its_bytes(tmp_path):
    path = write(tmp_path, TEXT.encode("utf-16-le"))
    with pytest.raises(SkipgramError, match="encoding='utf-16-le'"):
        read(path, encoding="utf-16")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "UTF8"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_other_encodings_are_read(tmp_path, encoding, pack):
    path = write(tmp_path, pack(TEXT.encode(encoding)))
    files = TextFiles(path, encoding=encoding)
    assert read(path, encoding=encoding) == WORDS
    counts = count_files(files, tmp_path / "counts", progress=False)
    assert counts.vocabulary == count_pairs(files).vocabulary


@pytest.mark.parametrize(
    ("data", "encoding", "byte", "offset"),
    [
        (b"caf\xe9", "utf-8", "0xe9", "3"),
        (b"a" * 300_000 + b"\x81\x20", "cp1252", "0x81", "300,000"),
        ("語".encode("shift_jis") * 200_000 + b"\xff", "shift_jis", "0xff",
         "400,000"),
    ],
)  # fmt: skip
def test_a_byte_of_no_letter_is_shown_with_its_place(
    tmp_path, data, encoding, byte, offset
):
    path = write(tmp_path, data)
    how = {"encoding": encoding, "tokens": "whitespace"}
    wanted = (
        f"{path} is not {encoding.upper()} text: byte {byte} at offset "
        f"{offset}; convert it, name its encoding"
    )
    assert message(path, **how).startswith(wanted)
    files = TextFiles(path, **how)
    with pytest.raises(SkipgramError) as error:
        count_files(files, tmp_path / "counts", progress=False)
    assert str(error.value).startswith(wanted)
    assert "\ufffd" in read(path, errors="replace", **how)[0]


@pytest.mark.parametrize("errors", ["strict", "replace"])
@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"%PDF-1.7\n" + bytes(range(256)), "is no text but a PDF document"),
        (rb"{\rtf1 caf\'e9}", "is no text but an RTF document"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is no text: it begins"),
        (bytes(range(200, 256)) + b"\x01\x02\x80" * 9, "is no text: it begi"),
        (TEXT.encode("utf-16"), "encoding='utf-16'"),
        (b"PK\x03\x04 no archive", "the zip data is truncated or corrupt"),
    ],
)
def test_no_advice_leads_to_noise(tmp_path, data, what, errors):
    said = message(write(tmp_path, data), errors=errors)
    assert what in said
    assert "errors=" not in said


# Pipes


@pytest.mark.skipif(os.name != "posix", reason="of Unix only")
def test_a_pipe_is_read_like_a_file_and_more_than_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    data = [gzip.compress(TEXT.encode())]
    writer = threading.Thread(
        target=(tmp_path / "pipe").write_bytes, args=data
    )
    writer.start()
    files = TextFiles([tmp_path / "pipe", write(tmp_path, "the end")])
    writer.join()
    for _ in range(2):
        assert [*files] == [WORDS, ["the", "end"]]
    assert count_files(files, tmp_path / "counts", progress=False)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "no words in standard input; is it the right file?"),
        (b"caf\xe9", "standard input is not UTF-8 text: byte 0xe9 at offset"),
    ],
)
def test_of_stdin_errors_speak_of_standard_input(monkeypatch, data, wanted):
    inputs.copy_of.cache_clear()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert message("-").startswith(wanted)


def test_stdin_is_one_of_several_paths(tmp_path):
    code = "import sys; from skipgram_lib import TextFiles\n"
    code += "print(list(TextFiles(['-', sys.argv[1], './-'])))"
    write(tmp_path, "two")
    write(tmp_path, "three", "-")
    done = subprocess.run(
        [sys.executable, "-c", code, "text.txt"],
        input="one",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[['one'], ['two'], ['three']]", done.stderr
