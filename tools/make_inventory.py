"""Write the inventories that let the book link to other manuals offline.

Sphinx reads from an inventory where a project documents a name. The whole
ones are large and come over the network. The book needs a handful of names,
so they stand here. A name that is missing makes the build fail with "py:class
reference target not found": add it to its table, then run

    python tools/make_inventory.py
"""

import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "book" / "_inv"

# A row: the name, its kind, the page. The anchor is the name itself.
PYTHON = [
    ("bool", "class", "library/functions.html"),
    ("bytes", "class", "library/stdtypes.html"),
    ("collections.abc.Callable", "class", "library/collections.abc.html"),
    ("collections.abc.Collection", "class", "library/collections.abc.html"),
    ("collections.abc.Iterable", "class", "library/collections.abc.html"),
    ("collections.abc.Iterator", "class", "library/collections.abc.html"),
    ("collections.abc.Generator", "class", "library/collections.abc.html"),
    ("collections.abc.Mapping", "class", "library/collections.abc.html"),
    ("collections.abc.Sequence", "class", "library/collections.abc.html"),
    ("collections.Counter", "class", "library/collections.html"),
    ("dict", "class", "library/stdtypes.html"),
    ("float", "class", "library/functions.html"),
    ("frozenset", "class", "library/stdtypes.html"),
    ("int", "class", "library/functions.html"),
    ("KeyError", "exception", "library/exceptions.html"),
    ("list", "class", "library/stdtypes.html"),
    ("object", "class", "library/functions.html"),
    ("os.PathLike", "class", "library/os.html"),
    ("pathlib.Path", "class", "library/pathlib.html"),
    ("set", "class", "library/stdtypes.html"),
    ("str", "class", "library/stdtypes.html"),
    ("tuple", "class", "library/stdtypes.html"),
    ("types.ModuleType", "class", "library/types.html"),
    ("typing.Any", "data", "library/typing.html"),
    ("typing.Literal", "data", "library/typing.html"),
    ("typing.NamedTuple", "class", "library/typing.html"),
    ("typing.Protocol", "class", "library/typing.html"),
    ("typing.Self", "data", "library/typing.html"),
    ("TypeError", "exception", "library/exceptions.html"),
    ("ValueError", "exception", "library/exceptions.html"),
]
GENERATED = "reference/generated/"
NUMPY = [
    ("numpy.dtype", "class", GENERATED + "numpy.dtype.html"),
    ("numpy.ndarray", "class", GENERATED + "numpy.ndarray.html"),
    ("numpy.random.Generator", "class", "reference/random/generator.html"),
    (
        "numpy.random.default_rng",
        "function",
        "reference/random/generator.html",
    ),
    ("numpy.add.at", "method", GENERATED + "numpy.ufunc.at.html"),
    ("numpy.int32", "class", "reference/arrays.scalars.html"),
    ("numpy.int64", "class", "reference/arrays.scalars.html"),
    ("numpy.float32", "class", "reference/arrays.scalars.html"),
    ("numpy.float64", "class", "reference/arrays.scalars.html"),
    ("numpy.typing.ArrayLike", "data", "reference/typing.html"),
    ("numpy.typing.DTypeLike", "data", "reference/typing.html"),
    ("numpy.typing.NDArray", "data", "reference/typing.html"),
]
SCIPY = [
    (
        "scipy.sparse.csr_matrix",
        "class",
        GENERATED + "scipy.sparse.csr_matrix.html",
    ),
    (
        "scipy.sparse.csr_array",
        "class",
        GENERATED + "scipy.sparse.csr_array.html",
    ),
]
PROJECTS = {
    "python": ("Python", "3", PYTHON),
    "numpy": ("NumPy", "2", NUMPY),
    "scipy": ("SciPy", "1", SCIPY),
}


def inventory(project, version, rows):
    """Return the bytes of a Sphinx inventory, version 2."""
    head = [
        "# Sphinx inventory version 2",
        f"# Project: {project}",
        f"# Version: {version}",
        "# The remainder of this file is compressed using zlib.",
        "",
    ]
    body = "".join(
        f"{name} py:{kind} 1 {page}#$ -\n" for name, kind, page in sorted(rows)
    )
    return "\n".join(head).encode() + zlib.compress(body.encode(), level=9)


def main():
    """Write one inventory per project."""
    FOLDER.mkdir(exist_ok=True)
    for name, (project, version, rows) in PROJECTS.items():
        path = FOLDER / f"{name}.inv"
        path.write_bytes(inventory(project, version, rows))
        print(f"{path.name}: {len(rows)} names")


if __name__ == "__main__":
    main()
