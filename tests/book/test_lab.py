"""The tools for a reader's own text, in a browser, against the library."""

import re
import time

import numpy as np
import pytest
from helpers import assert_same_weights, random_network
from pages import barriers, is_too_wide, opened

from skipgram_lib.apps.layout import principal_plane
from skipgram_lib.counts.counts import (
    count_pairs,
    entropy_floor,
    unigram_entropy,
)
from skipgram_lib.counts.windows import training_pairs
from skipgram_lib.model.network import Network
from skipgram_lib.model.optimiser import Adam
from skipgram_lib.story.counting import loss_and_gradients
from skipgram_lib.text.tokens import tokenize
from skipgram_lib.text.vocabulary import Vocabulary

# A browser computes the same wherever the library does.
pytestmark = pytest.mark.slow

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lab</title>
<link rel="stylesheet" href="{folder}/lab.css">
<style>
  :root {{ color-scheme: light dark; }}
  body {{ margin: 1rem; font-family: sans-serif; }}
  @media (prefers-color-scheme: dark) {{
    html:not([data-theme="light"]) body {{ background: #14181e; color: #eee; }}
  }}
</style>
</head>
<body>
<main>
<h1>Lab</h1>
<h2>Window</h2>
<div id="window" data-skipgram-tool="window"><p>No script.</p></div>
<h2>Training</h2>
<div id="training" data-skipgram-tool="train"><p>No script.</p></div>
</main>
<script src="{folder}/lab.js"></script>
</body>
</html>
"""
# Runs of letters with everything that may stand between them.
ODD = "aZ'\u2019\u02bc-9 \n\u0130\u212a\u00e9\u0301\U0001f98a\u200b"
TEXT = """new york city
new york state
new york harbor
new york kangaroo
alone
new jersey state, isn't it"""


@pytest.fixture(scope="module")
def address(root, tmp_path_factory):
    """Write a page with both tools; return its path."""
    path = tmp_path_factory.mktemp("lab") / "lab.html"
    folder = (root / "book" / "_static").as_uri()
    path.write_text(PAGE.format(folder=folder), encoding="utf-8")
    return path


def unfold(page):
    """Open the training, which is made then; return it."""
    page.locator("#training summary").click()
    page.get_by_label("Your sentences, one a line").wait_for()
    return page.locator("#training")


@pytest.fixture
def page(browser, address):
    """Open the page with both tools."""
    with opened(browser, address) as page:
        unfold(page)
        yield page


@pytest.fixture
def bench(page):
    """Return the tool with the window."""
    return page.locator("#window")


@pytest.fixture
def training(page):
    """Return the tool with the training."""
    return page.locator("#training")


def call(page, code, argument=None):
    """Evaluate JavaScript that may use `net`, the mathematics."""
    return page.evaluate(
        f"(given) => {{ const net = SkipgramLab.network; {code} }}", argument
    )


# --- The mathematics, against the library ------------------------------------


def documents():
    """Token lists of the little text."""
    return [tokenize(line, "ascii") for line in TEXT.split("\n")]


def counted(window):
    """Vocabulary and counts of the little text, by the library."""
    vocabulary = Vocabulary.from_tokens(documents())
    counts = count_pairs(
        documents(),
        vocabulary=vocabulary,
        window=window,
        shrink_windows=False,
        sample=None,
    )
    return vocabulary, counts.matrix()


def mean_gradients(network, N):
    """Loss and gradients of all counts, a pair."""
    rows = np.arange(len(N))
    loss, *slopes = loss_and_gradients(network, rows, N)
    return loss / N.sum(), Network(*(slope / N.sum() for slope in slopes))


def flat(network):
    """Return a network as JavaScript takes it."""
    (V, D), arrays = network.W_in.shape, vars(network)
    return {"V": V, "D": D} | {
        k: a.ravel().tolist() for k, a in arrays.items()
    }


def as_network(found, V, D):
    """Return what JavaScript gave as a network."""
    shapes = {"W_in": (V, D), "W_out": (V, D), "bias": (V,)}
    arrays = {k: np.reshape(found[k], shape) for k, shape in shapes.items()}
    return Network(**arrays)


# Lists become arrays of numbers, and arrays lists, on the way.
NETWORK = """
  const names = ["W_in", "W_out", "bias"];
  const network = { V: given.V, D: given.D };
  for (const name of names) network[name] = Float64Array.from(given[name]);
  const lists = (arrays) =>
    Object.fromEntries(names.map((name) => [name, [...arrays[name]]]));
"""


def test_every_character_is_read_as_the_library_reads_it(page):
    codes = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    text = " ".join(f"a{chr(c)}b" for c in codes)
    found = call(page, 'return net.tokenize(given).join(" ");', text)
    # A million words: it would take long to show how they differ.
    same = found == " ".join(tokenize(text, "ascii"))
    assert same


def test_apostrophes_and_odd_signs_in_any_order(page):
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list(ODD), 12)) for _ in range(3_000)]
    found = call(page, "return given.map(net.tokenize);", texts)
    assert found == [tokenize(text, "ascii") for text in texts]


