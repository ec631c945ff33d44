"""Corpora for the benchmarks: the embedded one, and two larger ones.

    python benchmarks/corpora.py                       # make all, count words
    python benchmarks/corpora.py general --write FILE  # one document a line

`sotu`       the embedded corpus, 2 million tokens;
`general`    dictionaries, commentaries on the Bible and its text, essays:
             12 million tokens;
`technical`  the manuals of programs, each paragraph once: 12 million tokens.

The larger two are put together from packages of Debian 12, by name, version
and checksum, so that everybody who makes them has the same text. The packages
are fetched with `apt-get download`, which installs nothing, and read once; the
text then lies in `.bench-cache`, which git ignores. Debian replaces a version
when it repairs a package. Where apt no longer has the one named here, or
where there is no apt, put the .deb file into `.bench-cache` by hand.
"""

import argparse
import gzip
import hashlib
import html
import re
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import NamedTuple

from skipgram_lib import SkipgramError, load_sotu
from skipgram_lib.text.tokens import tokenize

CACHE = Path(__file__).resolve().parent.parent / ".bench-cache"
TAG = re.compile(r"<[^>]*(>|$)")
NOT_TEXT = re.compile(
    r"<(script|style|head|nav|note|pre|footer)\b.*?</\1>", re.DOTALL
)
PARAGRAPH = re.compile(
    r"<(?:p|dd|li|td)\b[^>]*>(.*?)(?=</?(?:p|dd|dt|li|td|tr|table|ul|ol|dl"
    r"|div|pre|h\d|details|section)\b)",
    re.DOTALL,
)
BRACKETS = re.compile(r"\[[^][]*\]")
BRACES = {ord("{"): None, ord("}"): None}


# --- From the files of a package to documents --------------------------------


def plain(marked_up: str) -> str:
    """Take the tags, and what is not prose, out of HTML or XML."""
    text = TAG.sub(" ", NOT_TEXT.sub(" ", marked_up))
    return " ".join(html.unescape(text).split())


def dictionary_entries(root: Path, name: str) -> Iterator[list[str]]:
    """Lines of each entry; an entry begins at the edge of the page."""
    path = root / f"usr/share/dictd/{name}.dict.dz"
    text = gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    entry: list[str] = []
    for line in text.splitlines():
        if line and not line[0].isspace() and entry:
            yield entry
            entry = []
        entry.append(line)
    yield entry


def webster(root: Path) -> Iterator[str]:
    """GCIDE: without pronunciation, origin, and the names of its sources."""
    for entry in dictionary_entries(root, "gcide"):
        text = " ".join(" ".join(entry).split())
        text = re.sub(r"\\[^\\]{1,80}\\", " ", text)
        while (shorter := BRACKETS.sub(" ", text)) != text:
            text = shorter
        text = re.sub(r"\([^()]*[*\"#`][^()]*\)", " ", text)
        if not text.startswith("00-database"):
            yield text.translate(BRACES)


def wordnet(root: Path) -> Iterator[str]:
    """WordNet: each meaning once, though it stands under each of its words."""
    seen = set()
    for entry in dictionary_entries(root, "wn"):
        text = " ".join(" ".join(entry[1:]).split())
        for meaning in re.split(r"(?:^| )(?:n|v|adj|adv)? ?\d+: ", text):
            if meaning and meaning not in seen:
                seen.add(meaning)
                found = re.search(r"\[syn: (.*?)\]", meaning)
                words = found[1] if found else "{" + entry[0] + "}"
                meaning = words + ": " + BRACKETS.sub("", meaning)
                yield meaning.translate(BRACES)


def foldoc(root: Path) -> Iterator[str]:
    """FOLDOC: computing, the subject label of each entry left out."""
    for entry in dictionary_entries(root, "foldoc"):
        text = plain(" ".join(entry))
        if not text.startswith("00-database"):
            yield text.translate(BRACES)


def sword(root: Path) -> Iterator[str]:
    """Sword modules: blocks of zlib, a chapter or a book in each."""
    for index in sorted(root.rglob("*.[bc]zs")):
        data = index.with_suffix(index.suffix[:-1] + "z").read_bytes()
        for start, size, _ in struct.iter_unpack("<III", index.read_bytes()):
            block = zlib.decompress(data[start : start + size]).decode()
            for part in re.split(r"<chapter\b|type=\"introduction\"", block):
                yield plain("<p " + part)


def web_pages(root: Path) -> Iterator[str]:
    """All HTML files below the documentation of a package."""
    for path in sorted(root.rglob("*.html")):
        if path.is_file() and not path.is_symlink():
            yield plain(path.read_text(encoding="utf-8", errors="replace"))


