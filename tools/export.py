"""Write the exported modules of the library from the notebooks.

A cell that begins with ``#| export`` belongs to the notebook's own module,
which ``#| default_exp`` names; one with ``#| export model.training`` to that
module. Each module comes from one notebook; nbdev does the writing. The first
line of a module's docstring is the sentence under the notebook's title, or,
for its other modules, what ``#| module NAME SENTENCE`` says beside
``#| default_exp``.

    python tools/export.py [ROOT]          # write skipgram_lib/
    python tools/export.py --list [ROOT]   # name the files that are written
"""

import json
import re
import sys
from pathlib import Path

from fastcore.nbio import mk_cell
from nbdev.export import ExportModuleProc
from nbdev.maker import ModuleMaker
from nbdev.process import NBProcessor

LIBRARY = "skipgram_lib"
EXPORT = re.compile(r"^#\| *export(?: +([\w.]+))? *$", re.MULTILINE)
DEFAULT = re.compile(r"^#\| *default_exp +([\w.]+) *$", re.MULTILINE)
MODULE = re.compile(r"^#\| *module +([\w.]+) +(.+)$", re.MULTILINE)


def notebooks(root):
    """List the notebooks of the project, in the order of their names."""
    return sorted((root / "notebooks").glob("*.ipynb"))


def code_of(notebook):
    """Return the code of a notebook, a cell after the other."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = [c["source"] for c in cells if c["cell_type"] == "code"]
    return "\n\n".join("".join(source) for source in code)


def modules_of(notebook):
    """Map each module that a notebook exports to its sentence, or None.

    Raises
    ------
    ValueError
        If a cell is exported to the notebook's own module, and it has none.
    """
    code = code_of(notebook)
    own = DEFAULT.search(code)
    sentences = dict(MODULE.findall(code))
    found = {}
    for name in EXPORT.findall(code):
        if not name and own is None:
            raise ValueError(
                f"{notebook.name} exports a cell and names no module: its "
                "first cell needs `#| default_exp NAME`"
            )
        module = name or own[1]
        found[module] = sentences.get(module)
    return found


def exported_files(root):
    """Map the file of each exported module to the notebook it comes from.

    Raises
    ------
    ValueError
        If two notebooks export the same module.
    """
    found = {}
    for notebook in notebooks(root):
        for module in modules_of(notebook):
            file = f"{LIBRARY}/{module.replace('.', '/')}.py"
            if file in found:
                raise ValueError(
                    f"{file} is exported by {found[file].name} and by "
                    f"{notebook.name}; a module comes from one notebook"
                )
            found[file] = notebook
    return found


def export_notebook(notebook, library):
    """Write the modules of one notebook below the folder ``library``."""
    sentences = modules_of(notebook)
    chosen = ExportModuleProc()
    NBProcessor(notebook, [chosen]).process()
    for name, cells in chosen.modules.items():
        if not any(cell.cell_type == "code" for cell in cells):
            continue
        module = chosen.default_exp if name == "#" else name
        if sentence := sentences[module]:
            title = mk_cell(f"# {module}\n\n> {sentence}", "markdown")
            cells = [title, *cells]
        maker = ModuleMaker(dest=library, name=module, nb_path=notebook)
        maker.fname.parent.mkdir(parents=True, exist_ok=True)
        # From here no module of the library can be named relatively, so its
        # imports stay absolute, as in a notebook and in a plain module.
        here = maker.fname.parent / "here"
        maker.make(cells, chosen.in_all[name], lib_path=here)


def export(root):
    """Write every exported module of the project in the folder ``root``."""
    exported_files(root)
    for notebook in notebooks(root):
        export_notebook(notebook, root / LIBRARY)


def main(arguments):
    """Export, or list what is exported."""
    listed = "--list" in arguments
    places = [word for word in arguments if word != "--list"]
    root = Path(places[0] if places else ".").resolve()
    if listed:
        print(*sorted(exported_files(root)), sep="\n")
    else:
        export(root)


if __name__ == "__main__":
    main(sys.argv[1:])
