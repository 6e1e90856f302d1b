// The race of the frequencies, and when it was decided.

/** @import { Axis, Canvas, Context, Panel, Theme, Timeline } from "../contract.js" */

import { makeAxis, stepTicks } from "../kit/axis.js";
import { dot, line, write } from "../kit/canvas.js";
import { spread } from "../kit/labels.js";
import { SMALL } from "../kit/theme.js";
import { blockName, groupOf, noKey } from "../kit/timeline.js";
import { inWords, listed, percent, plural, sentenceCase, whole } from "../kit/wording.js";

const ROOM = { left: 40, right: 44, top: 62, bottom: 24 }; // pixels around the lines
const TICKS_OF_RACE = [0, 0.5, 1];
const NEAR_A_LINE = 10; // pixels

/** `level` holds, a snapshot after the other, the strength of each frequency as a share of the strongest then.
 * @typedef {{ level: Float32Array, count: number, low: number, axis: Axis }} OwnRace
 * @typedef {{ left: number, width: number, right: number, top: number, bottom: number, axis: Axis,
 *   y: (level: number) => number }} Track */

/** @type {Panel<OwnRace>} */
export const racePanel = {
  id: "race",
  name: "Race of the frequencies",
  title: "Which of them will win?",
  needs: "core",
  wide: true,
  howto:
    "One thin line a frequency: how strong its wave cos(w(a + b − c)) is in the answers (of another group than a clock a line a block, and its character), as a share of the strongest at the same step; the " +
    "steps are on a logarithmic axis. The frequencies that the finished network computes with are coloured from the start. " +
    "“Ahead” is the first snapshot at which they hold the first places, “decided” the first from which on they keep them, and " +
    "the last mark is where 99 % of the unseen pairs are right.",
  height: () => 330,
  prepare({ header, arrays }) {
    const { raw, size } = arrays.trig_coefficients, level = new Float32Array(raw.length);
    let low = 0;
    for (let i = 0; i < header.steps.length; i++) {
      const now = raw.subarray(i * size, (i + 1) * size), top = Math.max(...now, 0) || 1;
      now.forEach((v, k) => (level[i * size + k] = Math.max(-0.5, v / top)));
    }
    for (const v of level) low = Math.min(low, v);
    return { level, count: size, low, axis: makeAxis(header.steps, "log") };
  },
  empty(timeline) {
    if (!timeline.arrays.trig_coefficients?.size) return "This question has no waves to follow.";
    return timeline.header.key_freqs.length ? null : `${noKey(timeline)}, so nothing has won${timeline.header.finished ? "" : " yet"}.`;
  },
  timeBox: (own, context) => track(own, context),
  background(g, own, context) {
    const { theme, timeline } = context, at = track(own, context), { header } = timeline, keys = header.key_freqs;
    g.font = theme.font(SMALL);
    for (const tick of TICKS_OF_RACE) {
      const y = Math.round(at.y(tick)) + 0.5;
      g.strokeStyle = theme.hair;
      line(g, at.left, y, at.right, y);
      g.fillStyle = theme.muted;
      write(g, percent(tick), at.left - 7, y, "right");
    }
    for (const step of stepTicks(at.axis, header.steps.at(-1) ?? 0, at.width)) {
      g.fillStyle = theme.muted;
      write(g, whole(step), at.left + at.axis.unit(step) * at.width, at.bottom + 17, step ? "center" : "left", "alphabetic");
    }
    drawMarks(g, at, header, theme);
    for (let k = 1; k <= own.count; k++) if (!keys.includes(k)) drawRunner(g, own, at, k, { colour: theme.muted, thick: 0.5, alpha: 0.35 });
    keys.forEach((k, order) => drawRunner(g, own, at, k, { colour: theme.frequency(order), thick: 1.8, alpha: 1 }));
    nameWinners(g, own, at, context);
  },
  live(g, own, context) {
    const { theme, timeline, moment } = context, at = track(own, context), { key_freqs: keys } = timeline.header;
    const x = at.left + at.axis.unitAt(moment.position) * at.width;
    g.strokeStyle = theme.text;
    g.lineWidth = 1.25;
    line(g, x, at.top, x, at.bottom);
    keys.forEach((k, order) => {
      const a = own.level[moment.before * own.count + k - 1], b = own.level[moment.after * own.count + k - 1];
      dot(g, x, at.y(a + (b - a) * moment.share), 5, theme.background);
      dot(g, x, at.y(a + (b - a) * moment.share), 3.6, theme.frequency(order));
    });
  },
  hover(own, x, y, context) {
    const at = track(own, context), { header } = context.timeline, { steps } = header;
    if (x < at.left || x > at.right) return null;
    const i = Math.round(at.axis.positionAt((x - at.left) / at.width));
    let best = { k: 0, far: NEAR_A_LINE };
    for (let k = 1; k <= own.count; k++) {
      const far = Math.abs(at.y(own.level[i * own.count + k - 1]) - y);
      if (far < best.far) best = { k, far };
    }
    if (!best.k) return null;
    const wins = header.key_freqs.includes(best.k) ? "It will win" : "It will not win";
    const words = `${runner(context.timeline, best.k)} at step ${whole(steps[i])}: place ${place(own, i, best.k)} of ${own.count}. ${wins}`;
    return { numbers: [], pair: null, answer: null, words };
  },
  caption(timeline, i) {
    const { header, arrays } = timeline, { key_freqs: keys, race } = header, now = arrays.trig_coefficients;
    if (!keys.length) return "";
    const order = Array.from({ length: now.size }, (_, k) => k + 1).sort((a, b) => now.raw[i * now.size + b - 1] - now.raw[i * now.size + a - 1]);
    const ahead = order.slice(0, keys.length).filter((k) => keys.includes(k)).length;
    return `At this step ${inWords(ahead)} of the ${plural(keys.length, "leader")} will win.${decision(timeline, race)}`;
  },
};

