// Every pair as a cell, row a, column b; a click or the arrow keys choose one.

/** @import { Hover, Theme } from "../../film/js/contract.js" */
/** @import { MapData, Page, Picture } from "./contract.js" */

import { cleanCanvas, fitCanvas, makeCanvas, screenScale } from "../../film/js/kit/canvas.js";
import { abgr, parseColour } from "../../film/js/kit/colours.js";
import { make } from "../../film/js/kit/dom.js";
import { NOTHING, pointAt } from "../../film/js/kit/hover.js";
import { drawCross, drawMapAxes, drawPicture, makePicture, pairAt } from "../../film/js/kit/maps.js";

const AXIS = 34, LARGEST = 470; // pixels, for the labels and for all
const CHOSEN_MS = 300; // a key that is held down chooses where it ends
/** @type {Record<string, [number, number]>} */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {MapData} data @param {Page} page @returns {Picture} */
export function makeMap(data, page) {
  const canvas = makeCanvas("pic-canvas", data.label), legend = make("ul", "pic-legend");
  const holder = make("div", "pic-map", {}, canvas, legend);
  const cells = Uint8Array.from(atob(data.cells), (c) => c.charCodeAt(0)), { p } = data, picture = makePicture(p);
  let { a, b } = data, place = { x: AXIS, y: 0, size: 0 }, later = 0;

  /** @param {Theme} theme @param {Hover} hover */
  function paint(theme, hover) {
    const width = Math.floor(holder.clientWidth), shade = theme.dark ? 1 : 0, scale = screenScale();
    if (!width) return;
    place = { ...place, size: Math.min(width, LARGEST) - AXIS };
    const colours = data.colours.map((both) => abgr(parseColour(both[shade], "#888888")));
    cells.forEach((cell, i) => (picture.words[i] = colours[cell]));
    picture.flush();
    fitCanvas(canvas, place.size + AXIS, place.size + AXIS, scale);
    const g = cleanCanvas(canvas, scale);
    drawPicture(g, picture, place, scale);
    drawMapAxes(g, place, p, theme);
    drawCross(g, place, p, hover, theme);
    const cell = place.size / p, size = Math.max(cell, 7), x = AXIS + (b + 0.5) * cell, y = (a + 0.5) * cell;
    for (const [colour, weight] of /** @type {[string, number][]} */ ([[theme.background, 4], [theme.text, 2]])) {
      [g.strokeStyle, g.lineWidth] = [colour, weight];
      g.strokeRect(x - size / 2 - 1, y - size / 2 - 1, size + 2, size + 2);
    }
    legend.replaceChildren(...data.words.map((word, i) => {
      const swatch = make("span", "pic-swatch");
      swatch.style.background = data.colours[i][shade];
      return make("li", "", {}, swatch, word);
    }));
  }

  const tell = (/** @type {number} */ i, /** @type {number} */ j) =>
    page.say(`${data.question.replace("{a}", String(i)).replace("{b}", String(j))}: ${data.words[cells[i * p + j]]}`);

  canvas.onpointermove = (event) => {
    const pair = pairAt(place, p, event.offsetX, event.offsetY);
    pointAt(pair ? { numbers: pair, pair, answer: null } : NOTHING);
    if (pair) tell(...pair);
  };
  canvas.onpointerleave = () => {
    pointAt(NOTHING);
    page.say("");
  };
  canvas.onclick = (event) => {
    const pair = pairAt(place, p, event.offsetX, event.offsetY);
    if (!pair) return;
    [a, b] = pair;
    page.repaint();
    page.pick({ a, b });
  };
  canvas.tabIndex = 0;
  canvas.onkeydown = (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation(); // the film moves by arrows too
    [a, b] = [(a + move[0] + p) % p, (b + move[1] + p) % p];
    page.repaint();
    tell(a, b);
    clearTimeout(later);
    later = setTimeout(() => page.pick({ a, b }), CHOSEN_MS);
  };
  return { element: holder, paint };
}
