// Curves over the time axis: a fixed background drawn once, and a cursor with its values drawn every frame.

/** @import { Axis, Canvas, Header, Moment, Numbers, Theme, Timeline } from "../contract.js" */
/** @import { Follower } from "../follower.js" */

import { logTicks, stepTicks } from "./axis.js";
import { dot, line, write } from "./canvas.js";
import { inLines, keepInside, spread } from "./labels.js";
import { SMALL } from "./theme.js";
import { phaseBands } from "./timeline.js";
import { readable, whole } from "./wording.js";

const CHANGE_FOOT = 16; // pixels from the foot of a plot to the middle of the words at a change: above the knob of the strip

/**
 * One curve: `at` holds its value at each snapshot; `steps` and `values` what is drawn, which may be finer. A pale one
 * is there to compare with; one of another run than the others follows a `hand` of its own.
 * @typedef {{ label: string, colour: string, at: Numbers, steps: ArrayLike<number>, values: Numbers, pale?: boolean, hand?: Follower }} Series
 *
 * Curves that share an axis of values. `format` words its ticks, `read` a value at the cursor.
 * @typedef {object} Row
 * @property {string} [title]
 * @property {"log" | "linear"} kind
 * @property {[number, number]} domain
 * @property {number[]} [ticks] powers of ten where none are given
 * @property {(tick: number) => string} format
 * @property {(value: number) => string} [read]
 * @property {Series[]} series
 *
 * @typedef {{ rows: Row[], top: number }} Plot rows below each other, and room above the first in pixels
 * @typedef {ReturnType<typeof plotBox>} Box
 */

/** A measure by its name in the blob, drawn from the log where that has it at more steps.
 * @param {Timeline} timeline @param {string} name @param {string} label @param {string} colour of palette.json
 * @param {string | null} logName @returns {Series} */
export function curveSeries(timeline, name, label, colour, logName = null) {
  const { arrays, header } = timeline;
  const log = logName && arrays[logName]?.raw.length > 1 ? arrays[logName] : null;
  return {
    label, colour, at: arrays[name].raw,
    steps: log ? arrays.log_step.raw : header.steps,
    values: log ? log.raw : arrays[name].raw,
  };
}

/** From a value to its place between `top` and `top + height`.
 * @param {Row} row @param {number} top @param {number} height @returns {(value: number) => number} */
function rowScale(row, top, height) {
  const bend = row.kind === "log" ? Math.log10 : (/** @type {number} */ v) => v;
  const low = bend(row.domain[0]), high = bend(row.domain[1]), least = row.kind === "log" ? row.domain[0] : -Infinity;
  return (v) => top + height * (1 - (bend(Math.max(v, least)) - low) / (high - low));
}

/** Where things are, for a canvas of this size; `edges` where its axis of time stands over or under another one.
 * @param {Plot} plot @param {number} width @param {number} height @param {Theme} theme
 * @param {import("../contract.js").Edges | null} [edges] */
export function plotBox(plot, width, height, theme, edges = null) {
  const narrow = width < 520, bottom = 24, top = plot.top;
  const ticks = plot.rows.flatMap(({ format, ticks, domain }) => (ticks ?? logTicks(domain, height)).map((v) => theme.widthOf(format(v))));
  const names = plot.rows.flatMap(({ series }) => series.map(({ label }) => theme.widthOf(label)));
  const { left, right } = edges ?? { left: 12 + Math.max(...ticks), right: 14 + Math.max(...names) };
  const gap = 30, count = plot.rows.length;
  const each = (height - top - bottom - gap * (count - 1)) / count;
  const rows = plot.rows.map((row, i) => {
    const y0 = top + i * (each + gap);
    return { row, top: y0, height: each, y: rowScale(row, y0, each) };
  });
  return { left, width: width - left - right, right: width - right, margin: right, top, bottom: height - bottom, rows, narrow };
}

/** Phases, ticks, curves and their names.
 * @param {Canvas} g @param {Box} box @param {Axis} axis @param {Header} header @param {Theme} theme */
export function drawPlotBackground(g, box, axis, header, theme) {
  for (const band of phaseBands(header)) {
    const x0 = box.left + axis.unit(band.from) * box.width, x1 = box.left + axis.unit(band.to) * box.width;
    g.fillStyle = theme.phases[band.name];
    for (const { top, height } of box.rows) g.fillRect(x0, top, x1 - x0, height);
  }
  g.font = theme.font(SMALL);
  for (const placed of box.rows) {
    const { row, top, height, y } = placed;
    for (const tick of row.ticks ?? logTicks(row.domain, height)) {
      const ty = Math.round(y(tick)) + 0.5;
      g.strokeStyle = theme.hair;
      line(g, box.left, ty, box.right, ty);
      g.fillStyle = theme.muted;
      const words = row.format(tick);
      write(g, words, Math.max(box.left - 7, theme.widthOf(words)), ty, "right"); // the margin may be that of the strip
    }
    g.fillStyle = theme.muted;
    if (row.title) write(g, row.title, box.left + 1, top - 12);
    g.save();
    g.beginPath();
    g.rect(box.left - 2, top - 3, box.width + 4, height + 6);
    g.clip();
    for (const series of row.series) drawCurve(g, series, box, axis, y, theme);
    g.restore();
    drawEndLabels(g, placed, box, theme);
  }
  drawChanges(g, box, axis, header, theme);
  drawTimeTicks(g, box, axis, header, theme);
}