def paragraphs(root: Path) -> Iterator[str]:
    """Paragraphs of all HTML files; code, menus and repetitions left out."""
    seen = set()
    for path in sorted(root.rglob("*.html")):
        if path.is_symlink() or not path.is_file():
            continue
        page = path.read_text(encoding="utf-8", errors="replace")
        fresh = []
        for match in PARAGRAPH.finditer(NOT_TEXT.sub(" ", page)):
            text = plain(match[1])
            if text.count(" ") >= 4 and text not in seen:
                seen.add(text)
                fresh.append(text)
        yield " ".join(fresh)


# --- Packages, and the corpora made of them ----------------------------------


class Package(NamedTuple):
    """A package of Debian 12, and what makes documents of its files."""

    name: str
    version: str
    licence: str
    read: Callable[[Path], Iterator[str]]
    sha256: str


class Corpus(NamedTuple):
    """Packages, and the checksum of the text that comes of them."""

    packages: list[Package]
    sha256: str


CORPORA = {
    "general": Corpus(
        [
            Package(
                "dict-gcide",
                "0.48.5+nmu2",
                "GPL-3+",
                webster,
                "7b0af5cfde3cbdef5e9d6e78f92ec335ced7c2790f37a40f49bebc6f7347ac0f",
            ),
            Package(
                "dict-wn",
                "1:3.0-37",
                "WordNet 3.0",
                wordnet,
                "ed99e0bf162815dc1cc69de3727eedd7112ddf170badf83dbde26209e0724a8c",
            ),
            Package(
                "dict-foldoc",
                "20230119-1",
                "GFDL-1.1+",
                foldoc,
                "745cbedb55c2da609cc88ee0284e9d11a67a11ae3709daf7bad0e895ac3294c3",
            ),
            Package(
                "sword-comm-tdavid",
                "2.1-1",
                "public domain",
                sword,
                "bcbfad701c5c4a061475b58309cebc42755a59e87478c8355227c5e046412b3f",
            ),
            Package(
                "sword-comm-mhcc",
                "2.0-1",
                "public domain",
                sword,
                "06f748215de78ff48fdfdee93e3ffc5af6318b976485f7aedf22309236967e35",
            ),
            Package(
                "sword-text-web",
                "426.0-1",
                "public domain",
                sword,
                "930b23670b352f0829a306501de4bebb5e654a2df02cde2cbe86b802177868e1",
            ),
            Package(
                "anarchism",
                "15.3-3",
                "GPL-2",
                web_pages,
                "cf21c10948b00e923c62eb31c39a3390413fa26c5ee0e3b925feb0ec7fe42948",
            ),
        ],
        "24af85f4626996472f63c943ce99967005d0b1be6d931e225aca0617fb7cfdc5",
    ),
    "technical": Corpus(
        [
            Package(
                "cmake-doc",
                "3.25.1-1",
                "BSD-3-clause",
                paragraphs,
                "6e805a758ffed87cc7ea234cf0a7a1bb8ae78b93d8b5783e7fb989a6320f8133",
            ),
            Package(
                "r-doc-html",
                "4.2.2.20221110-2",
                "GPL-2+",
                paragraphs,
                "2c615dd386993a440b80fd4e9060318386e31fbe47f5be65f295f5fb34002c5c",
            ),
            Package(
                "libboost1.74-doc",
                "1.74.0+ds1-21",
                "BSL-1.0",
                paragraphs,
                "10a7c2aa42068bcb71093fc375bf3a9ef2235baa91cc4960aa0c02df3c733d4a",
            ),
            Package(
                "python-sqlalchemy-doc",
                "1.4.46+ds1-1",
                "MIT",
                paragraphs,
                "8805c3167ef75278ac6fd58ed9856321c2b2e3a7e441edba84b2eb955216d0fd",
            ),
            Package(
                "python-sympy-doc",
                "1.11.1-1",
                "BSD-3-clause",
                paragraphs,
                "2a1d50bd49738f0280308fc8d86d5fa5739dbc6391e1c754f4549bc3635e6a31",
            ),
            Package(
                "linux-doc-6.1",
                "6.1.192-2",
                "GPL-2",
                paragraphs,
                "d1d1b5a602f0d439ecc39e713e044bf2df30d839fb4bf8a7b859ba3273c47993",
            ),
            Package(
                "rust-doc",
                "1.63.0+dfsg1-2",
                "MIT or Apache-2.0",
                paragraphs,
                "96ef96fe6df87d939ca713bd7df3d15c2b778ccb892eca025c4ee504146f697b",
            ),
            Package(
                "python3.11-doc",
                "3.11.2-6+deb12u9",
                "PSF-2",
                paragraphs,
                "5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be",
            ),
            Package(
                "postgresql-doc-15",
                "15.20-0+deb12u1",
                "PostgreSQL",
                paragraphs,
                "4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7",
            ),
            Package(
                "sqlite3-doc",
                "3.40.1-2+deb12u2",
                "public domain",
                paragraphs,
                "466e30d7066e2641fa13e56bc662a2ad521b8cc9c17dde9c9dac3d4f105e32f2",
            ),
            Package(
                "python-django-doc",
                "3:3.2.25-0+deb12u7",
                "BSD-3-clause",
                paragraphs,
                "87307f067916df72e17180d35b7cde5c7ea6080336cda518efd7f6e66988a7ca",
            ),
            Package(
                "qtbase5-doc-html",
                "5.15.8+dfsg-11+deb12u3",
                "GFDL-1.3",
                paragraphs,
                "e052497a7db970f002807e3543043c11e46135641b8284b0a419086ba64f5f47",
            ),
            Package(
                "libreoffice-help-en-us",
                "4:7.4.7-1+deb12u14",
                "MPL-2.0",
                paragraphs,
                "8faa840285734d6cfe1ed25537b48f07e74bd6412e3917bf8e5f8a653f7b3712",
            ),
            Package(
                "git-doc",
                "1:2.39.5-0+deb12u3",
                "GPL-2",
                paragraphs,
                "3c89668a11053a6bafade3de1f611f4613db31e082af63f43d8c5b69ad8795ec",
            ),
        ],
        "8d1e0da0624d7fe3ed607e49b3fc4c683946398208ff25f3880ffa0cf8d2e69b",
    ),
}
NAMES = ("sotu", *CORPORA)


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(package: Package) -> Path:
    """Path of a package's file, downloaded if it is not in the cache yet."""
    CACHE.mkdir(exist_ok=True)
    name = f"{package.name}={package.version}"
    help_ = f"put its .deb file (sha256 {package.sha256}) into {CACHE.name}/"
    pattern = f"{package.name}_*.deb"
    if not list(CACHE.glob(pattern)):
        if not which("apt-get"):
            raise SkipgramError(f"no apt-get to download {name} with; {help_}")
        print(f"download {name}", file=sys.stderr)
        done = subprocess.run(
            ["apt-get", "download", "-q", name],
            cwd=CACHE,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = done.stderr.strip().rpartition("\n")[2]
            raise SkipgramError(
                f"cannot download {name} ({reason}); "
                f"run apt-get update, or {help_}"
            )
    for path in CACHE.glob(pattern):
        if checksum(path) == package.sha256:
            return path
    raise SkipgramError(
        f"the file of {package.name} in {CACHE.name}/ is not version "
        f"{package.version}; remove it, and {help_}"
    )


def read_package(package: Package) -> Iterator[str]:
    """Documents of a package, each in one line; unpacked for a moment."""
    path = fetch(package)
    if not which("dpkg-deb"):
        raise SkipgramError("no dpkg-deb to unpack with; install dpkg")
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        subprocess.run(["dpkg-deb", "-x", path, folder], check=True)
        for document in package.read(Path(folder)):
            if line := " ".join(document.split()):
                yield line


def text_file(name: str) -> Path:
    """Path of a corpus as text, one document a line; made if need be."""
    if name not in CORPORA:
        raise SkipgramError(
            f"no corpus of packages is called {name!r}; there are "
            f"{', '.join(CORPORA)}"
        )
    path = CACHE / f"{name}.txt"
    if not path.is_file():
        CACHE.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8", newline="\n") as file:
            for package in CORPORA[name].packages:
                file.writelines(line + "\n" for line in read_package(package))
        part.replace(path)
    if (found := checksum(path)) != CORPORA[name].sha256:
        raise SkipgramError(
            f"{CACHE.name}/{path.name} is not the text that was measured "
            f"(sha256 {found[:12]}..., not {CORPORA[name].sha256[:12]}...); "
            "remove it, and it is made again"
        )
    return path


def documents(name: str) -> list[list[str]]:
    """Token lists of a corpus, equal words being one object.

    Parameters
    ----------
    name : {"sotu", "general", "technical"}
    """
    known: dict[str, str] = {}
    if name == "sotu":
        texts = load_sotu()
        return [[known.setdefault(w, w) for w in text] for text in texts]
    result = []
    with text_file(name).open(encoding="utf-8") as file:
        for line in file:
            tokens = [known.setdefault(w, w) for w in tokenize(line, "ascii")]
            if len(tokens) > 1:
                result.append(tokens)
    return result


def main() -> None:
    """Make corpora and say what is in them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    parser.add_argument("--write", metavar="FILE", type=Path)
    given = parser.parse_args()
    for name in given.names:
        if given.write:
            given.write.write_bytes(text_file(name).read_bytes())
        texts = documents(name)
        tokens = sum(map(len, texts))
        words = len({word for text in texts for word in text})
        print(
            f"{name:10} {tokens:>12,} tokens, {words:>9,} words, "
            f"{len(texts):>9,} documents"
        )


if __name__ == "__main__":
    try:
        main()
    except SkipgramError as error:
        sys.exit(f"{error}")
