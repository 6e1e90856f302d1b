// Pictures of all p x p questions: row a from the top, column b from the left. One pixel a pair, scaled without smoothing.

/** @import { Canvas, Hover, Theme, Timeline } from "../contract.js" */

import { write } from "./canvas.js";
import { SMALL } from "./theme.js";
import { pairHover } from "./timeline.js";

/** @typedef {{ x: number, y: number, size: number }} Place of a square, in pixels */
/** @typedef {ReturnType<typeof makePicture>} Picture */

export const MOST_SMALL_MAPS = 9;

/** A picture whose `words` are its pixels; `flush` after they have changed.
 * @param {number} p */
export function makePicture(p) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [p, p];
  const context = /** @type {Canvas} */ (canvas.getContext("2d")), image = context.createImageData(p, p);
  return {
    canvas, words: new Uint32Array(image.data.buffer), flush: () => context.putImageData(image, 0, 0),
    large: /** @type {HTMLCanvasElement | null} */ (null),
  };
}

/** A square of a whole number of device pixels a pair, unless that would leave much of the room empty.
 * @param {number} room @param {number} count of pairs @param {number} scale */
export function wholeSquare(room, count, scale) {
  const square = (Math.floor((room * scale) / count) * count) / scale;
  return square >= room * 0.9 ? square : room;
}

/** Unsmoothed where a pair is a whole number of pixels; else by a sharp enlargement, then smoothly down, so that
 * all pairs look alike and fine stripes do not beat with the screen's pixels.
 * @param {Canvas} g @param {Picture} picture @param {Place} place @param {number} scale */
export function drawPicture(g, picture, { x, y, size }, scale) {
  const { canvas } = picture, ratio = (size * scale) / canvas.width, times = Math.ceil(ratio - 1e-6);
  g.imageSmoothingEnabled = times - ratio > 1e-3;
  if (!g.imageSmoothingEnabled) return void g.drawImage(canvas, x, y, size, size);
  const large = (picture.large ??= document.createElement("canvas")), side = canvas.width * times;
  if (large.width !== side) large.width = large.height = side;
  const enlarged = /** @type {Canvas} */ (large.getContext("2d"));
  enlarged.imageSmoothingEnabled = false;
  enlarged.drawImage(canvas, 0, 0, side, side);
  g.drawImage(large, x, y, size, size);
}

/** First and last number, where they are numbers, and the name of rows and columns.
 * @param {Canvas} g @param {Place} place @param {number} p @param {Theme} theme @param {string[]} [names] */
export function drawMapAxes(g, { x, y, size }, p, theme, names = []) {
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  if (!names.length) {
    for (const n of [0, p - 1]) write(g, n, x - 6, y + ((n + 0.5) / p) * size, "right");
    write(g, 0, x, y + size + 15, "left", "alphabetic");
    write(g, p - 1, x + size, y + size + 15, "right", "alphabetic");
  }
  write(g, "a", x - 6, y + size / 2, "right");
  write(g, "b", x + size / 2, y + size + 15, "center", "alphabetic");
}

/** The pair at a point of the canvas.
 * @param {Place} place @param {number} p @param {number} px @param {number} py @returns {[number, number] | null} */
export function pairAt({ x, y, size }, p, px, py) {
  const a = Math.floor(((py - y) / size) * p), b = Math.floor(((px - x) / size) * p);
  return a >= 0 && b >= 0 && a < p && b < p ? [a, b] : null;
}

/** A pair that is pointed at as its row and its column; other numbers as a row and a column each.
 * @param {Canvas} g @param {Place} place @param {number} p @param {Hover} hover @param {Theme} theme */
export function drawCross(g, { x, y, size }, p, { numbers, pair }, theme) {
  const cell = size / p, [rows, columns] = pair ? [[pair[0]], [pair[1]]] : [numbers, numbers];
  g.strokeStyle = theme.dark ? "#fff" : "#000";
  g.lineWidth = 1;
  g.globalAlpha = 0.75;
  for (const a of rows) if (a >= 0 && a < p) g.strokeRect(x - 0.5, y + a * cell - 1, size + 1, cell + 2);
  for (const b of columns) if (b >= 0 && b < p) g.strokeRect(x + b * cell - 1, y - 0.5, cell + 2, size + 1);
  g.globalAlpha = 1;
}

