// Curves over the time axis: a fixed background drawn once, and a cursor with its values drawn every frame.
// A plot is {rows: [{title, kind: "log"|"linear", domain, ticks, format, series: [...]}], ...}.

import { logTicks, stepTicks } from "./axis.js";
import { dot } from "./canvas.js";
import { keepInside, spread } from "./labels.js";
import { SMALL } from "./theme.js";
import { phaseBands } from "./timeline.js";
import { readable, whole } from "./wording.js";

export function curveSeries(timeline, name, label, colour, logName = null) {
  const { arrays, header } = timeline;
  const log = logName && arrays[logName] && arrays[logName].raw.length > 1;
  return {
    label, colour, at: arrays[name].raw,
    steps: log ? arrays.log_step.raw : header.steps,
    values: log ? arrays[logName].raw : arrays[name].raw,
  };
}

function rowScale(row, top, height) {
  const bend = row.kind === "log" ? Math.log10 : (v) => v;
  const low = bend(row.domain[0]), high = bend(row.domain[1]);
  return (v) => top + height * (1 - (bend(Math.max(v, row.kind === "log" ? row.domain[0] : -Infinity)) - low) / (high - low));
}

// Where things are, for a canvas of this size.
export function plotBox(plot, width, height, theme) {
  const narrow = width < 520, bottom = 24, top = plot.top;
  const left = 12 + Math.max(...plot.rows.flatMap(({ format, ticks, domain }) => (ticks ?? logTicks(domain, height)).map((v) => theme.widthOf(format(v)))));
  const right = 14 + Math.max(...plot.rows.flatMap(({ series }) => series.map(({ label }) => theme.widthOf(label))));
  const gap = 30, count = plot.rows.length;
  const each = (height - top - bottom - gap * (count - 1)) / count;
  const rows = plot.rows.map((row, i) => {
    const y0 = top + i * (each + gap);
    return { row, top: y0, height: each, y: rowScale(row, y0, each) };
  });
  return { left, width: width - left - right, right: width - right, top, bottom: height - bottom, rows, narrow };
}

export function drawPlotBackground(g, plot, box, axis, header, theme) {
  for (const band of phaseBands(header)) {
    const x0 = box.left + axis.unit(band.from) * box.width, x1 = box.left + axis.unit(band.to) * box.width;
    g.fillStyle = theme.phases[band.name];
    for (const { top, height } of box.rows) g.fillRect(x0, top, x1 - x0, height);
  }
  g.font = theme.font(SMALL);
  g.textBaseline = "middle";
  for (const { row, top, height, y } of box.rows) {
    g.textAlign = "right";
    for (const tick of row.ticks ?? logTicks(row.domain, height)) {
      const ty = Math.round(y(tick)) + 0.5;
      g.strokeStyle = theme.hair;
      g.beginPath();
      g.moveTo(box.left, ty);
      g.lineTo(box.right, ty);
      g.stroke();
      g.fillStyle = theme.muted;
      g.fillText(row.format(tick), box.left - 7, ty);
    }
    if (row.title) {
      g.textAlign = "left";
      g.fillStyle = theme.muted;
      g.fillText(row.title, box.left + 1, top - 12);
    }
    g.save();
    g.beginPath();
    g.rect(box.left - 2, top - 3, box.width + 4, height + 6);
    g.clip();
    for (const series of row.series) drawCurve(g, series, box, axis, y, theme);
    g.restore();
    endLabels(g, row, box, y, theme);
  }
  drawChanges(g, box, axis, header, theme);
  drawTimeTicks(g, box, axis, header, theme);
}

// Where a setting was changed while the run was trained: a dotted line, named at its foot.
function drawChanges(g, box, axis, header, theme) {
  const { top } = box.rows[0], marks = new Map();
  for (const [step, words] of header.changes ?? []) marks.set(step, [...(marks.get(step) ?? []), words]);
  let free = -Infinity;
  for (const [step, words] of [...marks].sort((a, b) => a[0] - b[0])) {
    const x = Math.round(box.left + axis.unit(step) * box.width) + 0.5;
    if (x > box.right + 1) continue;
    g.strokeStyle = theme.text;
    g.setLineDash([1, 3]);
    g.beginPath();
    g.moveTo(x, top);
    g.lineTo(x, box.bottom);
    g.stroke();
    g.setLineDash([]);
    const text = words.join(", "), width = g.measureText(text).width, leftward = x + width + 8 > box.right;
    const from = leftward ? x - width - 5 : x + 5;
    if (box.narrow || from < free || from < box.left) continue;
    g.textAlign = "left";
    g.textBaseline = "alphabetic";
    g.fillStyle = theme.muted;
    g.fillText(text, from, box.bottom - 5);
    free = from + width + 8;
  }
  g.textBaseline = "middle";
}

