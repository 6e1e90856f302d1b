// Every pair as a cell, row a, column b; a click or the arrow keys choose one.

/** @import { Canvas, Hover, Theme } from "../../film/js/contract.js" */
/** @import { Place } from "../../film/js/kit/maps.js" */
/** @import { MapData, Page, Picture } from "./contract.js" */

import { cleanCanvas, fitCanvas, makeCanvas, screenScale } from "../../film/js/kit/canvas.js";
import { abgr, parseColour } from "../../film/js/kit/colours.js";
import { make } from "../../film/js/kit/dom.js";
import { NOTHING, pointAt } from "../../film/js/kit/hover.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, pairAt } from "../../film/js/kit/maps.js";
import { nameOf } from "../../film/js/kit/timeline.js";

const AXIS = 34, LARGEST = 470; // pixels, for the labels and for all
const CHOSEN_MS = 300; // a key that is held down chooses where it ends
/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {MapData} data @param {Page} page @returns {Picture} */
export function makeMap(data, page) {
  const canvas = makeCanvas("pic-canvas", data.label), legend = make("ul", "pic-legend");
  const holder = make("div", "pic-map", {}, canvas, legend);
  const cells = Uint8Array.from(atob(data.cells), (c) => c.charCodeAt(0)), { p } = data, picture = makePicture(p);
  /** @type {State} */
  const state = { a: data.a, b: data.b, place: { x: AXIS, y: 0, size: 0 } };
  listenToMap(canvas, data, cells, state, page);

  /** @param {Theme} theme @param {Hover} hover */
  function paint(theme, hover) {
    const width = Math.floor(holder.clientWidth), shade = theme.dark ? 1 : 0, scale = screenScale();
    if (!width) return;
    state.place.size = Math.min(width, LARGEST) - AXIS;
    const colours = data.colours.map((both) => abgr(parseColour(both[shade], "#888888"))), { place } = state;
    cells.forEach((cell, i) => (picture.words[i] = colours[cell]));
    picture.flush();
    fitCanvas(canvas, place.size + AXIS, place.size + AXIS, scale);
    const g = cleanCanvas(canvas, scale);
    drawPicture(g, picture, place, scale);
    drawMapAxes(g, place, p, theme, data.names);
    drawCross(g, place, p, hover, theme);
    drawChosen(g, state, p, theme);
    legend.replaceChildren(...data.words.map((word, i) => legendEntry(word, data.colours[i][shade])));
  }

  return { element: holder, paint };
}

/** @typedef {{ a: number, b: number, place: Place }} State the chosen pair, and where the map lies */

/** A frame around the chosen pair.
 * @param {Canvas} g @param {State} state @param {number} p @param {Theme} theme */
function drawChosen(g, { a, b, place }, p, theme) {
  const cell = place.size / p, side = Math.max(cell, 7) + 2;
  const x = place.x + (b + 0.5) * cell - side / 2, y = place.y + (a + 0.5) * cell - side / 2;
  for (const [colour, weight] of /** @type {[string, number][]} */ ([[theme.background, 4], [theme.text, 2]])) {
    [g.strokeStyle, g.lineWidth] = [colour, weight];
    g.strokeRect(x, y, side, side);
  }
}

/** @param {string} word @param {string} colour */
export function legendEntry(word, colour) {
  const swatch = make("span", "pic-swatch");
  swatch.style.background = colour;
  return make("li", "", {}, swatch, word);
}

/** The pointer names pairs, a click or the arrow keys choose one.
 * @param {HTMLCanvasElement} canvas @param {MapData} data @param {Uint8Array} cells @param {State} state @param {Page} page */
function listenToMap(canvas, data, cells, state, page) {
  const { p } = data;
  let later = 0;
  const tell = (/** @type {number} */ a, /** @type {number} */ b) =>
    page.say(`${data.question.replace("{a}", nameOf(data, a)).replace("{b}", nameOf(data, b))}: ${data.words[cells[a * p + b]]}`);
  canvas.onpointermove = (event) => {
    const pair = pairAt(state.place, p, event.offsetX, event.offsetY);
    pointAt(pair ? { numbers: pair, pair, answer: null } : NOTHING);
    if (pair) tell(...pair);
  };
  canvas.onpointerleave = () => {
    pointAt(NOTHING);
    page.say("");
  };
  canvas.onclick = (event) => {
    const pair = pairAt(state.place, p, event.offsetX, event.offsetY);
    if (!pair) return;
    [state.a, state.b] = pair;
    page.repaint();
    page.pick({ a: state.a, b: state.b });
  };
  canvas.tabIndex = 0;
  canvas.onkeydown = (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation(); // the film moves by arrows too
    [state.a, state.b] = [(state.a + move[0] + p) % p, (state.b + move[1] + p) % p];
    page.repaint();
    tell(state.a, state.b);
    clearTimeout(later);
    later = setTimeout(() => page.pick({ a: state.a, b: state.b }), CHOSEN_MS);
  };
}
