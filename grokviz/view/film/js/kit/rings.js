// Numbers as dots in the plane of a frequency: where they stand, and how well they fit a clock.

import { dot } from "./canvas.js";
import { SMALL } from "./theme.js";

export const RING_MARGIN = 0.06;

export function ringPlaces(own, width, height) {
  const count = own.orders.length, label = 20;
  let best = { r: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns), r = Math.min(width / columns, height / rows - label) / 2;
    if (r > best.r) best = { r, columns, rows };
  }
  const r = best.r - 3;
  return own.orders.map((_, order) => {
    const row = Math.floor(order / best.columns), inRow = Math.min(best.columns, count - row * best.columns);
    const x = width / 2 + ((order % best.columns) - (inRow - 1) / 2) * Math.max(2 * best.r, width / best.columns);
    const pitch = Math.min(height / best.rows, 2 * best.r + label + 18);
    return { x, y: height / 2 + (row - (best.rows - 1) / 2) * pitch - label / 2, r };
  });
}

export function ringPoint(own, points, p, order, n, { x, y, r }) {
  const j = 2 * (order * p + n), scale = (r * (1 - RING_MARGIN)) / own.reach;
  return [x + points[j] * scale, y - points[j + 1] * scale];
}

export function ringMark(g, [x, y], n, place, theme) {
  dot(g, x, y, 6, theme.text);
  dot(g, x, y, 4, theme.background);
  const away = Math.hypot(x - place.x, y - place.y) || 1, inward = 16;
  g.fillStyle = theme.text;
  g.font = theme.font(SMALL, 600);
  g.textAlign = "center";
  g.textBaseline = "middle";
  g.fillText(n, x - ((x - place.x) / away) * inward, y - ((y - place.y) / away) * inward);
}

// How well the dots of a ring fit a clock of its frequency: |correlation| with exp(i w_k n), either way around, 0 to 1.
export function clockness(timeline, i, order) {
  const { raw, size } = timeline.arrays.ring, { p, key_freqs: keys } = timeline.header;
  let [forthX, forthY, backX, backY, energy] = [0, 0, 0, 0, 0];
  for (let n = 0; n < p; n++) {
    const j = i * size + 2 * (order * p + n), x = raw[j], y = raw[j + 1];
    const c = Math.cos((2 * Math.PI * keys[order] * n) / p), s = Math.sin((2 * Math.PI * keys[order] * n) / p);
    forthX += x * c + y * s; forthY += y * c - x * s;
    backX += x * c - y * s; backY += y * c + x * s;
    energy += x * x + y * y;
  }
  return Math.max(Math.hypot(forthX, forthY), Math.hypot(backX, backY)) / Math.sqrt(energy * p || 1);
}
