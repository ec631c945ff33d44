"""Check the form of the notebooks: each was run, and is tidy.

    python tools/check_notebooks.py [NOTEBOOK ...]      # default: all

nbval runs the notebooks and compares their outputs. But it compares nothing
for a cell that has no execution count, so a notebook stripped of its counts
passes unread. This check closes that gap and holds the chapters to their
form: short cells, short lines, small files, no leftovers of an editor. A
guide, whose name begins with ``guide_``, uses the library and exports nothing.
Prose is portable Markdown, which any program shows that opens a notebook: no
role and no directive of the site's.
"""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import install_cells

ROOT = Path(__file__).resolve().parents[1]
# A cell that teaches is read at one glance: so many lines of code, where no
# docstring, import or comment counts. Of a function, the signature counts as
# one. A class is whole in one cell, and its methods are short like functions.
MAX_CELL_LINES = 30
MAX_FUNCTION_LINES = 20
# A cell tagged `check` is folded: nobody has to read it.
MAX_CHECK_LINES = 45
MAX_CLASS_LINES = 110
MAX_COLUMNS = 79
MAX_BYTES = 400_000
MIN_WORDS = 600
MIN_GUIDE_WORDS = 250
# A cell with one of these tags may end in an error: the chapter shows it.
MAY_FAIL = {"raises-exception"}

