// The fake task, alive. A window slides over a sentence; its centre word goes
// through the network; the bars of P(nearby | word) are those of a trained one.
//
// The numbers come from explorer_cover.js, which tools/cover_data.py writes
// from a model. Without them, or without this script, the drawing stays.
(function () {
  "use strict";

  const ID = "fake-task-alive";
  // Words to each side of the window that is drawn.
  const REACH = 2;
  // How long a word stays, and when row and bars follow, in milliseconds.
  const STAY = 2600;
  const [ROW_AFTER, BARS_AFTER] = [350, 700];
  const SVG = "http://www.w3.org/2000/svg";
  // What the caption says of the drawing; `real` writes what holds for this.
  const SKETCH = "The bars are a sketch.";

  function real({ window: learned }) {
    const text = "The numbers are real: a network trained as in chapter 8";
    return learned > REACH
      ? `${text}, with windows of up to ${learned} words to each side.`
      : `${text}.`;
  }

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  function calm() {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  function percent(p) {
    return `${(100 * p).toFixed(1)} %`;
  }

  function signed(number) {
    return `${number < 0 ? "\u2212" : ""}${Math.abs(number).toFixed(2)}`;
  }

  // All that is drawn, by name, in the order of the page.
  function build(data) {
    const different = Object.keys(data.about);
    different.sort((a, b) => data.about[a].id - data.about[b].id);
    const parts = {
      different,
      frames: [0, 1].map(() => make("span", { class: "cover-frame" })),
      words: data.tokens.map((word) =>
        make(
          "button",
          { type: "button", role: "radio", class: "cover-word" },
          word,
        ),
      ),
      cells: different.map(() => make("span", {}, "0")),
      row: data.about[different[0]].row.map(() => make("span")),
      bars: data.about[different[0]].near.map(() =>
        make(
          "li",
          {},
          make("span", { class: "cover-name" }),
          make("span", { class: "cover-bar" }),
          make("span", { class: "cover-share" }),
        ),
      ),
      wire: document.createElementNS(SVG, "svg"),
      idNote: make("span"),
      title: make("p", { class: "cover-title" }),
      play: make("button", { type: "button", class: "cover-play" }),
      hint: make(
        "p",
        { class: "cover-hint" },
        "Choose a word of the sentence. ",
        make("b", {}, "Blue"),
        ": it lies in the window.",
      ),
      said: make("p", { class: "cover-said", role: "status" }),
    };
    parts.wire.setAttribute("class", "cover-wire");
    parts.wire.setAttribute("aria-hidden", "true");
    parts.wire.append(document.createElementNS(SVG, "path"));
    parts.sentence = make(
      "div",
      {
        class: "cover-sentence",
        role: "radiogroup",
        "aria-label": "Centre word",
      },
      ...parts.frames,
      ...parts.words,
    );
    parts.hot = make(
      "div",
      { class: "cover-hot" },
      ...parts.cells,
      make("i", {}, "⋮"),
    );
    const numbers = make(
      "div",
      { class: "cover-row" },
      ...parts.row,
      make("i", {}, "⋮"),
    );
    parts.box = make(
      "div",
      {
        class: "cover-live",
        role: "group",
        "aria-label": "The fake task, with a trained network",
      },
      parts.sentence,
      make(
        "div",
        { class: "cover-flow" },
        stage("cover-in", parts.hot, parts.idNote),
        arrow("W_in"),
        stage("cover-hidden", numbers, `its row: ${data.D} numbers`),
        arrow("W_out, softmax"),
        make(
          "div",
          { class: "cover-out" },
          parts.title,
          make("ol", { class: "cover-bars" }, ...parts.bars),
        ),
      ),
      make("div", { class: "cover-foot" }, parts.play, parts.hint, parts.said),
      parts.wire,
    );
    return parts;
  }

  function stage(kind, body, note) {
    const below = make("p", { class: "cover-note" }, note);
    return make("div", { class: `cover-stage ${kind}` }, body, below);
  }

  function arrow(name) {
    return make(
      "div",
      { class: "cover-arrow", "aria-hidden": "true" },
      make("span", {}, name),
      make("b"),
    );
  }

  // --- What changes with the word --------------------------------------------

  function isNear(i, at) {
    return i !== at && Math.abs(i - at) <= REACH;
  }

  function showWord(parts, at) {
    parts.words.forEach((word, i) => {
      word.classList.toggle("cover-centre", i === at);
      word.classList.toggle("cover-near", isNear(i, at));
      word.setAttribute("aria-checked", String(i === at));
      word.tabIndex = i === at ? 0 : -1;
    });
  }

  function showInput(parts, data, word) {
    parts.cells.forEach((cell, i) => {
      const hot = parts.different[i] === word;
      cell.textContent = hot ? "1" : "0";
      cell.classList.toggle("cover-one", hot);
    });
    const place = (data.about[word].id + 1).toLocaleString("en");
    parts.idNote.textContent = `word ${place} of ${data.V.toLocaleString("en")}`;
  }

  function showRow(parts, data, word) {
    const all = Object.values(data.about).flatMap((entry) => entry.row);
    const most = Math.max(...all.map(Math.abs));
    data.about[word].row.forEach((number, i) => {
      parts.row[i].textContent = signed(number);
      parts.row[i].style.setProperty("--share", Math.abs(number) / most);
    });
  }

  // Blue bars belong to words that stand in the window now.
  function showBars(parts, data, at) {
    const word = data.tokens[at];
    const inside = new Set(data.tokens.filter((_, i) => isNear(i, at)));
    const all = Object.values(data.about).flatMap((entry) => entry.near);
    const most = Math.max(...all.map(([, p]) => p));
    parts.title.replaceChildren("P(nearby | ", make("b", {}, word), ")");
    data.about[word].near.forEach(([near, p], i) => {
      const [name, bar, share] = parts.bars[i].children;
      name.textContent = near;
      share.textContent = percent(p);
      bar.style.setProperty("--share", p / most);
      parts.bars[i].classList.toggle("cover-inside", inside.has(near));
    });
  }

  // The frame of the window: one part for each line of text that it lies on.
  function placeFrames(parts, at) {
    const lines = [];
    parts.words.forEach((word, i) => {
      if (i !== at && !isNear(i, at)) return;
      const line = lines.find(({ top }) => Math.abs(top - word.offsetTop) < 4);
      const right = word.offsetLeft + word.offsetWidth;
      if (line) line.right = right;
      else
        lines.push({ top: word.offsetTop, left: word.offsetLeft, right, word });
    });
    parts.frames.forEach((frame, k) => {
      const line = lines[k];
      frame.style.opacity = line ? 1 : 0;
      if (!line) return;
      Object.assign(frame.style, {
        left: `${line.left - 4}px`,
        top: `${line.top - 3}px`,
        width: `${line.right - line.left + 8}px`,
        height: `${line.word.offsetHeight + 6}px`,
      });
    });
  }

  // A wire from the centre word down to the input of the network. On its way
  // through the lines below, it passes between two words.
  function placeWire(parts, at) {
    const box = parts.box.getBoundingClientRect();
    const boxes = parts.words.map((word) => word.getBoundingClientRect());
    const hot = parts.hot.getBoundingClientRect();
    const to = (hot.left + hot.right) / 2 - box.left;
    let x = (boxes[at].left + boxes[at].right) / 2;
    let y = boxes[at].bottom;
    let path = `M${x - box.left} ${y + 1 - box.top}`;
    for (const line of linesBelow(boxes, y)) {
      const edges = line.map(({ right }, i) =>
        i + 1 < line.length ? (right + line[i + 1].left) / 2 : right + 4,
      );
      const gaps = [line[0].left - 4, ...edges];
      const from = x;
      x = gaps.reduce((a, b) =>
        Math.abs(b - from) < Math.abs(a - from) ? b : a,
      );
      path += `V${(y + line[0].top) / 2 - box.top}H${x - box.left}`;
      y = line[0].bottom;
    }
    const end = hot.top - box.top - 3;
    const bend = (y - box.top + 5 + end) / 2;
    path += `V${bend}H${to}V${end}m-4 -6l4 6l4 -6`;
    parts.wire.firstChild.setAttribute("d", path);
  }

  // The words of each line of text below a height.
  function linesBelow(boxes, y) {
    const lines = [];
    for (const word of boxes) {
      if (word.top < y) continue;
      const line = lines[lines.length - 1];
      if (line && Math.abs(line[0].top - word.top) < 4) line.push(word);
      else lines.push([word]);
    }
    return lines;
  }

  function speak(parts, data, word) {
    const near = data.about[word].near.map(
      ([name, p]) => `${name} ${percent(p)}`,
    );
    parts.said.textContent = `Near ${word}: ${near.join(", ")}.`;
  }

  // --- The page --------------------------------------------------------------

  function mount(home, data) {
    const parts = build(data);
    const state = { at: 1, playing: !calm(), seen: true, timers: [] };

    function show(at, softly) {
      const word = data.tokens[at];
      state.at = at;
      state.timers.forEach(clearTimeout);
      showWord(parts, at);
      placeFrames(parts, at);
      placeWire(parts, at);
      showInput(parts, data, word);
      parts.box.classList.remove("cover-run");
      const later = [
        [ROW_AFTER, () => showRow(parts, data, word)],
        [BARS_AFTER, () => showBars(parts, data, at)],
      ];
      if (!softly || calm()) {
        state.timers = [];
        later.forEach(([, action]) => action());
        return;
      }
      // Reading a size makes the browser begin the animation anew.
      void parts.box.offsetWidth;
      parts.box.classList.add("cover-run");
      state.timers = later.map(([pause, action]) => setTimeout(action, pause));
    }

    function setPlaying(playing) {
      state.playing = playing;
      parts.play.textContent = playing ? "Pause" : "Play";
      if (playing) parts.said.textContent = "";
    }

    function choose(at) {
      setPlaying(false);
      show(at, true);
      speak(parts, data, data.tokens[at]);
    }

    // The window moves only while somebody can see it.
    setInterval(() => {
      if (!state.playing || !state.seen || document.hidden) return;
      show((state.at + 1) % data.tokens.length, true);
    }, STAY);

    parts.words.forEach((word, i) => {
      word.addEventListener("click", () => choose(i));
      word.addEventListener("focus", () => {
        if (word.matches(":focus-visible") && i !== state.at) choose(i);
      });
    });
    parts.sentence.addEventListener("keydown", (event) => {
      const last = data.tokens.length - 1;
      const to = {
        ArrowLeft: state.at - 1,
        ArrowRight: state.at + 1,
        Home: 0,
        End: last,
      };
      to.ArrowUp = to.ArrowLeft;
      to.ArrowDown = to.ArrowRight;
      if (!(event.key in to)) return;
      event.preventDefault();
      const at = (to[event.key] + last + 1) % (last + 1);
      choose(at);
      parts.words[at].focus();
    });
    parts.play.addEventListener("click", () => setPlaying(!state.playing));

    replaceDrawing(home, parts.box, real(data));
    setPlaying(state.playing);
    show(state.at, false);
    // Places are measured, so they follow the width and the fonts.
    new ResizeObserver(() => {
      placeFrames(parts, state.at);
      placeWire(parts, state.at);
    }).observe(parts.box);
    new IntersectionObserver((entries) => {
      state.seen = entries[entries.length - 1].isIntersecting;
    }).observe(parts.box);
  }

  // Put the live picture where the drawing is, and mend its caption.
  function replaceDrawing(home, box, caption) {
    const drawing = home.querySelector("img, svg, object");
    const old = drawing && (drawing.closest("a, picture") || drawing);
    if (old && home.contains(old)) {
      old.classList.add("cover-replaced");
      old.before(box);
    } else {
      home.prepend(box);
    }
    const texts = document.createTreeWalker(home, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const { data } = texts.currentNode;
      const plain = data.replace(/\s+/g, " ");
      if (plain.includes(SKETCH)) {
        texts.currentNode.data = plain.replace(SKETCH, caption);
      }
    }
  }

  function begin() {
    const home = document.getElementById(ID);
    if (home && window.SKIPGRAM_COVER) mount(home, window.SKIPGRAM_COVER);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", begin);
  } else {
    begin();
  }
})();