/** Where settings were changed while the run was trained, and where that is said, at the foot of the plot: `words` are
 * none where there is no room for them.
 * @param {Canvas} g @param {Box} box @param {Axis} axis @param {Header} header
 * @returns {{ x: number, words: string, from: number, to: number }[]} */
export function changePlaces(g, box, axis, header) {
  const marks = new Map();
  for (const [step, words] of header.changes ?? []) marks.set(step, [...(marks.get(step) ?? []), words]);
  let free = box.left;
  return [...marks].sort((a, b) => a[0] - b[0]).flatMap(([step, all]) => {
    const x = Math.round(box.left + axis.unit(step) * box.width) + 0.5;
    if (x > box.right + 1) return [];
    const words = all.join(", "), width = g.measureText(words).width, from = x + width + 8 > box.right ? x - width - 5 : x + 5;
    if (box.narrow || from < free) return [{ x, words: "", from: x, to: x }];
    free = from + width + 8;
    return [{ x, words, from, to: from + width }];
  });
}

/** A dotted line at each change, named at its foot. @param {Canvas} g @param {Box} box @param {Axis} axis @param {Header} header
 * @param {Theme} theme */
function drawChanges(g, box, axis, header, theme) {
  for (const { x, words, from } of changePlaces(g, box, axis, header)) {
    g.strokeStyle = theme.text;
    g.setLineDash([1, 3]);
    line(g, x, box.rows[0].top, x, box.bottom);
    g.setLineDash([]);
    g.fillStyle = theme.muted;
    write(g, words, from, box.bottom - CHANGE_FOOT);
  }
}

/** @param {Canvas} g @param {Box} box @param {Axis} axis @param {Header} header @param {Theme} theme */
function drawTimeTicks(g, box, axis, header, theme) {
  g.fillStyle = theme.muted;
  g.strokeStyle = theme.faint;
  for (const step of stepTicks(axis, header.steps[header.steps.length - 1], box.width)) {
    const x = box.left + axis.unit(step) * box.width, edge = Math.round(x) + 0.5;
    const align = step === 0 ? "left" : x > box.right - 20 ? "right" : "center";
    write(g, whole(step), step === 0 ? x - 1 : x, box.bottom + 17, align, "alphabetic");
    line(g, edge, box.bottom, edge, box.bottom + 4);
  }
}

/** @param {Canvas} g @param {Series} series @param {Box} box @param {Axis} axis @param {(v: number) => number} y
 * @param {Theme} theme */
function drawCurve(g, { steps, values, colour, pale }, box, axis, y, theme) {
  const style = theme.series[colour];
  g.globalAlpha = pale ? 0.4 : 1;
  g.strokeStyle = style.line;
  g.lineWidth = 1.8;
  g.lineJoin = "round";
  g.setLineDash(style.dash);
  g.beginPath();
  let pen = false;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      pen = false;
      continue;
    }
    const px = box.left + axis.unit(steps[i]) * box.width, py = y(values[i]);
    if (pen) g.lineTo(px, py); else g.moveTo(px, py);
    pen = true;
  }
  g.stroke();
  g.setLineDash([]);
  [g.lineWidth, g.globalAlpha] = [1, 1];
  if (values.length === 1 && pen) dot(g, box.left + axis.unit(steps[0]) * box.width, y(values[0]), 3.5, style.line);
}

/** Where a name beside the curves begins: further left where the margin, which may be that of the strip, is too narrow.
 * @param {string} words @param {Pick<Box, "right" | "margin">} box @param {Pick<Theme, "widthOf">} theme */
export const fittedAt = (words, { right, margin }, { widthOf }) => right + Math.min(8, margin - widthOf(words));

/** The names of the curves of a row, at their ends; long ones in lines.
 * @param {Canvas} g @param {Box["rows"][number]} placed @param {Box} box @param {Theme} theme */
function drawEndLabels(g, { row, top, height, y }, box, theme) {
  const room = box.margin - 12;
  const isTooLong = (/** @type {string} */ words) => theme.widthOf(words) > box.margin;
  if (box.narrow && row.series.some(({ label }) => inLines(label, room, theme.widthOf).some(isTooLong))) return drawNamesAbove(g, row, top, box, theme);
  const labels = row.series
    .map(({ label, colour, values }) => ({ lines: inLines(label, room, theme.widthOf), colour, at: y(lastFinite(values)) }))
    .filter(({ at, lines }) => Number.isFinite(at) && lines.join(""));
  const gap = 15 * Math.max(1, ...labels.map(({ lines }) => lines.length));
  if (labels.length * gap > height + 8) return; // of a slim strip on a low screen: no room to read them in
  spread(labels, gap);
  keepInside(labels, top + 8, top + height, gap);
  g.font = theme.font(SMALL, 600);
  for (const { lines, colour, at } of labels) {
    g.fillStyle = theme.series[colour].text;
    lines.forEach((words, i) => write(g, words, fittedAt(words, box, theme), at + 14 * (i - (lines.length - 1) / 2)));
  }
  g.font = theme.font(SMALL);
}