# What only the site would understand: roles, directives, labels.
SITE_ONLY = re.compile(
    r"\{[a-z][\w:-]*\}`|^ *(?:`{3,}|:{3,})\{|^:{3,}|^\([\w-]+\)=",
    re.MULTILINE,
)
FENCED = re.compile(r"^(`{3,}).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)

# What stays in a notebook: outputs, counts and ids. All else an editor adds
# is taken out by `make format` with these options, and reported with --verify.
NBSTRIPOUT = [
    "nbstripout",
    "--keep-output",
    "--keep-count",
    "--keep-id",
    "--extra-keys",
    "metadata.language_info.version",
]

# Calls that leave an output behind, wherever they stand in a cell.
SHOWS = re.compile(r"^(?:print|display|plt\.show)\(", re.MULTILINE)


def notebooks():
    """List the paths of the notebooks, in the order of their names."""
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


def is_guide(path):
    """Tell whether a notebook is a guide, and no chapter."""
    return path.name.startswith("guide_")


def source_of(cell):
    """Return the text of a cell as one string."""
    return "".join(cell["source"])


def prose_of(path):
    """Return the text of all cells of a notebook that are not code."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = [source_of(cell) for cell in cells if cell["cell_type"] != "code"]
    return "\n\n".join(prose)


def shows_something(source):
    """Tell whether a cell that ran must have an output.

    It must if it prints or shows a figure at the top level, or if its last
    line is an expression other than a call, such as ``x`` or ``x[0]``. A
    call may return None, and then it shows nothing.
    """
    if source.lstrip().startswith("%%"):
        return False
    code = without_magics(source)
    if SHOWS.search(code):
        return True
    body = ast.parse(code).body
    if not body or not isinstance(body[-1], ast.Expr):
        return False
    return not isinstance(body[-1].value, (ast.Call, ast.Constant, ast.Await))


def without_magics(source):
    """Write ``pass`` for the lines that are IPython's, not Python's."""
    return re.sub(r"^([ \t]*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


def prose_lines(tree):
    """Number the lines of docstrings and imports."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, documented) and ast.get_docstring(node):
            text = node.body[0]
            found.update(range(text.lineno, text.end_lineno + 1))
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(range(node.lineno, node.end_lineno + 1))
    return found


def code_lines(source, tree):
    """Number the lines that hold code: no docstring, import or comment."""
    prose = prose_lines(tree)
    return {
        number
        for number, line in enumerate(source.splitlines(), start=1)
        if number not in prose
        and line.strip()
        and not line.lstrip().startswith("#")
    }


def length_problems(source, most=MAX_CELL_LINES):
    """Yield, in phrases, what of a cell is too long."""
    if source.lstrip().startswith("%%"):
        length = len(source.splitlines())
        if length > MAX_CELL_LINES:
            yield f"has {length} lines, over {MAX_CELL_LINES}"
        return
    tree = ast.parse(without_magics(source))
    code = code_lines(source, tree)
    is_class = any(isinstance(node, ast.ClassDef) for node in tree.body)
    limit = MAX_CLASS_LINES if is_class else most
    if len(code) > limit:
        kind = " around a class" if is_class else ""
        yield f"has {len(code)} lines of code{kind}, over {limit}"
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = range(node.body[0].lineno, node.end_lineno + 1)
            length = 1 + len(code & set(body))
            if length > MAX_FUNCTION_LINES:
                yield (
                    f"has {length} lines of code in {node.name}, over "
                    f"{MAX_FUNCTION_LINES}"
                )


def code_problems(cells):
    """Yield what is wrong with the code cells that hold code."""
    counts = [cell["execution_count"] for cell in cells]
    if counts != list(range(1, len(cells) + 1)):
        yield f"was not run once from top to bottom: its counts are {counts}"
    for number, cell in enumerate(cells, start=1):
        source = source_of(cell)
        lines = source.split("\n")
        tags = set(cell["metadata"].get("tags", []))
        where = f"cell [{number}] ({lines[0][:40]!r})"
        most = MAX_CHECK_LINES if "check" in tags else MAX_CELL_LINES
        for phrase in length_problems(source, most):
            yield f"{where} {phrase}"
        for line in lines:
            # An address is as long as it is.
            is_address = install_cells.is_install(cell)
            if len(line) > MAX_COLUMNS and not is_address:
                yield f"{where} has a line over {MAX_COLUMNS} columns: {line}"
        if shows_something(source) and not cell["outputs"]:
            yield f"{where} shows something, and its output is not there"
        kinds = {output["output_type"] for output in cell["outputs"]}
        if "error" in kinds and not tags & MAY_FAIL:
            yield f"{where} ended in an error"
        if any(output.get("name") == "stderr" for output in cell["outputs"]):
            yield f"{where} wrote to stderr"


def prose_problems(cells):
    """Yield what of the prose not every program shows as it is meant."""
    for cell in cells:
        if cell["cell_type"] != "markdown":
            continue
        prose = source_of(cell)
        if found := SITE_ONLY.search(prose):
            line = prose[found.start() :].split("\n")[0]
            yield f"has a role or directive of the site: {line[:50]!r}"
        without_code = re.sub(r"`[^`]+`", "", FENCED.sub("", prose))
        if without_code.count("$$") % 2:
            yield f"opens a formula and does not close it: {prose[:50]!r}"


def problems(path):
    """List, in phrases, what is wrong with one notebook."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = notebook["cells"]
    found = []
    kernel = notebook["metadata"].get("kernelspec", {}).get("name")
    if kernel != "python3":
        found.append(f"names the kernel {kernel!r} instead of 'python3'")
    size = path.stat().st_size
    if size > MAX_BYTES:
        found.append(f"has {size:,} bytes, over {MAX_BYTES:,}")
    words = len(prose_of(path).split())
    least = MIN_GUIDE_WORDS if is_guide(path) else MIN_WORDS
    if words < least:
        found.append(f"has {words} words of prose, under {least}")
    if install_cells.differs(path, ROOT):
        found.append("has another first code cell: run `make format`")
    code = [c for c in cells if c["cell_type"] == "code" and source_of(c)]
    if is_guide(path) and any("#| export" in source_of(cell) for cell in code):
        found.append("exports something, and is a guide")
    return [*found, *prose_problems(cells), *code_problems(code)]


def leftovers(paths):
    """Name the notebooks from which `make format` would take something."""
    program = Path(sys.executable).with_name(NBSTRIPOUT[0])
    result = subprocess.run(
        [program, *NBSTRIPOUT[1:], "--verify", *paths],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return []
    said = (result.stdout + result.stderr).strip()
    return [f"An editor left its marks; run `make format`. {said}"]


def main():
    """Print every problem; exit with 1 if there is one."""
    paths = [Path(name) for name in sys.argv[1:]] or notebooks()
    found = [f"{p.name} {phrase}." for p in paths for phrase in problems(p)]
    found += leftovers(paths)
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found:
        sys.exit(1)
    print(f"{len(paths)} notebooks were run from top to bottom and are tidy.")


if __name__ == "__main__":
    main()
