"""Sphinx hook for the reference: what is written from the library itself.

* ``{modules} counts`` lists the pages in ``book/api/counts``, one a module,
  each with the first sentence of the module.
* ``{commands}`` describes every command of the program, with every option:
  what its help page says.
"""

from importlib import import_module

import click
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from skipgram_lib.apps.cli.options import help_sections
from skipgram_lib.apps.cli.program import PROGRAM

FOLDER = "book/api/"
PROGRAM_PARTS = []


# --- Modules -----------------------------------------------------------------


class ModuleList(nodes.General, nodes.Element):
    """Stands for a list of modules until all pages are known."""


class Modules(SphinxDirective):
    """``{modules} counts``: a line for each page of a folder."""

    required_arguments = 1

    def run(self):
        """Leave a place for the list."""
        folder = FOLDER + self.arguments[0].replace(".", "/")
        return [ModuleList(folder=folder)]


def list_modules(app, doctree, docname):
    """Put the lists of modules in their places."""
    for place in list(doctree.findall(ModuleList)):
        found = nodes.bullet_list()
        for name in sorted(app.env.found_docs):
            if place["folder"] not in (name, name.rpartition("/")[0]):
                continue
            module = name.removeprefix(FOLDER).replace("/", ".")
            said = import_module(f"skipgram_lib.{module}").__doc__
            uri = app.builder.get_relative_uri(docname, name)
            link = nodes.reference("", "", internal=True, refuri=uri)
            link += nodes.literal(text=module)
            line = nodes.paragraph("", "", link)
            line += nodes.Text(f": {said.splitlines()[0]}")
            found += nodes.list_item("", line)
        place.replace_self(found)


# --- Commands ----------------------------------------------------------------


def describe(command, ctx):
    """What the help page of a command says, in parts."""
    sections = help_sections(ctx)
    return {
        "name": ctx.command_path,
        "about": command.help,
        "usage": command.get_usage(ctx).removeprefix("Usage: "),
        "sections": {name: lines for name, lines in sections.items() if lines},
        "examples": list(getattr(command, "examples", [])),
    }


def describe_program():
    """Describe the program and each of its commands."""
    program = PROGRAM.make_context("skipgram", ["--"])
    found = [describe(PROGRAM, program)]
    for name in PROGRAM.list_commands(program):
        command = PROGRAM.get_command(program, name)
        ctx = click.Context(command, parent=program, info_name=name)
        found.append(describe(command, ctx))
    return found


def text_nodes(text):
    """Part a line of a help page into words and `code`."""
    kinds = nodes.Text, lambda code: nodes.literal(text=code)
    return [kinds[i % 2](part) for i, part in enumerate(text.split("`"))]


def described(lines):
    """A list of what is typed, each with what it means."""
    found = nodes.definition_list(classes=["command-options"])
    for usage, text in lines:
        term = nodes.term("", "", nodes.literal(text=usage))
        says = nodes.definition("", nodes.paragraph("", "", *text_nodes(text)))
        found += nodes.definition_list_item("", term, says)
    return found


def command_section(about):
    """Write the description of a command as a section of the page."""
    name, usage = about["name"], about["usage"]
    title = nodes.title(text=name)
    section = nodes.section("", title, ids=[nodes.make_id(name)])
    section += nodes.paragraph(text=sentence(about["about"]))
    section += nodes.literal_block(usage, usage, language="text")
    for heading, lines in about["sections"].items():
        section += nodes.rubric(text=heading.capitalize())
        section += described(lines)
    if examples := "\n".join(about["examples"]):
        section += nodes.rubric(text="Examples")
        section += nodes.literal_block(examples, examples, language="sh")
    return section


def sentence(text):
    """Write a line of a help page as a sentence."""
    text = " ".join(text.split())
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


class Commands(SphinxDirective):
    """``{commands}``: the program, and each of its commands."""

    def run(self):
        """Write a section for each."""
        return [command_section(about) for about in PROGRAM_PARTS]


def setup(app):
    """Connect the directives to Sphinx."""
    # Before autodoc rewrites the signatures that hold the defaults.
    PROGRAM_PARTS[:] = describe_program()
    app.add_node(ModuleList)
    app.add_directive("modules", Modules)
    app.add_directive("commands", Commands)
    app.connect("doctree-resolved", list_modules)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
