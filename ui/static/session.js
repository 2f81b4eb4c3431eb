/* Signing out, and what to do when the session ends while the page is open: nothing on it is lost by that. */

import { $, make } from "./dom.js";

const ask = window.fetch.bind(window);
const bar = make("div", { id: "signed-out", role: "alert" });

const me = async () => {
  const answer = await ask("/me").catch(() => null);
  return answer && answer.ok ? (await answer.json()).name : null;
};

const known = me();

const tell = () => {
  if (bar.isConnected) return;
  bar.replaceChildren(
    make("p", {}, "Your session has ended. Sign in again in a new tab: what is on this page stays, and goes on then."),
    make("a", { href: "/sign-in", target: "_blank", rel: "noopener" }, "Sign in again"),
  );
  document.body.append(bar);
};

const leave = () => document.dispatchEvent(new CustomEvent("footnote:leaving"));

/* Back from signing in: go on, or begin anew where it was somebody else. */
const look = async () => {
  if (!bar.isConnected || document.hidden) return;
  const name = await me();
  if (!name) return;
  if (name !== (await known)) {
    leave();
    return location.reload();
  }
  bar.remove();
  document.dispatchEvent(new CustomEvent("footnote:signed-in"));
};

const signOut = async (button) => {
  button.disabled = true;
  const answer = await ask("/sign-out", { method: "POST" }).catch(() => null);
  button.disabled = false;
  if (!answer || !(answer.ok || answer.status === 401)) return;
  leave();
  location.assign("/sign-in");
};

/* Gradio's own calls pass here as well as ours. */
window.fetch = async (...call) => {
  const answer = await ask(...call);
  if (answer.status === 401 && new URL(answer.url).origin === location.origin) tell();
  return answer;
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-sign-out]");
  if (button) signOut(button);
});
["visibilitychange", "focus"].forEach((name) => addEventListener(name, look, true));
