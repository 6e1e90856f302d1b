// Numbers as dots in the plane of a frequency, drawn and found under the pointer here, for film and pictures alike.

/** @import { Canvas, Theme } from "../contract.js" */

import { circle, dot, write } from "./canvas.js";
import { SMALL } from "./theme.js";

/** @typedef {[number, number]} Point */
/** @typedef {{ x: number, y: number, r: number }} RingPlace middle and radius, in pixels */

/** Where rings go, as large as they can be, with room for a line of text under each.
 * @param {number} count @param {number} width @param {number} height @returns {RingPlace[]} */
export function ringPlaces(count, width, height) {
  const label = 20;
  let best = { r: 0, columns: 1, rows: count };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns), r = Math.min(width / columns, height / rows - label) / 2;
    if (r > best.r) best = { r, columns, rows };
  }
  return Array.from({ length: count }, (_, order) => {
    const row = Math.floor(order / best.columns), inRow = Math.min(best.columns, count - row * best.columns);
    const x = width / 2 + ((order % best.columns) - (inRow - 1) / 2) * Math.max(2 * best.r, width / best.columns);
    const pitch = Math.min(height / best.rows, 2 * best.r + label + 18);
    return { x, y: height / 2 + (row - (best.rows - 1) / 2) * pitch - label / 2, r: best.r - 3 };
  });
}

/** From the plane of a ring to the canvas, `unit` pixels to 1.
 * @param {RingPlace} place @param {number} unit @param {number} x @param {number} y @returns {Point} */
export function onRing(place, unit, x, y) {
  return [place.x + x * unit, place.y - y * unit];
}

/** The circle that the dots ought to lie on.
 * @param {Canvas} g @param {RingPlace} place @param {number} radius in pixels @param {Theme} theme */
export function drawRingCircle(g, place, radius, theme) {
  circle(g, place.x, place.y, Math.abs(radius), theme.faint);
}

/** The dots, one after the other.
 * @param {Canvas} g @param {Point[]} points @param {number} size @param {(i: number) => string} colourOf */
export function drawRingDots(g, points, size, colourOf) {
  points.forEach(([x, y], i) => dot(g, x, y, size, colourOf(i)));
}

const MARK = 6, TEXT_HEIGHT = 14; // pixels
const REACHES = [MARK + 3, MARK + 18], TURNS = [0, 0.8, -0.8, 1.6, -1.6, 2.4, -2.4]; // pixels; radians away from the middle

/** Where the names of marked points go: towards the middle, or beside that where another name or point is there already.
 * @param {Point[]} points @param {number[]} widths of the names @param {Pick<RingPlace, "x" | "y">} middle @returns {Point[]} */
export function markPlaces(points, widths, middle) {
  const taken = points.map(([x, y]) => ({ x, y, w: MARK, h: MARK })); // half of width and height
  return points.map(([x, y], i) => {
    const inward = Math.atan2(middle.y - y, middle.x - x), w = widths[i] / 2, h = TEXT_HEIGHT / 2;
    const spots = REACHES.flatMap((reach) => TURNS.map((turn) => {
      const ux = Math.cos(inward + turn), uy = Math.sin(inward + turn), far = reach + Math.abs(ux) * w + Math.abs(uy) * h;
      return { x: x + ux * far, y: y + uy * far, w, h };
    }));
    const free = spots.find((spot) => taken.every((other) => Math.abs(spot.x - other.x) >= spot.w + other.w || Math.abs(spot.y - other.y) >= spot.h + other.h));
    taken.push(free ?? spots[0]);
    return [(free ?? spots[0]).x, (free ?? spots[0]).y];
  });
}

/** What is marked of these numbers on a ring. @param {number[]} numbers @param {number[]} order the number of each point
 * @param {Point[]} points @param {(number: number) => string} nameOf */
export function marksOf(numbers, order, points, nameOf) {
  return numbers.flatMap((number) => {
    const at = order.indexOf(number);
    return at < 0 ? [] : [{ point: points[at], name: nameOf(number) }];
  });
}

/** The numbers pointed at, each marked and named once.
 * @param {Canvas} g @param {{ point: Point, name: string }[]} marks @param {RingPlace} place @param {Theme} theme */
export function drawRingMarks(g, marks, place, theme) {
  const named = marks.filter(({ name }, i) => marks.findIndex((other) => other.name === name) === i);
  g.font = theme.font(SMALL, 600);
  const places = markPlaces(named.map(({ point }) => point), named.map(({ name }) => g.measureText(name).width), place);
  named.forEach(({ point: [x, y], name }, i) => {
    dot(g, x, y, MARK, theme.text);
    dot(g, x, y, MARK - 2, theme.background);
    g.fillStyle = theme.text;
    write(g, name, ...places[i], "center");
  });
}

/** Which point is nearest, -1 if none is within reach.
 * @param {Point[]} points @param {number} x @param {number} y @returns {{ i: number, far: number }} */
export function nearestPoint(points, x, y, reach = Infinity) {
  let i = -1, far = reach;
  points.forEach(([px, py], j) => {
    const away = Math.hypot(px - x, py - y);
    if (away < far) [i, far] = [j, away];
  });
  return { i, far };
}

/** How well dots fit a clock of frequency k: |correlation| with exp(i w_k n), either way around, 0 to 1.
 * @param {ArrayLike<number>} dots x and y of each number @param {number} k */
export function clockness(dots, k) {
  const p = dots.length / 2;
  let [forthX, forthY, backX, backY, energy] = [0, 0, 0, 0, 0];
  for (let n = 0; n < p; n++) {
    const x = dots[2 * n], y = dots[2 * n + 1];
    const c = Math.cos((2 * Math.PI * k * n) / p), s = Math.sin((2 * Math.PI * k * n) / p);
    forthX += x * c + y * s; forthY += y * c - x * s;
    backX += x * c - y * s; backY += y * c + x * s;
    energy += x * x + y * y;
  }
  return Math.max(Math.hypot(forthX, forthY), Math.hypot(backX, backY)) / Math.sqrt(energy * p || 1);
}
