"""The library and the book ask of `xp` only what CuPy has."""

import ast
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import pytest

from cupy_on_cpu import api, check_xp

ROOT = Path(__file__).resolve().parents[3]
SOURCES = sorted(
    [*ROOT.glob("skipgram_lib/**/*.py"), *ROOT.glob("notebooks/*.ipynb")]
)

# (source, what the finding must say)
WRONG = [
    ("xp.errstate(all='ignore')", "no errstate"),
    ("xp.vecdot(a, b)", "no vecdot"),
    ("backend.xp.insert(a, 0, 1)", "no insert"),
    ("self.xp.einsum_path('ij', a)", "no einsum_path"),
    ("self.backend.xp.scatter_add(a, i, 1)", "no scatter_add"),
    ("partial(xp.vecdot, a)", "no vecdot"),
    ("xp.linalg.vector_norm(a)", "no vector_norm"),
    ("backend.xp.linalg.nothing", "no nothing"),
    ("xp.random.SeedSequence(1)", "no SeedSequence"),
    ("xp.add.reduce_at(a, i)", "no reduce_at"),
    ("xp.take(a, i, mode='clip')", "mode="),
    ("xp.take(a, i, 0, None, 'clip')", "4 arguments"),
    ("xp.exp(a, where=m)", "where="),
    ("backend.xp.add(a, b, where=m)", "where="),
    ("xp.sum(a, where=m)", "where="),
    ("xp.sum(a, initial=0)", "initial="),
    ("xp.max(a, axis=0, initial=0)", "initial="),
    ("xp.einsum('ij->i', a, out=b)", "out="),
    ("xp.zeros(3, device='cpu')", "device="),
    ("xp.argsort(a, stable=True)", "stable="),
    ("xp.unique(a, sorted=False)", "sorted="),
    ("xp.linalg.norm(a, dims=1)", "dims="),
    ("import cupy as c\nc.errstate()", "no errstate"),
    ("from cupy import errstate", "no errstate"),
    ("from cupy import take\ntake(a, i, mode='clip')", "mode="),
    ("import cupyx.scipy.sparse as s\ns.lil_matrix(a)", "no lil_matrix"),
    ("from cupyx.scipy.sparse import save_npz", "no save_npz"),
    ("cupy.cuda.runtime.getNothing()", "no getNothing"),
]
RIGHT = """
import numpy as np
from cupyx.scipy.sparse import csr_matrix
from .cupy import CuPyBackend
from ..cupy import something
with np.errstate(all="ignore"):
    np.take(a, i, mode="clip")
xp.exp(a, out=a)
xp.add.at(a, i, b)
backend.xp.linalg.norm(a, axis=1, keepdims=True)
self.xp.einsum("ij,ij->i", a, b, optimize=True)
xp.matmul(a, b, out=c)
xp.take(a, i, axis=0, out=b)
xp.concatenate(*parts, **options)
xp.float32, xp.newaxis, xp.inf, xp.__name__
xp.cuda.runtime.getDeviceCount()
"""


@pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_library_and_the_book_ask_for_what_cupy_has(path):
    assert list(map(str, check_xp.check_files([path]))) == []


def test_the_check_sees_the_library():
    uses = [
        use.text
        for path in SOURCES
        for _, source in check_xp.read_sources(path)
        for use in check_xp.find_uses(ast.parse(source))
    ]
    assert len(uses) > 40
    assert {"xp.exp", "self.xp.multiply", "self.xp.matmul"} <= set(uses)


@pytest.mark.parametrize(("source", "problem"), WRONG)
def test_what_cupy_lacks_is_found(source, problem):
    (finding,) = check_xp.check_source(source)
    assert problem in finding.problem
    assert finding.line == len(source.splitlines())


def test_what_cupy_has_is_not_found():
    assert check_xp.check_source(RIGHT) == []


def test_cells_are_read_and_magics_left_out(tmp_path, capsys):
    cells = [
        {"cell_type": "markdown", "source": ["`xp.errstate`"]},
        {"cell_type": "code", "source": ["%%bash\n", "xp.errstate +"]},
        {"cell_type": "code", "source": ["%pwd\n", "xp.errstate()\n"]},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    assert check_xp.main([str(path)]) == 1
    assert capsys.readouterr().out == (
        f"{path} cell 2:2: xp.errstate: CuPy's cupy has no errstate\n"
    )


def test_the_dump_is_that_of_the_installed_cupy():
    if find_spec("cupy") is None:
        pytest.skip("CuPy is not installed")
    try:
        installed = version("cupy-cuda13x")
    except PackageNotFoundError:
        pytest.skip("another build of CuPy is installed")
    if installed != api.VERSION:
        pytest.skip(f"the dump is of CuPy {api.VERSION}, not {installed}")
    script = Path(api.__file__).with_name("dump_cupy_api.py")
    done = subprocess.run(
        [sys.executable, script], capture_output=True, check=True, text=True
    )
    assert json.loads(done.stdout) == api.API
