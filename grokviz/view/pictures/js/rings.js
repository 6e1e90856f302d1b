// Numbers as points in the plane of a frequency, the circle they ought to lie on, and hands to the ones in view.

/** @import { Hover, Theme } from "../../film/js/contract.js" */
/** @import { Point } from "../../film/js/kit/rings.js" */
/** @import { Page, Picture, Ring, RingsData } from "./contract.js" */

import { cleanCanvas, fitCanvas, makeCanvas, screenScale } from "../../film/js/kit/canvas.js";
import { make } from "../../film/js/kit/dom.js";
import { drawHand } from "../../film/js/kit/hands.js";
import { marked, NOTHING, pointAt } from "../../film/js/kit/hover.js";
import { clockPoint, drawRingCircle, drawRingDots, drawRingMarks, marksOf, nearestPoint, onRing } from "../../film/js/kit/rings.js";
import { sizeInWords, timesSmaller } from "../../film/js/kit/fit.js";

const SIDE = 168, FARTHEST = 1.3; // pixels; times the full radius, beyond which a ring is drawn smaller
const UNIT = SIDE / 2 / 1.38; // pixels a radius
const MIDDLE = { x: SIDE / 2, y: SIDE / 2, r: UNIT };

/** @param {RingsData} data @param {Page} page @returns {Picture} */
export function makeRings(data, page) {
  const holder = make("div", "pic-rings"), places = { ...data.places };
  const canvases = data.rings.map((ring) => {
    const times = ringTimes(ring);
    const canvas = makeCanvas("pic-canvas", `${data.label}, frequency ${ring.k}`);
    holder.append(make("figure", "pic-ring", {},
      make("figcaption", "pic-caption", { text: times > 1 ? `${ring.title}, ${sizeInWords(times)}` : ring.title }), canvas, make("p", "pic-note", { text: ring.note })));
    listenToRing(canvas, ring.points.map((point) => onCanvas(point, times)), data, places, page);
    return canvas;
  });

  /** @param {Theme} theme @param {Hover} hover */
  function paint(theme, hover) {
    data.rings.forEach((ring, i) => {
      const scale = screenScale(), times = ringTimes(ring);
      fitCanvas(canvases[i], SIDE, SIDE, scale);
      const g = cleanCanvas(canvases[i], scale), points = ring.points.map((point) => onCanvas(point, times));
      drawRingCircle(g, MIDDLE, (ring.radius * UNIT) / times, theme);
      drawRingDots(g, points, 1.6, () => theme.muted);
      drawRingMarks(g, marksOf(marked(hover, data.role), data.numbers, points, String), MIDDLE, theme);
      for (const hand of data.hands) {
        const at = places[hand.name], own = ring.own[hand.name];
        const [x, y] = clockPoint(ring.k, at, data.n);
        const tips = { actual: own ? onCanvas(own, times) : points[at], right: onCanvas([ring.radius * x, ring.radius * y], times) };
        drawHand(g, { ...hand, colour: theme.frequency(ring.order) }, MIDDLE, SIDE, tips, theme);
      }
    });
  }

  return { element: holder, paint };
}

/** How many times smaller a ring is drawn, so that all of it fits: its points, its circle and its hands.
 * @param {Pick<Ring, "points" | "radius" | "own">} ring */
export function ringTimes({ points, radius, own }) {
  const reach = [...points, ...Object.values(own)].map(([x, y]) => Math.hypot(x, y));
  return timesSmaller(reach.reduce((far, r) => Math.max(far, r), Math.abs(radius)), FARTHEST);
}

/** @param {Point} point in units of the full radius @param {number} times smaller */
function onCanvas([x, y], times) {
  return onRing(MIDDLE, UNIT / times, x, y);
}

/** The pointer names numbers and, where the hands can be dragged, moves the nearer one.
 * @param {HTMLCanvasElement} canvas @param {Point[]} points @param {RingsData} data @param {Record<string, number>} places
 * @param {Page} page */
function listenToRing(canvas, points, data, places, page) {
  const nearest = (/** @type {PointerEvent} */ event, among = points) => nearestPoint(among, event.offsetX, event.offsetY).i;
  let held = /** @type {string | null} */ (null);
  canvas.onpointermove = (event) => {
    const i = nearest(event);
    if (i < 0) return;
    if (held) {
      places[held] = i;
      page.repaint();
    }
    pointAt({ numbers: [data.numbers[i]], pair: null, answer: null });
    const where = data.hands.map((hand) => `${hand.name} = ${data.numbers[places[hand.name]]}`).join(", ");
    page.say(held ? where : `${data.word} ${data.numbers[i]}`);
  };
  canvas.onpointerleave = () => {
    if (!held) pointAt(NOTHING);
    page.say("");
  };
  if (!data.draggable) return;
  canvas.classList.add("pic-draggable");
  canvas.onpointerdown = (event) => {
    held = data.hands[nearest(event, data.hands.map((hand) => points[places[hand.name]]))].name;
    places[held] = nearest(event);
    canvas.setPointerCapture(event.pointerId);
    page.repaint();
  };
  canvas.onpointerup = () => {
    if (held) page.pick(Object.fromEntries(data.hands.map((hand) => [hand.name, data.numbers[places[hand.name]]])));
    held = null;
  };
  canvas.onpointercancel = () => (held = null);
}
