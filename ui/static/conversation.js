/* The conversation that is open: its id and what it searches, which go with every question. */

import { $ } from "./dom.js";

const newId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

const idOfAddress = () => /^#c\/([0-9a-f]{32})$/.exec(location.hash)?.[1];
const blank = (id = newId()) => ({ conversation: id, collection: "", documents: [] });

let state = blank(idOfAddress());
let replaces = null;
let shown = false; // whether the page has been asked to show it
let last = ""; // the conversation that the page was last given
let loads = 0; // what comes late for a conversation that is not wanted any more is dropped
let loading = false; // what the wanted one searches is not known yet

const listeners = [];
const changed = () => listeners.forEach((listener) => listener());

export const onChange = (listener) => listeners.push(listener);
export const current = () => state;
export const replacing = () => replaces;

/* Whether the page shows the conversation that was chosen last. */
export const ready = () => !loading && last === state.conversation;

/* What was asked for earlier can come later: then the page asks once more. */
const lookWhatCame = () => {
  const came = $("[data-opened]")?.dataset.opened || "";
  if (came === last) return;
  last = came;
  if (last !== state.conversation) shown = false;
};

/* Gradio sends what stands in a hidden field: keep it up to date, whatever Gradio redraws. */
export const keepContext = () => {
  const field = $("#context textarea");
  if (!field) return;
  lookWhatCame();
  const wanted = JSON.stringify({ ...state, replaces });
  if (field.value !== wanted) {
    field.value = wanted;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (!shown && !loading && $("#resume")) {
    shown = true;
    setTimeout(() => {
      $("#resume").click();
      document.dispatchEvent(new CustomEvent("footnote:sent"));
    }, 50);
  }
};

const show = (next) => {
  loads += 1;
  loading = false;
  state = next;
  replaces = null;
  shown = false;
  keepContext();
  changed();
};

export const begin = () => show(blank());

export const load = async (id) => {
  const mine = ++loads;
  loading = true;
  const answer = await fetch(`/conversations/${id}`).catch(() => null);
  const { collection, documents } = answer?.ok ? await answer.json().catch(blank) : blank();
  if (mine === loads) show({ conversation: id, collection, documents });
};

export const search = (collection, documents) => {
  state = { ...state, collection, documents };
  keepContext();
  changed();
};

/* Ask in the place of an earlier turn; null is at the end. */
export const replace = (turn) => {
  replaces = turn;
  keepContext();
  changed();
};

export const addressOf = () => `#c/${state.conversation}`;

/* What the address names was there when the page was loaded: it has a scope as well. */
if (idOfAddress()) load(idOfAddress());
addEventListener("hashchange", () => {
  const id = idOfAddress();
  if (id && id !== state.conversation) load(id);
});
