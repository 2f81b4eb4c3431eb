/* Files and folders on their way into the library: sent a few at a time, then followed in the ledger. */

import { $, $$, arrange, make } from "./dom.js";
import { changed } from "./removal.js";
import { address, call, fill, notice, part, plural, shelf } from "./shelf.js";

const AT_ONCE = 3;
const SHOWN = 8;
const TICK = 500;
const QUIET_TICK = 3000; // while nobody looks

const sending = []; // {path, file, state: waiting | sending | failed, sent, why, request}
let leftOut = 0;

/* -- what was dropped or chosen ------------------------------------------------------------------------ */

const isHidden = (path) => path.split("/").some((name) => name.startsWith(".") || name.startsWith("~$"));
const extensionOf = (path) => (/\.[^./]+$/.exec(path)?.[0] || "").toLowerCase();
const isRead = (path) => shelf().dataset.extensions.split(" ").includes(extensionOf(path));

const filesBelow = async (entry) => {
  const path = entry.fullPath.slice(1);
  if (entry.isFile) return [{ path, file: await new Promise((done, fail) => entry.file(done, fail)) }];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return found;
    for (const each of some) if (!isHidden(each.name)) found.push(...(await filesBelow(each)));
  }
};

/* Queue files; those in folders that cannot be read are left out, those that were named say why. */
const add = (files) => {
  files.forEach(({ path, file }) => {
    const inFolder = path.includes("/");
    if (isHidden(path)) return;
    if (inFolder && !isRead(path)) return leftOut++;
    const item = { path, file, state: "waiting", sent: 0, collection: address().get("collection") || "" };
    if (file.size > Number(shelf().dataset.maxBytes)) {
      const most = shelf().dataset.maxMb;
      Object.assign(item, { state: "failed", final: true });
      item.why = `It is larger than ${most} MB: split it, or raise the setting 'max_file_mb'.`;
    }
    sending.push(item);
  });
  next();
};

export const choose = (kind) => $(`[data-chosen=${kind}]`, shelf()).click();

/* -- sending ------------------------------------------------------------------------------------------- */

const next = () => {
  const active = sending.filter((item) => item.state === "sending").length;
  sending.filter((item) => item.state === "waiting").slice(0, AT_ONCE - active).forEach(send);
  draw();
};

const failed = (item, why) => {
  Object.assign(item, { state: "failed", why: why[0].toUpperCase() + why.slice(1) });
  say(`${item.path}: ${why}`);
};

const send = (item) => {
  const request = new XMLHttpRequest();
  Object.assign(item, { state: "sending", sent: 0, request });
  request.open("POST", `/uploads?${new URLSearchParams({ path: item.path, collection: item.collection })}`);
  request.upload.onprogress = (event) => {
    item.sent = event.loaded;
    draw();
  };
  request.onload = () => {
    if (request.status === 201) sending.splice(sending.indexOf(item), 1);
    else failed(item, reasonOf(request));
    poll();
    next();
  };
  request.onerror = () => {
    failed(item, "It could not be sent: is Footnote still running, and the file still there?");
    next();
  };
  request.send(item.file);
};

const reasonOf = (request) => {
  try {
    const { detail } = JSON.parse(request.responseText);
    if (typeof detail === "string") return detail;
  } catch {
    /* not from Footnote: the words below stand for it */
  }
  return "It was not taken: try again.";
};

const drop = (item) => {
  item.request?.abort();
  sending.splice(sending.indexOf(item), 1);
  next();
};

/* -- what is shown of it ------------------------------------------------------------------------------- */

const UNITS = [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]];

const inWords = (size) => {
  const [unit, name] = UNITS.find(([each]) => size >= each) || [1, "bytes"];
  return `${(size / unit).toLocaleString("en", { maximumFractionDigits: size >= 1e6 && size / unit < 10 ? 1 : 0 })} ${name}`;
};

const button = (words, item, act) => {
  const node = make("button", { type: "button", class: "quiet", "aria-label": `${words}: ${item.path}` }, words);
  node.addEventListener("click", act);
  return node;
};

const stateOf = ({ state, sent, file }) =>
  ({ waiting: "waiting", failed: "could not be sent", sending: `sending, ${inWords(sent)} of ${inWords(file.size)}` })[state];

const line = (item) => {
  const actions = make("span", { class: "line-actions" });
  if (item.state === "failed") {
    if (!item.final) actions.append(button("Try again", item, () => ((item.state = "waiting"), next())));
    actions.append(button("Dismiss", item, () => drop(item)));
  } else actions.append(button("Cancel", item, () => drop(item)));
  return make(
    "li",
    { class: `line ${item.state}` },
    make("bdi", { class: "title" }, item.path),
    make("span", { class: "state" }),
    ...(item.why && item.state === "failed" ? [make("span", { class: "note", dir: "auto" }, item.why)] : []),
    actions,
  );
};

