// Losses and scores over steps, on linear axes: plateaus as dashed lines, cliffs as bands, and the step in view.

/** @import { Canvas, Theme } from "../../film/js/contract.js" */
/** @import { Curve, CurvesData, Figure, Page } from "./contract.js" */

import { fittedTicks, makeAxis, stepTicks } from "../../film/js/kit/axis.js";
import { cleanCanvas, dot, fitCanvas, line, makeCanvas, makeDraggable, screenScale, write } from "../../film/js/kit/canvas.js";
import { make, setText } from "../../film/js/kit/dom.js";
import { SMALL } from "../../film/js/kit/theme.js";
import { readable, whole } from "../../film/js/kit/wording.js";
import { beginAt, moveTo, stepInView, valueInView } from "./clock.js";
import { makeSlider } from "./slider.js";

const HEIGHT = 250, LEFT = 38, RIGHT = 14, TOP = 24, BOTTOM = 26; // pixels

/** @typedef {{ left: number, right: number, bottom: number, x: (step: number) => number, y: (value: number) => number }} Box */

/** @param {CurvesData} data @param {Page} page @returns {Figure} */
export function makeCurves(data, page) {
  if (data.slider) beginAt(data.start);
  const canvas = makeCanvas("els-canvas", data.label), legend = make("ul", "els-legend");
  const rows = data.curves.map((curve) => legendRow(curve));
  legend.append(...rows.map(({ row }) => row));
  const slider = data.slider ? makeSlider(data.last, data.cliffs.flatMap(({ from, to }) => [from, to]), page) : null;
  const element = make("figure", "els-curves", {}, ...(slider ? [slider.element] : []), canvas, legend);
  const film = {
    dragTo: (/** @type {number} */ unit) => moveTo(Math.round(Math.min(1, Math.max(0, unit)) * data.last)),
    settle: page.came,
  };
  makeDraggable(canvas, film, (x) => (x - LEFT) / Math.max(1, canvas.clientWidth - LEFT - RIGHT));

  /** @param {Theme} theme */
  function paint(theme) {
    const width = Math.floor(element.clientWidth), scale = screenScale();
    if (width < LEFT + RIGHT + 20) return;
    fitCanvas(canvas, width, HEIGHT, scale);
    const g = cleanCanvas(canvas, scale), box = boxOf(data, width);
    drawAxes(g, data, box, theme);
    for (const curve of data.curves) drawLine(g, curve, box, theme);
    drawStep(g, data, box, theme);
    for (const { curve, swatch, value } of rows) {
      swatch.style.borderTopColor = colourOf(curve, theme);
      setText(value, readable(valueInView(curve.steps, curve.values)));
    }
    slider?.paint();
  }
  return { element, paint, stop: slider?.stop };
}

/** @param {Curve} curve */
function legendRow(curve) {
  const swatch = make("span", curve.dashed ? "els-swatch els-dashed" : "els-swatch"), value = make("b", "els-value");
  if (curve.strong) swatch.classList.add("els-strong");
  return { curve, swatch, value, row: make("li", "", {}, swatch, `${curve.name} `, value) };
}

/** @param {CurvesData} data @param {number} width @returns {Box} */
function boxOf({ last, top }, width) {
  const right = width - RIGHT, bottom = HEIGHT - BOTTOM;
  return {
    left: LEFT, right, bottom,
    x: (step) => LEFT + (step / Math.max(last, 1)) * (right - LEFT),
    y: (value) => bottom - (Math.min(value, top) / top) * (bottom - TOP),
  };
}

/** The colour of a curve: of a number in the house's order of colours, or of the text where it is what all others add up to.
 * @param {Curve} curve @param {Theme} theme */
const colourOf = ({ colour }, theme) => (colour < 0 ? theme.text : theme.frequency(colour));

/** @param {Canvas} g @param {CurvesData} data @param {Box} box @param {Theme} theme */
function drawAxes(g, { top, last, plateaus, cliffs, unit }, box, theme) {
  g.globalAlpha = 0.14;
  for (const { from, to, colour } of cliffs) {
    g.fillStyle = colour < 0 ? theme.muted : theme.frequency(colour);
    g.fillRect(box.x(from), TOP, Math.max(2, box.x(to) - box.x(from)), box.bottom - TOP);
  }
  g.globalAlpha = 1;
  g.font = theme.font(SMALL);
  for (const tick of fittedTicks(top).filter((tick) => tick <= top)) {
    const y = Math.round(box.y(tick)) + 0.5;
    g.strokeStyle = theme.hair;
    line(g, box.left, y, box.right, y);
    g.fillStyle = theme.muted;
    write(g, tick, box.left - 7, y, "right");
  }
  const axis = makeAxis([0, last], "linear");
  for (const step of stepTicks(axis, last, box.right - box.left)) {
    write(g, whole(step), box.x(step), box.bottom + 16, step === 0 ? "left" : box.x(step) > box.right - 20 ? "right" : "center", "alphabetic");
  }
  for (const { at, name } of plateaus) {
    const y = Math.round(box.y(at)) + 0.5;
    g.strokeStyle = theme.muted;
    g.setLineDash([5, 4]);
    line(g, box.left, y, box.right, y);
    g.setLineDash([]);
    g.fillStyle = theme.muted;
    write(g, name, box.right - 2, y - 6, "right", "alphabetic");
  }
  write(g, unit, box.left, 11, "left", "middle");
}

/** @param {Canvas} g @param {Curve} curve @param {Box} box @param {Theme} theme */
function drawLine(g, curve, box, theme) {
  g.strokeStyle = colourOf(curve, theme);
  g.lineWidth = curve.strong ? 2.2 : 1.2;
  g.lineJoin = "round";
  if (curve.dashed) g.setLineDash([5, 3]);
  g.beginPath();
  let pen = false;
  curve.values.forEach((value, i) => {
    const [x, y] = [box.x(curve.steps[i]), box.y(value ?? 0)];
    if (value !== null) {
      if (pen) g.lineTo(x, y); else g.moveTo(x, y);
    }
    pen = value !== null;
  });
  g.stroke();
  g.setLineDash([]);
  g.lineWidth = 1;
}

/** @param {Canvas} g @param {CurvesData} data @param {Box} box @param {Theme} theme */
function drawStep(g, { curves, last }, box, theme) {
  const x = box.x(Math.min(stepInView(), last));
  g.strokeStyle = theme.text;
  line(g, x, TOP, x, box.bottom);
  for (const curve of curves) {
    const value = valueInView(curve.steps, curve.values);
    if (!Number.isFinite(value)) continue;
    dot(g, x, box.y(value), 4.4, theme.background);
    dot(g, x, box.y(value), 3, colourOf(curve, theme));
  }
}
