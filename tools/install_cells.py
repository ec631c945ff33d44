"""Write the first code cell of each notebook: what it needs, or how to get it.

The cell imports the library, and where that is there it does nothing more.
Where it is not, the cell installs it from the public repository, whose address
is one setting, ``repository: url`` in ``_config.yml``. While that is empty,
the cell says how to install from a folder. `make format` runs this program,
and `make check-notebooks` verifies what it wrote.

    python tools/install_cells.py [ROOT]
"""

import json
import re
import sys
from pathlib import Path

import yaml

EXTRAS = "corpus,plots"
# Packages that only some notebooks need: what names them, and how they come,
# as an extra of the library or by their own name.
OPTIONAL = {
    "gensim": re.compile(r"\bimport gensim\b|\bfrom gensim\b|\bfind_test_set"),
    "distributed": re.compile(
        r"\bcounts\.cluster\b|\b(?:import|from) (?:dask|distributed|fsspec)\b"
    ),
}
AS_EXTRA = {"distributed"}
IDENT = "install"
# Cells with these names, of an earlier form, go.
OLD = {IDENT, "install-gensim"}
IMPORT = "import skipgram_lib\nexcept ModuleNotFoundError:"


def repository(root):
    """Return the address of the public repository; "" if there is none."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(text).get("repository") or {}
    return (settings.get("url") or "").strip().rstrip("/")


def needs_of(cells):
    """List the optional packages that some cells of a notebook need."""
    code = "\n".join(
        "".join(cell["source"])
        for cell in cells
        if cell["cell_type"] == "code" and not is_install(cell)
    )
    return [name for name, named in OPTIONAL.items() if named.search(code)]


def is_install(cell):
    """Tell whether a cell is one that this program writes."""
    text = re.sub(r"\n +", "\n", "".join(cell["source"]))
    return cell.get("id") in OLD or IMPORT in text


def source_of(url, needs):
    """Write the cell."""
    extras = ",".join([EXTRAS, *(n for n in needs if n in AS_EXTRA)])
    others = [name for name in needs if name not in AS_EXTRA]
    imports = sorted([*needs, "skipgram_lib"])
    lines = ["try:", *(f"    import {name}" for name in imports)]
    lines += ["except ModuleNotFoundError:"]
    if url:
        what = [f'"skipgram-lib[{extras}] @ git+{url}"', *others]
        lines += [f"    %pip install -q {' '.join(what)}"]
    else:
        what = [f"'.[{extras}]'", *others]
        lines += [
            "    raise ModuleNotFoundError(",
            f'        "this notebook needs {" and ".join(imports)}; "',
            '        "in the folder of this project, run: "',
            f'        "pip install {" ".join(what)}"',
            "    ) from None",
        ]
    return "\n".join(lines)


def install_cell(url, needs):
    """Return the cell, as a notebook holds one that was run."""
    return {
        "cell_type": "code",
        "execution_count": 1,
        "id": IDENT,
        "metadata": {"tags": ["machinery", "remove-cell"]},
        "outputs": [],
        "source": source_of(url, needs).splitlines(keepends=True),
    }


def with_cell(notebook, url):
    """Return a notebook with its first code cell as it has to be."""
    kept = [cell for cell in notebook["cells"] if not is_install(cell)]
    title, *rest = kept
    first = install_cell(url, needs_of(kept))
    cells = [title, first, *rest]
    # It prints nothing and defines nothing: only the counts move.
    ran = [c for c in cells if c.get("execution_count") is not None]
    for count, cell in enumerate(ran, start=1):
        cell["execution_count"] = count
        for output in cell["outputs"]:
            if "execution_count" in output:
                output["execution_count"] = count
    return notebook | {"cells": cells}


def written(notebook):
    """Write a notebook as Jupyter does."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=False)
    return text + "\n"


def differs(path, root):
    """Tell whether a notebook's first code cell is another."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    before = [dict(cell) for cell in notebook["cells"]]
    return with_cell(notebook, repository(root))["cells"] != before


def main(arguments):
    """Write the cell into every notebook of the project."""
    here = Path(__file__).resolve().parents[1]
    root = Path(arguments[0]).resolve() if arguments else here
    url = repository(root)
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        old = path.read_text(encoding="utf-8")
        new = written(with_cell(json.loads(old), url))
        if new != old:
            path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
