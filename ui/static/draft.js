/* What is typed and not asked yet outlives the page when it is loaded again, as Gradio does by itself once it was
   cut off from the server. It is not for who comes next. */

import { $ } from "./dom.js";

const KEY = "draft";
const box = () => $("#question textarea");
const words = performance.getEntriesByType("navigation")[0]?.type === "reload" && sessionStorage.getItem(KEY);
let leaving = false;

sessionStorage.removeItem(KEY);
addEventListener("pagehide", () => {
  if (!leaving && box()?.value) sessionStorage.setItem(KEY, box().value);
});
document.addEventListener("footnote:leaving", () => (leaving = true));

/* The words that were typed before, to be put into the box once. */
export const draft = () => (box()?.value ? "" : words || "");
