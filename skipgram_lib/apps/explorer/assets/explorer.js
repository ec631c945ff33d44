// A trained skip-gram network that answers in the reader's browser. A classic
// script without dependencies, so that it also runs from a folder of files.
//
// `skipgram explorer` writes the numbers: model.js, which is loaded at once,
// counted.js behind it, and journey.js when the journey is opened. Where these
// files have other names, the script's attribute data-files says which. The
// element may say more in attributes of its own:
//
//   data-chips="soviet ants"       words to begin with
//   data-rare='{"ants": 0}'        how often words occur that are not known
//
//   SkipgramExplorer.mount(element)     builds the page in an element
//   SkipgramExplorer.Network            the mathematics, without a page
//   SkipgramExplorer.readWord           what a reader typed, as a word
(function () {
  "use strict";

  const SCRIPT = document.currentScript;
  const HOME = SCRIPT ? SCRIPT.src.replace(/[^/]*$/, "") : "";
  const FILES = JSON.parse(SCRIPT?.dataset.files ?? "{}");
  const addressOf = (name) => HOME + (FILES[name] ?? name);
  const BARS = 12;
  const ALIKE = 10;

  // --- Numbers from text -----------------------------------------------------

  const DTYPES = {
    int8: Int8Array,
    uint8: Uint8Array,
    uint16: Uint16Array,
    uint32: Uint32Array,
    float32: Float32Array,
  };

  // An array that data.py wrote as base64.
  function readBlock(block) {
    const text = atob(block.data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new DTYPES[block.dtype](bytes.buffer);
  }

  // Ids of the n largest numbers, the largest first; of equal ones the first.
  function largest(numbers, n, leaveOut = new Set()) {
    const best = [];
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i];
      const full = best.length === n;
      if ((full && value <= numbers[best[n - 1]]) || leaveOut.has(i)) continue;
      let at = full ? n - 1 : best.length;
      while (at > 0 && numbers[best[at - 1]] < value) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = i;
    }
    return best;
  }

  // --- The network -----------------------------------------------------------

  // Weights are whole numbers with a scale for each row (the guide to the
  // explorer). All that is asked of them is a product with one vector.
  class Network {
    constructor(data, rare = {}) {
      this.rare = rare;
      this.words = data.words;
      this.frequencies = data.frequencies;
      this.tokens = data.tokens;
      this.V = data.words.length;
      this.index = new Map(data.words.map((word, id) => [word, id]));
      for (const name of [
        "W_in", "in_scale", "W_out", "out_scale", "bias", "places",
      ]) {
        this[name] = readBlock(data[name]);
      }
      this.D = data.W_in.shape[1];
      this.lengths = this.rowLengths();
    }

    // Lengths of the rows of W_in, in whole numbers: scales do not matter for
    // angles.
    rowLengths() {
      const lengths = new Float64Array(this.V);
      for (let i = 0, k = 0; i < this.V; i++) {
        let sum = 0;
        for (let d = 0; d < this.D; d++, k++) sum += this.W_in[k] ** 2;
        lengths[i] = Math.sqrt(sum);
      }
      return lengths;
    }

    // Products of a vector with all rows of a matrix of whole numbers.
    products(matrix, vector) {
      const { V, D } = this;
      const found = new Float64Array(V);
      for (let i = 0, k = 0; i < V; i++) {
        // Four sums at a time: none has to wait for the one before.
        let [a, b, c, e] = [0, 0, 0, 0];
        let d = 0;
        for (; d + 3 < D; d += 4, k += 4) {
          a += matrix[k] * vector[d];
          b += matrix[k + 1] * vector[d + 1];
          c += matrix[k + 2] * vector[d + 2];
          e += matrix[k + 3] * vector[d + 3];
        }
        for (; d < D; d++, k++) a += matrix[k] * vector[d];
        found[i] = a + b + c + e;
      }
      return found;
    }

    // A row of W_in times a factor.
    row(id, factor) {
      const start = id * this.D;
      return Float64Array.from(
        this.W_in.subarray(start, start + this.D), (w) => w * factor
      );
    }

    // P(nearby | word) for every word, by its id.
    probabilities(id) {
      const h = this.row(id, this.in_scale[id]);
      const probs = this.products(this.W_out, h);
      let top = -Infinity;
      for (let i = 0; i < this.V; i++) {
        probs[i] = probs[i] * this.out_scale[i] + this.bias[i];
        if (probs[i] > top) top = probs[i];
      }
      let sum = 0;
      for (let i = 0; i < this.V; i++) sum += probs[i] = Math.exp(probs[i] - top);
      for (let i = 0; i < this.V; i++) probs[i] /= sum;
      return probs;
    }

    // Cosines of a vector with the rows of W_in.
    cosines(vector) {
      const found = this.products(this.W_in, vector);
      const own = Math.hypot(...vector) || 1;
      for (let i = 0; i < this.V; i++) found[i] /= own * (this.lengths[i] || 1);
      return found;
    }

    // The n words of smallest angle to a word: [{ id, cosine }].
    neighbours(id, n) {
      return this.closest(this.row(id, 1), new Set([id]), n);
    }

    closest(vector, leaveOut, n) {
      const cosines = this.cosines(vector);
      return largest(cosines, n, leaveOut).map((id) => ({
        id, cosine: cosines[id],
      }));
    }

    // a is to b as c is to what? The words closest to b - a + c, rows made
    // equally long first.
    analogy(a, b, c, n) {
      const sum = new Float64Array(this.D);
      for (const [id, sign] of [[a, -1], [b, 1], [c, 1]]) {
        const row = this.row(id, sign / (this.lengths[id] || 1));
        for (let d = 0; d < this.D; d++) sum[d] += row[d];
      }
      return this.closest(sum, new Set([a, b, c]), n);
    }

    // Place of a word on the map, from 0 to 1.
    place(id) {
      return [this.places[2 * id] / 65535, this.places[2 * id + 1] / 65535];
    }
  }

  // Shares of the contexts that were counted: the most frequent ones of each
  // word.
  class Counted {
    constructor(data) {
      this.k = data.ids.shape[1];
      for (const name of ["ids", "share", "scale", "contexts"]) {
        this[name] = readBlock(data[name]);
      }
    }

    // [{ id, share }] of a word, the most frequent first.
    top(id, n) {
      const length = Math.min(n, this.k, this.contexts[id]);
      return Array.from({ length }, (_, j) => ({
        id: this.ids[id * this.k + j],
        share: this.share[id * this.k + j] * this.scale[id],
      }));
    }

    // The share of one context: { share }, or { below } where it is not
    // among those that were kept.
    of(id, context) {
      const top = this.top(id, this.k);
      const found = top.find((cell) => cell.id === context);
      if (found) return { share: found.share };
      if (this.contexts[id] <= this.k) return { share: 0 };
      return { below: top[top.length - 1].share };
    }
  }

  // --- What a reader types ---------------------------------------------------

  // The library's tokens are in lower case, and know one apostrophe only.
  function plain(text) {
    return text
      .slice(0, 300)
      .replace(/[\u2019\u02bc]/g, "'")
      .replace(/\u0130/g, "i")
      .toLowerCase()
      .normalize("NFC");
  }

  // Text that may be shown in a sentence: short, and without what steers.
  function shown(text) {
    const clean = text.replace(/[\p{C}\s]+/gu, " ").trim();
    const letters = [...clean];
    return letters.length > 30 ? letters.slice(0, 30).join("") + "…" : clean;
  }

  // Steps from one word to another: letters put in, taken out, replaced, or
  // swapped with the next. Stops where there are more than `most`.
  function spellingSteps(a, b, most) {
    if (Math.abs(a.length - b.length) > most) return most + 1;
    let [before, last] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
    for (let i = 1; i <= a.length; i++) {
      const now = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1] ? 0 : 1;
        now[j] = Math.min(last[j] + 1, now[j - 1] + 1, last[j - 1] + same);
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
          now[j] = Math.min(now[j], before[j - 2] + 1);
        }
      }
      if (Math.min(...now) > most) return most + 1;
      [before, last] = [last, now];
    }
    return last[b.length];
  }

  // Words spelt like one that is not known: fewest steps first, then the most
  // frequent.
  function nearSpellings(word, words, n = 4) {
    const most = word.length < 4 ? 1 : 2;
    if (word.length > 40) return [];
    return words
      .map((other, id) => [spellingSteps(word, other, most), id])
      .filter(([steps]) => steps <= most)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .slice(0, n)
      .map(([, id]) => words[id]);
  }

  // What was typed, as { id }, or as { say, try } where that is not one known
  // word.
  function readWord(text, network) {
    const { index } = network;
    const typed = text.trim();
    const name = plain(typed).trim();
    if (index.has(typed)) return { id: index.get(typed) };
    if (index.has(name)) return { id: index.get(name) };
    if (!shown(name)) return { say: "Type a word." };
    const tokens = name.match(/[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)?/gu) || [];
    const joined = tokens.join("_");
    if (index.has(joined)) return { id: index.get(joined) };
    if (!tokens.length) {
      return { say: `“${shown(typed)}” has no letter; words here are made of letters.` };
    }
    if (tokens.length > 1) {
      const known = [...new Set(tokens)].filter((token) => index.has(token));
      const most = known.slice(0, 6);
      return {
        say: `“${shown(typed)}” is more than one word. ` +
          (most.length ? "Choose one:" : "None of them is known here."),
        try: most,
      };
    }
    const near = nearSpellings(tokens[0], network.words);
    const often = network.rare[tokens[0]];
    const rarest = `the rarest of the ${network.V.toLocaleString("en")} words`;
    return {
      say: `“${shown(typed)}” is out of vocabulary: ` +
        (often === undefined ? "" : `${often ? `it occurs ${times(often)}` : "it does not occur"} in the text, and `) +
        `${rarest} occurs ${times(network.frequencies[network.V - 1])}. ` +
        (near.length ? "Did you mean:" : "Try another word."),
      try: near,
    };
  }

  function times(n) {
    return n === 1 ? "once" : `${n.toLocaleString("en")} times`;
  }

  // Words that begin so, or else hold it; the most frequent first.
  function suggestions(text, words, n = 8) {
    const begin = plain(text).trim();
    if (!begin || begin.length > 40) return [];
    const found = words.filter((word) => word.startsWith(begin)).slice(0, n);
    if (found.length < n && begin.length > 2) {
      const inside = words.filter((word) => word.indexOf(begin) > 0);
      found.push(...inside.slice(0, n - found.length));
    }
    return found;
  }

  // --- Small parts of a page -------------------------------------------------

  let serial = 0;
  const newId = (name) => `sgx-${name}-${++serial}`;

  // An element: `on` holds listeners, all else are attributes.
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") {
        for (const [kind, action] of Object.entries(value)) {
          element.addEventListener(kind, action);
        }
      } else if (value !== undefined) {
        element.setAttribute(name, value);
      }
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  }

  const hidden = (text) => make("span", { class: "sgx-hidden" }, text);

  function digits(number) {
    return number >= 0.001 || number === 0
      ? number.toFixed(3)
      : number.toPrecision(1).replace(/e-(\d)/, "e−$1");
  }

  function wordButton(word, action, kind = "sgx-word") {
    return make("button", { type: "button", class: kind, on: { click: action } }, word);
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // Load a script once. It may have been loaded before.
  const scripts = new Map();
  function loadScript(name) {
    if (!scripts.has(name)) {
      scripts.set(name, new Promise((done, failed) => {
        const script = make("script", { src: addressOf(name), async: "" });
        script.onload = () => done();
        script.onerror = () => failed(new Error(name));
        document.head.append(script);
      }));
    }
    return scripts.get(name);
  }

  // Data of a file of numbers; the text is let go.
  async function loadData(name) {
    await loadScript(`${name}.js`);
    const data = window.skipgramData[name];
    return data;
  }

  // A field with suggestions: the pattern "combobox" of WAI-ARIA.
  class WordField {
    constructor({ label, words, choose, value = "" }) {
      this.words = words;
      this.choose = choose;
      this.active = -1;
      const list = newId("list");
      const id = newId("field");
      this.input = make("input", {
        id, type: "text", role: "combobox", "aria-expanded": "false",
        "aria-controls": list, "aria-autocomplete": "list", autocomplete: "off",
        autocapitalize: "none", spellcheck: "false", enterkeyhint: "search",
        on: {
          input: () => this.suggest(),
          keydown: (event) => this.key(event),
          blur: () => this.close(),
          focus: () => this.input.select(),
        },
      });
      this.input.value = value;
      this.list = make("ul", {
        id: list, role: "listbox", "aria-label": `Words for: ${label}`, hidden: "",
      });
      this.element = make(
        "div", { class: "sgx-field" },
        make("label", { for: id }, label), this.input, this.list
      );
    }

    suggest() {
      this.found = suggestions(this.input.value, this.words());
      this.active = -1;
      this.input.removeAttribute("aria-activedescendant");
      this.list.replaceChildren(...this.found.map((word, i) => make(
        "li", {
          role: "option", id: `${this.list.id}-${i}`, "aria-selected": "false",
          on: {
            // The list goes when the field loses the focus, before a click.
            pointerdown: (event) => event.preventDefault(),
            click: () => this.take(word),
          },
        }, word
      )));
      this.list.hidden = this.found.length === 0;
      this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    }

    close() {
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
      this.active = -1;
    }

    take(word) {
      this.input.value = word;
      this.close();
      this.choose(word);
    }

    move(by) {
      if (this.list.hidden) this.suggest();
      if (this.list.hidden) return;
      const n = this.found.length;
      this.active = (this.active + by + (this.active < 0 && by < 0 ? 1 : 0) + n) % n;
      [...this.list.children].forEach((option, i) => {
        option.setAttribute("aria-selected", String(i === this.active));
        if (i === this.active) {
          this.input.setAttribute("aria-activedescendant", option.id);
          option.scrollIntoView({ block: "nearest" });
        }
      });
    }

    key(event) {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        this.move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Enter") {
        event.preventDefault();
        this.take(this.active >= 0 ? this.found[this.active] : this.input.value);
      } else if (event.key === "Escape" && !this.list.hidden) {
        event.preventDefault();
        this.close();
      }
    }
  }

  // --- The map ---------------------------------------------------------------

  const overlap = (a, b) =>
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

  // Words on a plane, to pan and zoom.
  class WordMap {
    constructor({ network, choose, say, height }) {
      this.network = network;
      this.choose = choose;
      this.say = say;
      this.places = Float32Array.from(network.places, (p) => p / 65535);
      this.zoom = 1;
      this.shift = [0, 0];
      this.word = -1;
      this.near = [];
      this.trail = [];
      this.pointed = -1;
      this.fingers = new Map();
      this.widths = new Map();
      // The order of the labels. Words are sorted by frequency; those that are
      // one word in a thousand or more stand near everything, and come last.
      const share = (id) => network.frequencies[id] / network.tokens;
      const ids = network.words.map((_, id) => id);
      this.order = [
        ...ids.filter((id) => share(id) < 0.001),
        ...ids.filter((id) => share(id) >= 0.001),
      ];
      this.canvas = make("canvas", {
        class: "sgx-canvas", tabindex: "0", role: "application",
        "aria-roledescription": "map",
        "aria-label": "Map of the words. Arrow keys move it, plus and minus " +
          "zoom, 0 shows all, Enter takes the word in the middle.",
        style: `height:${height}`,
      });
      this.pen = this.canvas.getContext("2d");
      const button = (text, name, action) => make("button", {
        type: "button", "aria-label": name, title: name, on: { click: action },
      }, text);
      this.element = make("div", { class: "sgx-map" }, this.canvas, make(
        "div", { class: "sgx-zoom" },
        button("+", "Closer", () => this.closer(1.6)),
        button("−", "Further away", () => this.closer(1 / 1.6)),
        button("⤢", "The whole map", () => this.whole())
      ));
      this.listen();
    }

    listen() {
      const on = (kind, action) =>
        this.canvas.addEventListener(kind, action, { passive: false });
      on("pointerdown", (event) => this.press(event));
      on("pointermove", (event) => this.drag(event));
      on("pointerup", (event) => this.release(event));
      on("pointercancel", (event) => this.fingers.delete(event.pointerId));
      on("pointerleave", () => this.point(-1));
      // Until the map is clicked, the wheel moves the page, as everywhere.
      on("wheel", (event) => {
        if (document.activeElement !== this.canvas && !event.ctrlKey) return;
        event.preventDefault();
        this.closer(Math.exp(-event.deltaY / 300), this.spot(event));
      });
      on("keydown", (event) => this.key(event));
      new ResizeObserver(() => this.draw()).observe(this.canvas);
      // The theme may change while the map is shown.
      new MutationObserver(() => this.draw())
        .observe(document.documentElement, { attributeFilter: ["data-theme"] });
      matchMedia("(prefers-color-scheme: dark)")
        .addEventListener("change", () => this.draw());
    }

    size() {
      return [this.canvas.clientWidth, this.canvas.clientHeight];
    }

    // Pixels from one end of the map to the other.
    extent() {
      return 0.94 * Math.min(...this.size()) * this.zoom;
    }

    onScreen(id) {
      const [w, h] = this.size();
      const extent = this.extent();
      return [
        w / 2 + this.shift[0] + (this.places[2 * id] - 0.5) * extent,
        h / 2 + this.shift[1] - (this.places[2 * id + 1] - 0.5) * extent,
      ];
    }

    spot(event) {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    closer(factor, [x, y] = this.size().map((length) => length / 2)) {
      const [w, h] = this.size();
      const next = Math.min(200, Math.max(0.7, this.zoom * factor));
      const ratio = next / this.zoom;
      this.shift = [
        x - w / 2 - (x - w / 2 - this.shift[0]) * ratio,
        y - h / 2 - (y - h / 2 - this.shift[1]) * ratio,
      ];
      this.zoom = next;
      this.draw();
    }

    whole() {
      this.zoom = 1;
      this.shift = [0, 0];
      this.draw();
    }

    move(x, y) {
      this.shift = [this.shift[0] + x, this.shift[1] + y];
      this.draw();
    }

    // Bring a word to the middle.
    goTo(id) {
      this.zoom = Math.max(this.zoom, 5);
      const extent = this.extent();
      this.shift = [
        (0.5 - this.places[2 * id]) * extent,
        (this.places[2 * id + 1] - 0.5) * extent,
      ];
      this.draw();
    }

    nearest([x, y], reach) {
      let best = -1;
      for (let id = 0; id < this.network.V; id++) {
        const [a, b] = this.onScreen(id);
        const far = Math.hypot(a - x, b - y);
        if (far < reach) [best, reach] = [id, far];
      }
      return best;
    }

    press(event) {
      this.canvas.setPointerCapture(event.pointerId);
      this.fingers.set(event.pointerId, this.spot(event));
      this.moved = this.fingers.size > 1 ? 99 : 0;
    }

    drag(event) {
      const now = this.spot(event);
      const old = this.fingers.get(event.pointerId);
      if (!old) {
        this.point(this.nearest(now, 14));
        return;
      }
      const apart = () => {
        const [a, b] = [...this.fingers.values()];
        return Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
      };
      const before = this.fingers.size === 2 ? apart() : 0;
      this.fingers.set(event.pointerId, now);
      this.moved += Math.hypot(now[0] - old[0], now[1] - old[1]);
      if (before) this.closer(apart() / before, now);
      else if (this.moved > 4) this.move(now[0] - old[0], now[1] - old[1]);
    }

    release(event) {
      this.fingers.delete(event.pointerId);
      if (this.moved > 6) return;
      const id = this.nearest(this.spot(event), 18);
      if (id >= 0) this.choose(id);
    }

    point(id) {
      if (id === this.pointed) return;
      this.pointed = id;
      this.canvas.style.cursor = id < 0 ? "" : "pointer";
      this.draw();
    }

    key(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const middle = () => this.size().map((length) => length / 2);
      const keys = {
        "+": () => this.closer(1.5), "=": () => this.closer(1.5),
        "-": () => this.closer(1 / 1.5), 0: () => this.whole(),
        ArrowLeft: () => this.move(50, 0), ArrowRight: () => this.move(-50, 0),
        ArrowUp: () => this.move(0, 50), ArrowDown: () => this.move(0, -50),
      };
      if (event.key === "Enter") {
        event.preventDefault();
        const id = this.nearest(middle(), 1e9);
        if (id >= 0) this.choose(id);
      } else if (Object.hasOwn(keys, event.key)) {
        event.preventDefault();
        keys[event.key]();
        this.pointed = this.nearest(middle(), 1e9);
        this.say(`In the middle: ${this.network.words[this.pointed]}`);
      }
    }

    // Show a word, and the words that are like it.
    mark(id, near, trail = []) {
      this.word = id;
      this.near = near;
      this.trail = trail;
      this.draw();
    }

    // Move all words to other places.
    moveTo(places) {
      cancelAnimationFrame(this.running);
      const from = this.places.slice();
      const begin = performance.now();
      const step = (now) => {
        const part = calm() ? 1 : Math.min(1, Math.max(0, now - begin) / 500);
        const ease = part * part * (3 - 2 * part);
        const mixed = new Float32Array(from.length);
        for (let i = 0; i < from.length; i++) {
          mixed[i] = from[i] + (places[i] - from[i]) * ease;
        }
        this.places = mixed;
        this.draw();
        if (part < 1) this.running = requestAnimationFrame(step);
      };
      step(calm() ? Infinity : begin);
    }

    draw() {
      if (this.asked) return;
      this.asked = requestAnimationFrame(() => {
        this.asked = 0;
        this.paint();
      });
    }

    paint() {
      const [w, h] = this.size();
      if (!w || !h) return;
      const fine = devicePixelRatio || 1;
      if (this.canvas.width !== Math.round(w * fine) ||
          this.canvas.height !== Math.round(h * fine)) {
        this.canvas.width = Math.round(w * fine);
        this.canvas.height = Math.round(h * fine);
      }
      const { pen } = this;
      pen.setTransform(fine, 0, 0, fine, 0, 0);
      pen.clearRect(0, 0, w, h);
      const style = getComputedStyle(this.canvas);
      const colour = (name) => style.getPropertyValue(name).trim();
      const colours = {
        ink: colour("--sgx-ink"), dot: colour("--sgx-dot"),
        mark: colour("--sgx-orange-ink"), page: colour("--sgx-page"),
      };
      this.paintDots(colours.dot, w, h);
      this.paintTrail(colours.mark);
      this.paintMarked(colours.mark);
      this.paintLabels(colours, w, h);
    }

    paintDots(colour, w, h) {
      const { pen } = this;
      const r = Math.min(3, 1 + Math.log2(Math.max(1, this.zoom)) * 0.4);
      pen.fillStyle = colour;
      for (let id = 0; id < this.network.V; id++) {
        const [x, y] = this.onScreen(id);
        if (x < -3 || y < -3 || x > w + 3 || y > h + 3) continue;
        pen.fillRect(x - r, y - r, 2 * r, 2 * r);
      }
    }

    // The way of a word from place to place.
    paintTrail(colour) {
      if (this.trail.length < 2) return;
      const { pen } = this;
      const [w, h] = this.size();
      const extent = this.extent();
      pen.strokeStyle = colour;
      pen.lineWidth = 1.5;
      pen.beginPath();
      this.trail.forEach(([x, y], i) => {
        const a = w / 2 + this.shift[0] + (x - 0.5) * extent;
        const b = h / 2 + this.shift[1] - (y - 0.5) * extent;
        if (i) pen.lineTo(a, b);
        else pen.moveTo(a, b);
      });
      pen.stroke();
    }

    paintMarked(colour) {
      const { pen } = this;
      pen.fillStyle = colour;
      for (const id of [...this.near, this.word]) {
        if (id < 0) continue;
        const [x, y] = this.onScreen(id);
        pen.beginPath();
        pen.arc(x, y, id === this.word ? 6 : 4, 0, 7);
        pen.fill();
      }
    }

    // Labels, the important ones first; one that has no room is left out.
    paintLabels({ ink, mark, page }, w, h) {
      const { pen } = this;
      const marked = new Set([this.word, this.pointed, ...this.near]);
      marked.delete(-1);
      const most = Math.round((w * h) / 4500);
      // No label lies under the buttons.
      const { offsetLeft, offsetTop, offsetHeight } = this.element.lastChild;
      const taken = [[offsetLeft - 4, 0, w, offsetTop + offsetHeight + 4]];
      const write = (id) => {
        const [x, y] = this.onScreen(id);
        if (x < 0 || y < 0 || x > w || y > h) return;
        const bold = marked.has(id);
        pen.font = `${bold ? "600 " : ""}13px system-ui, sans-serif`;
        const width = this.width(id, bold);
        const free = [[6, -8], [-6 - width, -8], [-width / 2, -22], [-width / 2, 6]]
          .map(([i, j]) => [x + i, y + j, x + i + width, y + j + 16])
          .find((box) => box[0] > 0 && box[2] < w &&
            !taken.some((other) => overlap(box, other)));
        if (!free) return;
        taken.push(free);
        pen.lineWidth = 3;
        pen.strokeStyle = page;
        pen.strokeText(this.network.words[id], free[0], free[1] + 8);
        pen.fillStyle = bold ? mark : ink;
        pen.fillText(this.network.words[id], free[0], free[1] + 8);
      };
      pen.textBaseline = "middle";
      pen.lineJoin = "round";
      marked.forEach(write);
      for (const id of this.order) {
        if (taken.length >= most) break;
        if (!marked.has(id)) write(id);
      }
    }

    width(id, bold) {
      const key = bold ? -1 - id : id;
      if (!this.widths.has(key)) {
        this.widths.set(key, this.pen.measureText(this.network.words[id]).width + 2);
      }
      return this.widths.get(key);
    }
  }

  // --- Tables with bars ------------------------------------------------------

  function barLine(kind, name, value, full, text) {
    const width = full > 0 ? Math.min(100, Math.max(0, (100 * value) / full)) : 0;
    return make(
      "span", { class: `sgx-line sgx-${kind}` },
      make("span", { class: "sgx-track", "aria-hidden": "true" },
        make("span", { class: "sgx-bar", style: `width:${width}%` })),
      make("span", { class: "sgx-number" }, hidden(`${name} `), text)
    );
  }

  function barRow(word, lines, action, kind) {
    return make("li", { class: kind }, wordButton(word, action),
      make("span", { class: "sgx-lines" }, ...lines));
  }

  // --- The page --------------------------------------------------------------

  const CHIPS = ["soviet", "tax", "france", "york", "gold", "war", "children", "railroad"];
  const UNLIKE = ["cotton", "railroad", "children", "gold"];
  const ANALOGIES = [
    ["france", "french", "spain"], ["man", "woman", "he"],
    ["year", "years", "month"], ["good", "better", "great"],
    ["japan", "japanese", "china"], ["france", "paris", "britain"],
  ];
  // Words to begin with, for a text that has not those: neither the most
  // frequent ones, which stand near everything, nor rare ones.
  function someWords({ words, V }) {
    const ranks = V > 500 ? [100, 150, 200, 300, 400] : [0, 1, 2, 3, 4];
    return ranks.filter((id) => id < V).map((id) => words[id]);
  }

  const VIEWS = [
    ["nearby", "Nearby"], ["map", "Map"], ["analogy", "Analogy"],
    ["journey", "Journey"],
  ];

  class Explorer {
    constructor(element) {
      this.root = element;
      this.id = -1;
      this.order = "network";
      this.asked = [];
      this.live = make("p", { class: "sgx-hidden", role: "status", "aria-live": "polite" });
      this.start();
    }

    async start() {
      this.root.classList.add("skipgram-explorer");
      this.root.replaceChildren(make(
        "p", { class: "sgx-wait", role: "status" },
        "The network is on its way to your browser …"
      ));
      try {
        const data = await loadData("model");
        this.network = new Network(data, JSON.parse(this.root.dataset.rare ?? "{}"));
        this.stops = data.journey;
        this.counting = data.counted;
        this.runs = data.runs ?? [];
        delete window.skipgramData.model;
      } catch {
        this.root.replaceChildren(make(
          "p", { class: "sgx-wait", role: "status" },
          "The network of this page was not built. In a copy of the book, " +
            "“make book” builds it; for a model of yours, “skipgram explorer " +
            "MODEL --out FOLDER” does."
        ));
        return;
      }
      this.build();
      this.readAddress();
      addEventListener("hashchange", () => this.readAddress());
      loadData("counted").then((data) => {
        this.counted = new Counted(data);
        delete window.skipgramData.counted;
        this.showBars();
        this.root.dataset.ready = "all";
      }, () => {
        this.root.dataset.ready = "all";
      });
    }

    build() {
      const { network } = this;
      this.field = new WordField({
        label: "A word", words: () => network.words,
        choose: (text) => this.ask(text),
      });
      this.said = make("p", { class: "sgx-said" });
      const chips = this.root.dataset.chips?.split(" ") ??
        CHIPS.filter((word) => network.index.has(word));
      if (chips.length < 3) chips.push(...someWords(network));
      this.views = new Map();
      const tabs = VIEWS.filter(([name]) => name !== "journey" || this.stops.length);
      this.tabs = make("div", { role: "tablist", class: "sgx-tabs", "aria-label": "What to look at",
        on: { keydown: (event) => this.turnTab(event) } });
      const panels = tabs.map(([name, title]) => this.addTab(name, title));
      this.askBox = make("div", { class: "sgx-ask" }, this.field.element,
        make("div", { class: "sgx-chips", role: "group", "aria-label": "Words to begin with" },
          ...chips.map((word) => wordButton(word, () => this.ask(word), "sgx-chip"))));
      this.root.replaceChildren(
        this.tabs, this.askBox, this.said, this.live, ...panels,
        make("p", { class: "sgx-about" }, this.describe())
      );
      this.buildNearby();
      this.root.dataset.ready = "model";
    }

    // Which network this is, in a sentence.
    describe() {
      const { network, counting, runs } = this;
      const { init, penalty, objective } = runs[runs.length - 1] ?? {};
      const epochs = runs.reduce((n, run) => n + run.epochs, 0);
      const number = (n) => n.toLocaleString("en");
      const parts = [
        `${number(network.V)} words, ${number(network.D)} features`,
        objective && (objective === "softmax" ? "full softmax" : "negative sampling"),
        counting.window && `window ${counting.window}`,
        counting.shrink_windows === true && "near words weighted more",
        counting.shrink_windows === false && "all distances weighted equally",
        counting.sample && `frequent words subsampled (${counting.sample})`,
        init && `${init === "random" ? "random initial weights" : "initial weights from the counts"}`,
        penalty && `L2 penalty ${penalty}`,
        epochs && `${number(epochs)} epochs`,
      ];
      return `This network: ${parts.filter(Boolean).join("; ")}.`;
    }

    addTab(name, title) {
      const tab = newId("tab");
      const panel = newId("panel");
      const view = {
        tab: make("button", {
          type: "button", role: "tab", id: tab, "aria-controls": panel,
          "aria-selected": "false", tabindex: "-1",
          on: { click: () => this.open(name) },
        }, title),
        panel: make("div", {
          role: "tabpanel", id: panel, "aria-labelledby": tab, hidden: "",
          class: `sgx-panel sgx-${name}`,
        }),
        built: false,
      };
      this.views.set(name, view);
      this.tabs.append(view.tab);
      return view.panel;
    }

    turnTab(event) {
      const names = [...this.views.keys()];
      const at = names.indexOf(this.view);
      const next = {
        ArrowRight: (at + 1) % names.length,
        ArrowLeft: (at + names.length - 1) % names.length,
        Home: 0, End: names.length - 1,
      }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      this.open(names[next]);
      this.views.get(this.view).tab.focus();
    }

    // Show one view; what it needs is made at the first time.
    open(name) {
      if (!this.views.has(name)) name = "nearby";
      const begun = this.view !== undefined;
      this.view = name;
      for (const [other, { tab }] of this.views) {
        tab.setAttribute("aria-selected", String(other === name));
        tab.tabIndex = other === name ? 0 : -1;
      }
      // An analogy has fields of its own.
      this.askBox.hidden = name === "analogy";
      this.said.replaceChildren();
      this.showPanels();
      if (begun && this.id < 0 && name !== "analogy") this.ask(this.field.input.value);
      const view = this.views.get(name);
      if (!view.built) {
        view.built = true;
        const builders = {
          map: () => this.buildMap(), analogy: () => this.buildAnalogy(),
          journey: () => this.buildJourney(),
        };
        builders[name]?.();
      }
      this.show();
      this.writeAddress();
    }

    // Without a known word there is nothing to show of it.
    showPanels() {
      for (const [name, { panel }] of this.views) {
        const empty = this.id < 0 && ["nearby", "journey"].includes(name);
        panel.hidden = name !== this.view || empty;
      }
    }

    // #word=soviet&view=map
    readAddress() {
      const parts = new URLSearchParams(location.hash.slice(1));
      const ours = parts.has("word") || parts.has("view");
      const begun = this.view !== undefined;
      if (begun && !ours) return;
      const first = [...CHIPS, ...someWords(this.network), this.network.words[0]]
        .find((word) => this.network.index.has(word));
      const word = parts.get("word") ?? (begun ? null : first);
      const view = parts.get("view") ?? this.view ?? "nearby";
      this.silent = true;
      if (view !== this.view) this.open(view);
      if (word !== null && word !== this.network.words[this.id]) this.ask(word);
      this.silent = false;
    }

    writeAddress() {
      if (this.silent || this.id < 0) return;
      const word = encodeURIComponent(this.network.words[this.id]);
      const view = this.view === "nearby" ? "" : `&view=${this.view}`;
      try {
        history.replaceState(null, "", `#word=${word}${view}`);
      } catch {
        // A page in a frame may not write its address. It works without.
      }
    }

    // A word of an analogy: what is near it.
    askNearby(word) {
      this.open("nearby");
      this.ask(word);
    }

    // Answer for what was typed.
    ask(text) {
      const read = readWord(text, this.network);
      if (read.id === undefined) {
        this.field.input.value = text.slice(0, 100);
        this.forget();
        this.complain(read, (word) => this.ask(word));
        return;
      }
      this.said.replaceChildren();
      this.id = read.id;
      this.asked = [];
      const begin = performance.now();
      this.probs = this.network.probabilities(this.id);
      this.alike = this.network.neighbours(this.id, ALIKE);
      this.milliseconds = performance.now() - begin;
      this.root.dataset.milliseconds = this.milliseconds.toFixed(1);
      this.field.input.value = this.network.words[this.id];
      this.showPanels();
      this.showOther();
      this.show(true);
      this.announce();
      this.writeAddress();
    }

    // The answer for the last word goes when the next one is not known.
    forget() {
      this.id = -1;
      this.showPanels();
      this.map?.mark(-1, []);
    }

    // Say what is wrong with a word, and offer others to take.
    complain(read, take) {
      const words = read.try ?? [];
      this.said.replaceChildren(
        make("span", {}, read.say), " ",
        ...words.flatMap((word) => [wordButton(word, () => take(word), "sgx-chip"), " "])
      );
      this.live.textContent = `${read.say} ${words.join(", ")}`;
    }

    announce() {
      const { words } = this.network;
      const likely = largest(this.probs, 3).map((id) => `${words[id]} ${digits(this.probs[id])}`);
      const alike = this.alike.slice(0, 3).map(({ id }) => words[id]);
      this.live.textContent = `${words[this.id]}: nearby ${likely.join(", ")}; ` +
        `similar ${alike.join(", ")}`;
    }

    // Bring the open view up to date. `moved`: the word is another.
    show(moved = false) {
      if (this.id < 0) return;
      if (this.view === "nearby" || !this.view) {
        this.showBars();
        this.showAlike();
      }
      if (this.view === "map" && this.map) this.showMap(moved);
      if (this.view === "journey" && this.journey) this.showStop();
    }

    showFacts() {
      const { network, counted, id } = this;
      const number = (n) => n.toLocaleString("en");
      const often = network.frequencies[id];
      const text = `${network.words[id]} occurs ${times(often)} in ` +
        `${number(network.tokens)} words of text; it is number ${number(id + 1)} by frequency` +
        (counted ? ` and has ${number(counted.contexts[id])} different words nearby` : "") + ".";
      this.about.replaceChildren(text, " ", make("span", { class: "sgx-time" },
        `Answered in ${Math.max(1, Math.round(this.milliseconds))} ms, in your browser.`));
    }

    // --- Nearby: bars and neighbours -----------------------------------------

    buildNearby() {
      const { panel } = this.views.get("nearby");
      this.views.get("nearby").built = true;
      this.barsTitle = make("h2", {});
      this.bars = make("ol", { class: "sgx-bars" });
      this.aliasTitle = make("h2", {});
      this.alikeList = make("ol", { class: "sgx-bars" });
      this.about = make("p", { class: "sgx-about" });
      this.small = make("p", { class: "sgx-key", hidden: "" },
        "“<”: rarer than the contexts that this page keeps of the word.");
      this.own = make("p", { class: "sgx-key sgx-own", hidden: "" });
      this.otherChips = make("div", { class: "sgx-chips" });
      const weighted = this.counting.shrink_windows || this.counting.sample;
      const order = (name, text) => make("button", {
        type: "button", class: "sgx-chip", "aria-pressed": String(name === this.order),
        on: { click: (event) => this.reorder(name, event.currentTarget) },
      }, text);
      this.other = new WordField({
        label: "How likely is", words: () => this.network.words,
        choose: (text) => this.askOther(text),
      });
      panel.append(
        make("div", { class: "sgx-columns" },
          make("section", {},
            this.barsTitle,
            make("p", { class: "sgx-key" },
              make("span", { class: "sgx-swatch sgx-network" }), "the network says ",
              make("span", { class: "sgx-swatch sgx-counted" }),
              weighted ? "counted in the text, weighted as in training" : "counted in the text"),
            this.bars, this.small, this.own,
            make("div", { class: "sgx-chips", role: "group", "aria-label": "Which words are listed" },
              order("network", "most likely"), order("counted", "most often counted")),
            make("div", { class: "sgx-other" }, this.other.element, this.otherChips)),
          make("section", {},
            this.aliasTitle,
            make("p", { class: "sgx-key" },
              make("span", { class: "sgx-swatch sgx-network" }), "cosine of the two vectors"),
            this.alikeList)),
        this.about);
    }

    reorder(name, button) {
      this.order = name;
      for (const other of button.parentElement.children) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      this.showBars();
    }

    // Words to ask about: one that is likely, one that is similar, and one
    // that is neither.
    showOther() {
      const { network, probs, id } = this;
      const special = (other) => other !== id &&
        network.frequencies[other] < 0.001 * network.tokens;
      const likely = largest(probs, 40).find(special);
      const similar = this.alike.map((found) => found.id)
        .find((other) => special(other) && other !== likely);
      const unlike = UNLIKE.map((word) => network.index.get(word))
        .filter((other) => other !== undefined && other !== id)
        .sort((a, b) => probs[a] - probs[b])[0];
      const ids = [likely, similar, unlike].filter((other) => other !== undefined);
      this.otherChips.replaceChildren(...[...new Set(ids)].map((other) => wordButton(
        network.words[other], () => this.askOther(network.words[other]), "sgx-chip")));
    }

    askOther(text) {
      const read = readWord(text, this.network);
      if (read.id === undefined) {
        this.complain(read, (word) => this.askOther(word));
        return;
      }
      this.said.replaceChildren();
      this.other.input.value = "";
      this.asked = [read.id, ...this.asked.filter((id) => id !== read.id)].slice(0, 5);
      this.showBars();
      const { words } = this.network;
      this.live.textContent = `${words[read.id]} near ${words[this.id]}: ` +
        `${digits(this.probs[read.id])}`;
    }

    showBars() {
      const { network, counted, id, probs } = this;
      if (id < 0) return;
      this.barsTitle.textContent = `P(nearby | ${network.words[id]})`;
      const ids = this.order === "counted" && counted
        ? counted.top(id, BARS).map((cell) => cell.id)
        : largest(probs, BARS);
      const rows = [...ids, ...this.asked.filter((other) => !ids.includes(other))];
      const cells = rows.map((other) => counted?.of(id, other));
      const full = Math.max(...rows.map((other, i) =>
        Math.max(probs[other], cells[i]?.share ?? 0)));
      this.bars.replaceChildren(...rows.map((other, i) => {
        const lines = [barLine("network", "network", probs[other], full, digits(probs[other]))];
        const cell = cells[i];
        if (cell) {
          const text = cell.below === undefined ? digits(cell.share) : `< ${digits(cell.below)}`;
          lines.push(barLine("counted", "counted", cell.share ?? 0, full, text));
        }
        const kind = this.asked.includes(other) ? "sgx-asked" : undefined;
        return barRow(network.words[other], lines, () => this.ask(network.words[other]), kind);
      }));
      this.small.hidden = cells.every((cell) => cell?.below === undefined);
      const name = network.words[id];
      this.own.hidden = !ids.includes(id);
      this.own.textContent = `Why is ${name} in its own list? Words with vectors like its own ` +
        `have ${name} nearby. Similar vectors get similar answers, and its own vector is the most similar of all.`;
      this.showFacts();
    }

    showAlike() {
      const { network, id } = this;
      this.aliasTitle.textContent = `Words like ${network.words[id]}`;
      this.alikeList.replaceChildren(...this.alike.map((found) => barRow(
        network.words[found.id],
        [barLine("network", "cosine", found.cosine, this.alike[0].cosine, found.cosine.toFixed(3))],
        () => this.ask(network.words[found.id])
      )));
    }

    // --- The map -------------------------------------------------------------

    buildMap() {
      const { panel } = this.views.get("map");
      this.map = new WordMap({
        network: this.network, height: "min(70vh, 46rem)",
        choose: (id) => this.ask(this.network.words[id]),
        say: (text) => { this.live.textContent = text; },
      });
      panel.append(
        make("p", { class: "sgx-key" },
          "All the words, by t-SNE; those with similar vectors lie together. Drag to move, " +
          "click and turn the wheel, or pinch, to zoom; tap a word. Keys: arrows, + and −, 0, Enter."),
        this.map.element);
      this.showMap(true);
    }

    showMap(moved) {
      if (this.id < 0) return;
      const inside = ([x, y]) => {
        const [w, h] = this.map.size();
        return x > 0 && y > 0 && x < w && y < h;
      };
      this.map.mark(this.id, this.alike.map(({ id }) => id));
      if (moved || !inside(this.map.onScreen(this.id))) this.map.goTo(this.id);
    }

    // --- The analogy ---------------------------------------------------------

    buildAnalogy() {
      const { panel } = this.views.get("analogy");
      const { network } = this;
      const known = ANALOGIES.filter((words) => words.every((word) => network.index.has(word)));
      const first = known[0] ?? network.words.slice(0, 3);
      this.fields = ["", "is to", "as"].map((label, i) => new WordField({
        label: label || "This", words: () => network.words, value: first[i],
        choose: () => this.showAnalogy(),
      }));
      this.solved = make("ol", { class: "sgx-bars" });
      this.solvedTitle = make("h2", {});
      panel.append(
        make("div", { class: "sgx-analogy-fields" }, ...this.fields.map((field) => field.element),
          make("button", { type: "button", class: "sgx-go", on: { click: () => this.showAnalogy() } },
            "is to what?")),
        make("div", { class: "sgx-chips", role: "group", "aria-label": "Analogies to begin with" },
          ...known.map((words) => wordButton(`${words[0]} : ${words[1]} = ${words[2]} : ?`, () => {
            words.forEach((word, i) => { this.fields[i].input.value = word; });
            this.showAnalogy();
          }, "sgx-chip"))),
        this.solvedTitle, this.solved);
      this.showAnalogy();
    }

    showAnalogy() {
      const { network } = this;
      const ids = [];
      for (const field of this.fields) {
        const read = readWord(field.input.value, network);
        if (read.id === undefined) {
          this.complain(read, (word) => {
            field.input.value = word;
            this.showAnalogy();
          });
          this.solvedTitle.textContent = "";
          this.solved.replaceChildren();
          return;
        }
        ids.push(read.id);
        field.input.value = network.words[read.id];
      }
      this.said.replaceChildren();
      const begin = performance.now();
      const found = network.analogy(...ids, ALIKE);
      this.root.dataset.milliseconds = (performance.now() - begin).toFixed(1);
      const [a, b, c] = ids.map((id) => network.words[id]);
      this.solvedTitle.textContent = `${a} is to ${b} as ${c} is to`;
      this.solved.replaceChildren(...found.map(({ id, cosine }) => barRow(
        network.words[id],
        [barLine("network", "cosine", cosine, found[0].cosine, cosine.toFixed(3))],
        () => this.askNearby(network.words[id])
      )));
      this.live.textContent = `${a} is to ${b} as ${c} is to ` +
        found.slice(0, 3).map(({ id }) => network.words[id]).join(", ");
    }

    // --- The journey ---------------------------------------------------------

    async buildJourney() {
      const { panel } = this.views.get("journey");
      panel.replaceChildren(make("p", { class: "sgx-wait", role: "status" }, "The journey is on its way …"));
      try {
        const data = await loadData("journey");
        this.journey = new Journey(data, this.network);
        delete window.skipgramData.journey;
      } catch {
        panel.replaceChildren(make("p", { class: "sgx-wait" },
          "The journey of this model was not written."));
        return;
      }
      this.buildStops(panel);
      this.showStop();
    }

    buildStops(panel) {
      const last = this.journey.steps.length - 1;
      const id = newId("stop");
      this.slider = make("input", {
        type: "range", id, min: 0, max: last, step: 1, value: 0,
        on: { input: () => this.showStop() },
      });
      this.stopText = make("output", { for: id });
      this.playButton = make("button", {
        type: "button", class: "sgx-go", on: { click: () => this.play() },
      }, "Play");
      this.thenBars = make("ol", { class: "sgx-bars" });
      this.thenAlike = make("ol", { class: "sgx-flow" });
      this.journeyMap = new WordMap({
        network: this.network, height: "min(60vh, 30rem)",
        choose: (word) => this.ask(this.network.words[word]),
        say: (text) => { this.live.textContent = text; },
      });
      this.journeyTitle = make("h2", {});
      panel.replaceChildren(
        make("p", { class: "sgx-key" },
          "The same training again, stopped on its way: what the network would have said."),
        make("div", { class: "sgx-stops" }, make("label", { for: id }, "Snapshot"),
          this.slider, this.playButton, this.stopText),
        this.journeyTitle,
        make("div", { class: "sgx-columns" },
          make("section", {},
            make("h3", {}, "What it expects nearby"),
            make("p", { class: "sgx-key" },
              make("span", { class: "sgx-swatch sgx-network" }), "at this snapshot ",
              make("span", { class: "sgx-swatch sgx-end" }), "at the end"),
            this.thenBars,
            make("h3", {}, "Its nearest words"),
            make("p", { class: "sgx-key" }, "Bold: it will stay among the nearest to the end."),
            this.thenAlike),
          make("section", {},
            make("h3", {}, "Its place on the map"),
            this.journeyMap.element)),
        make("p", { class: "sgx-key" },
          "Each word stands in the middle of its eight nearest words, at their final places."));
    }

    play() {
      clearInterval(this.playing);
      if (this.playButton.textContent === "Pause") {
        this.playButton.textContent = "Play";
        return;
      }
      this.playButton.textContent = "Pause";
      if (this.slider.value === this.slider.max) this.slider.value = 0;
      else this.slider.value = Number(this.slider.value) + 1;
      this.showStop();
      this.playing = setInterval(() => {
        if (this.slider.value === this.slider.max || this.view !== "journey") {
          clearInterval(this.playing);
          this.playButton.textContent = "Play";
          return;
        }
        this.slider.value = Number(this.slider.value) + 1;
        this.showStop();
      }, 1100);
    }

    showStop() {
      const { network, journey, id } = this;
      if (id < 0) return;
      const stop = Number(this.slider.value);
      const step = journey.steps[stop];
      const whole = journey.steps[journey.steps.length - 1];
      const passes = step / journey.each;
      const text = step === 0
        ? "the initial weights, before any step"
        : `after ${step} of ${whole} steps, ` +
          `${passes.toLocaleString("en", { maximumFractionDigits: 1 })} passes over the counts`;
      this.stopText.textContent = text;
      this.slider.setAttribute("aria-valuetext", text);
      this.journeyTitle.textContent = network.words[id];
      const now = journey.likely(stop, id);
      const then = new Map(now.map((row) => [row.id, row.p]));
      const full = Math.max(...now.map(({ id: other, p }) => Math.max(p, this.probs[other])));
      this.thenBars.replaceChildren(...[...then].map(([other, p]) => barRow(
        network.words[other],
        [barLine("network", "now", p, full, digits(p)),
          barLine("end", "at the end", this.probs[other], full, digits(this.probs[other]))],
        () => this.ask(network.words[other]))));
      const near = journey.near(stop, id);
      const final = new Set(journey.near(journey.steps.length - 1, id));
      this.thenAlike.replaceChildren(...near.map((other) => make(
        "li", { class: final.has(other) ? "sgx-stays" : undefined },
        wordButton(network.words[other], () => this.ask(network.words[other])))));
      const trail = journey.steps.slice(0, stop + 1).map((_, k) => journey.place(k, id));
      if (this.shownStop !== stop) this.journeyMap.moveTo(journey.places(stop));
      this.shownStop = stop;
      this.journeyMap.mark(id, near, trail);
    }
  }

  // What the network would have said on its way. The last snapshot is the
  // network itself.
  class Journey {
    constructor(data, network) {
      this.steps = data.steps;
      this.each = data.steps_an_epoch;
      this.network = network;
      this.snapshots = data.snapshots.map((blocks) => ({
        nears: blocks.near.shape[1], likelies: blocks.likely.shape[1],
        near: readBlock(blocks.near), likely: readBlock(blocks.likely),
        share: readBlock(blocks.share), scale: readBlock(blocks.scale),
      }));
      this.kept = new Map();
    }

    isLast(stop) {
      return stop === this.steps.length - 1;
    }

    near(stop, id) {
      if (this.isLast(stop)) {
        if (!this.kept.has(id)) {
          this.kept.set(id, this.network.neighbours(id, 8).map((found) => found.id));
        }
        return this.kept.get(id);
      }
      const { near, nears } = this.snapshots[stop];
      return [...near.subarray(id * nears, (id + 1) * nears)];
    }

    likely(stop, id) {
      if (this.isLast(stop)) {
        const probs = this.network.probabilities(id);
        return largest(probs, 6).map((other) => ({ id: other, p: probs[other] }));
      }
      const { likely, likelies, share, scale } = this.snapshots[stop];
      return Array.from({ length: likelies }, (_, j) => ({
        id: likely[id * likelies + j], p: share[id * likelies + j] * scale[id],
      }));
    }

    // The middle of the final places of the nearest words.
    place(stop, id) {
      if (this.isLast(stop)) return this.network.place(id);
      const { near, nears } = this.snapshots[stop];
      const { places } = this.network;
      if (!nears) return this.network.place(id);
      let [x, y] = [0, 0];
      for (let k = id * nears; k < (id + 1) * nears; k++) {
        x += places[2 * near[k]];
        y += places[2 * near[k] + 1];
      }
      return [x / nears / 65535, y / nears / 65535];
    }

    places(stop) {
      const all = new Float32Array(2 * this.network.V);
      for (let id = 0; id < this.network.V; id++) {
        all.set(this.place(stop, id), 2 * id);
      }
      return all;
    }
  }

  function mount(element) {
    element.explorer = new Explorer(element);
    return element.explorer;
  }

  window.SkipgramExplorer = { mount, Network, Counted, Journey, readWord, suggestions, nearSpellings };

  const begin = () => document.querySelectorAll("[data-skipgram-explorer]").forEach(mount);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
