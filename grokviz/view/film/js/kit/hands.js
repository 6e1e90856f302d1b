// Rings side by side with hands on them: where each goes, and a hand with its label.

/** @import { Canvas, Theme } from "../contract.js" */
/** @import { Point, RingPlace } from "./rings.js" */

import { circle, dot, line, write } from "./canvas.js";
import { SMALL } from "./theme.js";

const TITLE = 24, NOTE = 38, RING_GAP = 18, LEAST = 132, MOST = 196; // pixels

/** Where rings of one figure go, with a title over each and words under it.
 * @param {number} count @param {number} width
 * @returns {{ places: RingPlace[], side: number, height: number }} */
export function handPlaces(count, width) {
  const columns = Math.max(1, Math.min(count, Math.floor((width + RING_GAP) / (LEAST + RING_GAP))));
  const side = Math.min(MOST, (width - RING_GAP * (columns - 1)) / columns), rows = Math.max(1, Math.ceil(count / columns));
  const pitch = TITLE + side + NOTE;
  const places = Array.from({ length: count }, (_, i) => ({
    x: (i % columns) * (side + RING_GAP) + side / 2, y: Math.floor(i / columns) * pitch + TITLE + side / 2, r: side / 2 - 20,
  }));
  return { places, side, height: rows * pitch };
}

/** Frequency and words of one ring. @param {Canvas} g @param {RingPlace} place @param {number} side
 * @param {{ title: string, words: string[], order: number }} ring lines of words @param {Theme} theme */
export function drawRingWords(g, { x, y }, side, { title, words, order }, theme) {
  g.font = theme.font(13, 600);
  g.fillStyle = theme.frequency(order);
  write(g, title, x, y - side / 2 - 11, "center");
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  words.forEach((line, i) => write(g, line, x, y + side / 2 + 8 + 15 * i, "center"));
}

/** Where the label of a hand goes: beyond its tip, or before it where the frame ends, always in line with it.
 * @param {Point} tip in pixels from the middle @param {number} width of the label @param {number} side of the frame @returns {Point} */
export function labelPlace([x, y], width, side) {
  const length = Math.hypot(x, y), [ux, uy] = length ? [x / length, y / length] : [0, -1];
  const beyond = 8 + Math.abs(ux) * (width / 2) + Math.abs(uy) * 6, out = length + beyond;
  const fits = Math.abs(ux * out) + width / 2 <= side / 2 && Math.abs(uy * out) + 7 <= side / 2;
  const along = fits ? out : length - beyond;
  return [ux * along, uy * along];
}

/** From the middle to where its number is; a hollow dot where it ought to be.
 * @param {Canvas} g @param {{ label: string, dashed: boolean, colour: string }} hand @param {RingPlace} place @param {number} side
 * @param {{ actual: Point, right: Point }} tips @param {Theme} theme */
export function drawHand(g, { label, dashed, colour }, place, side, { actual, right }, theme) {
  [g.strokeStyle, g.lineWidth] = [colour, dashed ? 1.5 : 2.5];
  g.setLineDash(dashed ? [4, 3] : []);
  line(g, place.x, place.y, ...actual);
  g.setLineDash([]);
  g.lineWidth = 1.5;
  circle(g, ...right, 5.5, colour);
  dot(g, ...actual, 4, colour);
  [g.fillStyle, g.strokeStyle, g.lineWidth, g.font] = [theme.text, theme.background, 3, theme.font(SMALL, 600)];
  [g.textAlign, g.textBaseline] = ["center", "middle"];
  const [dx, dy] = labelPlace([actual[0] - place.x, actual[1] - place.y], g.measureText(label).width, side);
  g.strokeText(label, place.x + dx, place.y + dy);
  g.fillText(label, place.x + dx, place.y + dy);
  g.lineWidth = 1;
}
