// One wave over the answers for each frequency, in lanes below each other, and their sum: it peaks where all agree.

/** @import { Canvas, Hover, Theme } from "../../film/js/contract.js" */
/** @import { Lane, Page, Picture, WavesData } from "./contract.js" */

import { circle, cleanCanvas, dot, fitCanvas, line, makeCanvas, screenScale, write } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { marked, NOTHING, pointAt } from "../../film/js/kit/hover.js";
import { SMALL } from "../../film/js/kit/theme.js";
import { readable } from "../../film/js/kit/wording.js";
import { sizeInWords, timesSmaller } from "./fit.js";

const LANE = 54, SUM = 160, TOP = 24, FOOT = 30, ROOM = 1.25; // pixels; and times full height, what a lane has room for

/** @param {WavesData} data @param {Page} page @returns {Picture} */
export function makeWaves(data, page) {
  const canvas = makeCanvas("pic-canvas", data.label), holder = make("div", "pic-waves", {}, canvas);
  const height = TOP + data.lanes.length * LANE + SUM + FOOT, n = data.numbers.length;
  let place = placeOf(0, n), own = NOTHING; // what is pointed at here, where the numbers are nobody else's

  /** @param {Theme} theme @param {Hover} hover */
  function paint(theme, hover) {
    place = placeOf(Math.floor(holder.clientWidth), n);
    if (!place.width) return;
    const scale = screenScale();
    fitCanvas(canvas, place.width, height, scale);
    drawWaves(cleanCanvas(canvas, scale), data, place, height, theme);
    const g = /** @type {Canvas} */ (canvas.getContext("2d"));
    g.strokeStyle = theme.muted;
    for (const number of marked(data.shared ? hover : own, "answers")) {
      const i = data.numbers.indexOf(number);
      if (i >= 0) line(g, place.x(i), TOP, place.x(i), height - FOOT);
    }
  }

  /** @param {Hover} hover */
  function point(hover) {
    if (data.shared) return pointAt(hover);
    own = hover;
    page.repaint();
  }

  canvas.onpointermove = (event) => {
    const i = Math.max(0, Math.min(n - 1, Math.round(((event.offsetX - place.left) / (place.right - place.left)) * (n - 1))));
    point({ numbers: [data.numbers[i]], pair: null, answer: null });
    const parts = data.lanes.map((lane) => `${lane.title}: ${readable(lane.actual[i])}`).join(", ");
    page.say(`answer ${data.numbers[i]}: logit ${readable(data.total.actual[i])}, waves add up to ${readable(data.total.ideal[i])} (${parts})`);
  };
  canvas.onpointerleave = () => {
    point(NOTHING);
    page.say("");
  };
  return { element: holder, paint };
}

/** @typedef {ReturnType<typeof placeOf>} Place */

/** Where the waves lie in a picture of this width. @param {number} width @param {number} n */
function placeOf(width, n) {
  const narrow = width < 480, left = narrow ? 52 : 74, right = width - (narrow ? 8 : 74);
  return { width, narrow, left, right, x: (/** @type {number} */ i) => left + ((right - left) * i) / Math.max(1, n - 1) };
}

/** How many times smaller waves are drawn, so that the largest crest fits: lanes of one scale, all alike.
 * @param {Pick<Lane, "actual" | "ideal" | "scale">[]} lanes */
export function waveTimes(lanes) {
  const reach = lanes.flatMap(({ actual, ideal, scale }) => [...actual, ...ideal].map((v) => Math.abs(v) / scale));
  return timesSmaller(reach.reduce((far, r) => Math.max(far, r), 0), ROOM);
}

/** @param {Canvas} g @param {WavesData} data @param {Place} place @param {number} height @param {Theme} theme */
function drawWaves(g, data, place, height, theme) {
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
  for (const i of data.ticks) write(g, data.numbers[i], x(i), bottom + 10, "center");
  write(g, data.axis, (left + right) / 2, bottom + 24, "center");
  for (const [smaller, top] of [[times, TOP], [timesSum, bottom - SUM]]) {
    if (smaller > 1) write(g, sizeInWords(smaller), left + 2, top + 6);
  }
}

/** From a value to its height in a lane, `scale` being full height.
 * @param {number} top @param {number} tall @param {number} scale @returns {(value: number) => number} */
function laneScale(top, tall, scale) {
  return (value) => top + tall / 2 - ((value / scale) * tall) / (2 * ROOM);
}

/** @param {Canvas} g @param {Lane} lane @param {Place} place @param {(value: number) => number} y @param {string} colour
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

/** @param {Canvas} g @param {number[]} values @param {Place} place @param {(value: number) => number} y
 * @param {number[]} dashes @param {number} weight */
function drawWave(g, values, place, y, dashes, weight) {
  g.setLineDash(dashes);
  g.lineWidth = weight;
  g.beginPath();
  values.forEach((value, i) => g.lineTo(place.x(i), y(value)));
  g.stroke();
  g.setLineDash([]);
  g.lineWidth = 1;
}
