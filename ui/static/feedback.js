/* What the asker thinks of an answer. */

import { $ } from "./dom.js";

const keep = async (form) => {
  const chosen = new FormData(form);
  const said = $("[role=status]", form);
  if (!chosen.get("verdict")) {
    said.textContent = "Choose one of the four.";
    return;
  }
  const answer = await fetch(`/turns/${form.dataset.feedback}/feedback`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ verdict: chosen.get("verdict"), note: chosen.get("note") || "" }),
  }).catch(() => null);
  said.textContent = answer?.ok ? "Kept. Thank you." : "It could not be kept: is Footnote still running?";
  if (!answer?.ok) return;
  const words = $("input:checked", form).parentElement.textContent;
  $("summary", form.closest("details")).textContent = `Feedback: ${words}`;
};

document.addEventListener("submit", (event) => {
  if (!event.target.dataset.feedback) return;
  event.preventDefault();
  keep(event.target);
});
