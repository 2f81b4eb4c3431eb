/* The views of the page, and the address, which names the view and the conversation that it shows. */

import { $, $$ } from "./dom.js";
import { addressOf, ready } from "./conversation.js";
import { showSettings } from "./settings.js";

const VIEWS = ["ask", "library", "settings"];
const scrolled = {};
let library = "#library"; // with its filters
let heard = location.href; // the address that the page follows, or has given itself

const viewOfAddress = () => VIEWS.find((view) => location.hash.slice(1).split("?")[0] === view) || "ask";
const addressOfView = (view) => {
  if (view === "library") return library;
  if (view !== "ask") return `#${view}`;
  return ready() && $("#asked .asked[data-turn]") ? addressOf() : location.pathname + location.search;
};

const give = (address) => {
  history.replaceState(null, "", address);
  heard = location.href;
};

/* The address names the conversation that is shown, once something was asked in it. Somebody may have changed the
   address already when the page has yet to hear of that: theirs stays. */
export const keepAddress = () => {
  if (document.body.dataset.view !== "ask" || !ready() || location.href !== heard) return;
  const wanted = new URL(addressOfView("ask"), location.href).href;
  if (location.href !== wanted) give(wanted);
};

export const markView = () =>
  $$("nav [data-view]").forEach((link) => {
    if (link.dataset.view === document.body.dataset.view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });

export const show = (view) => {
  scrolled[document.body.dataset.view] = scrollY;
  if (viewOfAddress() === "library") library = location.hash;
  document.body.dataset.view = view;
  scrollTo({ top: scrolled[view] || 0, behavior: "instant" });
  markView();
  if (view === "settings") showSettings();
  if (viewOfAddress() !== view) give(addressOfView(view));
  if (view !== "ask") return;
  keepAddress();
  if (!$("#asked .question")) $("#resume")?.click(); // the greeting is of the library as it is now
  $("#question textarea")?.focus({ preventScroll: true });
};

addEventListener("hashchange", () => {
  heard = location.href;
  show(viewOfAddress());
});
document.body.dataset.view = viewOfAddress();
