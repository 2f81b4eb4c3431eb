/* The reader: the source beside the answer, with the cited words marked. */

import { $, $$, OPENERS, buttonOf, handleOf, make, same, spanOf } from "./dom.js";

const stepper = (label, sign) => make("button", { type: "button", "aria-label": label, title: label }, sign);
const previous = stepper("Previous source", "←");
const next = stepper("Next source", "→");
const close = stepper("Close the source", "✕");
const place = make("span", { class: "reader-count", role: "status" });
const page = make("div", { class: "reader-page", tabindex: "0" });

export const reader = make(
  "dialog",
  { id: "reader", "aria-label": "Source" },
  make("div", { class: "reader-bar" }, previous, place, next, close),
  page,
);

let trail = [];
let at = -1;
let opened = null;

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

const failure = (words) => make("p", { class: "notice" }, words).outerHTML;

const load = async (span, window = {}) => {
  const query = new URLSearchParams({ start: span.start, end: span.end, ...window });
  if (span.passage) query.set("passage", span.passage);
  try {
    const answer = await fetch(`/documents/${encodeURIComponent(span.document)}/passage?${query}`);
    if (answer.ok) return await answer.text();
    const { detail } = await answer.json();
    return failure(typeof detail === "string" ? detail : "The source cannot be shown.");
  } catch {
    return failure("Footnote does not answer: is it still running?");
  }
};

const show = async (span, window) => {
  const html = await load(span, window);
  if (trail[at] !== span) return;
  page.innerHTML = html;
  const quote = $("#quote", page);
  if (quote) quote.scrollIntoView({ block: "center" });
  else page.scrollTop = 0;
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

reader.addEventListener("close", () => {
  document.body.classList.remove("reading");
  markOpened();
  (buttonOf(opened) || $("#question textarea"))?.focus({ preventScroll: true });
});

reader.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button === previous) step(at - 1);
  else if (button === next) step(at + 1);
  else if (button === close) reader.close();
  else if (button?.dataset.from) show(trail[at], { from: button.dataset.from, to: button.dataset.to });
});

reader.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") step(at - 1);
  else if (event.key === "ArrowRight") step(at + 1);
});
