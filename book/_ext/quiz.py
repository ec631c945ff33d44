"""Sphinx directive for a question with answers to choose from.

A page asks like this, in MyST::

    ```{question} What does the network learn from?
    - [ ] From the order of the words.

      A pair forgets its position.
    - [x] From how often words meet.

      Nothing else is left of the text.
    ```

Each answer is a list item: a box, a line, and below it the reason why it is
right or wrong. The reader picks an answer and sees its reason. That needs no
JavaScript: the page's style shows the reason of the answer that is picked.
`quiz.js` adds the verdict for a screen reader, and keeps the score.
"""

import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

BOX = re.compile(r"\[(?P<mark>[ x])\]\s+")


class question(nodes.General, nodes.Element):  # noqa: N801
    """A question: its text, then its answers."""


class question_text(nodes.General, nodes.TextElement):  # noqa: N801
    """What is asked."""


class answer(nodes.General, nodes.Element):  # noqa: N801
    """An answer: its line, then the reason."""


class answer_text(nodes.General, nodes.TextElement):  # noqa: N801
    """The line of an answer."""


class reason(nodes.General, nodes.Element):  # noqa: N801
    """Why an answer is right, or wrong."""


def open_box(paragraph):
    """Take the box off an answer's line; tell whether it is ticked.

    Returns None where there is no box.
    """
    first = paragraph[0] if len(paragraph) else None
    match = (
        BOX.match(first.astext()) if isinstance(first, nodes.Text) else None
    )
    if match is None:
        return None
    paragraph[0] = nodes.Text(first.astext()[match.end() :])
    return match["mark"] == "x"


class QuestionDirective(SphinxDirective):
    """A question and its answers, one of them right."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self):
        """Turn the list of answers into nodes."""
        asked = self.arguments[0]
        body = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, body)
        if len(body) != 1 or not isinstance(body[0], nodes.bullet_list):
            raise self.error(
                f"the question {asked!r} needs a list of answers and nothing "
                "else below it"
            )
        number = self.env.new_serialno("question")
        page = self.env.docname.replace("/", "-").replace("_", "-")
        whole = question(name=f"{page}-{number}")
        inline, _ = self.state.inline_text(asked, self.lineno)
        whole += question_text("", "", *inline)
        whole += [
            self.make_answer(item, f"{page}-{number}-{place}")
            for place, item in enumerate(body[0])
        ]
        right = sum(one["right"] for one in whole[1:])
        if right != 1 or len(whole) < 4:
            raise self.error(
                f"the question {asked!r} has {len(whole) - 1} answers, "
                f"{right} of them right; it needs three or more, and one"
            )
        return [whole]

    def make_answer(self, item, name):
        """Turn an item of the list into an answer."""
        line, *why = item.children
        right = open_box(line)
        if right is None or not why:
            raise self.error(
                f"the answer {line.astext()!r} needs a box, [ ] or [x], "
                "before its line, and a reason below it"
            )
        return answer(
            "",
            answer_text("", "", *line.children),
            reason("", *why, right=right),
            name=name,
            right=right,
        )


# --- HTML --------------------------------------------------------------------


def visit_question(writer, node):
    """Begin a group of radio buttons."""
    writer.body.append('<fieldset class="quiz">')


def depart_question(writer, node):
    """End the group; the verdict is told here to a screen reader."""
    writer.body.append('<p class="quiz-told" role="status"></p></fieldset>\n')


def visit_answer(writer, node):
    """Begin an answer with its button."""
    side = "quiz-right" if node["right"] else "quiz-wrong"
    group = node.parent["name"]
    writer.body.append(
        f'<div class="quiz-answer {side}">'
        f'<input type="radio" name="{group}" id="{node["name"]}">'
    )


def visit_answer_text(writer, node):
    """Begin the label of the button."""
    writer.body.append(f'<label for="{node.parent["name"]}">')


def visit_reason(writer, node):
    """Begin the reason with the verdict."""
    said = "Right." if node["right"] else "Not quite."
    writer.body.append(
        f'<div class="quiz-reason"><p class="quiz-verdict">{said}</p>'
    )


def text(before):
    """Return a visitor that writes the same text for every node."""
    return lambda writer, node: writer.body.append(before)


HTML = {
    question: (visit_question, depart_question),
    question_text: (text("<legend>"), text("</legend>")),
    answer: (visit_answer, text("</div>\n")),
    answer_text: (visit_answer_text, text("</label>")),
    reason: (visit_reason, text("</div>")),
}


def on_page(app, pagename, templatename, context, doctree):
    """Load the style and the script on pages that ask something."""
    if doctree is not None and next(doctree.findall(question), None):
        app.add_css_file("quiz.css")
        app.add_js_file("quiz.js", loading_method="defer")


def setup(app):
    """Connect the directive to Sphinx."""
    for node, visitors in HTML.items():
        app.add_node(node, html=visitors)
    app.add_directive("question", QuestionDirective)
    app.connect("html-page-context", on_page)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
