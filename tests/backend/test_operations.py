"""Each operation of a backend: declared, described, and right for a GPU.

The classes are read as text, so that nothing has to run and no CuPy is
needed. `find_problems` is tried on a backend with planted mistakes, too.
"""

import ast
from pathlib import Path

import pytest

from skipgram_lib.backend import base, cupy

BASE = Path(base.__file__).read_text("utf-8")
CUPY = Path(cupy.__file__).read_text("utf-8")
# Calls through these names do their work on the host.
HOST = {"np", "os", "sp", "ThreadPoolExecutor"}


def methods_of(source, name):
    """Map the names of a class's methods to their definitions."""
    (found,) = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    return {
        node.name: node
        for node in found.body
        if isinstance(node, ast.FunctionDef)
    }


def functions_of(source):
    """Map the names of a module's functions to their definitions."""
    tree = ast.parse(source)
    return {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }


def first_name(node):
    """Return the name that ``a.b.c`` begins with, or None."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def host_calls(method, functions):
    """Calls in a method's body that only the host can make, as text.

    A function of the same module that the body names is read as well. One
    that asks for `array_module` may call what it likes: it knows where the
    array lies.
    """
    found, waiting, seen = [], [method], set()
    while waiting:
        body = [node for part in waiting.pop().body for node in ast.walk(part)]
        for node in body:
            if isinstance(node, ast.Call) and first_name(node.func) in HOST:
                found.append(ast.unparse(node.func))
            if isinstance(node, ast.Name) and node.id in functions:
                helper = functions[node.id]
                if "array_module" in ast.unparse(helper) or helper in seen:
                    continue
                seen.add(helper)
                waiting.append(helper)
    return found


def is_annotated(method):
    """Tell whether all of a method's parameters and its result have types."""
    given = method.args
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    typed = [one.annotation is not None for one in parameters[1:]]
    return all(typed) and method.returns is not None


def signature_of(method):
    """Return a method's parameters and result, as text."""
    result = ast.unparse(method.returns) if method.returns else ""
    return f"({ast.unparse(method.args)}) -> {result}"


def find_problems(base_source, other_source, other="CuPyBackend"):
    """Return what is wrong with the operations of `Backend` and another."""
    operations = methods_of(base_source, "Backend")
    own = methods_of(other_source, other)
    functions = functions_of(base_source)
    problems = []
    for name, method in operations.items():
        if not ast.get_docstring(method):
            problems.append(f"{name} has no docstring")
        if not is_annotated(method):
            problems.append(f"{name} lacks types")
        calls = host_calls(method, functions)
        if name not in own and calls:
            problems.append(f"{name} needs {calls[0]}, so override it")
    for name, method in own.items():
        if name.startswith("__"):
            continue
        if name not in operations:
            problems.append(f"{name} is no operation of Backend")
        elif signature_of(method) != signature_of(operations[name]):
            problems.append(f"{name} has another signature")
        if not ast.get_docstring(method):
            problems.append(f"{name} of {other} has no docstring")
    return problems


def test_the_backends_have_the_same_operations():
    assert find_problems(BASE, CUPY) == []


def test_the_check_sees_the_operations():
    operations = methods_of(BASE, "Backend")
    functions = functions_of(BASE)
    assert len(operations) >= 11
    on_host = {
        name
        for name, method in operations.items()
        if host_calls(method, functions)
    }
    assert on_host == {"to_numpy", "counted_gradients", "best_columns"}
    assert on_host <= methods_of(CUPY, "CuPyBackend").keys()


# (what stands there, what is planted, in CuPy's source, what is found)
PLANTED = {
    "no-docstring": (
        '        """Multiply two matrices."""\n',
        "",
        False,
        "matmul has no docstring",
    ),
    "no-type": (
        "def best_columns(self, scores: Array, topn: int)",
        "def best_columns(self, scores: Array, topn)",
        False,
        "best_columns lacks types",
    ),
    "no-result": (
        "def wait(self) -> None:",
        "def wait(self):",
        False,
        "wait lacks types",
    ),
    "host-only": (
        "joined: Array = self.xp.concatenate(log_sums)",
        "joined: Array = np.concatenate(log_sums)",
        False,
        None,  # CuPy has a form of its own
    ),
    "host-only-inherited": (
        "there: Array = self.xp.asarray(array, dtype)",
        "there: Array = np.asarray(array, dtype)",
        False,
        "asarray needs np.asarray, so override it",
    ),
    "host-only-in-a-function": (
        "    def best_columns(",
        "    def sort_columns(",
        True,
        "best_columns needs np.full, so override it",
    ),
    "threads-inherited": (
        "    def counted_gradients(",
        "    def cell_gradients(",
        True,
        "counted_gradients needs np.zeros_like, so override it",
    ),
    "no-operation": (
        "    def wait(self)",
        "    def await_all(self)",
        True,
        "await_all is no operation of Backend",
    ),
    "other-signature": (
        "def best_columns(self, scores: Array, topn: int)",
        "def best_columns(self, scores: Array, count: int)",
        True,
        "best_columns has another signature",
    ),
    "other-result": (
        "def rows_at_once(self, rows: int, row_bytes: int) -> int:",
        "def rows_at_once(self, rows: int, row_bytes: int) -> float:",
        True,
        "rows_at_once has another signature",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found(name):
    old, new, in_cupy, problem = PLANTED[name]
    sources = [BASE, CUPY]
    assert sources[in_cupy].count(old) == 1, f"write {name} anew"
    sources[in_cupy] = sources[in_cupy].replace(old, new)
    found = find_problems(*sources)
    assert problem in found if problem else found == []
