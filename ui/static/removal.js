/* Removing a document, once the reader of the question is sure. */

import { $, make } from "./dom.js";

const words = make("p");
const cancel = make("button", { type: "button", class: "action" }, "Keep it");
const agree = make("button", { type: "button", class: "primary" }, "Remove");

export const sure = make(
  "dialog",
  { id: "sure", "aria-label": "Remove a document" },
  words,
  make("div", { class: "actions" }, cancel, agree),
);

export const confirmRemoval = (button) => {
  words.textContent = `Remove “${button.dataset.title}” from the library? The file itself stays where it is.`;
  agree.hidden = false;
  agree.dataset.id = button.dataset.remove;
  sure.showModal();
  cancel.focus();
};

const refused = async (answer) => {
  if (!answer) return "Footnote does not answer: is it still running?";
  const { detail } = await answer.json().catch(() => ({}));
  return detail || "The document could not be removed.";
};

const remove = async (id) => {
  const answer = await fetch(`/documents/${encodeURIComponent(id)}`, { method: "DELETE" }).catch(() => null);
  if (answer && (answer.ok || answer.status === 404)) {
    sure.close();
    $("#refresh").click();
    return;
  }
  words.textContent = await refused(answer);
  agree.hidden = true;
};

cancel.addEventListener("click", () => sure.close());
agree.addEventListener("click", () => remove(agree.dataset.id));
