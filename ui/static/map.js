/* The map of the library: passages in two dimensions, those that are alike together. */

import { $, $$, make } from "./dom.js";
import { failureOf } from "./removal.js";
import { address, part, plural } from "./shelf.js";

const NEAR = 12; // pixels from which a point is meant
const MOVE_MS = 600;
const TICK = 1000;
const LEGEND = 60; // documents that the legend names at first

const canvas = make("canvas", { tabindex: "0", role: "img" });
const status = make("p", { class: "map-status", role: "status" });
const tip = make("div", { class: "map-tip", hidden: "" });
const tools = make("div", { class: "map-tools" });
const legend = make("ul", { class: "map-legend", "aria-label": "Documents on the map" });
const opener = make("span", { class: "unseen" });

const tool = (words, label, act) => {
  const button = make("button", { type: "button", "aria-label": label, title: label }, words);
  button.addEventListener("click", act);
  tools.append(button);
};

let data = { documents: [], points: [], generation: -1 };
let shown = []; // where each point is drawn: {x, y}
let view = { scale: 1, x: 0, y: 0 };
let chosen = -1; // the document that stands out
let hovered = -1;
let used = new Set();
let timer = 0;

/* -- drawing ------------------------------------------------------------------------------------------- */

const isDark = () => document.documentElement.dataset.theme === "dark";
const colourOf = (n) => `hsl(${(n * 137.5 + 12) % 360} ${isDark() ? "52% 64%" : "52% 44%"})`;
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const size = () => ({ w: canvas.clientWidth, h: canvas.clientHeight });

const toScreen = ({ x, y }) => {
  const { w, h } = size();
  const half = Math.min(w, h) / 2 - 16;
  return [w / 2 + (x + view.x) * half * view.scale * (w > h ? 1.25 : 1), h / 2 + (y + view.y) * half * view.scale];
};

const dot = (pen, [x, y], radius) => {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
};

const draw = () => {
  const { w, h } = size();
  if (!w) return;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, w, h);
  const radius = Math.min(6, (data.points.length > 800 ? 2.6 : 3.8) * Math.sqrt(view.scale));
  const colours = data.documents.map((_, n) => colourOf(n));
  data.points.forEach((point, i) => {
    const faint = chosen >= 0 && point[2] !== chosen;
    pen.globalAlpha = faint ? 0.12 : 0.78;
    pen.fillStyle = colours[point[2]];
    dot(pen, toScreen(shown[i]), radius);
    pen.fill();
  });
  pen.globalAlpha = 1;
  pen.lineWidth = 2.2;
  data.points.forEach((point, i) => {
    if (!used.has(point[3]) && i !== hovered) return;
    const at = toScreen(shown[i]);
    pen.fillStyle = colours[point[2]];
    dot(pen, at, radius + 2);
    pen.fill();
    pen.strokeStyle = i === hovered ? ink("--ink") : ink("--accent");
    dot(pen, at, radius + 5);
    pen.stroke();
  });
};

const settle = (points) => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const from = shown.length === points.length ? shown : points.map(([x, y]) => ({ x, y }));
  const began = performance.now();
  const step = (now) => {
    if (points !== data.points) return;
    const done = calm ? 1 : Math.min((now - began) / MOVE_MS, 1);
    const part = done * done * (3 - 2 * done);
    shown = points.map(([x, y], i) => ({ x: from[i].x + (x - from[i].x) * part, y: from[i].y + (y - from[i].y) * part }));
    draw();
    if (done < 1) requestAnimationFrame(step);
  };
  shown = from;
  step(began);
};

/* -- what it says -------------------------------------------------------------------------------------- */

const lastUsed = () => new Set($$("#live [data-passage]").map((button) => button.dataset.passage));

const describe = () => {
  const n = data.points.length;
  const some = n < data.total ? `${n.toLocaleString("en")} of ${plural(data.total, "passage")}, evenly over ` : `${plural(n, "passage")} of `;
  const marked = data.points.filter((point) => used.has(point[3])).length;
  const answer = marked ? ` ${plural(marked, "passage")} of the last answer ${marked === 1 ? "is" : "are"} ringed.` : "";
  const words = `${some}${plural(data.documents.length, "document")}; what is alike lies together.${answer}`;
  const busy = `Arranging the passages… ${data.seconds ? `${data.seconds} s` : ""}`;
  status.textContent = data.state === "working" ? busy : n ? words : "There are no passages to show yet: add documents first.";
  canvas.setAttribute("aria-label", `Map of the library. ${words} The list beside it names the documents.`);
};

const entry = (each, n) => {
  const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = colourOf(n);
  const words = [make("bdi", { class: "name" }, each.title), make("span", { class: "n" }, plural(each.passages, "passage"))];
  return make("li", {}, make("button", { type: "button", "data-entry": String(n), "aria-pressed": String(n === chosen) }, swatch, ...words));
};

const list = (most = LEGEND) => {
  const focus = document.activeElement?.dataset.entry;
  const order = data.documents.map((each, n) => [each, n]).sort(([a], [b]) => b.passages - a.passages);
  legend.replaceChildren(...order.slice(0, most).map(([each, n]) => entry(each, n)));
  if (order.length > most) {
    const more = make("button", { type: "button", class: "quiet" }, `and ${order.length - most} more`);
    more.addEventListener("click", () => list(Infinity));
    legend.append(make("li", {}, more));
  }
  if (focus) $(`[data-entry="${focus}"]`, legend)?.focus({ preventScroll: true });
};

const stand = (n) => {
  chosen = chosen === n ? -1 : n;
  $$("[data-entry]", legend).forEach((each) => each.setAttribute("aria-pressed", String(Number(each.dataset.entry) === chosen)));
  draw();
};

