/* The list of conversations beside the page: searched, opened, renamed, exported, deleted. */

import { $, $$, make } from "./dom.js";
import { begin, current, load, onChange } from "./conversation.js";

const search = make("input", { type: "search", placeholder: "Search conversations", "aria-label": "Search conversations" });
const fresh = make("button", { type: "button", class: "side-new" }, "New question");
const list = make("div", { class: "side-list" });
const said = make("p", { class: "side-said", role: "status" });
const who = make("div", { class: "side-who" });

export const side = make("aside", { id: "side", "aria-label": "Conversations" }, fresh, search, said, list, who);

const wide = matchMedia("(min-width: 1200px)");
const isOpen = () => document.body.dataset.side === "open";

/* In narrow windows it lies over the page, which then cannot be reached. */
export const toggle = (open = !isOpen()) => {
  const inside = side.contains(document.activeElement);
  document.body.dataset.side = open ? "open" : "closed";
  if (wide.matches) localStorage.setItem("side", document.body.dataset.side);
  const page = $("gradio-app");
  if (page) page.inert = open && !wide.matches;
  if (open && !wide.matches) fresh.focus();
  if (!open && inside) $("[data-side-switch]")?.focus();
  tellOfIt();
};

/* Gradio draws the switch, and may draw it again. */
export const tellOfIt = () =>
  $$("[data-side-switch]").forEach((button) => {
    if (button.ariaExpanded !== String(isOpen())) button.setAttribute("aria-expanded", String(isOpen()));
  });

const settle = () => toggle(wide.matches && localStorage.getItem("side") !== "closed");

const mark = () =>
  $$(".side-open", list).forEach((button) => {
    if (button.dataset.conversation === current().conversation) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });

const tell = (words) => (said.textContent = words);

/* Put the list in place; what had the focus keeps it, and an open menu stays open as it was. */
const put = (html) => {
  const focused = list.contains(document.activeElement) && document.activeElement;
  const before = focused && focused.closest("li");
  const menu = before && $("details", before).open;
  const sure = menu && $("[data-sure]", before);
  list.innerHTML = html;
  mark();
  const row = before && rowOf(idOf(before));
  if (!row) return;
  if (menu) $("details", row).open = true;
  if (sure) makeSure($("[data-act=delete]", row));
  const { act } = focused.dataset;
  const same = act ? `[data-act=${act}]` : menu || focused.matches("summary") ? "summary" : ".side-open";
  $(same, row).focus({ preventScroll: true });
};

const idOf = (row) => $(".side-open", row).dataset.conversation;
const rowOf = (id) => $$("li", list).find((row) => idOf(row) === id);

let asked = 0;
let shown = "";

export const refresh = async () => {
  const mine = ++asked;
  const answer = await fetch(`/view/conversations?${new URLSearchParams({ q: search.value })}`).catch(() => null);
  if (mine !== asked) return;
  tell(answer?.ok ? "" : "The conversations cannot be listed just now.");
  if (!answer?.ok) return;
  const html = await answer.text();
  if (mine !== asked || html === shown || $(".renamed", list)) return;
  shown = html;
  put(html);
};

const request = async (method, id, body) => {
  const options = body ? { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) } : { method };
  const answer = await fetch(`/conversations/${id}`, options).catch(() => null);
  if (answer?.ok) return true;
  const { detail } = (await answer?.json().catch(() => null)) || {};
  tell(typeof detail === "string" ? detail : "That did not work: is Footnote still running?");
  return false;
};

const rename = (button) => {
  const row = button.closest("li");
  const field = make("input", { "aria-label": "Title", maxlength: "200" });
  field.value = button.dataset.title;
  $("details", row).open = false;
  row.classList.add("renamed");
  row.prepend(field);
  field.select();
  let done = false;
  const end = async (keep) => {
    if (done) return;
    done = true;
    const focused = document.activeElement === field;
    const named = keep && field.value.trim() && (await request("PATCH", button.dataset.id, { title: field.value }));
    field.remove();
    row.classList.remove("renamed");
    if (focused) $(".side-open", row).focus();
    if (named) refresh();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
    event.stopPropagation();
  });
  field.addEventListener("blur", () => end(true));
};

/* Deleting takes two clicks on the same button; it forgets the first when its menu is closed. */
const makeSure = (button) => {
  button.dataset.sure = "yes";
  button.textContent = "Delete for good?";
};

const forgetSure = (menu) =>
  $$("[data-sure]", menu).forEach((button) => {
    delete button.dataset.sure;
    button.textContent = "Delete";
  });

const remove = async (button) => {
  if (!button.dataset.sure) return makeSure(button);
  if (!(await request("DELETE", button.dataset.id))) return;
  if (button.dataset.id === current().conversation) begin();
  fresh.focus();
  refresh();
};

side.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (!button) return;
  const { conversation, act } = button.dataset;
  if (act === "rename") return rename(button);
  if (act === "delete") return remove(button);
  if (button === fresh) begin();
  else if (conversation) load(conversation);
  else return;
  document.dispatchEvent(new CustomEvent("footnote:ask"));
  if (!wide.matches) toggle(false);
});

document.addEventListener("click", (event) => {
  const beside = !side.contains(event.target) && !event.target.closest("[data-side-switch]");
  if (isOpen() && !wide.matches && beside) toggle(false);
  $$("details[open]", list).forEach((menu) => menu.contains(event.target) || (menu.open = false));
});

list.addEventListener("toggle", ({ target }) => target.open || forgetSure(target), true);

let pause = 0;
search.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(refresh, 200);
});

side.addEventListener("keydown", (event) => {
  const menu = $("details[open]", list);
  if (event.key !== "Escape" || (!menu && wide.matches)) return;
  event.stopPropagation();
  if (!menu) return toggle(false);
  menu.open = false;
  $("summary", menu).focus();
});

const signedIn = async () => {
  const answer = await fetch("/me").catch(() => null);
  const { name } = answer?.ok ? await answer.json() : {};
  if (!name) return;
  const leave = make("button", { type: "button", class: "action", "data-sign-out": "" }, "Sign out");
  who.append(make("span", {}, name), leave);
};

wide.addEventListener("change", settle);
onChange(mark);
settle();
refresh();
signedIn();
