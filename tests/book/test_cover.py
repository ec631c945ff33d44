"""The fake task alive on the cover page: its data, and what a visitor sees."""

import json
import re

import cover
import cover_data
import numpy as np
import pytest
from helpers import host
from pages import barriers, is_too_wide, opened

from skipgram_lib import SkipGram, count_pairs

SENTENCE = "new york is near new jersey"
SKETCH = "It goes in. The\nbars are a sketch."
PAGE = """<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cover</title>
<link rel="stylesheet" href="{static}/cover.css">
<style>
  body {{ margin: 1rem; font-family: sans-serif; background: #fff; }}
  figure {{ margin: 0; }}
  figcaption {{ color: #333; }}
  img {{ max-width: 100%; }}
  [data-theme="dark"] body {{ background: #14181e; color: #eee; }}
  [data-theme="dark"] figcaption {{ color: #eee; }}
</style>
</head>
<body>
<main>
<h1>Cover</h1>
<div id="fake-task-alive">
<figure>
<img src="{static}/fake_task.svg" alt="A drawing of the fake task">
<figcaption>{caption}</figcaption>
</figure>
</div>
</main>
{data}
<script src="{static}/cover.js"></script>
</body>
</html>
"""


# What a browser shows does not depend on where the network was trained.
visit = pytest.mark.slow


@pytest.fixture(scope="module")
def model(toy_documents):
    """Return a model of more than six words, trained on the toy documents."""
    counts = count_pairs(toy_documents, max_size=None, sample=None)
    settings = {"vector_size": 9, "epochs": 30, "batch_rows": 4, "seed": 3}
    return SkipGram(**settings).fit(counts)


@pytest.fixture(scope="module")
def data(model):
    """Return what the page is told of the model."""
    return cover_data.cover_data(model, SENTENCE)


@pytest.fixture(scope="module")
def write(root, tmp_path_factory, data):
    """Return what writes a cover page and says where it is."""
    folder = tmp_path_factory.mktemp("cover")
    script = cover_data.script(data)
    (folder / "explorer_cover.js").write_text(script, encoding="utf-8")

    def page(theme="light", with_data=True):
        loading = '<script src="explorer_cover.js"></script>'
        text = PAGE.format(
            theme=theme,
            static=(root / "book" / "_static").as_uri(),
            caption=SKETCH,
            data=loading if with_data else "",
        )
        path = folder / f"{theme}{with_data}.html"
        path.write_text(text, encoding="utf-8")
        return path

    return page


@pytest.fixture
def page(browser, write):
    """Open the cover for a reader who asks for less motion."""
    with opened(browser, write(), reduced_motion="reduce") as page:
        yield page


def words(page):
    """Return the words of the sentence."""
    return page.get_by_role("radio")


def chosen(page):
    """Return the place of the centre word."""
    marks = [word.get_attribute("aria-checked") for word in words(page).all()]
    assert marks.count("true") == 1
    return marks.index("true")


def seen(page):
    """Return the bars: name, per cent, width, whether it is in the window."""
    return page.evaluate(
        """() => {
          const lines = [...document.querySelectorAll(".cover-bars li")];
          return lines.map((line) => {
            const [name, bar, share] = line.children;
            const inside = line.classList.contains("cover-inside");
            return [name.innerText, share.innerText, bar.offsetWidth, inside];
          });
        }"""
    )


# --- The data ----------------------------------------------------------------


def test_the_data_are_the_models(data, model):
    assert data["tokens"] == SENTENCE.split()
    assert (data["V"], data["D"]) == host(model.network.W_in).shape
    assert data["window"] == 5
    for word, about in data["about"].items():
        near = model.predict_context(word, topn=6)
        assert [name for name, _ in about["near"]] == [n for n, _ in near]
        shares = [share for _, share in about["near"]]
        np.testing.assert_allclose(shares, [p for _, p in near], atol=1e-5)
        row = host(model.network.W_in)[about["id"]][:8]
        np.testing.assert_allclose(about["row"], row, atol=1e-3)
        assert model.vocabulary.words[about["id"]] == word


