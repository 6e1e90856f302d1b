// All questions of a group with one neuron beside them: what it sees of a, as bars along the rows, and of b, along the
// columns. A button puts rows and columns into the order of cosets, and what looked like noise becomes steps and blocks.

/** @import { Canvas, Theme } from "../../film/js/contract.js" */
/** @import { CosetsData, Page, Picture, Side } from "./contract.js" */

import { cleanCanvas, fitCanvas, line, makeCanvas, screenScale, write } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { NOTHING, pointAt } from "../../film/js/kit/hover.js";
import { SMALL } from "../../film/js/kit/theme.js";
import { nameOf } from "../../film/js/kit/timeline.js";
import { readable } from "../../film/js/kit/wording.js";
import { legendEntry } from "./legend.js";

const WIDEST = 480, BARS = 84, GAP = 8, LETTER = 16; // pixels: the table, the bars, between them, and for a and b
const ORDER_MS = 600;
const REACH = 1.05; // of the largest bar, that there is room for

/** Which pictures of this page are in order: one that is built anew, at another step, stays as it was.
 * @type {Map<string, boolean>} */
const inOrder = (globalThis.grokvizCosets ??= new Map());

/** Where every element stands, `share` of the way from its number to its place in the order.
 * @param {number[]} order the elements, in their order @param {number} share @returns {Float64Array} */
export function standing(order, share) {
  const at = new Float64Array(order.length);
  order.forEach((element, place) => (at[element] = element + (place - element) * share));
  return at;
}

/** Slow, fast, slow. @param {number} share of the time @returns {number} of the way */
export const eased = (share) => (share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2);

/** @param {CosetsData} data @param {Page} page @returns {Picture} */
export function makeCosets(data, page) {
  const canvas = makeCanvas("pic-canvas", data.label), legend = make("ul", "pic-legend pic-plain");
  const cells = Uint8Array.from(atob(data.cells), (c) => c.charCodeAt(0)), motion = makeMotion(data.memory);
  const button = make("button", "pic-button", { type: "button", onclick: () => {
    motion.turn();
    page.repaint();
  } });
  const holder = make("div", "pic-cosets", {}, button, canvas, legend), state = { place: tablePlace(0), motion };
  listenToTable(canvas, data, cells, state, page);

  /** @param {Theme} theme */
  function paint(theme) {
    const place = (state.place = tablePlace(Math.floor(holder.clientWidth)));
    if (place.size <= 0) return;
    motion.advance();
    button.textContent = motion.to ? data.backWords : data.orderWords;
    const scale = screenScale(), shade = theme.dark ? 1 : 0;
    fitCanvas(canvas, place.width, place.height, scale);
    const g = cleanCanvas(canvas, scale);
    const rows = standing(data.a.order, motion.share), columns = standing(data.b.order, motion.share);
    drawTable(g, cells, data.colours.map((both) => both[shade]), place, { rows, columns }, scale);
    drawBars(g, data.a, place, rows, true, theme);
    drawBars(g, data.b, place, columns, false, theme);
    if (motion.share === 1) drawCosets(g, data, place, theme);
    legend.replaceChildren(...data.words.map((word, i) => legendEntry(word, data.colours[i][shade])));
    if (motion.share !== motion.to) page.repaint();
  }

  return { element: holder, paint };
}

/** @typedef {ReturnType<typeof makeMotion>} Motion */

/** The way to the order of cosets and back: `share` of it is gone, and `to` is where it goes.
 * @param {string} memory by which the page remembers it */
function makeMotion(memory) {
  const start = inOrder.get(memory) ? 1 : 0;
  const motion = {
    share: start, from: start, to: start, since: 0,
    turn() {
      [motion.from, motion.to, motion.since] = [motion.share, 1 - motion.to, performance.now()];
      inOrder.set(memory, motion.to === 1);
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) motion.share = motion.to;
    },
    advance() {
      if (motion.share === motion.to) return;
      const gone = Math.min(1, (performance.now() - motion.since) / ORDER_MS);
      motion.share = gone === 1 ? motion.to : motion.from + (motion.to - motion.from) * eased(gone);
    },
  };
  return motion;
}

/** The pointer names elements, and what the neuron sees of them.
 * @param {HTMLCanvasElement} canvas @param {CosetsData} data @param {Uint8Array} cells
 * @param {{ place: Place, motion: Motion }} state @param {Page} page */
