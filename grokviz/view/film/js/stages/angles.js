// Stage 1: each number as an angle, one ring a frequency. The hands of a and b can be dragged.

/** @import { Canvas, Context, Panel, Timeline } from "../contract.js" */
/** @import { Point } from "../kit/rings.js" */

import { drawHand, drawRingWords, handPlaces } from "../kit/hands.js";
import { marked } from "../kit/hover.js";
import { askedOf, numberAt, pairOf, rowMoment, rowOfPart, unitWave, written } from "../kit/pair.js";
import { drawRingCircle, drawRingDots, drawRingMarks, marksOf, nearestPoint, onRing } from "../kit/rings.js";
import { partOf } from "../kit/timeline.js";
import { percent, plural } from "../kit/wording.js";

/** `reach` of each ring over the whole run: its size never changes; `held` is a hand under the pointer.
 * @typedef {{ reach: number[], places: { a: number, b: number }, held: "a" | "b" | null }} Own */

const NEAR = 26, ANYWHERE = 150; // pixels from the tip of a hand: for a finger, which may be about to scroll, and for a mouse

/** @param {{ id: string, title: string, count: number }} spec `count` of frequencies @returns {Panel<Own>} */
export function angles({ id, title, count }) {
  return {
    id, title, name: title, howto: "",
    needs: "pair", uses: ["inside"],
    empty: waiting,
    height: (timeline, width) => handPlaces(count, width).height,
    prepare(timeline) {
      const { asked } = pairOf(timeline), [i, , ] = asked.places ?? [0, 0, 0];
      return { reach: reachOf(timeline, "rings", "radius"), places: { a: i, b: asked.order.a.indexOf(asked.b) }, held: null };
    },
    background() {},
    live: (g, own, context) => ringsNow(own, context).forEach((ring) => drawAngles(g, own, ring, context)),
    hover(own, x, y, context) {
      const { asked } = pairOf(context.timeline), found = ringsNow(own, context).map(({ points }) => nearestPoint(points, x, y, 18));
      const best = found.reduce((near, one) => (one.far < near.far ? one : near), { i: -1, far: 18 });
      if (best.i < 0) return null;
      const number = asked.order.a[best.i];
      return { numbers: [number], pair: null, answer: null, words: `Number ${written(context.timeline, number)}` };
    },
    listen: listenToHands,
    caption(timeline, i) {
      const { asked } = pairOf(timeline), part = partOf(timeline, "inside"), row = part ? askedOf(part).at.indexOf(i) : -1;
      if (!part || row < 0) return "This step is being measured.";
      const size = asked.freqs.length, share = numberAt(part, "embedding_share", row), chance = size / (asked.blocks.length - 1);
      return `${size === 1 ? "This frequency holds" : `These ${plural(size, "frequency", "frequencies")} hold`} ${percent(share)} of the variance of the embedding, ${percent(chance)} by chance.`;
    },
  };
}

/** One ring with its numbers and the hands of a and b. @param {Canvas} g @param {Own} own
 * @param {ReturnType<typeof ringsNow>[number]} ring @param {Context} context */
function drawAngles(g, own, { place, points, radius, k, share, unit, order, side }, { timeline, theme, hover }) {
  const { asked } = pairOf(timeline);
  const words = Number.isNaN(share) ? ["is being measured"] : ["its circle explains", `${percent(share)} of the ring`];
  drawRingWords(g, place, side, { title: `k = ${k}`, words, order }, theme);
  drawRingCircle(g, place, radius * unit, theme);
  drawRingDots(g, points, 1.6, () => theme.muted);
  drawRingMarks(g, marksOf(marked(hover, "questions"), asked.order.a, points, (number) => written(timeline, number)), place, theme);
  for (const name of /** @type {const} */ (["a", "b"])) {
    const at = own.places[name], [x, y] = unitWave(k, at, asked.n), right = onRing(place, radius * unit, x, y);
    drawHand(g, { label: name, dashed: name === "b", colour: theme.frequency(order) }, place, side, { actual: points[at], right }, theme);
  }
}