/* The line of a file: the same one as long as it can do the same. */
const lineOf = (item) => {
  if (item.drawn !== item.state) Object.assign(item, { drawn: item.state, line: line(item) });
  $(".state", item.line).textContent = stateOf(item);
  return item.line;
};

const head = (live) => {
  const total = live.reduce((sum, item) => sum + item.file.size, 0);
  const sent = live.reduce((sum, item) => sum + Math.min(item.sent, item.file.size), 0);
  const bar = make("progress", { max: String(total || 1), value: String(sent), "aria-label": "Bytes sent" });
  const words = `Sending ${plural(live.length, "file")}, ${inWords(sent)} of ${inWords(total)}`;
  return [make("header", { class: "ledger-head" }, make("p", { class: "label" }, words)), bar];
};

const list = make("ul", { class: "ledger-lines", "aria-label": "Files being sent" });
let drawing = 0;

const draw = () => {
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(() => {
    const live = sending.filter((item) => item.state !== "failed");
    const lines = [...sending].sort((a, b) => (a.state === "waiting") - (b.state === "waiting"));
    const some = lines.slice(0, SHOWN).map(lineOf);
    if (lines.length > SHOWN) some.push(make("li", { class: "line more" }, `and ${lines.length - SHOWN} more`));
    arrange(list, some);
    arrange(part("sending"), [...(live.length ? head(live) : []), ...(some.length ? [list] : []), ...told()]);
  });
};

const why = make("span");
const dismiss = make("button", { type: "button", class: "quiet" }, "Dismiss");
const left = make("p", { class: "left-out" }, why, dismiss);
dismiss.addEventListener("click", () => ((leftOut = 0), draw()));

const told = () => {
  why.textContent = `${plural(leftOut, "file")} in these folders ${leftOut === 1 ? "was" : "were"} left out: not of a kind that is read.`;
  return leftOut ? [left] : [];
};

const say = (words) => part("said").replaceChildren(make("p", {}, words));

/* -- the ledger ---------------------------------------------------------------------------------------- */

let timer = 0;
let asked = 0; // what comes late of an earlier look is dropped
let tag = "";
let settled = "";
let wasAlive = false;

const showLedger = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  const ledger = make("div", {}, template.content);
  const { alive, settled: now, say: words } = ledger.firstElementChild.dataset;
  fill(part("ledger"), ledger);
  if (settled && settled !== now) changed();
  settled = now;
  if (wasAlive && alive === "0") say(words);
  wasAlive = alive !== "0";
};

const poll = async () => {
  clearTimeout(timer);
  const mine = ++asked;
  const headers = tag ? { "If-None-Match": tag } : {};
  const answer = await fetch("/uploads", { headers, cache: "no-store" }).catch(() => null);
  const html = answer?.status === 200 ? await answer.text().catch(() => "") : "";
  if (mine !== asked) return;
  if (html) {
    tag = answer.headers.get("ETag");
    showLedger(html);
  }
  if (wasAlive || sending.length) timer = setTimeout(poll, document.hidden ? QUIET_TICK : TICK);
};

const act = async (data) => {
  if ("clear" in data) await call("/uploads", "DELETE");
  else if (data.end) await call(`/uploads/${data.end}`, "DELETE");
  else await call(`/uploads/${data.retry}/retry`, "POST");
  poll();
};

/* -- listeners ----------------------------------------------------------------------------------------- */

const carriesFiles = (event) => document.body.dataset.view === "library" && event.dataTransfer?.types.includes("Files");
const dropping = (is) => document.body.classList.toggle("dropping", is);

const dropped = async (event) => {
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const plain = entries.length ? [] : [...event.dataTransfer.files].map((file) => ({ path: file.name, file }));
  add(plain);
  for (const entry of entries) {
    try {
      add(await filesBelow(entry));
    } catch {
      notice(`${entry.name} cannot be read by the browser: choose it again.`);
    }
  }
};

export const startUploads = () => {
  $$("[data-chosen]", shelf()).forEach((input) =>
    input.addEventListener("change", () => {
      add([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
      input.value = "";
    }),
  );
  part("ledger").addEventListener("click", (event) => {
    const data = event.target.closest("button")?.dataset;
    if (data) act(data);
  });
  document.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    dropping(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || dropping(false));
  document.addEventListener("drop", (event) => {
    dropping(false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    dropped(event);
  });
  document.addEventListener("upload-received", poll);
  addEventListener("beforeunload", (event) => sending.some((item) => item.state !== "failed") && event.preventDefault());
  poll();
};
