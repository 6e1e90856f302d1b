// Canvases, sharp on every screen, measured in CSS pixels.

/** @import { Canvas } from "../contract.js" */

import { make } from "./dom.js";

/** A canvas that a screen reader knows by its label; without one it is decoration.
 * @param {string} className @param {string} [label] */
export function makeCanvas(className, label) {
  const named = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
  return /** @type {HTMLCanvasElement} */ (make("canvas", className, named));
}

/** Device pixels in a CSS pixel; more than two are not seen. */
export const screenScale = () => Math.min((globalThis.devicePixelRatio || 1) * (globalThis.grokvizScrubbers?.zoom ?? 1), 2);

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height @param {number} scale */
export function fitCanvas(canvas, width, height, scale) {
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
}

/** Wiped clean, ready to draw on.
 * @param {HTMLCanvasElement} canvas @param {number} scale @returns {Canvas} */
export function cleanCanvas(canvas, scale) {
  const g = /** @type {Canvas} */ (canvas.getContext("2d"));
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, canvas.width, canvas.height);
  g.lineWidth = 1;
  return g;
}

/** @typedef {ReturnType<typeof makeFigure>} Figure */

/** Two canvases on top of each other: the background, drawn when size, theme or axis change, and the live layer.
 * @param {string} className @param {string} label */
export function makeFigure(className, label) {
  const back = makeCanvas("gv-canvas"), front = makeCanvas("gv-canvas", label);
  const figure = {
    holder: make("div", className, {}, back, front), back, front,
    width: 0, height: 0, scale: 1, stale: true,
    /** @param {number} width @param {number} height */
    resize(width, height) {
      const scale = screenScale();
      if (width === figure.width && height === figure.height && scale === figure.scale) return;
      Object.assign(figure, { width, height, scale, stale: true });
      for (const canvas of [back, front]) fitCanvas(canvas, width, height, scale);
    },
    /** Has what was drawn as pixels. A browser that prints repeats all strokes since a canvas was last wiped, the wiping as
     * white paint, which hides what lies below it; unless it was drawn on once more after it was read. */
    flush() {
      if (!figure.width) return;
      for (const canvas of [back, front]) {
        const g = /** @type {Canvas} */ (canvas.getContext("2d"));
        for (let turn = 0; turn < 2; turn++) {
          g.getImageData(0, 0, 1, 1);
          g.clearRect(0, 0, 1, 1);
        }
      }
    },
    /** @param {HTMLCanvasElement} canvas */
    clear: (canvas) => cleanCanvas(canvas, figure.scale),
  };
  return figure;
}

const SLOP = 6; // pixels that a finger moves aside before it drags: until then it may scroll the page

/** Where on its canvas a pointer is, in the pixels of the canvas, also of a film that is enlarged.
 * @param {{ offsetX: number, offsetY: number }} event */
export function placeOn({ offsetX, offsetY }) {
  const zoom = globalThis.grokvizScrubbers?.zoom ?? 1;
  return { x: offsetX / zoom, y: offsetY / zoom };
}

/** Press anywhere and drag: `unitOf` turns a place on the canvas into a place on the axis of time. A finger that goes up
 * or down scrolls the page, one that goes aside drags, one that only taps is a press.
 * @param {HTMLCanvasElement} canvas
 * @param {{ dragTo: (unit: number, when: number) => void, settle: () => void }} film
 * @param {(x: number) => number} unitOf */
export function makeDraggable(canvas, film, unitOf) {
  let from = /** @type {number | null} */ (null), held = false; // where a finger came down that may yet scroll
  const move = (/** @type {PointerEvent} */ event) => film.dragTo(unitOf(placeOn(event).x), event.timeStamp);
  const hold = (/** @type {PointerEvent} */ event) => {
    [from, held] = [null, true];
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("gv-held");
    move(event);
  };
  const release = () => {
    if (held) film.settle();
    [from, held] = [null, false];
    canvas.classList.remove("gv-held");
  };
  canvas.classList.add("gv-drags");
  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return;
    if (event.pointerType === "touch") from = placeOn(event).x;
    else hold(event);
  };
  canvas.onpointermove = (event) => {
    if (from !== null && Math.abs(placeOn(event).x - from) > SLOP) hold(event);
    else if (held) move(event);
  };
  canvas.onpointerup = (event) => {
    if (from !== null) hold(event);
    release();
  };
  canvas.onpointercancel = release;
}

/** @param {Canvas} g @param {number} x @param {number} y @param {number} radius @param {string} colour */
export function dot(g, x, y, radius, colour) {
  g.fillStyle = colour;
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.fill();
}

/** @param {Canvas} g @param {number} x @param {number} y @param {number} radius @param {string} colour */
export function circle(g, x, y, radius, colour) {
  g.strokeStyle = colour;
  g.beginPath();
  g.arc(x, y, radius, 0, 2 * Math.PI);
  g.stroke();
}

/** @param {Canvas} g @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
export function line(g, x0, y0, x1, y1) {
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1, y1);
  g.stroke();
}

/** @param {Canvas} g @param {string | number} text @param {number} x @param {number} y
 * @param {CanvasTextAlign} align @param {CanvasTextBaseline} baseline */
export function write(g, text, x, y, align = "left", baseline = "middle") {
  [g.textAlign, g.textBaseline] = [align, baseline];
  g.fillText(String(text), x, y);
}
