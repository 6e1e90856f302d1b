// Measures as Python declares them (grokviz/measures): what plots them takes their words, axis and unit from there.

/** @import { Declaration, Timeline } from "../contract.js" */
/** @import { Row, Series } from "./plot.js" */

import { fittedTicks, logDomain } from "./axis.js";
import { largest } from "./blob.js";
import { curveSeries } from "./plot.js";
import { measure } from "./timeline.js";
import { percent, readable, superscript } from "./wording.js";

/** Labels that have one; others are plain. @type {Record<string, string>} */
const OWN_COLOUR = { train: "train", test: "test", restricted: "restricted", excluded: "excluded", removed: "apart", corrected: "apart" };
const PLAIN = ["plain", "second"];

/** Rows of a plot for these measures, one for each group; what says nothing of this run is left out.
 * `labels` shortens the names at the ends of curves.
 * @param {Timeline} timeline @param {(measure: Declaration) => boolean} wanted @param {Record<string, string>} labels
 * @returns {Row[]} */
export function declaredRows(timeline, wanted, labels = {}) {
  /** @type {Map<string, Declaration[]>} */
  const groups = new Map();
  for (const one of timeline.header.measures) {
    if (one.nothing || !timeline.arrays[one.name] || !wanted(one)) continue;
    groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  }
  return [...groups.values()].map((measures) => rowOf(timeline, measures, labels));
}

/** @param {Timeline} timeline @param {Declaration[]} measures of one group @param {Record<string, string>} labels
 * @returns {Row} */
function rowOf(timeline, measures, labels) {
  const [{ title, unit, log, percent: share }] = measures;
  let plain = 0;
  const series = measures.map(({ name, label }) =>
    curveSeries(timeline, name, labels[name] ?? label, OWN_COLOUR[label] ?? PLAIN[plain++ % 2], `log_${name}`));
  return { title: measures.length > 1 ? unit || title : title, series, ...scaleOf(series, log, share) };
}

/** The axis of values: shares up to all, logarithms over decades, and else from 0 to the largest.
 * @param {Series[]} series @param {boolean} log @param {boolean} share
 * @returns {Pick<Row, "kind" | "domain" | "ticks" | "format" | "read">} */
export function scaleOf(series, log, share) {
  if (share) return { kind: "linear", domain: [-0.02, 1.04], ticks: [0, 0.5, 1], format: percent, read: percent };
  if (log) return { kind: "log", domain: logDomain(series), format: decade };
  const finite = series.flatMap(({ values }) => Array.from(values).filter(Number.isFinite));
  const top = largest(finite) * 1.08 || 1, low = finite.some((v) => v < 0) ? -top : 0, ticks = fittedTicks(top);
  return { kind: "linear", domain: [low, top], ticks: low < 0 ? [...ticks.slice(1).map((v) => -v), ...ticks] : ticks, format: round };
}

/** These measures at a snapshot, in the words of their declarations. @param {Declaration[]} measures @param {Timeline} timeline
 * @param {number} i */
export function readOut(measures, timeline, i) {
  return measures.map(({ name, title, percent: share }) => {
    const value = measure(timeline, name, i);
    return `${title}: ${share ? percent(value) : readable(value)}.`;
  }).join(" ");
}

/** A power of ten, as a tick says it. @param {number} value */
export function decade(value) {
  const exponent = Math.round(Math.log10(value));
  return exponent === 0 ? "1" : exponent === 1 ? "10" : `10${superscript(exponent)}`;
}

/** A round number, without the zeros behind it. @param {number} value */
const round = (value) => (Math.abs(value) >= 1000 || value === 0 ? readable(value) : String(Number(value.toPrecision(3))).replace("-", "−"));
