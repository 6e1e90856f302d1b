// Pictures of all p x p questions: row a from the top, column b from the left. One pixel a pair, scaled without smoothing.

import { SMALL } from "./theme.js";

export function makePicture(p, q = p) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [q, p];
  const context = canvas.getContext("2d"), image = context.createImageData(q, p);
  return { canvas, words: new Uint32Array(image.data.buffer), flush: () => context.putImageData(image, 0, 0) };
}

// A square of a whole number of device pixels a pair, unless that would leave much of the room empty.
function wholeSquare(room, count, scale) {
  const whole = (Math.floor((room * scale) / count) * count) / scale;
  return whole >= room * 0.9 ? whole : room;
}

// Unsmoothed where a pair is a whole number of pixels; else by a sharp enlargement, then smoothly down, so that
// all pairs look alike and fine stripes do not beat with the screen's pixels.
export function drawPicture(g, picture, { x, y, size }, scale) {
  const { canvas } = picture, ratio = (size * scale) / canvas.width, times = Math.ceil(ratio - 1e-6);
  g.imageSmoothingEnabled = times - ratio > 1e-3;
  if (!g.imageSmoothingEnabled) return void g.drawImage(canvas, x, y, size, size);
  const large = (picture.large ??= document.createElement("canvas")), side = canvas.width * times;
  if (large.width !== side) large.width = large.height = side;
  const enlarged = large.getContext("2d");
  enlarged.imageSmoothingEnabled = false;
  enlarged.drawImage(canvas, 0, 0, side, side);
  g.drawImage(large, x, y, size, size);
}

export function drawMapAxes(g, { x, y, size }, p, theme, rowName = "a", columnName = "b") {
  g.font = theme.font(SMALL);
  g.fillStyle = theme.muted;
  g.textBaseline = "middle";
  g.textAlign = "right";
  for (const n of [0, p - 1]) g.fillText(n, x - 6, y + ((n + 0.5) / p) * size);
  g.fillText(rowName, x - 6, y + size / 2);
  g.textBaseline = "alphabetic";
  for (const n of [0, p - 1]) {
    g.textAlign = n === 0 ? "left" : "right";
    g.fillText(n, n === 0 ? x : x + size, y + size + 15);
  }
  g.textAlign = "center";
  g.fillText(columnName, x + size / 2, y + size + 15);
}

export function pairAt({ x, y, size }, p, px, py) {
  const a = Math.floor(((py - y) / size) * p), b = Math.floor(((px - x) / size) * p);
  return a >= 0 && b >= 0 && a < p && b < p ? [a, b] : null;
}

// The hovered numbers as row and column; a hovered pair as a small frame.
export function drawCross(g, place, p, hover, theme) {
  const cell = place.size / p, { x, y, size } = place;
  g.strokeStyle = theme.paper.every((v) => v > 128) ? "#000" : "#fff";
  g.globalAlpha = 0.75;
  if (hover.pair) {
    const [a, b] = hover.pair;
    g.strokeRect(x - 0.5, y + a * cell - 1, size + 1, cell + 2);
    g.strokeRect(x + b * cell - 1, y - 0.5, cell + 2, size + 1);
  } else {
    for (const n of hover.numbers) {
      g.strokeRect(x - 0.5, y + n * cell - 1, size + 1, cell + 2);
      g.strokeRect(x + n * cell - 1, y - 0.5, cell + 2, size + 1);
    }
  }
  g.globalAlpha = 1;
}

export function mapPlace(width, height, scale, p) {
  const left = 28, top = 24, bottom = 20;
  const size = wholeSquare(Math.min(width - left - 2, height - top - bottom), p, scale);
  return { x: left + Math.max(0, Math.floor((width - left - size) / 2)), y: top, size };
}

// Several small maps in a grid, each with a line of text above it.
export function smallPlaces(count, width, height, p, scale) {
  const label = 20, gap = 12, below = 4;
  let best = { size: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const size = Math.min((width - gap * (columns - 1)) / columns, height / rows - label - below);
    if (size > best.size) best = { size, columns, rows };
  }
  const size = wholeSquare(best.size, p, scale);
  const pitch = best.columns > 1 ? Math.min((width - size) / (best.columns - 1), size + 48) : 0;
  return Array.from({ length: count }, (_, i) => ({
    x: Math.round((i % best.columns) * pitch),
    y: Math.floor(i / best.columns) * (best.size + label + below) + label,
    size,
  }));
}

export function drawSmallLabels(g, places, words, theme) {
  g.font = theme.font(SMALL);
  g.textAlign = "left";
  g.textBaseline = "alphabetic";
  places.forEach(({ x, y }, i) => {
    let left = x;
    for (const [text, colour] of words[i]) {
      g.fillStyle = colour;
      g.fillText(text, left, y - 6);
      left += g.measureText(text).width + 5;
    }
  });
}

export const MOST_SMALL_MAPS = 9;

export function hoverSmall(places, p, x, y, words) {
  for (const [i, place] of places.entries()) {
    const pair = pairAt(place, p, x, y);
    if (pair) return { numbers: pair, pair, words: words(i, pair) };
  }
  return null;
}