function listenToTable(canvas, data, cells, state, page) {
  canvas.onpointermove = (event) => {
    const found = elementsAt(data, state.place, state.motion.share, event.offsetX, event.offsetY);
    if (!found) return leave();
    const { a, b } = found, said = [];
    if (a !== null && b !== null) {
      pointAt({ numbers: [a, b], pair: [a, b], answer: null });
      said.push(`${data.question.replace("{a}", nameOf(data, a)).replace("{b}", nameOf(data, b))}: ${data.words[cells[a * data.n + b]]}`);
    } else pointAt({ numbers: [/** @type {number} */ (a ?? b)], pair: null, answer: null });
    if (a !== null) said.push(`the neuron sees ${readable(data.a.values[a])} of a = ${nameOf(data, a)}`);
    if (b !== null) said.push(`${a === null ? "the neuron sees " : ""}${readable(data.b.values[b])} of b = ${nameOf(data, b)}`);
    page.say(said.join("; "));
  };
  canvas.onpointerleave = leave;
  function leave() {
    pointAt(NOTHING);
    page.say("");
  }
}

/** @typedef {ReturnType<typeof tablePlace>} Place */

/** Where the table lies, with the bars of a at its left and those of b above. @param {number} width of the page */
function tablePlace(width) {
  const bars = width < 480 ? 52 : BARS, before = LETTER + bars + GAP, size = Math.min(width - before - 1, WIDEST);
  return { bars, x: before, y: before, size, width: before + size + 1, height: before + size + 1 };
}

/** Cells as they stand, on whole device pixels as far as they can.
 * @param {Canvas} g @param {Uint8Array} cells @param {string[]} colours @param {Place} place
 * @param {{ rows: Float64Array, columns: Float64Array }} at @param {number} scale */
function drawTable(g, cells, colours, { x, y, size }, { rows, columns }, scale) {
  const n = rows.length, cell = size / n, snap = (/** @type {number} */ v) => Math.round(v * scale) / scale;
  const left = Float64Array.from(columns, (c) => snap(x + c * cell)), right = Float64Array.from(columns, (c) => snap(x + (c + 1) * cell));
  colours.forEach((colour, kind) => {
    g.fillStyle = colour;
    for (let a = 0; a < n; a++) {
      const top = snap(y + rows[a] * cell), tall = snap(y + (rows[a] + 1) * cell) - top;
      for (let b = 0, j = a * n; b < n; b++, j++) if (cells[j] === kind) g.fillRect(left[b], top, right[b] - left[b], tall);
    }
  });
}

/** One bar an element: of a to the left of its row, of b above its column; from the middle, to either side.
 * @param {Canvas} g @param {Side} side @param {Place} place @param {Float64Array} at @param {boolean} isRow
 * @param {Theme} theme */
function drawBars(g, { values, scale }, { x, y, size, bars }, at, isRow, theme) {
  const n = values.length, cell = size / n, middle = LETTER + bars / 2, thick = Math.max(cell * 0.8, 0.8);
  g.strokeStyle = theme.hair;
  if (isRow) line(g, middle, y, middle, y + size);
  else line(g, x, middle, x + size, middle);
  g.fillStyle = theme.text;
  for (let i = 0; i < n; i++) {
    const long = (Math.max(-1, Math.min(1, values[i] / scale)) * bars) / (2 * REACH), along = (at[i] + 0.5) * cell - thick / 2;
    if (isRow) g.fillRect(middle, y + along, long, thick);
    else g.fillRect(x + along, middle, thick, -long);
  }
  [g.font, g.fillStyle] = [theme.font(SMALL, 600), theme.muted];
  if (isRow) write(g, "a", LETTER / 2, y + size / 2, "center");
  else write(g, "b", x + size / 2, LETTER / 2, "center");
}

/** Lines where one coset ends and the next begins.
 * @param {Canvas} g @param {CosetsData} data @param {Place} place @param {Theme} theme */
function drawCosets(g, { a, b, n }, { x, y, size }, theme) {
  g.strokeStyle = theme.background;
  for (const start of a.starts) line(g, LETTER, y + (start * size) / n, x + size, y + (start * size) / n);
  for (const start of b.starts) line(g, x + (start * size) / n, LETTER, x + (start * size) / n, y + size);
}

/** The elements under a point: of a in the rows, of b in the columns, or of both in the table.
 * @param {CosetsData} data @param {Place} place @param {number} share @param {number} px @param {number} py
 * @returns {{ a: number | null, b: number | null } | null} */
export function elementsAt({ n, a, b }, { x, y, size }, share, px, py) {
  const row = Math.floor(((py - y) / size) * n), column = Math.floor(((px - x) / size) * n);
  const find = (/** @type {number} */ at, /** @type {number[]} */ order) => (at < 0 || at >= n ? null : share > 0.5 ? order[at] : at);
  const found = { a: find(row, a.order), b: find(column, b.order) };
  return found.a === null && found.b === null ? null : found;
}