function drawTimeTicks(g, box, axis, header, theme) {
  g.fillStyle = theme.muted;
  g.strokeStyle = theme.faint;
  g.textBaseline = "alphabetic";
  const last = header.steps.at(-1);
  for (const step of stepTicks(axis, last, box.width)) {
    const x = box.left + axis.unit(step) * box.width;
    g.textAlign = step === 0 ? "left" : x > box.right - 20 ? "right" : "center";
    g.fillText(whole(step), step === 0 ? x - 1 : x, box.bottom + 17);
    g.beginPath();
    g.moveTo(Math.round(x) + 0.5, box.bottom);
    g.lineTo(Math.round(x) + 0.5, box.bottom + 4);
    g.stroke();
  }
}

function drawCurve(g, { steps, values, colour }, box, axis, y, theme) {
  const { line, dash } = theme.series[colour];
  g.strokeStyle = line;
  g.lineWidth = 1.8;
  g.lineJoin = "round";
  g.setLineDash(dash);
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
  g.lineWidth = 1;
  if (values.length === 1 && pen) dot(g, box.left + axis.unit(steps[0]) * box.width, y(values[0]), 3.5, line);
}

function endLabels(g, row, box, y, theme) {
  const labels = row.series
    .map(({ label, colour, values }) => ({ label, colour, at: y(values.findLast(Number.isFinite) ?? NaN) }))
    .filter(({ at }) => Number.isFinite(at));
  spread(labels, 15);
  g.textAlign = "left";
  g.textBaseline = "middle";
  g.font = theme.font(SMALL, 600);
  for (const { label, colour, at } of labels) {
    g.fillStyle = theme.series[colour].text;
    g.fillText(label, box.right + 8, at);
  }
  g.font = theme.font(SMALL);
}

export function drawCursor(g, plot, box, film, theme) {
  const x = box.left + film.axis.unitAt(film.position) * box.width;
  const before = Math.floor(film.position), after = Math.min(before + 1, film.steps.length - 1);
  const f = film.position - before;
  g.strokeStyle = theme.text;
  g.lineWidth = 1.25;
  g.beginPath();
  g.moveTo(x, box.rows[0].top);
  g.lineTo(x, box.bottom);
  g.stroke();
  g.lineWidth = 1;
  const leftward = x > box.left + box.width * (box.narrow ? 0.6 : 0.78);
  g.font = theme.font(SMALL, 600);
  g.textAlign = leftward ? "right" : "left";
  g.textBaseline = "middle";
  for (const { row, top, height, y } of box.rows) {
    const labels = [];
    for (const { at, colour, label } of row.series) {
      const value = f === 0 ? at[before] : row.kind === "log" && at[before] > 0 && at[after] > 0
        ? Math.exp(Math.log(at[before]) * (1 - f) + Math.log(at[after]) * f) : at[before] * (1 - f) + at[after] * f;
      if (!Number.isFinite(value)) continue;
      dot(g, x, y(value), 5, theme.background);
      dot(g, x, y(value), 3.6, theme.series[colour].line);
      labels.push({ at: y(value), colour, text: (box.narrow ? "" : `${label} `) + (row.read ?? readable)(at[film.index()]) });
    }
    spread(labels, 15);
    keepInside(labels, top + 6, top + height - 6, 15);
    for (const { at, colour, text } of labels) {
      const tx = x + (leftward ? -10 : 10), width = g.measureText(text).width;
      g.fillStyle = theme.background;
      g.globalAlpha = 0.82;
      g.fillRect(leftward ? tx - width - 3 : tx - 3, at - 7.5, width + 6, 15);
      g.globalAlpha = 1;
      g.fillStyle = theme.series[colour].text;
      g.fillText(text, tx, at);
    }
  }
  return x;
}
