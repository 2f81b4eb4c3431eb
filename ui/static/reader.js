/* The reader: the source beside the answer, as pages or as text, with the cited words marked. */

import { $, $$, OPENERS, buttonOf, handleOf, make, same, spanOf } from "./dom.js";
import { Failure, ask, count, forget, goTo, here, lay, magnify, mark, percent, sheets } from "./pages.js";

const press = (label, sign, attributes = {}) =>
  make("button", { type: "button", "aria-label": label, title: label, ...attributes }, sign);
const previous = press("Previous source", "←");
const next = press("Next source", "→");
const close = press("Close the source", "✕");
const keep = press("Download the original", "↓");
const place = make("span", { class: "reader-count", role: "status" });
const asPages = make("button", { type: "button", "data-as": "page" }, "Page");
const asText = make("button", { type: "button", "data-as": "text" }, "Text");
const views = make("div", { class: "reader-views", role: "group", "aria-label": "Show as" }, asPages, asText);
const smaller = press("Zoom out", "−");
const fit = press("Fit to width", percent());
const larger = press("Zoom in", "+");
const field = make("input", { type: "text", inputmode: "numeric", "aria-label": "Page", size: "3" });
const of = make("span", {});
const tools = make(
  "div",
  { class: "reader-tools", hidden: "" },
  make("label", {}, "Page ", field),
  of,
  make("span", { class: "reader-zoom" }, smaller, fit, larger),
);
const page = make("div", { class: "reader-page", tabindex: "0" });

export const reader = make(
  "dialog",
  { id: "reader", "aria-label": "Source" },
  make("div", { class: "reader-bar" }, previous, place, next, views, keep, close),
  tools,
  page,
);

let trail = [];
let at = -1;
let opened = null;
let shows = 0; // what comes late for an earlier source, or an earlier view of this one, is dropped
let wanted = localStorage.getItem("reader-view") || "page";

/* The sources of a turn that the arrows lead through; the passages found are a trail of their own. */
const trailOf = (button) => {
  const turn = button.closest(".turn, #live") || button.parentElement;
  const passages = button.classList.contains("passage");
  const spans = $$(passages ? ".passage" : `${OPENERS}:not(.passage)`, turn).map(spanOf);
  const distinct = spans.filter((span, i) => spans.findIndex((other) => same(span, other)) === i);
  return distinct.some((span) => same(span, button.dataset)) ? distinct : [spanOf(button)];
};

/* Show on the page which buttons lead to what is open. */
export const markOpened = () => {
  const span = reader.open && trail[at];
  $$(OPENERS).forEach((button) => {
    if (span && span.end !== "0" && same(button.dataset, span)) button.setAttribute("aria-expanded", "true");
    else button.removeAttribute("aria-expanded");
  });
};

