// Cells that run: buttons on the code of a chapter, a text field to edit it,
// and its output below. Python comes into a worker at the first click; until
// then nothing is requested. The page brings what this script needs to know in
// the element #live-settings, which book/_ext/live.py writes.
(() => {
  "use strict";

  const live = (window.skipgramLive = { worker: null, library: null });
  const folder = new URL(".", document.currentScript.src).href;
  const CHECK = /^check\("([^"]+)"/;
  const HINT =
    "Shift+Enter runs. Tab indents; to leave with Tab, press Escape first.";

  let settings; // of this page
  let cells; // all code cells of the chapter, in its order
  let worker = null; // holds Python, once it was asked for
  let starting = null; // the promise of a worker, while its script loads
  let waiting = null; // the promise that the worker will settle
  let running = null; // the cell whose button was pressed
  let current = null; // the cell that runs now, it or one above it
  let messages = 0;

  // --- Small helpers --------------------------------------------------------

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function button(text, label, action) {
    const made = element("button", "live-button", text);
    made.type = "button";
    made.setAttribute("aria-label", `${text}, ${label}`);
    made.addEventListener("click", action);
    return made;
  }

  // A classic script may be loaded from a folder too, and only when needed.
  function loadScript(name) {
    return new Promise((resolve, reject) => {
      const script = element("script");
      script.src = `${folder}${name}?v=${settings.version}`;
      script.onload = resolve;
      script.onerror = () => reject(new Error(`${name} is not there`));
      document.head.append(script);
    });
  }

  function bytesOf(base64) {
    return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0)).buffer;
  }

  // --- The worker -----------------------------------------------------------

  async function startWorker() {
    if (!live.worker) await loadScript("worker.js");
    if (!live.library) await loadScript("library.js");
    const source = new Blob([`(${live.worker})();`], {
      type: "text/javascript",
    });
    const address = URL.createObjectURL(source);
    worker = new Worker(address);
    URL.revokeObjectURL(address);
    worker.onmessage = ({ data }) => receive(data);
    worker.onerror = ({ message }) => receive({ kind: "failed", data: message });
    const { base, wheels } = settings;
    worker.postMessage({
      kind: "start", base, wheels, library: bytesOf(live.library),
    });
  }

  // Ask the worker something; the answer settles the promise. It may be
  // rejected before there is a worker, if the reader stops the loading.
  function ask(message) {
    const id = ++messages;
    const answer = new Promise((resolve, reject) => {
      waiting = { id, resolve, reject };
    });
    const send = () => {
      if (waiting?.id === id) worker.postMessage({ ...message, id });
    };
    const missing = ({ message: why }) => fail(new NoPython(why));
    if (worker) send();
    else (starting ??= startWorker()).then(send, missing);
    return answer;
  }

  function receive({ kind, data, id }) {
    if (kind === "progress") progress(data);
    else if (kind === "failed") fail(new NoPython(data));
    else if (kind === "crashed") fail(new Error(data));
    else if (kind === "done") id === waiting?.id && waiting.resolve(data);
    else if (current) current.output.push({ kind, data });
    if (current && current === running) showOutput(current);
  }

  function fail(error) {
    endWorker();
    waiting?.reject(error);
  }

  // All that was computed goes with the worker.
  function endWorker() {
    worker?.terminate();
    worker = starting = null;
    for (const cell of cells) {
      cell.ran = false;
      mark(cell);
    }
  }

  class Stopped extends Error {}
  class NoPython extends Error {}

  function stop() {
    fail(new Stopped());
  }

  // --- Running --------------------------------------------------------------

  // Cells above that did not run yet go first. Pictures, imports that the page
  // leaves out, and answers of the reader's do so only if something needs
  // them; the worker knows Python, and decides.
  async function planFor(cell) {
    const before = cells.filter((c) => c.place < cell.place && !c.ran);
    const wanted = [...before, cell].map((c) => ({
      index: c.place,
      code: c.code(),
      optional: c !== cell && Boolean(c.draws || c.aside),
    }));
    const places = await ask({ kind: "plan", cells: JSON.stringify(wanted) });
    return places.map((place) => cells.find((c) => c.place === place));
  }

  async function runCell(cell) {
    current = cell;
    cell.output = [];
    const code = cell.code();
    const error = await ask({ kind: "run", name: cell.name, code });
    cell.error = error;
    cell.ran = true;
    cell.runCode = code;
    mark(cell);
    // A cell above that went as in the book shows what the book shows.
    if (cell !== running && (error || cell.edited())) showOutput(cell);
  }

  async function run(cell) {
    if (running) return;
    running = cell;
    cell.output = [];
    cell.error = null;
    setRunning(cell, true);
    progress("Starting …");
    const begin = performance.now();
    let said;
    let missing = false;
    try {
      const plan = await planFor(cell);
      for (const each of plan) {
        running.step = plan.length > 1 && each !== cell ? each.name : "";
        await runCell(each);
      }
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      said = summary(cell, plan, seconds);
    } catch (error) {
      said = whatEnded(error);
      missing = error instanceof NoPython;
    }
    running = current = waiting = null;
    setRunning(cell, false);
    showOutput(cell);
    status(cell, said, cell.error ? "error" : "");
    if (missing) cell.status.append(" ", ...elsewhere());
  }

  function summary(cell, plan, seconds) {
    const above = plan.length - 1;
    const some = above === 1 ? "1 cell above" : `${above} cells above`;
    const after = above ? `, after ${some}` : "";
    const failed = plan.filter((each) => each !== cell && each.error);
    const names = failed.map((each) => each.name).join(", ");
    const but = names ? ` Above, this ended in an error: ${names}.` : "";
    const how = cell.error ? "Ended in an error" : "Done";
    return `${how} in ${seconds} s${after}.${but}`;
  }

  function whatEnded(error) {
    const anew = "Python begins anew with the next run.";
    if (error instanceof Stopped) return `Stopped. ${anew}`;
    const told = String(error.message).trim().split("\n").at(-1);
    if (!(error instanceof NoPython)) return `Python broke: ${told}. ${anew}`;
    return (
      `Python could not be loaded from ${settings.base} (${told}). ` +
      "Is there a connection? The rest of the book needs none."
    );
  }

  // Where a cell runs that does not run here: text and a link, as nodes.
  function elsewhere() {
    const link = element("a", "", "download the notebook");
    link.href = settings.notebook;
    link.setAttribute("download", "");
    const names = [...document.querySelectorAll(
      ".dropdown-launch-buttons a, a.btn-launch"
    )].map((each) => each.textContent.trim());
    const online = names.length
      ? `, or open it in ${names.join(" or ")} from the top of this page`
      : "";
    return ["To run it, ", link, `${online}.`];
  }

  // --- What the reader sees -------------------------------------------------

  function progress(text) {
    const step = running?.step && text === "Running …";
    if (running) status(running, step ? `Running ${running.step} …` : text);
  }

  function status(cell, text, kind = "") {
    cell.status.textContent = text;
    cell.status.dataset.kind = kind;
    cell.result.hidden = false;
    document.getElementById("live-status").textContent = text;
  }

  function setRunning(cell, isRunning) {
    for (const each of cells) {
      if (each.buttons) each.buttons.run.disabled = isRunning && each !== cell;
    }
    const { run: runButton } = cell.buttons;
    runButton.textContent = isRunning ? "Stop" : "Run";
    runButton.setAttribute("aria-label", `${runButton.textContent}, ${cell.name}`);
    cell.box.classList.toggle("live-active", isRunning);
  }

  // Which buttons make sense now.
  function mark(cell) {
    if (!cell.box) return;
    const { reset, restart } = cell.buttons;
    const touched = cell.edited() || !cell.result.hidden;
    reset.hidden = !touched;
    restart.hidden = !worker || cell.result.hidden;
    cell.box.classList.toggle("live-ran", cell.ran);
    cell.box.classList.toggle("live-touched", touched);
  }

  function showOutput(cell) {
    if (!cell.box) return;
    const parts = [];
    for (const { kind, data } of cell.output) {
      const last = parts.at(-1);
      if (kind === "figure") parts.push(figure(cell, data));
      else if (last?.dataset.kind === kind) last.append(data);
      else parts.push(text(kind, data, cell.name));
    }
    if (cell.error) parts.push(...errorParts(cell.error));
    cell.shown.replaceChildren(...parts);
    const stored = cell.box.querySelector(":scope > .cell_output");
    if (stored) stored.hidden = true;
    cell.result.hidden = false;
    mark(cell);
  }

  // Long lines scroll sideways, so the keyboard has to get there.
  function text(kind, data, name) {
    const made = element("pre", "live-text", data);
    made.dataset.kind = kind;
    made.tabIndex = 0;
    made.setAttribute("role", "region");
    made.setAttribute("aria-label", `Output of ${name}`);
    return made;
  }

  function figure(cell, address) {
    const image = element("img", "live-figure");
    image.src = address;
    const stored = cell.box.querySelector(".cell_output img")?.alt;
    const known = stored && !cell.edited();
    image.alt = known ? stored : "The figure that this code draws.";
    return image;
  }

  function errorParts(error) {
    const parts = [];
    if (error.needs) {
      const box = element("div", "live-needs");
      const title = element("strong", "", "More than a browser.");
      box.append(title, ` ${error.needs} `, ...elsewhere());
      parts.push(box);
    } else {
      const where = error.line ? ` (line ${error.line})` : "";
      parts.push(element("p", "live-error", error.last + where));
      const missing = cells.find((cell) => cell.error?.needs);
      if (error.unknown && missing) {
        const box = element("div", "live-needs");
        const why = "A name may be missing because of what is above, in ";
        box.append(`${why}${missing.name}. ${missing.error.needs} `, ...elsewhere());
        parts.push(box);
      }
    }
    const details = element("details", "live-traceback");
    const trace = text("err", error.traceback, "the error");
    details.append(element("summary", "", "Traceback"), trace);
    return [...parts, details];
  }

  // --- Editing --------------------------------------------------------------

  function edit(cell) {
    if (!cell.field) makeField(cell);
    cell.buttons.edit.hidden = true;
    cell.field.focus();
  }

  function makeField(cell) {
    const field = element("textarea", "live-field");
    const hint = element("p", "live-hint", HINT);
    hint.id = `live-hint-${String(cell.place).replace(".", "-")}`;
    field.value = cell.original;
    field.spellcheck = false;
    field.setAttribute("autocapitalize", "off");
    field.setAttribute("autocomplete", "off");
    field.setAttribute("aria-label", `Code of ${cell.name}`);
    field.setAttribute("aria-describedby", hint.id);
    const fit = () => {
      field.rows = Math.max(2, field.value.split("\n").length);
      mark(cell);
    };
    field.addEventListener("input", fit);
    field.addEventListener("keydown", (event) => onKey(cell, event));
    cell.field = field;
    cell.source.hidden = true;
    cell.source.after(field, hint);
    fit();
  }

  // Tab indents, but after Escape it moves on, as everywhere else.
  function onKey(cell, event) {
    const field = cell.field;
    if (event.key === "Enter" && event.shiftKey) {
      event.preventDefault();
      run(cell);
    } else if (event.key === "Escape") {
      cell.tabLeaves = true;
    } else if (event.key === "Tab" && !event.shiftKey && !cell.tabLeaves) {
      event.preventDefault();
      insert(field, "    ");
    } else if (event.key === "Enter") {
      event.preventDefault();
      const before = field.value.slice(0, field.selectionStart);
      const line = before.slice(before.lastIndexOf("\n") + 1);
      const deeper = line.trimEnd().endsWith(":") ? "    " : "";
      insert(field, `\n${line.match(/^ */)[0]}${deeper}`);
    }
    if (event.key !== "Escape") cell.tabLeaves = false;
  }

  // Typed in this way, a change can be undone with the field's own keys.
  function insert(field, typed) {
    if (!document.execCommand("insertText", false, typed)) {
      const { selectionStart: from, selectionEnd: to } = field;
      field.setRangeText(typed, from, to, "end");
      field.dispatchEvent(new Event("input"));
    }
  }

  // --- Back to the book -----------------------------------------------------

  function reset(cell) {
    if (running === cell) stop();
    if (cell.edited()) cell.ran = false;
    if (cell.field && !cell.scratch) {
      cell.field.nextElementSibling.remove();
      cell.field.remove();
      cell.field = null;
      cell.source.hidden = false;
      cell.buttons.edit.hidden = false;
    } else if (cell.field) {
      cell.field.value = cell.original;
    }
    cell.output = [];
    cell.error = null;
    cell.shown.replaceChildren();
    cell.result.hidden = true;
    const stored = cell.box.querySelector(":scope > .cell_output");
    if (stored) stored.hidden = false;
    mark(cell);
    cell.buttons.run.focus();
  }

  function restart(cell) {
    if (running) stop();
    else endWorker();
    status(cell, "Python was restarted: no cell has run yet.");
    mark(cell);
    cell.buttons.run.focus();
  }

  // --- The cells of a page --------------------------------------------------

  function addBar(cell) {
    const { name } = cell;
    const toggle = () => (running === cell ? stop() : run(cell));
    cell.buttons = {
      run: button("Run", name, toggle),
      edit: button("Edit", name, () => edit(cell)),
      reset: button("Reset", name, () => reset(cell)),
      restart: button("Restart Python", name, () => restart(cell)),
    };
    const host = new URL(settings.base, location.href).host;
    cell.buttons.run.title = `Run in your browser. The first run loads Python from ${host}.`;
    const bar = element("div", "live-bar");
    bar.append(...Object.values(cell.buttons));
    cell.input.append(bar);
    cell.result = element("div", "live-result");
    cell.status = element("p", "live-status");
    cell.shown = element("div", "live-shown");
    cell.result.append(cell.shown, cell.status);
    cell.result.hidden = true;
    const stored = cell.box.querySelector(":scope > .cell_output");
    if (stored) stored.before(cell.result);
    else cell.box.append(cell.result);
    mark(cell);
  }

  function visibleCell(box) {
    const tag = [...box.classList].find((name) => name.startsWith("tag_live-"));
    const input = box.querySelector(".cell_input");
    const source = input?.querySelector(":scope > div[class*=highlight]");
    if (!tag || !source) return null;
    const place = Number(tag.slice("tag_live-".length));
    const pre = source.querySelector("pre");
    return makeCell({
      place, box, input, source,
      original: pre.textContent.replace(/\n+$/, ""),
      draws: settings.drawing.includes(place),
      aside: box.closest(".solution, .hint") !== null,
    });
  }

  function makeCell(given) {
    const cell = { field: null, ran: false, output: [], error: null, ...given };
    cell.code = () => (cell.field ? cell.field.value : cell.original);
    cell.edited = () => cell.code() !== cell.original;
    return cell;
  }

  // An exercise that can be checked gets a cell of the reader's own.
  function scratchCell(exercise, above) {
    const codes = [...exercise.querySelectorAll("code")];
    const call = codes.map((code) => code.textContent).find((t) => CHECK.test(t));
    if (!call) return null;
    const name = CHECK.exec(call)[1];
    const box = element("div", "cell live-scratch");
    const input = element("div", "cell_input");
    const source = element("div");
    source.hidden = true;
    input.append(source);
    box.append(input);
    const original =
      `from skipgram_lib.apps.exercises import check\n\n# Yours\n\n${call}`;
    const cell = makeCell({
      place: above + 0.5, box, input, source, original,
      scratch: true, aside: true, name: `your answer to ${name}`,
    });
    const open = button("Try it here", name, () => {
      open.replaceWith(box);
      edit(cell);
    });
    open.classList.add("live-open");
    exercise.append(open);
    return cell;
  }

  function findCells() {
    const boxes = [...document.querySelectorAll("div.cell")];
    const found = boxes.map(visibleCell).filter(Boolean);
    for (const [place, code] of Object.entries(settings.hidden)) {
      const name = "the imports";
      const aside = true;
      found.push(makeCell({ place: Number(place), original: code, name, aside }));
    }
    found.sort((a, b) => a.place - b.place);
    let number = 0;
    for (const cell of found) cell.name ??= `cell ${++number}`;
    return found;
  }

  function findExercises() {
    const FOLLOWS = Node.DOCUMENT_POSITION_FOLLOWING;
    for (const exercise of document.querySelectorAll("div.exercise")) {
      const before = cells.filter(
        (c) => c.box && c.box.compareDocumentPosition(exercise) & FOLLOWS
      );
      const cell = scratchCell(exercise, before.at(-1)?.place ?? -1);
      if (cell) cells.push(cell);
    }
    cells.sort((a, b) => a.place - b.place);
  }

  function begin() {
    const source = document.getElementById("live-settings");
    if (!source || !window.Worker || !window.WebAssembly) return;
    settings = JSON.parse(source.textContent);
    // A page may be told to take Python from elsewhere, as the tests do.
    Object.assign(settings, window.skipgramLiveSettings);
    cells = findCells();
    findExercises();
    const region = element("div", "live-announcer");
    region.id = "live-status";
    region.setAttribute("role", "status");
    document.querySelector("article").append(region);
    for (const cell of cells) if (cell.box) addBar(cell);
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", begin);
  } else {
    begin();
  }
})();
