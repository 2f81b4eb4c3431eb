/* The pages of a PDF as pictures, drawn when they come near, with the cited words marked on them. */

import { $, $$, make } from "./dom.js";

const ZOOMS = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4];
const NEAR = "120% 0px"; // of the panel's height: pages this far from view are drawn
const PAUSE = 90; // milliseconds that a page has to stay near: not while somebody scrolls past

const FINE = 1.5; // pixels of a picture for one of the page, at least: small print is read more easily

export class Failure extends Error {}

/* Ask a route that answers in JSON; a refusal is thrown with its sentence. */
export const ask = async (path, options) => {
  const answer = await fetch(path, options).catch(() => null);
  if (!answer) throw new Failure("Footnote does not answer: is it still running?");
  if (answer.ok) return answer;
  const { detail } = await answer.json().catch(() => ({}));
  throw new Failure(typeof detail === "string" ? detail : "The source cannot be shown.");
};

export const sheets = make("div", { class: "sheets" });
const words = make("p", { class: "unseen", id: "reader-words" });

let scroller = null;
let known = { id: null, title: "", sizes: [] };
let zoom = Number(localStorage.getItem("reader-zoom")) || 1;
let turn = 0; // which quote is asked for: what comes late for an earlier one is dropped
let laid = 0; // and which document
let told = () => {};

const route = (rest) => `/documents/${encodeURIComponent(known.id)}/pages${rest}`;
const all = () => $$(".sheet", sheets);
const sheetOf = (number) => $(`.sheet[data-number="${number}"]`, sheets);

/* -- drawing what is near ------------------------------------------------------------------------------ */

const waiting = new Map();

const broken = async (sheet, source) => {
  const said = await ask(source).then(() => "This page cannot be shown.", (error) => error.message);
  $("img", sheet)?.remove();
  if (!$(".sheet-note", sheet)) sheet.append(make("p", { class: "sheet-note", role: "status" }, said));
};

const draw = (sheet) => {
  const width = Math.ceil(sheet.clientWidth * Math.min(Math.max(devicePixelRatio, FINE), 2));
  const source = route(`/${sheet.dataset.number}.png?width=${width}`);
  const old = $("img", sheet);
  if (old?.dataset.width >= width) return;
  const alt = `Page ${sheet.dataset.number} of ${known.title}`;
  const image = make("img", { alt, decoding: "async", "data-width": width });
  if ($(".spots", sheet)) image.setAttribute("aria-describedby", words.id);
  image.addEventListener("load", () => {
    $(".sheet-note", sheet)?.remove();
    sheet.classList.add("drawn");
    if (old) old.remove();
  });
  image.addEventListener("error", () => image.isConnected && broken(sheet, source));
  image.src = source;
  sheet.prepend(image);
};

const wipe = (sheet) => {
  $$("img", sheet).forEach((image) => {
    image.remove();
    image.src = ""; // the browser stops asking for it
  });
  sheet.classList.remove("drawn");
};

let watcher = null;

const rest = () => {
  watcher?.disconnect();
  waiting.forEach((timer) => clearTimeout(timer));
  waiting.clear();
};

const watch = () => {
  rest();
  watcher = new IntersectionObserver(
    (entries) =>
      entries.forEach(({ target, isIntersecting }) => {
        clearTimeout(waiting.get(target));
        waiting.delete(target);
        if (isIntersecting) waiting.set(target, setTimeout(draw, PAUSE, target));
        else wipe(target);
      }),
    { root: scroller, rootMargin: NEAR },
  );
  all().forEach((sheet) => watcher.observe(sheet));
};

/* -- the document -------------------------------------------------------------------------------------- */

/* Lay out the pages of a document in `root`, which scrolls; `tell(page, count)` hears where it is. */
export const lay = async (root, id, title, tell) => {
  scroller = root;
  told = tell;
  const mine = ++laid;
  if (known.id === id) return;
  const answer = await ask(`/documents/${encodeURIComponent(id)}/pages`);
  const { pages } = await answer.json();
  if (mine !== laid) return;
  known = { id, title, sizes: pages };
  sheets.replaceChildren(
    words,
    ...pages.map(([width, height], i) =>
      make("div", { class: "sheet", "data-number": i + 1, style: `aspect-ratio: ${width} / ${height}` }),
    ),
  );
  scale();
};

