"""Bytes as they come: compressed in any way, damaged, through a pipe."""

import bz2
import gzip
import io
import lzma
import os
import sys
import threading
import zipfile

import pytest

from skipgram_lib import SkipgramError
from skipgram_lib.errors import MissingPackageError
from skipgram_lib.storage import inputs
from skipgram_lib.storage.inputs import seekable_path, shown, unpacked

TEXT = b"one two three\n" * 99


def zipped(**files):
    """Return the bytes of an archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def zstd(data):
    """Compress by zstd; skip where nothing does."""
    try:
        return inputs.zstd_module().compress(data)
    except MissingPackageError:
        pytest.skip("no zstd: pip install '.[zstd]'")


PACK = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd,
    "zip": lambda data: zipped(**{"a/": b"", "a/b": data, "__MACOSX/b": b""}),
}


def unpack(data):
    with unpacked(io.BytesIO(data), "file") as inside:
        return inside.read()


def message(function, *arguments):
    with pytest.raises(SkipgramError) as error:
        function(*arguments)
    return str(error.value)


@pytest.mark.parametrize("way", PACK)
@pytest.mark.parametrize("data", [TEXT, b"", b"BZh is how bzip2 begins"])
def test_what_is_compressed_is_told_by_its_first_bytes(way, data):
    assert unpack(PACK[way](data)) == data


@pytest.mark.parametrize("way", [way for way in PACK if way != "plain"])
def test_half_a_file_is_an_error_that_says_so(way):
    whole = PACK[way](os.urandom(999))
    said = message(unpack, whole[: len(whole) // 2])
    assert said.startswith(f"file: the {way} data is truncated or corrupt")
    assert said.endswith("; download or copy the file again")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\0\0\0", "compressed by 7-Zip, which is not"),
        (b"Rar!\x1a\x07\x01\0\0\0", "compressed by RAR, which is not read"),
        (zipped(), "a zip archive of 0 files, as office documents"),
        (zipped(a=b"", b=b""), r"a zip archive of 2 files (a, b, ...)"),
    ],
)
def test_what_is_not_read_here_is_named(data, wanted):
    assert wanted in message(unpack, data)


def test_what_is_encrypted_is_an_error_of_ours():
    data = bytearray(zipped(a=TEXT))
    data[6] |= 1  # the sign of encryption, here and in the list at the end
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "cannot be unpacked here" in message(unpack, bytes(data))


def test_without_a_zstd_its_package_is_named(monkeypatch):
    data = zstd(TEXT)
    for name in ("compression", "backports", "backports.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    assert "pip install backports.zstd" in message(unpack, data)


@pytest.mark.skipif(os.name != "posix", reason="of Unix only")
def test_a_pipe_is_copied_each_time_and_shown_by_its_name(tmp_path):
    pipe = tmp_path / "news"
    os.mkfifo(pipe)
    for content in (b"one", b"two"):
        writer = threading.Thread(target=pipe.write_bytes, args=[content])
        writer.start()
        copy = seekable_path(str(pipe))
        writer.join()
        with open(copy, "rb") as file:
            assert (file.read(), shown(copy)) == (content, "pipe news")
    assert seekable_path(str(tmp_path)) == str(tmp_path)


def stdin(monkeypatch, data):
    """Put some bytes into stdin; None: there is none."""
    inputs.copy_of.cache_clear()
    new = None if data is None else io.TextIOWrapper(io.BytesIO(data))
    monkeypatch.setattr(sys, "stdin", new)


def test_stdin_is_read_once_and_can_be_read_again(monkeypatch):
    stdin(monkeypatch, TEXT)
    for _ in range(2):
        with open(seekable_path("-"), "rb") as file:
            assert file.read() == TEXT
    assert shown(seekable_path("-")) == "standard input"


def test_without_a_stdin_it_is_said(monkeypatch):
    stdin(monkeypatch, None)
    assert message(seekable_path, "-") == (
        "there is no standard input to read from"
    )
