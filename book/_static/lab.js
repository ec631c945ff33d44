// Two tools for a reader's own text: a window that slides over a sentence,
// and the exact network, trained on a few sentences in the page. A classic
// script without dependencies, so that it also runs from a folder of files.
// lab.css goes with it. Where a page has them, the tools take the place of
// <div data-skipgram-tool="window"> and <div data-skipgram-tool="train">.
//
//   SkipgramLab.mountWindow(element)    the window
//   SkipgramLab.mountTraining(element)  the training
//   SkipgramLab.network                 the mathematics, without a page
(function () {
  "use strict";

  // --- The mathematics -------------------------------------------------------
  // Everything here agrees with the library, and a test holds it to that. A
  // matrix is a Float64Array, row after row, as in NumPy.

  // Lower-case words, a to z, with one apostrophe inside at most. Lower case
  // turns the two foreign signs that hold a letter (Kelvin's K, dotted I) into
  // that letter, as the library does.
  function tokenize(text) {
    const plain = text.replace(/[\u2019\u02bc]/g, "'").toLowerCase();
    return plain.match(/[a-z]+(?:'[a-z]+)?/g) || [];
  }

  // One list of tokens a line; lines without a word are left out.
  function documentsOf(text) {
    return text
      .split(/\r\n|\r|\n/)
      .map(tokenize)
      .filter((line) => line.length);
  }

  // The most frequent words, equally frequent ones by the alphabet, and ids.
  function vocabularyOf(documents, most = Infinity) {
    const often = new Map();
    for (const word of documents.flat()) {
      often.set(word, (often.get(word) || 0) + 1);
    }
    const order = [...often].sort(
      ([a, n], [b, m]) => m - n || (a < b ? -1 : 1),
    );
    const words = order.slice(0, most).map(([word]) => word);
    return {
      words,
      frequencies: words.map((word) => often.get(word)),
      ids: new Map(words.map((word, id) => [word, id])),
      found: often.size,
    };
  }

  // Ids of a document; words that the vocabulary lacks are dropped.
  function encode(tokens, vocabulary) {
    const known = tokens.map((word) => vocabulary.ids.get(word));
    return known.filter((id) => id !== undefined);
  }

  // Positions in the window of the word at i, in the order of the text.
  function near(i, length, reach) {
    const places = [];
    const last = Math.min(length - 1, i + reach);
    for (let j = Math.max(0, i - reach); j <= last; j++) {
      if (j !== i) places.push(j);
    }
    return places;
  }

  // All (centre, context) pairs of one document. `sizes` may give each centre
  // a window of its own, as the shrinking window does.
  function pairs(tokens, size, sizes) {
    return tokens.flatMap((centre, i) =>
      near(i, tokens.length, sizes ? sizes[i] : size).map((j) => [
        centre,
        tokens[j],
      ]),
    );
  }

  // N[centre * V + context]: how often each pair occurs.
  function counts(encoded, size, V) {
    const N = new Float64Array(V * V);
    for (const ids of encoded) {
      for (const [centre, context] of pairs(ids, size)) {
        N[centre * V + context] += 1;
      }
    }
    return N;
  }

  function sum(array) {
    let total = 0;
    for (const value of array) total += value;
    return total;
  }

  // The loss that no network can go below: the conditional entropy of N.
  function floor(N, V) {
    let loss = 0;
    for (let c = 0; c < V; c++) {
      const row = N.subarray(c * V, (c + 1) * V);
      const n = sum(row);
      for (const cell of row) if (cell > 0) loss -= cell * Math.log(cell / n);
    }
    return loss / sum(N);
  }

  // The loss of a network that knows only how frequent contexts are.
  function frequencyEntropy(N, V) {
    const columns = new Float64Array(V);
    N.forEach((cell, i) => (columns[i % V] += cell));
    const all = sum(columns);
    let loss = 0;
    for (const n of columns) if (n > 0) loss -= (n / all) * Math.log(n / all);
    return loss;
  }

  // Evenly distributed numbers from 0 to 1, the same for the same seed: a
  // counter whose bits are mixed.
  function generator(seed) {
    let state = seed >>> 0;
    return function () {
      state = (state + 0x9e3779b9) >>> 0;
      let bits = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
      return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
    };
  }

  // Numbers of a normal distribution, by the method of Box and Muller.
  function normal(n, scale, random) {
    return Float64Array.from({ length: n }, () => {
      const length = Math.sqrt(-2 * Math.log(1 - random()));
      return scale * length * Math.cos(2 * Math.PI * random());
    });
  }

  // Small random weights and a bias of zero.
  function initial(V, D, seed, scale = 0.03) {
    const random = generator(seed);
    return {
      V,
      D,
      W_in: normal(V * D, scale, random),
      W_out: normal(V * D, scale, random),
      bias: new Float64Array(V),
    };
  }

  // P(nearby | centre) for every word, into `probs`; returns the logarithm of
  // what the softmax divides by. The largest score is subtracted first, so no
  // exponential overflows.
  function predict(network, centre, probs) {
    const { V, D, W_in, W_out, bias } = network;
    let top = -Infinity;
    for (let v = 0; v < V; v++) {
      let score = bias[v];
      for (let k = 0; k < D; k++) {
        score += W_in[centre * D + k] * W_out[v * D + k];
      }
      probs[v] = score;
      if (!(score <= top)) top = score;
    }
    let total = 0;
    for (let v = 0; v < V; v++) total += probs[v] = Math.exp(probs[v] - top);
    for (let v = 0; v < V; v++) probs[v] /= total;
    return top + Math.log(total);
  }

  function score(network, centre, word) {
    const { D, W_in, W_out, bias } = network;
    let value = bias[word];
    for (let k = 0; k < D; k++) {
      value += W_in[centre * D + k] * W_out[word * D + k];
    }
    return value;
  }

  // Loss and gradients in one sweep, a row of the counts at a time. The error
  // of a centre is what is predicted minus what was counted.
  function gradients(network, N) {
    const { V, D, W_in, W_out } = network;
    const found = {
      loss: 0,
      W_in: new Float64Array(V * D),
      W_out: new Float64Array(V * D),
      bias: new Float64Array(V),
    };
    const probs = new Float64Array(V);
    const all = sum(N);
    for (let c = 0; c < V; c++) {
      const row = N.subarray(c * V, (c + 1) * V);
      const n = sum(row);
      if (!n) continue;
      const logSum = predict(network, c, probs);
      for (let v = 0; v < V; v++) {
        const delta = (n * probs[v] - row[v]) / all;
        if (row[v]) found.loss += row[v] * (logSum - score(network, c, v));
        found.bias[v] += delta;
        for (let k = 0; k < D; k++) {
          found.W_in[c * D + k] += delta * W_out[v * D + k];
          found.W_out[v * D + k] += delta * W_in[c * D + k];
        }
      }
    }
    found.loss /= all;
    return found;
  }

  // Mean cross-entropy of all counted pairs, in nats.
  function loss(network, N) {
    const { V } = network;
    const probs = new Float64Array(V);
    let total = 0;
    for (let c = 0; c < V; c++) {
      const row = N.subarray(c * V, (c + 1) * V);
      if (!sum(row)) continue;
      const logSum = predict(network, c, probs);
      for (let v = 0; v < V; v++) {
        if (row[v]) total += row[v] * (logSum - score(network, c, v));
      }
    }
    return total / sum(N);
  }

  const ARRAYS = ["W_in", "W_out", "bias"];

  // Chapter 5: each weight moves against its gradient.
  function descend(network, slope, lr) {
    for (const name of ARRAYS) {
      const weights = network[name];
      for (let i = 0; i < weights.length; i++)
        weights[i] -= lr * slope[name][i];
    }
  }

  // Chapter 7: Adam, which gives each weight a step of its own size. `memory`
  // is an empty object at first.
  function adam(network, slope, lr, memory) {
    const [beta1, beta2] = [0.9, 0.99];
    memory.t = (memory.t || 0) + 1;
    const scale = lr / (1 - beta1 ** memory.t);
    const whole = 1 - beta2 ** memory.t;
    for (const name of ARRAYS) {
      const weights = network[name];
      const g = slope[name];
      memory[name] = memory[name] || {
        m: new Float64Array(g.length),
        v: new Float64Array(g.length),
      };
      const { m, v } = memory[name];
      for (let i = 0; i < g.length; i++) {
        m[i] = beta1 * m[i] + (1 - beta1) * g[i];
        v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i];
        weights[i] -= (scale * m[i]) / (Math.sqrt(v[i] / whole) + 1e-8);
      }
    }
  }

  // One step on all the pairs at once; returns the loss before it.
  function step(network, N, lr, memory) {
    const slope = gradients(network, N);
    if (memory) adam(network, slope, lr, memory);
    else descend(network, slope, lr);
    return slope.loss;
  }

  // Places of the rows in the plane in which they vary most. The search for
  // its two directions starts from `basis`, those of the last picture, so a
  // map moves only as far as the weights did, and never flips.
  function plane(rows, V, D, basis, rounds = 200) {
    const centred = centre(rows, V, D);
    const table = new Float64Array(D * D);
    for (let i = 0; i < V; i++) {
      for (let a = 0; a < D; a++) {
        const value = centred[i * D + a];
        for (let b = 0; b < D; b++)
          table[a * D + b] += value * centred[i * D + b];
      }
    }
    let [one, two] = basis || [axis(D, 0), axis(D, 1)];
    for (let round = 0; round < rounds; round++) {
      one = unit(times(table, one, D), one);
      two = unit(without(times(table, two, D), one), without(two, one));
    }
    const places = [];
    for (let i = 0; i < V; i++) {
      const row = centred.subarray(i * D, (i + 1) * D);
      places.push([dot(row, one), dot(row, two)]);
    }
    return { basis: [one, two], places };
  }

  function centre(rows, V, D) {
    const centred = Float64Array.from(rows);
    for (let k = 0; k < D; k++) {
      let mean = 0;
      for (let i = 0; i < V; i++) mean += rows[i * D + k] / V;
      for (let i = 0; i < V; i++) centred[i * D + k] -= mean;
    }
    return centred;
  }

  // A direction to begin with: no two of them are at right angles to much.
  function axis(D, turn) {
    const raw = Float64Array.from({ length: D }, (_, k) =>
      Math.cos(1 + turn + (1 + 2 * turn) * k),
    );
    return unit(raw, raw);
  }

  function dot(a, b) {
    let total = 0;
    for (let k = 0; k < a.length; k++) total += a[k] * b[k];
    return total;
  }

  function times(table, vector, D) {
    return Float64Array.from({ length: D }, (_, a) =>
      dot(table.subarray(a * D, (a + 1) * D), vector),
    );
  }

  // The part of a vector at right angles to a direction.
  function without(vector, direction) {
    const along = dot(vector, direction);
    return vector.map((value, k) => value - along * direction[k]);
  }

  // Length 1; a vector without length falls back to another.
  function unit(vector, other) {
    const length = Math.sqrt(dot(vector, vector));
    if (!(length > 1e-150)) return other;
    return vector.map((value) => value / length);
  }

  const network = {
    tokenize,
    documentsOf,
    vocabularyOf,
    encode,
    pairs,
    counts,
    floor,
    frequencyEntropy,
    generator,
    initial,
    predict,
    loss,
    gradients,
    descend,
    adam,
    step,
    plane,
  };

  // --- Parts of a page -------------------------------------------------------

  let numbered = 0;

  // An element with attributes and children; text is never read as HTML.
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  // A control with its label, and what `show` writes beside it; a slider also
  // says it to those who cannot see it.
  function labelled(text, tag, attributes, ...children) {
    const id = `skipgram-lab-${++numbered}`;
    const control = make(tag, { id, ...attributes }, ...children);
    const value = make("span", { class: "lab-value", "aria-hidden": "true" });
    const label = make("label", { for: id }, text, " ", value);
    const field = make("div", { class: "lab-field" }, label, control);
    const show = (shown, spoken = shown) => {
      value.textContent = shown;
      control.setAttribute("aria-valuetext", spoken);
    };
    return { field, control, show };
  }

  function slider(text, min, max, value, step = 1) {
    const attributes = { type: "range", min, max, step, value };
    return labelled(text, "input", attributes);
  }

  function button(text, action, kind = "") {
    const attributes = { type: "button", class: `lab-button ${kind}` };
    return make("button", { ...attributes, onclick: action }, text);
  }

  // "1,234 words": a number with what it counts.
  function many(n, one, more = `${one}s`) {
    return `${n.toLocaleString("en")} ${n === 1 ? one : more}`;
  }

  // A reader who asks for less motion gets single pictures.
  function calm() {
    return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // Call `action` once, when `pause` milliseconds have passed without a call.
  function settled(action, pause) {
    let timer = 0;
    return function () {
      clearTimeout(timer);
      timer = setTimeout(action, pause);
    };
  }

  // Tell when the colours of the page change: by its theme, or by the system.
  function onTheme(action) {
    new MutationObserver(action).observe(document.documentElement, {
      attributes: true,
      attributeFilter: ["data-theme", "data-mode", "class"],
    });
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", action);
  }

  // Why a text gives no pair, in a sentence; "" if it gives some.
  function noPairs(text, documents) {
    if (!text.trim()) return "Nothing here yet: type a few words.";
    if (!documents.length) {
      return (
        "There is no word in this text. A word is made of the letters a to z; " +
        "other letters, digits and signs end it."
      );
    }
    if (Math.max(...documents.map((tokens) => tokens.length)) < 2) {
      const word = documents[0][0];
      return documents.length === 1
        ? `One word alone, ${word}, has nothing nearby: type a second one.`
        : "Each line has one word only, so nothing is nearby: type a second " +
            "word into a line.";
    }
    return "";
  }

  // --- The window ------------------------------------------------------------

  const SENTENCE = "The quick brown fox jumps over the lazy dog.";
  // So many characters are read, and so many words shown. More would not help
  // anybody to see what a window does.
  const MOST_TEXT = 100000;
  const MOST_SHOWN = 300;
  const LINES_KEPT = 30;

  function mountWindow(element) {
    const state = { tokens: [], at: 0, sizes: [], seed: 1, timer: 0 };
    const text = labelled("Your sentence", "textarea", {
      rows: 2,
      spellcheck: "false",
      autocomplete: "off",
    });
    text.control.value = SENTENCE;
    const words = make("div", {
      class: "lab-words",
      role: "group",
      tabindex: "0",
      "aria-label": "The sentence; arrow keys move the window",
    });
    const place = slider("Centre word", 1, 9, 1);
    const size = slider("Window", 1, 10, 2);
    const shrink = make("input", { type: "checkbox" });
    const again = button("Throw again", () => {
      state.seed += 1;
      throwSizes();
      draw();
    });
    const play = button("", () => (state.timer ? stop() : start()), "lab-main");
    const note = make("p", { class: "lab-note", role: "status" });
    const total = make("p", { class: "lab-total" });
    const list = make("ol", {
      class: "lab-samples",
      tabindex: "0",
      "aria-label": "Training samples so far",
    });

    element.classList.add("skipgram-lab", "lab-window");
    element.append(
      text.field,
      note,
      make(
        "div",
        { class: "lab-bench" },
        words,
        make("div", { class: "lab-controls" }, play, place.field, size.field),
        make(
          "div",
          { class: "lab-options" },
          make(
            "label",
            { class: "lab-check" },
            shrink,
            " shrink the window at random",
          ),
          again,
        ),
      ),
      total,
      list,
    );

    // The shrinking window: a die for each centre, 1 to the size.
    function throwSizes() {
      const random = generator(state.seed);
      const most = Number(size.control.value);
      state.sizes = state.tokens.map(() =>
        shrink.checked ? 1 + Math.floor(random() * most) : most,
      );
    }

    function read() {
      const given = text.control.value;
      const all = tokenize(given.slice(0, MOST_TEXT));
      state.tokens = all.slice(0, MOST_SHOWN);
      state.at = Math.min(state.at, Math.max(0, state.tokens.length - 1));
      let problem = noPairs(given, all.length ? [all] : []);
      if (all.length > MOST_SHOWN || given.length > MOST_TEXT) {
        problem =
          "This is a long text. The window slides over its first " +
          `${MOST_SHOWN} words here; the library takes all of it.`;
      }
      note.textContent = problem;
      stop();
      throwSizes();
      layWords();
      draw();
    }

    function layWords() {
      words.replaceChildren(
        ...state.tokens.map((word, i) =>
          make("span", { class: "lab-word", "data-place": i }, word),
        ),
      );
      place.control.max = Math.max(1, state.tokens.length);
      const alone = state.tokens.length < 2;
      for (const control of [place.control, play]) control.disabled = alone;
    }

    function draw() {
      const { tokens, at, sizes } = state;
      const most = Number(size.control.value);
      const reach = sizes[at];
      [...words.children].forEach((word, i) => {
        const distance = Math.abs(i - at);
        const inside = distance > 0 && distance <= reach;
        word.classList.toggle("lab-centre", i === at);
        word.classList.toggle("lab-context", inside);
        word.classList.toggle(
          "lab-missed",
          distance > reach && distance <= most,
        );
        const sign = i < at ? "\u2212" : "+";
        if (inside) word.dataset.distance = sign + distance;
        else delete word.dataset.distance;
      });
      place.control.value = at + 1;
      const where = tokens.length ? `${at + 1} of ${tokens.length}` : "";
      place.show(where, spoken());
      size.show(`${most} to each side`);
      again.hidden = !shrink.checked;
      showCentre();
      drawSamples();
    }

    // A long text scrolls in its own frame, and only there.
    function showCentre() {
      const word = words.children[state.at];
      if (!word) return;
      const top = word.offsetTop - words.offsetTop;
      const room = words.clientHeight - 2 * word.offsetHeight;
      if (top < words.scrollTop) words.scrollTop = top;
      if (top > words.scrollTop + room) words.scrollTop = top - room;
    }

    // What a screen reader says of a place of the window.
    function spoken() {
      const { tokens, at, sizes } = state;
      if (!tokens.length) return "no word";
      const around = near(at, tokens.length, sizes[at]).map((j) => tokens[j]);
      return `${tokens[at]}, near ${around.join(", ") || "nothing"}`;
    }

    function drawSamples() {
      const { tokens, at, sizes } = state;
      const so = pairs(
        tokens,
        0,
        sizes.map((n, i) => (i > at ? 0 : n)),
      );
      const whole = pairs(tokens, 0, sizes).length;
      const different = new Set(so.map((pair) => pair.join(" "))).size;
      total.replaceChildren();
      list.replaceChildren();
      list.hidden = !whole;
      if (!whole) return;
      total.append(
        make("strong", {}, many(so.length, "sample")),
        ` so far, ${different.toLocaleString("en")} of them different; ` +
          `${whole.toLocaleString("en")} in all`,
      );
      const first = Math.max(0, at + 1 - LINES_KEPT);
      const lines = tokens.slice(first, at + 1).map((_, k) => line(first + k));
      if (first) {
        lines.unshift(
          make(
            "li",
            { class: "lab-more" },
            `… and those of ${many(first, "word")} before`,
          ),
        );
      }
      list.append(...lines);
      list.scrollTop = list.scrollHeight;
    }

    function line(i) {
      const { tokens, sizes } = state;
      const samples = near(i, tokens.length, sizes[i]).map((j) =>
        make("span", { class: "lab-sample" }, `(${tokens[i]}, ${tokens[j]})`),
      );
      return make(
        "li",
        { class: i === state.at ? "lab-now" : "" },
        make("b", {}, tokens[i]),
        make("span", {}, ...samples.flatMap((sample) => [" ", sample])),
      );
    }

    function move(to) {
      state.at = Math.max(0, Math.min(state.tokens.length - 1, to));
      draw();
    }

    function start() {
      if (state.at >= state.tokens.length - 1) move(0);
      state.timer = setInterval(() => {
        move(state.at + 1);
        if (state.at >= state.tokens.length - 1) stop();
      }, 700);
      showPlay();
    }

    function stop() {
      clearInterval(state.timer);
      state.timer = 0;
      showPlay();
    }

    function showPlay() {
      play.textContent = state.timer ? "Pause" : "Play";
    }

    // A finger or a mouse takes the window along. The words have the focus
    // then, so that arrow keys go on from there.
    function drag(event) {
      const under = document.elementFromPoint(event.clientX, event.clientY);
      const word = under && under.closest(".lab-word");
      if (word && words.contains(word)) move(Number(word.dataset.place));
    }

    words.addEventListener("pointerdown", (event) => {
      if (state.tokens.length < 2) return;
      stop();
      words.setPointerCapture(event.pointerId);
      words.focus({ preventScroll: true });
      event.preventDefault();
      drag(event);
    });
    words.addEventListener("pointermove", (event) => {
      if (words.hasPointerCapture(event.pointerId)) drag(event);
    });
    words.addEventListener("keydown", (event) => {
      const { at, tokens } = state;
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0 };
      to.End = tokens.length - 1;
      if (!(event.key in to) || !tokens.length) return;
      event.preventDefault();
      stop();
      move(to[event.key]);
    });
    place.control.addEventListener("input", () => {
      stop();
      move(Number(place.control.value) - 1);
    });
    for (const control of [size.control, shrink]) {
      control.addEventListener("input", () => {
        throwSizes();
        draw();
      });
    }
    text.control.addEventListener("input", settled(read, 150));
    read();
  }

  // --- The training ----------------------------------------------------------

  const MOST_WORDS = 200;
  const MOST_TOKENS = 20000;

  const EXAMPLES = {
    "Ants, tea and New York": [
      "the ant walks in the garden",
      "the ants walk in the garden",
      "the kangaroo jumps in the garden",
      "the kangaroo jumps over the fence",
      "the fox jumps over the lazy dog",
      "the lazy dog sleeps in the house",
      "the lazy cat sleeps in the house",
      "she drinks hot coffee in the morning",
      "she drinks hot tea in the evening",
      "he drinks cold milk in the morning",
      "he drinks cold water in the evening",
      "new york is a city",
      "new york is a state",
      "new jersey is a state",
      "paris is a city",
      "rome is a city",
    ],
    "The text of chapter 5": [
      "new york city",
      "new york state",
      "new york harbor",
      "new york kangaroo",
      "the cat sleeps",
      "the dog sleeps",
      "a cat eats fish",
      "a dog eats fish",
      "the bird sings",
    ],
    "Numbers in a row": [
      "one two three four five six seven eight",
      "two three four five six seven eight nine",
      "three four five six seven eight nine ten",
      "four five six seven eight nine ten eleven",
      "five six seven eight nine ten eleven twelve",
    ],
  };

  // How to step: name, first learning rate, and the range of its logarithm.
  const METHODS = {
    adam: { name: "Adam (chapter 7)", lr: 0.01, low: -3, high: -0.5 },
    descent: {
      name: "gradient descent (chapter 5)",
      lr: 2,
      low: -1,
      high: 1.5,
    },
  };

  // Counts and everything else that follows from a text and its settings.
  function problemOf(text, size) {
    const cut = text.slice(0, MOST_TEXT);
    const documents = documentsOf(cut);
    const vocabulary = vocabularyOf(documents, MOST_WORDS);
    const encoded = documents.map((tokens) => encode(tokens, vocabulary));
    const V = vocabulary.words.length;
    const tokens = encoded.reduce((n, ids) => n + ids.length, 0);
    const trouble =
      noPairs(text, documents) ||
      (tokens > MOST_TOKENS
        ? `This text has ${many(tokens, "word")}; up to ` +
          `${MOST_TOKENS.toLocaleString("en")} are trained here. The library ` +
          "takes any number: skipgram train."
        : "");
    const N = trouble ? new Float64Array(V * V) : counts(encoded, size, V);
    let note = trouble;
    if (!trouble && vocabulary.found > V) {
      note =
        `The text has ${vocabulary.found} different words; the ${V} most ` +
        "frequent are kept.";
    } else if (!trouble && text.length > MOST_TEXT) {
      note = `The first ${MOST_TEXT.toLocaleString("en")} characters are read.`;
    }
    return {
      words: vocabulary.words,
      V,
      N,
      tokens,
      note,
      usable: !trouble && sum(N) > 0,
      floor: trouble ? 0 : floor(N, V),
      frequencies: trouble ? 0 : frequencyEntropy(N, V),
    };
  }

  // The words whose bars are shown beside a centre: those counted most often,
  // in an order that stays while the network learns.
  function counted(problem, centre, most = 8) {
    const { N, V, words } = problem;
    const row = N.subarray(centre * V, (centre + 1) * V);
    const order = words.map((_, v) => v).filter((v) => row[v] > 0);
    order.sort((a, b) => row[b] - row[a] || a - b);
    return { shown: order.slice(0, most), row, n: sum(row) };
  }

  function mountTraining(element) {
    const state = {
      problem: null,
      network: null,
      memory: {},
      step: 0,
      history: [],
      word: 0,
      running: false,
      basis: null,
      places: [],
      view: null,
      over: null,
      drawn: 0,
      frame: 0,
    };
    const parts = trainingParts(element);
    const views = [lossView, heatView, mapView].map((view) =>
      view(state, parts),
    );
    const method = () => METHODS[parts.method.control.value];
    const rate = () => 10 ** Number(parts.rate.control.value);

    function read() {
      const size = Number(parts.size.control.value);
      const before = state.problem && state.problem.words[state.word];
      state.problem = problemOf(parts.text.control.value, size);
      const { words, usable, note } = state.problem;
      parts.note.textContent = note;
      parts.results.hidden = !usable;
      for (const control of [parts.run, parts.once, parts.reset]) {
        control.disabled = !usable;
      }
      state.word = Math.max(0, words.indexOf(before || "york"));
      parts.word.control.replaceChildren(
        ...words.map((word, v) => make("option", { value: v }, word)),
      );
      reset();
    }

    function reset() {
      pause();
      const { V, usable } = state.problem;
      if (!usable) return;
      const seed = Number(parts.seed.control.value) || 0;
      const D = Number(parts.features.control.value);
      state.network = initial(V, D, seed, 0.1);
      forget();
      state.step = 0;
      state.history = [loss(state.network, state.problem.N)];
      state.basis = null;
      state.view = null;
      parts.said.textContent = "";
      draw();
    }

    // Adam's running means belong to the way of stepping so far.
    function forget() {
      state.memory = {};
    }

    function advance() {
      const adam = parts.method.control.value === "adam";
      const { N } = state.problem;
      const before = step(state.network, N, rate(), adam ? state.memory : null);
      state.history[state.step] = before;
      state.step += 1;
      if (Number.isFinite(before)) return true;
      parts.said.textContent =
        "The steps were too long, and the loss is no longer a number. Take a " +
        "smaller learning rate, then reset.";
      pause();
      return false;
    }

    // The loss after the last step; the history holds those before each.
    function finish() {
      state.history[state.step] = loss(state.network, state.problem.N);
    }

    // A part of a second's frame: some steps, but not more than fit.
    function frame(now) {
      if (!state.running) return;
      const until = performance.now() + 12;
      const most = Number(parts.speed.control.value);
      for (let i = 0; i < most; i++) {
        if (!advance()) return;
        if (performance.now() > until) break;
      }
      if (!calm() || now - state.drawn > 500) {
        state.drawn = now;
        finish();
        draw();
      }
      if (atRest()) {
        pause();
        return;
      }
      state.frame = requestAnimationFrame(frame);
    }

    // Training ends when the floor is reached, or nothing moves any more.
    function atRest() {
      const now = state.history[state.step - 1];
      const gap = now - state.problem.floor;
      const earlier = state.history[state.step - 1001];
      if (gap < 0.002) {
        parts.said.textContent =
          `After ${many(state.step, "step")} the loss is within 0.002 nats of ` +
          "its floor: there is nothing left to learn from this text.";
      } else if (earlier !== undefined && earlier - now < 1e-3) {
        parts.said.textContent =
          `The loss has come to rest ${gap.toFixed(3)} nats above its floor. ` +
          "More features, or another learning rate, may bring it further down.";
      } else {
        return false;
      }
      return true;
    }

    function run() {
      state.running = true;
      parts.said.textContent = "";
      parts.run.textContent = "Pause";
      state.frame = requestAnimationFrame(frame);
    }

    function pause() {
      const was = state.running;
      state.running = false;
      cancelAnimationFrame(state.frame);
      parts.run.textContent = "Run";
      if (was && state.network) {
        finish();
        draw();
      }
    }

    function draw() {
      const { problem, network } = state;
      if (!problem.usable) return;
      const rounds = state.basis && state.running ? 4 : 300;
      const found = plane(
        network.W_in,
        problem.V,
        network.D,
        state.basis,
        rounds,
      );
      state.basis = found.basis;
      state.places = found.places;
      for (const view of views) view();
      drawBars(state, parts);
      drawNumbers(state, parts);
    }

    function choose(v) {
      state.word = v;
      parts.word.control.value = v;
      draw();
    }

    function showSettings() {
      const value = (name) => Number(parts[name].control.value);
      parts.size.show(
        `\u00b1 ${value("size")}`,
        `${value("size")} to each side`,
      );
      parts.features.show(String(value("features")));
      parts.rate.show(String(Number(rate().toPrecision(2))));
      const speed = many(value("speed"), "step");
      parts.speed.show(speed, `${speed} a picture`);
    }

    function takeMethod() {
      const { lr, low, high } = method();
      Object.assign(parts.rate.control, { min: low, max: high, step: 0.05 });
      parts.rate.control.value = Math.log10(lr);
      forget();
    }

    parts.run.addEventListener("click", () =>
      state.running ? pause() : run(),
    );
    parts.once.addEventListener("click", () => {
      pause();
      if (advance()) finish();
      draw();
    });
    parts.reset.addEventListener("click", reset);
    parts.word.control.addEventListener("input", () =>
      choose(Number(parts.word.control.value)),
    );
    parts.text.control.addEventListener("input", settled(read, 250));
    parts.example.control.addEventListener("input", () => {
      parts.text.control.value =
        EXAMPLES[parts.example.control.value].join("\n");
      read();
    });
    parts.method.control.addEventListener("input", takeMethod);
    parts.size.control.addEventListener("input", read);
    for (const part of [parts.features, parts.seed]) {
      part.control.addEventListener("input", reset);
    }
    parts.controls.addEventListener("input", showSettings);
    pointing(
      parts.heat,
      (x, y) => heatWord(state, parts.heat, y),
      choose,
      state,
      draw,
    );
    pointing(
      parts.map,
      (x, y) => mapWord(state, parts.map, x, y),
      choose,
      state,
      draw,
    );
    onTheme(() => draw());
    new ResizeObserver(() => draw()).observe(parts.results);
    takeMethod();
    showSettings();
    read();
  }

  // All elements of the training tool, by name.
  function trainingParts(element) {
    const names = Object.keys(EXAMPLES);
    const options = names.map((name) => make("option", { value: name }, name));
    const methods = Object.entries(METHODS).map(([value, { name }]) =>
      make("option", { value }, name),
    );
    const parts = {
      text: labelled("Your sentences, one a line", "textarea", {
        rows: 8,
        spellcheck: "false",
        autocomplete: "off",
      }),
      example: labelled("Or take an example", "select", {}, ...options),
      size: slider("Window", 1, 10, 2),
      features: slider("Features D", 2, 32, 8),
      rate: slider("Learning rate", -3, -0.5, -1.7, 0.05),
      speed: slider("Speed", 1, 20, 2),
      method: labelled("Step by", "select", {}, ...methods),
      seed: labelled("Seed", "input", { type: "number", min: 0, value: 0 }),
      run: make(
        "button",
        { type: "button", class: "lab-button lab-main" },
        "Run",
      ),
      once: make("button", { type: "button", class: "lab-button" }, "Step"),
      reset: make("button", { type: "button", class: "lab-button" }, "Reset"),
      note: make("p", { class: "lab-note", role: "status" }),
      said: make("p", { class: "lab-note", role: "status" }),
      numbers: make("p", { class: "lab-total" }),
      loss: make("canvas", { role: "img", class: "lab-loss" }),
      heat: make("canvas", { role: "img", class: "lab-heat" }),
      map: make("canvas", { role: "img", class: "lab-map" }),
      word: labelled("Near which word?", "select", {}),
      bars: make("ol", { class: "lab-bars" }),
      heatNote: make("p", { class: "lab-caption" }),
      mapNote: make("p", { class: "lab-caption" }),
    };
    parts.text.control.value = EXAMPLES[names[0]].join("\n");
    const fields = (kind, names) =>
      make("div", { class: kind }, ...names.map((name) => parts[name].field));
    parts.controls = make(
      "div",
      { class: "lab-settings" },
      fields("lab-choices", ["example", "method"]),
      fields("lab-sliders", ["size", "features", "rate", "speed", "seed"]),
    );
    parts.results = make(
      "div",
      { class: "lab-results" },
      panel(
        "The loss falls to its floor",
        parts.loss,
        "Mean cross-entropy, in nats per pair. The floor is the entropy of the counts.",
      ),
      panel(
        "P(nearby | word), predicted and counted",
        make("div", {}, parts.word.field, legend(), parts.bars),
      ),
      panel("The map of the words", parts.map, parts.mapNote),
      panel("The matrix W_in", parts.heat, parts.heatNote),
    );
    element.classList.add("skipgram-lab", "lab-training");
    element.append(
      make("div", { class: "lab-top" }, parts.text.field, parts.controls),
      parts.note,
      make(
        "div",
        { class: "lab-run" },
        parts.run,
        parts.once,
        parts.reset,
        parts.numbers,
      ),
      parts.said,
      parts.results,
    );
    return parts;
  }

  function panel(title, body, caption = "") {
    const below =
      typeof caption === "string"
        ? make("p", { class: "lab-caption" }, caption)
        : caption;
    return make(
      "section",
      { class: "lab-panel" },
      make("h3", {}, title),
      body,
      ...(caption ? [below] : []),
    );
  }

  function legend() {
    return make(
      "p",
      { class: "lab-legend" },
      make("span", { class: "lab-key lab-predicted" }),
      " predicted ",
      make("span", { class: "lab-key lab-counted" }),
      " counted",
    );
  }

  // Words of a picture, under the pointer: a click chooses one.
  function pointing(canvas, find, choose, state, draw) {
    const at = (event) => {
      const box = canvas.getBoundingClientRect();
      return find(event.clientX - box.left, event.clientY - box.top);
    };
    const look = (word) => {
      if (state.over === word) return;
      state.over = word;
      canvas.style.cursor = word === null ? "" : "pointer";
      if (!state.running) draw();
    };
    canvas.addEventListener("pointermove", (event) => look(at(event)));
    canvas.addEventListener("pointerleave", () => look(null));
    canvas.addEventListener("click", (event) => {
      const word = at(event);
      if (word !== null) choose(word);
    });
  }

  // --- Pictures --------------------------------------------------------------

  // A canvas as sharp as the screen, cleared; returns its pen and size.
  function pen(canvas) {
    const { clientWidth: width, clientHeight: height } = canvas;
    const sharp = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * sharp), Math.round(height * sharp)];
    if (canvas.width !== w || canvas.height !== h) {
      Object.assign(canvas, { width: w, height: h });
    }
    const context = canvas.getContext("2d");
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(`--lab-${name}`).trim();
    context.font = `12px ${style.fontFamily}`;
    context.textBaseline = "middle";
    return { context, width, height, colour };
  }

  function lossView(state, parts) {
    return function () {
      const { context, width, height, colour } = pen(parts.loss);
      const { history, problem, step } = state;
      const chance = Math.log(problem.V);
      // From a little below the floor to a little above what chance gives.
      const span = Math.max(chance - problem.floor, 0.1);
      const [low, top] = [problem.floor - 0.15 * span, chance + 0.15 * span];
      const [left, right, bottom] = [8, width - 8, height - 22];
      const steps = Math.max(50, step);
      const x = (i) => left + ((right - left) * i) / steps;
      const y = (value) =>
        bottom - ((bottom - 4) * (Math.min(value, top) - low)) / (top - low);
      const marks = [
        ["ln V", chance, "muted", -9],
        ["unigram model", problem.frequencies, "muted", -9],
        ["floor", problem.floor, "orange-ink", 11],
      ];
      for (const [name, value, ink, shift] of marks) {
        const text = `${name}  ${value.toFixed(3)}`;
        rule(context, y(value), left, right, colour(ink), text, shift);
      }
      context.strokeStyle = colour("border");
      context.beginPath();
      context.moveTo(left, bottom);
      context.lineTo(right, bottom);
      context.stroke();
      curve(context, history, x, y, colour("blue-ink"));
      context.fillStyle = colour("muted");
      context.textAlign = "left";
      context.fillText("0", left, bottom + 13);
      context.textAlign = "right";
      context.fillText(
        `step ${steps.toLocaleString("en")}`,
        right,
        bottom + 13,
      );
      parts.loss.setAttribute(
        "aria-label",
        `Curve of the loss over ${many(step, "step")}: from ` +
          `${history[0].toFixed(2)} to ${Number(history[step]).toFixed(3)}; ` +
          `the floor is at ${problem.floor.toFixed(3)}.`,
      );
    };
  }

  // A dashed line across, with its name at the right end.
  function rule(context, y, left, right, colour, text, shift) {
    context.save();
    context.strokeStyle = context.fillStyle = colour;
    context.setLineDash([5, 4]);
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(right, y);
    context.stroke();
    context.textAlign = "right";
    context.fillText(text, right, y + shift);
    context.restore();
  }

  // The history as a line, with no more points than can be seen.
  function curve(context, history, x, y, colour) {
    const stride = Math.max(1, Math.ceil(history.length / 600));
    context.strokeStyle = colour;
    context.lineWidth = 2.5;
    context.lineJoin = "round";
    context.beginPath();
    for (let i = 0; i < history.length; i += stride) {
      if (Number.isFinite(history[i])) context.lineTo(x(i), y(history[i]));
    }
    const last = history.length - 1;
    if (Number.isFinite(history[last]))
      context.lineTo(x(last), y(history[last]));
    context.stroke();
    if (!Number.isFinite(history[last])) return;
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x(last), y(history[last]), 4, 0, 2 * Math.PI);
    context.fill();
  }

  // Where the heat map lies in its canvas: words on the left, if they fit.
  function heatPlan(state, canvas) {
    const { V } = state.problem;
    const height = canvas.clientHeight;
    const row = Math.min(26, (height - 4) / V);
    return { row, named: row >= 9, left: 84, right: canvas.clientWidth - 2 };
  }

  function heatWord(state, canvas, y) {
    const word = Math.floor((y - 2) / heatPlan(state, canvas).row);
    return word >= 0 && word < state.problem.V ? word : null;
  }

  function heatView(state, parts) {
    const small = document.createElement("canvas");
    return function () {
      const { problem, network, word, over } = state;
      const wanted = Math.max(300, Math.min(560, 14 * problem.V));
      parts.heat.style.height = `${wanted}px`;
      const { context, colour } = pen(parts.heat);
      const { row, named, left, right } = heatPlan(state, parts.heat);
      const largest = paintWeights(small, network, colour);
      context.imageSmoothingEnabled = false;
      context.fillStyle = colour("sunk");
      context.fillRect(left, 2, right - left, row * problem.V);
      context.drawImage(small, left, 2, right - left, row * problem.V);
      context.textAlign = "right";
      const size = Math.max(9, Math.min(13, row - 1));
      context.font = context.font.replace(/^\d+px/, `${size}px`);
      problem.words.forEach((name, v) => {
        const marked = v === word || v === over;
        if (!named && !marked) return;
        context.fillStyle = colour(v === word ? "orange-ink" : "text");
        context.fillText(name, left - 7, 2 + row * (v + 0.5), left - 10);
      });
      for (const v of [over, word]) {
        if (v === null || v === undefined) continue;
        context.strokeStyle = colour(v === word ? "orange-ink" : "text");
        context.lineWidth = 1.5;
        context.strokeRect(left, 2 + row * v, right - left, row);
      }
      parts.heat.setAttribute(
        "aria-label",
        `The matrix W_in: ${problem.V} rows, one a word, and ${network.D} ` +
          "columns; blue cells are above zero, orange ones below.",
      );
      parts.heatNote.textContent =
        `A row for each word, a column for each feature. Blue is above zero, ` +
        `orange below; the strongest is ${largest.toFixed(2)}.`;
    };
  }

  // A pixel a weight: blue above zero, orange below, clear near it.
  function paintWeights(small, network, colour) {
    const { V, D, W_in } = network;
    Object.assign(small, { width: D, height: V });
    const context = small.getContext("2d");
    const image = context.createImageData(D, V);
    const [plus, minus] = [rgb(colour("plus")), rgb(colour("minus"))];
    let largest = 1e-9;
    for (const weight of W_in)
      largest = Math.max(largest, Math.abs(weight) || 0);
    W_in.forEach((weight, i) => {
      image.data.set(weight < 0 ? minus : plus, 4 * i);
      image.data[4 * i + 3] = (255 * Math.abs(weight)) / largest;
    });
    context.putImageData(image, 0, 0);
    return largest;
  }

  function rgb(hex) {
    const bits = parseInt(hex.slice(1), 16) || 0;
    return [bits >> 16, (bits >> 8) & 255, bits & 255];
  }

  // From places in the plane to places on the canvas: the middle and the scale
  // that fill it. While the training runs, both follow the map slowly.
  function mapPlan(state, width, height) {
    const sides = [0, 1].map((k) => {
      const values = state.places.map((place) => place[k] || 0);
      return [Math.min(...values), Math.max(...values)];
    });
    const [far, high] = sides.map(([low, top]) => Math.max(top - low, 1e-9));
    const wanted = {
      scale: Math.min((width - 110) / far, (height - 50) / high),
      x: (sides[0][0] + sides[0][1]) / 2,
      y: (sides[1][0] + sides[1][1]) / 2,
    };
    const view = state.view || wanted;
    const follow = state.running ? 0.15 : 1;
    for (const key of Object.keys(wanted)) {
      wanted[key] = view[key] + follow * (wanted[key] - view[key]);
    }
    state.view = wanted;
    return state.places.map(([x, y]) => [
      width / 2 + (x - wanted.x) * wanted.scale - 16,
      height / 2 - (y - wanted.y) * wanted.scale,
    ]);
  }

  function mapWord(state, canvas, x, y) {
    let [found, least] = [null, 400];
    (state.spots || []).forEach(([a, b], v) => {
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least) [found, least] = [v, distance];
    });
    return found;
  }

  function mapView(state, parts) {
    // Of each word: how much of its name is seen, and on which side it stands.
    let names = [];
    return function () {
      const { context, width, height, colour } = pen(parts.map);
      const { words, V } = state.problem;
      const spots = (state.spots = mapPlan(state, width, height));
      const first = [state.word, state.over].filter((v) => v !== null);
      const order = [...new Set([...first, ...words.keys()])];
      if (names.length !== V) names = words.map(() => ({ ink: 0, side: 0 }));
      for (const v of [...order].reverse()) {
        const [x, y] = spots[v];
        context.fillStyle = colour(v === state.word ? "orange" : "blue-ink");
        context.beginPath();
        context.arc(x, y, v === state.word ? 6 : 3.5, 0, 2 * Math.PI);
        context.fill();
      }
      const boxes = first.slice(0, 1).map((v) => around(spots[v], 7));
      for (const v of order) {
        const strong = v === state.word;
        const font = context.font.replace(/^(bold )?/, strong ? "bold " : "");
        context.font = font.replace("bold bold", "bold");
        const long = context.measureText(words[v]).width;
        const must = strong || v === state.over;
        const box = freeBox(boxes, spots[v], long, width, names[v], must);
        if (box) boxes.push(box);
        // Names come and go softly while the words move.
        const wanted = box ? 1 : 0;
        const pace = state.running ? 0.2 : 1;
        names[v].ink += pace * (wanted - names[v].ink);
        if (!box || names[v].ink < 0.05) continue;
        context.globalAlpha = names[v].ink;
        context.fillStyle = colour(strong ? "orange-ink" : "text");
        context.textAlign = "left";
        // An edge in the colour of the page keeps names apart from dots.
        context.strokeStyle = colour("page");
        context.lineWidth = 3;
        const middle = (box.top + box.bottom) / 2;
        context.strokeText(words[v], box.left + 3, middle);
        context.fillText(words[v], box.left + 3, middle);
        context.globalAlpha = 1;
      }
      const near = `Closest to ${words[state.word]}: ${closest(state).join(", ")}.`;
      parts.mapNote.textContent = `The rows of W_in, seen from where they vary most. ${near}`;
      parts.map.setAttribute(
        "aria-label",
        `Map of ${many(V, "word")}: words with similar rows of W_in lie close ` +
          `together. ${near}`,
      );
    };
  }

  function around([x, y], size) {
    return { left: x - size, right: x + size, top: y - size, bottom: y + size };
  }

  // Where a name can stand beside its dot: right, left, above, below. The side
  // that it had is asked first, so that names do not jump.
  function freeBox(boxes, [x, y], long, width, name, must) {
    const places = [
      [x + 8, y],
      [x - 8 - long, y],
      [x - long / 2, y - 13],
      [x - long / 2, y + 13],
    ];
    const sides = [name.side, 0, 1, 2, 3];
    const found = sides.map((side) => {
      const [left, middle] = places[side];
      const box = {
        left: left - 3,
        right: left + long + 3,
        top: middle - 7,
        bottom: middle + 7,
      };
      const inside = box.left > 0 && box.right < width;
      return { side, box, free: inside && !boxes.some((b) => meet(b, box)) };
    });
    const best = found.find(({ free }) => free) || (must ? found[1] : null);
    if (!best) return null;
    name.side = best.side;
    return best.box;
  }

  function meet(a, b) {
    return (
      a.left < b.right &&
      b.left < a.right &&
      a.top < b.bottom &&
      b.top < a.bottom
    );
  }

  // Words with the most similar rows, by the cosine.
  function closest(state, most = 3) {
    const { W_in, D, V } = state.network;
    const row = (v) => W_in.subarray(v * D, (v + 1) * D);
    const own = row(state.word);
    const others = state.problem.words
      .map((word, v) => ({ word, v }))
      .filter(({ v }) => v !== state.word && v < V)
      .map(({ word, v }) => {
        const size = Math.sqrt(dot(row(v), row(v)) * dot(own, own)) || 1;
        return { word, cosine: dot(row(v), own) / size };
      });
    others.sort((a, b) => b.cosine - a.cosine);
    return others.slice(0, most).map(({ word }) => word);
  }

  function drawNumbers(state, parts) {
    const { problem, step, history } = state;
    const pairsSeen = sum(problem.N);
    const now = history[step];
    parts.numbers.replaceChildren(
      make("strong", {}, `Step ${step.toLocaleString("en")}`),
      ` loss ${Number(now).toFixed(3)}, floor ${problem.floor.toFixed(3)}. ` +
        `${many(problem.V, "word")}, ${many(pairsSeen, "pair")}.`,
    );
  }

  // Bars of the chosen word. Their rows stay as they are while the training
  // runs, and only widths and numbers change.
  function drawBars(state, parts) {
    const { problem, network, word } = state;
    parts.word.control.value = word;
    const { shown, row, n } = counted(problem, word);
    const probs = new Float64Array(problem.V);
    predict(network, word, probs);
    const lines = shown.map((v) => [
      problem.words[v],
      probs[v],
      row[v] / (n || 1),
    ]);
    const rest = [1, 2].map(
      (i) => 1 - lines.reduce((s, line) => s + line[i], 0),
    );
    if (problem.V > shown.length) {
      lines.push(["all others", ...rest.map((share) => Math.max(0, share))]);
    }
    const key = `${word} ${lines.map(([name]) => name).join(" ")}`;
    if (parts.bars.dataset.key !== key) {
      parts.bars.dataset.key = key;
      parts.bars.replaceChildren(...lines.map(([name]) => barLine(name)));
    }
    // The others together have numbers only: their bar would dwarf the rest.
    const single = lines.slice(0, shown.length);
    const most = Math.max(...single.flatMap(([, p, q]) => [p || 0, q]), 0.05);
    lines.forEach(([, p, q], i) => {
      const [, track, numbers] = parts.bars.children[i].children;
      const scale = i < shown.length ? 100 / most : 0;
      track.children[0].style.width = `${scale * (p || 0)}%`;
      track.children[1].style.width = `${scale * q}%`;
      const texts = [p.toFixed(3), q.toFixed(3)];
      [...numbers.children].forEach((part, k) => (part.textContent = texts[k]));
    });
  }

  function barLine(name) {
    return make(
      "li",
      { class: name === "all others" ? "lab-rest" : "" },
      make("span", { class: "lab-name" }, name),
      make(
        "span",
        { class: "lab-track", "aria-hidden": "true" },
        make("span", { class: "lab-predicted" }),
        make("span", { class: "lab-counted" }),
      ),
      make("span", { class: "lab-numbers" }, make("b", {}), make("span", {})),
    );
  }

  window.SkipgramLab = { mountWindow, mountTraining, network };

  // The training is long: it is folded, and made when it is opened.
  function foldTraining(element) {
    const home = make("div");
    const name = "Open the tool: train a small network on your own sentences";
    const box = make("details", {}, make("summary", {}, name), home);
    box.addEventListener("toggle", () => mountTraining(home), { once: true });
    element.append(box);
  }

  const TOOLS = { window: mountWindow, train: foldTraining };

  function begin() {
    document.querySelectorAll("[data-skipgram-tool]").forEach((element) => {
      element.replaceChildren();
      TOOLS[element.dataset.skipgramTool]?.(element);
    });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", begin);
  } else {
    begin();
  }
})();
