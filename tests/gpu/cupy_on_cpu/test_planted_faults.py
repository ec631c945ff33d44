"""Typical mistakes, planted into the library's own code: each is found."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest

from cupy_on_cpu import check_xp, emulator
from cupy_on_cpu.faults import (
    DOUBLE,
    EMULATOR,
    FAULTS,
    LAYERS,
    STATIC,
    table,
)
from cupy_on_cpu.plant import changed_source, module_file

WHY_NO_EMULATOR = emulator.reason_missing()


def static_findings(root):
    """Return the findings of the static check, with each of its faults."""
    library = root / "skipgram_lib"
    modules = sorted(library.rglob("*.py"))
    found = {"": [str(one) for one in check_xp.check_files(modules)] or None}
    for fault in FAULTS:
        if fault.layer == STATIC:
            before = module_file(library, fault.module).read_text("utf-8")
            known = {one.problem for one in check_xp.check_source(before)}
            after = check_xp.check_source(changed_source(fault, library))
            new = {one.problem for one in after} - known
            found[fault.name] = "; ".join(new) or None
    return found


def errors_in_a_process(root, layer):
    """Return the errors of the exercise, with each fault of a layer."""
    paths = [str(root), str(root / "tests" / "gpu")]
    settings = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "cupy_on_cpu.plant", layer],
        cwd=root,
        env=os.environ | settings,
        capture_output=True,
        encoding="utf-8",
    )
    print(done.stderr)
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "layer",
    [
        STATIC,
        DOUBLE,
        pytest.param(
            EMULATOR,
            marks=[
                pytest.mark.slow,
                pytest.mark.skipif(
                    WHY_NO_EMULATOR is not None, reason=str(WHY_NO_EMULATOR)
                ),
            ],
        ),
    ],
)
def test_a_layer_finds_its_faults_and_no_others(root, layer):
    if layer == STATIC:
        found = static_findings(root)
    else:
        found = errors_in_a_process(root, layer)
    assert found.pop("") is None, "the library as it is"
    wanted = {one.name: one.says for one in FAULTS if one.layer == layer}
    assert found.keys() == wanted.keys()
    missed = {
        name: (found[name], says)
        for name, says in wanted.items()
        if says not in (found[name] or "")
    }
    assert missed == {}


def test_a_fault_is_planted_in_one_place(root):
    for fault in FAULTS:
        source = changed_source(fault, root / "skipgram_lib")
        compile(source, fault.module, "exec")
        assert fault.old != fault.new


@pytest.mark.parametrize("old", ["import numpy as pandas", "import"])
def test_a_fault_whose_place_is_gone_is_not_passed_over(root, old):
    fault = replace(FAULTS[0], old=old)
    with pytest.raises(AssertionError, match="write the fault anew"):
        changed_source(fault, root / "skipgram_lib")


def test_each_layer_has_faults_of_its_own():
    assert len(FAULTS) >= 55
    assert set(LAYERS) == {STATIC, DOUBLE, EMULATOR}
    counts = Counter(layer for _, layer in table())
    assert counts.keys() == set(LAYERS)
    assert min(counts.values()) >= 4
    for field in ("name", "what"):
        texts = Counter(getattr(fault, field) for fault in FAULTS)
        assert max(texts.values()) == 1
    assert all(fault.says for fault in FAULTS)


def test_the_chapter_lists_the_faults(root):
    path = root / "notebooks" / "workshop_09_devices.ipynb"
    cells = json.loads(path.read_text("utf-8"))["cells"]
    lines = "".join("".join(cell["source"]) for cell in cells).split("\n")
    for what, layer in table():
        assert f"| {what} | {layer} |" in lines
    folded = f"<summary>{len(FAULTS)} mistakes, and what finds them</summary>"
    assert folded in lines
