// One wave over the answers for each frequency, in lanes below each other, and their sum: drawn here for the stages
// of a pair and for the picture of a network made by hand.

/** @import { Canvas, Theme } from "../contract.js" */

import { circle, dot, line, write } from "./canvas.js";
import { sizeInWords, timesSmaller } from "./fit.js";
import { SMALL } from "./theme.js";

const LANE = 54, SUM = 160, ABOVE_SUM = 14, TOP = 24, FOOT = 30, LANE_ROOM = 1.25; // pixels; and times full height, what a lane has room for

/**
 * A wave as it is and as it ought to be; `scale` is full height.
 * @typedef {{ title: string, order: number, actual: ArrayLike<number>, ideal: ArrayLike<number>, scale: number, note: string }} Lane
 *
 * Lanes and their sum; the places of the right answer and of the one that wins, with what to call them.
 * @typedef {{ lanes: Lane[], total: Lane, numbers: ArrayLike<number>, names: (n: number) => string, axis: string, right: number,
 *   rightLabel: string, winner: number, winnerLabel: string }} Waves
 */

/** @param {number} lanes how many */
export const wavesHeight = (lanes) => TOP + lanes * LANE + ABOVE_SUM + SUM + FOOT;

/** Places of round numbers along the axis, or evenly spread where the numbers are in another order.
 * @param {ArrayLike<number>} numbers @param {number} width */
export function waveTicks(numbers, width) {
  const n = numbers.length, most = Math.max(2, Math.min(8, width / 60));
  const pace = [1, 2, 5, 10, 20, 25, 50, 100].find((step) => n / step <= most) ?? 200;
  const inOrder = Array.from(numbers).every((v, i) => i === 0 || v === numbers[i - 1] + 1);
  return Array.from({ length: n }, (_, i) => i).filter((i) => (inOrder ? numbers[i] : i) % pace === 0);
}

/** @typedef {ReturnType<typeof wavesPlace>} WavesPlace */

/** Where the waves lie in a picture of this width. @param {number} width @param {number} n */
export function wavesPlace(width, n) {
  const narrow = width < 480, left = narrow ? 68 : 74, right = width - (narrow ? 8 : 74);
  return { width, narrow, left, right, x: (/** @type {number} */ i) => left + ((right - left) * i) / Math.max(1, n - 1) };
}

/** How many times smaller waves are drawn, so that the largest crest fits: lanes of one scale, all alike.
 * @param {Pick<Lane, "actual" | "ideal" | "scale">[]} lanes */
export function waveTimes(lanes) {
  const reach = lanes.flatMap(({ actual, ideal, scale }) => [...Array.from(actual), ...Array.from(ideal)].map((v) => Math.abs(v) / scale));
  return timesSmaller(reach.reduce((far, r) => Math.max(far, r), 0), LANE_ROOM);
}

/** @param {Canvas} g @param {Waves} data @param {WavesPlace} place @param {number} height @param {Theme} theme */
export function drawWaves(g, data, place, height, theme) {
  const bottom = height - FOOT, { x, left, right, width } = place, times = waveTimes(data.lanes), timesSum = waveTimes([data.total]);
  g.strokeStyle = theme.muted;
  line(g, x(data.right), TOP - 6, x(data.right), bottom);
  g.font = theme.font(SMALL, 600);
  g.fillStyle = theme.text;
  write(g, data.rightLabel, Math.max(left + 40, Math.min(width - 60, x(data.right))), 8, "center");
  data.lanes.forEach((lane, i) => {
    const colour = theme.frequency(lane.order), y = laneScale(TOP + i * LANE, LANE, lane.scale * times);
    drawLane(g, lane, place, y, colour, theme);
    dot(g, x(data.right), y(lane.actual[data.right]), 3.5, colour);
  });
  const y = laneScale(bottom - SUM, SUM, data.total.scale * timesSum), wins = y(data.total.actual[data.winner]), at = x(data.winner);
  drawLane(g, data.total, place, y, theme.text, theme);
  dot(g, x(data.right), y(data.total.actual[data.right]), 3.5, theme.text);
  circle(g, at, wins, 7, theme.text);
  g.fillStyle = theme.text;
  g.font = theme.font(13, 600);
  const end = at > right - 90;
  write(g, data.winnerLabel, at + (end ? -12 : 12), wins, end ? "right" : "left");
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  for (const i of waveTicks(data.numbers, right - left)) write(g, data.names(data.numbers[i]), x(i), bottom + 10, "center");
  write(g, data.axis, (left + right) / 2, bottom + 24, "center");
  for (const [smaller, top] of [[times, TOP], [timesSum, bottom - SUM]]) {
    if (smaller > 1) write(g, sizeInWords(smaller), left + 2, top + 6);
  }
}

/** From a value to its height in a lane, `scale` being full height.
 * @param {number} top @param {number} tall @param {number} scale @returns {(value: number) => number} */
function laneScale(top, tall, scale) {
  return (value) => top + tall / 2 - ((value / scale) * tall) / (2 * LANE_ROOM);
}

/** @param {Canvas} g @param {Lane} lane @param {WavesPlace} place @param {(value: number) => number} y @param {string} colour
 * @param {Theme} theme */
function drawLane(g, { title, note, actual, ideal }, place, y, colour, theme) {
  g.strokeStyle = theme.hair;
  line(g, place.left, y(0), place.right, y(0));
  g.strokeStyle = theme.muted;
  drawWave(g, ideal, place, y, [3, 3], 1.2);
  g.strokeStyle = colour;
  drawWave(g, actual, place, y, [], 1.8);
  g.fillStyle = colour;
  g.font = theme.font(SMALL, 600);
  write(g, title, place.left - 8, y(0), "right");
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  if (!place.narrow) write(g, note, place.right + 8, y(0));
}

/** @param {Canvas} g @param {ArrayLike<number>} values @param {WavesPlace} place @param {(value: number) => number} y
 * @param {number[]} dashes @param {number} weight */
function drawWave(g, values, place, y, dashes, weight) {
  g.setLineDash(dashes);
  g.lineWidth = weight;
  g.beginPath();
  for (let i = 0; i < values.length; i++) g.lineTo(place.x(i), y(values[i]));
  g.stroke();
  g.setLineDash([]);
  g.lineWidth = 1;
}
