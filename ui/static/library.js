/* The library's page: one listener for its buttons, fields and keys. */

import { $, $$, make } from "./dom.js";
import { startMap } from "./map.js";
import { changed, confirmFirst, confirmRemoval, failureOf } from "./removal.js";
import { address, call, follow, narrow, notice, part, plural, shelf, typed } from "./shelf.js";
import { choose, startUploads } from "./uploads.js";

/* -- selected documents -------------------------------------------------------------------------------- */

const selected = new Map(); // id -> whether it may not be changed

const boxes = () => $$("[data-select]", shelf());

const markSelected = () => {
  boxes().forEach((box) => (box.checked = selected.has(box.dataset.select)));
  const bar = $(".bulk", shelf());
  const all = $("[data-select-all]", bar);
  const here = boxes().filter((box) => box.checked).length;
  all.checked = here > 0 && here === boxes().length;
  all.indeterminate = here > 0 && here < boxes().length;
  all.setAttribute("aria-label", "Select all on this page");
  bar.classList.toggle("some", selected.size > 0);
  bar.hidden = !boxes().length;
  $(".n-selected", bar).textContent = selected.size ? `${selected.size.toLocaleString("en")} selected` : "Select all";
  $("[data-take]", bar).hidden = !address().get("collection");
  $("[data-remove-selected]", bar).hidden = [...selected.values()].every((fixed) => fixed);
  const known = $$("[data-collection]:not([data-collection=''])", part("collections"));
  $("[data-into]", bar)?.replaceChildren(
    make("option", { value: "" }, "Add to a collection…"),
    ...known.map((each) => make("option", { value: each.dataset.collection }, $(".name", each).textContent)),
    make("option", { value: "new" }, "New collection…"),
  );
};

const select = (box) => {
  if (box.checked) selected.set(box.dataset.select, "fixed" in box.dataset);
  else selected.delete(box.dataset.select);
};

const removeSelected = () => {
  const ids = [...selected].filter(([, fixed]) => !fixed).map(([id]) => id);
  const kept = selected.size - ids.length;
  const titled = make("button", { "data-remove": ids.join(" "), "data-uploaded": "" });
  const left = kept ? ` The ${plural(kept, "other")} that you selected may not be changed.` : "";
  titled.dataset.title =
    ids.length === 1
      ? $(`[data-id="${CSS.escape(ids[0])}"] .document`, shelf())?.textContent || "this document"
      : `${plural(ids.length, "document")} from the library? Uploaded files go with them, others stay where they are.${left}`;
  confirmRemoval(titled);
};

const move = async (collection, changes) => {
  if (!(await call(`/collections/${collection}/documents`, "PATCH", changes))) return;
  selected.clear();
  follow();
};

/* -- collections --------------------------------------------------------------------------------------- */

const newCollection = (node, ids = []) =>
  typed(node, "", "Name of the new collection", async (name) => {
    const answer = await call("/collections", "POST", { name });
    if (!answer) return false;
    const { id } = await answer.json();
    if (ids.length) await move(id, { add: ids });
    else narrow({ collection: id });
    return true;
  });

const renameCollection = ({ renameCollection: id, title }) =>
  typed($(".collection-title", shelf()), title, "New name of the collection", async (name) => {
    const answer = await call(`/collections/${id}`, "PATCH", { name });
    if (answer) follow();
    return Boolean(answer);
  });

const deleteCollection = ({ deleteCollection: id, title }) =>
  confirmFirst(`Delete the collection “${title}”? Its documents stay in the library.`, "Delete", async () => {
    const answer = await fetch(`/collections/${id}`, { method: "DELETE" }).catch(() => null);
    const failure = answer?.status === 404 ? null : await failureOf(answer, "It could not be deleted.");
    if (!failure) narrow({ collection: "" });
    return failure;
  });

const collect = (field) => {
  const into = field.value;
  field.value = "";
  if (into === "new") newCollection(field, [...selected.keys()]);
  else if (into) move(into, { add: [...selected.keys()] });
};

