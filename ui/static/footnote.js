/* The page's own behaviour: two views, the reader beside the answer, and what screen readers hear.
   Gradio redraws parts of the page at any time, so everything listens on the document. */
(() => {
  "use strict";

  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const OPENERS = "button[data-document]";

  const make = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
    node.append(...children);
    return node;
  };

  /* -- light and dark ---------------------------------------------------------------------------------- */

  const theme = () =>
    localStorage.getItem("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

  const paint = () => {
    document.documentElement.dataset.theme = theme();
    document.body.classList.toggle("dark", theme() === "dark");
  };

  /* -- the two views ----------------------------------------------------------------------------------- */

  const scrolled = {};

  const show = (view) => {
    scrolled[document.body.dataset.view] = scrollY;
    document.body.dataset.view = view;
    scrollTo({ top: scrolled[view] || 0, behavior: "instant" });
    $$("nav [data-view]").forEach((button) => {
      if (button.dataset.view === view) button.setAttribute("aria-current", "page");
      else button.removeAttribute("aria-current");
    });
    history.replaceState(null, "", view === "ask" ? location.pathname : `#${view}`);
    if (view === "ask") $("#question textarea")?.focus({ preventScroll: true });
  };

  const viewOfAddress = () => (location.hash === "#library" ? "library" : "ask");

  const fill = (question) => {
    const box = $("#question textarea");
    box.value = question;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    show("ask");
    box.focus();
    box.setSelectionRange(question.length, question.length);
  };

  /* -- the reader -------------------------------------------------------------------------------------- */

  const previous = make("button", { type: "button", "aria-label": "Previous source", title: "Previous source" }, "←");
  const next = make("button", { type: "button", "aria-label": "Next source", title: "Next source" }, "→");
  const close = make("button", { type: "button", "aria-label": "Close the source", title: "Close (Esc)" }, "✕");
  const place = make("span", { class: "reader-count", role: "status" });
  const page = make("div", { class: "reader-page", tabindex: "0" });
  const reader = make(
    "dialog",
    { id: "reader", "aria-label": "Source" },
    make("div", { class: "reader-bar" }, previous, place, next, close),
    page,
  );
  const heard = make("div", { class: "unseen", "aria-live": "polite" });

  let trail = [];
  let at = -1;
  let opened = null;

  const spanOf = (button) => ({ ...button.dataset });
  const same = (a, b) => a.document === b.document && a.start === b.start && a.end === b.end;

  const trailOf = (button) => {
    const turn = button.closest(".turn, #live") || button.parentElement;
    const kind = button.classList.contains("passage") ? ".passage" : $(".source", turn) ? ".source" : OPENERS;
    const spans = $$(kind, turn).filter((b) => kind !== OPENERS || !b.classList.contains("passage")).map(spanOf);
    const distinct = spans.filter((span, i) => spans.findIndex((other) => same(span, other)) === i);
    return distinct.some((span) => same(span, button.dataset)) ? distinct : [spanOf(button)];
  };

  const markOpened = () => {
    const span = trail[at];
    $$(OPENERS).forEach((button) => {
      const open = reader.open && span && button.dataset.end !== "0" && same(button.dataset, span);
      if (open) button.setAttribute("aria-expanded", "true");
      else button.removeAttribute("aria-expanded");
    });
  };

  const load = async (span, window_ = null) => {
    const query = new URLSearchParams({ start: span.start, end: span.end });
    if (span.passage) query.set("passage", span.passage);
    if (window_) Object.entries(window_).forEach(([key, value]) => query.set(key, value));
    try {
      const answer = await fetch(`/documents/${encodeURIComponent(span.document)}/passage?${query}`);
      if (answer.ok) return await answer.text();
      const { detail } = await answer.json();
      return failure(typeof detail === "string" ? detail : "The source cannot be shown.");
    } catch {
      return failure("Footnote does not answer: is it still running?");
    }
  };

  const failure = (words) => make("p", { class: "notice failed" }, words).outerHTML;

  const step = async (to) => {
    at = to;
    const span = trail[at];
    place.textContent = trail.length > 1 ? `${at + 1} of ${trail.length}` : "";
    previous.disabled = at <= 0;
    next.disabled = at >= trail.length - 1;
    previous.hidden = next.hidden = trail.length < 2;
    markOpened();
    const html = await load(span);
    if (trail[at] !== span) return;
    page.innerHTML = html;
    const quote = $("#quote", page);
    if (quote) quote.scrollIntoView({ block: "center" });
    else page.scrollTop = 0;
  };

  const open = (button) => {
    opened = spanOf(button);
    trail = trailOf(button);
    if (!reader.open) {
      const before = button.getBoundingClientRect().top;
      if (matchMedia("(max-width: 899px)").matches) reader.showModal();
      else reader.show();
      document.body.classList.add("reading");
      scrollBy({ top: button.getBoundingClientRect().top - before, behavior: "instant" });
    }
    page.focus({ preventScroll: true });
    step(trail.findIndex((span) => same(span, button.dataset)));
  };

  const shut = () => {
    reader.close();
  };

  reader.addEventListener("close", () => {
    document.body.classList.remove("reading");
    markOpened();
    const back = opened && $$(OPENERS).find((button) => same(button.dataset, opened) && button.checkVisibility());
    (back || $("#question textarea"))?.focus({ preventScroll: true });
  });

  reader.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" && at > 0) step(at - 1);
    else if (event.key === "ArrowRight" && at < trail.length - 1) step(at + 1);
  });

  /* -- removing a document ----------------------------------------------------------------------------- */

  const asked = make("p");
  const cancel = make("button", { type: "button", class: "action" }, "Keep it");
  const agree = make("button", { type: "button", class: "primary" }, "Remove");
  const sure = make("dialog", { id: "sure", "aria-label": "Remove a document" }, asked, make("div", { class: "actions" }, cancel, agree));

  const confirmRemoval = (button) => {
    asked.textContent = `Remove “${button.dataset.title}” from the library? The file itself stays where it is.`;
    agree.hidden = false;
    agree.dataset.document = button.dataset.remove;
    sure.showModal();
    cancel.focus();
  };

  const remove = async (id) => {
    const answer = await fetch(`/documents/${encodeURIComponent(id)}`, { method: "DELETE" }).catch(() => null);
    if (answer && (answer.ok || answer.status === 404)) {
      sure.close();
      $("#refresh").click();
      return;
    }
    const problem = answer ? (await answer.json()).detail : "Footnote does not answer: is it still running?";
    asked.textContent = problem;
    agree.hidden = true;
  };

  /* -- copying ----------------------------------------------------------------------------------------- */

  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const words = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = words), 1500);
  };

  /* -- what happens while an answer grows -------------------------------------------------------------- */

  const BELOW = 130; // pixels at the foot of the window that the question box covers

  let said = 0;
  let free = true; // nobody has scrolled since the question

  const keepInView = () => {
    const end = $("#answered .prose-answer")?.getBoundingClientRect().bottom;
    const over = end - (innerHeight - BELOW);
    if (free && over > 0 && $("#answered [aria-busy=true]")) scrollBy({ top: over, behavior: "instant" });
  };

  ["wheel", "touchmove"].forEach((name) => addEventListener(name, () => (free = false), { passive: true }));

  let question = "";
  let focused = null;

  const announce = () => {
    const sentences = $$("#answered [data-say]");
    sentences.slice(said).forEach((sentence) => heard.append(make("p", {}, sentence.textContent)));
    said = sentences.length;
  };

  const follow = () => {
    const now = $("#asked .question")?.textContent || "";
    if (now && now !== question) {
      said = 0;
      free = true;
      heard.replaceChildren();
      const smooth = !matchMedia("(prefers-reduced-motion: reduce)").matches;
      $("#live").scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
    }
    question = now;
    announce();
    keepInView();
    if (reader.open) markOpened();
    if (focused && document.activeElement === document.body) {
      const again = $$(`#live ${OPENERS}`).filter((button) => same(button.dataset, focused.span));
      again.find((button) => button.className === focused.name)?.focus({ preventScroll: true });
    }
  };

  /* -- one listener for every button ------------------------------------------------------------------- */

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const data = button.dataset;
    if (button === previous) step(at - 1);
    else if (button === next) step(at + 1);
    else if (button === close) shut();
    else if (button === cancel) sure.close();
    else if (button === agree) remove(data.document);
    else if (data.document) open(button);
    else if (data.remove) confirmRemoval(button);
    else if (data.view) show(data.view);
    else if (data.again) fill(data.again);
    else if (data.copy) copy(button);
    else if ("themeSwitch" in data) {
      localStorage.setItem("theme", theme() === "dark" ? "light" : "dark");
      paint();
    } else if (data.from) {
      load(trail[at], { from: data.from, to: data.to }).then((html) => {
        page.innerHTML = html;
        $("#quote", page)?.scrollIntoView({ block: "center" });
      });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (["PageUp", "PageDown", "ArrowUp", "Home"].includes(event.key)) free = false;
    if (event.key === "Escape" && reader.open && !sure.open) shut();
  });

  document.addEventListener("focusin", (event) => {
    const button = event.target.closest(`#live ${OPENERS}`);
    focused = button && { name: button.className, span: spanOf(button) };
  });

  const start = () => {
    paint();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
    document.body.append(reader, sure, heard);
    addEventListener("hashchange", () => show(viewOfAddress()));
    document.body.dataset.view = viewOfAddress();
    new MutationObserver(() => {
      if ($("nav [data-view]") && !$("nav [aria-current]")) show(viewOfAddress());
      document.body.classList.toggle("dark", theme() === "dark");
      follow();
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  };

  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