def test_the_program_writes_a_script(model, tmp_path):
    model.save(tmp_path / "model")
    out = tmp_path / "explorer_cover.js"
    given = [str(tmp_path / "model"), str(out), "--sentence", SENTENCE]
    assert cover_data.main(given) == 0
    text = out.read_text(encoding="utf-8")
    found = json.loads(re.fullmatch(r"window\.\w+ = (.*);\n", text)[1])
    assert found == cover_data.cover_data(model, SENTENCE)


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("new unicorn york", "does not know unicorn"),
        ("new", "needs two words or more, got 'new'"),
        ("", "needs two words or more"),
    ],
)
def test_a_sentence_that_cannot_be_shown(
    model, tmp_path, capsys, sentence, says
):
    model.save(tmp_path / "model")
    given = [str(tmp_path / "model"), str(tmp_path / "out.js")]
    assert cover_data.main([*given, "--sentence", sentence]) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "out.js").exists()


def test_a_model_that_is_not_there(tmp_path, capsys):
    given = [str(tmp_path / "none"), str(tmp_path / "out.js")]
    assert cover_data.main(given) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_the_corpus_knows_the_words_of_the_cover(sotu_vocabulary):
    assert all(w in sotu_vocabulary for w in cover_data.SENTENCE.split())


def test_script_and_data_are_small(root, data):
    static = root / "book" / "_static"
    sizes = [
        (static / name).stat().st_size for name in ("cover.js", "cover.css")
    ]
    about = data["about"]["new"]
    often = {f"word{i}" * 2: about for i in range(20)}
    large = cover_data.script({**data, "about": often})
    assert sum(sizes) + len(large) < 40_000


# --- What a visitor sees -----------------------------------------------------


@visit
def test_a_word_shows_its_bars(page, data):
    longest = max(p for a in data["about"].values() for _, p in a["near"])
    room = None
    for at, word in enumerate(data["tokens"]):
        words(page).nth(at).click()
        assert chosen(page) == at
        near = data["about"][word]["near"]
        shown = seen(page)
        assert [name for name, *_ in shown] == [name for name, _ in near]
        assert [share for _, share, *_ in shown] == [
            f"{100 * p:.1f} %" for _, p in near
        ]
        around = data["tokens"][max(0, at - 2) : at + 3]
        del around[min(at, 2)]
        assert [inside for *_, inside in shown] == [
            name in around for name, _ in near
        ]
        # Lengths are in one scale, over all words.
        for (*_, width, _), (_, p) in zip(shown, near, strict=True):
            if p == longest:
                room = width
    assert room > 100
    for at, word in enumerate(data["tokens"]):
        words(page).nth(at).click()
        near = data["about"][word]["near"]
        for (*_, width, _), (_, p) in zip(seen(page), near, strict=True):
            assert width == pytest.approx(room * p / longest, abs=2)


@visit
def test_the_word_goes_through_the_network(page, data):
    words(page).nth(1).click()
    cells = page.locator(".cover-hot span").all_inner_texts()
    ids = sorted(about["id"] for about in data["about"].values())
    york = data["about"]["york"]
    assert len(cells) == len(ids)
    assert cells.index("1") == ids.index(york["id"])
    assert cells.count("0") == len(cells) - 1
    note = f"word {york['id'] + 1} of {data['V']}"
    assert page.get_by_text(note, exact=True).is_visible()
    row = page.locator(".cover-row span").all_inner_texts()
    numbers = [float(text.replace("\u2212", "-")) for text in row]
    np.testing.assert_allclose(numbers, york["row"], atol=0.0051)


