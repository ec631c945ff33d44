// The interactive map of words: one canvas, a search field, three buttons.
"use strict";
const byId = id => document.getElementById(id);
const { words, places, near } = JSON.parse(byId("data").textContent);
const canvas = byId("map"), pen = canvas.getContext("2d"), said = byId("said");
let zoom = 1, shift = [0, 0], chosen = -1, asked = 0;

// --- Where things are

const size = () => [canvas.clientWidth, canvas.clientHeight];
const base = () => 0.92 * Math.min(...size()) * zoom;
const onScreen = i => size().map((length, k) =>
  length / 2 + shift[k] + (places[i][k] - 0.5) * base());
const draw = () => { asked ||= requestAnimationFrame(paint); };

function closer(factor, [x, y] = size().map(length => length / 2)) {
  const [w, h] = size(), next = Math.min(400, Math.max(0.5, zoom * factor));
  const ratio = next / zoom;
  shift = [x - w / 2 - (x - w / 2 - shift[0]) * ratio,
           y - h / 2 - (y - h / 2 - shift[1]) * ratio];
  zoom = next;
  draw();
}

// --- Labels that do not overlap

const overlap = (a, b) =>
  a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];

function boxesAround([x, y], w, h) {
  const corners = [[6, -h / 2], [-6 - w, -h / 2], [-w / 2, -h - 6],
    [-w / 2, 6], [4, -h - 4], [-w - 4, -h - 4], [4, 4], [-w - 4, 4]];
  return corners.map(([i, j]) => [x + i, y + j, x + i + w, y + j + h]);
}

function write(order, bold, ink) {
  const [w, h] = size(), taken = [];
  pen.textBaseline = "middle";
  for (const i of order) {
    const at = onScreen(i), inside = overlap([...at, ...at], [0, 0, w, h]);
    if (!inside) continue;
    pen.font = (bold.has(i) ? "bold " : "") + "13px system-ui, sans-serif";
    const free = boxesAround(at, pen.measureText(words[i]).width + 2, 16)
      .find(box => !taken.some(other => overlap(box, other)));
    if (!free) continue;
    taken.push(free);
    pen.fillStyle = ink(i);
    pen.fillText(words[i], free[0] + 1, (free[1] + free[3]) / 2);
  }
}

// --- Drawing

function paint() {
  asked = 0;
  const [w, h] = size(), fine = devicePixelRatio || 1;
  canvas.width = Math.round(w * fine);
  canvas.height = Math.round(h * fine);
  pen.setTransform(fine, 0, 0, fine, 0, 0);
  const style = getComputedStyle(document.documentElement);
  const [ink, dot, mark] = ["--ink", "--dot", "--mark"]
    .map(name => style.getPropertyValue(name).trim());
  const bold = new Set(chosen < 0 ? [] : [chosen, ...near[chosen]]);
  words.forEach((word, i) => {
    const [x, y] = onScreen(i), r = bold.has(i) ? 4.5 : 2.2;
    pen.fillStyle = bold.has(i) ? mark : dot;
    pen.fillRect(x - r, y - r, 2 * r, 2 * r);
  });
  write([...new Set([...bold, ...words.keys()])], bold,
        i => bold.has(i) ? mark : ink);
}

// --- Choosing a word

function choose(i, go) {
  chosen = i;
  const like = near[i]?.map(j => words[j]).join(", ");
  if (i >= 0) said.textContent = `${words[i]}, most like it: ${like}`;
  if (i >= 0 && go) {
    zoom = Math.max(zoom, 4);
    shift = places[i].map(place => (0.5 - place) * base());
  }
  draw();
}

function find(finished) {
  const text = byId("find").value.trim(), low = text.toLowerCase();
  const begins = word => finished && word.toLowerCase().startsWith(low);
  const same = words.indexOf(text);
  const i = same >= 0 ? same : words.findIndex(begins);
  if (text && i >= 0) choose(i, true);
  else if (text && finished) said.textContent = `No word here is ${text}.`;
}
byId("all").append(...words.map(word =>
  Object.assign(document.createElement("option"), { value: word })));
byId("find").addEventListener("input", () => find(false));
byId("find").addEventListener("change", () => find(true));

// --- Mouse, fingers, keys

const fingers = new Map();
const spot = event => [event.offsetX, event.offsetY];
const apart = ([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]);

function nearest([x, y], reach) {
  let best = -1;
  words.forEach((word, i) => {
    const [a, b] = onScreen(i), far = Math.hypot(a - x, b - y);
    if (far < reach) { best = i; reach = far; }
  });
  return best;
}
const on = (kind, action) =>
  canvas.addEventListener(kind, action, { passive: false });

on("pointerdown", event => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, spot(event));
  choose(nearest(spot(event), 16), false);
});

on("pointermove", event => {
  const now = spot(event), old = fingers.get(event.pointerId);
  const i = old ? -1 : nearest(now, 12), before = [...fingers.values()];
  if (i >= 0) choose(i, false);
  if (!old) return;
  fingers.set(event.pointerId, now);
  if (before.length === 2)
    closer(apart([...fingers.values()]) / Math.max(1, apart(before)), now);
  else move(now[0] - old[0], now[1] - old[1]);
});
for (const end of ["pointerup", "pointercancel"])
  on(end, event => fingers.delete(event.pointerId));

on("wheel", event => {
  event.preventDefault();
  closer(Math.exp(-event.deltaY / 400), spot(event));
});
const home = () => { zoom = 1; shift = [0, 0]; choose(-1, true); };
const middle = () => choose(nearest(size().map(s => s / 2), 1e9), true);

function move(x, y) { shift = [shift[0] + x, shift[1] + y]; draw(); }
const keys = { "+": () => closer(1.5), "=": () => closer(1.5),
  "-": () => closer(1 / 1.5), "0": home, Enter: middle, Escape: home,
  ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0),
  ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60) };

on("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
const buttons = { in: keys["+"], out: keys["-"], home };
for (const id in buttons) byId(id).addEventListener("click", buttons[id]);
new ResizeObserver(draw).observe(canvas);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