@pytest.mark.parametrize("window", [1, 2, 5, 10])
def test_pairs_are_the_librarys(page, window):
    tokens = tokenize(TEXT, "ascii")
    found = call(page, "return net.pairs(...given);", [tokens, window])
    assert found == training_pairs(tokens, window).tolist()


def test_windows_that_shrink_give_the_librarys_pairs(page):
    tokens, window = tokenize(TEXT, "ascii"), 4
    drawn = np.random.default_rng(7).integers(
        1, window, len(tokens), endpoint=True
    )
    given = [tokens, window, drawn.tolist()]
    found = call(page, "return net.pairs(...given);", given)
    wanted = training_pairs(tokens, window, "both", True, rng=7)
    assert found == wanted.tolist()


@pytest.mark.parametrize("window", [1, 2, 10])
def test_vocabulary_counts_and_marks_are_the_librarys(page, window):
    found = call(
        page,
        """
        const documents = net.documentsOf(given[0]);
        const vocabulary = net.vocabularyOf(documents);
        const V = vocabulary.words.length;
        const ids = documents.map((d) => net.encode(d, vocabulary));
        const N = net.counts(ids, given[1], V);
        return {
          words: vocabulary.words, often: vocabulary.frequencies, N: [...N],
          marks: [net.floor(N, V), net.frequencyEntropy(N, V)],
        };
        """,
        [TEXT, window],
    )
    vocabulary, N = counted(window)
    assert found["words"] == vocabulary.words
    assert found["often"] == vocabulary.frequencies.tolist()
    assert found["N"] == N.toarray().ravel().tolist()
    marks = [entropy_floor(N), unigram_entropy(N)]
    np.testing.assert_allclose(found["marks"], marks, rtol=0, atol=1e-12)


def test_a_small_vocabulary_drops_the_other_words(page):
    code = """
      const all = net.documentsOf(given);
      const vocabulary = net.vocabularyOf(all, 3);
      return [vocabulary.words, net.encode(all[0], vocabulary)];
    """
    words, ids = call(page, code, TEXT)
    few = Vocabulary.from_tokens(documents(), max_size=3)
    assert words == few.words
    assert ids == few.encode(documents()[0]).tolist()


@pytest.mark.parametrize("D", [1, 2, 7])
def test_loss_and_gradients_are_the_librarys(page, D):
    vocabulary, N = counted(2)
    N, V = N.toarray(), len(vocabulary)
    assert (N.sum(axis=1) == 0).any(), "a word without pairs is tried, too"
    network = random_network(V, D, seed=D)
    code = """
      const N = Float64Array.from(given.N);
      const slope = net.gradients(network, N);
      return { loss: net.loss(network, N), with: slope.loss, ...lists(slope) };
    """
    given = flat(network) | {"N": N.ravel().tolist()}
    found = call(page, NETWORK + code, given)
    loss, slope = mean_gradients(network, N)
    assert found["loss"] == pytest.approx(loss, abs=1e-9)
    assert found["with"] == pytest.approx(loss, abs=1e-9)
    assert_same_weights(as_network(found, V, D), slope, tolerance=1e-9)


