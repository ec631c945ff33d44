"""Find what a source asks of `xp` and CuPy does not have.

No array is made and nothing is run: names, keywords and numbers of
arguments are compared with `cupy_api.json`. In the folder `tests`::

    shopt -s globstar  # of bash
    python -m cupy_on_cpu.check_xp ../skipgram_lib/**/*.py ../notebooks/*.ipynb
"""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from . import api

# Names that stand for the library wherever they occur.
ALIASES = {"xp": "cupy", "cp": "cupy", "cupy": "cupy", "cupyx": "cupyx"}


@dataclass(frozen=True)
class Finding:
    """Something that CuPy does not have.

    Attributes
    ----------
    where : file, or file and cell
    line : from 1
    use : as it stands in the source, such as ``xp.take``
    problem : what is wrong, a sentence
    """

    where: str
    line: int
    use: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.use}: {self.problem}"


@dataclass(frozen=True)
class Use:
    """A name of CuPy in a source.

    Attributes
    ----------
    node : where
    text : as it stands there
    names : CuPy's, such as ["cupy", "linalg", "norm"]
    call : the call, if it is called there
    """

    node: ast.AST
    text: str
    names: list[str]
    call: ast.Call | None = None


def split_names(node: ast.AST) -> list[str]:
    """Return ``a.b.c`` as a list; empty if it begins with no name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def is_absolute(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    """Tell whether a node is ``from a.b import c``, not ``from .b``."""
    return isinstance(node, ast.ImportFrom) and not node.level


def imported_names(tree: ast.AST) -> dict[str, str]:
    """Return what the imports of a source call the parts of CuPy."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                if one.asname:
                    found[one.asname] = one.name
        elif is_absolute(node):
            for one in node.names:
                found[one.asname or one.name] = f"{node.module}.{one.name}"
    return {
        name: place
        for name, place in found.items()
        if place.partition(".")[0] in ("cupy", "cupyx")
    }


def cupy_names(names: list[str], aliases: dict[str, str]) -> list[str]:
    """Return the names as CuPy's, or an empty list if they are not."""
    if names and names[0] in aliases:
        return [*aliases[names[0]].split("."), *names[1:]]
    if "xp" in names:
        return ["cupy", *names[names.index("xp") + 1 :]]
    return []


def find_uses(tree: ast.AST) -> Iterator[Use]:
    """Yield every name of CuPy in a source, the longest form of each."""
    aliases = ALIASES | imported_names(tree)
    calls = {
        node.func: node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    inner = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    }
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and node not in inner:
            text = split_names(node)
            names = cupy_names(text, aliases)
            if len(names) > 1:
                yield Use(node, ".".join(text), names, calls.get(node))
        elif is_absolute(node):
            for one in node.names:
                names = [*(node.module or "").split("."), one.name]
                if names[0] in ("cupy", "cupyx"):
                    yield Use(node, ".".join(names), names)


def find_problem(use: Use) -> str | None:
    """Say what CuPy lacks, or None."""
    place, names = use.names[0], use.names[1:]
    while names and api.is_place(f"{place}.{names[0]}"):
        place = f"{place}.{names.pop(0)}"
    if not names or names[0].startswith("__"):
        return None
    name, *rest = names
    if not api.has(place, name):
        return f"CuPy's {place} has no {name}"
    if rest and name in api.API["ufuncs"]:
        known = rest[0] in api.API["ufunc_methods"]
        return None if known else f"CuPy's ufuncs have no {rest[0]}"
    return None if rest else find_bad_call(place, name, use.call)


def find_bad_call(place: str, name: str, call: ast.Call | None) -> str | None:
    """Say what CuPy's function does not take, or None."""
    if call is None:
        return None
    starred = any(isinstance(one, ast.Starred) for one in call.args)
    keywords = [one.arg for one in call.keywords if one.arg]
    positional = 0 if starred else len(call.args)
    return api.complaint(place, name, positional, keywords)


def check_source(source: str, where: str = "source") -> list[Finding]:
    """Return what is wrong in a source."""
    findings = []
    for use in find_uses(ast.parse(source)):
        if problem := find_problem(use):
            line = getattr(use.node, "lineno", 0)
            findings.append(Finding(where, line, use.text, problem))
    return sorted(findings, key=lambda one: one.line)


def without_magics(source: str) -> str:
    """Return a cell with IPython's own lines made Python's."""
    if source.startswith("%%"):
        return ""
    lines = []
    for line in source.splitlines():
        bare = line.lstrip()
        magic = bare[:1] in ("%", "!", "?")
        lines.append(line[: -len(bare)] + "pass" if magic else line)
    return "\n".join(lines)


def read_sources(path: str | Path) -> list[tuple[str, str]]:
    """Return (where, source) of a module, or of each cell of a notebook."""
    path = Path(path)
    text = path.read_text("utf-8")
    if path.suffix != ".ipynb":
        return [(str(path), text)]
    return [
        (f"{path} cell {i}", without_magics("".join(cell["source"])))
        for i, cell in enumerate(json.loads(text)["cells"])
        if cell["cell_type"] == "code"
    ]


def check_files(paths: list[str | Path]) -> list[Finding]:
    """Return what is wrong in modules and notebooks."""
    return [
        finding
        for path in paths
        for where, source in read_sources(path)
        for finding in check_source(source, where)
    ]


def main(paths: list[str]) -> int:
    """Print the findings; return 1 if there are any."""
    findings = check_files(list(paths))
    for finding in findings:
        print(finding)
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
