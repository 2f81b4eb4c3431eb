/* The page of settings: read only but for the theme, which this browser keeps. */

import { $, $$, make } from "./dom.js";

const page = async () => {
  const answer = await fetch("/view/settings").catch(() => null);
  return answer?.ok ? await answer.text() : "<p>The settings cannot be read: is Footnote still running?</p>";
};

export const showSettings = async () => {
  const place = $("#settings");
  if (!place || $(".settings-page", place)) return;
  const shown = make("div", { class: "settings-page" });
  place.append(shown);
  shown.innerHTML = await page();
  const chosen = localStorage.getItem("theme") || "system";
  $$("[name=theme]", place).forEach((radio) => (radio.checked = radio.value === chosen));
};

document.addEventListener("change", ({ target }) => {
  if (target.name !== "theme") return;
  if (target.value === "system") localStorage.removeItem("theme");
  else localStorage.setItem("theme", target.value);
  document.dispatchEvent(new CustomEvent("footnote:theme"));
});
