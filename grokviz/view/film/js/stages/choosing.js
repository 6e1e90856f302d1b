// Maps of all pairs on which one is chosen: the frame around it, and what a click chooses.

/** @import { Canvas, Context, Theme } from "../contract.js" */
/** @import { Place } from "../kit/maps.js" */

import { mapPlace, pairAt } from "../kit/maps.js";

/** A frame around the pair in view.
 * @param {Canvas} g @param {Place} place @param {number} p @param {[number, number]} pair @param {Theme} theme */
export function drawChosen(g, place, p, [a, b], theme) {
  const cell = place.size / p, side = Math.max(cell, 7) + 2;
  for (const [colour, weight] of /** @type {[string, number][]} */ ([[theme.background, 4], [theme.text, 2]])) {
    [g.strokeStyle, g.lineWidth] = [colour, weight];
    g.strokeRect(place.x + (b + 0.5) * cell - side / 2, place.y + (a + 0.5) * cell - side / 2, side, side);
  }
  g.lineWidth = 1;
}

/** @param {HTMLCanvasElement} canvas @param {() => { context: Context } | null} now
 * @param {(pair: [number, number]) => void} choose */
export function listenToClicks(canvas, now, choose) {
  canvas.style.cursor = "crosshair";
  canvas.onclick = ({ offsetX, offsetY }) => {
    const shown = now()?.context, p = shown?.timeline.header.p ?? 0;
    const found = shown && pairAt(mapPlace(shown.width, shown.height, shown.scale, p), p, offsetX, offsetY);
    if (found) choose(found);
  };
}
