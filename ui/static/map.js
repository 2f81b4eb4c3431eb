/* The map of the library: passages in two dimensions, those that are alike together. */

import { $, $$, make } from "./dom.js";
import { canvas, colourOf, draw, pan, scene, settle, size, toScreen, whole, zoom } from "./plane.js";
import { failureOf } from "./removal.js";
import { address, part, plural } from "./shelf.js";

const NEAR = 12; // pixels from which a point is meant
const TICK = 1000;
const LEGEND = 60; // documents that the legend names at first

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

let timer = 0;
let asked = 0; // what comes late of an earlier look is dropped

/* -- what it says -------------------------------------------------------------------------------------- */

const lastUsed = () => new Set($$("#live [data-passage]").map((button) => button.dataset.passage));

const describe = () => {
  const n = scene.data.points.length;
  const some = n < scene.data.total ? `${n.toLocaleString("en")} of ${plural(scene.data.total, "passage")}, evenly over ` : `${plural(n, "passage")} of `;
  const marked = scene.data.points.filter((point) => scene.used.has(point[3])).length;
  const answer = marked ? ` ${plural(marked, "passage")} of the last answer ${marked === 1 ? "is" : "are"} ringed.` : "";
  const words = `${some}${plural(scene.data.documents.length, "document")}; what is alike lies together.${answer}`;
  const busy = `Arranging the passages… ${scene.data.seconds ? `${scene.data.seconds} s` : ""}`;
  status.textContent = scene.data.state === "working" ? busy : n ? words : "There are no passages to show yet: add documents first.";
  canvas.setAttribute("aria-label", `Map of the library. ${words} The list beside it names the documents.`);
};

const entry = (each, n) => {
  const swatch = make("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.background = colourOf(n);
  const words = [make("bdi", { class: "name" }, each.title), make("span", { class: "n" }, plural(each.passages, "passage"))];
  return make("li", {}, make("button", { type: "button", "data-entry": String(n), "aria-pressed": String(n === scene.chosen) }, swatch, ...words));
};

const list = (most = LEGEND) => {
  const focus = document.activeElement?.dataset.entry;
  const order = scene.data.documents.map((each, n) => [each, n]).sort(([a], [b]) => b.passages - a.passages);
  legend.replaceChildren(...order.slice(0, most).map(([each, n]) => entry(each, n)));
  if (order.length > most) {
    const more = make("button", { type: "button", class: "quiet" }, `and ${order.length - most} more`);
    more.addEventListener("click", () => list(Infinity));
    legend.append(make("li", {}, more));
  }
  if (focus) $(`[data-entry="${focus}"]`, legend)?.focus({ preventScroll: true });
};

const stand = (n) => {
  scene.chosen = scene.chosen === n ? -1 : n;
  $$("[data-entry]", legend).forEach((each) => each.setAttribute("aria-pressed", String(Number(each.dataset.entry) === scene.chosen)));
  draw();
};

/* -- loading ------------------------------------------------------------------------------------------- */

const isOpen = () => address().get("tab") === "map" && document.body.dataset.view === "library";

const load = async () => {
  clearTimeout(timer);
  const mine = ++asked;
  const answer = await fetch("/map").catch(() => null);
  const failure = await failureOf(answer, "The map cannot be shown.");
  const data = failure ? null : await answer.json();
  if (mine !== asked) return;
  if (failure) {
    status.textContent = failure;
    return;
  }
  const before = scene.data;
  scene.data = data;
  scene.used = lastUsed();
  if (scene.data.documents.length !== before.documents.length) scene.chosen = -1;
  scene.hovered = -1;
  describe();
  list();
  settle(scene.data.points);
  if (scene.data.state === "working" && isOpen()) timer = setTimeout(load, TICK);
};

/* -- pointing ------------------------------------------------------------------------------------------ */

const nearest = (event) => {
  const box = canvas.getBoundingClientRect();
  const [px, py] = [event.clientX - box.left, event.clientY - box.top];
  let [best, distance] = [-1, NEAR];
  scene.shown.forEach((point, i) => {
    if (scene.chosen >= 0 && scene.data.points[i][2] !== scene.chosen) return;
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
  const point = scene.data.points[i];
  const place = (passage) => {
    const where = [scene.data.documents[point[2]].title, passage?.page && `page ${passage.page}`].filter(Boolean).join(", ");
    tip.replaceChildren(make("p", { class: "where", dir: "auto" }, where));
    if (passage) tip.append(make("p", { class: "words", dir: "auto" }, passage.text));
    tip.hidden = false;
    const [x, y] = toScreen(scene.shown[i]);
    const { w, h } = size();
    tip.style.left = `${Math.max(0, Math.min(x + 14, w - tip.offsetWidth))}px`;
    tip.style.top = `${y + 14 + tip.offsetHeight > h ? Math.max(0, y - tip.offsetHeight - 14) : y + 14}px`;
  };
  place(told.get(point[3]));
  const passage = await words(point[3]);
  if (passage && scene.hovered === i) place(passage);
};

const hover = (i) => {
  if (i === scene.hovered) return;
  scene.hovered = i;
  canvas.style.cursor = i < 0 ? "grab" : "pointer";
  if (i < 0) tip.hidden = true;
  else showTip(i);
  draw();
};

/* The page opens whatever a button with a place names. */
const openPassage = (i) => {
  const [, , n, passage, start, end] = scene.data.points[i];
  const place = { "data-document": scene.data.documents[n].id, "data-start": start, "data-end": end, "data-passage": passage };
  const button = make("button", { type: "button", class: "point", tabindex: "-1", ...place }, "Open");
  opener.replaceChildren(button);
  button.click();
};

const closer = (factor, x, y) => {
  tip.hidden = true;
  zoom(factor, x, y);
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
    closer(Math.exp(-event.deltaY / 400), x, (event.clientY - box.top - h / 2) / half);
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
    if (moves[event.key]) pan(...moves[event.key]);
    else if (["+", "="].includes(event.key)) closer(1.4);
    else if (event.key === "-") closer(1 / 1.4);
    else if (event.key === "0") whole();
    else return;
    event.preventDefault();
  });
};

export const startMap = () => {
  tool("+", "Closer", () => closer(1.4));
  tool("−", "Farther", () => closer(1 / 1.4));
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
