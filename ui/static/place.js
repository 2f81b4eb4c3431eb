/* A place in a document, on a page of its own: light or dark as it was chosen, and more of the text on request. */

const chosen = localStorage.getItem("theme");
if (chosen) document.documentElement.dataset.theme = chosen;

document.querySelector("#quote")?.scrollIntoView({ block: "center" });

document.addEventListener("click", ({ target }) => {
  if (!target.matches(".more")) return;
  const wider = new URL(location.href);
  wider.searchParams.set("from", target.dataset.from);
  wider.searchParams.set("to", target.dataset.to);
  location.replace(wider);
});
