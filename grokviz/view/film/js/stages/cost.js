// What a cut costs at every step: loss and accuracy of the network with it, beside those of the whole one.

/** @import { Panel, Timeline } from "../contract.js" */
/** @import { Series } from "../kit/plot.js" */

import { logDomain } from "../kit/axis.js";
import { curvePanel } from "../kit/curve-panel.js";
import { decade } from "../kit/declared.js";
import { askedOf, numberAt } from "../kit/pair.js";
import { curveSeries } from "../kit/plot.js";
import { measure, partOf } from "../kit/timeline.js";
import { percent, readable } from "../kit/wording.js";

const TALL = 190, BETWEEN_ROWS = 30; // pixels: a row, and between two

/** @param {{ id: string, title: string, what: string }} spec `what` is cut, in words; "" for nothing @returns {Panel<any>} */
export function cost({ id, title, what }) {
  const panel = curvePanel(
    {
      id, title, name: title, howto: "",
      height: () => 48 + 2 * TALL + BETWEEN_ROWS,
      caption: (timeline, i) => costSentence(timeline, i, what),
    },
    (timeline) => [
      { title: "loss, on a log scale: with the cut, and pale without it", kind: "log", ...lossRow(timeline), format: decade },
      { title: "share of right answers", kind: "linear", domain: [-0.02, 1.04], ticks: [0, 0.5, 1], format: percent, read: percent,
        series: seriesOf(timeline, "accuracy") },
    ],
  );
  return { ...panel, needs: "cut" };
}

/** @param {Timeline} timeline */
function lossRow(timeline) {
  const series = seriesOf(timeline, "loss");
  return { series, domain: logDomain(series) };
}

/** With the cut, and pale without it. @param {Timeline} timeline @param {"loss" | "accuracy"} kind @returns {Series[]} */
function seriesOf(timeline, kind) {
  return ["train", "test"].flatMap((side) => {
    const name = `${side}_${kind}`, whole = curveSeries(timeline, name, "", side, `log_${name}`);
    return [{ ...whole, pale: true, at: new Float32Array(timeline.header.steps.length).fill(NaN) }, cutSeries(timeline, name, side)];
  });
}

/** As far as it has been computed. @param {Timeline} timeline @param {string} name @param {string} colour @returns {Series} */
function cutSeries(timeline, name, colour) {
  const part = partOf(timeline, "cut"), { steps } = timeline.header, known = part ? askedOf(part).at : [];
  const at = new Float32Array(steps.length).fill(NaN), values = Float32Array.from(known, (_, row) => (part ? numberAt(part, name, row) : NaN));
  known.forEach((i, row) => (at[i] = values[row]));
  return { label: colour, colour, at, steps: known.map((i) => steps[i]), values };
}

/** What the cut does at a snapshot. @param {Timeline} timeline @param {number} i @param {string} what */
export function costSentence(timeline, i, what) {
  const part = partOf(timeline, "cut"), row = part ? askedOf(part).at.indexOf(i) : -1;
  if (!part || row < 0) return "This step is being computed.";
  const [test, all, right] = ["test_loss", "all_loss", "test_accuracy"].map((name) => numberAt(part, name, row));
  const before = { test: measure(timeline, "test_loss", i), right: measure(timeline, "test_accuracy", i) };
  if (!what) return `Nothing is cut: the loss on pairs it never saw is ${readable(before.test)}, and ${percent(before.right)} of them are right.`;
  const still = percent(right) === percent(before.right) ? `still ${percent(right)} of them are right`
    : `${percent(right)} of them are right instead of ${percent(before.right)}`;
  const loss = readable(test) === readable(before.test) ? `stays at ${readable(test)}` : `goes from ${readable(before.test)} to ${readable(test)}`;
  return `${what}, the loss on pairs it never saw ${loss}, and ${still}. Over all pairs it is ${readable(all)}.`;
}
