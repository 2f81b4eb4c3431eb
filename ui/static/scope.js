/* What the open conversation searches: a line in the question box, and a dialog to choose from. */

import { $, $$, make } from "./dom.js";
import { current, onChange, search } from "./conversation.js";

const line = make("button", { type: "button", class: "scope", "aria-haspopup": "dialog" });
const scopes = make("fieldset", { class: "scope-list" });
const find = make("input", { type: "search", placeholder: "Find by title", "aria-label": "Find documents by title" });
const choices = make("div", { class: "scope-list" });
const done = make("button", { type: "button", class: "primary" }, "Done");
const said = make("p", { class: "scope-none", role: "status" });

export const picker = make(
  "dialog",
  { id: "scope", "aria-label": "What is searched" },
  make("h2", {}, "What should be searched?"),
  scopes,
  make("h3", {}, "Or only these documents"),
  find,
  choices,
  make("div", { class: "actions" }, said, done),
);

let chosen = new Set();
let named = false; // whether the names have been asked for
const names = new Map(); // of collections, by id

const words = () => {
  const { collection, documents } = current();
  if (documents.length) return documents.length === 1 ? "one document" : `${documents.length} documents`;
  return collection ? names.get(collection) || "a collection" : "all documents";
};

const asked = new Map(); // place -> how many times: what comes late for an earlier one is dropped
const drawn = new Map(); // place -> what stands there

/* Fill a place with what the server draws; what stands there already stays. */
const fill = async (place, path) => {
  const mine = (asked.get(place) || 0) + 1;
  asked.set(place, mine);
  const answer = await fetch(path).catch(() => null);
  const html = answer?.ok ? await answer.text().catch(() => "") : "";
  if (mine !== asked.get(place) || html === drawn.get(place)) return;
  drawn.set(place, html);
  place.innerHTML = html || "<p class='scope-none'>This cannot be listed just now.</p>";
};

const listScopes = async () => {
  named = true;
  await fill(scopes, "/view/scopes");
  $$("input", scopes).forEach((radio) => names.set(radio.value, $(".scope-name", radio.parentElement).textContent));
  mark();
};

const listChoices = async () => {
  await fill(choices, `/view/choices?${new URLSearchParams({ q: find.value })}`);
  mark();
};

const mark = () => {
  $$("input", scopes).forEach((radio) => (radio.checked = !chosen.size && radio.value === current().collection));
  $$("input", choices).forEach((box) => (box.checked = chosen.has(box.value)));
  said.textContent = chosen.size ? `${chosen.size} chosen` : "";
};

/* Gradio draws the question box again as it likes: the line is put back where it is missing. */
export const keepLine = () => {
  const box = $("#question");
  if (box && !box.contains(line)) box.append(line);
  const wanted = `Searching ${words()}`;
  if (line.textContent !== wanted) line.textContent = wanted;
  if (current().collection && !named) listScopes();
};

line.addEventListener("click", () => {
  chosen = new Set(current().documents);
  find.value = "";
  listScopes();
  listChoices();
  picker.showModal();
});

picker.addEventListener("change", ({ target }) => {
  if (target.name === "scope") {
    chosen.clear();
    search(target.value, []);
  } else if (target.name === "document") {
    if (target.checked) chosen.add(target.value);
    else chosen.delete(target.value);
    search("", [...chosen]);
  }
  mark();
});

let pause = 0;
find.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(listChoices, 200);
});

done.addEventListener("click", () => picker.close());
picker.addEventListener("click", (event) => event.target === picker && picker.close());
picker.addEventListener("close", () => $("#question textarea")?.focus());
onChange(keepLine);
