"""Run the exercise on copies of the library that hold a fault each.

To be started as a process of its own, with `tests/gpu/` on the path::

    python -m cupy_on_cpu.plant "strict double"

prints an object of JSON: for each fault its error, or null; "" stands for
the unchanged library.
"""

import importlib
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

from .faults import FAULTS, Fault

COPIED = "skipgram_lib"
# What has to be imported again when the library is another one.
AGAIN = (
    "cupy_on_cpu.exercise",
    "cupy_on_cpu.portable",
    "cupy_on_cpu.twins",
)


def module_file(library: Path, module: str) -> Path:
    """Return the file of a module, given as a dotted path."""
    return library / f"{module.replace('.', '/')}.py"


def changed_source(fault: Fault, library: Path) -> str:
    """Return the source of a module with the fault in it."""
    source = module_file(library, fault.module).read_text("utf-8")
    times = source.count(fault.old)
    assert times == 1, (
        f"{fault.name}: {fault.old!r} occurs {times} times in "
        f"{fault.module}, so write the fault anew"
    )
    return source.replace(fault.old, fault.new)


def plant(fault: Fault | None, library: Path, folder: Path) -> None:
    """Copy the library into a folder, and put the fault into the copy."""
    copy = folder / COPIED
    shutil.copytree(library, copy)
    if fault:
        module = module_file(copy, fault.module)
        module.write_text(changed_source(fault, library), "utf-8")
        for old in module.parent.glob(f"__pycache__/{module.stem}.*"):
            old.unlink()


def forget() -> None:
    """Let the library, and what depends on it, be imported anew."""
    for name in list(sys.modules):
        if name.partition(".")[0] == COPIED or name in AGAIN:
            del sys.modules[name]
    importlib.invalidate_caches()


def exercise_copy(layer: ModuleType, folder: Path) -> str | None:
    """Run the exercise on the copy in a folder; return what went wrong."""
    forget()
    sys.path.insert(0, str(folder))
    try:
        exercise = importlib.import_module("cupy_on_cpu.exercise")
        if layer.__name__.endswith("double"):
            importlib.import_module("cupy_on_cpu.twins").register()
        exercise.run(layer)
        if layer.__name__.endswith("emulator"):
            layer.check_no_errors()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        sys.path.remove(str(folder))
        drop_errors(layer)
    return None


def drop_errors(layer: ModuleType) -> None:
    """Forget what the emulator could not raise: the next fault is another."""
    if layer.__name__.endswith("emulator"):
        try:
            layer.check_no_errors()
        except RuntimeError as error:
            print(error, file=sys.stderr)


def run_layer(name: str, library: Path) -> dict[str, str | None]:
    """Run the exercise on the library and with each fault of a layer."""
    layer = importlib.import_module(
        "cupy_on_cpu." + {"strict double": "double"}.get(name, name)
    )
    layer.install()
    found = {}
    for fault in (None, *(one for one in FAULTS if one.layer == name)):
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            plant(fault, library, Path(folder))
            title = fault.name if fault else ""
            found[title] = exercise_copy(layer, Path(folder))
        seconds = time.perf_counter() - begin
        print(f"{seconds:.1f} s {title}: {found[title]}", file=sys.stderr)
    return found


if __name__ == "__main__":
    LIBRARY = Path(__file__).resolve().parents[3] / COPIED
    print(json.dumps(run_layer(sys.argv[1], LIBRARY)))