const routeOf = (span, rest) => `/documents/${encodeURIComponent(span.document)}/${rest}`;
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/[^.?!]$/, "$&.")}`;
const notice = (words) => make("p", { class: "notice", role: "status" }, sentence(words));

const load = async (span, window = {}) => {
  const query = new URLSearchParams({ start: span.start, end: span.end, ...window });
  if (span.passage) query.set("passage", span.passage);
  if (span.quote) query.set("quote", span.quote);
  const answer = await ask(routeOf(span, `passage?${query}`));
  const template = make("template");
  template.innerHTML = await answer.text();
  return template.content;
};

const toldOf = (number, pages) => {
  if (document.activeElement !== field) field.value = number;
  of.textContent = ` of ${pages}`;
};

/* Which of the two views is shown; pages can be missing, and then the text is all there is. */
const present = (view, choice) => {
  reader.dataset.view = view;
  views.hidden = !choice;
  tools.hidden = view !== "page";
  [asPages, asText].forEach((button) => button.setAttribute("aria-pressed", button.dataset.as === view));
};

const showPages = async (span, facts, quote) => {
  const mine = shows;
  await lay(page, span.document, $(".reader-title", page).textContent, toldOf);
  if (mine !== shows) return;
  present("page", true);
  if (!sheets.isConnected) page.append(sheets);
  const cited = { start: facts.start, end: facts.end };
  await mark(cited, Number(facts.first) || 1, Number(facts.last) || 1, quote);
};

const showText = (choice) => {
  present("text", choice);
  const line = $("#quote", page)?.getClientRects()[0];
  page.scrollTop = line ? page.scrollTop + line.top - page.getBoundingClientRect().top - page.clientHeight / 3 : 0;
};

const show = async (span, window) => {
  const mine = ++shows;
  let content;
  try {
    content = await load(span, window);
  } catch (error) {
    content = notice(error.message);
  }
  if (mine !== shows) return;
  sheets.remove();
  page.replaceChildren(content);
  const facts = $("header", page)?.dataset;
  const drawn = Boolean(facts && "drawn" in facts);
  if (!drawn || wanted !== "page" || window) {
    showText(drawn);
    return;
  }
  try {
    page.append(sheets);
    await showPages(span, facts, $("#quote", page)?.textContent || "");
  } catch (error) {
    if (mine !== shows) return;
    if (!(error instanceof Failure)) throw error;
    forget();
    $("header", page).after(notice(error.message));
    showText(false);
  }
};

const choose = (view) => {
  wanted = view;
  localStorage.setItem("reader-view", view);
  show(trail[at]);
};

const step = (to) => {
  if (to < 0 || to >= trail.length) return;
  at = to;
  place.textContent = trail.length > 1 ? `${at + 1} of ${trail.length}` : "";
  previous.hidden = next.hidden = trail.length < 2;
  previous.disabled = at === 0;
  next.disabled = at === trail.length - 1;
  markOpened();
  show(trail[at]);
};

export const open = (button) => {
  opened = handleOf(button);
  trail = trailOf(button);
  if (!reader.open) {
    const before = button.getBoundingClientRect().top;
    if (matchMedia("(max-width: 899px)").matches) reader.showModal();
    else reader.show();
    document.body.classList.add("reading");
    scrollBy({ top: button.getBoundingClientRect().top - before, behavior: "instant" });
  }
  page.focus({ preventScroll: true });
  step(trail.findIndex((span) => same(span, button.dataset)));
};

const download = async () => {
  const path = routeOf(trail[at], "original");
  try {
    await ask(path, { method: "HEAD" });
    make("a", { href: path, download: "" }).click();
  } catch {
    const words = await ask(path).then(() => "", (error) => error.message);
    $(".notice", page)?.remove();
    page.prepend(notice(words));
    page.scrollTop = 0;
  }
};

const zoomBy = (by) => {
  magnify(by);
  fit.textContent = percent();
};

reader.addEventListener("close", () => {
  document.body.classList.remove("reading");
  markOpened();
  forget();
  at = -1;
  shows += 1;
  (buttonOf(opened) || $("#question textarea"))?.focus({ preventScroll: true });
});

const actions = new Map([
  [previous, () => step(at - 1)],
  [next, () => step(at + 1)],
  [close, () => reader.close()],
  [keep, download],
  [asPages, () => choose("page")],
  [asText, () => choose("text")],
  [smaller, () => zoomBy(-1)],
  [fit, () => zoomBy(0)],
  [larger, () => zoomBy(1)],
]);

reader.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.from) show(trail[at], { from: button.dataset.from, to: button.dataset.to });
  else actions.get(button)?.();
});

field.addEventListener("change", () => {
  goTo(Number(field.value));
  field.value = here();
});
field.addEventListener("focus", () => field.select());

let frame = 0;
page.addEventListener("scroll", () => {
  if (reader.dataset.view !== "page" || !count()) return;
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(() => toldOf(here(), count()));
});

const scrollKeys = {
  PageUp: () => (page.scrollTop -= page.clientHeight * 0.9),
  PageDown: () => (page.scrollTop += page.clientHeight * 0.9),
  Home: () => (page.scrollTop = 0),
  End: () => (page.scrollTop = page.scrollHeight),
};
const keys = {
  ArrowLeft: () => step(at - 1),
  ArrowRight: () => step(at + 1),
  "+": () => zoomBy(1),
  "=": () => zoomBy(1),
  "-": () => zoomBy(-1),
  0: () => zoomBy(0),
};

reader.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target === field) return;
  if (scrollKeys[event.key]) {
    event.preventDefault();
    scrollKeys[event.key]();
  } else if (["+", "=", "-", "0"].includes(event.key) && reader.dataset.view !== "page") return;
  else keys[event.key]?.();
});
