/* The page's own behaviour. Gradio redraws parts of the page at any time, so buttons are listened to from the
   document, and what must follow a redraw is done by one observer. */

import { $, $$, OPENERS, buttonOf, handleOf, make } from "./dom.js";
import { markOpened, open, reader } from "./reader.js";
import { confirmRemoval, sure } from "./removal.js";

/* -- light and dark ------------------------------------------------------------------------------------ */

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const theme = () => localStorage.getItem("theme") || (systemIsDark.matches ? "dark" : "light");

const paint = () => {
  document.documentElement.dataset.theme = theme();
  document.body.classList.toggle("dark", theme() === "dark");
};

const switchTheme = () => {
  localStorage.setItem("theme", theme() === "dark" ? "light" : "dark");
  paint();
};

/* -- the two views ------------------------------------------------------------------------------------- */

const scrolled = {};
let library = "#library"; // with its filters

const show = (view) => {
  scrolled[document.body.dataset.view] = scrollY;
  if (viewOfAddress() === "library") library = location.hash;
  document.body.dataset.view = view;
  scrollTo({ top: scrolled[view] || 0, behavior: "instant" });
  markView();
  history.replaceState(null, "", view === "ask" ? location.pathname : library);
  if (view === "ask") $("#question textarea")?.focus({ preventScroll: true });
};

const markView = () =>
  $$("nav [data-view]").forEach((button) => {
    if (button.dataset.view === document.body.dataset.view) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  });

const viewOfAddress = () => (/^#library\b/.test(location.hash) ? "library" : "ask");

/* -- asking again and copying -------------------------------------------------------------------------- */

const askAgain = (question) => {
  const box = $("#question textarea");
  box.value = question;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  show("ask");
  box.setSelectionRange(question.length, question.length);
};

const copy = async (button) => {
  const words = button.textContent;
  const done = await navigator.clipboard.writeText(button.dataset.copy).then(() => true, () => false);
  button.textContent = done ? "Copied" : "The browser does not allow it";
  setTimeout(() => (button.textContent = words), 1500);
};

/* -- while an answer grows ----------------------------------------------------------------------------- */

const BELOW = 130; // pixels at the foot of the window that the question box covers
const heard = make("div", { class: "unseen", "aria-live": "polite" });

let said = 0;
let question = "";
let focused = null;
let free = true; // nobody has scrolled since the question

const announce = () => {
  const sentences = $$("#answered [data-say]");
  sentences.slice(said).forEach((sentence) => heard.append(make("p", {}, sentence.textContent)));
  said = sentences.length;
};

const keepInView = () => {
  const end = $("#answered .prose-answer")?.getBoundingClientRect().bottom;
  const over = end - (innerHeight - BELOW);
  if (free && over > 0 && $("#answered [aria-busy=true]")) scrollBy({ top: over, behavior: "instant" });
};

const begin = () => {
  said = 0;
  free = true;
  heard.replaceChildren();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  $("#live").scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
};

const follow = () => {
  const asked = $("#asked .question")?.textContent || "";
  if (asked && asked !== question) begin();
  question = asked;
  announce();
  keepInView();
  if (reader.open) markOpened();
  if (focused && document.activeElement === document.body) {
    buttonOf(focused, $("#live"))?.focus({ preventScroll: true });
  }
};

/* -- one listener for every button --------------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if (data.document) open(button);
  else if (data.remove) confirmRemoval(button);
  else if (data.view) show(data.view);
  else if (data.again) askAgain(data.again);
  else if (data.copy) copy(button);
  else if ("themeSwitch" in data) switchTheme();
});

document.addEventListener("keydown", (event) => {
  if (["PageUp", "PageDown", "ArrowUp", "Home"].includes(event.key)) free = false;
  if (event.key === "Escape" && reader.open && !sure.open) reader.close();
});

document.addEventListener("focusin", (event) => {
  const button = event.target.closest(`#live ${OPENERS}`);
  focused = button && handleOf(button);
});

["wheel", "touchmove"].forEach((name) => addEventListener(name, () => (free = false), { passive: true }));
systemIsDark.addEventListener("change", paint);
addEventListener("hashchange", () => show(viewOfAddress()));

paint();
document.body.append(reader, sure, heard);
document.body.dataset.view = viewOfAddress();
new MutationObserver(() => {
  if (!$("nav [aria-current]")) markView();
  if (document.body.classList.contains("dark") !== (theme() === "dark")) paint();
  follow();
}).observe(document.body, { childList: true, subtree: true, characterData: true });
