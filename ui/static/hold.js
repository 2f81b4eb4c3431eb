/* Sending: a question put before its conversation is shown waits until it is; put twice at once, it is one; and
   what Gradio does not bring is asked for once more. */

import { $ } from "./dom.js";
import { ready } from "./conversation.js";

const TWICE_MS = 800;
const SETTLED_MS = 150;
const PATIENCE_MS = 2500; // something new comes every second
const TRIES = 5;

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
    if (last.words) expect();
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (ready()) return;
  held = true;
  again();
};

/* -- what was sent and is not heard of ----------------------------------------------------------------- */

let before = null; // what the page showed when something was sent
let timer = 0;

const shown = () => ["[data-opened]", "#asked .asked", "#answered .answered"].map((part) => $(part)?.outerHTML).join();

/* Gradio may close its stream of results in the moment in which another is to come by it. Whatever is sent next
   opens it again, and brings what was left. The conversation itself may not have been asked for with success. */
const look = (tries) => {
  timer = setTimeout(() => {
    timer = 0;
    if (before === null) return;
    $(ready() ? "#refresh" : "#resume")?.click();
    if (tries > 1) look(tries - 1);
  }, PATIENCE_MS);
};

const expect = () => {
  before = shown();
  clearTimeout(timer);
  look(TRIES);
};

/* Ask for the conversation once more, unless that is done already. */
const again = () => {
  if (ready() || timer) return;
  $("#resume")?.click();
  expect();
};

/* Called whenever the page has changed. */
export const letGo = () => {
  if (before !== null && shown() !== before) before = null;
  if (last && typed() !== last.words) last = null; // it has been taken
  if (!held || !ready()) return;
  held = false;
  setTimeout(() => $("#question .submit-button")?.click(), SETTLED_MS);
};

["keypress", "click"].forEach((name) => addEventListener(name, hold, true));
document.addEventListener("footnote:sent", expect);
document.addEventListener("footnote:signed-in", again);