/** Why nothing can be drawn yet. @param {Timeline} timeline */
export function waiting(timeline) {
  const part = partOf(timeline, "inside");
  return part && askedOf(part).at.length ? null : "The first step is being measured.";
}

/** The largest radius of each ring over all snapshots, its circle included. @param {Timeline} timeline
 * @param {string} points @param {string} radii names of arrays */
export function reachOf(timeline, points, radii) {
  const part = partOf(timeline, "inside"), { asked } = pairOf(timeline);
  return asked.freqs.map((_, order) => {
    if (!part) return 1;
    const { raw, size, scale } = part.arrays[points], each = size / asked.freqs.length, { raw: sizes } = part.arrays[radii];
    let far = 1e-9;
    for (let row = 0; row < askedOf(part).at.length; row++) {
      const from = row * size + order * each;
      for (let j = from; j < from + each; j += 2) far = Math.max(far, Math.hypot(raw[j], raw[j + 1]) * scale);
      far = Math.max(far, Math.abs(sizes[row * asked.freqs.length + order]) || 0);
    }
    return far;
  });
}

/** Each ring as it is now: its points and its circle in pixels.
 * @param {Own} own @param {Context} context */
function ringsNow(own, { timeline, moment, width }) {
  const part = partOf(timeline, "inside"), { asked } = pairOf(timeline), { places, side } = handPlaces(asked.freqs.length, width);
  if (!part) return [];
  const row = rowMoment(askedOf(part).at, moment), dots = rowOfPart(part, "rings", row), radius = rowOfPart(part, "radius", row);
  return asked.freqs.map((k, order) => {
    const place = places[order], unit = place.r / own.reach[order], from = 2 * order * asked.n;
    const points = Array.from({ length: asked.n }, (_, i) => onRing(place, unit, dots[from + 2 * i], dots[from + 2 * i + 1]));
    return { place, points, radius: radius[order], k, unit, order, side, share: numberAt(part, "ring_share", row.index, order) };
  });
}

/** A press near the tip of a hand holds it; where it is let go is its number.
 * @param {HTMLCanvasElement} canvas @param {() => { own: Own, context: Context } | null} now
 * @param {import("../contract.js").PanelPage} page */
function listenToHands(canvas, now, page) {
  const nearestOf = (/** @type {PointerEvent} */ event) => (/** @type {Point[][]} */ rings) => {
    const found = rings.map((points) => nearestPoint(points, event.offsetX, event.offsetY));
    return found.reduce((near, one) => (one.far < near.far ? one : near), { i: -1, far: Infinity });
  };
  canvas.addEventListener("pointerdown", (event) => {
    const shown = now();
    if (!shown) return;
    const { own, context } = shown, rings = ringsNow(own, context).map(({ points }) => points);
    const tips = /** @type {const} */ (["a", "b"]).map((name) => ({ name, ...nearestOf(event)(rings.map((points) => [points[own.places[name]]])) }));
    const nearest = tips.reduce((near, one) => (one.far < near.far ? one : near));
    if (nearest.far > (event.pointerType === "touch" ? NEAR : ANYWHERE)) return;
    own.held = nearest.name;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const shown = now();
    if (!shown?.own.held) return;
    const { i } = nearestOf(event)(ringsNow(shown.own, shown.context).map(({ points }) => points));
    if (i >= 0) shown.own.places[shown.own.held] = i;
    page.draw();
  });
  canvas.addEventListener("pointerup", () => {
    const shown = now();
    if (!shown?.own.held) return;
    shown.own.held = null;
    const { order } = pairOf(shown.context.timeline).asked, { a, b } = shown.own.places;
    page.pick({ a: order.a[a], b: order.a[b] });
  });
}
