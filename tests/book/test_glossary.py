"""The glossary has the field's terms, under all their names."""

import re

import pytest

# In British and American spelling, written together and apart.
NAMES = """
regularisation regularization weight_decay L2_penalty overfitting
initialisation initialization hyperparameter epoch batch mini-batch minibatch
unigram_model embedding out_of_vocabulary out-of-vocabulary OOV CBOW
autoencoder auto-encoder PPMI one-hot learning_rate logit logits
gradient_descent backpropagation held-out_text subsampling Zipf softmax
cross-entropy Adam word_vector skip-gram negative_sampling perplexity
stochastic_gradient_descent SGD PMI plain_network nat
"""
TERMS = NAMES.split()


@pytest.fixture(scope="module")
def lines(root):
    """Return the terms of the glossary, in its order."""
    text = (root / "book" / "glossary.md").read_text(encoding="utf-8")
    (body,) = re.findall(r"```\{glossary\}\n(.*?)```", text, re.DOTALL)
    return re.findall(r"^(\S.*)$", body, re.MULTILINE)


@pytest.fixture(scope="module")
def entries(root):
    """Return the entries of the glossary: terms, definition."""
    text = (root / "book" / "glossary.md").read_text(encoding="utf-8")
    (body,) = re.findall(r"```\{glossary\}\n(.*?)```", text, re.DOTALL)
    pattern = r"((?:^\S.*\n)+)((?:^  .+\n)+)"
    return re.findall(pattern, body, re.MULTILINE)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_of_the_field_is_there(lines, term):
    assert term.replace("_", " ") in lines


def test_no_term_is_there_twice(lines):
    assert len({line.lower() for line in lines}) == len(lines)


def test_every_term_is_defined_in_the_order_of_the_alphabet(lines, entries):
    names = [terms.splitlines() for terms, _ in entries]
    assert sum(map(len, names)) == len(lines)
    first = [re.sub("[^a-z]", "", terms[0].lower()) for terms in names]
    assert first == sorted(first)


def test_every_term_that_is_linked_exists(root, lines):
    known = {line.lower() for line in lines}
    pages = sorted((root / "book").glob("*.md"))
    linked = {
        (page.name, " ".join((name or text).split()).lower())
        for page in pages
        for text, name in re.findall(
            r"\{term\}`([^`<]+?)(?: <([^>]+)>)?`", page.read_text("utf-8")
        )
    }
    assert len(linked) > 50
    assert [pair for pair in sorted(linked) if pair[1] not in known] == []