/** On a narrow screen, names that would lie over the curves stand above them; a curve that is alone needs none there.
 * @param {Canvas} g @param {Row} row @param {number} top @param {Box} box @param {Theme} theme */
function drawNamesAbove(g, row, top, box, theme) {
  if (row.series.length < 2) return;
  g.font = theme.font(SMALL, 600);
  let x = box.right;
  for (const { label, colour } of row.series.toReversed()) {
    g.fillStyle = theme.series[colour].text;
    write(g, label, x, top - 12, "right");
    x -= g.measureText(label).width + 10;
  }
  g.font = theme.font(SMALL);
}

/** @param {Numbers} values */
function lastFinite(values) {
  let i = values.length - 1;
  while (i >= 0 && !Number.isFinite(values[i])) i--;
  return i < 0 ? NaN : values[i];
}

/** A value between two snapshots, along a straight line of the drawn axis.
 * @param {Numbers} at @param {Row["kind"]} kind @param {Moment} moment */
function between(at, kind, { before, after, share }) {
  if (share === 0) return at[before];
  if (kind === "log" && at[before] > 0 && at[after] > 0) {
    return Math.exp(Math.log(at[before]) * (1 - share) + Math.log(at[after]) * share);
  }
  return at[before] * (1 - share) + at[after] * share;
}

/** The moment as a line, and the values there, clear of the words at changes. Returns its place and the heights of what is
 * written beside it.
 * @param {Canvas} g @param {Box} box @param {Axis} axis @param {Moment} moment @param {Header} header @param {Theme} theme */
export function drawCursor(g, box, axis, moment, header, theme) {
  const x = box.left + axis.unitAt(moment.position) * box.width;
  g.strokeStyle = theme.text;
  g.lineWidth = 1.25;
  line(g, x, box.rows[0].top, x, box.bottom);
  g.lineWidth = 1;
  const leftward = x > box.left + box.width * (box.narrow ? 0.6 : 0.78), heights = /** @type {number[]} */ ([]);
  g.font = theme.font(SMALL);
  const changes = changePlaces(g, box, axis, header);
  g.font = theme.font(SMALL, 600);
  for (const { row, top, height, y } of box.rows) {
    const labels = valueLabels(g, row, { x, y, moment, narrow: box.narrow, left: box.left, width: box.width }, theme);
    if (labels.length * 15 > height + 8) continue;
    const wide = Math.max(0, ...labels.map(({ width }) => width)) + 13, [from, to] = leftward ? [x - wide, x] : [x, x + wide];
    const isLast = top + height >= box.bottom - 1, met = isLast && changes.some((change) => change.words && change.from < to && change.to > from);
    spread(labels, 15);
    keepInside(labels, top + 8, top + height - (met ? CHANGE_FOOT + 15 : 6), 15);
    if (met) heights.push(box.bottom - CHANGE_FOOT);
    for (const { at, colour, text, width } of labels) {
      heights.push(at);
      const tx = x + (leftward ? -10 : 10);
      g.fillStyle = theme.background;
      g.globalAlpha = 0.82;
      g.fillRect(leftward ? tx - width - 3 : tx - 3, at - 7.5, width + 6, 15);
      g.globalAlpha = 1;
      g.fillStyle = theme.series[colour].text;
      write(g, text, tx, at, leftward ? "right" : "left");
    }
  }
  return { x, heights };
}

/** A dot on every curve, and what is to be written of its value.
 * @param {Canvas} g @param {Row} row @param {{ x: number, y: (value: number) => number, moment: Moment, narrow: boolean, left: number, width: number }} cursor
 * @param {Theme} theme */
function valueLabels(g, row, { x, y, moment, narrow, left, width }, theme) {
  const labels = [];
  for (const { at, colour, label, hand } of row.series) {
    const now = hand?.moment() ?? moment, value = between(at, row.kind, now);
    if (!Number.isFinite(value) || (hand && hand.when() !== "during")) continue;
    const own = hand ? left + hand.axis.unitAt(now.position) * width : x;
    dot(g, own, y(value), 5, theme.background);
    dot(g, own, y(value), 3.6, theme.series[colour].line);
    const text = (narrow && !hand ? "" : `${label} `) + (row.read ?? readable)(at[now.index]);
    labels.push({ at: y(value), colour, text, width: g.measureText(text).width });
  }
  return labels;
}
