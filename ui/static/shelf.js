/* The library's page: what it shows and by which filters. The filters are in the address. */

import { $, $$, make } from "./dom.js";
import { failureOf } from "./removal.js";

const FIELDS = ["collection", "kind", "since", "until", "q", "sort", "page"];

export const shelf = () => $("#library-page .shelf");
export const part = (name) => $(`[data-part="${name}"]`, shelf());
export const plural = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

/* -- the filters in the address ------------------------------------------------------------------------ */

export const address = () => {
  const [view, query = ""] = location.hash.slice(1).split("?");
  return new URLSearchParams(view === "library" ? query : "");
};

export const narrow = (changes, how = "pushState") => {
  const query = address();
  if (!("page" in changes)) query.delete("page");
  Object.entries(changes).forEach(([name, value]) => (value ? query.set(name, value) : query.delete(name)));
  const words = query.toString();
  history[how](history.state, "", words ? `#library?${words}` : "#library");
  follow();
};

/* -- what went wrong ----------------------------------------------------------------------------------- */

export const notice = (words = "") => part("notice").replaceChildren(...(words ? [make("p", {}, words)] : []));

/* Call the server; tell what went wrong, and return the answer or null. */
export const call = async (path, method, body) => {
  const options = { method };
  if (body) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = await fetch(path, options).catch(() => null);
  const failure = await failureOf(answer, "That did not work: try again.");
  notice(failure || "");
  return failure ? null : answer;
};

/* -- filling the page ---------------------------------------------------------------------------------- */

const keyOf = (node) => {
  const [name, value] = Object.entries(node?.dataset || {})[0] || [];
  return name && `[data-${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}="${CSS.escape(value)}"]`;
};

let typing = null; // the field in which words are typed in place
let waiting = false; // what it stands in is to be filled once it is gone

/* Put new markup into a place, unless it is there already; what had the focus keeps it. */
export const fill = (place, node) => {
  if (place.innerHTML === node.innerHTML) return;
  if (place.contains(typing)) {
    waiting = true;
    return;
  }
  const key = place.contains(document.activeElement) && keyOf(document.activeElement);
  place.replaceChildren(...node.childNodes);
  if (key) $(key, place)?.focus({ preventScroll: true });
};

const parsed = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
};

const showFilters = (query) =>
  $$("[data-filter]", shelf()).forEach((field) => {
    if (field === document.activeElement && field.type === "search") return;
    field.value = query.get(field.dataset.filter) || (field.dataset.filter === "sort" ? "title" : "");
  });

const showTab = (name) => {
  $$("[data-tab]", shelf()).forEach((tab) => {
    tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    tab.tabIndex = tab.dataset.tab === name ? 0 : -1;
  });
  $("#shelf-list").hidden = name === "map";
  $("#shelf-map").hidden = name !== "map";
};

let asked = 0;
let shown = "";

/* Show what the address says. */
export const follow = async () => {
  if (!shelf()) return;
  const query = address();
  showTab(query.get("tab") === "map" ? "map" : "list");
  document.dispatchEvent(new CustomEvent("library-shown"));
  const wanted = new URLSearchParams(FIELDS.flatMap((name) => (query.has(name) ? [[name, query.get(name)]] : [])));
  const turn = ++asked;
  const slow = setTimeout(() => shelf().setAttribute("aria-busy", "true"), 300);
  const answer = await fetch(`/view/library?${wanted}`).catch(() => null);
  clearTimeout(slow);
  if (turn !== asked) return;
  shelf().removeAttribute("aria-busy");
  if (answer?.status === 404 && query.has("collection")) return narrow({ collection: "" }, "replaceState");
  const failure = await failureOf(answer, "The library cannot be shown.");
  if (failure) return notice(failure);
  const content = parsed(await answer.text());
  if (turn !== asked) return;
  $$("[data-fill]", content).forEach((node) => fill(part(node.dataset.fill), node));
  shelf().classList.toggle("bare", Boolean($("[data-fill=documents][data-empty]", content)));
  showFilters(query);
  if (shown && shown !== wanted.get("page") && wanted.has("page")) part("heading").scrollIntoView({ block: "start" });
  shown = wanted.get("page") || "1";
  document.dispatchEvent(new CustomEvent("library-filled"));
};

/* -- words typed in place ------------------------------------------------------------------------------ */

/* Let a name be typed where `node` stands: Enter keeps it, Escape or leaving it does not. */
export const typed = (node, value, label, keep) => {
  const box = make("input", { type: "text", class: "typed", "aria-label": label, maxlength: "400" });
  box.value = value;
  let open = true;
  const end = (back) => {
    if (!open) return;
    open = false;
    box.replaceWith(node);
    if (typing === box) typing = null;
    if (waiting) follow();
    waiting = false;
    if (back) (node.matches("button") ? node : $("button", node))?.focus({ preventScroll: true });
  };
  box.addEventListener("keydown", async (event) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      end(true);
    }
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    box.readOnly = true;
    if (await keep(box.value)) end(true);
    else box.readOnly = false;
  });
  box.addEventListener("blur", () => box.readOnly || end(false));
  typing = box;
  node.replaceWith(box);
  box.focus();
  box.select();
};