/* -- documents ----------------------------------------------------------------------------------------- */

const rename = (button) => {
  const row = button.closest(".document-row");
  typed($(".document", row), button.dataset.title, "Title; empty for the one of its file", async (title) => {
    const answer = await call(`/documents/${encodeURIComponent(button.dataset.rename)}/title`, "PUT", { title });
    if (answer) changed();
    return Boolean(answer);
  });
};

const addStarters = async (button) => {
  button.disabled = true;
  if (await call("/starter", "POST")) document.dispatchEvent(new CustomEvent("upload-received"));
  button.disabled = false;
};

const act = {
  collection: (data) => narrow({ collection: data.collection }),
  newCollection: (_, button) => newCollection(button),
  renameCollection,
  deleteCollection,
  rename: (_, button) => rename(button),
  starter: (_, button) => addStarters(button),
  reset: () => narrow({ collection: "", kind: "", since: "", until: "", q: "" }),
  page: (data) => narrow({ page: data.page }),
  tab: (data, button) => {
    narrow({ tab: data.tab === "map" ? "map" : "" });
    button.scrollIntoView({ block: button.getBoundingClientRect().top > innerHeight / 2 ? "start" : "nearest" });
  },
  choose: (data) => choose(data.choose),
  take: () => move(address().get("collection"), { remove: [...selected.keys()] }),
  removeSelected,
};

/* -- what others change: another window, the terminal -------------------------------------------------- */

const LOOK = 2500;
let version = "";

const look = async () => {
  const answer = document.hidden ? null : await fetch("/view/changes").catch(() => null);
  const now = answer?.ok ? (await answer.json()).version : version;
  if (version && version !== now) {
    $("#refresh")?.click();
    follow();
  }
  version = now;
  setTimeout(look, LOOK);
};

/* -- listeners ----------------------------------------------------------------------------------------- */

let pause = 0;

const listen = () => {
  shelf().addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const name = button && Object.keys(button.dataset).find((each) => each in act);
    if (name) act[name](button.dataset, button);
  });
  shelf().addEventListener("input", (event) => {
    if (event.target.dataset.filter !== "q") return;
    clearTimeout(pause);
    pause = setTimeout(() => narrow({ q: event.target.value }, "replaceState"), 200);
  });
  shelf().addEventListener("change", (event) => {
    const field = event.target;
    const { filter } = field.dataset;
    if (filter && filter !== "q") narrow({ [filter]: filter === "sort" && field.value === "title" ? "" : field.value });
    else if ("select" in field.dataset) select(field);
    else if ("selectAll" in field.dataset) boxes().forEach((box) => ((box.checked = field.checked), select(box)));
    else if ("into" in field.dataset) collect(field);
    if (field.type === "checkbox" || "into" in field.dataset) markSelected();
  });
  $("[role=tablist]", shelf()).addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    const other = $("[data-tab][aria-selected=false]", shelf());
    other.focus();
    other.click();
  });
  document.addEventListener("library-filled", () => {
    const there = new Set(boxes().map((box) => box.dataset.select));
    boxes().forEach((box) => selected.has(box.dataset.select) && selected.set(box.dataset.select, "fixed" in box.dataset));
    if (!there.size) selected.clear();
    markSelected();
  });
  document.addEventListener("library-changed", ({ detail }) => {
    detail.forEach((id) => selected.delete(id));
    $("#refresh")?.click();
    follow();
  });
  addEventListener("popstate", () => location.hash.startsWith("#library") && follow());
};

const begin = () => {
  listen();
  startUploads();
  startMap();
  notice();
  follow();
  look();
};

/* Gradio draws the frame in its own time. */
if (shelf()) begin();
else {
  const waiting = new MutationObserver(() => {
    if (!shelf()) return;
    waiting.disconnect();
    begin();
  });
  waiting.observe(document.body, { childList: true, subtree: true });
}