export const forget = () => {
  laid += 1;
  turn += 1;
  rest();
  known = { id: null, title: "", sizes: [] };
  sheets.replaceChildren();
};

const scale = () => sheets.style.setProperty("--zoom", zoom);

export const percent = () => `${Math.round(zoom * 100)} %`;

/* Zoom by a step, or to the width of the panel with 0, around what is in the middle of the view. */
export const magnify = (by) => {
  const at = ZOOMS.findIndex((each) => each >= zoom);
  const next = by ? ZOOMS[Math.min(Math.max(at + by, 0), ZOOMS.length - 1)] : 1;
  const sheet = sheetOf(here());
  const middle = () => scroller.getBoundingClientRect().top + scroller.clientHeight / 2;
  const share = sheet && (middle() - sheet.getBoundingClientRect().top) / sheet.clientHeight;
  zoom = next;
  localStorage.setItem("reader-zoom", zoom);
  scale();
  if (sheet) scroller.scrollTop += sheet.getBoundingClientRect().top + share * sheet.clientHeight - middle();
  const spot = $(".spots div", sheets);
  if (spot && zoom > 1) toMiddle(spot, "left", "clientWidth", "scrollLeft");
  watch();
};

/* -- where it is --------------------------------------------------------------------------------------- */

/* The number of the page at the middle of the view, found by halving. */
export const here = () => {
  const every = all();
  const middle = scroller.getBoundingClientRect().top + scroller.clientHeight / 2;
  let [low, high] = [0, every.length - 1];
  while (low < high) {
    const half = (low + high + 1) >> 1;
    if (every[half].getBoundingClientRect().top <= middle) low = half;
    else high = half - 1;
  }
  return low + 1;
};

export const count = () => known.sizes.length;

export const goTo = (number) => {
  const sheet = sheetOf(Math.min(Math.max(Math.round(number) || 1, 1), count()));
  if (!sheet) return;
  const head = $("header", scroller)?.offsetHeight || 0;
  scroller.scrollTop += sheet.getBoundingClientRect().top - scroller.getBoundingClientRect().top - head - 8;
  draw(sheet);
  told(here(), count());
};

const toMiddle = (node, edge, side, scroll) => {
  const [inner, outer] = [node.getBoundingClientRect(), scroller.getBoundingClientRect()];
  scroller[scroll] += inner[edge] - outer[edge] - scroller[side] / 2;
};

/* -- the cited words ----------------------------------------------------------------------------------- */

const placed = (box) => {
  const [left, top, width, height] = box.map((share) => `${(share * 100).toFixed(3)}%`);
  const node = make("div");
  Object.assign(node.style, { left, top, width, height });
  return node;
};

const note = (sheet, quote, why) => {
  const said = make("p", { class: "said-note", role: "status" }, why, " ", make("q", { dir: "auto" }, quote));
  sheet.before(said);
};

const spotsOn = async (number, span) => {
  const query = new URLSearchParams({ start: span.start, end: span.end });
  const { boxes } = await (await ask(route(`/${number}/boxes?${query}`))).json();
  return boxes;
};

/* Mark a span that stands on the pages `first` to `last`, and bring it into view. */
export const mark = async (span, first, last, quote) => {
  const mine = ++turn;
  $$(".spots, .said-note", sheets).forEach((node) => node.remove());
  $$("img[aria-describedby]", sheets).forEach((image) => image.removeAttribute("aria-describedby"));
  words.textContent = quote ? `The cited words: ${quote}` : "";
  goTo(first);
  watch();
  if (!quote) return;
  for (let number = first; number <= last; number += 1) {
    const boxes = await spotsOn(number, span).catch(() => null);
    const sheet = sheetOf(number);
    if (mine !== turn || !sheet) return;
    if (boxes?.length) {
      sheet.append(make("div", { class: "spots", "aria-hidden": "true" }, ...boxes.map(placed)));
      $("img", sheet)?.setAttribute("aria-describedby", words.id);
    } else if (!boxes && number === first) {
      note(sheet, quote, "The place of these words on the page is not known:");
    }
    const spot = $(".spots div", sheets);
    if (number !== first || !spot) continue;
    toMiddle(spot, "top", "clientHeight", "scrollTop");
    if (zoom > 1) toMiddle(spot, "left", "clientWidth", "scrollLeft");
  }
  told(here(), count());
};
