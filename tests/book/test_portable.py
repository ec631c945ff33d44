"""The hooks that make the site's pages of portable notebooks."""

import json
from types import SimpleNamespace

import click
import portable
import pytest
import reading
import reference

from skipgram_lib.apps.cli.program import MODULES, PROGRAM, find_command

TERMS = portable.read_terms(
    """\
```{glossary}
tokeniser
  A rule.

embedding
word vector
  A row.

analogy
  A {term}`word vector` question.

weight matrix
  `W_in`.

loss
  A number.
```
"""
)
EXERCISE = """\
### Exercise W7.1

What is *analogy*? Check it with `check("w07-1", x)`.

<details>
<summary>Hint</summary>

Look at (W7.2).

</details>

<details>
<summary>Solution</summary>

So:

```python
x = "$$ *loss*"
```

Then

````python
check("w07-1", x)  # ```
````

</details>"""


def convert(text, formulas=()):
    """Convert a cell of Markdown."""
    return portable.convert_cell(text, TERMS, set(formulas))


# --- Terms -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A *loss*.", "A {term}`loss <loss>`."),
        ("*Losses* fall.", "{term}`Losses <loss>` fall."),
        ("*analogies*,", "{term}`analogies <analogy>`,"),
        ("*Weight matrices*", "{term}`Weight matrices <weight matrix>`"),
        ("*word-vectors*", "{term}`word-vectors <word vector>`"),
        ("*word\nvectors*", "{term}`word vectors <word vector>`"),
        ("*Tokenizers*", "{term}`Tokenizers <tokeniser>`"),
        ("an *embedding*", "an {term}`embedding <embedding>`"),
        ("*soviet*", "*soviet*"),
        ("**loss**", "**loss**"),
        ("2 * loss * 3", "2 * loss * 3"),
        ("`*loss*`", "`*loss*`"),
        ("$*loss*$ and *loss*", "$*loss*$ and {term}`loss <loss>`"),
        ("[*loss*](x.ipynb)", "[*loss*](x.ipynb)"),
        ("# The *loss*", "# The *loss*"),
        ("```python\n*loss*\n```", "```python\n*loss*\n```"),
        ("$$\n*loss*\n$$", "$$\n*loss*\n$$"),
    ],
)
def test_emphasised_terms_are_linked(text, wanted):
    assert convert(text) == wanted


def test_every_line_above_a_definition_is_a_term():
    assert "word vector" in TERMS
    assert "embedding" in TERMS
    assert "a rule." not in TERMS


# --- Formulas ----------------------------------------------------------------


def test_a_numbered_formula_has_a_label_and_its_number_leads_there():
    text = "By (3.1) and (0.5):\n\n$$\na = b ,\n\\\\ c \\tag{3.1}\n$$\n\nx"
    assert convert(text, {"3.1"}) == (
        "By {eq}`eq-3-1` and (0.5):\n\n```{math}\n:label: eq-3-1\n\n"
        "a = b ,\n\\\\ c\n```\n\nx"
    )


def test_a_formula_without_a_number_stays():
    assert convert("$$\na\n$$") == "$$\na\n$$"
    assert convert("costs $5 and $6") == "costs $5 and $6"


def test_formulas_have_the_numbers_of_their_labels(tmp_path):
    source = ["$$\n", "x \\tag{W3.1}\n", "$$\n"]
    cells = [{"cell_type": "markdown", "source": source}]
    path = tmp_path / "workshop_03.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert portable.numbers_in(path) == ["W3.1"]
    numbers = {"displaymath": {"equation-eq-w3-1": (7,), "equation-a": (8,)}}

    chapters = {"notebooks/workshop_03": numbers, "book/a": {}}
    env = SimpleNamespace(toc_fignumbers=chapters)
    assert portable.number_formulas(None, env) == ["notebooks/workshop_03"]
    assert numbers["displaymath"]["equation-eq-w3-1"] == ("W3", "1")
    assert numbers["displaymath"]["equation-a"] == (8,)


# --- Exercises, folded parts, tools ------------------------------------------


@pytest.mark.parametrize(
    ("chapter", "key"), [("3", "03-1"), ("W7", "w07-1"), ("Q", "q-1")]
)
def test_an_exercise_has_the_key_of_its_chapter(chapter, key):
    assert portable.key_of(chapter, "1") == key
    match = reading.EXERCISE.match(f"ex-{key}")
    assert match["letter"].upper() + match["chapter"] == chapter


