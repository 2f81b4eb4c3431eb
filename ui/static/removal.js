/* Removing what cannot be had back, once the reader of the question is sure. */

import { make } from "./dom.js";

const words = make("p");
const cancel = make("button", { type: "button", class: "action" }, "Keep it");
const agree = make("button", { type: "button", class: "primary" }, "Remove");

export const sure = make(
  "dialog",
  { id: "sure", "aria-label": "Are you sure?" },
  words,
  make("div", { class: "actions" }, cancel, agree),
);

let act = async () => null;

/* Ask before `action` is done; it returns a sentence where it did not work, and null where it did. */
export const confirmFirst = (question, verb, action) => {
  act = action;
  words.textContent = question;
  agree.textContent = verb;
  agree.hidden = agree.disabled = false;
  sure.showModal();
  cancel.focus();
};

/* The sentence that an answer of the server fails with; null where it does not. */
export const failureOf = async (answer, otherwise) => {
  if (!answer) return "Footnote does not answer: is it still running?";
  if (answer.ok) return null;
  const { detail } = await answer.json().catch(() => ({}));
  return typeof detail === "string" ? detail[0].toUpperCase() + detail.slice(1) : otherwise;
};

/* Tell that the library has changed, and which documents are gone from it. */
export const changed = (gone = []) => document.dispatchEvent(new CustomEvent("library-changed", { detail: gone }));

const removeAll = async (ids) => {
  for (const id of ids) {
    const answer = await fetch(`/documents/${encodeURIComponent(id)}`, { method: "DELETE" }).catch(() => null);
    const failure = answer?.status === 404 ? null : await failureOf(answer, "The document could not be removed.");
    if (failure) return failure;
  }
  return null;
};

/* A button names the ids of its documents with spaces between them, and what they are called. */
export const confirmRemoval = (button) => {
  const ids = button.dataset.remove.split(" ");
  const file = "uploaded" in button.dataset ? "Its uploaded file goes with it." : "The file itself stays where it is.";
  const named = ids.length === 1 ? `“${button.dataset.title}” from the library? ${file}` : button.dataset.title;
  confirmFirst(`Remove ${named}`, "Remove", async () => {
    const failure = await removeAll(ids);
    changed(ids);
    return failure;
  });
};

cancel.addEventListener("click", () => sure.close());
agree.addEventListener("click", async () => {
  const mine = act;
  agree.disabled = true;
  const failure = await mine();
  if (mine !== act) return; // something else is asked for by now
  agree.disabled = false;
  if (!failure) return sure.close();
  words.textContent = failure;
  agree.hidden = true;
});