def test_scores_that_are_huge_give_a_finite_loss(page):
    vocabulary, N = counted(1)
    N, V = N.toarray(), len(vocabulary)
    network = random_network(V, 3, seed=1, scale=40)
    given = flat(network) | {"N": N.ravel().tolist()}
    code = "return net.loss(network, Float64Array.from(given.N));"
    found = call(page, NETWORK + code, given)
    loss, _ = mean_gradients(network, N)
    assert found == pytest.approx(loss, rel=1e-9)


@pytest.mark.parametrize("kind", ["descent", "adam"])
def test_steps_are_those_of_the_chapters(page, kind):
    vocabulary, N = counted(2)
    N, V = N.toarray(), len(vocabulary)
    network = random_network(V, 4, seed=5)
    code = """
      const N = Float64Array.from(given.N);
      const memory = given.kind === "adam" ? {} : null;
      for (let t = 0; t < 5; t++) net.step(network, N, 0.1, memory);
      return lists(network);
    """
    given = flat(network) | {"N": N.ravel().tolist(), "kind": kind}
    found = call(page, NETWORK + code, given)
    movers = [Adam.over(array) for array in vars(network).values()]
    for t in range(1, 6):
        _, slope = mean_gradients(network, N)
        for mover, g in zip(movers, vars(slope).values(), strict=True):
            if kind == "adam":
                mover.step(g, 0.1, t)
            else:
                mover.weights -= 0.1 * g
    assert_same_weights(as_network(found, V, 4), network, tolerance=1e-9)


def test_first_weights_are_small_random_and_follow_from_the_seed(page):
    code = """
      const [one, same, other] = [3, 3, 4].map((seed) =>
        net.initial(200, 32, seed, 0.03));
      return [one, same, other].map((n) => [...n.W_in, ...n.W_out, ...n.bias]);
    """
    one, same, other = (np.array(w) for w in call(page, code))
    assert (one == same).all()
    assert not (one == other).all()
    weights, bias = one[:12_800], one[12_800:]
    assert not bias.any()
    assert abs(weights.mean()) < 0.001
    assert weights.std() == pytest.approx(0.03, rel=0.03)
    assert len(np.unique(weights)) == len(weights)


def test_the_map_is_the_plane_of_most_variance(page):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 6)) * [1, 5, 1, 3, 1, 1] + 7
    given = {"rows": rows.ravel().tolist(), "V": 30, "D": 6}
    code = "return net.plane(given.rows, given.V, given.D, null).places;"
    found = np.array(call(page, code, given))
    wanted, _ = principal_plane(rows)
    signs = np.sign((found * wanted).sum(axis=0))
    np.testing.assert_allclose(found * signs, wanted, rtol=0, atol=1e-6)


def test_the_map_moves_no_further_than_the_weights(page):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(30, 6)) * [1, 5, 1, 3, 1, 1]
    moved = rows + rng.normal(0, 0.01, rows.shape)
    given = {"rows": rows.ravel().tolist(), "moved": moved.ravel().tolist()}
    code = """
      const one = net.plane(given.rows, 30, 6, null);
      const two = net.plane(given.moved, 30, 6, one.basis, 4);
      return [one.places, two.places];
    """
    one, two = np.array(call(page, code, given))
    assert 0 < abs(one - two).max() < 0.1


def test_a_map_of_equal_rows_is_a_point(page):
    found = call(page, "return net.plane(given, 3, 2, null).places;", [1] * 6)
    assert np.array(found) == pytest.approx(np.zeros((3, 2)), abs=1e-12)


# --- The window --------------------------------------------------------------


def samples(bench):
    """Return the samples listed, as pairs."""
    found = bench.locator(".lab-sample").all_inner_texts()
    return [text.strip("()").split(", ") for text in found]


def centre(bench):
    """Return the word in the middle of the window."""
    return bench.locator(".lab-centre").inner_text()


def around(bench):
    """Return the words that the window holds beside it."""
    return bench.locator(".lab-context").all_inner_texts()


def write(bench, text):
    """Type a text; the tool takes it after a moment."""
    bench.get_by_label("Your sentence").fill(text)
    bench.page.wait_for_timeout(400)


def slider_of(bench, label):
    """Return the slider with a label."""
    return bench.get_by_role("slider", name=label, exact=True)


