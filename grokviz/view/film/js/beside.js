// What is drawn of several runs together: curves on one axis, and the answers in which two of them differ.

/** @import { Panel } from "./contract.js" */
/** @import { Subject } from "./strip.js" */
/** @import { Cast, Rival } from "./members.js" */
/** @import { Row, Series } from "./kit/plot.js" */

import { makeDifference } from "./difference.js";
import { logDomain, nearestStep } from "./kit/axis.js";
import { curvePanel } from "./kit/curve-panel.js";
import { decade } from "./kit/declared.js";
import { make } from "./kit/dom.js";
import { curveSeries } from "./kit/plot.js";
import { measure } from "./kit/timeline.js";
import { listed, percent, readAloud, whole } from "./kit/wording.js";
import { makeLine } from "./members.js";
import { makePhaseRow } from "./phase-row.js";

const OVERLAY_HEIGHT = 330; // pixels, for two figures below each other

/** The curve of a measure of each run, in the line of the run; runs that were not measured are left out.
 * @param {Rival[]} rivals @param {string} name @returns {Series[]} */
function rivalSeries(rivals, name) {
  return rivals
    .map(({ timeline, letter, colour, film }) => ({ ...curveSeries(timeline, name, letter, colour, `log_${name}`), hand: film }))
    .filter(({ values }) => Array.from(values).some(Number.isFinite));
}

/** @param {Rival[]} rivals @param {string} name @param {string} [title] @returns {Row} */
function rivalLossRow(rivals, name, title) {
  const series = rivalSeries(rivals, name);
  return { title, kind: "log", domain: logDomain(series), series, format: decade };
}

/** Figures that all runs share, along the strip. @param {Cast} cast @returns {Panel<any>[]} */
export function overlay({ rivals }) {
  const share = (/** @type {string} */ name) => rivals.map(({ letter, timeline, film }) =>
    `${letter} ${percent(measure(timeline, name, film.index()))}`);
  return [curvePanel(
    {
      name: "Together", id: "together", title: "How often are they right?", wide: true, height: () => OVERLAY_HEIGHT,
      howto: "One curve a run, in its own colour and line, on one axis. Above, the share of right answers to pairs that a run never sees; " +
        "below, the loss on the pairs that it trains on, on a logarithmic scale. A curve ends where its run does.",
      caption: () => `Of the training pairs: ${listed(share("train_accuracy"))}. Of those never seen: ${listed(share("test_accuracy"))}.`,
    },
    () => [
      { title: "right answers to pairs never seen", kind: "linear", domain: [-0.02, 1.04], ticks: [0, 0.5, 1], format: percent, read: percent,
        series: rivalSeries(rivals, "test_accuracy") },
      rivalLossRow(rivals, "train_loss", "training loss"),
    ],
  )];
}

/** What stands beside a panel of several runs: their difference, where it means something.
 * @param {string} id of the panel @param {Rival[]} rivals
 * @returns {{ panel: Panel<any>, rival: Rival, head: HTMLElement }[]} */
export function besides(id, [base, ...others]) {
  if (id !== "answers") return [];
  return others.map((rival) => ({
    panel: makeDifference(base, rival), rival,
    head: make("div", "gv-head", {}, make("b", "", { text: `Where ${base.letter} and ${rival.letter} differ` })),
  }));
}

/** What the strip draws and says of several runs. @param {Cast} cast @returns {Subject} */
export function joinedSubject({ film, rivals, whole: { header } }) {
  const rows = rivals.map(({ film: hand, letter, colour }) =>
    makePhaseRow(hand, make("span", "gv-strip-title gv-whose", {}, makeLine(colour), make("b", "", { text: letter })), true));
  const loss = rivalLossRow(rivals, "test_loss");
  return {
    plot: { rows: [loss], top: 0 },
    header,
    phases: {
      element: make("div", "gv-phase-rows", {}, ...rows.map(({ element }) => element), make("span", "gv-strip-name", { text: "test loss" })),
      layout: (box, theme) => rows.forEach((row) => row.layout(box, theme)),
      tint: (theme) => rows.forEach((row) => row.tint(theme)),
    },
    now: () => "",
    say: (i) => compared(rivals, film.steps[i]),
    sentences: film.steps.map((step) => compared(rivals, step)),
    spoken: (i) => `step ${whole(film.steps[i])}; ${rivals.map((rival) => heard(rival, film.steps[i])).join(", ")}`,
    tell() {},
  };
}

/** @param {Rival} rival @param {number} step */
function heard({ timeline, letter }, step) {
  return `run ${letter} test loss ${readAloud(measure(timeline, "test_loss", nearestStep(timeline.header.steps, step)))}`;
}

/** Which of them knows what at a step, and who understood first. @param {Rival[]} rivals @param {number} step */
export function compared(rivals, step) {
  const parts = rivals.map(({ timeline, letter }) => {
    const { steps, finished } = timeline.header, last = steps[steps.length - 1];
    const right = percent(measure(timeline, "test_accuracy", nearestStep(steps, step)));
    if (step < steps[0]) return `${letter} has not begun`;
    return step > last ? `${letter}, which ${finished ? "ended at" : "has come to"} step ${whole(last)}, got ${right}` : `${letter} gets ${right}`;
  });
  return `Of the pairs they have never seen, ${listed(parts)} right. ${ahead(rivals, step)}`;
}

/** @param {Rival[]} rivals @param {number} step */
function ahead(rivals, step) {
  const grokked = rivals.flatMap(({ letter, timeline }) => {
    const at = timeline.header.phases.grokked_at;
    return at !== null && at <= step ? [{ letter, at }] : [];
  }).sort((a, b) => a.at - b.at);
  if (!grokked.length) return `${rivals.length === 2 ? "Neither" : "None"} of them has understood.`;
  const [first, second] = grokked;
  if (!second) return `${first.letter} understood at step ${whole(first.at)}, and ${rivals.length === 2 ? "the other has not" : "no other has"}.`;
  if (first.at === second.at) return `${first.letter} and ${second.letter} understood at the same step.`;
  const others = grokked.slice(1).map(({ letter, at }) => `${whole(at - first.at)} steps before ${letter}`);
  return `${first.letter} understood ${listed(others)}.`;
}
