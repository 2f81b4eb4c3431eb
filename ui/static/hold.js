/* A question put before its conversation is shown waits until it is; put twice at once, it is one. */

import { $ } from "./dom.js";
import { ready } from "./conversation.js";

const TWICE_MS = 800;

let held = false;
let last = null; // the words that were sent, and when

const typed = () => $("#question textarea")?.value.trim();

const asks = ({ type, key, shiftKey, target }) =>
  type === "keypress" ? key === "Enter" && !shiftKey && target.matches("#question textarea") : target.closest("#question .submit-button");

const hold = (event) => {
  if (!asks(event)) return;
  const twice = last && typed() === last.words && event.timeStamp - last.at < TWICE_MS;
  if (ready() && !twice) {
    last = { words: typed(), at: event.timeStamp };
    return;
  }
  if (!ready()) held = true;
  event.preventDefault();
  event.stopImmediatePropagation();
};

/* Called whenever the page has changed. */
export const letGo = () => {
  if (last && typed() !== last.words) last = null; // it has been taken
  if (!held || !ready()) return;
  held = false;
  $("#question .submit-button")?.click();
};

["keypress", "click"].forEach((name) => addEventListener(name, hold, true));
