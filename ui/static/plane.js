/* The plane of the map: what is drawn on its canvas, and from where it is seen. */

import { make } from "./dom.js";

const MOVE_MS = 600;

export const canvas = make("canvas", { tabindex: "0", role: "img", "aria-label": "Map of the library" });

/* What is drawn: points as [x, y, number of the document, passage, …], where each is just now, and which stand out. */
export const scene = {
  data: { documents: [], points: [], generation: -1 },
  shown: [], // {x, y} for each point
  chosen: -1, // the document that stands out
  hovered: -1,
  used: new Set(), // passages of the last answer
};

let view = { scale: 1, x: 0, y: 0 };

const isDark = () => document.documentElement.dataset.theme === "dark";
export const colourOf = (n) => `hsl(${(n * 137.5 + 12) % 360} ${isDark() ? "52% 64%" : "52% 44%"})`;
const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const size = () => ({ w: canvas.clientWidth, h: canvas.clientHeight });

export const toScreen = ({ x, y }) => {
  const { w, h } = size();
  const half = Math.min(w, h) / 2 - 16;
  return [w / 2 + (x + view.x) * half * view.scale * (w > h ? 1.25 : 1), h / 2 + (y + view.y) * half * view.scale];
};

const dot = (pen, [x, y], radius) => {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
};

export const draw = () => {
  const { w, h } = size();
  if (!w) return;
  const ratio = devicePixelRatio || 1;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
    Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, w, h);
  const radius = Math.min(6, (scene.data.points.length > 800 ? 2.6 : 3.8) * Math.sqrt(view.scale));
  const colours = scene.data.documents.map((_, n) => colourOf(n));
  scene.data.points.forEach((point, i) => {
    const faint = scene.chosen >= 0 && point[2] !== scene.chosen;
    pen.globalAlpha = faint ? 0.12 : 0.78;
    pen.fillStyle = colours[point[2]];
    dot(pen, toScreen(scene.shown[i]), radius);
    pen.fill();
  });
  pen.globalAlpha = 1;
  pen.lineWidth = 2.2;
  scene.data.points.forEach((point, i) => {
    if (!scene.used.has(point[3]) && i !== scene.hovered) return;
    const at = toScreen(scene.shown[i]);
    pen.fillStyle = colours[point[2]];
    dot(pen, at, radius + 2);
    pen.fill();
    pen.strokeStyle = i === scene.hovered ? ink("--ink") : ink("--accent");
    dot(pen, at, radius + 5);
    pen.stroke();
  });
};

export const settle = (points) => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const from = scene.shown.length === points.length ? scene.shown : points.map(([x, y]) => ({ x, y }));
  const began = performance.now();
  const step = (now) => {
    if (points !== scene.data.points) return;
    const done = calm ? 1 : Math.min((now - began) / MOVE_MS, 1);
    const part = done * done * (3 - 2 * done);
    scene.shown = points.map(([x, y], i) => ({ x: from[i].x + (x - from[i].x) * part, y: from[i].y + (y - from[i].y) * part }));
    draw();
    if (done < 1) requestAnimationFrame(step);
  };
  scene.shown = from;
  step(began);
};

export const zoom = (factor, x = 0, y = 0) => {
  const scale = Math.max(0.8, Math.min(view.scale * factor, 30));
  const shift = (1 / scale - 1 / view.scale) * 1;
  view = { scale, x: view.x + x * shift, y: view.y + y * shift };
  draw();
};

export const pan = (dx, dy) => {
  const { w, h } = size();
  const half = (Math.min(w, h) / 2 - 16) * view.scale;
  view = { ...view, x: view.x + dx / (half * (w > h ? 1.25 : 1)), y: view.y + dy / half };
  draw();
};

export const whole = () => {
  view = { scale: 1, x: 0, y: 0 };
  draw();
};
