// The numbers on the ring of each key frequency.

import { blend } from "../kit/blob.js";
import { dot } from "../kit/canvas.js";
import { clockness, RING_MARGIN, ringMark, ringPlaces, ringPoint } from "../kit/rings.js";
import { SMALL } from "../kit/theme.js";
import { noKey } from "../kit/timeline.js";
import { inWords, listed, plural } from "../kit/wording.js";

export const ringsPanel = {
  id: "rings",
  name: "Numbers on rings",
  title: "Where does it keep the numbers?",
  part: "core",
  howto:
    "One ring for each key frequency k. A dot is a number; its place is where the network’s embedding puts it in the plane " +
    "of cos and sin of frequency k. Dots are coloured by where they would stand on a perfect clock that goes around k " +
    "times, and joined in that order: confetti and a tangle at first, a colour wheel and a circle once a run has grokked. " +
    "Point at a dot to find the same number on every ring and in the map of answers.",
  prepare(timeline) {
    const { ring } = timeline.arrays, { p, key_freqs: keys } = timeline.header;
    let reach = 0;
    for (let j = 0; j < ring.raw.length; j += 2) reach = Math.max(reach, Math.hypot(ring.raw[j], ring.raw[j + 1]));
    const orders = keys.map((k) => Array.from({ length: p }, (_, n) => n).sort((a, b) => ((a * k) % p) - ((b * k) % p)));
    return { points: new Float32Array(ring.size), reach: reach * ring.scale || 1, orders };
  },
  empty: (timeline) => (timeline.header.key_freqs.length ? null : `${noKey(timeline)}, so there is no ring to draw${timeline.header.finished ? "" : " yet"}.`),
  background(g, own, { width, height, timeline, theme }) {
    for (const [order, { x, y, r }] of ringPlaces(own, width, height).entries()) {
      g.strokeStyle = theme.faint;
      g.beginPath();
      g.arc(x, y, r * (1 - RING_MARGIN), 0, 2 * Math.PI);
      g.stroke();
      g.font = theme.font(SMALL, 600);
      g.fillStyle = theme.frequency(order);
      g.textAlign = "center";
      g.textBaseline = "middle";
      g.fillText(`k = ${timeline.header.key_freqs[order]}`, x, y + r + 9);
    }
  },
  live(g, own, { width, height, film, timeline, theme }) {
    const p = timeline.header.p, points = blend(timeline.arrays, "ring", film.position, own.points);
    for (const [order, place] of ringPlaces(own, width, height).entries()) {
      const at = (n) => ringPoint(own, points, p, order, n, place);
      g.strokeStyle = theme.frequency(order);
      g.globalAlpha = 0.3;
      g.beginPath();
      for (const n of own.orders[order]) g.lineTo(...at(n));
      g.closePath();
      g.stroke();
      g.globalAlpha = 1;
      const size = Math.max(1.5, Math.min(3.4, (place.r * 4.2) / p));
      own.orders[order].forEach((n, rank) => {
        const [x, y] = at(n);
        dot(g, x, y, size, theme.wheel[Math.floor((rank / p) * theme.wheel.length)]);
      });
      for (const n of film.hover.numbers) ringMark(g, at(n), n, place, theme);
    }
  },
  hover(own, x, y, { width, height, timeline, film }) {
    const p = timeline.header.p, points = blend(timeline.arrays, "ring", film.position, own.points);
    let best = { n: null, far: 18 };
    for (const [order, place] of ringPlaces(own, width, height).entries()) {
      for (let n = 0; n < p; n++) {
        const [px, py] = ringPoint(own, points, p, order, n, place), far = Math.hypot(px - x, py - y);
        if (far < best.far) best = { n, far };
      }
    }
    return best.n === null ? null : { numbers: [best.n], pair: null, words: `The number ${best.n}` };
  },
  caption(timeline, i) {
    const { key_freqs: keys } = timeline.header;
    const round = keys.filter((_, order) => clockness(timeline, i, order) > 0.9);
    if (!keys.length) return "";
    if (!round.length) return "No ring is in order yet: the numbers are scattered.";
    if (round.length === keys.length) return keys.length === 1
      ? "The ring is in order: the network keeps its numbers on a clock."
      : `All ${inWords(keys.length)} rings are in order: the network keeps its numbers on ${inWords(keys.length)} clocks.`;
    return `The numbers stand in order on ${inWords(round.length)} of ${plural(keys.length, "ring")} (k = ${listed(round)}).`;
  },
};
