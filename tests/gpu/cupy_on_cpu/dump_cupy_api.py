"""Write down the names of the installed CuPy, and their parameters.

No GPU is needed, only the package. To make `cupy_api.json` anew::

    cd tests/gpu/cupy_on_cpu; python dump_cupy_api.py > cupy_api.json
"""

import importlib
import inspect
import json
import re
from typing import Any

# What the code of the library and of the book may use of CuPy.
PLACES = [
    "cupy",
    "cupy.ndarray",
    "cupy.linalg",
    "cupy.random",
    "cupy.random.Generator",
    "cupy.cuda",
    "cupy.cuda.runtime",
    "cupy.cuda.Device",
    "cupy.cuda.Event",
    "cupy.cuda.Stream",
    "cupyx",
    "cupyx.scipy.sparse",
    "cupyx.scipy.sparse.csr_matrix",
]
# These take **kwargs and read a few names from it; read in CuPy's sources.
READ_FROM_KWARGS = {
    "cupy.einsum": "*operands dtype optimize",
    "cupy.meshgrid": "*xi indexing sparse copy",
}
UFUNC_CALL = "*args out dtype casting"
GUFUNC_CALL = "*args axes axis keepdims casting dtype signature order out"


def find(place: str) -> Any:
    """Import a module, or find a class within one, by its dotted name."""
    try:
        return importlib.import_module(place)
    except ImportError:
        module, _, name = place.rpartition(".")
        return getattr(find(module), name)


def one_parameter(parameter: inspect.Parameter) -> str:
    """Return a parameter's name, with the stars that Python writes."""
    stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
    return stars.get(parameter.kind, "") + parameter.name


def from_signature(function: Any) -> str | None:
    """Parameters as Python knows them; a lone star before named-only ones."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    names, starred = [], False
    for parameter in found:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            names.append("*")
        starred |= parameter.kind >= parameter.VAR_POSITIONAL
        names.append(one_parameter(parameter))
    return " ".join(name for name in names if name != "self")


def from_docstring(function: Any) -> str | None:
    """Parameters from the first line that Cython writes into docstrings."""
    lines = (getattr(function, "__doc__", None) or "").splitlines() or [""]
    call = re.match(r"[\w.]+\((.*)\)( ->.*)?$", lines[0])
    if not call:
        return None
    without_defaults = re.sub(r"=\s*(\([^)]*\)|[^,]*)", "", call[1])
    parts = [part.split() for part in without_defaults.split(",")]
    return " ".join(p[-1] for p in parts if p and p[-1] not in ("self", "/"))


def parameters(place: str, value: Any) -> str | None:
    """Return the parameters of a function, or None where nobody knows."""
    if place in READ_FROM_KWARGS:
        return READ_FROM_KWARGS[place]
    if type(value).__name__ == "ufunc":
        return UFUNC_CALL
    if type(value).__name__ == "_GUFunc":
        return GUFUNC_CALL
    if not callable(value):
        return None
    signature = from_signature(value)
    return from_docstring(value) if signature is None else signature


def public_names(place: str) -> dict[str, str | None]:
    """Every public name in a module or class, with its parameters."""
    owner = find(place)
    return {
        name: parameters(f"{place}.{name}", getattr(owner, name, None))
        for name in sorted(dir(owner))
        if not name.startswith("_")
    }


def dump() -> dict[str, Any]:
    """Return the contents of `cupy_api.json`."""
    import cupy

    places = {place: public_names(place) for place in PLACES}
    methods = [name for name in dir(cupy.add) if not name.startswith("_")]
    ufuncs = [
        name
        for name in places["cupy"]
        if type(getattr(cupy, name)).__name__ == "ufunc"
    ]
    about = {"version": cupy.__version__, "ufuncs": ufuncs}
    return {**about, "ufunc_methods": sorted(methods), "names": places}


if __name__ == "__main__":
    print(json.dumps(dump(), indent=1))