def set_range(bench, label, value):
    """Move a slider, as a reader's hand would."""
    slider_of(bench, label).evaluate(
        """(slider, value) => {
          slider.value = value;
          slider.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        str(value),
    )


def test_the_last_place_shows_all_samples_of_the_text(bench):
    text = "It isn’t the Fox, it's the DOG!"
    write(bench, text)
    for window in (1, 3, 10):
        set_range(bench, "Window", window)
        set_range(bench, "Centre word", 99)
        wanted = training_pairs(tokenize(text, "ascii"), window).tolist()
        assert samples(bench) == wanted
        total = bench.locator(".lab-total").inner_text()
        assert total.startswith(f"{len(wanted)} samples so far")


def test_samples_appear_as_the_window_moves(bench):
    assert (centre(bench), around(bench)) == ("the", ["quick", "brown"])
    slider = slider_of(bench, "Centre word")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert centre(bench) == "fox"
    assert around(bench) == ["quick", "brown", "jumps", "over"]
    assert len(samples(bench)) == 13, "as in the tutorial's figure"
    assert slider.get_attribute("aria-valuetext") == (
        "fox, near quick, brown, jumps, over"
    )


def test_arrow_keys_work_on_the_words_themselves(bench):
    words = bench.get_by_role("group", name="The sentence")
    words.press("ArrowRight")
    assert centre(bench) == "quick"
    words.press("End")
    assert centre(bench) == "dog"
    words.press("ArrowRight")
    assert centre(bench) == "dog", "the text ends here"
    words.press("Home")
    assert around(bench) == ["quick", "brown"]


def test_the_mouse_takes_the_window_along(page, bench):
    brown, over = (
        bench.locator(".lab-word", has_text=word).bounding_box()
        for word in ("brown", "over")
    )
    page.mouse.move(brown["x"] + 5, brown["y"] + 5)
    page.mouse.down()
    assert centre(bench) == "brown"
    page.mouse.move(over["x"] + 5, over["y"] + 5, steps=8)
    assert centre(bench) == "over"
    page.mouse.up()
    page.mouse.move(brown["x"] + 5, brown["y"] + 5)
    assert centre(bench) == "over"
    page.keyboard.press("ArrowLeft")
    assert centre(bench) == "jumps"


def test_a_finger_takes_the_window_along(browser, address):
    touch = {"has_touch": True, "viewport": {"width": 360, "height": 740}}
    with opened(browser, address, **touch) as page:
        bench = page.locator("#window")
        quick, brown = (
            bench.locator(".lab-word", has_text=word).bounding_box()
            for word in ("quick", "brown")
        )
        page.touchscreen.tap(quick["x"] + 5, quick["y"] + 5)
        assert centre(bench) == "quick"
        session = page.context.new_cdp_session(page)
        for kind, box in [
            ("touchStart", quick),
            ("touchMove", brown),
            ("touchEnd", None),
        ]:
            points = [{"x": box["x"] + 9, "y": box["y"] + 9}] if box else []
            session.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": points},
            )
        assert centre(bench) == "brown"
        # Chromium takes a tap right behind a swipe for a part of it.
        pause = bench.get_by_role("button", name="Pause")
        deadline = time.monotonic() + 20
        while not pause.is_visible() and time.monotonic() < deadline:
            bench.get_by_role("button", name="Play").tap()
            page.wait_for_timeout(500)
        assert pause.is_visible()


def test_play_runs_to_the_end_and_stops(page, bench):
    write(bench, "one two three")
    bench.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "document.querySelector('#window .lab-centre').innerText === 'three'"
    )
    bench.get_by_role("button", name="Play").wait_for()
    bench.get_by_role("button", name="Play").click()
    assert centre(bench) == "one", "from the end it begins anew"
    bench.get_by_role("button", name="Pause").click()


def test_the_window_shrinks_at_random(bench):
    set_range(bench, "Window", 10)
    set_range(bench, "Centre word", 9)
    full = samples(bench)
    bench.get_by_label("shrink the window").check()
    some = samples(bench)
    assert 0 < len(some) < len(full)
    assert all(pair in full for pair in some)
    bench.get_by_role("button", name="Throw again").click()
    assert samples(bench) != some
    bench.get_by_label("shrink the window").uncheck()
    assert samples(bench) == full


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Nothing here yet"),
        (" \n ", "Nothing here yet"),
        ("fox", "One word alone, fox, has nothing nearby"),
        ("日本語 123 🦊", "There is no word in this text"),
        ("\u0000\u202e\ufeff", "There is no word in this text"),
    ],
)
def test_the_window_says_why_there_is_no_sample(bench, text, says):
    write(bench, text)
    assert says in bench.get_by_role("status").inner_text()
    assert samples(bench) == []
    assert bench.get_by_role("button", name="Play").is_disabled()
    write(bench, "new york")
    assert bench.get_by_role("status").inner_text() == ""
    assert samples(bench) == [["new", "york"]]


def test_a_very_long_text_is_cut_and_says_so(page, bench):
    write(bench, "the quick brown fox " * 50_000)
    assert "long text" in bench.get_by_role("status").inner_text()
    assert bench.locator(".lab-word").count() == 300
    slider_of(bench, "Centre word").press("End")
    assert bench.locator(".lab-centre").is_visible()
    total = bench.locator(".lab-total").inner_text()
    assert total.startswith("1,194 samples"), "2wT - w(w + 1)"
    assert "and those of 270 words before" in bench.inner_text()
    assert not is_too_wide(page)


def test_a_word_without_end_breaks(page, bench):
    write(bench, f"{'a' * 5_000} b")
    assert not is_too_wide(page)


def test_text_is_never_read_as_html(page, bench, training):
    write(bench, "<img src=x onerror=alert(1)> <b>bold</b>")
    assert bench.locator("img").count() == 0
    training.get_by_label("Your sentences").fill("<b>bold</b> new york")
    page.wait_for_timeout(500)
    options = training.get_by_label("Near which word?").inner_text()
    assert set(options.split()) == {"b", "bold", "new", "york"}


# --- The training ------------------------------------------------------------


def status(training):
    """Return step, loss and floor, as the tool shows them."""
    text = training.locator(".lab-total").inner_text()
    found = re.search(r"Step ([\d,]+) loss (\S+), floor ([\d.]+)\.", text)
    step, loss, floor = found.groups()
    return int(step.replace(",", "")), float(loss), float(floor)


def give(training, text):
    """Type sentences; the tool takes them after a moment."""
    training.get_by_label("Your sentences").fill(text)
    training.page.wait_for_timeout(600)


def bars(training):
    """Return {word: (predicted, counted)} of the chosen word."""
    found = {}
    for line in training.locator(".lab-bars li").all():
        name = line.locator(".lab-name").inner_text()
        numbers = line.locator(".lab-numbers > *").all_inner_texts()
        found[name] = tuple(float(number) for number in numbers)
    return found


def run_to_rest(training):
    """Press Run, and wait until the tool says that it is done."""
    training.get_by_role("button", name="Run").click()
    training.get_by_text("nothing left to learn").wait_for(timeout=60_000)


def test_the_loss_falls_to_the_floor_of_the_readers_text(training):
    give(training, TEXT)
    vocabulary, N = counted(2)
    step, loss, floor = status(training)
    assert step == 0
    assert loss == pytest.approx(np.log(len(vocabulary)), abs=0.05)
    assert floor == pytest.approx(entropy_floor(N), abs=0.001)
    run_to_rest(training)
    step, loss, _ = status(training)
    assert step > 20
    assert floor <= loss < floor + 0.003


def test_the_bars_become_the_counted_shares(training):
    give(training, TEXT)
    set_range(training, "Window", 1)
    training.get_by_label("Near which word?").select_option(label="york")
    before = bars(training)
    assert before["new"][1] == 0.5, "of eight neighbours of york, four"
    assert before["kangaroo"][1] == 0.125
    assert abs(before["new"][0] - 0.5) > 0.2
    run_to_rest(training)
    for predicted, share in bars(training).values():
        assert predicted == pytest.approx(share, abs=0.03)


def test_one_step_at_a_time_with_gradient_descent(page, training):
    training.get_by_label("Step by").select_option("descent")
    losses = [status(training)[1]]
    for _ in range(3):
        training.get_by_role("button", name="Step").click()
        losses.append(status(training)[1])
    assert status(training)[0] == 3
    assert losses == sorted(losses, reverse=True)
    assert len(set(losses)) == 4
    training.get_by_role("button", name="Reset").click()
    assert status(training)[:2] == (0, losses[0])
    seed = training.get_by_label("Seed")
    seed.fill("5")
    assert status(training)[1] != losses[0]


def test_a_rate_that_is_too_large_is_named(training):
    give(training, TEXT)
    training.get_by_label("Step by").select_option("descent")
    set_range(training, "Learning rate", 1.5)
    set_range(training, "Speed", 20)
    training.get_by_role("button", name="Run").click()
    training.get_by_text("The steps were too long").wait_for(timeout=60_000)
    training.get_by_role("button", name="Reset").click()
    assert np.isfinite(status(training)[1])


def test_run_pauses_and_goes_on(page, training):
    training.get_by_role("button", name="Run").click()
    page.wait_for_timeout(300)
    training.get_by_role("button", name="Pause").click()
    step = status(training)[0]
    page.wait_for_timeout(300)
    assert status(training)[0] == step > 0
    training.get_by_role("button", name="Run").click()
    page.wait_for_timeout(300)
    assert status(training)[0] > step


def test_new_settings_begin_anew(training):
    training.get_by_role("button", name="Step").click()
    for label, value in [("Window", 3), ("Features D", 4)]:
        training.get_by_role("button", name="Step").click()
        set_range(training, label, value)
        assert status(training)[0] == 0
    heat = training.get_by_role("img", name="The matrix W_in")
    assert "4 columns" in heat.get_attribute("aria-label")
    training.get_by_label("example").select_option(index=1)
    assert "15 words" in training.locator(".lab-total").inner_text()


def test_a_click_on_map_or_matrix_chooses_a_word(page, training):
    give(training, "new york\nnew jersey")
    select = training.get_by_label("Near which word?")
    heat = training.get_by_role("img", name="The matrix W_in")
    chosen = set()
    for row in range(3):
        heat.click(position={"x": 120, "y": 10 + 26 * row})
        chosen.add(select.evaluate("s => s.selectedOptions[0].text"))
    assert chosen == {"new", "york", "jersey"}
    maps = training.get_by_role("img", name="Map of 3 words")
    assert "Closest to" in maps.get_attribute("aria-label")


def painted(canvas):
    """Return how many pixels of a canvas are not clear."""
    return canvas.evaluate(
        """(canvas) => {
          const { width, height } = canvas;
          const data = canvas.getContext("2d")
            .getImageData(0, 0, width, height).data;
          return data.filter((value, i) => i % 4 === 3 && value).length;
        }"""
    )


def test_the_pictures_are_drawn_and_change(training):
    pictures = training.get_by_role("img").all()
    assert len(pictures) == 3
    assert all(painted(picture) > 500 for picture in pictures)
    before = [p.evaluate("c => c.toDataURL()") for p in pictures]
    for _ in range(5):
        training.get_by_role("button", name="Step").click()
    after = [p.evaluate("c => c.toDataURL()") for p in pictures]
    assert all(a != b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Nothing here yet"),
        ("日本語 🦊", "There is no word in this text"),
        ("fox", "One word alone, fox, has nothing nearby"),
        ("fox\ndog", "Each line has one word only"),
        ("red fox " * 10_001, "This text has 20,002 words"),
    ],
)
def test_the_training_says_why_there_is_nothing_to_learn(training, text, says):
    give(training, text)
    assert says in training.get_by_role("status").first.inner_text()
    for name in ("Run", "Step", "Reset"):
        button = training.get_by_role("button", name=name, exact=True)
        assert button.is_disabled()
    assert not training.locator("canvas").first.is_visible()
    give(training, "new york")
    assert training.get_by_role("status").first.inner_text() == ""
    assert training.get_by_role("button", name="Run").is_enabled()


def many_words(n):
    """Sentences with n different words."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [f"w{letters[i // 26]}{letters[i % 26]}" for i in range(n)]
    rng = np.random.default_rng(0)
    lines = [rng.permutation(names) for _ in range(4)]
    return "\n".join(" ".join(line) for line in lines)


def test_a_large_vocabulary_keeps_the_most_frequent_words(training):
    give(training, many_words(210))
    note = training.get_by_role("status").first.inner_text()
    assert "210 different words; the 200 most frequent are kept" in note
    assert "200 words" in training.locator(".lab-total").inner_text()


# Count the pictures of the screen that a page is asked for.
COUNTED = """
  window.frames_ = 0;
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (action) => ask((now) => {
    window.frames_ += 1;
    action(now);
  });
"""


def test_a_frame_of_the_largest_training_is_short(browser, address):
    with opened(browser, address, [COUNTED]) as page:
        training = unfold(page)
        give(training, many_words(200))
        set_range(training, "Features D", 32)
        set_range(training, "Speed", 20)
        # Time of the page's own thread, without that of other programs.
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def worked():
            found = session.send("Performance.getMetrics")["metrics"]
            metrics = {entry["name"]: entry["value"] for entry in found}
            return metrics["TaskDuration"], page.evaluate("window.frames_")

        training.get_by_role("button", name="Run").click()
        page.wait_for_timeout(500)
        time, frames = worked()
        page.wait_for_timeout(3_000)
        more_time, more_frames = worked()
        assert more_frames - frames > 5
        assert (more_time - time) / (more_frames - frames) < 0.05


def test_a_frame_of_a_small_training_makes_several_steps(browser, address):
    with opened(browser, address, [COUNTED]) as page:
        training = unfold(page)
        set_range(training, "Speed", 5)
        training.get_by_role("button", name="Run").click()
        page.wait_for_timeout(500)
        training.get_by_role("button", name="Pause").click()
        frames = page.evaluate("window.frames_")
        assert status(training)[0] > 2 * frames > 0


# --- For every reader --------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_no_barriers_and_no_sideways_scroll(browser, address, scheme, width):
    view = {"viewport": {"width": width, "height": 800}}
    with opened(browser, address, color_scheme=scheme, **view) as page:
        assert barriers(page) == []
        training = unfold(page)
        page.locator("#window").get_by_label("shrink").check()
        give(training, "new york\nnew jersey state")
        run_to_rest(training)
        assert barriers(page) == []
        assert not is_too_wide(page)
        give(training, "")
        assert barriers(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_of_the_book_wins_over_the_systems(browser, address, theme):
    other = {"light": "dark", "dark": "light"}[theme]
    with opened(browser, address, color_scheme=other) as page:
        page.evaluate("t => document.documentElement.dataset.theme = t", theme)
        colour = page.locator("#window .lab-total").evaluate(
            "line => getComputedStyle(line).color"
        )
        light = sum(map(int, re.findall(r"\d+", colour)[:3])) > 382
        assert light == (theme == "dark")


@pytest.mark.parametrize("width", [320, 600, 1920])
def test_other_widths_do_not_scroll_sideways(browser, address, width):
    with opened(
        browser, address, viewport={"width": width, "height": 700}
    ) as page:
        assert not is_too_wide(page)


def test_less_motion_means_fewer_pictures(browser, address):
    with opened(browser, address, [COUNTED], reduced_motion="reduce") as page:
        training = unfold(page)
        word = page.locator("#window .lab-word").first
        assert word.evaluate(
            "w => getComputedStyle(w).transitionDuration"
        ) in ("0s", "0s, 0s")
        page.evaluate(
            """() => {
              window.pictures = 0;
              const list = document.querySelector("#training .lab-total");
              new MutationObserver(() => (window.pictures += 1))
                .observe(list, { childList: true });
            }"""
        )
        began = page.evaluate("performance.now()")
        training.get_by_role("button", name="Run").click()
        page.wait_for_timeout(1_200)
        training.get_by_role("button", name="Pause").click()
        assert status(training)[0] > 5
        # One picture in half a second, the first and the last beside them.
        passed = page.evaluate("performance.now()") - began
        frames = page.evaluate("window.frames_")
        assert 1 <= page.evaluate("window.pictures") <= 3 + passed / 500
        assert frames > 5


def test_nothing_outside_the_tools_is_styled(root):
    path = root / "book" / "_static" / "lab.css"
    css = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
    chosen = re.findall(r"([^{}]+)\{", css)
    rules = [
        part.strip()
        for selectors in chosen
        if not selectors.strip().startswith("@")
        for part in selectors.split(",")
    ]
    assert len(rules) > 50
    assert [rule for rule in rules if ".skipgram-lab" not in rule] == []
