// Canvases, sharp on every screen, measured in CSS pixels.

import { make } from "./dom.js";

// Two canvases on top of each other: the background, drawn when size, theme or axis change, and the live layer.
export function makeFigure(className, label) {
  const back = make("canvas", "gv-canvas", { "aria-hidden": "true" });
  const front = make("canvas", "gv-canvas", { role: "img", "aria-label": label });
  const holder = make("div", className, {}, back, front);
  const figure = { holder, back, front, width: 0, height: 0, scale: 1, stale: true };
  figure.resize = (width, height) => {
    const scale = Math.min(globalThis.devicePixelRatio || 1, 2);
    if (width === figure.width && height === figure.height && scale === figure.scale) return;
    Object.assign(figure, { width, height, scale, stale: true });
    for (const canvas of [back, front]) {
      [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    }
  };
  figure.clear = (canvas) => {
    const g = canvas.getContext("2d");
    g.setTransform(figure.scale, 0, 0, figure.scale, 0, 0);
    g.clearRect(0, 0, figure.width, figure.height);
    g.lineWidth = 1;
    return g;
  };
  return figure;
}

// Press anywhere and drag: `unitOf(x)` turns a place on the canvas into a place on the axis.
export function makeDraggable(canvas, film, unitOf) {
  canvas.classList.add("gv-drags");
  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("gv-held");
    film.dragTo(unitOf(event.offsetX), event.timeStamp);
  };
  canvas.onpointermove = (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) film.dragTo(unitOf(event.offsetX), event.timeStamp);
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!canvas.classList.contains("gv-held")) return;
    canvas.classList.remove("gv-held");
    film.settle();
  };
}

export function dot(g, x, y, radius, colour) {
  g.fillStyle = colour;
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fill();
}