/** When it was decided, in words. @param {Timeline} timeline @param {Timeline["header"]["race"]} race */
function decision(timeline, { ahead, decided }) {
  if (ahead === null) return "";
  const { key_freqs: keys, phases, steps } = timeline.header, last = steps.at(-1) ?? 0;
  const many = groupOf(timeline).is_cyclic ? `Frequencies ${listed(keys)}` : listed(keys.map((k) => blockName(timeline, k)));
  const who = keys.length === 1 ? `${runner(timeline, keys[0])} leads` : `${many} lead`;
  const first = `${who} at step ${whole(ahead)} for the first time`;
  const forGood = decided === null ? "" : decided === ahead ? " and for good" : `, from step ${whole(decided)} for good`;
  const grokked = phases.grokked_at === null ? "" : ` The test accuracy notices at step ${whole(phases.grokked_at)} of ${whole(last)}.`;
  return ` ${sentenceCase(first)}${forGood}.${grokked}`;
}

/** How a frequency is written in a sentence; of a group that is no clock, its block. @param {Timeline} timeline @param {number} k */
const runner = (timeline, k) => (groupOf(timeline).is_cyclic ? `Frequency ${k}` : blockName(timeline, k));

/** Which place a frequency has at a snapshot, 1 the strongest. @param {OwnRace} own @param {number} i @param {number} k */
function place({ level, count }, i, k) {
  const mine = level[i * count + k - 1];
  let before = 0;
  for (let j = 0; j < count; j++) before += Number(level[i * count + j] > mine);
  return before + 1;
}

/** @param {OwnRace} own @param {Context} context @returns {Track} */
function track({ low, axis }, { width, height }) {
  const { left, right, top, bottom } = ROOM, over = 1.04, floor = height - bottom;
  return {
    left, width: width - left - right, right: width - right, top, bottom: floor, axis,
    y: (level) => floor - ((level - low) / (over - low)) * (floor - top),
  };
}

/** @param {Canvas} g @param {OwnRace} own @param {Track} at @param {number} k
 * @param {{ colour: string, thick: number, alpha: number }} style */
function drawRunner(g, { level, count }, at, k, { colour, thick, alpha }) {
  [g.strokeStyle, g.lineWidth, g.globalAlpha, g.lineJoin] = [colour, thick, alpha, "round"];
  g.beginPath();
  at.axis.units.forEach((unit, i) => g.lineTo(at.left + unit * at.width, at.y(level[i * count + k - 1])));
  g.stroke();
  [g.lineWidth, g.globalAlpha] = [1, 1];
}

/** What happened when, above the lines: each in a row of its own, so that none covers another.
 * @param {Canvas} g @param {Track} at @param {Timeline["header"]} header @param {Theme} theme */
function drawMarks(g, at, { race, phases }, theme) {
  /** @type {[number | null, string][]} */
  const marks = [
    [race.open, "nobody could have told"], [race.decided ?? race.ahead, race.decided === null ? "ahead" : "decided"],
    [phases.grokked_at, "the test accuracy noticed"],
  ];
  marks.forEach(([step, words], row) => {
    if (step === null) return;
    const x = Math.round(at.left + at.axis.unit(step) * at.width) + 0.5, y = 10 + 17 * row;
    const text = `${words}: step ${whole(step)}`, leftward = x + g.measureText(text).width + 8 > at.right + ROOM.right;
    g.strokeStyle = theme.text;
    g.setLineDash([2, 3]);
    line(g, x, y - 6, x, at.bottom);
    g.setLineDash([]);
    g.fillStyle = theme.text;
    write(g, text, leftward ? x - 5 : x + 5, y, leftward ? "right" : "left");
  });
}

/** @param {Canvas} g @param {OwnRace} own @param {Track} at @param {Context} context */
function nameWinners(g, { level, count }, at, { timeline, theme }) {
  const keys = timeline.header.key_freqs, end = (at.axis.units.length - 1) * count;
  const labels = keys.map((k, order) => ({ k, order, at: at.y(level[end + k - 1]) }));
  spread(labels, 14);
  g.font = theme.font(SMALL, 600);
  for (const { k, order, at: y } of labels) {
    g.fillStyle = theme.frequency(order);
    write(g, blockName(timeline, k), at.right + 6, y);
  }
  g.font = theme.font(SMALL);
}