/* -- loading ------------------------------------------------------------------------------------------- */

const isOpen = () => address().get("tab") === "map" && document.body.dataset.view === "library";

const load = async () => {
  clearTimeout(timer);
  const answer = await fetch("/map").catch(() => null);
  const failure = await failureOf(answer, "The map cannot be shown.");
  if (failure) {
    status.textContent = failure;
    return;
  }
  const before = data;
  data = await answer.json();
  used = lastUsed();
  if (data.documents.length !== before.documents.length) chosen = -1;
  hovered = -1;
  describe();
  list();
  settle(data.points);
  if (data.state === "working" && isOpen()) timer = setTimeout(load, TICK);
};

/* -- pointing ------------------------------------------------------------------------------------------ */

const nearest = (event) => {
  const box = canvas.getBoundingClientRect();
  const [px, py] = [event.clientX - box.left, event.clientY - box.top];
  let [best, distance] = [-1, NEAR];
  shown.forEach((point, i) => {
    if (chosen >= 0 && data.points[i][2] !== chosen) return;
    const [x, y] = toScreen(point);
    const away = Math.hypot(x - px, y - py);
    if (away < distance) [best, distance] = [i, away];
  });
  return best;
};

const told = new Map(); // passage id -> its words, once asked for

const words = async (id) => {
  if (!told.has(id)) {
    const answer = await fetch(`/passages/${encodeURIComponent(id)}`).catch(() => null);
    if (!answer?.ok) return null;
    told.set(id, await answer.json());
  }
  return told.get(id);
};

const showTip = async (i) => {
  const point = data.points[i];
  const place = (passage) => {
    const where = [data.documents[point[2]].title, passage?.page && `page ${passage.page}`].filter(Boolean).join(", ");
    tip.replaceChildren(make("p", { class: "where", dir: "auto" }, where));
    if (passage) tip.append(make("p", { class: "words", dir: "auto" }, passage.text));
    tip.hidden = false;
    const [x, y] = toScreen(shown[i]);
    const { w, h } = size();
    tip.style.left = `${Math.max(0, Math.min(x + 14, w - tip.offsetWidth))}px`;
    tip.style.top = `${y + 14 + tip.offsetHeight > h ? Math.max(0, y - tip.offsetHeight - 14) : y + 14}px`;
  };
  place(told.get(point[3]));
  const passage = await words(point[3]);
  if (passage && hovered === i) place(passage);
};

const hover = (i) => {
  if (i === hovered) return;
  hovered = i;
  canvas.style.cursor = i < 0 ? "grab" : "pointer";
  if (i < 0) tip.hidden = true;
  else showTip(i);
  draw();
};

/* The page opens whatever a button with a place names. */
const openPassage = (i) => {
  const [, , n, passage, start, end] = data.points[i];
  const place = { "data-document": data.documents[n].id, "data-start": start, "data-end": end, "data-passage": passage };
  const button = make("button", { type: "button", class: "point", tabindex: "-1", ...place }, "Open");
  opener.replaceChildren(button);
  button.click();
};

const zoom = (factor, x = 0, y = 0) => {
  const scale = Math.max(0.8, Math.min(view.scale * factor, 30));
  const shift = (1 / scale - 1 / view.scale) * 1;
  view = { scale, x: view.x + x * shift, y: view.y + y * shift };
  tip.hidden = true;
  draw();
};

const pan = (dx, dy) => {
  const { w, h } = size();
  const half = (Math.min(w, h) / 2 - 16) * view.scale;
  view = { ...view, x: view.x + dx / (half * (w > h ? 1.25 : 1)), y: view.y + dy / half };
  draw();
};

const whole = () => {
  view = { scale: 1, x: 0, y: 0 };
  draw();
};

let held = null;

const point = () => {
  canvas.addEventListener("pointerdown", (event) => {
    held = { x: event.clientX, y: event.clientY, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return hover(nearest(event));
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    hover(-1);
    pan(dx, dy);
    held = { x: event.clientX, y: event.clientY, moved: true };
  });
  canvas.addEventListener("pointerup", (event) => {
    const clicked = held && !held.moved;
    held = null;
    if (!clicked) return;
    const i = nearest(event);
    if (i >= 0) openPassage(i);
  });
  canvas.addEventListener("pointercancel", () => (held = null));
  canvas.addEventListener("pointerleave", () => held || hover(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = canvas.getBoundingClientRect();
    const { w, h } = size();
    const half = Math.min(w, h) / 2 - 16;
    const x = (event.clientX - box.left - w / 2) / (half * (w > h ? 1.25 : 1));
    zoom(Math.exp(-event.deltaY / 400), x, (event.clientY - box.top - h / 2) / half);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
    if (moves[event.key]) pan(...moves[event.key]);
    else if (["+", "="].includes(event.key)) zoom(1.4);
    else if (event.key === "-") zoom(1 / 1.4);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  });
};

export const startMap = () => {
  tool("+", "Closer", () => zoom(1.4));
  tool("−", "Farther", () => zoom(1 / 1.4));
  tool("⤢", "Show all of it", whole);
  const frame = make("div", { class: "map-frame" }, canvas, tools, tip);
  part("map").append(status, make("div", { class: "map-columns" }, frame, legend), opener);
  point();
  legend.addEventListener("click", (event) => {
    const button = event.target.closest("[data-entry]");
    if (button) stand(Number(button.dataset.entry));
  });
  new ResizeObserver(draw).observe(canvas);
  new IntersectionObserver(([seen]) => seen.isIntersecting && isOpen() && load()).observe(canvas);
  new MutationObserver(() => {
    if (isOpen()) list(), draw();
  }).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  document.addEventListener("library-changed", () => isOpen() && load());
};