@visit
def test_the_frame_lies_over_the_window(page):
    for at, first, last in [(0, 0, 2), (3, 1, 5), (5, 3, 5)]:
        words(page).nth(at).click()
        frame = page.locator(".cover-frame").first.bounding_box()
        ends = [words(page).nth(i).bounding_box() for i in (first, last)]
        assert 0 <= ends[0]["x"] - frame["x"] < 8
        right = frame["x"] + frame["width"]
        assert 0 <= right - (ends[1]["x"] + ends[1]["width"]) < 8


@visit
def test_the_keyboard_chooses_words(page):
    page.keyboard.press("Tab")
    at = chosen(page)
    page.keyboard.press("ArrowRight")
    assert chosen(page) == at + 1
    page.keyboard.press("End")
    assert chosen(page) == 5
    page.keyboard.press("ArrowRight")
    assert chosen(page) == 0, "it goes round"
    page.keyboard.press("ArrowLeft")
    assert chosen(page) == 5
    focused = page.evaluate("document.activeElement.innerText")
    assert focused == "jersey"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Play"


@visit
def test_what_is_chosen_is_said(page, data):
    words(page).nth(1).click()
    said = page.get_by_role("status").inner_text()
    name, p = data["about"]["york"]["near"][0]
    assert said.startswith(f"Near york: {name} {100 * p:.1f} %")


@visit
def test_a_finger_chooses_a_word(browser, write):
    options = {"has_touch": True, "viewport": {"width": 360, "height": 740}}
    with opened(browser, write(), **options) as page:
        words(page).nth(4).tap()
        assert chosen(page) == 4
        page.get_by_role("button", name="Play").wait_for()


@visit
def test_it_plays_by_itself_until_it_is_paused(browser, write):
    with opened(browser, write()) as page:
        at = chosen(page)
        page.wait_for_function(
            "at => document.querySelectorAll('.cover-word')[at]"
            ".getAttribute('aria-checked') === 'true'",
            arg=at + 1,
        )
        page.get_by_role("button", name="Pause").click()
        at = chosen(page)
        page.wait_for_timeout(3_000)
        assert chosen(page) == at
        page.get_by_role("button", name="Play").click()
        page.wait_for_timeout(3_500)
        assert chosen(page) != at
        assert page.get_by_role("status").inner_text() == ""


@visit
def test_bars_follow_only_the_word_that_was_chosen_last(browser, write, data):
    with opened(browser, write()) as page:
        page.evaluate(
            """() => {
              window.titles = [];
              const title = document.querySelector(".cover-title");
              new MutationObserver(() => window.titles.push(title.innerText))
                .observe(title, { childList: true });
              const words = [...document.querySelectorAll(".cover-word")];
              for (const at of [0, 1, 2, 1, 5]) words[at].click();
            }"""
        )
        page.wait_for_timeout(1_500)
        near = data["about"]["jersey"]["near"]
        assert [name for name, *_ in seen(page)] == [n for n, _ in near]
        assert page.evaluate("window.titles") == ["P(nearby | jersey)"]


@visit
def test_less_motion_means_no_motion(page):
    at = chosen(page)
    page.wait_for_timeout(3_500)
    assert chosen(page) == at
    frame = page.locator(".cover-frame").first
    style = "frame => getComputedStyle(frame).transitionDuration"
    assert set(frame.evaluate(style).split(", ")) == {"0s"}
    page.get_by_role("button", name="Play").click()
    page.wait_for_timeout(3_500)
    assert chosen(page) != at, "but a reader can ask for it"


@visit
def test_the_caption_no_longer_says_that_it_is_a_sketch(page):
    caption = page.locator("figcaption").inner_text()
    assert "sketch" not in caption
    assert "windows of up to 5 words" in caption
    assert not page.get_by_role("img", name="A drawing").is_visible()


@visit
def test_without_data_the_drawing_stays(browser, write):
    with opened(browser, write(with_data=False)) as page:
        assert page.get_by_role("img", name="A drawing").is_visible()
        assert page.locator("figcaption").inner_text().endswith("a sketch.")
        assert page.locator(".cover-live").count() == 0


