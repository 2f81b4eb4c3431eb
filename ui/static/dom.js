/* Finding and making elements; and the buttons that open words of a document. */

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const OPENERS = "button[data-document]";

export const make = (name, attributes = {}, ...children) => {
  const node = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  node.append(...children);
  return node;
};

/* Let these be the children of a place; those that are there already are not touched, nor is their focus. */
export const arrange = (place, nodes) => {
  [...place.children].forEach((node) => nodes.includes(node) || node.remove());
  nodes.forEach((node, i) => place.children[i] === node || place.insertBefore(node, place.children[i] || null));
};

export const same = (a, b) => a.document === b.document && a.start === b.start && a.end === b.end;

export const spanOf = (button) => ({ ...button.dataset });
export const handleOf = (button) => ({ name: button.className, span: spanOf(button) });

/* Find a button again that may have been redrawn since; several can open the same words. */
export const buttonOf = (handle, root = document) => {
  const all = $$(OPENERS, root).filter((b) => same(b.dataset, handle.span) && b.checkVisibility());
  return all.find((button) => button.className === handle.name) || all[0];
};
