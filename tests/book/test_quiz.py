"""The quizzes: they end the chapters they ask about, and can be answered."""

import re

import pytest
import quiz
from docutils import nodes

QUIZZES = [f"quiz_{number}" for number in range(1, 8)]


@pytest.fixture(params=QUIZZES)
def text(request, root):
    """Return the text of a quiz."""
    path = root / "book" / f"{request.param}.md"
    return path.read_text(encoding="utf-8")


def questions(text):
    """List the questions of a page: the lines of their answers, by box."""
    bodies = re.findall(
        r"^```\{question\} [^\n]+\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    return [
        re.findall(r"^- \[([ x])\] (.+)$", body, re.MULTILINE)
        for body in bodies
    ]


def test_a_quiz_is_short_and_has_one_right_answer_each(text):
    found = questions(text)
    assert 3 <= len(found) <= 8
    for answers in found:
        assert len(answers) >= 3
        assert [box for box, _ in answers].count("x") == 1
        lines = [line for _, line in answers]
        assert len(set(lines)) == len(lines)


def test_the_right_answer_is_not_always_in_the_same_place(root):
    texts = [
        (root / "book" / f"{name}.md").read_text(encoding="utf-8")
        for name in QUIZZES
    ]
    places = [
        [box for box, _ in answers].index("x")
        for text in texts
        for answers in questions(text)
    ]
    assert all(places.count(place) >= 5 for place in (0, 1, 2)), places


# The last chapter that each asks about.
AFTER = {
    "quiz_1": "02_words",
    "quiz_2": "05_learning",
    "quiz_3": "08_answers",
    "quiz_4": "workshop_04_initialisation",
    "quiz_5": "workshop_08_evaluation",
    "quiz_6": "workshop_10_more_text",
    "quiz_7": "readers_questions",
}


def test_a_quiz_ends_the_chapters_it_asks_about(root):
    text = (root / "_toc.yml").read_text(encoding="utf-8")
    pattern = r"file: notebooks/(\w+)\n +sections:\n +- file: book/(quiz_\d)$"
    listed = re.findall(pattern, text, re.MULTILINE)
    assert {quiz: chapter for chapter, quiz in listed} == AFTER
    assert text.count("book/quiz_") == len(AFTER) == len(QUIZZES)


# --- The directive ---------------------------------------------------------


def line(text):
    """Return the line of an answer, as docutils has it."""
    return nodes.paragraph("", text)


def test_a_box_is_read_and_taken_off():
    right, wrong = line("[x] because"), line("[ ] never")
    assert quiz.open_box(right) is True
    assert quiz.open_box(wrong) is False
    assert (right.astext(), wrong.astext()) == ("because", "never")


@pytest.mark.parametrize("text", ["because", "[] because", "[y] because"])
def test_a_line_without_a_box_is_noticed(text):
    assert quiz.open_box(line(text)) is None


def test_a_line_without_text_is_noticed():
    assert quiz.open_box(nodes.paragraph()) is None


def build(folder, body):
    """Build a page of one question; return its HTML, or what was said."""
    from sphinx.application import Sphinx

    source, out = folder / "source", folder / "out"
    source.mkdir()
    (source / "conf.py").write_text(
        'extensions = ["myst_parser", "quiz"]\n', encoding="utf-8"
    )
    (source / "index.md").write_text(f"# Quiz\n\n{body}", encoding="utf-8")
    with (folder / "said.txt").open("w+", encoding="utf-8") as said:
        Sphinx(
            source, source, out, folder / "trees", "html", {}, said, said
        ).build()
        said.seek(0)
        return (out / "index.html").read_text("utf-8"), said.read()


GOOD = """```{question} What is *softmax*?
- [ ] A word

  No.
- [x] A function

  It gives probabilities.
- [ ] A matrix

  No.
```
"""


def test_a_question_becomes_radio_buttons(tmp_path):
    html, said = build(tmp_path, GOOD)
    assert "build succeeded." in said
    assert html.count('type="radio" name="index-0"') == 3
    assert "<legend>What is <em>softmax</em>?</legend>" in html
    right = html.split("quiz-right")[1].split("quiz-wrong")[0]
    assert "A function" in right
    assert "Right.</p><p>It gives probabilities." in right
    assert "quiz.js" in html


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (GOOD.replace("[x]", "[ ]"), "0 of them right"),
        (GOOD.replace("[ ]", "[x]", 1), "2 of them right"),
        (GOOD.replace("- [ ] A matrix\n\n  No.\n", ""), "has 2 answers"),
        (GOOD.replace("- [ ] A word", "- A word"), "needs a box"),
        (GOOD.replace("  It gives probabilities.\n", ""), "a reason below it"),
        ("```{question} What?\nThis.\n```\n", "needs a list of answers"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(tmp_path, body, said):
    html, heard = build(tmp_path, body)
    assert said in heard
    assert "quiz-answer" not in html
    assert "quiz.js" not in html
