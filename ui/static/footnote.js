/* The page's own behaviour. Gradio redraws parts of the page at any time, so buttons are listened to from the
   document, and what must follow a redraw is done by one observer. */

import { $, $$, OPENERS, buttonOf, handleOf, make } from "./dom.js";
import "./feedback.js";
import { keepContext, onChange, ready, replace, replacing } from "./conversation.js";
import { draft } from "./draft.js";
import { letGo } from "./hold.js";
import "./press.js";
import { markOpened, open, reader } from "./reader.js";
import { keepLine, picker } from "./scope.js";
import { showSettings } from "./settings.js";
import { confirmRemoval, sure } from "./removal.js";
import { refresh as refreshSide, side, tellOfIt, toggle as toggleSide } from "./side.js";
import { keepAddress, markView, show } from "./views.js";

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

/* The question box has the focus first, unless somebody put it elsewhere meanwhile. */
let welcomed = false;

const welcome = () => {
  if (welcomed || !ready()) return;
  welcomed = true;
  if (draft()) fill(draft());
  if (document.body.dataset.view === "ask" && document.activeElement === document.body) {
    $("#question textarea")?.focus({ preventScroll: true });
  }
};

/* The list of conversations belongs to the asking: in wide windows it is shown with it only. */
const switchSide = () => {
  if (document.body.dataset.view === "ask" || !matchMedia("(min-width: 1200px)").matches) return toggleSide();
  show("ask");
  toggleSide(true);
};

/* -- asking again and copying -------------------------------------------------------------------------- */

const fill = (question) => {
  const box = $("#question textarea");
  box.value = question;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.setSelectionRange(question.length, question.length);
};

const editing = make("p", { id: "editing", role: "status" });
const keepAsItIs = make("button", { type: "button", class: "action" }, "Cancel");
editing.hidden = true;

const askAgain = (data) => {
  show("ask");
  replace(data.turn || null);
  fill(data.again);
  if ("now" in data) setTimeout(() => $("#question .submit-button")?.click(), 100);
};

const markEditing = () => {
  const turns = $$("#ask .asked[data-turn]");
  const at = turns.findIndex((turn) => turn.dataset.turn === replacing());
  editing.hidden = at < 0;
  if (at < 0) return;
  const later = turns.length - at - 1;
  const more = later ? ` and the ${later === 1 ? "one" : later} after it` : "";
  editing.replaceChildren(`Asking again takes the place of this question${more}.`, keepAsItIs);
};

/* Gradio draws the question box again as it likes: what stands above it is put back where it is missing. */
const keepEditing = () => {
  const box = $("#question");
  if (box && !box.contains(editing)) box.append(editing);
};

keepAsItIs.addEventListener("click", () => {
  replace(null);
  fill("");
  $("#question textarea").focus();
});

const copy = async (button) => {
  const words = (button.dataset.words ||= button.textContent);
  const done = await navigator.clipboard.writeText(button.dataset.copy).then(() => true, () => false);
  button.textContent = done ? "Copied" : "The browser does not allow it";
  setTimeout(() => (button.textContent = words), 1500);
};

/* -- while an answer grows ----------------------------------------------------------------------------- */

const BELOW = 150; // pixels at the foot of the window that the question box covers
const heard = make("div", { class: "unseen", "aria-live": "polite" });

let said = 0;
let turn = "";
let busy = false;
let focused = null; // what had the focus last
let opener = null; // and how to find it again, where it opens words of a document
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
  if (replacing()) replace(null);
  refreshSide();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  $("#live").scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
};

const follow = () => {
  const asked = `${$("#asked .asked")?.dataset.turn || ""} ${$("#asked .question")?.textContent || ""}`;
  if (asked.trim() && asked !== turn) begin();
  turn = asked;
  const working = Boolean($("#answered [aria-busy=true]"));
  if (busy && !working) refreshSide();
  busy = working;
  announce();
  keepInView();
  if (reader.open) markOpened();
  keepFocus();
};

/* What had the focus may have been drawn anew, or be gone, as is the button that stopped an answer. */
const keepFocus = () => {
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  const drawn = opener && buttonOf(opener, $("#live"));
  (drawn || $("#question textarea"))?.focus({ preventScroll: true });
};

/* -- one listener for every button --------------------------------------------------------------------- */

/* The views are links, which lead there before this script has come, and to a tab of their own. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-view]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  show(link.dataset.view);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const data = button.dataset;
  if (data.document) open(button);
  else if (data.remove) confirmRemoval(button);
  else if ("sideSwitch" in data) switchSide();
  else if (data.again) askAgain(data);
  else if (data.copy) copy(button);
  else if ("themeSwitch" in data) switchTheme();
});

document.addEventListener("keydown", (event) => {
  if (["PageUp", "PageDown", "ArrowUp", "Home"].includes(event.key)) free = false;
  if (event.key === "Escape" && reader.open && !$("dialog:modal")) reader.close();
});

/* A slash leads to the question box from anywhere but a field. */
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  if (document.body.dataset.view !== "ask") show("ask");
  $("#question textarea")?.focus();
});

document.addEventListener("focusin", ({ target }) => {
  const button = target.closest(`#live ${OPENERS}`);
  focused = target.closest("#ask") && target;
  opener = button && handleOf(button);
});

["wheel", "touchmove"].forEach((name) => addEventListener(name, () => (free = false), { passive: true }));
systemIsDark.addEventListener("change", paint);
document.addEventListener("footnote:theme", paint);
document.addEventListener("footnote:ask", () => show("ask"));
onChange(markEditing);

paint();
document.body.append(side, picker, reader, sure, heard);
new MutationObserver(() => {
  if (!$("nav [data-view][aria-current]")) markView();
  tellOfIt();
  keepContext();
  letGo();
  welcome();
  keepAddress();
  keepLine();
  keepEditing();
  if (document.body.dataset.view === "settings") showSettings();
  if (document.body.classList.contains("dark") !== (theme() === "dark")) paint();
  follow();
}).observe(document.body, { childList: true, subtree: true, characterData: true });