def test_an_exercise_becomes_what_the_site_knows():
    assert convert(EXERCISE, {"W7.2"}) == (
        "````{exercise}\n:label: ex-w07-1\n\n"
        'What is {term}`analogy <analogy>`? Check it with `check("w07-1", x)`.'
        "\n````\n\n"
        "````{admonition} Hint\n:class: dropdown hint\n\n"
        "Look at {eq}`eq-w7-2`.\n````\n\n"
        "`````{solution} ex-w07-1\n:class: dropdown\n\n"
        'So:\n\n```python\nx = "$$ *loss*"\n```\n\nThen\n\n'
        '````python\ncheck("w07-1", x)  # ```\n````\n`````'
    )


def test_the_code_of_a_solution_is_found():
    first, second = portable.solution_blocks(EXERCISE)
    assert first == 'x = "$$ *loss*"'
    assert second == 'check("w07-1", x)  # ```'
    assert portable.read_exercise("### Exercises are good") is None
    assert portable.read_exercise("Text\n\n### Exercise 3.1\n\nx") is None


def test_other_details_fold_too():
    text = "a\n\n<details>\n<summary>More</summary>\n\n*loss*\n\n</details>\n"
    assert convert(text) == (
        "a\n\n````{admonition} More\n:class: dropdown\n\n"
        "{term}`loss <loss>`\n````\n"
    )


def test_a_tool_has_its_place():
    shown = convert("A window:\n\n<!-- tool: window -->")
    assert '<div data-skipgram-tool="window"><p>' in shown
    assert convert("<!-- a remark -->") == "<!-- a remark -->"


def test_folded_cells_say_what_they_hold():
    def named(code="x = 1", figure=False, tags=()):
        metadata = {"tags": list(tags)}
        if figure:
            metadata["mystnb"] = {"figure": {"name": "fig-a"}}
        portable.name_folded(metadata, code)
        return metadata

    checked = named(tags=["check"])
    assert checked["tags"] == ["check", "hide-cell"]
    assert checked["mystnb"]["code_prompt_show"] == "Check"
    drawn = named(figure=True, tags=["hide-input"])["mystnb"]
    assert drawn["code_prompt_show"] == "Show the drawing code"
    assert drawn["figure"] == {"name": "fig-a"}
    defined = named("class A:\n    def b(self): ...", tags=["hide-input"])
    assert defined["mystnb"]["code_prompt_show"] == "Show the code of A"
    assert "mystnb" not in named()


def test_a_cell_of_a_notebook_stays_one_cell():
    cells = [
        {"cell_type": "markdown", "source": EXERCISE.splitlines(True)},
        {"cell_type": "code", "source": ["x = 1"], "metadata": {}},
        {"cell_type": "raw", "source": "*loss*"},
    ]
    notebook = {"cells": cells}
    portable.convert(notebook, TERMS, set())
    # live.py counts on it: a cell is found by its place.
    assert len(notebook["cells"]) == 3
    assert cells[0]["source"].startswith("````{exercise}")
    assert cells[2]["source"] == "*loss*"


# --- Numbers of chapters -----------------------------------------------------


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("notebooks/03_network", "3"),
        ("notebooks/workshop_10_more_text", "W10"),
        ("notebooks/guide_files", ""),
        ("notebooks/readers_questions", ""),
        ("book/quiz_1", ""),
    ],
)
def test_a_chapter_is_numbered_by_its_file(name, number):
    assert reading.number_of(name) == number


# --- The command line --------------------------------------------------------


def test_every_command_and_every_option_is_described():
    program, *commands = reference.describe_program()
    assert program["name"] == "skipgram"
    assert [c["name"] for c in commands] == [f"skipgram {n}" for n in MODULES]
    for name, described in zip(MODULES, commands, strict=True):
        command = find_command(name)
        typed = " ".join(
            usage
            for lines in described["sections"].values()
            for usage, _ in lines
        )
        for param in command.params:
            if isinstance(param, click.Argument):
                assert param.metavar in typed
            else:
                for option in [*param.opts, *param.secondary_opts]:
                    assert option in typed.split(), (name, option)
        assert described["examples"] == list(command.examples)
        # Click keeps the option for help that it made for the first context.
        program = PROGRAM.make_context("skipgram", ["--"])
        ctx = click.Context(command, parent=program, info_name=name)
        page = " ".join(command.get_help(ctx).split())
        for lines in described["sections"].values():
            for _, says in lines:
                assert says.split()[0] in page
    assert len(PROGRAM.params) == 2


def test_a_line_of_a_help_page_becomes_a_sentence():
    assert reference.sentence("draw the words") == "Draw the words."
    assert reference.sentence("P(nearby | word): x.") == "P(nearby | word): x."
    code, text = reference.text_nodes("`skipgram count` wrote it")[1:]
    assert code.astext() == "skipgram count"
    assert text.astext() == " wrote it"