@visit
def test_without_javascript_the_drawing_stays(browser, write):
    with opened(browser, write(), java_script_enabled=False) as page:
        assert page.get_by_role("img", name="A drawing").is_visible()


@visit
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1100])
def test_no_barriers_and_no_sideways_scroll(browser, write, theme, width):
    with opened(
        browser,
        write(theme),
        reduced_motion="reduce",
        viewport={"width": width, "height": 800},
    ) as page:
        words(page).nth(3).click()
        assert barriers(page) == []
        assert not is_too_wide(page)


@visit
@pytest.mark.parametrize("width", [320, 500, 700, 1920])
def test_every_word_lies_in_the_picture(browser, write, width):
    with opened(
        browser, write(), viewport={"width": width, "height": 800}
    ) as page:
        assert not is_too_wide(page)
        for place in [*words(page).all(), *page.locator(".cover-share").all()]:
            box = place.bounding_box()
            assert 0 <= box["x"]
            assert box["x"] + box["width"] <= width


# --- The book ----------------------------------------------------------------


class Application:
    """As much of Sphinx as the hook calls."""

    def __init__(self, folder):
        self.confdir = folder
        self.config = type("Config", (), {"html_static_path": ["static"]})
        self.files = []

    def add_css_file(self, name, **options):
        self.files.append(name)

    add_js_file = add_css_file


@pytest.mark.parametrize("has_data", [True, False])
@pytest.mark.parametrize("body", ["<p>", '<div id="fake-task-alive">'])
def test_only_the_page_with_the_picture_loads_it(tmp_path, has_data, body):
    (tmp_path / "static").mkdir()
    if has_data:
        (tmp_path / "static" / cover.DATA).write_text("")
    app = Application(tmp_path)
    cover.on_page(app, "book/intro", "page.html", {"body": body}, None)
    wanted = ["cover.css", "explorer_cover.js", "cover.js"]
    assert app.files == (wanted if has_data and "div" in body else [])


# --- What the cover says of the network ------------------------------------


@visit
def test_the_wire_passes_between_the_words(browser, write):
    narrow = {"viewport": {"width": 240, "height": 800}}
    with opened(browser, write(), reduced_motion="reduce", **narrow) as page:
        for at in range(6):
            words(page).nth(at).click()
            crossed = page.evaluate(
                """at => {
                  const wire = document.querySelector(".cover-wire path");
                  const home = document.querySelector(".cover-live");
                  const box = home.getBoundingClientRect();
                  const words = [...document.querySelectorAll(".cover-word")];
                  const from = words[at].getBoundingClientRect();
                  const start = wire.getPointAtLength(0);
                  const x = start.x + box.left;
                  if (x < from.left || x > from.right) return "start";
                  const range = document.createRange();
                  for (let d = 0; d < wire.getTotalLength(); d++) {
                    const p = wire.getPointAtLength(d);
                    for (const word of words) {
                      range.selectNodeContents(word);
                      const w = range.getBoundingClientRect();
                      const [px, py] = [p.x + box.left, p.y + box.top];
                      if (px > w.left && px < w.right && py > w.top + 2
                          && py < w.bottom - 2) return word.textContent;
                    }
                  }
                  return "";
                }""",
                at,
            )
            assert crossed == "", at


@pytest.mark.book
def test_the_answers_on_the_cover_are_those_of_its_network(root):
    folder = root / "out" / "book_model"
    if not (folder / "model.json").exists():
        pytest.skip("no network of the book: run `make book` first")
    vectors = SkipGram.load(folder).vectors
    text = (root / "book" / "intro.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\* \*(\w+)\* → (.+)$", text, re.MULTILINE)
    assert len(lines) == 3
    for word, answers in lines:
        near = [name for name, _ in vectors.most_similar(word, topn=5)]
        assert set(answers.split(", ")) <= set(near), word
