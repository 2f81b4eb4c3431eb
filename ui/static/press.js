/* A button that is drawn anew while the mouse is down on it gets no click from the browser: it is given one. */

const PRESSED = "button, summary, a";

const nameOf = (node) => JSON.stringify([node.localName, node.className, node.ariaLabel, { ...node.dataset }]);

let pressed = null;

addEventListener("mousedown", ({ target, button }) => (pressed = button === 0 ? target.closest(PRESSED) : null), true);
addEventListener(
  "mouseup",
  ({ target, button }) => {
    const [before, now] = [pressed, target.closest(PRESSED)];
    pressed = null;
    if (button === 0 && before && now && !before.isConnected && nameOf(before) === nameOf(now)) now.click();
  },
  true,
);