/** Where one map goes, with room for its axes and a line of text above.
 * @param {number} width @param {number} height @param {number} scale @param {number} p
 * @param {number} [left] room for what stands beside its rows, in pixels @returns {Place} */
export function mapPlace(width, height, scale, p, left = 28) {
  const top = 24, bottom = 20;
  const size = wholeSquare(Math.min(width - left - 2, height - top - bottom), p, scale);
  return { x: left + Math.max(0, Math.floor((width - left - size) / 2)), y: top, size };
}

/** Where several small maps go, each with a line of text above it.
 * @param {number} count @param {number} width @param {number} height @param {number} p @param {number} scale
 * @returns {Place[]} */
export function smallPlaces(count, width, height, p, scale) {
  const label = 20, gap = 12, below = 4;
  let best = { size: 0, columns: 1 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const size = Math.min((width - gap * (columns - 1)) / columns, height / rows - label - below);
    if (size > best.size) best = { size, columns };
  }
  const size = wholeSquare(best.size, p, scale);
  const pitch = best.columns > 1 ? Math.min((width - size) / (best.columns - 1), size + 48) : 0;
  return Array.from({ length: count }, (_, i) => ({
    x: Math.round((i % best.columns) * pitch),
    y: Math.floor(i / best.columns) * (best.size + label + below) + label,
    size,
  }));
}

/** A line above each small map.
 * @param {Canvas} g @param {Place[]} places @param {[string, string][][]} words text and colour, several to a line
 * @param {Theme} theme */
export function drawSmallLabels(g, places, words, theme) {
  g.font = theme.font(SMALL);
  places.forEach(({ x, y }, i) => {
    let left = x;
    for (const [text, colour] of words[i]) {
      g.fillStyle = colour;
      write(g, text, left, y - 6, "left", "alphabetic");
      left += g.measureText(text).width + 5;
    }
  });
}

/** What is pointed at on one of several small maps, and `words` about it: the pair, and the cell in which it stands.
 * @param {Place[]} places @param {Timeline} timeline @param {number} x @param {number} y
 * @param {(map: number, pair: [number, number], cell: [number, number]) => string} words */
export function hoverSmall(places, timeline, x, y, words) {
  const { n, rows, columns } = mapOrder(timeline);
  for (const [i, place] of places.entries()) {
    const cell = pairAt(place, n, x, y);
    if (!cell) continue;
    /** @type {[number, number]} */
    const pair = [rows[cell[0]], columns[cell[1]]];
    return pairHover(timeline, pair, words(i, pair, cell));
  }
  return null;
}

/** Which number stands in each row and column of a map that is looked at for its waves: as they are numbered or, where a
 * product adds their exponents, in the order of the powers; 0 is none of those.
 * @typedef {{ n: number, rows: number[], columns: number[] }} MapOrder
 * @param {Timeline} timeline @returns {MapOrder} */
export function mapOrder({ header: { p, group } }) {
  const plain = Array.from({ length: p }, (_, i) => i);
  const [rows, columns] = group?.root ? [group.tokens, group.tokens_b] : [plain, plain];
  return { n: rows.length, rows, columns };
}

/** Numbers of all sources (a, b, "=") in the order of rows and columns.
 * @param {Float32Array} sources @param {MapOrder} order */
export function sourcesInOrder(sources, { n, rows, columns }) {
  const p = (sources.length - 1) / 2, moved = new Float32Array(2 * n + 1);
  for (let i = 0; i < n; i++) [moved[i], moved[n + i]] = [sources[rows[i]], sources[p + columns[i]]];
  moved[2 * n] = sources[2 * p];
  return moved;
}

/** `drawCross` where rows and columns stand in an order of their own.
 * @param {Canvas} g @param {Place} place @param {MapOrder} order @param {Hover} hover @param {Theme} theme */
export function drawOrderedCross(g, place, { n, rows, columns }, { numbers, pair }, theme) {
  /** @type {[number, number][]} */
  const pairs = pair ? [pair] : numbers.map((number) => [number, number]);
  for (const [a, b] of pairs) {
    drawCross(g, place, n, { numbers: [], pair: [rows.indexOf(a), columns.indexOf(b)], answer: null }, theme);
  }
}
